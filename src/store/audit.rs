//! The audit trail: who did what to an account. Rows are chained by hash and signed one by one, so that
//! what is kept can be shown to be whole.
//!
//! Each process writes a chain of its own. A row's hash covers the hash of the row before it; the row and
//! the chain's head are signed (Ed25519) in the transaction of what the row tells of. A row names its
//! player by a pseudonym, a salted hash; whose it is stands in a table of its own.

use std::time::Duration;

use async_trait::async_trait;
use data_encoding::BASE64URL_NOPAD;

use crate::{
    clock::UnixTime,
    request::Subject,
    secret::{digest, random},
    store::StoreError,
};

mod kinds;
mod signer;

pub use self::{
    kinds::{
        ERASED, EXPORTED, FORBIDDEN, KEYS_RESEALED, KEYS_ROTATED, KINDS, RESET_REQUESTED, RESTORED, SEARCHED,
        SIGNED_IN, SIGNED_OUT, UNLISTED, VIEWED,
    },
    signer::{NoKey, Signer},
};

/// The hash before a chain's first row.
pub const NOTHING_BEFORE: [u8; 32] = [0; 32];

/// How something that is recorded ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was asked for and refused.
    Refused,
}

impl Outcome {
    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// The outcome of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Done, Self::Refused].into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// One line of the audit: who did what, why, when, from where, and how it ended. Holds nothing secret and
/// no contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// UUID v7.
    pub id: String,
    /// Whose account; `None` where no player is concerned.
    pub subject: Option<Subject>,
    /// When.
    pub at: UnixTime,
    /// `player`, `support:…`, `command`, `system`, or `nobody` for who is not known.
    pub actor: String,
    /// What: a stable word, such as `factor-added`.
    pub event: String,
    /// More of it, as one line: a factor kind, a browser's family. May be empty.
    pub detail: String,
    /// Why, as one line: a case, a reason. May be empty.
    pub why: String,
    /// From where: a network, never a whole address (see [`origin`]), or `cli:` and the user of the system who
    /// ran a command. May be empty.
    pub origin: String,
    /// How it ended.
    pub outcome: Outcome,
}

impl AuditRecord {
    /// What somebody did at a moment, concerning no player, with nothing more to say.
    #[must_use]
    pub fn new(at: UnixTime, actor: &str, event: &str) -> Self {
        Self {
            id: record_id(at),
            subject: None,
            at,
            actor: actor.to_owned(),
            event: event.to_owned(),
            detail: String::new(),
            why: String::new(),
            origin: String::new(),
            outcome: Outcome::Done,
        }
    }
}

/// A UUID v7 (RFC 9562 §5.7) of the moment: the id of a record.
#[must_use]
pub fn record_id(now: UnixTime) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random()).into_uuid().to_string()
}

/// Where a request came from, as the audit keeps it: the /24 of an IPv4 address, the /48 of an IPv6
/// address. It tells an attack from a habit, and names no household.
#[must_use]
pub fn origin(client: std::net::IpAddr) -> String {
    let length = if client.to_canonical().is_ipv4() { 24 } else { 48 };
    let net = ipnet::IpNet::new(client.to_canonical(), length);
    net.map(|net| net.trunc().to_string()).unwrap_or_default()
}

/// A row as it stands in the store, believed by nobody yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which chain.
    pub chain: String,
    /// From 1 on, without a gap.
    pub seq: i64,
    /// UUID v7.
    pub id: String,
    /// When.
    pub at: UnixTime,
    /// The player's pseudonym; empty where no player is concerned.
    pub player: String,
    /// As in [`AuditRecord`].
    pub actor: String,
    /// As in [`AuditRecord`].
    pub event: String,
    /// As in [`AuditRecord`].
    pub detail: String,
    /// As in [`AuditRecord`].
    pub why: String,
    /// As in [`AuditRecord`].
    pub origin: String,
    /// As in [`AuditRecord`].
    pub outcome: String,
    /// [`Entry::digest`].
    pub hash: Vec<u8>,
    /// Over the hash.
    pub signed: Signed,
}

/// A signature and the key that made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signed {
    /// Of the audit key.
    pub key_id: String,
    /// Ed25519, 64 bytes.
    pub signature: Vec<u8>,
}

impl Entry {
    /// The row of a record, not signed yet.
    #[must_use]
    pub fn of(record: &AuditRecord, chain: &str, seq: i64, player: &str) -> Self {
        Self {
            chain: chain.to_owned(),
            seq,
            id: record.id.clone(),
            at: record.at,
            player: player.to_owned(),
            actor: record.actor.clone(),
            event: record.event.clone(),
            detail: record.detail.clone(),
            why: record.why.clone(),
            origin: record.origin.clone(),
            outcome: record.outcome.as_str().to_owned(),
            hash: Vec::new(),
            signed: Signed::default(),
        }
    }

    /// Whether the row is as it was written, behind a row of this hash.
    #[must_use]
    pub fn is_whole(&self, previous: &[u8], signer: &Signer) -> bool {
        let digest = self.digest(previous);
        self.hash == digest && signer.verify(&digest, &self.signed)
    }

    /// SHA-256 over everything that the row says and the hash of the row before.
    #[must_use]
    pub fn digest(&self, previous: &[u8]) -> [u8; 32] {
        let (seq, at) = (self.seq.to_be_bytes(), self.at.millis().to_be_bytes());
        let texts = [&self.id, &self.player, &self.actor, &self.event, &self.detail, &self.why, &self.origin];
        let head: [&[u8]; 5] = [b"stepgate audit entry 1", self.chain.as_bytes(), &seq, previous, &at];
        digest(head.into_iter().chain(texts.map(String::as_bytes)).chain([self.outcome.as_bytes()]))
    }
}

