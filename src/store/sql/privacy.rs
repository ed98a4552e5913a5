//! Everything that is kept of one player: given out, and erased.
//!
//! A table with a column `subject` is in both lists; a test holds that.

use serde_json::{Map, Value};
use sqlx::{Column, Row, TypeInfo, any::AnyRow};

use crate::{
    clock::UnixTime,
    request::Subject,
    store::{
        AuditRecord, StoreError,
        sql::{Sql, audit},
    },
};

/// What is given out, by table, without what is secret or sealed.
const KEPT: [(&str, &str); 13] = [
    ("player", "SELECT epoch, must_bind, frozen_at FROM player WHERE subject = $1"),
    (
        "factor",
        "SELECT id, kind, created_at, matures_at, suspended FROM factor WHERE subject = $1 ORDER BY created_at, id",
    ),
    ("backup_code", "SELECT id, spent_at FROM backup_code WHERE subject = $1 ORDER BY id"),
    ("cool_down", "SELECT cause, at FROM cool_down WHERE subject = $1 ORDER BY cause"),
    (
        "device",
        "SELECT name, auth_time, created_at, used_at, expires_at FROM device WHERE subject = $1 ORDER BY created_at, id",
    ),
    (
        "contact",
        "SELECT kind, is_current, first_seen, last_seen FROM contact WHERE subject = $1 ORDER BY kind, first_seen",
    ),
    ("sms_send", "SELECT sent_at, verified_at FROM sms_send WHERE subject = $1 ORDER BY sent_at, id"),
    ("outbox", "SELECT kind, channel, created_at FROM outbox WHERE subject = $1 ORDER BY created_at, id"),
    ("freeze_offer", "SELECT event_at, expires_at FROM freeze_offer WHERE subject = $1 ORDER BY event_at"),
    ("attempt", "SELECT kind, failures, paused_until FROM attempt WHERE subject = $1 ORDER BY kind"),
    ("family", "SELECT opened_at, ended_at FROM family WHERE subject = $1 ORDER BY opened_at"),
    (
        "desk_reset",
        "SELECT case_reference, reason, evidence, requested_at, state, due_at, ended_at FROM desk_reset WHERE subject = $1 \
         ORDER BY requested_at, id",
    ),
    ("login_binding", "SELECT expires_at FROM login_binding WHERE subject = $1 ORDER BY expires_at"),
];

/// Takes the player's lock: no change of theirs goes on beside it.
const LOCK: &str = "UPDATE player SET epoch = epoch WHERE subject = $1";
const ERASE: [&str; 13] = [
    "DELETE FROM factor WHERE subject = $1",
    "DELETE FROM backup_code WHERE subject = $1",
    "DELETE FROM cool_down WHERE subject = $1",
    "DELETE FROM device WHERE subject = $1",
    "DELETE FROM contact WHERE subject = $1",
    "DELETE FROM sms_send WHERE subject = $1",
    "DELETE FROM outbox WHERE subject = $1",
    "DELETE FROM freeze_offer WHERE subject = $1",
    "DELETE FROM attempt WHERE subject = $1",
    "DELETE FROM family WHERE subject = $1",
    "DELETE FROM login_binding WHERE subject = $1",
    "DELETE FROM desk_reset WHERE subject = $1",
    "DELETE FROM player WHERE subject = $1",
];
/// Notes that name a player by their bytes in hexadecimal: that they were told, that it is their turn.
const ERASE_NOTES: &str = "DELETE FROM spent WHERE id = 'sms-player-' || $1 OR id LIKE 'told-%-' || $1 || '-%'";
/// From here on nobody can tell whose the rows of the audit are.
const FORGET: &str = "DELETE FROM audit_player WHERE subject = $1";

impl Sql {
    /// Every table with its rows of a player, as JSON; times as RFC 3339.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept_of(&self, subject: &Subject) -> Result<Map<String, Value>, StoreError> {
        self.upkeep("kept_of", async {
            let mut kept = Map::new();
            for (table, statement) in KEPT {
                let rows = sqlx::query(statement).bind(subject.as_str()).fetch_all(&self.pool).await?;
                let rows = rows.iter().map(document).collect::<Result<Vec<_>, _>>()?;
                kept.insert(table.to_owned(), Value::Array(rows));
            }
            Ok(kept)
        })
        .await
    }

    /// Erases everything of a player, whole or not at all. Their audit rows stay, under a pseudonym that
    /// belongs to nobody any more; `record` is the last of them.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing changed.
    pub async fn erase(&self, subject: &Subject, record: &AuditRecord) -> Result<u64, StoreError> {
        self.upkeep("erase", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            sqlx::query(LOCK).bind(subject.as_str()).execute(&mut *change).await?;
            let mut gone = 0;
            for statement in ERASE {
                gone += sqlx::query(statement).bind(subject.as_str()).execute(&mut *change).await?.rows_affected();
            }
            let hex = data_encoding::HEXLOWER.encode(subject.as_str().as_bytes());
            gone += sqlx::query(ERASE_NOTES).bind(hex).execute(&mut *change).await?.rows_affected();
            audit::append(&mut change, self.scribe.as_deref(), record).await?;
            sqlx::query(FORGET).bind(subject.as_str()).execute(&mut *change).await?;
            change.commit().await?;
            Ok(gone)
        })
        .await
    }
}

fn document(row: &AnyRow) -> Result<Value, sqlx::Error> {
    let mut document = Map::new();
    for column in row.columns() {
        let name = column.name();
        let value = match column.type_info().name() {
            "TEXT" => row.try_get::<Option<String>, _>(name)?.map(Value::from),
            _ => row.try_get::<Option<i64>, _>(name)?.map(|number| number_of(name, number)),
        };
        document.insert(name.to_owned(), value.unwrap_or(Value::Null));
    }
    Ok(Value::Object(document))
}

/// A number, or a moment where the column is one.
fn number_of(column: &str, number: i64) -> Value {
    let is_moment = column == "at" || ["_at", "_seen", "_time", "_until"].iter().any(|end| column.ends_with(end));
    if is_moment { UnixTime::from_millis(number).to_string().into() } else { number.into() }
}
