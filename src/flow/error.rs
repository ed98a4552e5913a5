//! Why a use case could not do what was asked.

use crate::{clock::UnixTime, courier, flow::challenge, identity, store};

/// Why a use case could not do what was asked. The one map to problem documents and pages is
/// `web::problem`.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// A store did not answer: 503.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// Who it is cannot be told: 400, 401 or 503.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// Nobody is logged in: 401 `anonymous`.
    #[error("nobody is logged in")]
    Anonymous,
    /// The challenge or enrolment is unknown, expired, answered, or another log-in's or browser's:
    /// 410 `challenge-gone`.
    #[error("this challenge is gone")]
    Gone,
    /// The code is not right: 422 `code-rejected`.
    #[error("the code was not accepted")]
    CodeRejected {
        /// Whether it was right for a past step: the phone's clock may be slow.
        clock_is_slow: bool,
    },
    /// Too many wrong codes: 429 `too-many-attempts`.
    #[error("too many wrong codes")]
    TooManyAttempts {
        /// When the next try is free.
        until: UnixTime,
    },
    /// Too many wrong codes from the network, whoever typed them: 429 `too-many-attempts`.
    #[error("too many wrong codes from this network")]
    NetworkPaused {
        /// When the next try is free.
        until: UnixTime,
    },
    /// So many wrong codes that the factor must be bound anew, or another proven: 403 `denied`.
    #[error("too many wrong codes: use another method or a backup code")]
    Exhausted,
    /// The factor kind may not be used here, or is not enrolled: 400 `bad-request`.
    #[error("this method cannot be used here")]
    MethodUnavailable,
    /// The player must enrol a factor first: 403 `enrolment-required`.
    #[error("a second factor must be enrolled first")]
    EnrolmentRequired,
    /// A change of the account needs a proof for exactly it: 401 with the open challenge.
    #[error("a second factor must be proven for this change")]
    ProofRequired(Box<challenge::Asked>),
    /// The player froze the account: 403 `frozen`.
    #[error("the account is frozen")]
    Frozen,
    /// Another code cannot be sent yet: 429 `too-many-attempts`.
    #[error("another code cannot be sent yet")]
    SendPaused {
        /// When the next is free.
        until: UnixTime,
    },
    /// Codes are sent to numbers of other countries or kinds: 403 `denied`.
    #[error("codes are not sent to this number")]
    NumberRefused,
    /// Too many codes by SMS were not used, or the day's money is spent: 429 `too-many-attempts`.
    #[error("no code is sent by SMS now")]
    SmsClosed {
        /// When it may be open again.
        until: UnixTime,
    },
    /// No courier took the code: 503 `unavailable`.
    #[error("the code could not be sent: {0}")]
    NotSent(#[from] courier::CourierError),
    /// What is asked needs proof that this log-in does not have: 403 `denied`.
    #[error("{0}")]
    Denied(&'static str),
    /// The factor is too new, or something was changed lately: 403 `cooling-down`.
    #[error("the second factor is too new, or something was changed lately")]
    CoolingDown {
        /// When it opens.
        until: UnixTime,
    },
    /// A field that must be shown cannot be read from this body: 415.
    #[error("this content type cannot be approved")]
    UnreadableBody,
    /// The request is too large to be looked at: 413.
    #[error("the request is too large to be approved")]
    TooLarge,
    /// The input cannot be understood: 400 `bad-request`.
    #[error("{0}")]
    BadRequest(&'static str),
}

impl FlowError {
    /// Whether the same page is of use still: another code, later, or another method.
    #[must_use]
    pub const fn leaves_another_way(&self) -> bool {
        matches!(
            self,
            Self::CodeRejected { .. }
                | Self::TooManyAttempts { .. }
                | Self::NetworkPaused { .. }
                | Self::Exhausted
                | Self::SendPaused { .. }
                | Self::SmsClosed { .. }
                | Self::NumberRefused
                | Self::NotSent(_)
        )
    }
}