/// How far a chain goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// `secret::public_id`.
    pub chain: String,
    /// From 1 on, over all chains, without a gap.
    pub number: i64,
    /// Of its last row; 0 for an empty one.
    pub seq: i64,
    /// The last row's.
    pub hash: Vec<u8>,
    /// Over all of it.
    pub signed: Signed,
}

impl ChainHead {
    /// What is signed.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let (number, seq) = (self.number.to_be_bytes(), self.seq.to_be_bytes());
        let parts: [&[u8]; 5] = [b"stepgate audit head 1", self.chain.as_bytes(), &number, &seq, &self.hash];
        digest(parts)
    }
}

/// A run of rows that retention took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Of which chain.
    pub chain: String,
    /// The first that is gone.
    pub first: i64,
    /// The last that is gone.
    pub last: i64,
    /// The last one's hash: the row after it follows from it.
    pub hash: Vec<u8>,
    /// Over all of it.
    pub signed: Signed,
}

impl Checkpoint {
    /// What is signed.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let (first, last) = (self.first.to_be_bytes(), self.last.to_be_bytes());
        let parts: [&[u8]; 5] = [b"stepgate audit checkpoint 1", self.chain.as_bytes(), &first, &last, &self.hash];
        digest(parts)
    }
}

/// Whose a pseudonym is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPlayer {
    /// 43 characters.
    pub pseudonym: String,
    /// The player.
    pub subject: String,
    /// 16 random bytes: without them nobody finds the player by trying.
    pub salt: Vec<u8>,
}

impl AuditPlayer {
    /// A new pseudonym.
    #[must_use]
    pub fn new(subject: &Subject) -> Self {
        let salt = random::<16>().to_vec();
        Self { pseudonym: Self::pseudonym_of(subject.as_str(), &salt), subject: subject.as_str().to_owned(), salt }
    }

    /// Whether it is this player's.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.pseudonym == Self::pseudonym_of(&self.subject, &self.salt)
    }

    fn pseudonym_of(subject: &str, salt: &[u8]) -> String {
        let parts: [&[u8]; 3] = [b"stepgate audit player 1", salt, subject.as_bytes()];
        BASE64URL_NOPAD.encode(&digest(parts))
    }
}

/// A row, or the number of one that cannot even be read.
pub type Read = Result<Entry, i64>;

/// Which rows are read for an export.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// From then on.
    pub since: Option<UnixTime>,
    /// Of this player.
    pub player: Option<Subject>,
    /// Of this event.
    pub kind: Option<String>,
    /// After this row, by time and id.
    pub after: Option<(UnixTime, String)>,
}

/// What waits to be carried elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Since when the oldest waits.
    pub oldest: Option<UnixTime>,
}

impl Waiting {
    /// How long the oldest has waited; nothing where none waits.
    #[must_use]
    pub fn age(&self, now: UnixTime) -> Duration {
        self.oldest.map_or(Duration::ZERO, |oldest| now.since(oldest))
    }
}

/// A chain that a sink does not have whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Which.
    pub chain: String,
    /// The sink has it up to here.
    pub after: i64,
    /// It goes up to here.
    pub until: i64,
}

/// The trail by itself: rows that belong to no change of an account, and what it is read for: to verify, to
/// export, to send it elsewhere, to let go of what is old.
#[async_trait]
pub trait Trail: Send + Sync {
    /// Writes rows, all or none.
    async fn write(&self, records: &[AuditRecord]) -> Result<(), StoreError>;

    /// Every chain, by number.
    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError>;

    /// Rows of a chain after this number, in order, up to `most`.
    async fn entries(&self, chain: &str, after: i64, most: u32) -> Result<Vec<Read>, StoreError>;

    /// Rows of no known chain: chain and number, up to `most`.
    async fn strays(&self, most: u32) -> Result<Vec<(String, i64)>, StoreError>;

    /// A chain's checkpoints, in order.
    async fn checkpoints(&self, chain: &str) -> Result<Vec<Checkpoint>, StoreError>;

    /// The player of a pseudonym.
    async fn player_of(&self, pseudonym: &str) -> Result<Option<AuditPlayer>, StoreError>;

    /// Rows with their player's id (the pseudonym of an erased one), oldest first, up to `most`.
    async fn select(&self, selection: &Selection, most: u32) -> Result<Vec<(Entry, String)>, StoreError>;

    /// Takes rows of a kind (`None`: of every kind but `others`) that are older than `before` away, up to
    /// `most`, and leaves signed checkpoints; how many went.
    async fn prune(
        &self,
        kind: Option<&str>,
        others: &[String],
        before: UnixTime,
        most: u32,
    ) -> Result<u64, StoreError>;

    /// Leases, for a sink, up to `most` chains that it does not have whole and that nobody else has leased.
    async fn due(&self, sink: &str, now: UnixTime, lease_until: UnixTime, most: u32) -> Result<Vec<Due>, StoreError>;

    /// Notes that a sink has a chain up to this row, and gives the lease back at `lease_until`.
    async fn sent(&self, sink: &str, chain: &str, seq: i64, lease_until: UnixTime) -> Result<(), StoreError>;

    /// The rows that a sink does not have yet; those that retention took away meanwhile are counted.
    async fn waiting_for(&self, sink: &str) -> Result<Waiting, StoreError>;
}
