# 玩家页面：简短、礼貌、清楚。
language = 语言
continue = 继续
confirm = 确认
cancel = 取消
back-to-site = 返回网站
step = 第 { $step } 步，共 { $total } 步

challenge-title = 请确认是您本人
challenge-approve = 您即将批准：
challenge-code-app = 身份验证器应用中的验证码
challenge-never-share = 切勿将此验证码告诉任何人，包括我们的客服。
challenge-set-up = 此操作需要两步验证，您尚未设置。只需一分钟，您正在进行的操作会保留。
challenge-set-up-button = 立即设置
continue-title = 已确认
continue-text = 您的请求正在继续。
again-title = 已确认
again-text = 您发送的内容太大，无法保留。请返回并重新发送，不会再次要求验证码。
handed-text = 您的操作会在原来的页面继续，可以关闭此页面。

enrol-app-title = 设置身份验证器应用
enrol-app-scan = 用身份验证器应用扫描此二维码。
enrol-app-open = 在本手机上打开
enrol-app-key = 或在应用中输入此密钥：
enrol-app-code = 应用显示的验证码
enrol-app-again = 再次显示密钥
enrol-choose-title = 选择第二步验证方式
qr-code = 二维码

settings-title = 两步验证
settings-account = 账户 { $account }
settings-none = 即使有人知道您的密码，两步验证也能保护您的账户。
settings-app-since = 身份验证器应用，自 { $date } 起
settings-cooling = { $time } 起可用于付款
settings-sms-since = 短信发送至 { $number }，自 { $date } 起
settings-ask-support = 如需为此账户开启两步验证，请联系客服。
settings-change = 更改确认方式

problem-line = { $title }。{ $text }
problem-bad-request = 无法识别此请求
problem-bad-request-text = 请返回后重试。
problem-denied = 不允许此操作
problem-denied-text = 请重新打开网站；如果问题持续，请联系客服。
problem-not-found = 找不到此页面
problem-not-found-text = 请检查网址。
problem-not-sent = 验证码未能发送
problem-not-sent-text = 请换一种方式，或在 { $wait }后重试。
problem-method-not-allowed = 此处无法进行该操作
problem-method-not-allowed-text = 请返回后重试。
problem-too-large = 内容太大
problem-too-large-text = 请减少单次发送的内容。
problem-unsupported-media-type = 无法确认此内容
problem-unsupported-media-type-text = 它的发送格式无法向您显示。请使用网站自己的表单。
problem-misdirected = 此处没有该网站
problem-misdirected-text = 请检查网址。
problem-header-too-large = 请求太大
problem-header-too-large-text = 请清除本网站的 Cookie 后重试。
problem-bad-gateway = 网站没有响应
problem-bad-gateway-text = 请稍后重试。
problem-gateway-timeout = 网站响应太慢
problem-gateway-timeout-text = 请稍后重试。
problem-unknown-result = 无法确定操作是否完成
problem-unknown-result-text = 您的请求已发送一次，但没有收到答复。再次操作前请先查看您的账户。
problem-unavailable = 目前无法进行
problem-unavailable-text = 请在 { $wait }后重试。
problem-second-factor-required = 请确认是您本人
problem-second-factor-required-text = 此操作需要验证码。
problem-anonymous = 请先登录
problem-anonymous-text = 请登录网站后重试。
problem-challenge-gone = 此页面已失效
problem-challenge-gone-text = 它已被使用、已过期，或属于另一次登录。请从网站重新开始。
problem-code-rejected = 验证码未被接受
problem-code-rejected-text = 请等待下一个验证码后重试。
problem-code-rejected-clock = 验证码已过期
problem-code-rejected-clock-text = 请检查手机时间是否准确。
problem-code-rejected-typed = 验证码未被接受
problem-code-rejected-typed-text = 请核对后重试。
problem-too-many-attempts = 错误次数过多
problem-too-many-attempts-text = 请在 { $wait }后重试。
problem-enrolment-required = 需要先设置两步验证
problem-enrolment-required-text = 请设置后重试。
problem-cooling-down = 您的验证方式刚刚设置
problem-cooling-down-text = 为了您的安全，{ $wait }后开放。
problem-frozen = 您的账户已锁定
problem-frozen-text = 无法提款或更改任何内容。请联系客服，或在两步验证设置中解锁。
problem-send-paused = 请稍候
problem-send-paused-text = { $wait }后可以再次获取验证码。

