//! Shared ports and their records: short-lived things.

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    policy::FactorKind,
    request::{Binding, Carrier, Subject},
    secret::{Sealed, TokenHash},
    store::StoreError,
};

/// What a challenge's proof is for. Proof does not leak from one to another (decisions 11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Level {
    /// A stamp for `session`.
    Session,
    /// A stamp whose proof also counts for `fresh`.
    Fresh,
    /// An approval of one request, no stamp.
    Once,
}

/// One open question to one player.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Challenge {
    /// `secret::public_id`.
    pub id: String,
    /// Hash of the browser secret in the challenge cookie; `None` for a client that carries its
    /// session in a header.
    pub browser: Option<TokenHash>,
    /// Who is asked.
    pub subject: Subject,
    /// In which log-in.
    pub binding: Binding,
    /// What carries it.
    pub carrier: Carrier,
    /// The route's name.
    pub route: String,
    /// What a right answer is good for.
    pub level: Level,
    /// The factor kinds that may answer, as the route says; not narrowed to what is enrolled.
    pub methods: Vec<FactorKind>,
    /// What the player is shown: label and value.
    pub details: Vec<(String, String)>,
    /// The digest of the request (decisions 12), where it is bound to one.
    pub digest: Option<[u8; 32]>,
    /// Where the browser goes on: path and query of the request. Same origin always.
    pub return_to: String,
    /// Whether a held request waits under this id.
    pub holds: bool,
    /// When it was asked.
    pub created_at: UnixTime,
    /// When it is gone.
    pub expires_at: UnixTime,
    /// How far it is.
    pub state: ChallengeState,
}

/// How far a challenge is.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ChallengeState {
    /// Not answered.
    Open,
    /// Answered rightly, once.
    Answered {
        /// When.
        at: UnixTime,
        /// By what.
        by: FactorKind,
    },
}

/// How many challenges one log-in can hold: a new one beyond takes the place of the oldest, so that
/// neither memory nor the player's own next question depends on those never answered.
pub const CHALLENGES_PER_LOGIN: usize = 20;

/// Open questions. Values expire at their own `expires_at`.
#[async_trait]
pub trait Challenges: Send + Sync {
    /// Puts a new one; beyond [`CHALLENGES_PER_LOGIN`] the oldest of the log-in ends.
    async fn put(&self, challenge: Challenge) -> Result<(), StoreError>;
    /// The one with this id, unless it expired.
    async fn find(&self, id: &str, now: UnixTime) -> Result<Option<Challenge>, StoreError>;
    /// Replaces it if it still equals `old`: compare and replace. Whether it did.
    async fn replace(&self, old: &Challenge, new: Challenge) -> Result<bool, StoreError>;
    /// Ends it.
    async fn remove(&self, id: &str) -> Result<(), StoreError>;
    /// Ends every one of a log-in; with the held requests and approvals under them, which are looked
    /// up through their challenge.
    async fn end_all(&self, binding: Binding) -> Result<(), StoreError>;
    /// How many of a log-in are open: bounds what one player can hold.
    async fn count(&self, binding: Binding, now: UnixTime) -> Result<usize, StoreError>;
}

/// Held requests, sealed, by the id of their challenge.
#[async_trait]
pub trait Held: Send + Sync {
    /// Keeps one; `false` when the store has no room left for it.
    async fn put(&self, challenge_id: &str, held: Sealed, expires_at: UnixTime) -> Result<bool, StoreError>;
    /// Reads one without taking it: it is removed when its approval was spent.
    async fn find(&self, challenge_id: &str, now: UnixTime) -> Result<Option<Sealed>, StoreError>;
    /// Forgets one.
    async fn remove(&self, challenge_id: &str) -> Result<(), StoreError>;
    /// How many are kept and how many bytes they take: for the gauges.
    async fn usage(&self) -> Result<(u64, u64), StoreError>;
}

/// Proof for exactly one request. Consumed by `Spent` under its challenge's id, never here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Approval {
    /// The answered challenge.
    pub challenge_id: String,
    /// When it is gone.
    pub expires_at: UnixTime,
}

/// Approvals by the hash of their token.
#[async_trait]
pub trait Approvals: Send + Sync {
    /// Keeps one.
    async fn put(&self, token: TokenHash, approval: Approval) -> Result<(), StoreError>;
    /// The one of this token, unless it expired.
    async fn find(&self, token: TokenHash, now: UnixTime) -> Result<Option<Approval>, StoreError>;
}

/// An enrolment that is not confirmed: belongs to one log-in and is shown to no other (decisions 10).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PendingEnrolment {
    /// `secret::public_id`.
    pub id: String,
    /// Whose.
    pub subject: Subject,
    /// In which log-in.
    pub binding: Binding,
    /// Of which kind.
    pub kind: FactorKind,
    /// The id that the factor will have.
    pub factor_id: String,
    /// The secret, sealed as the factor's will be.
    pub sealed: Sealed,
    /// The challenge to which the player goes on afterwards.
    pub return_to: Option<String>,
    /// When it was begun.
    pub created_at: UnixTime,
    /// When it is gone.
    pub expires_at: UnixTime,
}

/// Enrolments that are not confirmed.
#[async_trait]
pub trait PendingEnrolments: Send + Sync {
    /// Puts a new one; it takes the place of every other of the same log-in.
    async fn put(&self, pending: PendingEnrolment) -> Result<(), StoreError>;
    /// The one with this id, unless it expired.
    async fn find(&self, id: &str, now: UnixTime) -> Result<Option<PendingEnrolment>, StoreError>;
    /// Reads and deletes: at most one caller gets it, under any race.
    async fn take(&self, id: &str, now: UnixTime) -> Result<Option<PendingEnrolment>, StoreError>;
    /// Voids every one of a player.
    async fn void_all(&self, subject: &Subject) -> Result<(), StoreError>;
}
