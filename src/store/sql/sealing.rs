//! Sealed rows, read and replaced whatever they hold.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use crate::{
    secret::Sealed,
    store::{
        StoreError,
        sealing::{SealedKind, SealedRow, SealedRows},
        sql::Sql,
    },
};

const FACTORS: &str = "SELECT id AS one, subject AS other, key_id, sealed FROM factor \
     WHERE key_id <> $1 AND (id > $2 OR (id = $2 AND subject > $3)) ORDER BY id, subject LIMIT $4";
const CONTACTS: &str = "SELECT subject AS one, kind AS other, lookup, key_id, sealed FROM contact \
     WHERE key_id <> $1 AND (subject > $2 OR (subject = $2 AND (kind > $3 OR (kind = $3 AND lookup > $5)))) \
     ORDER BY subject, kind, lookup LIMIT $4";
const NOTICES: &str = "SELECT id AS one, subject AS other, key_id, sealed FROM outbox \
     WHERE key_id <> $1 AND (id > $2 OR (id = $2 AND subject > $3)) ORDER BY id, subject LIMIT $4";
/// Compare and swap: whoever wrote meanwhile sealed under the present key.
const REPLACE_FACTOR: &str =
    "UPDATE factor SET key_id = $4, sealed = $5 WHERE id = $1 AND subject = $2 AND sealed = $3";
const REPLACE_CONTACT: &str =
    "UPDATE contact SET key_id = $4, sealed = $5 WHERE subject = $1 AND kind = $2 AND sealed = $3";
const REPLACE_NOTICE: &str =
    "UPDATE outbox SET key_id = $4, sealed = $5 WHERE id = $1 AND subject = $2 AND sealed = $3";
const KEYS: &str = "SELECT key_id FROM factor UNION SELECT key_id FROM contact UNION SELECT key_id FROM outbox \
     ORDER BY key_id";

#[async_trait]
impl SealedRows for Sql {
    async fn sealed_otherwise(
        &self,
        kind: SealedKind,
        key_id: &str,
        after: Option<&SealedRow>,
        most: u32,
    ) -> Result<Vec<SealedRow>, StoreError> {
        let statement = match kind {
            SealedKind::Factor => FACTORS,
            SealedKind::Contact => CONTACTS,
            SealedKind::Notice => NOTICES,
        };
        self.upkeep("sealed_rows", async {
            let [one, other] = after.map_or(["", ""], |after| after.context.each_ref().map(String::as_str));
            let mut rows = sqlx::query(statement).bind(key_id).bind(one).bind(other).bind(i64::from(most));
            if kind == SealedKind::Contact {
                rows = rows.bind(after.map_or(&[][..], |after| &after.lookup));
            }
            let row = |row: &AnyRow| {
                let lookup = if kind == SealedKind::Contact { row.try_get("lookup")? } else { Vec::new() };
                Ok(SealedRow {
                    lookup,
                    kind,
                    context: [row.try_get("one")?, row.try_get("other")?],
                    sealed: Sealed { key_id: row.try_get("key_id")?, bytes: row.try_get("sealed")? },
                })
            };
            rows.fetch_all(&self.pool).await?.iter().map(row).collect()
        })
        .await
    }

    async fn replace_seal(&self, old: &SealedRow, new: &Sealed) -> Result<bool, StoreError> {
        let statement = match old.kind {
            SealedKind::Factor => REPLACE_FACTOR,
            SealedKind::Contact => REPLACE_CONTACT,
            SealedKind::Notice => REPLACE_NOTICE,
        };
        self.timed("replace_seal", async {
            let [one, other] = &old.context;
            let update = sqlx::query(statement).bind(one.as_str()).bind(other.as_str());
            let update = update.bind(old.sealed.bytes.as_slice()).bind(new.key_id.as_str());
            Ok(update.bind(new.bytes.as_slice()).execute(&self.pool).await?.rows_affected() == 1)
        })
        .await
    }

    async fn sealing_keys(&self) -> Result<Vec<String>, StoreError> {
        self.upkeep("sealing_keys", async {
            let rows = sqlx::query(KEYS).fetch_all(&self.pool).await?;
            rows.iter().map(|row| row.try_get("key_id")).collect()
        })
        .await
    }
}
