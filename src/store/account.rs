//! A player's account: what is kept of the second factor, and the one way to change it.
//!
//! A change is a list of [`Edit`]s, made in one transaction that locks the player's row first: what
//! it presumes, what it does, what the player is told and what the audit says of it happen together
//! or not at all, and two changes of one account take turns.

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    policy::{FactorKind, cooldown},
    request::Subject,
    secret::{Sealed, TokenHash},
    store::{AuditRecord, ResetStep, StoreError, audit::Waiting},
};

/// A factor of a player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactorRecord {
    /// UUID v7.
    pub id: String,
    /// Whose.
    pub subject: Subject,
    /// Which kind: `App` or `Sms`; backup codes are kept apart.
    pub kind: FactorKind,
    /// For an app its 20 secret bytes, for SMS the number. Context: id and subject.
    pub sealed: Sealed,
    /// When it became active.
    pub created_at: UnixTime,
    /// From when on it satisfies more than `session` (decisions 8).
    pub matures_at: UnixTime,
    /// The TOTP step (Unix time / 30 s) that was last accepted; a code of it or of an earlier one is
    /// refused (RFC 6238 §5.2). -1 before the first, and for SMS.
    pub last_step: i64,
}

/// One backup code, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupCodeRecord {
    /// UUID v7.
    pub id: String,
    /// The part of the code that finds it; unique within a player's set.
    pub selector: String,
    /// Argon2id over the rest, as a PHC string.
    pub hash: String,
}

/// What the store knows of a player.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlayerState {
    /// Raised whenever every stamp of the player must end.
    pub epoch: i64,
    /// Whether a factor was lost otherwise than by the player's proven choice (decisions 7).
    pub must_bind: bool,
    /// The active factors, oldest first.
    pub factors: Vec<FactorRecord>,
    /// Factors that the player switched off and may switch on again.
    pub suspended: Vec<FactorRecord>,
    /// Backup codes that are not used yet.
    pub backup_codes_left: u32,
    /// A freeze: only support, or a factor older than the event it was for, opens the account.
    pub freeze: Option<Freeze>,
    /// When what makes routes wait last happened.
    pub happened: cooldown::Happened,
}

/// A freeze of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// When it was frozen.
    pub at: UnixTime,
    /// When the event happened whose notice it was frozen from.
    pub event_at: UnixTime,
}

impl Freeze {
    /// Older than any factor: what is frozen for it no factor opens.
    const BEFORE_ALL: UnixTime = UnixTime::from_secs(0);

    /// A freeze by the desk, which alone clears it (decisions 26).
    #[must_use]
    pub const fn by_desk(at: UnixTime) -> Self {
        Self { at, event_at: Self::BEFORE_ALL }
    }

    /// Whether only the desk clears it.
    #[must_use]
    pub fn is_of_desk(&self) -> bool {
        self.event_at <= Self::BEFORE_ALL
    }
}

