//! What was sent by SMS.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    policy::sms_guard::{Tally, slot_of},
    store::{SendLimits, SendReservation, SmsSend, SmsSends, StoreError, sql::Sql},
};

const TO_NUMBER: &str = "SELECT sent_at, verified_at FROM sms_send WHERE number = $1 AND sent_at > $2 \
     ORDER BY sent_at DESC LIMIT $3";
const TO_PLAYER: &str = "SELECT sent_at, verified_at FROM sms_send WHERE subject = $1 AND sent_at > $2 \
     ORDER BY sent_at DESC LIMIT $3";
const COUNT: &str = "INSERT INTO sms_send (id, subject, number, sent_at, tallies) VALUES ($1, $2, $3, $4, $5)";
const VERIFIED: &str = "UPDATE sms_send SET verified_at = $2 WHERE id = $1 AND verified_at IS NULL";
const COUNTED: &str = "SELECT sent_at, tallies FROM sms_send WHERE id = $1";
const SWEEP: &str = "DELETE FROM sms_send WHERE sent_at < $1";
const ADD: &str = "INSERT INTO sms_tally (tally, slot, sent, verified, cost) VALUES ($1, $2, $3, 0, $4) \
     ON CONFLICT (tally, slot) DO UPDATE SET sent = sms_tally.sent + excluded.sent, \
     cost = sms_tally.cost + excluded.cost";
