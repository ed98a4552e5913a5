//! Contacts of players, and what was sent to them.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    request::Subject,
    secret::Sealed,
    store::{
        ContactKind, ContactRecord, Contacts, SendLimits, SendReservation, SmsSend, SmsSends, StoreError,
        sql::{Sql, accounts::parsed, devices::bytes32},
    },
};

const OTHERS_END: &str =
    "UPDATE contact SET is_current = 0 WHERE subject = $1 AND kind = $2 AND lookup <> $3 AND is_current = 1";
/// One that comes back after another began anew.
const SEEN: &str = "INSERT INTO contact (subject, kind, lookup, key_id, sealed, is_current, first_seen, last_seen) \
     VALUES ($1, $2, $3, $4, $5, 1, $6, $6) ON CONFLICT (subject, kind, lookup) DO UPDATE SET \
     first_seen = CASE WHEN contact.is_current = 1 THEN contact.first_seen ELSE excluded.first_seen END, \
     last_seen = excluded.last_seen, is_current = 1 RETURNING first_seen";
const SINCE: &str = "SELECT kind, lookup, key_id, sealed, first_seen, last_seen FROM contact \
     WHERE subject = $1 AND last_seen >= $2 ORDER BY last_seen DESC";
const TO_NUMBER: &str = "SELECT sent_at, verified_at FROM sms_send WHERE number = $1 AND sent_at > $2 \
     ORDER BY sent_at DESC LIMIT $3";
const TO_PLAYER: &str = "SELECT sent_at, verified_at FROM sms_send WHERE subject = $1 AND sent_at > $2 \
     ORDER BY sent_at DESC LIMIT $3";
const COUNT: &str = "INSERT INTO sms_send (id, subject, number, sent_at) VALUES ($1, $2, $3, $4)";
const VERIFIED: &str = "UPDATE sms_send SET verified_at = $2 WHERE id = $1 AND verified_at IS NULL";
const SWEEP: &str = "DELETE FROM sms_send WHERE sent_at < $1";
/// Makes two sends to one player or number take turns; rows that nobody reads.
const TURN: &str = "INSERT INTO spent (id, expires_at) VALUES ($1, $2) \
     ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at";

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl Contacts for Sql {
    async fn seen(&self, subject: &Subject, contact: &ContactRecord) -> Result<UnixTime, StoreError> {
        self.timed("contact_seen", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let (id, kind) = (subject.as_str(), contact.kind.as_str());
            sqlx::query(OTHERS_END).bind(id).bind(kind).bind(contact.lookup.as_slice()).execute(&mut *change).await?;
            let row = sqlx::query(SEEN)
                .bind(id)
                .bind(kind)
                .bind(contact.lookup.as_slice())
                .bind(contact.sealed.key_id.as_str())
                .bind(contact.sealed.bytes.as_slice())
                .bind(contact.last_seen.millis())
                .fetch_one(&mut *change)
                .await?;
            change.commit().await?;
            row.try_get("first_seen").map(UnixTime::from_millis)
        })
        .await
    }

    async fn contacts(&self, subject: &Subject, since: UnixTime) -> Result<Vec<ContactRecord>, StoreError> {
        self.timed("contacts", async {
            let rows = sqlx::query(SINCE).bind(subject.as_str()).bind(since.millis()).fetch_all(&self.pool).await?;
            let record = |row: &AnyRow| {
                Ok(ContactRecord {
                    kind: parsed(row.try_get::<String, _>("kind")?.as_str(), ContactKind::parse)?,
                    lookup: bytes32(row.try_get("lookup")?)?,
                    sealed: Sealed { key_id: row.try_get("key_id")?, bytes: row.try_get("sealed")? },
                    first_seen: UnixTime::from_millis(row.try_get("first_seen")?),
                    last_seen: UnixTime::from_millis(row.try_get("last_seen")?),
                })
            };
            rows.iter().map(record).collect()
        })
        .await
    }
}

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
            change.commit().await?;
            Ok(SendReservation::Reserved)
        })
        .await
    }

    async fn verified(&self, id: &str, at: UnixTime) -> Result<(), StoreError> {
        self.timed("sms_verified", async {
            sqlx::query(VERIFIED).bind(id).bind(at.millis()).execute(&self.pool).await.map(|_| ())
        })
        .await
    }

    async fn sweep_sends(&self, before: UnixTime) -> Result<u64, StoreError> {
        self.timed("sweep_sends", async {
            Ok(sqlx::query(SWEEP).bind(before.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }
}

async fn count(change: &mut AnyConnection, send: &SmsSend) -> Result<(), sqlx::Error> {
    let insert = sqlx::query(COUNT).bind(send.id.as_str()).bind(send.subject.as_str());
    insert.bind(send.number.as_slice()).bind(send.at.millis()).execute(change).await.map(|_| ())
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
