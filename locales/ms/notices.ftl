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
notice-backup-code-used = { $site }: kod sandaran digunakan pada { $time }.
notice-device-remembered = { $site }: pelayar baharu diingati sejak { $time }.
notice-failed-codes = { $site }: seseorang tahu kata laluan anda dan memasukkan kod salah, kali terakhir pada { $time }. Sila tukar kata laluan anda.
notice-withdrawal-approved = { $site }: anda meluluskan pada { $time }: { $details }.
notice-number-changed = { $site }: nombor telefon akaun anda ditukar pada { $time }.
notice-freeze = Bukan anda? Kunci akaun anda: { $link }
