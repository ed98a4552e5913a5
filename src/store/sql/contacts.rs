//! Contacts of players.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    request::Subject,
    secret::Sealed,
    store::{
        ContactKind, ContactRecord, Contacts, StoreError,
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
     WHERE subject = $1 AND (last_seen >= $2 OR is_current = 1) ORDER BY last_seen DESC";

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
