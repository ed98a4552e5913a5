# หน้าสำหรับผู้เล่น สั้น สุภาพ ชัดเจน
language = ภาษา
continue = ดำเนินการต่อ
confirm = ยืนยัน
cancel = ยกเลิก
back-to-site = กลับไปที่เว็บไซต์
step = ขั้นตอนที่ { $step } จาก { $total }

challenge-title = ยืนยันว่าเป็นคุณ
challenge-approve = คุณกำลังจะอนุมัติ:
challenge-code-app = รหัสจากแอปยืนยันตัวตน
challenge-never-share = อย่าบอกรหัสนี้กับใคร แม้แต่ฝ่ายช่วยเหลือของเรา
challenge-set-up = รายการนี้ต้องใช้การยืนยันสองขั้นตอน และคุณยังไม่ได้ตั้งค่า ใช้เวลาเพียงหนึ่งนาที สิ่งที่คุณทำอยู่จะถูกเก็บไว้
challenge-set-up-button = ตั้งค่าตอนนี้
continue-title = ยืนยันแล้ว
continue-text = กำลังดำเนินการตามคำขอของคุณ
again-title = ยืนยันแล้ว
again-text = ข้อมูลที่คุณส่งมีขนาดใหญ่เกินกว่าจะเก็บไว้ โปรดย้อนกลับแล้วส่งอีกครั้ง โดยไม่ต้องใส่รหัสอีก
handed-text = สิ่งที่คุณทำอยู่จะดำเนินต่อในหน้าที่คุณจากมา ปิดหน้านี้ได้เลย

enrol-app-title = ตั้งค่าแอปยืนยันตัวตน
enrol-app-scan = สแกนรหัสนี้ด้วยแอปยืนยันตัวตนของคุณ
enrol-app-open = เปิดบนโทรศัพท์เครื่องนี้
enrol-app-key = หรือพิมพ์คีย์นี้ในแอป:
enrol-app-code = รหัสที่แอปแสดง
enrol-app-again = แสดงคีย์อีกครั้ง
enrol-choose-title = เลือกวิธียืนยันขั้นตอนที่สอง
qr-code = คิวอาร์โค้ด

settings-title = การยืนยันสองขั้นตอน
settings-account = บัญชี { $account }
settings-none = การยืนยันสองขั้นตอนช่วยให้บัญชียังเป็นของคุณ แม้มีคนรู้รหัสผ่าน
settings-app-since = แอปยืนยันตัวตน ตั้งแต่ { $date }
settings-cooling = ใช้กับการชำระเงินได้ตั้งแต่ { $time }
settings-sms-since = ข้อความ SMS ไปที่ { $number } ตั้งแต่ { $date }
settings-ask-support = หากต้องการเปิดการยืนยันสองขั้นตอนสำหรับบัญชีนี้ โปรดติดต่อฝ่ายช่วยเหลือ
settings-change = เปลี่ยนวิธียืนยัน

