//! Durable ports and their records.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    policy::FactorKind,
    request::{Binding, Subject},
    secret::Sealed,
    store::StoreError,
};

/// An active factor of a player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRecord {
    /// UUID v7.
    pub id: String,
    /// Whose.
    pub subject: Subject,
    /// Which kind.
    pub kind: FactorKind,
    /// The secret; for an app 20 random bytes. Context: id and subject.
    pub sealed: Sealed,
    /// When it became active.
    pub created_at: UnixTime,
    /// From when on it satisfies more than `session` (decisions 8).
    pub matures_at: UnixTime,
    /// The TOTP step (Unix time / 30 s) that was last accepted; a code of it or of an earlier one is
    /// refused (RFC 6238 §5.2). -1 before the first.
    pub last_step: i64,
}

/// What the store knows of a player's enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayerState {
    /// Raised whenever every stamp of the player must end.
    pub epoch: i64,
    /// Whether a factor was lost otherwise than by the player's proven choice (decisions 7).
    pub must_bind: bool,
    /// The active factors, oldest first.
    pub factors: Vec<FactorRecord>,
}

/// Players' factors.
#[async_trait]
pub trait Factors: Send + Sync {
    /// The player's state; epoch 0 and no factors for an unknown one.
    async fn player(&self, subject: &Subject) -> Result<PlayerState, StoreError>;

    /// Adds an active factor and clears `must_bind`, in one transaction. Fails if the player has one
    /// of the kind already.
    async fn activate(&self, factor: &FactorRecord) -> Result<(), StoreError>;

    /// Accepts `step` for the factor if it is greater than the last accepted one: compare and swap.
    /// `true` at most once for a step, under any race and across restarts.
    async fn advance_step(&self, factor_id: &str, step: i64) -> Result<bool, StoreError>;

    /// Removes a factor by the player's own proven choice. `true` if it was there.
    async fn remove(&self, subject: &Subject, factor_id: &str) -> Result<bool, StoreError>;
}

/// Whether a code may be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// Yes; it counts as the `failures`-th failure until [`Attempts::clear`].
    Reserved {
        /// 1 and up.
        failures: u32,
    },
    /// No: too many failures, until then.
    Paused {
        /// When the next try is free.
        until: UnixTime,
    },
    /// No: the factor must be bound anew (`throttle::REBIND_AFTER` failures in a row).
    Exhausted,
}

/// Failed codes in a row, per player and factor kind: across challenges, sessions, addresses, nodes
/// and restarts.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Counts a failure *before* the code is compared, in one atomic step, and pauses as
    /// `pause_after(failures)` says.
    async fn reserve(
        &self,
        subject: &Subject,
        kind: FactorKind,
        now: UnixTime,
        pause_after: fn(u32) -> Duration,
    ) -> Result<Reservation, StoreError>;

    /// Until when codes are paused; `None` when the next try is free. Counts nothing.
    async fn paused_until(
        &self,
        subject: &Subject,
        kind: FactorKind,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError>;

    /// Forgets the failures, after a right code.
    async fn clear(&self, subject: &Subject, kind: FactorKind) -> Result<(), StoreError>;
}

/// Stamp families: one a log-in (binding). A stamp counts only while its family is open and its
/// epoch is the player's.
#[async_trait]
pub trait Families: Send + Sync {
    /// Opens the family if it is new; `false`, and nothing changes, if it was ended.
    async fn open(&self, binding: Binding, subject: &Subject, now: UnixTime) -> Result<bool, StoreError>;

    /// The player's epoch if the family is open and theirs, else `None`.
    async fn epoch_if_open(&self, binding: Binding, subject: &Subject) -> Result<Option<i64>, StoreError>;

    /// Ends the family for good; also one that was never opened.
    async fn end(&self, binding: Binding, now: UnixTime) -> Result<(), StoreError>;

    /// Ends every stamp of the player: raises the epoch and returns the new one.
    async fn raise_epoch(&self, subject: &Subject) -> Result<i64, StoreError>;
}

/// Ids of what was consumed (decisions 13).
#[async_trait]
pub trait Spent: Send + Sync {
    /// Consumes an id: `true` the first time, `false` ever after, under any race. Kept until
    /// `expires_at` at least.
    async fn spend(&self, id: &str, expires_at: UnixTime) -> Result<bool, StoreError>;
    /// Whether the id was spent and is remembered until after `now`.
    async fn is_spent(&self, id: &str, now: UnixTime) -> Result<bool, StoreError>;

    /// Forgets ids that expired before `now`; returns how many.
    async fn sweep(&self, now: UnixTime) -> Result<u64, StoreError>;
}

/// What the `login` source learned: which subject a session value belongs to (decisions 2, 56).
#[async_trait]
pub trait LoginBindings: Send + Sync {
    /// Remembers, in place of what was there.
    async fn bind(&self, session: [u8; 32], subject: &Subject, expires_at: UnixTime) -> Result<(), StoreError>;
    /// The subject of a session value (its keyed hash).
    async fn subject(&self, session: [u8; 32], now: UnixTime) -> Result<Option<Subject>, StoreError>;
    /// Forgets.
    async fn void(&self, session: [u8; 32]) -> Result<(), StoreError>;
}
