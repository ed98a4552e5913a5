# Halaman untuk pemain. Singkat, sopan, jelas.
language = Bahasa
continue = Lanjutkan
confirm = Konfirmasi
cancel = Batal
back-to-site = Kembali ke situs
step = Langkah { $step } dari { $total }

challenge-title = Pastikan ini Anda
challenge-approve = Anda akan menyetujui:
challenge-code-app = Kode dari aplikasi autentikator
challenge-never-share = Jangan berikan kode ini kepada siapa pun, termasuk layanan pelanggan kami.
challenge-set-up = Ini memerlukan verifikasi dua langkah, dan Anda belum mengaktifkannya. Hanya perlu satu menit, dan yang sedang Anda lakukan tetap tersimpan.
challenge-set-up-button = Atur sekarang
continue-title = Berhasil
continue-text = Permintaan Anda sedang dilanjutkan.
again-title = Berhasil
again-text = Data yang Anda kirim terlalu besar untuk disimpan. Silakan kembali dan kirim sekali lagi. Kode tidak akan diminta lagi.
handed-text = Yang sedang Anda lakukan berlanjut di halaman sebelumnya. Halaman ini boleh ditutup.

enrol-app-title = Pasang aplikasi autentikator
enrol-app-scan = Pindai kode ini dengan aplikasi autentikator Anda.
enrol-app-open = Buka di ponsel ini
enrol-app-key = Atau ketik kunci ini di aplikasi:
enrol-app-code = Kode yang tampil di aplikasi
enrol-app-again = Tampilkan kunci lagi
enrol-choose-title = Pilih langkah kedua
qr-code = Kode QR

settings-title = Verifikasi dua langkah
settings-account = Akun { $account }
settings-none = Dengan verifikasi dua langkah, akun tetap milik Anda meskipun orang lain tahu kata sandinya.
settings-app-since = Aplikasi autentikator, sejak { $date }
settings-cooling = Untuk pembayaran mulai { $time }
settings-sms-since = SMS ke { $number }, sejak { $date }
settings-ask-support = Untuk mengaktifkan verifikasi dua langkah di akun ini, silakan hubungi layanan pelanggan.
settings-change = Ubah cara konfirmasi

problem-line = { $title }. { $text }
problem-bad-request = Permintaan ini tidak dapat dibaca
problem-bad-request-text = Silakan kembali dan coba lagi.
problem-denied = Ini tidak diizinkan
problem-denied-text = Silakan buka situs lagi, atau hubungi layanan pelanggan jika ini terus terjadi.
problem-not-found = Halaman tidak ditemukan
problem-not-found-text = Silakan periksa alamatnya.
problem-method-not-allowed = Ini tidak dapat dilakukan di sini
problem-method-not-allowed-text = Silakan kembali dan coba lagi.
problem-too-large = Data terlalu besar
problem-too-large-text = Silakan kirim lebih sedikit sekaligus.
problem-unsupported-media-type = Ini tidak dapat dikonfirmasi
problem-unsupported-media-type-text = Data dikirim dalam bentuk yang tidak dapat kami tampilkan. Silakan gunakan formulir di situs.
problem-misdirected = Situs ini tidak ada di sini
problem-misdirected-text = Silakan periksa alamatnya.
problem-header-too-large = Permintaan terlalu besar
problem-header-too-large-text = Silakan hapus cookie situs ini lalu coba lagi.
problem-bad-gateway = Situs tidak menjawab
problem-bad-gateway-text = Silakan coba lagi sebentar lagi.
problem-gateway-timeout = Situs terlalu lama menjawab
problem-gateway-timeout-text = Silakan coba lagi sebentar lagi.
problem-unknown-result = Kami tidak tahu apakah ini berhasil
problem-unknown-result-text = Permintaan Anda sudah dikirim satu kali, tetapi tidak ada jawaban. Silakan periksa akun Anda sebelum mengulanginya.
problem-unavailable = Saat ini belum bisa
problem-unavailable-text = Silakan coba lagi dalam { $wait }.
problem-second-factor-required = Pastikan ini Anda
problem-second-factor-required-text = Ini memerlukan kode.
problem-anonymous = Silakan masuk dulu
problem-anonymous-text = Masuk ke situs, lalu coba lagi.
problem-challenge-gone = Halaman ini sudah tidak berlaku
problem-challenge-gone-text = Halaman sudah dipakai, kedaluwarsa, atau milik sesi lain. Silakan mulai lagi dari situs.
problem-code-rejected = Kode tidak diterima
problem-code-rejected-text = Tunggu kode berikutnya, lalu coba lagi.
problem-code-rejected-clock = Kode sudah lewat
problem-code-rejected-clock-text = Periksa apakah jam ponsel Anda sudah tepat.
problem-code-rejected-typed = Kode tidak diterima
problem-code-rejected-typed-text = Silakan periksa kodenya, lalu coba lagi.
problem-too-many-attempts = Terlalu banyak kode salah
problem-too-many-attempts-text = Silakan coba lagi dalam { $wait }.
problem-enrolment-required = Aktifkan verifikasi dua langkah dulu
problem-enrolment-required-text = Aktifkan dulu, lalu coba lagi.
problem-cooling-down = Verifikasi Anda masih terlalu baru
problem-cooling-down-text = Demi keamanan Anda, ini dibuka dalam { $wait }.
problem-frozen = Akun Anda terkunci
problem-frozen-text = Penarikan dan perubahan tidak bisa dilakukan. Hubungi layanan pelanggan, atau buka kunci di pengaturan verifikasi dua langkah.
problem-send-paused = Mohon tunggu sebentar
problem-send-paused-text = Anda bisa meminta kode baru dalam { $wait }.
problem-not-sent = Kode tidak dapat dikirim
problem-not-sent-text = Silakan coba cara lain, atau coba lagi dalam { $wait }.

