# Các trang cho người chơi. Ngắn gọn, lịch sự, rõ ràng.
language = Ngôn ngữ
continue = Tiếp tục
confirm = Xác nhận
cancel = Hủy
back-to-site = Về trang web
step = Bước { $step } trên { $total }

challenge-title = Xác nhận đó là bạn
challenge-approve = Bạn sắp phê duyệt:
challenge-code-app = Mã từ ứng dụng xác thực
challenge-never-share = Không đưa mã này cho bất kỳ ai, kể cả bộ phận hỗ trợ của chúng tôi.
challenge-set-up = Việc này cần xác minh hai bước và bạn chưa thiết lập. Chỉ mất một phút, và việc bạn đang làm vẫn được giữ lại.
challenge-set-up-button = Thiết lập ngay
continue-title = Đã xác nhận
continue-text = Yêu cầu của bạn đang được tiếp tục.
again-title = Đã xác nhận
again-text = Nội dung bạn gửi quá lớn nên không giữ lại được. Vui lòng quay lại và gửi lần nữa. Bạn sẽ không phải nhập mã.
handed-text = Việc bạn đang làm sẽ tiếp tục ở trang trước đó. Bạn có thể đóng trang này.

enrol-app-title = Thiết lập ứng dụng xác thực
enrol-app-scan = Quét mã này bằng ứng dụng xác thực của bạn.
enrol-app-open = Mở trên điện thoại này
enrol-app-key = Hoặc nhập khóa này vào ứng dụng:
enrol-app-code = Mã hiển thị trong ứng dụng
enrol-app-again = Hiện lại khóa
enrol-choose-title = Chọn bước xác minh thứ hai
qr-code = Mã QR

settings-title = Xác minh hai bước
settings-account = Tài khoản { $account }
settings-none = Xác minh hai bước giữ tài khoản là của bạn, ngay cả khi người khác biết mật khẩu.
settings-app-since = Ứng dụng xác thực, từ { $date }
settings-cooling = Dùng cho thanh toán từ { $time }
settings-sms-since = Tin nhắn SMS đến { $number }, từ { $date }
settings-ask-support = Để bật xác minh hai bước cho tài khoản này, vui lòng liên hệ bộ phận hỗ trợ.
settings-change = Đổi cách xác nhận

