# رسائل عن الحساب، وكيف تُكتب الأوقات.
date = { $day } { $month ->
    [1] يناير
    [2] فبراير
    [3] مارس
    [4] أبريل
    [5] مايو
    [6] يونيو
    [7] يوليو
    [8] أغسطس
    [9] سبتمبر
    [10] أكتوبر
    [11] نوفمبر
   *[12] ديسمبر
} { $year }
moment = { $date } الساعة { $time } ({ $zone })
seconds = { $count ->
    [one] ثانية واحدة
    [two] ثانيتين
    [few] { $count } ثوانٍ
   *[other] { $count } ثانية
}
minutes = { $count ->
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $count } دقائق
   *[other] { $count } دقيقة
}
hours = { $count ->
    [one] ساعة واحدة
    [two] ساعتين
    [few] { $count } ساعات
   *[other] { $count } ساعة
}
days = { $count ->
    [one] يوم واحد
    [two] يومين
    [few] { $count } أيام
   *[other] { $count } يومًا
}

notice-subject = { $site }: تغيير في حسابك
notice-factor-added = { $site }: أُضيفت طريقة تحقق إلى حسابك في { $time }.
notice-factor-changed = { $site }: غُيّرت طريقة التحقق في حسابك في { $time }.
notice-factor-removed = { $site }: أُزيلت طريقة تحقق من حسابك في { $time }.
notice-factor-disabled = { $site }: أُوقف التحقق بخطوتين في { $time }.
notice-factor-enabled = { $site }: أُعيد تفعيل التحقق بخطوتين في { $time }.
notice-backup-code-used = { $site }: استُخدم رمز احتياطي في { $time }.
notice-backup-codes-made = { $site }: أُنشئت رموز احتياطية جديدة في { $time }. لم تعد الرموز القديمة صالحة.
notice-device-remembered = { $site }: حُفظ متصفح جديد منذ { $time }.
notice-device-copied = { $site }: نسخ شخص ما متصفحًا كنت قد حفظته ({ $details })، فتم نسيانه في { $time }.
notice-failed-codes = { $site }: شخص ما يعرف كلمة مرورك وأدخل رموزًا خاطئة، آخرها في { $time }. يُرجى تغيير كلمة المرور.
notice-number-changed = { $site }: غُيّر رقم هاتف حسابك في { $time }.
notice-freeze = ألم تكن أنت؟ اقفل حسابك: { $link }
notice-devices-forgotten = { $site }: نُسيت المتصفحات المحفوظة في { $time }.
notice-sessions-ended = { $site }: سُجّل خروج حسابك من كل مكان آخر في { $time }.
notice-approved = { $site }: وافقت في { $time } على: { $details }.
notice-change-made = { $site }: أُجري تغيير مهم في { $time } ({ $details }).
notice-frozen = { $site }: قُفل حسابك في { $time }. لا يمكن سحب أي شيء أو تغييره. يُرجى التواصل مع الدعم.
notice-unfrozen = { $site }: فُتح قفل حسابك في { $time }.
notice-unlocked = { $site }: مسح الدعم الرموز الخاطئة لحسابك في { $time }.
notice-reset-approved = { $site }: طلبتَ من الدعم إعادة تعيين التحقق بخطوتين. سيتم ذلك في { $details }.
notice-cancel = ألم تكن أنت؟ أوقف ذلك: { $link }
notice-reset-cancelled = { $site }: أُلغيت إعادة تعيين التحقق بخطوتين في { $time }. لم يتغير شيء.
notice-reset-done = { $site }: أُعيد تعيين التحقق بخطوتين في { $time }. يُرجى إعداده من جديد.
notice-code-issued = { $site }: أعطاك الدعم رمزًا مؤقتًا في { $time }. لا تُدخله إلا في صفحتنا.
