//! Notices that wait for their courier.

use async_trait::async_trait;
use sqlx::{Any, Row, any::AnyRow, query::Query};

use crate::{
    clock::UnixTime,
    request::Subject,
    secret::Sealed,
    store::{
        Outbox, OutboxRecord, StoreError,
        audit::Waiting,
        sql::{Sql, accounts::parsed, trail},
    },
};

const INSERT: &str = "INSERT INTO outbox (id, subject, kind, channel, key_id, sealed, created_at, next_try_at, tries) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)";
const DUE: &str = "SELECT id, subject, kind, channel, key_id, sealed, created_at, next_try_at, tries FROM outbox \
     WHERE next_try_at <= $1 ORDER BY next_try_at, id LIMIT $2";
/// Compare and swap: of two processes that saw the same row due, one gets it.
const CLAIM: &str = "UPDATE outbox SET next_try_at = $3, tries = tries + 1 WHERE id = $1 AND next_try_at = $2";
const PUT_OFF: &str = "UPDATE outbox SET next_try_at = $2 WHERE id = $1";
const REMOVE: &str = "DELETE FROM outbox WHERE id = $1";
const WAITING: &str = "SELECT COUNT(*) AS found, MIN(created_at) AS oldest FROM outbox";

/// The statement that puts one in.
pub(super) fn insert(record: &OutboxRecord) -> Query<'_, Any, sqlx::any::AnyArguments> {
    sqlx::query(INSERT)
        .bind(record.id.as_str())
        .bind(record.subject.as_str())
        .bind(record.kind.as_str())
        .bind(record.channel.as_str())
        .bind(record.sealed.key_id.as_str())
        .bind(record.sealed.bytes.as_slice())
        .bind(record.created_at.millis())
}

#[async_trait]
impl Outbox for Sql {
    async fn put(&self, record: &OutboxRecord) -> Result<(), StoreError> {
        self.timed("put_notice", async { insert(record).execute(&self.pool).await.map(|_| ()) }).await
    }

    async fn claim(&self, now: UnixTime, lease_until: UnixTime, most: u32) -> Result<Vec<OutboxRecord>, StoreError> {
        self.timed("claim_notices", async {
            let due = sqlx::query(DUE).bind(now.millis()).bind(i64::from(most)).fetch_all(&self.pool).await?;
            let mut claimed = Vec::with_capacity(due.len());
            for row in due {
                let seen_at: i64 = row.try_get("next_try_at")?;
                let record = record(&row)?;
                let claim = sqlx::query(CLAIM).bind(record.id.as_str()).bind(seen_at).bind(lease_until.millis());
                if claim.execute(&self.pool).await?.rows_affected() == 1 {
                    claimed.push(record);
                }
            }
            Ok(claimed)
        })
        .await
    }

    async fn put_off(&self, id: &str, until: UnixTime) -> Result<(), StoreError> {
        self.timed("put_off_notice", async {
            sqlx::query(PUT_OFF).bind(id).bind(until.millis()).execute(&self.pool).await.map(|_| ())
        })
        .await
    }

    async fn remove(&self, id: &str) -> Result<(), StoreError> {
        self.timed("remove_notice", async { sqlx::query(REMOVE).bind(id).execute(&self.pool).await.map(|_| ()) }).await
    }

    async fn waiting(&self) -> Result<Waiting, StoreError> {
        self.timed("waiting_notices", async { trail::waiting(&sqlx::query(WAITING).fetch_one(&self.pool).await?) })
            .await
    }
}

/// A row as it was before this try is counted.
fn record(row: &AnyRow) -> Result<OutboxRecord, sqlx::Error> {
    Ok(OutboxRecord {
        id: row.try_get("id")?,
        subject: parsed(row.try_get::<String, _>("subject")?.as_str(), |id| Subject::parse(id).ok())?,
        kind: row.try_get("kind")?,
        channel: row.try_get("channel")?,
        sealed: Sealed { key_id: row.try_get("key_id")?, bytes: row.try_get("sealed")? },
        created_at: UnixTime::from_millis(row.try_get("created_at")?),
        tries: u32::try_from(row.try_get::<i64, _>("tries")?).unwrap_or(u32::MAX),
    })
}
