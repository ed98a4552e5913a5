# صفحات اللاعبين: قصيرة ومهذبة وواضحة.
language = اللغة
continue = متابعة
confirm = تأكيد
cancel = إلغاء
back-to-site = العودة إلى الموقع
step = الخطوة { $step } من { $total }

challenge-title = أكّد أنك صاحب الحساب
challenge-approve = أنت على وشك الموافقة على:
challenge-code-app = الرمز من تطبيق المصادقة
challenge-never-share = لا تعطِ هذا الرمز لأي شخص، ولا حتى لفريق الدعم لدينا.
challenge-set-up = يتطلب هذا التحقق بخطوتين، ولم تقم بإعداده بعد. يستغرق الأمر دقيقة واحدة، وسيُحفظ ما كنت تقوم به.
challenge-set-up-button = الإعداد الآن
continue-title = تم التأكيد
continue-text = جارٍ متابعة طلبك.
again-title = تم التأكيد
again-text = ما أرسلته أكبر من أن يُحفظ. يُرجى الرجوع وإرساله مرة أخرى، ولن يُطلب منك رمز.
handed-text = يتواصل ما كنت تفعله في الصفحة التي جئت منها، ويمكنك إغلاق هذه الصفحة.

enrol-app-title = إعداد تطبيق المصادقة
enrol-app-scan = امسح هذا الرمز بتطبيق المصادقة.
enrol-app-open = افتحه على هذا الهاتف
enrol-app-key = أو اكتب هذا المفتاح في التطبيق:
enrol-app-code = الرمز الذي يعرضه التطبيق
enrol-app-again = عرض المفتاح مرة أخرى
enrol-choose-title = اختر الخطوة الثانية
qr-code = رمز QR

settings-title = التحقق بخطوتين
settings-account = الحساب { $account }
settings-none = التحقق بخطوتين يحفظ حسابك لك، حتى لو عرف أحد كلمة مرورك.
settings-app-since = تطبيق المصادقة، منذ { $date }
settings-cooling = للمدفوعات ابتداءً من { $time }
settings-sms-since = رسائل نصية إلى { $number }، منذ { $date }
settings-ask-support = لتفعيل التحقق بخطوتين لهذا الحساب، يُرجى التواصل مع الدعم.
settings-change = تغيير طريقة التأكيد

problem-line = { $title }. { $text }
problem-bad-request = تعذّرت قراءة هذا الطلب
problem-bad-request-text = يُرجى الرجوع والمحاولة مرة أخرى.
problem-denied = هذا غير مسموح به
problem-denied-text = يُرجى فتح الموقع من جديد، أو التواصل مع الدعم إذا تكرر ذلك.
problem-not-found = لا توجد صفحة كهذه
problem-not-found-text = يُرجى التحقق من العنوان.
problem-not-sent = تعذّر إرسال الرمز
problem-not-sent-text = يُرجى تجربة طريقة أخرى، أو المحاولة مرة أخرى بعد { $wait }.
problem-method-not-allowed = لا يمكن القيام بهذا هنا
problem-method-not-allowed-text = يُرجى الرجوع والمحاولة مرة أخرى.
problem-too-slow = وصلت البيانات ببطء شديد
problem-too-slow-text = يرجى التحقق من الاتصال والمحاولة مرة أخرى.
problem-too-large = البيانات كبيرة جدًا
problem-too-large-text = يُرجى إرسال كمية أقل في كل مرة.
problem-unsupported-media-type = لا يمكن تأكيد هذا
problem-unsupported-media-type-text = أُرسلت البيانات بصيغة لا يمكننا عرضها لك. يُرجى استخدام نموذج الموقع نفسه.
problem-misdirected = هذا الموقع ليس هنا
problem-misdirected-text = يُرجى التحقق من العنوان.
problem-header-too-large = الطلب كبير جدًا
problem-header-too-large-text = يُرجى مسح ملفات تعريف الارتباط لهذا الموقع والمحاولة مرة أخرى.
problem-bad-gateway = لم يستجب الموقع
problem-bad-gateway-text = يُرجى المحاولة مرة أخرى بعد قليل.
problem-gateway-timeout = تأخر الموقع في الاستجابة
problem-gateway-timeout-text = يُرجى المحاولة مرة أخرى بعد قليل.
problem-unknown-result = لا نعلم إن كان هذا قد تم
problem-unknown-result-text = أُرسل طلبك مرة واحدة ولم يصل رد. يُرجى التحقق من حسابك قبل تكراره.
problem-unavailable = هذا غير ممكن الآن
problem-unavailable-text = يُرجى المحاولة مرة أخرى بعد { $wait }.
problem-second-factor-required = يُرجى تأكيد أنك صاحب الحساب
problem-second-factor-required-text = هذا يتطلب رمزًا.
problem-anonymous = يُرجى تسجيل الدخول أولًا
problem-anonymous-text = سجّل الدخول إلى الموقع ثم حاول مرة أخرى.
problem-challenge-gone = لم تعد هذه الصفحة صالحة
problem-challenge-gone-text = استُخدمت، أو انتهت صلاحيتها، أو تخص تسجيل دخول آخر. يُرجى البدء من جديد من الموقع.
problem-code-rejected = لم يُقبل هذا الرمز
problem-code-rejected-text = انتظر الرمز التالي ثم حاول مرة أخرى.
problem-code-rejected-clock = الرمز قديم
problem-code-rejected-clock-text = يُرجى التحقق من أن ساعة هاتفك صحيحة.
problem-code-rejected-typed = لم يُقبل هذا الرمز
problem-code-rejected-typed-text = يُرجى التحقق منه والمحاولة مرة أخرى.
problem-too-many-attempts = رموز خاطئة كثيرة
problem-too-many-attempts-text = يُرجى المحاولة مرة أخرى بعد { $wait }.
problem-network-paused = رموز خاطئة كثيرة من شبكتك
problem-network-paused-text = يُرجى استخدام طريقة أخرى، أو المحاولة مرة أخرى بعد { $wait }.
problem-exhausted = هذه الطريقة مغلقة
problem-exhausted-text = كانت هناك رموز خاطئة كثيرة. يُرجى استخدام طريقة أخرى، أو التواصل مع الدعم.
problem-number-refused = لا يمكن إرسال رمز إلى هذا الرقم
problem-number-refused-text = يُرجى استخدام طريقة أخرى، أو التواصل مع الدعم.
problem-enrolment-required = يلزم إعداد التحقق بخطوتين أولًا
problem-enrolment-required-text = يُرجى إعداده ثم المحاولة مرة أخرى.
problem-cooling-down = هذا غير متاح بعد
problem-cooling-down-text = تم تغيير طريقة التحقق أو حسابك مؤخرًا. حرصًا على سلامتك، سيُتاح هذا بعد { $wait }.
problem-frozen = حسابك مقفل
problem-frozen-text = لا يمكن سحب أي شيء أو تغييره. يُرجى التواصل مع الدعم، أو فتح القفل من إعدادات التحقق بخطوتين.
problem-send-paused = يُرجى الانتظار قليلًا
problem-send-paused-text = يمكنك طلب رمز آخر بعد { $wait }.

