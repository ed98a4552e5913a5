# رسائل نصية برمز.
text-code-session = { $site }: رمز تسجيل الدخول { $code }. لا تعطه لأحد.
text-code-fresh = { $site }: رمز تأكيد التغيير { $code }. لا تعطه لأحد.
text-code-once = { $site }: { $details }. رمز الموافقة { $code }. لست أنت؟ لا تستخدمه. لا تعطه لأحد.
text-code-enrol = { $site }: رمز إعداد التحقق بخطوتين { $code }. لا تعطه لأحد.
text-code-number = { $site }: رمز تأكيد هذا الرقم { $code }. لا تعطه لأحد.