const ADD_VERIFIED: &str = "UPDATE sms_tally SET verified = verified + 1 WHERE tally = $1 AND slot = $2";
const SLOTS: &str = "SELECT slot, sent, verified, cost FROM sms_tally WHERE tally = $1 AND slot >= $2";
const SWEEP_TALLIES: &str = "DELETE FROM sms_tally WHERE slot < $1";
/// Makes two sends to one player or number take turns; rows that nobody reads.
const TURN: &str = "INSERT INTO spent (id, expires_at) VALUES ($1, $2) \
     ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at";

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl SmsSends for Sql {
    async fn reserve_send(&self, send: &SmsSend, limits: SendLimits) -> Result<SendReservation, StoreError> {
        self.timed("reserve_send", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let most = i64::from(limits.per_day.max(limits.per_hour));
            let turns = ["sms-player-", "sms-number-"];
            let owners = [data_encoding::HEXLOWER.encode(send.subject.as_str().as_bytes()), {
                data_encoding::HEXLOWER.encode(&send.number)
            }];
            for (turn, owner) in turns.iter().zip(owners) {
                let expires_at = send.at.plus(DAY).millis();
                sqlx::query(TURN).bind(format!("{turn}{owner}")).bind(expires_at).execute(&mut *change).await?;
            }
            let since = send.at.minus(DAY).millis();
            let number =
                sqlx::query(TO_NUMBER).bind(send.number.as_slice()).bind(since).bind(most).fetch_all(&mut *change);
            let to_number = sent(&number.await?)?;
            let player =
                sqlx::query(TO_PLAYER).bind(send.subject.as_str()).bind(since).bind(most).fetch_all(&mut *change);
            let to_player = sent(&player.await?)?;
            let until = free_at(&to_number, limits).max(free_at(&to_player, limits));
            if let Some(until) = until.filter(|until| *until > send.at) {
                change.rollback().await?;
                return Ok(SendReservation::Wait { until });
            }
            count(&mut change, send).await?;
            for tally in &send.tallies {
                add(&mut change, tally, (1, cost(send.cost)?), send.at).await?;
            }
            change.commit().await?;
            Ok(SendReservation::Reserved)
        })
        .await
    }

    async fn untally(&self, send: &SmsSend) -> Result<(), StoreError> {
        self.timed("untally", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            for tally in &send.tallies {
                add(&mut change, tally, (-1, -cost(send.cost)?), send.at).await?;
            }
            change.commit().await
        })
        .await
    }

    async fn spend_on(&self, tally: &str, spent: u64, at: UnixTime) -> Result<(), StoreError> {
        self.timed("spend_on", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            add(&mut change, tally, (0, cost(spent)?), at).await?;
            change.commit().await
        })
        .await
    }

    async fn tally(&self, tally: &str, since: UnixTime) -> Result<Vec<Tally>, StoreError> {
        self.timed("tally", async {
            let rows = sqlx::query(SLOTS).bind(tally).bind(slot_of(since)).fetch_all(&self.pool).await?;
            let tally = |row: &AnyRow| {
                Ok(Tally {
                    slot: row.try_get("slot")?,
                    sent: number(row, "sent")?,
                    verified: number(row, "verified")?,
                    cost: number(row, "cost")?,
                })
            };
            rows.iter().map(tally).collect::<Result<Vec<Tally>, sqlx::Error>>()
        })
        .await
    }

    async fn verified(&self, id: &str, at: UnixTime) -> Result<Vec<String>, StoreError> {
        self.timed("sms_verified", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let noted = sqlx::query(VERIFIED).bind(id).bind(at.millis()).execute(&mut *change).await?;
            if noted.rows_affected() == 0 {
                return Ok(Vec::new());
            }
            let row = sqlx::query(COUNTED).bind(id).fetch_one(&mut *change).await?;
            let slot = slot_of(UnixTime::from_millis(row.try_get("sent_at")?));
            let tallies = row.try_get::<Option<String>, _>("tallies")?.unwrap_or_default();
            let tallies: Vec<String> = tallies.split_whitespace().map(str::to_owned).collect();
            for tally in &tallies {
                sqlx::query(ADD_VERIFIED).bind(tally.as_str()).bind(slot).execute(&mut *change).await?;
            }
            change.commit().await?;
            Ok(tallies)
        })
        .await
    }

    async fn sweep_sends(&self, before: UnixTime) -> Result<u64, StoreError> {
        self.upkeep("sweep_sends", async {
            Ok(sqlx::query(SWEEP).bind(before.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }

    async fn sweep_tallies(&self, before: UnixTime) -> Result<u64, StoreError> {
        self.upkeep("sweep_tallies", async {
            Ok(sqlx::query(SWEEP_TALLIES).bind(slot_of(before)).execute(&self.pool).await?.rows_affected())
        })
        .await
    }
}

async fn count(change: &mut AnyConnection, send: &SmsSend) -> Result<(), sqlx::Error> {
    let insert = sqlx::query(COUNT).bind(send.id.as_str()).bind(send.subject.as_str());
    let insert = insert.bind(send.number.as_slice()).bind(send.at.millis()).bind(send.tallies.join(" "));
    insert.execute(change).await.map(|_| ())
}

/// Adds messages and their cost to a tally.
async fn add(
    change: &mut AnyConnection,
    tally: &str,
    (sent, cost): (i64, i64),
    at: UnixTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(ADD).bind(tally).bind(slot_of(at)).bind(sent).bind(cost).execute(change).await.map(|_| ())
}

/// A sum that is never negative: what was taken back was added before.
fn number(row: &AnyRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default())
}

fn cost(cost: u64) -> Result<i64, sqlx::Error> {
    i64::try_from(cost).map_err(|out_of_range| sqlx::Error::Encode(out_of_range.into()))
}

/// One that was sent.
#[derive(Clone, Copy)]
struct Sent {
    at: UnixTime,
    /// Whether its code was used: then it was wanted, and arrived.
    is_used: bool,
}

fn sent(rows: &[AnyRow]) -> Result<Vec<Sent>, sqlx::Error> {
    let sent = |row: &AnyRow| {
        let is_used = row.try_get::<Option<i64>, _>("verified_at")?.is_some();
        Ok(Sent { at: UnixTime::from_millis(row.try_get("sent_at")?), is_used })
    };
    rows.iter().map(sent).collect()
}

/// When the next is free, given what was sent within a day, the newest first. Whoever used the last
/// code has the phone in hand and need not wait for the next; only the day's limit counts them all.
fn free_at(sent: &[Sent], limits: SendLimits) -> Option<UnixTime> {
    let nth = |most: u32| usize::try_from(most).unwrap_or(usize::MAX).saturating_sub(1);
    let unused = |index: usize| sent.iter().filter(|sent| !sent.is_used).nth(index);
    let gap = sent.first().filter(|newest| !newest.is_used).map(|newest| newest.at.plus(limits.gap));
    let hour = unused(nth(limits.per_hour)).map(|sent| sent.at.plus(HOUR));
    let day = sent.get(nth(limits.per_day)).map(|sent| sent.at.plus(DAY));
    gap.max(hour).max(day)
}
