//! Letting go of old rows, so that the chain stays whole.

use sqlx::{AnyConnection, Row};

use super::{CHECKPOINTS, checkpoint, entry};
use crate::{
    clock::UnixTime,
    store::{
        Signer,
        audit::{Checkpoint, ERASED, Entry, NOTHING_BEFORE, Signed},
        sql::Sql,
    },
};

/// Of one kind, or, where none is named, of every kind that is not in a list `,a,b,`.
const OLD: &str = "SELECT * FROM audit_entry WHERE at < $1 AND event <> $2 \
     AND (($3 <> '' AND event = $3) OR ($3 = '' AND $4 NOT LIKE '%,' || event || ',%')) ORDER BY chain, seq LIMIT $5";
const HASH: &str = "SELECT hash FROM audit_entry WHERE chain = $1 AND seq = $2";
/// Two processes that let go of the same rows take turns.
const LOCK: &str = "UPDATE audit_head SET seq = seq WHERE chain = $1";
const DELETE: &str = "DELETE FROM audit_entry WHERE chain = $1 AND seq = $2";
const DROP: &str = "DELETE FROM audit_checkpoint WHERE chain = $1 AND first = $2";
const ADD: &str = "INSERT INTO audit_checkpoint (chain, first, last, hash, key_id, signature) \
     VALUES ($1, $2, $3, $4, $5, $6)";

impl Sql {
    pub(super) async fn let_go(
        &self,
        kind: Option<&str>,
        others: &[String],
        before: UnixTime,
        most: u32,
    ) -> Result<u64, sqlx::Error> {
        let without_key = || sqlx::Error::Configuration("this store was opened without an audit key".into());
        let signer = self.scribe.as_deref().ok_or_else(without_key)?.signer();
        let others = format!(",{},", others.join(","));
        let rows = sqlx::query(OLD)
            .bind(before.millis())
            .bind(ERASED)
            .bind(kind.unwrap_or_default())
            .bind(others.as_str())
            .bind(i64::from(most))
            .fetch_all(&self.pool)
            .await?;
        let rows = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let mut gone = 0;
        for chain in rows.chunk_by(|one, next| one.chain == next.chain) {
            let mut change = self.pool.begin_with(self.begin).await?;
            gone += let_go_of(&mut change, &signer, chain).await?;
            change.commit().await?;
        }
        Ok(gone)
    }
}

/// Takes rows of one chain away and signs what is left in their place. A row that is not as it was written
/// stays: else whoever dates a row back would have its end signed.
async fn let_go_of(change: &mut AnyConnection, signer: &Signer, rows: &[Entry]) -> Result<u64, sqlx::Error> {
    let Some(chain) = rows.first().map(|row| row.chain.as_str()) else { return Ok(0) };
    sqlx::query(LOCK).bind(chain).execute(&mut *change).await?;
    let known = sqlx::query(CHECKPOINTS).bind(chain).fetch_all(&mut *change).await?;
    let mut runs = known.iter().map(checkpoint).collect::<Result<Vec<_>, _>>()?;
    // One that is not ours is never made part of one that is.
    runs.retain(|run| signer.verify(&run.digest(), &run.signed));
    let before = runs.clone();
    let mut gone = 0;
    for row in rows {
        let Some(previous) = hash_before(change, row, &runs).await? else { continue };
        if !row.is_whole(&previous, signer) {
            continue;
        }
        let deleted = sqlx::query(DELETE).bind(chain).bind(row.seq).execute(&mut *change).await?.rows_affected();
        if deleted == 1 {
            let (hash, signed) = (row.hash.clone(), Signed::default());
            runs.push(Checkpoint { chain: chain.to_owned(), first: row.seq, last: row.seq, hash, signed });
        }
        gone += deleted;
    }
    let after = joined(runs);
    for run in before.iter().filter(|run| !after.contains(run)) {
        sqlx::query(DROP).bind(chain).bind(run.first).execute(&mut *change).await?;
    }
    for run in after.iter().filter(|run| !before.contains(run)) {
        let signed = signer.sign(&run.digest());
        let add = sqlx::query(ADD).bind(chain).bind(run.first).bind(run.last).bind(run.hash.as_slice());
        add.bind(signed.key_id.as_str()).bind(signed.signature.as_slice()).execute(&mut *change).await?;
    }
    Ok(gone)
}

/// The hash of the row before, or of the checkpoint in its place.
async fn hash_before(
    change: &mut AnyConnection,
    row: &Entry,
    runs: &[Checkpoint],
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    if row.seq == 1 {
        return Ok(Some(NOTHING_BEFORE.to_vec()));
    }
    if let Some(run) = runs.iter().find(|run| run.last + 1 == row.seq) {
        return Ok(Some(run.hash.clone()));
    }
    let found = sqlx::query(HASH).bind(row.chain.as_str()).bind(row.seq - 1).fetch_optional(change).await?;
    found.map(|found| found.try_get("hash")).transpose()
}

/// Runs that touch become one, which is to be signed anew.
fn joined(mut runs: Vec<Checkpoint>) -> Vec<Checkpoint> {
    runs.sort_by_key(|run| run.first);
    let mut joined: Vec<Checkpoint> = Vec::with_capacity(runs.len());
    for run in runs {
        match joined.last_mut() {
            Some(last) if last.last + 1 == run.first => {
                last.last = run.last;
                last.hash = run.hash;
                last.signed = Signed::default();
            }
            _ => joined.push(run),
        }
    }
    joined
}
