# The players' pages. Short, polite, plain; titles without a full stop.
language = Language
continue = Continue
confirm = Confirm
cancel = Cancel
back-to-site = Back to the site
step = Step { $step } of { $total }

challenge-title = Confirm it is you
challenge-approve = You are about to approve:
challenge-code-app = Code from your authenticator app
challenge-never-share = Never give this code to anyone, not even to our support.
challenge-set-up = This needs a second step, and you have not set one up yet. It takes a minute, and what you were doing is kept.
challenge-set-up-button = Set it up now
continue-title = Confirmed
continue-text = Your request goes on now.
again-title = Confirmed
again-text = What you sent was too large to keep. Please go back and send it again. You will not be asked for a code.
handed-text = What you were doing goes on in the page you came from. You can close this one.

enrol-app-title = Set up an authenticator app
enrol-app-scan = Scan this with your authenticator app.
enrol-app-open = Open it on this phone
enrol-app-key = Or type this key into the app:
enrol-app-code = Code shown by the app
enrol-app-again = Show the key again
enrol-choose-title = Choose your second step
qr-code = QR code

settings-title = Two-step protection
settings-account = Account { $account }
settings-none = A second step keeps your account yours, even if someone knows your password.
settings-app-since = Authenticator app, since { $date }
settings-cooling = Works for payments from { $time }
settings-sms-since = Text messages to { $number }, since { $date }
settings-ask-support = To turn on two-step protection for this account, please contact support.
settings-change = Change how you confirm

problem-line = { $title }. { $text }
problem-bad-request = We could not read this request
problem-bad-request-text = Please go back and try again.
problem-denied = This is not allowed
problem-denied-text = Please open the site again, or ask support if this keeps happening.
problem-not-found = There is no such page
problem-not-found-text = Please check the address.
problem-method-not-allowed = This is not possible here
problem-method-not-allowed-text = Please go back and try again.
problem-too-slow = This came too slowly
problem-too-slow-text = Please check your connection and try again.
problem-too-large = This is too large
problem-too-large-text = Please send less at once.
problem-unsupported-media-type = This cannot be confirmed
problem-unsupported-media-type-text = It was sent in a form that we cannot show you. Please use the site's own form.
problem-misdirected = This site is not here
problem-misdirected-text = Please check the address.
problem-header-too-large = This request is too large
problem-header-too-large-text = Please clear this site's cookies and try again.
problem-bad-gateway = The site did not answer
problem-bad-gateway-text = Please try again in a moment.
problem-gateway-timeout = The site took too long to answer
problem-gateway-timeout-text = Please try again in a moment.
problem-unknown-result = We do not know if this was done
problem-unknown-result-text = Your request was sent once, and no answer came back. Please check your account before you repeat it.
problem-unavailable = This is not possible right now
problem-unavailable-text = Please try again in { $wait }.
problem-second-factor-required = Please confirm it is you
problem-second-factor-required-text = This needs a code.
problem-anonymous = Please log in first
problem-anonymous-text = Log in at the site, then try again.
problem-challenge-gone = This page is no longer valid
problem-challenge-gone-text = It was used, has expired, or belongs to another log-in. Please start again from the site.
problem-code-rejected = This code was not accepted
problem-code-rejected-text = Please wait for the next code and try again.
problem-code-rejected-clock = This code is too old
problem-code-rejected-clock-text = Please check that your phone's clock is right.
problem-code-rejected-typed = This code was not accepted
problem-code-rejected-typed-text = Please check it and try again.
problem-too-many-attempts = Too many wrong codes
problem-too-many-attempts-text = Please try again in { $wait }.
problem-network-paused = Too many wrong codes from your network
problem-network-paused-text = Please use another way, or try again in { $wait }.
problem-exhausted = This way is closed
problem-exhausted-text = There were too many wrong codes. Please use another way, or ask support.
problem-number-refused = No code can be sent to this number
problem-number-refused-text = Please use another way, or ask support.
problem-enrolment-required = A second step is needed first
problem-enrolment-required-text = Please set it up, then try again.
problem-cooling-down = This is not open yet
problem-cooling-down-text = Your second step or your account was changed lately. For your safety, this opens in { $wait }.
problem-frozen = Your account is locked
problem-frozen-text = Nothing can be withdrawn or changed. Please contact support, or unlock it under your two-step settings.
problem-send-paused = Please wait a moment
problem-send-paused-text = You can ask for another code in { $wait }.
problem-not-sent = The code was not sent
problem-not-sent-text = Please try another way, or try again in { $wait }.

