# Thư và tin nhắn về tài khoản; cách viết thời gian.
date = { $day }/{ $month }/{ $year }
moment = { $time } ngày { $date } ({ $zone })
seconds = { $count } giây
minutes = { $count } phút
hours = { $count } giờ
days = { $count } ngày

notice-subject = { $site }: thay đổi trong tài khoản của bạn
notice-factor-added = { $site }: một cách xác minh được thêm vào tài khoản của bạn lúc { $time }.
notice-factor-changed = { $site }: cách xác minh của tài khoản được đổi lúc { $time }.
notice-factor-removed = { $site }: một cách xác minh bị gỡ khỏi tài khoản lúc { $time }.
notice-factor-disabled = { $site }: xác minh hai bước bị tắt lúc { $time }.
notice-factor-enabled = { $site }: xác minh hai bước được bật lại lúc { $time }.
notice-backup-code-used = { $site }: một mã dự phòng được dùng lúc { $time }.
notice-backup-codes-made = { $site }: mã dự phòng mới được tạo lúc { $time }. Các mã cũ không còn hiệu lực.
notice-device-remembered = { $site }: một trình duyệt mới được ghi nhớ từ { $time }.
notice-device-copied = { $site }: có người đã sao chép trình duyệt mà bạn cho ghi nhớ ({ $details }). Trình duyệt đó bị quên lúc { $time }.
notice-failed-codes = { $site }: có người biết mật khẩu của bạn và nhập sai mã, lần cuối lúc { $time }. Vui lòng đổi mật khẩu.
notice-number-changed = { $site }: số điện thoại của tài khoản được đổi lúc { $time }.
notice-freeze = Không phải bạn? Khóa tài khoản: { $link }
notice-devices-forgotten = { $site }: các trình duyệt được ghi nhớ đã bị quên lúc { $time }.
notice-sessions-ended = { $site }: tài khoản của bạn được đăng xuất ở mọi nơi khác lúc { $time }.
notice-approved = { $site }: bạn đã phê duyệt lúc { $time }: { $details }.
notice-change-made = { $site }: một thay đổi quan trọng được thực hiện lúc { $time } ({ $details }).
notice-frozen = { $site }: tài khoản của bạn bị khóa lúc { $time }. Không thể rút tiền hay thay đổi gì. Vui lòng liên hệ bộ phận hỗ trợ.
notice-unfrozen = { $site }: tài khoản của bạn được mở khóa lúc { $time }.
