//! What was sent by SMS, so that nobody is flooded and nobody is made to pay.

use std::time::Duration;

use async_trait::async_trait;

use crate::{clock::UnixTime, policy::sms_guard::Tally, request::Subject, store::StoreError};

/// One SMS that is to be sent.
#[derive(Clone, Debug)]
pub struct SmsSend {
    /// `secret::public_id`.
    pub id: String,
    /// To whom.
    pub subject: Subject,
    /// The number's keyed hash.
    pub number: [u8; 32],
    /// When.
    pub at: UnixTime,
    /// The words of the tallies that it counts in: without spaces, from the largest to the smallest, so that
    /// two sends take turns.
    pub tallies: Vec<String>,
    /// What it costs at most, in millionths of a unit.
    pub cost: u64,
}

/// How many SMS go to one number, and to one player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendLimits {
    /// Between two.
    pub gap: Duration,
    /// Within an hour.
    pub per_hour: u32,
    /// Within a day.
    pub per_day: u32,
}

/// Whether an SMS may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendReservation {
    /// Yes, and it counts.
    Reserved,
    /// Not before then.
    Wait {
        /// When the next is free.
        until: UnixTime,
    },
}

/// What was sent, so that nobody is flooded: across challenges, sessions, nodes and restarts.
#[async_trait]
pub trait SmsSends: Send + Sync {
    /// Counts one, in its tallies as well, unless a limit of its number or player is reached, atomically.
    async fn reserve_send(&self, send: &SmsSend, limits: SendLimits) -> Result<SendReservation, StoreError>;

    /// Takes one back out of its tallies: it was not sent. For its number and player it goes on counting.
    async fn untally(&self, send: &SmsSend) -> Result<(), StoreError>;

    /// Adds the cost of a message that is no code to a tally.
    async fn spend_on(&self, tally: &str, cost: u64, at: UnixTime) -> Result<(), StoreError>;

    /// The slots of a tally since then, in any order.
    async fn tally(&self, tally: &str, since: UnixTime) -> Result<Vec<Tally>, StoreError>;

    /// Notes that its code was used; the tallies that it now counts in as used.
    async fn verified(&self, id: &str, at: UnixTime) -> Result<Vec<String>, StoreError>;

    /// Forgets those sent before.
    async fn sweep_sends(&self, before: UnixTime) -> Result<u64, StoreError>;

    /// Forgets slots from before.
    async fn sweep_tallies(&self, before: UnixTime) -> Result<u64, StoreError>;
}