method-title = 选择确认方式
method-app = 身份验证器应用
method-app-hint = 推荐。没有信号也能使用。
method-sms = 短信
method-sms-hint = 安全性较低：盗用您号码的人可以看到验证码。
method-backup = 备用码
method-backup-hint = 您保存的十个备用码之一，每个只能使用一次。
method-other = 换一种方式

sms-sent = 验证码已发送至 { $number }。
sms-code = 短信中的验证码
sms-send = 发送验证码
sms-resend = 发送新验证码
sms-resend-wait = { $wait }后可以获取新验证码。
sms-earlier = 之前的验证码已失效。
sms-to = 我们可以向 { $number } 发送验证码。
phone-title = 确认您的号码
phone-text = 我们会先向您账户中的号码发送验证码：{ $number }。
phone-confirm-text = 我们会向 { $number } 发送验证码，确认后即开启短信验证。

backup-title = 保存您的备用码
backup-text = 手机丢失时，您可以用这些备用码登录。每个只能使用一次，且仅在此刻显示。
backup-code = 备用码
backup-download = 下载
backup-copy = 复制
backup-copied = 已复制
backup-print = 打印
backup-saved = 我已保存备用码
backup-new = 生成新备用码
backup-new-hint = 旧的备用码将失效。
backup-left = { $count ->
    [0] 您的备用码已用完，请生成新的备用码。
   *[other] 您还剩 { $count } 个备用码，请生成新的备用码。
}
backup-heading = 备用码
backup-count = { $count ->
    [0] 已没有备用码。
   *[other] 还剩 { $count } 个。
}

remember-browser = 30 天内在此浏览器中不再询问
remember-hint = 仅限您自己的手机或电脑。付款时仍需验证码。
devices-title = 已记住的浏览器
devices-none = 没有记住任何浏览器。
device-used = 上次使用：{ $time }
device-forget = 忘记
device-unknown = 某个浏览器
devices-forget-all = 全部忘记
sessions-title = 在其他地方登录了？
session-this = 此浏览器
sessions-end = 退出其他所有登录

activity-title = 最近活动
activity-none = 暂无活动。
activity-factor-added = 已添加验证方式
activity-factor-changed = 已更改验证方式
activity-factor-removed = 已移除验证方式
activity-factor-disabled = 已关闭两步验证
activity-factor-enabled = 已重新开启两步验证
activity-backup-code-used = 已使用备用码
activity-backup-codes-made = 已生成新备用码
activity-device-remembered = 已记住浏览器
activity-device-copied = 已记住的浏览器被他人复制，现已忘记
activity-approved = 已批准请求
activity-number-changed = 已更换手机号码
activity-devices-forgotten = 已忘记浏览器
activity-sessions-ended = 已退出其他所有登录
activity-failed-codes = 验证码错误次数过多
activity-change-made = 已进行重要更改
activity-frozen = 账户已锁定
activity-unfrozen = 账户已解锁
activity-database-restored = 系统已从备份恢复;之前的登录、已记住的浏览器和备用码不再有效

disable-title = 关闭两步验证
disable-text = 关闭后，任何知道您密码的人都可以使用您的账户。
disable-button = 关闭
enable-text = 重要操作将需要验证码确认。
enable-button = 开启
app-second = 添加另一个身份验证器应用
factor-remove = 移除
switch-sms = 改用短信
switch-app = 改用身份验证器应用
switch-phone = 换到新手机
number-title = 更换号码
number-new = 新手机号码
number-hint = 请以国家代码开头，例如 +86。
number-on-file = 留空则使用您账户中的号码：{ $number }。
number-text = 我们会向新号码发送验证码，并通知旧号码。
number-wrong = 无法使用此号码。请核对号码，并以国家代码开头。

recover-title = 手机丢失了？
recover-backup = 如果您保存了备用码，请现在使用一个。
recover-support = 如果都没有了，请联系客服。客服会核实账户属于您，可能需要一天时间。
recover-never = 客服绝不会索要您的密码或验证码。
freeze-title = 不是您本人操作？
freeze-text = 我们可以立即锁定您账户的提款和更改。客服会帮助您重新开启。
freeze-button = 锁定我的账户
frozen-title = 您的账户已锁定
frozen-text = 无法提款或更改任何内容。请联系客服，或使用您之前已有的验证方式确认。
frozen-open = 用验证码解锁