problem-line = { $title } { $text }
problem-bad-request = อ่านคำขอนี้ไม่ได้
problem-bad-request-text = โปรดย้อนกลับแล้วลองอีกครั้ง
problem-denied = ไม่อนุญาตให้ทำรายการนี้
problem-denied-text = โปรดเปิดเว็บไซต์ใหม่ หรือติดต่อฝ่ายช่วยเหลือหากยังเกิดขึ้นอีก
problem-not-found = ไม่มีหน้านี้
problem-not-found-text = โปรดตรวจสอบที่อยู่เว็บ
problem-not-sent = ส่งรหัสไม่ได้
problem-not-sent-text = โปรดลองวิธีอื่น หรือลองอีกครั้งใน { $wait }
problem-method-not-allowed = ทำรายการนี้ที่นี่ไม่ได้
problem-method-not-allowed-text = โปรดย้อนกลับแล้วลองอีกครั้ง
problem-too-large = ข้อมูลมีขนาดใหญ่เกินไป
problem-too-large-text = โปรดส่งครั้งละน้อยลง
problem-unsupported-media-type = ยืนยันข้อมูลนี้ไม่ได้
problem-unsupported-media-type-text = ข้อมูลถูกส่งมาในรูปแบบที่เราแสดงให้คุณดูไม่ได้ โปรดใช้แบบฟอร์มของเว็บไซต์
problem-misdirected = เว็บไซต์นี้ไม่ได้อยู่ที่นี่
problem-misdirected-text = โปรดตรวจสอบที่อยู่เว็บ
problem-header-too-large = คำขอมีขนาดใหญ่เกินไป
problem-header-too-large-text = โปรดล้างคุกกี้ของเว็บไซต์นี้แล้วลองอีกครั้ง
problem-bad-gateway = เว็บไซต์ไม่ตอบสนอง
problem-bad-gateway-text = โปรดลองอีกครั้งในอีกสักครู่
problem-gateway-timeout = เว็บไซต์ตอบสนองช้าเกินไป
problem-gateway-timeout-text = โปรดลองอีกครั้งในอีกสักครู่
problem-unknown-result = เราไม่ทราบว่ารายการนี้สำเร็จหรือไม่
problem-unknown-result-text = คำขอของคุณถูกส่งไปแล้วหนึ่งครั้งแต่ไม่มีคำตอบกลับ โปรดตรวจสอบบัญชีก่อนทำซ้ำ
problem-unavailable = ขณะนี้ยังทำรายการไม่ได้
problem-unavailable-text = โปรดลองอีกครั้งใน { $wait }
problem-second-factor-required = โปรดยืนยันว่าเป็นคุณ
problem-second-factor-required-text = รายการนี้ต้องใช้รหัส
problem-anonymous = โปรดเข้าสู่ระบบก่อน
problem-anonymous-text = เข้าสู่ระบบที่เว็บไซต์แล้วลองอีกครั้ง
problem-challenge-gone = หน้านี้ใช้ไม่ได้แล้ว
problem-challenge-gone-text = หน้านี้ถูกใช้แล้ว หมดอายุ หรือเป็นของการเข้าสู่ระบบอื่น โปรดเริ่มใหม่จากเว็บไซต์
problem-code-rejected = รหัสไม่ถูกต้อง
problem-code-rejected-text = โปรดรอรหัสถัดไปแล้วลองอีกครั้ง
problem-code-rejected-clock = รหัสเก่าเกินไป
problem-code-rejected-clock-text = โปรดตรวจสอบว่านาฬิกาโทรศัพท์ตรงหรือไม่
problem-code-rejected-typed = รหัสไม่ถูกต้อง
problem-code-rejected-typed-text = โปรดตรวจสอบรหัสแล้วลองอีกครั้ง
problem-too-many-attempts = ใส่รหัสผิดหลายครั้งเกินไป
problem-too-many-attempts-text = โปรดลองอีกครั้งใน { $wait }
problem-enrolment-required = ต้องตั้งค่าการยืนยันสองขั้นตอนก่อน
problem-enrolment-required-text = โปรดตั้งค่าแล้วลองอีกครั้ง
problem-cooling-down = วิธียืนยันของคุณเพิ่งตั้งค่าใหม่
problem-cooling-down-text = เพื่อความปลอดภัยของคุณ รายการนี้จะเปิดใน { $wait }
problem-frozen = บัญชีของคุณถูกล็อก
problem-frozen-text = ถอนเงินหรือเปลี่ยนแปลงไม่ได้ โปรดติดต่อฝ่ายช่วยเหลือ หรือปลดล็อกในการตั้งค่าการยืนยันสองขั้นตอนของคุณ
problem-send-paused = โปรดรอสักครู่
problem-send-paused-text = ขอรหัสอีกครั้งได้ใน { $wait }

method-title = เลือกวิธียืนยัน
method-app = แอปยืนยันตัวตน
method-app-hint = แนะนำ ใช้ได้แม้ไม่มีสัญญาณ
method-sms = ข้อความ SMS
method-sms-hint = ปลอดภัยน้อยกว่า ผู้ที่ยึดหมายเลขของคุณไปอาจอ่านรหัสได้
method-backup = รหัสสำรอง
method-backup-hint = หนึ่งในสิบรหัสที่คุณบันทึกไว้ ใช้ได้รหัสละครั้ง
method-other = ลองวิธีอื่น

sms-sent = เราส่งรหัสไปที่ { $number } แล้ว
sms-code = รหัสจากข้อความ SMS
sms-send = ส่งรหัส
sms-resend = ส่งรหัสใหม่
sms-resend-wait = ขอรหัสใหม่ได้ใน { $wait }
sms-earlier = รหัสก่อนหน้าใช้ไม่ได้แล้ว
sms-to = เราส่งรหัสไปที่ { $number } ได้
phone-title = ยืนยันหมายเลขของคุณ
phone-text = เราจะส่งรหัสไปยังหมายเลขในบัญชีของคุณก่อน: { $number }
phone-confirm-text = เราจะส่งรหัสไปที่ { $number } เพื่อเปิดใช้การยืนยันด้วยข้อความ SMS

backup-title = บันทึกรหัสสำรองของคุณ
backup-text = หากโทรศัพท์หาย รหัสเหล่านี้จะพาคุณเข้าสู่บัญชี ใช้ได้รหัสละครั้ง และแสดงเฉพาะตอนนี้เท่านั้น
backup-code = รหัสสำรอง
backup-download = ดาวน์โหลด
backup-copy = คัดลอก
backup-copied = คัดลอกแล้ว
backup-print = พิมพ์
backup-saved = ฉันบันทึกรหัสแล้ว
backup-new = สร้างรหัสใหม่
backup-new-hint = รหัสสำรองเดิมจะใช้ไม่ได้อีก
backup-left = { $count ->
    [0] คุณไม่มีรหัสสำรองเหลือแล้ว โปรดสร้างรหัสใหม่
   *[other] คุณมีรหัสสำรองเหลือ { $count } รหัส โปรดสร้างรหัสใหม่
}
backup-heading = รหัสสำรอง
backup-count = { $count ->
    [0] ไม่มีรหัสเหลือแล้ว
   *[other] เหลือ { $count } รหัส
}

