# Mails and messages about an account, and how moments and lengths are written.
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }
moment = { $date } at { $time } ({ $zone })
seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}

notice-subject = { $site }: a change to your account
notice-factor-added = { $site }: a second step was added to your account on { $time }.
notice-factor-changed = { $site }: the second step of your account was changed on { $time }.
notice-factor-removed = { $site }: a second step was removed from your account on { $time }.
notice-factor-disabled = { $site }: two-step protection was turned off on { $time }.
notice-factor-enabled = { $site }: two-step protection was turned on again on { $time }.
notice-backup-code-used = { $site }: a backup code was used on { $time }.
notice-backup-codes-made = { $site }: new backup codes were made on { $time }. The old ones no longer work.
notice-device-remembered = { $site }: a new browser is remembered since { $time }.
notice-device-copied = { $site }: someone copied a browser that you had remembered ({ $details }). It was forgotten on { $time }.
notice-failed-codes = { $site }: someone knows your password and typed wrong codes, last on { $time }. Please change your password.
notice-number-changed = { $site }: the phone number of your account was changed on { $time }.
notice-freeze = Not you? Lock your account: { $link }
notice-devices-forgotten = { $site }: remembered browsers were forgotten on { $time }.
notice-sessions-ended = { $site }: your account was logged out everywhere else on { $time }.
notice-approved = { $site }: you approved on { $time }: { $details }.
notice-change-made = { $site }: a protected change was made on { $time } ({ $details }).
notice-frozen = { $site }: your account was locked on { $time }. Nothing can be withdrawn or changed. Please contact support.
notice-unfrozen = { $site }: your account was unlocked on { $time }.
notice-unlocked = { $site }: support cleared the wrong codes of your account on { $time }.
notice-reset-approved = { $site }: you asked support to reset your second step. It happens on { $details }.
notice-cancel = Not you? Stop it: { $link }
notice-reset-cancelled = { $site }: the reset of your second step was cancelled on { $time }. Nothing changed.
notice-reset-done = { $site }: your second step was reset on { $time }. Please set up a new one.
notice-code-issued = { $site }: support gave you a temporary code on { $time }. Enter it only on our own page.
