//! Durable ports and their records; a player's account is in [`super::account`].

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    policy::{FactorKind, throttle::Pauses},
    request::{Binding, Subject},
    secret::{Sealed, TokenHash},
    store::StoreError,
};

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
    /// No: `Pauses::rebind_after` failures in a row. Another factor, a backup code or binding one
    /// anew opens it.
    Exhausted,
}

/// Tries that are counted together: a player's, of one kind, by one way. None of them pauses another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Of which factor kind.
    pub kind: FactorKind,
    /// By which way.
    pub by: TriesBy,
}

/// By which way codes are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriesBy {
    /// Whoever has the log-in.
    Anyone,
    /// A browser in which the player has proven a factor before: nobody with only the password pauses
    /// it (decisions 29).
    KnownBrowser,
    /// The steps of an enrolment. They pause, but are never exhausted: without a factor there is
    /// nothing to bind anew.
    Enrolment,
}

impl Tries {
    /// The word in the store.
    #[must_use]
    pub fn word(self) -> String {
        let kind = self.kind.as_str();
        match self.by {
            TriesBy::Anyone => kind.to_owned(),
            TriesBy::KnownBrowser => format!("{kind}-known"),
            TriesBy::Enrolment => format!("{kind}-enrolment"),
        }
    }
}

/// What was failed in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failed {
    /// How often.
    pub count: u32,
    /// Until when codes are paused; `None` when the next try is free.
    pub paused_until: Option<UnixTime>,
}

/// Failed codes in a row, per player and [`Tries`]: across challenges, sessions, addresses, nodes
/// and restarts.
#[async_trait]
pub trait Attempts: Send + Sync {
    /// Counts a failure *before* the code is compared, in one atomic step, and pauses as `pauses` say.
    async fn reserve(
        &self,
        subject: &Subject,
        tries: Tries,
        now: UnixTime,
        pauses: Pauses,
    ) -> Result<Reservation, StoreError>;

    /// What was failed until now. Counts nothing.
    async fn failed(&self, subject: &Subject, tries: Tries, now: UnixTime) -> Result<Failed, StoreError>;

    /// Takes a reservation back whose code was not compared, and the pause that it set.
    async fn release(&self, subject: &Subject, tries: Tries) -> Result<(), StoreError>;

    /// Forgets the failures, after a right code.
    async fn clear(&self, subject: &Subject, tries: Tries) -> Result<(), StoreError>;

    /// Forgets those of the player's tries that are exhausted after so many: the player proved a factor,
    /// or bound one anew.
    async fn clear_exhausted(&self, subject: &Subject, rebind_after: u32) -> Result<(), StoreError>;
}

/// Tries of everybody in one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkTries {
    /// A keyed hash of the network and of what else they are told apart by.
    pub network: [u8; 32],
    /// How many failures it may have until its window ends.
    pub most: u32,
}

/// A network that has no try left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkPause {
    /// Its place among those that were asked for.
    pub index: usize,
    /// When its window ends.
    pub until: UnixTime,
}

/// Failed codes by network, over all players. A row lives as long as its window, so that there are never
/// more than there were log-ins with a wrong code within it.
#[async_trait]
pub trait NetworkAttempts: Send + Sync {
    /// Counts one failure in each, or in none where one of them has no try left. A window ends at
    /// `ends_at` if it begins now.
    async fn reserve_in_networks(
        &self,
        tries: &[NetworkTries],
        now: UnixTime,
        ends_at: UnixTime,
    ) -> Result<Option<NetworkPause>, StoreError>;

    /// Takes one failure back from each: the code was right.
    async fn release_in_networks(&self, tries: &[NetworkTries]) -> Result<(), StoreError>;

    /// Whether one of them has no try left. Counts nothing.
    async fn paused_in_networks(
        &self,
        tries: &[NetworkTries],
        now: UnixTime,
    ) -> Result<Option<NetworkPause>, StoreError>;

    /// Forgets windows that ended.
    async fn sweep_networks(&self, now: UnixTime) -> Result<u64, StoreError>;
}

/// Stamp families: one a log-in (binding). A stamp counts only while its family is open and its
/// epoch is the player's.
#[async_trait]
pub trait Families: Send + Sync {
    /// Opens the family if it is new; `false`, and nothing changes, if it was ended.
    async fn open(&self, binding: Binding, subject: &Subject, now: UnixTime) -> Result<bool, StoreError>;

