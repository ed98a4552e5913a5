# ข้อความพร้อมรหัส
text-code-session = { $site }: รหัสเข้าสู่ระบบคือ { $code } อย่าบอกใคร
text-code-fresh = { $site }: รหัสยืนยันการเปลี่ยนแปลงคือ { $code } อย่าบอกใคร
text-code-once = { $site }: { $details } รหัสอนุมัติคือ { $code } หากไม่ใช่คุณ อย่าใช้ อย่าบอกใคร
text-code-enrol = { $site }: รหัสตั้งค่าการยืนยันสองขั้นตอนคือ { $code } อย่าบอกใคร
text-code-number = { $site }: รหัสยืนยันหมายเลขนี้คือ { $code } อย่าบอกใคร
