# SMS dengan kod.
text-code-session = { $site }: kod log masuk anda { $code }. Jangan berikan kepada sesiapa.
text-code-fresh = { $site }: kod untuk mengesahkan perubahan { $code }. Jangan berikan kepada sesiapa.
text-code-once = { $site }: { $details }. Kod kelulusan { $code }. Bukan anda? Jangan guna. Jangan berikan kepada sesiapa.
text-code-enrol = { $site }: kod untuk menyediakan pengesahan dua langkah { $code }. Jangan berikan kepada sesiapa.
text-code-number = { $site }: kod untuk mengesahkan nombor ini { $code }. Jangan berikan kepada sesiapa.
