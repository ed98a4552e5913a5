//! Ports to what must be remembered, by need, and their implementations.
//!
//! *Durable* ports survive everything, and money depends on them: [`sql`] (SQLite and PostgreSQL).
//! *Shared* ports keep short-lived things; losing them means to ask again, never to let through:
//! [`memory`]. Every method is one round trip; [`StoreError`] says that the backend did not answer;
//! absence is `Ok(None)`. An expired value is absent even before it is swept.
//!
//! Adding a backend: implement the ports it is good at in a file of its own, add it to
//! `tests/it/store.rs`, where the conformance suite runs over every implementation, and name it in
//! `app.rs`.

pub mod account;
pub mod audit;
pub mod counted;
pub mod desk;
pub mod durable;
pub mod memory;
pub mod sealing;
pub mod sends;
pub mod shared;
pub mod sql;

pub use account::{Accounts, Applied, BackupCodeRecord, Edit, FactorRecord, Freeze, Outbox, OutboxRecord, PlayerState};
pub use audit::{AuditRecord, Outcome, Signer, Trail};
pub use desk::{Desk, DeskSession, Quota, ResetRecord, ResetState, ResetStep, SignInTally};
pub use durable::{
    Attempts, ContactKind, ContactRecord, Contacts, DeviceRecord, Devices, Failed, Families, LoginBindings,
    NetworkAttempts, NetworkPause, NetworkTries, Remembered, Reservation, Spent, Tries, TriesBy, Watch,
};
pub use sends::{SendLimits, SendReservation, SmsSend, SmsSends};
pub use shared::{
    Approval, Approvals, Challenge, ChallengeState, Challenges, Change, EnrolmentStep, Grounds, Held, PendingEnrolment,
    PendingEnrolments, Place, SentCode, SentCodes, Spared,
};

/// The backend did not answer, or not as it should. Guarded routes close.
#[derive(Debug, thiserror::Error)]
#[error("the {backend} store failed at {operation}")]
pub struct StoreError {
    /// `sqlite`, `postgres` or `memory`.
    pub backend: &'static str,
    /// The port's method; a label in metrics.
    pub operation: &'static str,
    /// What the backend said.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Where things are remembered.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:/path/to.db` (`sqlite::memory:` for tests) or `postgres://…`.
    pub durable: secrecy::SecretString,
    /// Short-lived things.
    pub shared: Shared,
}

/// Where short-lived things are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// In this process: one node.
    Memory,
}
