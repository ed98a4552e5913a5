//! What the support desk remembers: operators' sign-ins and sessions, how much each did, and resets.
//!
//! A reset is asked for, approved, and carried out once its time has come; each is a [`ResetStep`] that
//! belongs into a change of the player's account, so that it happens together with its audit line and
//! with what the player is told.

use std::time::Duration;

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    policy::throttle::Pauses,
    request::Subject,
    secret::TokenHash,
    store::{ContactKind, StoreError},
};

/// How far a reset has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetState {
    /// Asked for; somebody else must approve it.
    Waiting,
    /// Approved; the player can call it off until it is due.
    Approved,
    /// Carried out.
    Done,
    /// Called off.
    Cancelled,
}

impl ResetState {
    /// The word in the store and in documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Approved, Self::Done, Self::Cancelled].into_iter().find(|state| state.as_str() == word)
    }
}

/// A reset of a player's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRecord {
    /// `secret::public_id`.
    pub id: String,
    /// Whose.
    pub subject: Subject,
    /// The case it is for, as the operator's own system names it.
    pub case: String,
    /// Why.
    pub reason: String,
    /// How the player was identified: a word of the configuration.
    pub evidence: String,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: UnixTime,
    /// Until when it can be approved.
    pub expires_at: UnixTime,
    /// How far it has come.
    pub state: ResetState,
    /// Who else approved; `None` also where nobody else need.
    pub approved_by: Option<String>,
    /// When it is carried out, once it is approved.
    pub due_at: Option<UnixTime>,
    /// What the cancel link holds, hashed, once it is approved.
    pub cancel: Option<TokenHash>,
    /// When it was carried out or called off.
    pub ended_at: Option<UnixTime>,
    /// Who called it off.
    pub ended_by: Option<String>,
}

impl ResetRecord {
    /// Whether it may still come to something.
    #[must_use]
    pub fn is_open(&self, now: UnixTime) -> bool {
        match self.state {
            ResetState::Waiting => self.expires_at > now,
            ResetState::Approved => true,
            ResetState::Done | ResetState::Cancelled => false,
        }
    }
}

/// One step of a reset. Fails the whole change where it does not find what it presumes.
#[derive(Clone, Debug)]
pub enum ResetStep {
    /// Presumes that no other is open for the player.
    Request(ResetRecord),
    /// Presumes that it waits, is not too old, and that somebody else asked for it.
    Approve {
        /// Which.
        id: String,
        /// Who approves.
        by: String,
        /// When.
        at: UnixTime,
        /// When it is carried out.
        due_at: UnixTime,
        /// What the cancel link holds, hashed.
        cancel: TokenHash,
    },
    /// Presumes that it is open.
    Cancel {
        /// Which.
        id: String,
        /// Who calls it off: an operator, `player` or `system`.
        by: String,
        /// When.
        at: UnixTime,
    },
    /// Presumes that it is approved and due. A temporary code that was not used ends.
    Finish {
        /// Which.
        id: String,
        /// When.
        at: UnixTime,
    },
    /// Gives a temporary code, in place of an earlier one of whatever reset. Presumes that this reset was
    /// carried out lately and that no code of it was used.
    IssueCode {
        /// Which.
        id: String,
        /// The code's keyed hash.
        code: [u8; 32],
        /// Until when it counts.
        expires_at: UnixTime,
        /// The reset must have been carried out after this.
        done_after: UnixTime,
    },
    /// Uses the player's temporary code. Presumes that it is theirs, counts still and was not used.
    SpendCode {
        /// The code's keyed hash.
        code: [u8; 32],
        /// When.
        at: UnixTime,
    },
}

/// Where failed sign-ins are counted: a keyed hash of a name, an address, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInTally {
    /// The hash.
    pub of: [u8; 32],
    /// The pauses after so many failures.
    pub pauses: Pauses,
    /// Whether a success forgets the failures; else it takes back its own try alone.
    pub is_forgotten: bool,
}

/// What an operator does so often within an hour and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quota {
    /// Something to an account.
    Actions,
    /// Finding and looking at players.
    Looks,
}

impl Quota {
    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Actions => "action",
            Self::Looks => "look",
        }
    }
}

/// A sign-in at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskSession {
    /// The keyed hash of the cookie.
    pub token: [u8; 32],
    /// Whose.
    pub operator: String,
    /// The keyed hash of what they signed in with: new ones end it.
    pub credentials: [u8; 32],
    /// When it was last used.
    pub used_at: UnixTime,
    /// When it ends, however much it is used.
    pub ends_at: UnixTime,
}

/// The support desk.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Counts a failed sign-in in every tally *before* anything is compared, in one atomic step. `Some`: until
    /// then nothing is compared, and nothing was counted. Callers name the tallies in one order.
    async fn reserve_sign_in(&self, tallies: &[SignInTally], now: UnixTime) -> Result<Option<UnixTime>, StoreError>;

    /// The step of the operator's app that was last accepted; -1 before the first.
    async fn last_step(&self, operator: &str) -> Result<i64, StoreError>;

    /// Accepts a step greater than the last accepted one, compare and swap, and takes the failures back as
    /// the tallies say. `true` at most once for a step. Presumes that the sign-in was reserved in them.
    async fn accept_step(&self, operator: &str, step: i64, tallies: &[SignInTally]) -> Result<bool, StoreError>;

    /// Remembers a sign-in.
    async fn open_session(&self, session: &DeskSession) -> Result<(), StoreError>;

    /// The session, now used, unless it was idle for as long as `idle` or has ended.
    async fn use_session(
        &self,
        token: [u8; 32],
        now: UnixTime,
        idle: Duration,
    ) -> Result<Option<DeskSession>, StoreError>;

    /// Forgets a session; whose it was.
    async fn close_session(&self, token: [u8; 32]) -> Result<Option<String>, StoreError>;

    /// Counts what an operator does unless there was so much of it within the hour as the limit says. `Some`:
    /// until then there was, and nothing was counted.
    async fn count_action(
        &self,
        limit: (Quota, u32),
        id: &str,
        operator: &str,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError>;

    /// A reset by its id.
    async fn reset(&self, id: &str) -> Result<Option<ResetRecord>, StoreError>;

    /// Those that wait or are approved, oldest first.
    async fn open_resets(&self, now: UnixTime, most: u32) -> Result<Vec<ResetRecord>, StoreError>;

    /// A player's, newest first.
    async fn resets_of(&self, subject: &Subject, most: u32) -> Result<Vec<ResetRecord>, StoreError>;

    /// Those that are approved and due.
    async fn due_resets(&self, now: UnixTime, most: u32) -> Result<Vec<ResetRecord>, StoreError>;

    /// The approved one that a cancel link is for.
    async fn reset_of_link(&self, cancel: TokenHash) -> Result<Option<ResetRecord>, StoreError>;

    /// The keyed hash of the player's temporary code, while it counts and was not used.
    async fn live_code(&self, subject: &Subject, now: UnixTime) -> Result<Option<[u8; 32]>, StoreError>;

    /// The players for whom the site named this contact.
    async fn players_by_contact(
        &self,
        kind: ContactKind,
        lookup: [u8; 32],
        most: u32,
    ) -> Result<Vec<Subject>, StoreError>;

    /// Forgets sessions that ended, actions of more than an hour ago, and failed sign-ins where there was none
    /// for a day.
    async fn sweep_desk(&self, now: UnixTime) -> Result<(), StoreError>;
}
