# Tin nhắn có mã.
text-code-session = { $site }: mã đăng nhập của bạn là { $code }. Không đưa mã cho ai.
text-code-fresh = { $site }: mã xác nhận thay đổi là { $code }. Không đưa mã cho ai.
text-code-once = { $site }: { $details }. Mã phê duyệt là { $code }. Không phải bạn? Đừng dùng. Không đưa mã cho ai.
text-code-enrol = { $site }: mã thiết lập xác minh hai bước là { $code }. Không đưa mã cho ai.
text-code-number = { $site }: mã xác nhận số này là { $code }. Không đưa mã cho ai.