    /// The player's epoch if the family is open and theirs, else `None`; `None` as long as the account
    /// is frozen, whatever was minted meanwhile.
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

/// What is remembered of a session value (decision record 0021).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It may come to belong to anybody.
    Watched {
        /// For how long.
        until: UnixTime,
    },
    /// Whose it is.
    Of(Subject),
}

/// A watch as one attempt set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Its end, which no other attempt has set.
    pub until: UnixTime,
    /// The end of the watch that stood before.
    pub before: Option<UnixTime>,
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
    /// What is remembered of a session value, in one look.
    async fn remembered(&self, session: [u8; 32], now: UnixTime) -> Result<Option<Remembered>, StoreError>;
    /// Watches until `until`, or just longer than what stands. `None`: it has a subject, which stays.
    async fn watch(&self, session: [u8; 32], until: UnixTime, now: UnixTime) -> Result<Option<Watch>, StoreError>;
    /// Gives a watch an earlier end, or none: only if it still is the one that ends at `until`.
    async fn cut_watch(&self, session: [u8; 32], until: UnixTime, to: Option<UnixTime>) -> Result<(), StoreError>;
    /// Forgets what expired; how many.
    async fn sweep_logins(&self, now: UnixTime) -> Result<u64, StoreError>;
}

/// A browser that its player wants remembered: may skip the challenge where `session` is required,
/// never where money is (decisions 18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// `secret::public_id`; the first half of the cookie.
    pub id: String,
    /// Whose.
    pub subject: Subject,
    /// Browser and system, as the player recognises them.
    pub name: String,
    /// The hash of the cookie's second half.
    pub token: TokenHash,
    /// What it was exchanged for.
    pub previous_token: Option<TokenHash>,
    /// Whether a browser was seen with the newest; until then the one before may be exchanged once more.
    pub is_seen: bool,
    /// When the one before was first exchanged.
    pub rotated_at: UnixTime,
    /// For which log-in.
    pub rotated_for: Option<Binding>,
    /// The player's epoch at the last exchange.
    pub rotated_epoch: i64,
    /// When the factor was proven by which it is remembered.
    pub auth_time: UnixTime,
    /// By which kind.
    pub proven_by: FactorKind,
    /// When it was remembered.
    pub created_at: UnixTime,
    /// When it was last used.
    pub used_at: UnixTime,
    /// When it is forgotten; never moves.
    pub expires_at: UnixTime,
}

/// Remembered devices.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Remembers one; beyond `most` of a player the longest unused is forgotten.
    async fn remember(&self, device: &DeviceRecord, most: u32) -> Result<(), StoreError>;

    /// The one with this id, unless it expired.
    async fn find(&self, id: &str, now: UnixTime) -> Result<Option<DeviceRecord>, StoreError>;

    /// Replaces a device if its token is still the old one's: compare and swap. Where the new one's previous
    /// token is not the old one's token, only while that was not seen.
    async fn rotate(&self, old: TokenHash, new: &DeviceRecord) -> Result<bool, StoreError>;

    /// Notes that a browser was seen with this token, if it is still the newest.
    async fn seen_device(&self, id: &str, token: TokenHash) -> Result<(), StoreError>;

    /// A player's devices, newest first.
    async fn of_player(&self, subject: &Subject, now: UnixTime) -> Result<Vec<DeviceRecord>, StoreError>;

    /// Forgets those that expired.
    async fn sweep_devices(&self, now: UnixTime) -> Result<u64, StoreError>;
}

/// By which way a player can be told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContactKind {
    /// A number for SMS.
    Phone,
    /// A mail address.
    Email,
}

impl ContactKind {
    /// The word in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Phone, Self::Email].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A number or address that the site named for a player.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactRecord {
    /// Which kind.
    pub kind: ContactKind,
    /// Its keyed hash.
    pub lookup: [u8; 32],
    /// Itself. Context: subject and kind.
    pub sealed: Sealed,
    /// Since when the site names it without a break.
    pub first_seen: UnixTime,
    /// When the site last named it.
    pub last_seen: UnixTime,
}

/// Contacts of players, as the site names them (decisions 9, 27).
#[async_trait]
pub trait Contacts: Send + Sync {
    /// Notes that the site names this one now; returns since when it does without a break. One that
    /// comes back after another began anew.
    async fn seen(&self, subject: &Subject, contact: &ContactRecord) -> Result<UnixTime, StoreError>;

    /// Every contact that was named since then.
    async fn contacts(&self, subject: &Subject, since: UnixTime) -> Result<Vec<ContactRecord>, StoreError>;
}
