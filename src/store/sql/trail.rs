//! Reading the audit trail.

use async_trait::async_trait;
use sqlx::{AnyPool, Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    request::Subject,
    store::{
        AuditRecord, Outcome, StoreError, Trail,
        audit::{AuditPlayer, ChainHead, Checkpoint, Due, Entry, Read, Selection, Signed, UNLISTED, Waiting},
        sql::{Sql, accounts::parsed, audit},
    },
};

mod retention;

const ACTIVITY: &str = "SELECT audit_entry.* FROM audit_entry \
     JOIN audit_player ON audit_player.pseudonym = audit_entry.player \
     WHERE audit_player.subject = $1 AND audit_entry.event NOT IN ($3, $4, $5, $6) \
     ORDER BY audit_entry.at DESC, audit_entry.id DESC LIMIT $2";
const CHAINS: &str = "SELECT * FROM audit_head ORDER BY number, chain";
const ENTRIES: &str = "SELECT * FROM audit_entry WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const NUMBERS: &str = "SELECT seq FROM audit_entry WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT $3";
const ENTRY: &str = "SELECT * FROM audit_entry WHERE chain = $1 AND seq = $2";
const STRAYS: &str = "SELECT chain, seq FROM audit_entry WHERE chain NOT IN (SELECT chain FROM audit_head) \
     ORDER BY chain, seq LIMIT $1";
const CHECKPOINTS: &str = "SELECT * FROM audit_checkpoint WHERE chain = $1 ORDER BY first";
const PLAYER: &str = "SELECT * FROM audit_player WHERE pseudonym = $1";
const SELECT: &str = "SELECT audit_entry.*, COALESCE(audit_player.subject, audit_entry.player) AS shown \
     FROM audit_entry LEFT JOIN audit_player ON audit_player.pseudonym = audit_entry.player \
     WHERE audit_entry.at >= $1 AND ($2 = '' OR audit_player.subject = $2) AND ($3 = '' OR audit_entry.event = $3) \
     AND (audit_entry.at > $4 OR (audit_entry.at = $4 AND audit_entry.id > $5)) \
     ORDER BY audit_entry.at, audit_entry.id LIMIT $6";
const DUE: &str = "SELECT audit_head.chain AS chain, CAST(COALESCE(audit_sent.seq, 0) AS BIGINT) AS sent, \
     audit_head.seq AS seq FROM audit_head \
     LEFT JOIN audit_sent ON audit_sent.chain = audit_head.chain AND audit_sent.sink = $1 \
     WHERE COALESCE(audit_sent.seq, 0) < audit_head.seq AND COALESCE(audit_sent.lease_until, 0) <= $2 \
     ORDER BY audit_head.number LIMIT $3";
const BEGIN_SENDING: &str = "INSERT INTO audit_sent (sink, chain, seq, lease_until) VALUES ($1, $2, 0, 0) \
     ON CONFLICT (sink, chain) DO NOTHING";
/// Compare and swap: of two processes that saw the chain due, one gets it.
const LEASE: &str = "UPDATE audit_sent SET lease_until = $4 \
     WHERE sink = $1 AND chain = $2 AND lease_until <= $3 AND seq = $5";
/// Of each chain by its numbers, since counting the rows would take as long as there are rows.
const WAITING_FOR: &str = "SELECT CAST(COALESCE(SUM(due.rows_left), 0) AS BIGINT) AS found, \
     MIN(due.first_at) AS oldest FROM (SELECT audit_head.seq - COALESCE(audit_sent.seq, 0) AS rows_left, \
     (SELECT audit_entry.at FROM audit_entry WHERE audit_entry.chain = audit_head.chain \
     AND audit_entry.seq > COALESCE(audit_sent.seq, 0) ORDER BY audit_entry.seq LIMIT 1) AS first_at \
     FROM audit_head LEFT JOIN audit_sent ON audit_sent.chain = audit_head.chain AND audit_sent.sink = $1 \
     WHERE COALESCE(audit_sent.seq, 0) < audit_head.seq) AS due";
const SENT: &str = "UPDATE audit_sent SET seq = $3, lease_until = $4 WHERE sink = $1 AND chain = $2";

