# Halaman untuk pemain. Ringkas, sopan, jelas.
language = Bahasa
continue = Teruskan
confirm = Sahkan
cancel = Batal
back-to-site = Kembali ke laman
step = Langkah { $step } daripada { $total }

challenge-title = Sahkan ini anda
challenge-approve = Anda akan meluluskan:
challenge-code-app = Kod daripada aplikasi pengesah
challenge-never-share = Jangan berikan kod ini kepada sesiapa, termasuk khidmat pelanggan kami.
challenge-set-up = Tindakan ini memerlukan pengesahan dua langkah, dan anda belum menyediakannya. Ia mengambil masa seminit, dan perkara yang sedang anda lakukan akan disimpan.
challenge-set-up-button = Sediakan sekarang
continue-title = Disahkan
continue-text = Permintaan anda sedang diteruskan.
again-title = Disahkan
again-text = Data yang anda hantar terlalu besar untuk disimpan. Sila kembali dan hantar sekali lagi. Kod tidak akan diminta lagi.
handed-text = Apa yang anda lakukan diteruskan di halaman asal anda. Halaman ini boleh ditutup.

enrol-app-title = Sediakan aplikasi pengesah
enrol-app-scan = Imbas kod ini dengan aplikasi pengesah anda.
enrol-app-open = Buka pada telefon ini
enrol-app-key = Atau taip kunci ini dalam aplikasi:
enrol-app-code = Kod yang dipaparkan oleh aplikasi
enrol-app-again = Paparkan kunci sekali lagi
enrol-choose-title = Pilih langkah kedua anda
qr-code = Kod QR

settings-title = Pengesahan dua langkah
settings-account = Akaun { $account }
settings-none = Pengesahan dua langkah memastikan akaun kekal milik anda walaupun orang lain tahu kata laluan anda.
settings-app-since = Aplikasi pengesah, sejak { $date }
settings-cooling = Untuk pembayaran mulai { $time }
settings-sms-since = SMS ke { $number }, sejak { $date }
settings-ask-support = Untuk menghidupkan pengesahan dua langkah bagi akaun ini, sila hubungi khidmat pelanggan.
settings-change = Tukar cara pengesahan

problem-line = { $title }. { $text }
problem-bad-request = Permintaan ini tidak dapat dibaca
problem-bad-request-text = Sila kembali dan cuba lagi.
problem-denied = Ini tidak dibenarkan
problem-denied-text = Sila buka laman semula, atau hubungi khidmat pelanggan jika ini berulang.
problem-not-found = Halaman tidak ditemui
problem-not-found-text = Sila semak alamatnya.
problem-not-sent = Kod tidak dapat dihantar
problem-not-sent-text = Sila cuba cara lain, atau cuba lagi dalam { $wait }.
problem-method-not-allowed = Ini tidak boleh dilakukan di sini
problem-method-not-allowed-text = Sila kembali dan cuba lagi.
problem-too-large = Data terlalu besar
problem-too-large-text = Sila hantar lebih sedikit pada satu masa.
problem-unsupported-media-type = Ini tidak dapat disahkan
problem-unsupported-media-type-text = Data dihantar dalam bentuk yang tidak dapat kami paparkan. Sila gunakan borang di laman ini.
problem-misdirected = Laman ini tiada di sini
problem-misdirected-text = Sila semak alamatnya.
problem-header-too-large = Permintaan terlalu besar
problem-header-too-large-text = Sila padamkan kuki laman ini dan cuba lagi.
problem-bad-gateway = Laman tidak menjawab
problem-bad-gateway-text = Sila cuba lagi sebentar lagi.
problem-gateway-timeout = Laman terlalu lambat menjawab
problem-gateway-timeout-text = Sila cuba lagi sebentar lagi.
problem-unknown-result = Kami tidak tahu sama ada ini berjaya
problem-unknown-result-text = Permintaan anda telah dihantar sekali, tetapi tiada jawapan. Sila semak akaun anda sebelum mengulanginya.
problem-unavailable = Ini tidak dapat dilakukan sekarang
problem-unavailable-text = Sila cuba lagi dalam { $wait }.
problem-second-factor-required = Sila sahkan ini anda
problem-second-factor-required-text = Ini memerlukan kod.
problem-anonymous = Sila log masuk dahulu
problem-anonymous-text = Log masuk ke laman, kemudian cuba lagi.
problem-challenge-gone = Halaman ini tidak sah lagi
problem-challenge-gone-text = Halaman ini telah digunakan, tamat tempoh, atau milik sesi lain. Sila mula semula dari laman.
problem-code-rejected = Kod tidak diterima
problem-code-rejected-text = Tunggu kod seterusnya dan cuba lagi.
problem-code-rejected-clock = Kod sudah lapuk
problem-code-rejected-clock-text = Sila semak sama ada jam telefon anda betul.
problem-code-rejected-typed = Kod tidak diterima
problem-code-rejected-typed-text = Sila semak kod itu dan cuba lagi.
problem-too-many-attempts = Terlalu banyak kod salah
problem-too-many-attempts-text = Sila cuba lagi dalam { $wait }.
problem-enrolment-required = Pengesahan dua langkah diperlukan dahulu
problem-enrolment-required-text = Sila sediakannya, kemudian cuba lagi.
problem-cooling-down = Pengesahan anda masih terlalu baharu
problem-cooling-down-text = Demi keselamatan anda, ini dibuka dalam { $wait }.
problem-frozen = Akaun anda dikunci
problem-frozen-text = Pengeluaran dan perubahan tidak boleh dilakukan. Sila hubungi khidmat pelanggan, atau buka kunci dalam tetapan pengesahan dua langkah anda.
problem-send-paused = Sila tunggu sebentar
problem-send-paused-text = Anda boleh meminta kod lain dalam { $wait }.

