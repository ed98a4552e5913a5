//! The closed sets of label values. A label never takes its value from a request.

use http::Method;

/// Declares an enum whose variants are words: `as_str` gives one, `WORDS` all of them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every word, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word in metrics and logs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

mod caps;
mod guards;

pub use caps::{ConnectionEnd, RequestRefusal};
pub use guards::{SmsFinding, SmsMessage, SmsVerdict, ThrottledBy};

words! {
    /// What was decided over a request.
    Decision {
        /// Forwarded.
        Allow = "allow",
        /// A code was asked for.
        Challenge = "challenge",
        /// An enrolment was asked for.
        Enrol = "enrol",
        /// Refused.
        Deny = "deny",
        /// Forwarded by a route in observe mode that would not have let it pass.
        Observe = "observe",
    }
}

words! {
    /// How a challenge went.
    ChallengeOutcome {
        /// It was opened.
        Started = "started",
        /// A right code closed it.
        Passed = "passed",
        /// A wrong code was given.
        Failed = "failed",
        /// An answer came when it was gone: too late, or not its sender's to answer.
        Expired = "expired",
        /// Its tries are used up.
        Locked = "locked",
    }
}

words! {
    /// What checking one code said.
    VerifyResult {
        /// Right.
        Ok = "ok",
        /// Wrong.
        Wrong = "wrong",
        /// Right, and used before.
        Replayed = "replayed",
        /// Right, and too late.
        Expired = "expired",
        /// Not looked at: too many tries.
        Throttled = "throttled",
    }
}

words! {
    /// Why a stamp was not accepted.
    StampReject {
        /// Past its deadline.
        Expired = "expired",
        /// Of another subject or log-in.
        BoundMismatch = "bound_mismatch",
        /// Not signed by us, or malformed.
        BadSignature = "bad_signature",
        /// Its epoch or family was ended.
        Revoked = "revoked",
    }
}

words! {
    /// What became of a held request.
    HeldOutcome {
        /// Stored.
        Held = "held",
        /// Sent on to the site.
        Resumed = "resumed",
        /// Asked for when it was gone.
        Gone = "gone",
        /// Its body is over the limit.
        TooLarge = "too_large",
        /// All held requests together take the room there is.
        NoRoom = "no_room",
        /// It cannot be held: method or encoding.
        Unsupported = "unsupported",
    }
}

words! {
    /// How an enrolment went.
    EnrolmentOutcome {
        /// It was opened.
        Started = "started",
        /// The factor became active.
        Activated = "activated",
        /// A wrong code was given.
        Rejected = "rejected",
        /// The player removed the factor.
        Disabled = "disabled",
    }
}

words! {
    /// The port of a store that was called.
    StoreOperation {
        /// Players' accounts.
        Accounts = "accounts",
        /// The audit trail: verifying, sending, letting go.
        Audit = "audit",
        /// Remembered devices.
        Devices = "devices",
        /// Contacts of players.
        Contacts = "contacts",
        /// What was sent by SMS.
        SmsSends = "sms_sends",
        /// The support desk.
        Desk = "desk",
        /// Notices that wait.
        Outbox = "outbox",
        /// Codes that were sent.
        SentCodes = "sent_codes",
        /// Counting tries.
        Attempts = "attempts",
        /// Stamp families and epochs.
        Families = "families",
        /// Consumed ids.
        Spent = "spent",
        /// Session to subject, from log-ins.
        LoginBindings = "login_bindings",
        /// Open challenges.
        Challenges = "challenges",
        /// Held requests.
        Held = "held",
        /// Approvals.
        Approvals = "approvals",
        /// Pending enrolments.
        Enrolments = "enrolments",
    }
}

words! {
    /// Whether something worked.
    Success {
        /// It did.
        Ok = "ok",
        /// It did not.
        Error = "error",
    }
}

words! {
    /// What became of a reload.
    ReloadResult {
        /// The new one is in force.
        Applied = "applied",
        /// The new one has problems; the old one stays in force.
        Rejected = "rejected",
    }
}