method-title = Choose how to confirm
method-app = Authenticator app
method-app-hint = Recommended. Works without a signal.
method-sms = Text message
method-sms-hint = Less safe: someone who takes over your number can read the codes.
method-backup = Backup code
method-backup-hint = One of the ten codes you saved. Each works once.
method-other = Try another way

sms-sent = We sent a code to { $number }.
sms-code = Code from the text message
sms-send = Send the code
sms-resend = Send a new code
sms-resend-wait = You can ask for a new code in { $wait }.
sms-earlier = Earlier codes no longer work.
sms-to = We can send a code to { $number }.
phone-title = Confirm your number
phone-text = First we send a code to the number on your account: { $number }.
phone-confirm-text = We send a code to { $number }. It turns text messages on.

backup-title = Save your backup codes
backup-text = If you lose your phone, these codes let you in. Each works once. They are shown only now.
backup-code = Backup code
backup-download = Download
backup-copy = Copy
backup-copied = Copied
backup-print = Print
backup-saved = I have saved my codes
backup-new = Make new codes
backup-new-hint = Your old backup codes no longer work.
backup-left = { $count ->
    [0] You have no backup codes left. Please make new ones.
    [one] You have { $count } backup code left. Please make new ones.
   *[other] You have { $count } backup codes left. Please make new ones.
}
backup-heading = Backup codes
backup-count = { $count ->
    [0] You have none left.
    [one] You have { $count } left.
   *[other] You have { $count } left.
}

remember-browser = Do not ask again in this browser for 30 days
remember-hint = Only on your own phone or computer. Payments still ask.
devices-title = Remembered browsers
devices-none = No browser is remembered.
device-used = Last used { $time }
device-forget = Forget
device-unknown = A browser
devices-forget-all = Forget all
sessions-title = Logged in elsewhere?
session-this = This browser
sessions-end = Log out everywhere else

activity-title = Recent activity
activity-none = Nothing yet.
activity-factor-added = Second step added
activity-factor-changed = Second step changed
activity-factor-removed = Second step removed
activity-factor-disabled = Two-step protection turned off
activity-factor-enabled = Two-step protection turned on again
activity-backup-code-used = Backup code used
activity-backup-codes-made = New backup codes made
activity-device-remembered = Browser remembered
activity-device-copied = A remembered browser was copied and is forgotten
activity-approved = Request approved
activity-number-changed = Phone number changed
activity-devices-forgotten = Remembered browsers forgotten
activity-sessions-ended = Logged out everywhere else
activity-failed-codes = Too many wrong codes
activity-change-made = Protected change made
activity-frozen = Account locked
activity-unfrozen = Account unlocked
activity-database-restored = A backup of the system was restored; old logins, remembered browsers and backup codes no longer count
activity-unlocked = Wrong codes cleared by support
activity-reset-requested = Reset of your second step requested
activity-reset-approved = Reset of your second step planned
activity-reset-cancelled = Reset of your second step cancelled
activity-reset-done = Second step reset by support
activity-code-issued = Temporary code given by support

disable-title = Turn off two-step protection
disable-text = Anyone who knows your password could then use your account.
disable-button = Turn off
enable-text = You will confirm sensitive actions with a code.
enable-button = Turn on
app-second = Add another authenticator app
factor-remove = Remove
switch-sms = Use text messages instead
switch-app = Use an authenticator app instead
switch-phone = Move to a new phone
number-title = Change your number
number-new = New phone number
number-hint = Start with the country code, as in +62.
number-on-file = Leave it empty to use the number on your account: { $number }.
number-text = We send a code to the new number and tell the old one.
number-wrong = This number cannot be used. Please check it, and start with the country code.

recover-title = Lost your phone?
recover-backup = If you saved your backup codes, use one now.
recover-support = If you have nothing left, contact support. They check that the account is yours, and it may take a day.
recover-never = Support never asks for your password or a code.
freeze-title = Was this not you?
freeze-text = We can lock withdrawals and changes on your account at once. Support helps you open it again.
freeze-button = Lock my account
frozen-title = Your account is locked
frozen-text = Nothing can be withdrawn or changed. Please contact support, or confirm with a second step you had before.
frozen-open = Unlock with a code

cancel-reset-title = Stop the reset?
cancel-reset-text = Support was asked to reset the second step of this account. If that was not you, stop it: your second step stays as it is.
cancel-reset-button = Stop the reset
reset-cancelled-title = The reset was stopped
reset-cancelled-text = Your second step stays as it is. If someone else asked for the reset, please change your password.
support-code = Temporary code from support
support-code-hint = Support gives it to you after a reset. It works once.
