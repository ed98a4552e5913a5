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
notice-backup-code-used = { $site }: một mã dự phòng được dùng lúc { $time }.
notice-device-remembered = { $site }: một trình duyệt mới được ghi nhớ từ { $time }.
notice-failed-codes = { $site }: có người biết mật khẩu của bạn và nhập sai mã, lần cuối lúc { $time }. Vui lòng đổi mật khẩu.
notice-withdrawal-approved = { $site }: bạn đã phê duyệt lúc { $time }: { $details }.
notice-number-changed = { $site }: số điện thoại của tài khoản được đổi lúc { $time }.
notice-freeze = Không phải bạn? Khóa tài khoản: { $link }