method-title = Pilih cara konfirmasi
method-app = Aplikasi autentikator
method-app-hint = Disarankan. Tetap berfungsi tanpa sinyal.
method-sms = SMS
method-sms-hint = Kurang aman: orang yang mengambil alih nomor Anda dapat membaca kodenya.
method-backup = Kode cadangan
method-backup-hint = Salah satu dari sepuluh kode yang Anda simpan. Sekali pakai.
method-other = Coba cara lain

sms-sent = Kode sudah dikirim ke { $number }.
sms-code = Kode dari SMS
sms-send = Kirim kode
sms-resend = Kirim kode baru
sms-resend-wait = Anda dapat meminta kode baru dalam { $wait }.
sms-earlier = Kode sebelumnya tidak berlaku lagi.
sms-to = Kami bisa mengirim kode ke { $number }.
phone-title = Konfirmasi nomor Anda
phone-text = Kode akan dikirim dulu ke nomor di akun Anda: { $number }.
phone-confirm-text = Kami akan mengirim kode ke { $number }. Dengan kode itu, verifikasi lewat SMS menjadi aktif.

backup-title = Simpan kode cadangan Anda
backup-text = Jika ponsel hilang, Anda dapat masuk dengan kode ini. Setiap kode sekali pakai. Kode hanya ditampilkan sekarang.
backup-code = Kode cadangan
backup-download = Unduh
backup-copy = Salin
backup-copied = Tersalin
backup-print = Cetak
backup-saved = Kode sudah saya simpan
backup-new = Buat kode baru
backup-new-hint = Kode cadangan lama tidak berlaku lagi.
backup-left = { $count ->
    [0] Kode cadangan Anda sudah habis. Silakan buat yang baru.
   *[other] Kode cadangan Anda tinggal { $count }. Silakan buat yang baru.
}
backup-heading = Kode cadangan
backup-count = { $count ->
    [0] Tidak ada kode yang tersisa.
   *[other] Tersisa { $count } kode.
}

remember-browser = Jangan tanya lagi di browser ini selama 30 hari
remember-hint = Hanya di ponsel atau komputer Anda sendiri. Pembayaran tetap memerlukan kode.
devices-title = Browser yang diingat
devices-none = Belum ada browser yang diingat.
device-used = Terakhir dipakai { $time }
device-forget = Lupakan
device-unknown = Sebuah browser
devices-forget-all = Lupakan semua
sessions-title = Masuk di tempat lain?
session-this = Browser ini
sessions-end = Keluar dari semua tempat lain

activity-title = Aktivitas terbaru
activity-none = Belum ada.
activity-factor-added = Cara verifikasi ditambahkan
activity-factor-changed = Cara verifikasi diganti
activity-factor-removed = Cara verifikasi dihapus
activity-factor-disabled = Verifikasi dua langkah dimatikan
activity-factor-enabled = Verifikasi dua langkah diaktifkan lagi
activity-backup-code-used = Kode cadangan dipakai
activity-backup-codes-made = Kode cadangan baru dibuat
activity-device-remembered = Browser diingat
activity-device-copied = Browser yang diingat disalin orang dan sudah dihapus
activity-approved = Permintaan disetujui
activity-number-changed = Nomor telepon diganti
activity-devices-forgotten = Browser yang diingat dihapus
activity-sessions-ended = Keluar dari semua perangkat lain
activity-failed-codes = Terlalu banyak kode salah
activity-change-made = Perubahan penting dilakukan
activity-frozen = Akun dikunci
activity-unfrozen = Kunci akun dibuka
activity-database-restored = Cadangan sistem dipulihkan; login lama, peramban yang diingat, dan kode cadangan tidak berlaku lagi

disable-title = Matikan verifikasi dua langkah
disable-text = Setelah itu, siapa pun yang tahu kata sandi Anda dapat memakai akun Anda.
disable-button = Matikan
enable-text = Tindakan penting akan dikonfirmasi dengan kode.
enable-button = Aktifkan
app-second = Tambah aplikasi autentikator lain
factor-remove = Hapus
switch-sms = Ganti ke SMS
switch-app = Ganti ke aplikasi autentikator
switch-phone = Pindah ke ponsel baru
number-title = Ganti nomor Anda
number-new = Nomor ponsel baru
number-hint = Awali dengan kode negara, misalnya +62.
number-on-file = Kosongkan untuk memakai nomor di akun Anda: { $number }.
number-text = Kami mengirim kode ke nomor baru dan memberi tahu nomor lama.
number-wrong = Nomor ini tidak dapat digunakan. Periksa lagi nomornya dan awali dengan kode negara.

recover-title = Ponsel Anda hilang?
recover-backup = Jika Anda menyimpan kode cadangan, pakai salah satunya sekarang.
recover-support = Jika tidak ada yang tersisa, hubungi layanan pelanggan. Mereka akan memastikan akun itu milik Anda, dan ini bisa memakan waktu satu hari.
recover-never = Layanan pelanggan tidak pernah meminta kata sandi atau kode Anda.
freeze-title = Bukan Anda?
freeze-text = Kami dapat langsung mengunci penarikan dan perubahan di akun Anda. Layanan pelanggan akan membantu membukanya lagi.
freeze-button = Kunci akun saya
frozen-title = Akun Anda dikunci
frozen-text = Tidak ada yang dapat ditarik atau diubah. Hubungi layanan pelanggan, atau konfirmasi dengan cara verifikasi yang sudah Anda miliki sebelumnya.
frozen-open = Buka kunci dengan kode
