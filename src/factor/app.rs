//! Authenticator apps: TOTP, RFC 6238. SHA-1, 6 digits, 30 s steps, as every app understands it.
