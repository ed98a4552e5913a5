# อีเมลและข้อความเกี่ยวกับบัญชี และการเขียนเวลา
date = { $day } { $month ->
    [1] มกราคม
    [2] กุมภาพันธ์
    [3] มีนาคม
    [4] เมษายน
    [5] พฤษภาคม
    [6] มิถุนายน
    [7] กรกฎาคม
    [8] สิงหาคม
    [9] กันยายน
    [10] ตุลาคม
    [11] พฤศจิกายน
   *[12] ธันวาคม
} ค.ศ. { $year }
moment = { $date } เวลา { $time } น. ({ $zone })
seconds = { $count } วินาที
minutes = { $count } นาที
hours = { $count } ชั่วโมง
days = { $count } วัน

notice-subject = { $site }: มีการเปลี่ยนแปลงในบัญชีของคุณ
notice-factor-added = { $site }: เพิ่มวิธียืนยันในบัญชีของคุณเมื่อ { $time }
notice-factor-changed = { $site }: เปลี่ยนวิธียืนยันของบัญชีเมื่อ { $time }
notice-factor-removed = { $site }: ลบวิธียืนยันออกจากบัญชีเมื่อ { $time }
notice-factor-disabled = { $site }: ปิดการยืนยันสองขั้นตอนเมื่อ { $time }
notice-factor-enabled = { $site }: เปิดการยืนยันสองขั้นตอนอีกครั้งเมื่อ { $time }
notice-backup-code-used = { $site }: มีการใช้รหัสสำรองเมื่อ { $time }
notice-backup-codes-made = { $site }: สร้างรหัสสำรองใหม่เมื่อ { $time } รหัสเดิมใช้ไม่ได้แล้ว
notice-device-remembered = { $site }: จดจำเบราว์เซอร์ใหม่ตั้งแต่ { $time }
notice-device-copied = { $site }: มีผู้คัดลอกเบราว์เซอร์ที่คุณให้จดจำไว้ ({ $details }) เราเลิกจดจำเบราว์เซอร์นั้นเมื่อ { $time }
notice-failed-codes = { $site }: มีคนรู้รหัสผ่านของคุณและใส่รหัสผิด ครั้งล่าสุดเมื่อ { $time } โปรดเปลี่ยนรหัสผ่าน
notice-number-changed = { $site }: เปลี่ยนหมายเลขโทรศัพท์ของบัญชีเมื่อ { $time }
notice-freeze = ไม่ใช่คุณใช่ไหม ล็อกบัญชีที่นี่: { $link }
notice-devices-forgotten = { $site }: เลิกจดจำเบราว์เซอร์เมื่อ { $time }
notice-sessions-ended = { $site }: บัญชีของคุณออกจากระบบที่อื่นทั้งหมดเมื่อ { $time }
notice-approved = { $site }: คุณอนุมัติเมื่อ { $time }: { $details }
notice-change-made = { $site }: มีการเปลี่ยนแปลงรายการสำคัญเมื่อ { $time } ({ $details })
notice-frozen = { $site }: บัญชีของคุณถูกล็อกเมื่อ { $time } ถอนเงินหรือเปลี่ยนแปลงไม่ได้ โปรดติดต่อฝ่ายช่วยเหลือ
notice-unfrozen = { $site }: ปลดล็อกบัญชีของคุณเมื่อ { $time }
notice-unlocked = { $site }: ฝ่ายช่วยเหลือล้างจำนวนรหัสที่ผิดของบัญชีคุณเมื่อ { $time }
notice-reset-approved = { $site }: คุณขอให้ฝ่ายช่วยเหลือรีเซ็ตการยืนยันสองขั้นตอน จะดำเนินการเมื่อ { $details }
notice-cancel = ไม่ใช่คุณใช่ไหม หยุดที่นี่: { $link }
notice-reset-cancelled = { $site }: การรีเซ็ตการยืนยันสองขั้นตอนถูกยกเลิกเมื่อ { $time } ไม่มีอะไรเปลี่ยนแปลง
notice-reset-done = { $site }: การยืนยันสองขั้นตอนของคุณถูกรีเซ็ตเมื่อ { $time } โปรดตั้งค่าใหม่
notice-code-issued = { $site }: ฝ่ายช่วยเหลือให้รหัสชั่วคราวแก่คุณเมื่อ { $time } โปรดกรอกในหน้าของเราเท่านั้น
