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
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Level {
    /// A stamp for `session`.
    Session,
    /// A stamp whose proof also counts for `fresh`.
    Fresh,
    /// An approval of one request, no stamp.
    Once,
    /// An approval of one change of the account, no stamp.
    Change(Change),
}

/// A change of the account that its player asks for; with its parameters, since the proof is for
/// exactly this one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Change {
    /// The factor of this pending enrolment, whose kind and number are kept there.
    Bind {
        /// Which.
        enrolment: String,
        /// In place of what.
        place: Place,
    },
    /// One factor less.
    Remove {
        /// Which.
        factor_id: String,
    },
    /// No second factor, until it is switched on again.
    Disable,
    /// The factors that were switched off count again.
    Enable,
    /// A fresh set of backup codes.
    BackupCodes,
    /// One remembered browser less; `None`: none is remembered.
    ForgetDevices {
        /// Which.
        device_id: Option<String>,
    },
    /// Every other log-in's stamps end.
    EndSessions,
    /// The freeze is cleared.
    Unfreeze,
}

/// Which place a new factor takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Beside those that are active.
    Beside,
    /// In place of every other.
    OfAll,
    /// In place of the one that codes are sent for.
    OfNumber,
}

impl Place {
    /// The place of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [("beside", Self::Beside), ("of_all", Self::OfAll), ("of_number", Self::OfNumber)]
            .into_iter()
            .find(|(known, _)| *known == word)
            .map(|(_, place)| place)
    }
}

impl Change {
    /// A stable word, in place of a route's name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Bind { place: Place::Beside, .. } => "add-factor",
            Self::Bind { place: Place::OfAll, .. } => "switch-factor",
            Self::Bind { place: Place::OfNumber, .. } => "change-number",
            Self::Remove { .. } => "remove-factor",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::BackupCodes => "backup-codes",
            Self::ForgetDevices { .. } => "forget-devices",
            Self::EndSessions => "end-sessions",
            Self::Unfreeze => "unfreeze",
        }
    }
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
        /// In which epoch of the player: what ended their stamps since ended what was proven, too.
        epoch: i64,
    },
}

/// How many challenges one log-in can hold: a new one beyond takes the place of the oldest, so that
/// neither memory nor the player's own next question depends on those never answered.
pub const CHALLENGES_PER_LOGIN: usize = 20;

/// Which of a player's challenges stay when the others end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spared<'a> {
    /// None.
    None,
    /// Those of this log-in.
    LogIn(Binding),
    /// The one with this id.
    Challenge(&'a str),
}

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
    /// Ends every one of a player but what is spared; with the held requests and approvals under them.
    async fn end_player(&self, subject: &Subject, spared: Spared<'_>) -> Result<(), StoreError>;
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
    /// Keeps one of a player's own, of which `owner` names the player and how many are kept: beyond that the oldest is forgotten, so that one
    /// account cannot take all the room. `false` when the store has no room left for it.
    async fn put_of(
        &self,
        owner: (&Subject, usize),
        challenge_id: &str,
        held: Sealed,
        expires_at: UnixTime,
    ) -> Result<bool, StoreError>;
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

/// An enrolment that is not confirmed: belongs to one log-in and is shown to no other (decisions
/// 10). The secret is made only when the number on file is proven, where that is asked for.
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
    /// How it came to be allowed.
    pub grounds: Grounds,
    /// How far it is.
    pub step: EnrolmentStep,
    /// The number that is proven: the one on file, or the new one. Context: factor id and subject.
    pub number: Option<Sealed>,
    /// An app's secret, sealed as the factor's will be; made only when every step before is done.
    pub secret: Option<Sealed>,
    /// The backup codes that become valid with it, as they are shown. Context: factor id and subject.
    pub codes: Option<Sealed>,
    /// The challenge to which the player goes on afterwards.
    pub return_to: Option<String>,
    /// When it was begun.
    pub created_at: UnixTime,
    /// When it is gone.
    pub expires_at: UnixTime,
}

/// How an enrolment comes to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Grounds {
    /// No factor is active: a first enrolment (decisions 7).
    First,
    /// The same after a reset, with the temporary code of this keyed hash (decisions 28).
    Support([u8; 32]),
    /// A factor that is active must be proven for exactly this change.
    Proof(Place),
}

/// The step that an enrolment waits at; in this order, where they are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnrolmentStep {
    /// An active factor must be proven.
    Proof,
    /// The number on file must be proven.
    Phone,
    /// The app gets its secret.
    Secret,
    /// The backup codes are to be seen.
    BackupCodes,
    /// A code of the new factor activates it.
    Confirm,
}

/// Enrolments that are not confirmed.
#[async_trait]
pub trait PendingEnrolments: Send + Sync {
    /// Puts a new one; it takes the place of every other of the same log-in.
    async fn put(&self, pending: PendingEnrolment) -> Result<(), StoreError>;
    /// The one with this id, unless it expired.
    async fn find(&self, id: &str, now: UnixTime) -> Result<Option<PendingEnrolment>, StoreError>;
    /// Replaces it if it still equals `old`: compare and replace. Whether it did.
    async fn replace(&self, old: &PendingEnrolment, new: PendingEnrolment) -> Result<bool, StoreError>;
    /// Reads and deletes: at most one caller gets it, under any race.
    async fn take(&self, id: &str, now: UnixTime) -> Result<Option<PendingEnrolment>, StoreError>;
    /// Voids every one of a player.
    async fn void_all(&self, subject: &Subject) -> Result<(), StoreError>;
}

/// A code that was sent. Kept only as a keyed hash; consumed by `Spent` under its id, never here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SentCode {
    /// `secret::public_id`.
    pub id: String,
    /// What it answers: a challenge, or a step of an enrolment. One code each: the newest.
    pub purpose: String,
    /// Whose.
    pub subject: Subject,
    /// In which log-in.
    pub binding: Binding,
    /// The keyed hash over id, purpose and code.
    pub hash: [u8; 32],
    /// When it was sent.
    pub sent_at: UnixTime,
    /// When it is gone.
    pub expires_at: UnixTime,
}

/// Codes that were sent, by what they answer.
#[async_trait]
pub trait SentCodes: Send + Sync {
    /// Keeps one; an earlier one for the same purpose is void.
    async fn put(&self, code: SentCode) -> Result<(), StoreError>;
    /// The one for a purpose, unless it expired.
    async fn find(&self, purpose: &str, now: UnixTime) -> Result<Option<SentCode>, StoreError>;
    /// Forgets one.
    async fn remove(&self, purpose: &str) -> Result<(), StoreError>;
}