method-title = اختر طريقة التأكيد
method-app = تطبيق المصادقة
method-app-hint = موصى به. يعمل من دون شبكة.
method-sms = رسالة نصية
method-sms-hint = أقل أمانًا: من يستولي على رقمك يمكنه قراءة الرموز.
method-backup = رمز احتياطي
method-backup-hint = أحد الرموز العشرة التي حفظتها. كل رمز يُستخدم مرة واحدة.
method-other = جرّب طريقة أخرى

sms-sent = أرسلنا رمزًا إلى { $number }.
sms-code = الرمز من الرسالة النصية
sms-send = إرسال الرمز
sms-resend = إرسال رمز جديد
sms-resend-wait = يمكنك طلب رمز جديد بعد { $wait }.
sms-earlier = الرموز السابقة لم تعد صالحة.
sms-to = يمكننا إرسال رمز إلى { $number }.
phone-title = أكّد رقمك
phone-text = نرسل أولًا رمزًا إلى الرقم المسجّل في حسابك: { $number }.
phone-confirm-text = سنرسل رمزًا إلى { $number }. بهذا الرمز يُفعَّل التحقق بالرسائل النصية.

backup-title = احفظ رموزك الاحتياطية
backup-text = إذا فقدت هاتفك، تُدخلك هذه الرموز إلى حسابك. كل رمز يُستخدم مرة واحدة، ولا تُعرض إلا الآن.
backup-code = رمز احتياطي
backup-download = تنزيل
backup-copy = نسخ
backup-copied = تم النسخ
backup-print = طباعة
backup-saved = حفظت رموزي
backup-new = إنشاء رموز جديدة
backup-new-hint = لن تعود رموزك الاحتياطية القديمة صالحة.
backup-left = { $count ->
    [0] لم يبقَ لديك أي رمز احتياطي. يُرجى إنشاء رموز جديدة.
    [one] بقي لديك رمز احتياطي واحد ({ $count }). يُرجى إنشاء رموز جديدة.
    [two] بقي لديك رمزان احتياطيان ({ $count }). يُرجى إنشاء رموز جديدة.
    [few] بقيت لديك { $count } رموز احتياطية. يُرجى إنشاء رموز جديدة.
    [many] بقي لديك { $count } رمزًا احتياطيًا. يُرجى إنشاء رموز جديدة.
   *[other] بقي لديك { $count } رمز احتياطي. يُرجى إنشاء رموز جديدة.
}
backup-heading = الرموز الاحتياطية
backup-count = { $count ->
    [0] لم يبقَ لديك أي رمز.
    [one] بقي لديك رمز واحد ({ $count }).
    [two] بقي لديك رمزان ({ $count }).
    [few] بقيت لديك { $count } رموز.
    [many] بقي لديك { $count } رمزًا.
   *[other] بقي لديك { $count } رمز.
}