words! {
    /// What a key is used for.
    KeyUse {
        /// Signing stamps.
        Stamp = "stamp",
        /// Sealing secrets at rest.
        Sealing = "sealing",
        /// Signing assertions to the site.
        Assertion = "assertion",
        /// Signing the audit.
        Audit = "audit",
    }
}

words! {
    /// A kind of identity source.
    Source {
        /// The site's session is a JWT.
        Jwt = "jwt",
        /// The site is asked.
        Introspection = "introspection",
        /// Learnt from the log-in.
        Login = "login",
        /// An authenticating proxy in front.
        Header = "header",
    }
}

words! {
    /// What asking who sent a request said.
    IdentityResult {
        /// A player.
        Player = "player",
        /// Nobody.
        Nobody = "nobody",
        /// The credential does not verify.
        Rejected = "rejected",
        /// The request contradicts itself.
        Ambiguous = "ambiguous",
        /// The source did not answer.
        Unavailable = "unavailable",
    }
}

words! {
    /// How the site failed.
    UpstreamError {
        /// No healthy server.
        NoServer = "no_server",
        /// No connection.
        Connect = "connect",
        /// No TLS session.
        Tls = "tls",
        /// Too slow.
        Timeout = "timeout",
        /// The connection broke.
        Broken = "broken",
        /// Not HTTP.
        Protocol = "protocol",
    }
}

/// Factor kinds as `FactorKind::as_str` writes them.
pub const FACTORS: &[&str] = &["app", "sms", "backup_code", OTHER];

/// Reasons as `Reason::as_str` writes them, and those that are found before the policy is asked.
pub const REASONS: &[&str] = &[
    "not-guarded",
    "stamp-valid",
    "approval-valid",
    "stamp-missing",
    "stamp-stale",
    "approval-missing",
    "anonymous",
    "unenrolled",
    "must-bind",
    "cooling-down",
    "no-usable-factor",
    "resumed",
    "resume-refused",
    "spent",
    "bad-request",
    "too-large",
    "gone",
    "unavailable",
    OTHER,
];

words! {
    /// What a courier carries.
    Channel {
        /// A short message to a phone.
        Sms = "sms",
        /// A mail.
        Email = "email",
    }
}

words! {
    /// How asking a courier went.
    SendOutcome {
        /// It took the message over.
        Taken = "taken",
        /// It said no to the message.
        Refused = "refused",
        /// It could not be asked.
        Unreachable = "unreachable",
        /// Its deadline passed.
        Late = "late",
        /// It was passed over, since it did not answer before.
        Skipped = "skipped",
    }
}

words! {
    /// What a provider says became of a message.
    Fate {
        /// It arrived.
        Delivered = "delivered",
        /// It will not arrive.
        Failed = "failed",
        /// Neither yet.
        Underway = "underway",
        /// A word that we do not know.
        Other = "other",
    }
}

words! {
    /// Where audit rows go besides the store.
    AuditSink {
        /// As signed posts.
        Webhook = "webhook",
        /// As messages of RFC 5424.
        Syslog = "syslog",
    }
}

/// Methods that are told apart; all others are `other`.
pub const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER];

/// Classes of status codes; `other` is a code outside 100 to 599, or no answer at all.
pub const CODE_CLASSES: &[&str] = &["1xx", "2xx", "3xx", "4xx", "5xx", OTHER];

/// The value of everything outside a closed set; stands last in the sets that have it.
pub const OTHER: &str = "other";

/// The word of a method: itself, or `other`.
#[must_use]
pub fn method_word(method: &Method) -> &'static str {
    METHODS.iter().find(|word| **word == method.as_str()).copied().unwrap_or(OTHER)
}

/// The class of a status code: `2xx` for 200 to 299.
#[must_use]
pub const fn code_class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        500..=599 => "5xx",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_of_a_client_is_never_a_label() {
        let made_up = Method::from_bytes(b"BREW").unwrap();
        assert_eq!(method_word(&made_up), "other");
        assert_eq!(method_word(&Method::PATCH), "PATCH");
    }

    #[test]
    fn status_falls_into_its_class() {
        assert_eq!(
            [code_class(101), code_class(404), code_class(599), code_class(600), code_class(0)],
            ["1xx", "4xx", "5xx", "other", "other"]
        );
    }
}
