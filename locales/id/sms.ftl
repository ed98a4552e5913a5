# SMS berisi kode.
text-code-session = { $site }: kode masuk Anda { $code }. Jangan berikan kepada siapa pun.
text-code-fresh = { $site }: kode untuk konfirmasi perubahan { $code }. Jangan berikan kepada siapa pun.
text-code-once = { $site }: { $details }. Kode persetujuan { $code }. Bukan Anda? Jangan dipakai. Jangan berikan kepada siapa pun.
text-code-enrol = { $site }: kode untuk mengaktifkan verifikasi dua langkah { $code }. Jangan berikan kepada siapa pun.
text-code-number = { $site }: kode konfirmasi nomor ini { $code }. Jangan berikan kepada siapa pun.