remember-browser = عدم السؤال مجددًا في هذا المتصفح لمدة 30 يومًا
remember-hint = على هاتفك أو حاسوبك الخاص فقط. المدفوعات تتطلب رمزًا دائمًا.
devices-title = المتصفحات المحفوظة
devices-none = لا توجد متصفحات محفوظة.
device-used = آخر استخدام { $time }
device-forget = نسيان
device-unknown = متصفح
devices-forget-all = نسيان الكل
sessions-title = هل سجّلت الدخول في مكان آخر؟
session-this = هذا المتصفح
sessions-end = تسجيل الخروج من كل مكان آخر

activity-title = النشاط الأخير
activity-none = لا شيء بعد.
activity-factor-added = أُضيفت طريقة تحقق
activity-factor-changed = غُيّرت طريقة التحقق
activity-factor-removed = أُزيلت طريقة تحقق
activity-factor-disabled = أُوقف التحقق بخطوتين
activity-factor-enabled = أُعيد تفعيل التحقق بخطوتين
activity-backup-code-used = استُخدم رمز احتياطي
activity-backup-codes-made = أُنشئت رموز احتياطية جديدة
activity-device-remembered = حُفظ متصفح
activity-device-copied = نُسخ متصفح محفوظ فتم نسيانه
activity-approved = تمت الموافقة على طلب
activity-number-changed = غُيّر رقم الهاتف
activity-devices-forgotten = نُسيت المتصفحات المحفوظة
activity-sessions-ended = سُجّل الخروج من كل مكان آخر
activity-failed-codes = رموز خاطئة كثيرة
activity-change-made = أُجري تغيير مهم
activity-frozen = قُفل الحساب
activity-unfrozen = فُتح قفل الحساب
activity-database-restored = تمت استعادة النظام من نسخة احتياطية؛ لم تعد عمليات تسجيل الدخول القديمة والمتصفحات المحفوظة والرموز الاحتياطية صالحة
activity-unlocked = مسح الدعم الرموز الخاطئة
activity-reset-requested = طُلبت إعادة تعيين التحقق بخطوتين
activity-reset-approved = حُدد موعد إعادة تعيين التحقق بخطوتين
activity-reset-cancelled = أُلغيت إعادة تعيين التحقق بخطوتين
activity-reset-done = أعاد الدعم تعيين التحقق بخطوتين
activity-code-issued = أعطى الدعم رمزًا مؤقتًا

disable-title = إيقاف التحقق بخطوتين
disable-text = بعد ذلك يمكن لأي شخص يعرف كلمة مرورك استخدام حسابك.
disable-button = إيقاف
enable-text = ستؤكد العمليات المهمة برمز.
enable-button = تفعيل
app-second = إضافة تطبيق مصادقة آخر
factor-remove = إزالة
switch-sms = استخدام الرسائل النصية بدلًا منه
switch-app = استخدام تطبيق المصادقة بدلًا منها
switch-phone = الانتقال إلى هاتف جديد
number-title = تغيير رقمك
number-new = رقم الهاتف الجديد
number-hint = ابدأ برمز البلد، مثل ‎+966.
number-on-file = اتركه فارغًا لاستخدام الرقم المسجّل في حسابك: { $number }.
number-text = نرسل رمزًا إلى الرقم الجديد ونُبلغ الرقم القديم.
number-wrong = لا يمكن استخدام هذا الرقم. يُرجى التحقق منه والبدء برمز البلد.

recover-title = هل فقدت هاتفك؟
recover-backup = إذا كنت قد حفظت رموزك الاحتياطية، فاستخدم أحدها الآن.
recover-support = إذا لم يبقَ لديك شيء، فتواصل مع الدعم. سيتحققون من أن الحساب لك، وقد يستغرق ذلك يومًا.
recover-never = لا يطلب الدعم أبدًا كلمة مرورك أو رمزك.
freeze-title = ألم تكن أنت؟
freeze-text = يمكننا قفل السحب والتغييرات في حسابك فورًا. سيساعدك الدعم على فتحه مجددًا.
freeze-button = قفل حسابي
frozen-title = حسابك مقفل
frozen-text = لا يمكن سحب أي شيء أو تغييره. يُرجى التواصل مع الدعم، أو التأكيد بطريقة تحقق كانت لديك من قبل.
frozen-open = فتح القفل برمز

cancel-reset-title = هل توقف إعادة التعيين؟
cancel-reset-text = طُلب من الدعم إعادة تعيين التحقق بخطوتين لهذا الحساب. إن لم تكن أنت، فأوقف ذلك: يبقى التحقق كما هو.
cancel-reset-button = أوقف إعادة التعيين
reset-cancelled-title = أُوقفت إعادة التعيين
reset-cancelled-text = يبقى التحقق بخطوتين كما هو. إذا طلب ذلك شخص آخر، فيُرجى تغيير كلمة مرورك.
support-code = رمز مؤقت من الدعم
support-code-hint = يعطيك الدعم إياه بعد إعادة التعيين. يعمل مرة واحدة.
