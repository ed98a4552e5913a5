# Surel dan pesan tentang akun; cara menulis waktu.
date = { $day } { $month ->
    [1] Januari
    [2] Februari
    [3] Maret
    [4] April
    [5] Mei
    [6] Juni
    [7] Juli
    [8] Agustus
    [9] September
    [10] Oktober
    [11] November
   *[12] Desember
} { $year }
moment = { $date } pukul { $time } ({ $zone })
seconds = { $count } detik
minutes = { $count } menit
hours = { $count } jam
days = { $count } hari

notice-subject = { $site }: perubahan pada akun Anda
notice-factor-added = { $site }: cara verifikasi ditambahkan ke akun Anda pada { $time }.
notice-factor-changed = { $site }: cara verifikasi akun Anda diganti pada { $time }.
notice-factor-removed = { $site }: cara verifikasi dihapus dari akun Anda pada { $time }.
notice-factor-disabled = { $site }: verifikasi dua langkah dimatikan pada { $time }.
notice-factor-enabled = { $site }: verifikasi dua langkah diaktifkan lagi pada { $time }.
notice-backup-code-used = { $site }: kode cadangan dipakai pada { $time }.
notice-backup-codes-made = { $site }: kode cadangan baru dibuat pada { $time }. Kode lama tidak berlaku lagi.
notice-device-remembered = { $site }: browser baru diingat sejak { $time }.
notice-device-copied = { $site }: browser yang Anda ingat ({ $details }) disalin orang. Browser itu dihapus pada { $time }.
notice-failed-codes = { $site }: seseorang tahu kata sandi Anda dan memasukkan kode salah, terakhir pada { $time }. Segera ganti kata sandi Anda.
notice-number-changed = { $site }: nomor ponsel akun Anda diganti pada { $time }.
notice-freeze = Bukan Anda? Kunci akun Anda: { $link }
notice-devices-forgotten = { $site }: browser yang diingat dihapus pada { $time }.
notice-sessions-ended = { $site }: akun Anda dikeluarkan dari semua perangkat lain pada { $time }.
notice-approved = { $site }: Anda menyetujui pada { $time }: { $details }.
notice-change-made = { $site }: perubahan penting dilakukan pada { $time } ({ $details }).
notice-frozen = { $site }: akun Anda dikunci pada { $time }. Penarikan dan perubahan tidak bisa dilakukan. Silakan hubungi layanan pelanggan.
notice-unfrozen = { $site }: kunci akun Anda dibuka pada { $time }.
notice-unlocked = { $site }: layanan pelanggan menghapus hitungan kode salah di akun Anda pada { $time }.
notice-reset-approved = { $site }: Anda meminta layanan pelanggan mengatur ulang verifikasi dua langkah. Ini dilakukan pada { $details }.
notice-cancel = Bukan Anda? Hentikan: { $link }
notice-reset-cancelled = { $site }: pengaturan ulang verifikasi dua langkah dibatalkan pada { $time }. Tidak ada yang berubah.
notice-reset-done = { $site }: verifikasi dua langkah Anda diatur ulang pada { $time }. Silakan atur yang baru.
notice-code-issued = { $site }: layanan pelanggan memberi Anda kode sementara pada { $time }. Masukkan hanya di halaman kami.