problem-line = { $title }. { $text }
problem-bad-request = Không đọc được yêu cầu này
problem-bad-request-text = Vui lòng quay lại và thử lần nữa.
problem-denied = Việc này không được phép
problem-denied-text = Vui lòng mở lại trang web, hoặc hỏi bộ phận hỗ trợ nếu vẫn gặp lỗi.
problem-not-found = Không có trang này
problem-not-found-text = Vui lòng kiểm tra địa chỉ.
problem-not-sent = Không gửi được mã
problem-not-sent-text = Vui lòng thử cách khác, hoặc thử lại sau { $wait }.
problem-method-not-allowed = Không thể làm việc này ở đây
problem-method-not-allowed-text = Vui lòng quay lại và thử lần nữa.
problem-too-large = Nội dung quá lớn
problem-too-large-text = Vui lòng gửi ít hơn mỗi lần.
problem-unsupported-media-type = Không thể xác nhận nội dung này
problem-unsupported-media-type-text = Nội dung được gửi ở dạng mà chúng tôi không hiển thị được. Vui lòng dùng biểu mẫu của trang web.
problem-misdirected = Trang web này không ở đây
problem-misdirected-text = Vui lòng kiểm tra địa chỉ.
problem-header-too-large = Yêu cầu quá lớn
problem-header-too-large-text = Vui lòng xóa cookie của trang web này rồi thử lại.
problem-bad-gateway = Trang web không trả lời
problem-bad-gateway-text = Vui lòng thử lại sau giây lát.
problem-gateway-timeout = Trang web trả lời quá chậm
problem-gateway-timeout-text = Vui lòng thử lại sau giây lát.
problem-unknown-result = Chúng tôi không biết việc này đã xong chưa
problem-unknown-result-text = Yêu cầu của bạn đã được gửi một lần nhưng không có trả lời. Vui lòng kiểm tra tài khoản trước khi gửi lại.
problem-unavailable = Hiện chưa thực hiện được
problem-unavailable-text = Vui lòng thử lại sau { $wait }.
problem-second-factor-required = Vui lòng xác nhận đó là bạn
problem-second-factor-required-text = Việc này cần mã.
problem-anonymous = Vui lòng đăng nhập trước
problem-anonymous-text = Đăng nhập vào trang web rồi thử lại.
problem-challenge-gone = Trang này không còn hiệu lực
problem-challenge-gone-text = Trang đã được dùng, đã hết hạn hoặc thuộc phiên đăng nhập khác. Vui lòng bắt đầu lại từ trang web.
problem-code-rejected = Mã không được chấp nhận
problem-code-rejected-text = Vui lòng đợi mã tiếp theo rồi thử lại.
problem-code-rejected-clock = Mã đã quá cũ
problem-code-rejected-clock-text = Vui lòng kiểm tra đồng hồ điện thoại có đúng không.
problem-code-rejected-typed = Mã không được chấp nhận
problem-code-rejected-typed-text = Vui lòng kiểm tra mã rồi thử lại.
problem-too-many-attempts = Quá nhiều mã sai
problem-too-many-attempts-text = Vui lòng thử lại sau { $wait }.
problem-enrolment-required = Cần xác minh hai bước trước
problem-enrolment-required-text = Vui lòng thiết lập rồi thử lại.
problem-cooling-down = Cách xác minh của bạn còn quá mới
problem-cooling-down-text = Để bảo vệ bạn, chức năng này sẽ mở sau { $wait }.
problem-frozen = Tài khoản của bạn đã bị khóa
problem-frozen-text = Không thể rút tiền hay thay đổi gì. Vui lòng liên hệ bộ phận hỗ trợ, hoặc mở khóa trong phần cài đặt xác minh hai bước.
problem-send-paused = Vui lòng đợi một chút
problem-send-paused-text = Bạn có thể yêu cầu mã khác sau { $wait }.

method-title = Chọn cách xác nhận
method-app = Ứng dụng xác thực
method-app-hint = Nên dùng. Hoạt động cả khi không có sóng.
method-sms = Tin nhắn SMS
method-sms-hint = Kém an toàn hơn: người chiếm được số của bạn có thể đọc mã.
method-backup = Mã dự phòng
method-backup-hint = Một trong mười mã bạn đã lưu. Mỗi mã dùng một lần.
method-other = Thử cách khác

sms-sent = Chúng tôi đã gửi mã đến { $number }.
sms-code = Mã trong tin nhắn SMS
sms-send = Gửi mã
sms-resend = Gửi mã mới
sms-resend-wait = Bạn có thể yêu cầu mã mới sau { $wait }.
sms-earlier = Các mã trước không còn hiệu lực.
sms-to = Chúng tôi có thể gửi mã đến { $number }.
phone-title = Xác nhận số của bạn
phone-text = Trước hết, chúng tôi gửi mã đến số trong tài khoản của bạn: { $number }.
phone-confirm-text = Chúng tôi sẽ gửi mã đến { $number }. Mã này bật xác minh bằng tin nhắn SMS.

backup-title = Lưu mã dự phòng
backup-text = Nếu mất điện thoại, bạn vào được bằng các mã này. Mỗi mã dùng một lần. Mã chỉ hiển thị lúc này.
backup-code = Mã dự phòng
backup-download = Tải xuống
backup-copy = Sao chép
backup-copied = Đã sao chép
backup-print = In
backup-saved = Tôi đã lưu các mã
backup-new = Tạo mã mới
backup-new-hint = Các mã dự phòng cũ không còn hiệu lực.
backup-left = { $count ->
    [0] Bạn đã hết mã dự phòng. Vui lòng tạo mã mới.
   *[other] Bạn còn { $count } mã dự phòng. Vui lòng tạo mã mới.
}
backup-heading = Mã dự phòng
backup-count = { $count ->
    [0] Bạn không còn mã nào.
   *[other] Bạn còn { $count } mã.
}

