# E-mel dan mesej tentang akaun; cara menulis masa.
date = { $day } { $month ->
    [1] Januari
    [2] Februari
    [3] Mac
    [4] April
    [5] Mei
    [6] Jun
    [7] Julai
    [8] Ogos
    [9] September
    [10] Oktober
    [11] November
   *[12] Disember
} { $year }
moment = { $date } pada { $time } ({ $zone })
seconds = { $count } saat
minutes = { $count } minit
hours = { $count } jam
days = { $count } hari

notice-subject = { $site }: perubahan pada akaun anda
notice-factor-added = { $site }: cara pengesahan ditambah pada akaun anda pada { $time }.
notice-factor-changed = { $site }: cara pengesahan akaun anda ditukar pada { $time }.
notice-factor-removed = { $site }: cara pengesahan dibuang daripada akaun anda pada { $time }.
notice-factor-disabled = { $site }: pengesahan dua langkah dimatikan pada { $time }.
notice-factor-enabled = { $site }: pengesahan dua langkah dihidupkan semula pada { $time }.
notice-backup-code-used = { $site }: kod sandaran digunakan pada { $time }.
notice-backup-codes-made = { $site }: kod sandaran baharu dibuat pada { $time }. Kod lama tidak sah lagi.
notice-device-remembered = { $site }: pelayar baharu diingati sejak { $time }.
notice-device-copied = { $site }: pelayar yang anda minta diingati ({ $details }) telah disalin orang. Pelayar itu dilupakan pada { $time }.
notice-failed-codes = { $site }: seseorang tahu kata laluan anda dan memasukkan kod salah, kali terakhir pada { $time }. Sila tukar kata laluan anda.
notice-number-changed = { $site }: nombor telefon akaun anda ditukar pada { $time }.
notice-freeze = Bukan anda? Kunci akaun anda: { $link }
notice-devices-forgotten = { $site }: pelayar yang diingati telah dilupakan pada { $time }.
notice-sessions-ended = { $site }: akaun anda dilog keluar dari semua tempat lain pada { $time }.
notice-approved = { $site }: anda meluluskan pada { $time }: { $details }.
notice-change-made = { $site }: perubahan penting dibuat pada { $time } ({ $details }).
notice-frozen = { $site }: akaun anda dikunci pada { $time }. Pengeluaran dan perubahan tidak boleh dilakukan. Sila hubungi khidmat pelanggan.
notice-unfrozen = { $site }: kunci akaun anda dibuka pada { $time }.
notice-unlocked = { $site }: khidmat pelanggan memadam kiraan kod salah akaun anda pada { $time }.
notice-reset-approved = { $site }: anda meminta khidmat pelanggan menetapkan semula pengesahan dua langkah. Ia dibuat pada { $details }.
notice-cancel = Bukan anda? Hentikan: { $link }
notice-reset-cancelled = { $site }: penetapan semula pengesahan dua langkah dibatalkan pada { $time }. Tiada apa-apa berubah.
notice-reset-done = { $site }: pengesahan dua langkah anda ditetapkan semula pada { $time }. Sila sediakan yang baharu.
notice-code-issued = { $site }: khidmat pelanggan memberi anda kod sementara pada { $time }. Masukkan hanya di halaman kami.
