# 有关账户的邮件和消息，以及时间的写法。
date = { $year }年{ $month }月{ $day }日
moment = { $date } { $time }（{ $zone }）
seconds = { $count } 秒
minutes = { $count } 分钟
hours = { $count } 小时
days = { $count } 天

notice-subject = { $site }：您的账户有变更
notice-factor-added = { $site }：您的账户于 { $time } 添加了验证方式。
notice-factor-changed = { $site }：您账户的验证方式于 { $time } 更改。
notice-factor-removed = { $site }：您账户的一个验证方式于 { $time } 移除。
notice-factor-disabled = { $site }：两步验证于 { $time } 关闭。
notice-factor-enabled = { $site }：两步验证于 { $time } 重新开启。
notice-backup-code-used = { $site }：一个备用码于 { $time } 被使用。
notice-backup-codes-made = { $site }：新备用码于 { $time } 生成，旧的备用码已失效。
notice-device-remembered = { $site }：自 { $time } 起记住了一个新浏览器。
notice-device-copied = { $site }：有人复制了您设为记住的浏览器（{ $details }）。该浏览器已于 { $time } 被忘记。
notice-failed-codes = { $site }：有人知道您的密码并输入了错误的验证码，最近一次是 { $time }。请更改密码。
notice-number-changed = { $site }：您账户的手机号码于 { $time } 更换。
notice-freeze = 不是您本人？请锁定账户：{ $link }
notice-devices-forgotten = { $site }：已记住的浏览器于 { $time } 被忘记。
notice-sessions-ended = { $site }：您的账户于 { $time } 退出了其他所有登录。
notice-approved = { $site }：您于 { $time } 批准了：{ $details }。
notice-change-made = { $site }：{ $time } 进行了一项重要更改（{ $details }）。
notice-frozen = { $site }：您的账户于 { $time } 锁定，无法提款或更改任何内容。请联系客服。
notice-unfrozen = { $site }：您的账户于 { $time } 解锁。