/// A player's newest rows, but those that are for auditors alone.
pub(super) async fn activity(pool: &AnyPool, subject: &Subject, most: u32) -> Result<Vec<AuditRecord>, sqlx::Error> {
    let rows = sqlx::query(ACTIVITY).bind(subject.as_str()).bind(i64::from(most));
    let rows = UNLISTED.into_iter().fold(rows, sqlx::query::Query::bind).fetch_all(pool).await?;
    let record = |row: &AnyRow| {
        let entry = entry(row)?;
        Ok(AuditRecord {
            id: entry.id,
            subject: Some(subject.clone()),
            at: entry.at,
            actor: entry.actor,
            event: entry.event,
            detail: entry.detail,
            why: entry.why,
            origin: entry.origin,
            outcome: parsed(&entry.outcome, Outcome::parse)?,
        })
    };
    rows.iter().map(record).collect()
}

#[async_trait]
impl Trail for Sql {
    async fn write(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        self.timed("audit_write", audit::write(&self.pool, self.begin, self.scribe.as_deref(), records)).await
    }

    async fn chains(&self) -> Result<Vec<ChainHead>, StoreError> {
        self.timed("audit_chains", async {
            sqlx::query(CHAINS).fetch_all(&self.pool).await?.iter().map(head).collect()
        })
        .await
    }