/// One step of a change. A step that does not find what it presumes fails the whole change.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Presumes that no factor is active.
    RequireNoFactor,
    /// Presumes that this factor is active.
    RequireFactor(String),
    /// Presumes that the account is not frozen.
    RequireNotFrozen,
    /// Presumes that the player's stamps were not ended since this epoch.
    RequireEpoch(i64),
    /// Presumes that the account is still frozen for this, and not for something earlier.
    RequireFreeze(Freeze),
    /// Adds an active factor; the player is bound again, and a temporary code that was not used ends.
    Add(FactorRecord),
    /// Removes a factor that is there, active or suspended.
    Remove(String),
    /// Switches an active factor off.
    Suspend(String),
    /// Switches a suspended factor on.
    Resume(String),
    /// Forgets every factor that is suspended.
    RemoveSuspended,
    /// The player must bind anew: nothing of theirs counts as a free choice.
    MustBind,
    /// Puts these in place of every backup code.
    ReplaceBackupCodes(Vec<BackupCodeRecord>),
    /// Uses a backup code that was not used.
    SpendBackupCode {
        /// Which.
        id: String,
        /// When.
        at: UnixTime,
    },
    /// Ends every stamp.
    RaiseEpoch,
    /// Notes what makes routes wait.
    Happened(cooldown::Cause, UnixTime),
    /// Freezes the account; a temporary code that was not used ends. One that is frozen stays so, for the
    /// earlier of both events.
    Freeze(Freeze),
    /// Clears the freeze.
    Unfreeze,
    /// Forgets every remembered device.
    ForgetDevices,
    /// Forgets one, if it is there.
    ForgetDevice(String),
    /// Lets whoever holds the token freeze the account.
    OfferFreeze {
        /// Its hash.
        token: TokenHash,
        /// When the event happened that the player is told of.
        event_at: UnixTime,
        /// Until when.
        expires_at: UnixTime,
    },
    /// Spends an id that was not spent, as [`super::Spent`] does.
    Spend {
        /// Which.
        id: String,
        /// Until when it must be remembered.
        expires_at: UnixTime,
    },
    /// Puts a notice into the outbox.
    Tell(OutboxRecord),
    /// Goes a step with a reset of the second factor.
    Reset(ResetStep),
    /// Calls every open reset off; presumes nothing.
    CallOffResets {
        /// Who: an operator, `player` or `system`.
        by: String,
        /// When.
        at: UnixTime,
        /// The audit row that is written if one was open.
        record: AuditRecord,
    },
    /// Writes an audit row.
    Record(AuditRecord),
}

/// Whether a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Yes, whole.
    Done,
    /// No, nothing of it: a step did not find what it presumes.
    Conflict,
}

/// Players' accounts.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The player's state; the default for an unknown one.
    async fn player(&self, subject: &Subject) -> Result<PlayerState, StoreError>;

    /// Makes a change, whole or not at all.
    async fn apply(&self, subject: &Subject, edits: &[Edit]) -> Result<Applied, StoreError>;

    /// Accepts `step` for the factor if it is greater than the last accepted one: compare and swap.
    /// `true` at most once for a step, under any race and across restarts.
    async fn advance_step(&self, factor_id: &str, step: i64) -> Result<bool, StoreError>;

    /// The unused backup code with this selector.
    async fn backup_code(&self, subject: &Subject, selector: &str) -> Result<Option<BackupCodeRecord>, StoreError>;

    /// Whose account a freeze token is for, and the event it was told with.
    async fn freeze_offer(&self, token: TokenHash, now: UnixTime) -> Result<Option<(Subject, UnixTime)>, StoreError>;

    /// Forgets the freeze tokens that expired; how many.
    async fn sweep_freeze_offers(&self, now: UnixTime) -> Result<u64, StoreError>;

    /// The player's newest audit rows, newest first.
    async fn activity(&self, subject: &Subject, most: u32) -> Result<Vec<AuditRecord>, StoreError>;
}

/// A notice that waits for its courier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRecord {
    /// UUID v7.
    pub id: String,
    /// Who is told.
    pub subject: Subject,
    /// Of what: a word, the label in metrics.
    pub kind: String,
    /// By which way: `sms`, `email` or `webhook`.
    pub channel: String,
    /// Address and text. Context: id and subject.
    pub sealed: Sealed,
    /// When it was written.
    pub created_at: UnixTime,
    /// How often it was tried.
    pub tries: u32,
}

/// Notices that wait.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts one in, outside of a change.
    async fn put(&self, record: &OutboxRecord) -> Result<(), StoreError>;

    /// Takes up to `most` that are due, and puts off each until `lease_until`, so that no other
    /// process carries it meanwhile. Counts the try.
    async fn claim(&self, now: UnixTime, lease_until: UnixTime, most: u32) -> Result<Vec<OutboxRecord>, StoreError>;

    /// Puts one off.
    async fn put_off(&self, id: &str, until: UnixTime) -> Result<(), StoreError>;

    /// Forgets one: it was carried, or is given up.
    async fn remove(&self, id: &str) -> Result<(), StoreError>;

    /// Those that wait.
    async fn waiting(&self) -> Result<Waiting, StoreError>;
}
