# Text messages with a code. GSM letters only where the language allows; the origin line is added after.
text-code-session = { $site }: your log-in code is { $code }. Never share it.
text-code-fresh = { $site }: your code to confirm a change is { $code }. Never share it.
text-code-once = { $site }: { $details }. Your code to approve this is { $code }. Not you? Do not use it. Never share it.
text-code-enrol = { $site }: your code to set up two-step protection is { $code }. Never share it.
text-code-number = { $site }: your code to confirm this number is { $code }. Never share it.