method-title = Pilih cara pengesahan
method-app = Aplikasi pengesah
method-app-hint = Disyorkan. Berfungsi tanpa isyarat.
method-sms = SMS
method-sms-hint = Kurang selamat: orang yang mengambil alih nombor anda boleh membaca kodnya.
method-backup = Kod sandaran
method-backup-hint = Salah satu daripada sepuluh kod yang anda simpan. Sekali guna.
method-other = Cuba cara lain

sms-sent = Kod telah dihantar ke { $number }.
sms-code = Kod daripada SMS
sms-send = Hantar kod
sms-resend = Hantar kod baharu
sms-resend-wait = Anda boleh meminta kod baharu dalam { $wait }.
sms-earlier = Kod terdahulu tidak sah lagi.
sms-to = Kami boleh menghantar kod ke { $number }.
phone-title = Sahkan nombor anda
phone-text = Kod akan dihantar dahulu ke nombor pada akaun anda: { $number }.
phone-confirm-text = Kami akan menghantar kod ke { $number }. Dengan kod itu, pengesahan melalui SMS dihidupkan.

backup-title = Simpan kod sandaran anda
backup-text = Jika telefon anda hilang, kod ini membolehkan anda masuk. Setiap kod sekali guna. Kod hanya dipaparkan sekarang.
backup-code = Kod sandaran
backup-download = Muat turun
backup-copy = Salin
backup-copied = Disalin
backup-print = Cetak
backup-saved = Saya telah menyimpan kod ini
backup-new = Buat kod baharu
backup-new-hint = Kod sandaran lama tidak sah lagi.
backup-left = { $count ->
    [0] Kod sandaran anda sudah habis. Sila buat yang baharu.
   *[other] Kod sandaran anda tinggal { $count }. Sila buat yang baharu.
}
backup-heading = Kod sandaran
backup-count = { $count ->
    [0] Tiada kod yang tinggal.
   *[other] Tinggal { $count } kod.
}

remember-browser = Jangan tanya lagi dalam pelayar ini selama 30 hari
remember-hint = Hanya pada telefon atau komputer anda sendiri. Pembayaran masih memerlukan kod.
devices-title = Pelayar yang diingati
devices-none = Tiada pelayar yang diingati.
device-used = Kali terakhir digunakan { $time }
device-forget = Lupakan
device-unknown = Sebuah pelayar
devices-forget-all = Lupakan semua
sessions-title = Log masuk di tempat lain?
session-this = Pelayar ini
sessions-end = Log keluar dari semua tempat lain

activity-title = Aktiviti terkini
activity-none = Belum ada.
activity-factor-added = Cara pengesahan ditambah
activity-factor-changed = Cara pengesahan ditukar
activity-factor-removed = Cara pengesahan dibuang
activity-factor-disabled = Pengesahan dua langkah dimatikan
activity-factor-enabled = Pengesahan dua langkah dihidupkan semula
activity-backup-code-used = Kod sandaran digunakan
activity-backup-codes-made = Kod sandaran baharu dibuat
activity-device-remembered = Pelayar diingati
activity-device-copied = Pelayar yang diingati disalin orang dan telah dilupakan
activity-approved = Permintaan diluluskan
activity-number-changed = Nombor telefon ditukar
activity-devices-forgotten = Pelayar yang diingati dilupakan
activity-sessions-ended = Dilog keluar dari semua tempat lain
activity-failed-codes = Terlalu banyak kod salah
activity-change-made = Perubahan penting dibuat
activity-frozen = Akaun dikunci
activity-unfrozen = Kunci akaun dibuka
activity-database-restored = Sandaran sistem dipulihkan; log masuk lama, pelayar yang diingati dan kod sandaran tidak lagi sah

disable-title = Matikan pengesahan dua langkah
disable-text = Selepas itu, sesiapa yang tahu kata laluan anda boleh menggunakan akaun anda.
disable-button = Matikan
enable-text = Anda akan mengesahkan tindakan penting dengan kod.
enable-button = Hidupkan
app-second = Tambah aplikasi pengesah lain
factor-remove = Buang
switch-sms = Guna SMS
switch-app = Guna aplikasi pengesah
switch-phone = Pindah ke telefon baharu
number-title = Tukar nombor anda
number-new = Nombor telefon baharu
number-hint = Mulakan dengan kod negara, seperti +60.
number-on-file = Biarkan kosong untuk menggunakan nombor pada akaun anda: { $number }.
number-text = Kami menghantar kod ke nombor baharu dan memaklumkan nombor lama.
number-wrong = Nombor ini tidak dapat digunakan. Sila semak nombor itu dan mulakan dengan kod negara.

recover-title = Telefon anda hilang?
recover-backup = Jika anda menyimpan kod sandaran, gunakan satu sekarang.
recover-support = Jika tiada apa-apa lagi, hubungi khidmat pelanggan. Mereka akan memastikan akaun itu milik anda, dan ini mungkin mengambil masa sehari.
recover-never = Khidmat pelanggan tidak pernah meminta kata laluan atau kod anda.
freeze-title = Bukan anda?
freeze-text = Kami boleh mengunci pengeluaran dan perubahan pada akaun anda serta-merta. Khidmat pelanggan akan membantu anda membukanya semula.
freeze-button = Kunci akaun saya
frozen-title = Akaun anda dikunci
frozen-text = Tiada apa-apa boleh dikeluarkan atau diubah. Hubungi khidmat pelanggan, atau sahkan dengan cara pengesahan yang anda miliki sebelum ini.
frozen-open = Buka kunci dengan kod