remember-browser = ไม่ต้องถามอีกในเบราว์เซอร์นี้เป็นเวลา 30 วัน
remember-hint = เฉพาะโทรศัพท์หรือคอมพิวเตอร์ของคุณเองเท่านั้น การชำระเงินยังต้องใช้รหัส
devices-title = เบราว์เซอร์ที่จดจำไว้
devices-none = ยังไม่มีเบราว์เซอร์ที่จดจำไว้
device-used = ใช้ล่าสุด { $time }
device-forget = เลิกจดจำ
device-unknown = เบราว์เซอร์หนึ่ง
devices-forget-all = เลิกจดจำทั้งหมด
sessions-title = เข้าสู่ระบบที่อื่นอยู่หรือไม่
session-this = เบราว์เซอร์นี้
sessions-end = ออกจากระบบที่อื่นทั้งหมด

activity-title = กิจกรรมล่าสุด
activity-none = ยังไม่มีกิจกรรม
activity-factor-added = เพิ่มวิธียืนยันแล้ว
activity-factor-changed = เปลี่ยนวิธียืนยันแล้ว
activity-factor-removed = ลบวิธียืนยันแล้ว
activity-factor-disabled = ปิดการยืนยันสองขั้นตอนแล้ว
activity-factor-enabled = เปิดการยืนยันสองขั้นตอนอีกครั้งแล้ว
activity-backup-code-used = ใช้รหัสสำรองแล้ว
activity-backup-codes-made = สร้างรหัสสำรองใหม่แล้ว
activity-device-remembered = จดจำเบราว์เซอร์แล้ว
activity-device-copied = มีผู้คัดลอกเบราว์เซอร์ที่จดจำไว้ จึงเลิกจดจำแล้ว
activity-approved = อนุมัติคำขอแล้ว
activity-number-changed = เปลี่ยนหมายเลขโทรศัพท์แล้ว
activity-devices-forgotten = เลิกจดจำเบราว์เซอร์แล้ว
activity-sessions-ended = ออกจากระบบที่อื่นทั้งหมดแล้ว
activity-failed-codes = ใส่รหัสผิดหลายครั้งเกินไป
activity-change-made = เปลี่ยนแปลงรายการสำคัญแล้ว
activity-frozen = ล็อกบัญชีแล้ว
activity-unfrozen = ปลดล็อกบัญชีแล้ว
activity-database-restored = ระบบถูกกู้คืนจากข้อมูลสำรอง การเข้าสู่ระบบเดิม เบราว์เซอร์ที่จดจำไว้ และรหัสสำรองใช้ไม่ได้แล้ว

disable-title = ปิดการยืนยันสองขั้นตอน
disable-text = หลังจากนั้น ใครก็ตามที่รู้รหัสผ่านจะใช้บัญชีของคุณได้
disable-button = ปิด
enable-text = คุณจะยืนยันรายการสำคัญด้วยรหัส
enable-button = เปิด
app-second = เพิ่มแอปยืนยันตัวตนอีกแอป
factor-remove = ลบ
switch-sms = เปลี่ยนไปใช้ข้อความ SMS
switch-app = เปลี่ยนไปใช้แอปยืนยันตัวตน
switch-phone = ย้ายไปโทรศัพท์เครื่องใหม่
number-title = เปลี่ยนหมายเลขของคุณ
number-new = หมายเลขโทรศัพท์ใหม่
number-hint = เริ่มด้วยรหัสประเทศ เช่น +66
number-on-file = เว้นว่างไว้เพื่อใช้หมายเลขในบัญชีของคุณ: { $number }
number-text = เราจะส่งรหัสไปยังหมายเลขใหม่ และแจ้งไปยังหมายเลขเดิม
number-wrong = ใช้หมายเลขนี้ไม่ได้ โปรดตรวจสอบหมายเลขและเริ่มด้วยรหัสประเทศ

recover-title = โทรศัพท์หายใช่ไหม
recover-backup = หากคุณบันทึกรหัสสำรองไว้ ใช้หนึ่งรหัสได้เลย
recover-support = หากไม่เหลืออะไรเลย โปรดติดต่อฝ่ายช่วยเหลือ เจ้าหน้าที่จะตรวจสอบว่าบัญชีเป็นของคุณ ซึ่งอาจใช้เวลาหนึ่งวัน
recover-never = ฝ่ายช่วยเหลือจะไม่ถามรหัสผ่านหรือรหัสยืนยันของคุณ
freeze-title = ไม่ใช่คุณใช่ไหม
freeze-text = เราล็อกการถอนเงินและการเปลี่ยนแปลงในบัญชีของคุณได้ทันที ฝ่ายช่วยเหลือจะช่วยคุณเปิดใช้อีกครั้ง
freeze-button = ล็อกบัญชีของฉัน
frozen-title = บัญชีของคุณถูกล็อก
frozen-text = ถอนเงินหรือเปลี่ยนแปลงไม่ได้ โปรดติดต่อฝ่ายช่วยเหลือ หรือยืนยันด้วยวิธีที่คุณมีอยู่ก่อนแล้ว
frozen-open = ปลดล็อกด้วยรหัส