remember-browser = Không hỏi lại trên trình duyệt này trong 30 ngày
remember-hint = Chỉ trên điện thoại hoặc máy tính của riêng bạn. Thanh toán vẫn cần mã.
devices-title = Trình duyệt được ghi nhớ
devices-none = Chưa ghi nhớ trình duyệt nào.
device-used = Dùng lần cuối { $time }
device-forget = Quên
device-unknown = Một trình duyệt
devices-forget-all = Quên tất cả
sessions-title = Đang đăng nhập ở nơi khác?
session-this = Trình duyệt này
sessions-end = Đăng xuất ở mọi nơi khác

activity-title = Hoạt động gần đây
activity-none = Chưa có gì.
activity-factor-added = Đã thêm cách xác minh
activity-factor-changed = Đã đổi cách xác minh
activity-factor-removed = Đã gỡ cách xác minh
activity-factor-disabled = Đã tắt xác minh hai bước
activity-factor-enabled = Đã bật lại xác minh hai bước
activity-backup-code-used = Đã dùng mã dự phòng
activity-backup-codes-made = Đã tạo mã dự phòng mới
activity-device-remembered = Đã ghi nhớ trình duyệt
activity-device-copied = Trình duyệt được ghi nhớ bị sao chép và đã được quên
activity-approved = Đã phê duyệt yêu cầu
activity-number-changed = Đã đổi số điện thoại
activity-devices-forgotten = Đã quên trình duyệt được ghi nhớ
activity-sessions-ended = Đã đăng xuất ở mọi nơi khác
activity-failed-codes = Quá nhiều mã sai
activity-change-made = Đã thực hiện thay đổi quan trọng
activity-frozen = Đã khóa tài khoản
activity-unfrozen = Đã mở khóa tài khoản
activity-database-restored = Hệ thống đã được khôi phục từ bản sao lưu; phiên cũ, trình duyệt đã ghi nhớ và mã dự phòng không còn hiệu lực

disable-title = Tắt xác minh hai bước
disable-text = Khi đó, bất kỳ ai biết mật khẩu đều có thể dùng tài khoản của bạn.
disable-button = Tắt
enable-text = Bạn sẽ xác nhận các thao tác quan trọng bằng mã.
enable-button = Bật
app-second = Thêm ứng dụng xác thực khác
factor-remove = Gỡ
switch-sms = Chuyển sang tin nhắn SMS
switch-app = Chuyển sang ứng dụng xác thực
switch-phone = Chuyển sang điện thoại mới
number-title = Đổi số của bạn
number-new = Số điện thoại mới
number-hint = Bắt đầu bằng mã quốc gia, ví dụ +84.
number-on-file = Để trống để dùng số trong tài khoản của bạn: { $number }.
number-text = Chúng tôi gửi mã đến số mới và báo cho số cũ.
number-wrong = Không dùng được số này. Vui lòng kiểm tra lại và bắt đầu bằng mã quốc gia.

recover-title = Mất điện thoại?
recover-backup = Nếu đã lưu mã dự phòng, hãy dùng một mã ngay.
recover-support = Nếu không còn gì, hãy liên hệ bộ phận hỗ trợ. Họ sẽ kiểm tra tài khoản có phải của bạn không, và có thể mất một ngày.
recover-never = Bộ phận hỗ trợ không bao giờ hỏi mật khẩu hoặc mã của bạn.
freeze-title = Không phải bạn?
freeze-text = Chúng tôi có thể khóa ngay việc rút tiền và thay đổi trên tài khoản của bạn. Bộ phận hỗ trợ sẽ giúp bạn mở lại.
freeze-button = Khóa tài khoản của tôi
frozen-title = Tài khoản của bạn đã bị khóa
frozen-text = Không thể rút tiền hay thay đổi gì. Vui lòng liên hệ bộ phận hỗ trợ, hoặc xác nhận bằng cách xác minh bạn đã có từ trước.
frozen-open = Mở khóa bằng mã
