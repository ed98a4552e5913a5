# 验证码短信。
text-code-session = { $site }：登录验证码 { $code }。切勿告诉他人。
text-code-fresh = { $site }：确认更改的验证码 { $code }。切勿告诉他人。
text-code-once = { $site }：{ $details }。批准验证码 { $code }。非本人操作请勿使用。切勿告诉他人。
text-code-enrol = { $site }：设置两步验证的验证码 { $code }。切勿告诉他人。
text-code-number = { $site }：确认此号码的验证码 { $code }。切勿告诉他人。