    async fn entries(&self, chain: &str, after: i64, most: u32) -> Result<Vec<Read>, StoreError> {
        self.upkeep("audit_entries", async {
            let rows = sqlx::query(ENTRIES).bind(chain).bind(after).bind(i64::from(most)).fetch_all(&self.pool).await;
            let entries: Result<Vec<_>, _> = rows.and_then(|rows| rows.iter().map(entry).collect());
            match entries {
                Ok(entries) => Ok(entries.into_iter().map(Ok).collect()),
                Err(error) if is_unreadable(&error) => self.one_by_one(chain, after, most).await,
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn strays(&self, most: u32) -> Result<Vec<(String, i64)>, StoreError> {
        self.upkeep("audit_strays", async {
            let rows = sqlx::query(STRAYS).bind(i64::from(most)).fetch_all(&self.pool).await?;
            rows.iter().map(|row| Ok((row.try_get("chain")?, row.try_get("seq")?))).collect()
        })
        .await
    }

    async fn checkpoints(&self, chain: &str) -> Result<Vec<Checkpoint>, StoreError> {
        self.timed("audit_checkpoints", async {
            let rows = sqlx::query(CHECKPOINTS).bind(chain).fetch_all(&self.pool).await?;
            rows.iter().map(checkpoint).collect()
        })
        .await
    }

    async fn player_of(&self, pseudonym: &str) -> Result<Option<AuditPlayer>, StoreError> {
        self.timed("audit_player", async {
            let player = |row: AnyRow| {
                Ok(AuditPlayer {
                    pseudonym: row.try_get("pseudonym")?,
                    subject: row.try_get("subject")?,
                    salt: row.try_get("salt")?,
                })
            };
            match sqlx::query(PLAYER).bind(pseudonym).fetch_optional(&self.pool).await {
                Ok(row) => row.map(player).transpose(),
                // One that cannot be read is nobody's.
                Err(error) if is_unreadable(&error) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn select(&self, selection: &Selection, most: u32) -> Result<Vec<(Entry, String)>, StoreError> {
        self.upkeep("audit_select", async {
            let (at, id) = selection.after.as_ref().map_or((i64::MIN, ""), |(at, id)| (at.millis(), id.as_str()));
            let rows = sqlx::query(SELECT)
                .bind(selection.since.map_or(i64::MIN, UnixTime::millis))
                .bind(selection.player.as_ref().map_or("", Subject::as_str))
                .bind(selection.kind.as_deref().unwrap_or_default())
                .bind(at)
                .bind(id)
                .bind(i64::from(most))
                .fetch_all(&self.pool)
                .await?;
            rows.iter().map(|row| Ok((entry(row)?, row.try_get("shown")?))).collect()
        })
        .await
    }

    async fn prune(
        &self,
        kind: Option<&str>,
        others: &[String],
        before: UnixTime,
        most: u32,
    ) -> Result<u64, StoreError> {
        self.upkeep("audit_prune", self.let_go(kind, others, before, most)).await
    }

    async fn due(&self, sink: &str, now: UnixTime, lease_until: UnixTime, most: u32) -> Result<Vec<Due>, StoreError> {
        self.timed("audit_due", async {
            let rows = sqlx::query(DUE).bind(sink).bind(now.millis()).bind(i64::from(most)).fetch_all(&self.pool);
            let mut leased = Vec::new();
            for row in rows.await? {
                let due = Due { chain: row.try_get("chain")?, after: row.try_get("sent")?, until: row.try_get("seq")? };
                sqlx::query(BEGIN_SENDING).bind(sink).bind(due.chain.as_str()).execute(&self.pool).await?;
                let lease = sqlx::query(LEASE).bind(sink).bind(due.chain.as_str()).bind(now.millis());
                let lease = lease.bind(lease_until.millis()).bind(due.after).execute(&self.pool).await?;
                if lease.rows_affected() == 1 {
                    leased.push(due);
                }
            }
            Ok(leased)
        })
        .await
    }

    async fn sent(&self, sink: &str, chain: &str, seq: i64, lease_until: UnixTime) -> Result<(), StoreError> {
        self.timed("audit_sent", async {
            let sent = sqlx::query(SENT).bind(sink).bind(chain).bind(seq).bind(lease_until.millis());
            sent.execute(&self.pool).await.map(|_| ())
        })
        .await
    }

    async fn waiting_for(&self, sink: &str) -> Result<Waiting, StoreError> {
        self.timed("audit_waiting", async {
            waiting(&sqlx::query(WAITING_FOR).bind(sink).fetch_one(&self.pool).await?)
        })
        .await
    }
}

/// What waits, of a row with `found` and `oldest`.
pub(super) fn waiting(row: &AnyRow) -> Result<Waiting, sqlx::Error> {
    let oldest: Option<i64> = row.try_get("oldest")?;
    let count = row.try_get::<i64, _>("found")?.unsigned_abs();
    Ok(Waiting { count, oldest: oldest.map(UnixTime::from_millis) })
}

impl Sql {
    /// Row by row, so that one that cannot be read does not hide the others.
    async fn one_by_one(&self, chain: &str, after: i64, most: u32) -> Result<Vec<Read>, sqlx::Error> {
        let rows = sqlx::query(NUMBERS).bind(chain).bind(after).bind(i64::from(most)).fetch_all(&self.pool).await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            let seq: i64 = row.try_get("seq")?;
            let row = sqlx::query(ENTRY).bind(chain).bind(seq).fetch_one(&self.pool).await;
            match row.and_then(|row| entry(&row)) {
                Ok(entry) => read.push(Ok(entry)),
                Err(error) if is_unreadable(&error) => read.push(Err(seq)),
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }
}

/// Whether the store answered, but with something that is no row of ours.
fn is_unreadable(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::TypeNotFound { .. })
}

fn signed(row: &AnyRow) -> Result<Signed, sqlx::Error> {
    Ok(Signed { key_id: row.try_get("key_id")?, signature: row.try_get("signature")? })
}

fn head(row: &AnyRow) -> Result<ChainHead, sqlx::Error> {
    Ok(ChainHead {
        chain: row.try_get("chain")?,
        number: row.try_get("number")?,
        seq: row.try_get("seq")?,
        hash: row.try_get("hash")?,
        signed: signed(row)?,
    })
}

fn checkpoint(row: &AnyRow) -> Result<Checkpoint, sqlx::Error> {
    Ok(Checkpoint {
        chain: row.try_get("chain")?,
        first: row.try_get("first")?,
        last: row.try_get("last")?,
        hash: row.try_get("hash")?,
        signed: signed(row)?,
    })
}

fn entry(row: &AnyRow) -> Result<Entry, sqlx::Error> {
    Ok(Entry {
        chain: row.try_get("chain")?,
        seq: row.try_get("seq")?,
        id: row.try_get("id")?,
        at: UnixTime::from_millis(row.try_get("at")?),
        player: row.try_get("player")?,
        actor: row.try_get("actor")?,
        event: row.try_get("event")?,
        detail: row.try_get("detail")?,
        why: row.try_get("why")?,
        origin: row.try_get("origin")?,
        outcome: row.try_get("outcome")?,
        hash: row.try_get("hash")?,
        signed: signed(row)?,
    })
}
