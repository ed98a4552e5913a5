//! Writing the audit trail: a row at a time, within the change that it tells of.

use std::sync::Arc;

use arc_swap::ArcSwap;
use sqlx::{AnyConnection, AnyPool, Row};

use crate::{
    request::Subject,
    secret::public_id,
    store::{
        AuditRecord, Signer,
        audit::{AuditPlayer, ChainHead, Entry, NOTHING_BEFORE, Signed},
    },
};

const LAST_NUMBER: &str = "SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) AS number FROM audit_head";
const OPEN: &str =
    "INSERT INTO audit_head (chain, number, seq, hash, key_id, signature) VALUES ($1, $2, 0, $3, $4, $5)";
/// Takes the head's lock: rows of a chain are written one after the other.
const NEXT: &str = "UPDATE audit_head SET seq = seq + 1 WHERE chain = $1 RETURNING seq, number, hash";
const ADD: &str = "INSERT INTO audit_entry (chain, seq, id, at, player, actor, event, detail, why, origin, outcome, \
     hash, key_id, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const HEAD: &str = "UPDATE audit_head SET hash = $2, key_id = $3, signature = $4 WHERE chain = $1";
const PSEUDONYM: &str = "SELECT pseudonym FROM audit_player WHERE subject = $1";
const NEW_PLAYER: &str = "INSERT INTO audit_player (pseudonym, subject, salt) VALUES ($1, $2, $3) \
     ON CONFLICT (subject) DO NOTHING";
/// How often a chain is opened anew where other processes take the same number.
const OPENINGS: u32 = 20;

/// Writes the chain of this process.
#[derive(Debug)]
pub(super) struct Scribe {
    chain: String,
    signer: ArcSwap<Signer>,
}

impl Scribe {
    /// Signs.
    pub(super) fn sign(&self, digest: &[u8; 32]) -> Signed {
        self.signer.load().sign(digest)
    }

    /// The present keys.
    pub(super) fn signer(&self) -> Arc<Signer> {
        self.signer.load_full()
    }

    /// Signs under this key from now on.
    pub(super) fn sign_with(&self, signer: Signer) {
        self.signer.store(signer.into());
    }
}

/// Opens a new chain.
pub(super) async fn open(pool: &AnyPool, begin: &'static str, signer: Signer) -> Result<Scribe, sqlx::Error> {
    let chain = public_id();
    let mut tries = 0;
    loop {
        tries += 1;
        match opened(pool, begin, &chain, &signer).await {
            Ok(()) => return Ok(Scribe { chain, signer: ArcSwap::from_pointee(signer) }),
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() && tries < OPENINGS => {}
            Err(error) => return Err(error),
        }
    }
}

async fn opened(pool: &AnyPool, begin: &'static str, chain: &str, signer: &Signer) -> Result<(), sqlx::Error> {
    let mut change = pool.begin_with(begin).await?;
    let last: i64 = sqlx::query(LAST_NUMBER).fetch_one(&mut *change).await?.try_get("number")?;
    let head = ChainHead {
        chain: chain.to_owned(),
        number: last + 1,
        seq: 0,
        hash: NOTHING_BEFORE.to_vec(),
        signed: Signed::default(),
    };
    let signed = signer.sign(&head.digest());
    let open = sqlx::query(OPEN).bind(chain).bind(head.number).bind(head.hash.as_slice());
    open.bind(signed.key_id.as_str()).bind(signed.signature.as_slice()).execute(&mut *change).await?;
    change.commit().await
}

/// Writes rows that belong to no change of an account.
pub(super) async fn write(
    pool: &AnyPool,
    begin: &'static str,
    scribe: Option<&Scribe>,
    records: &[AuditRecord],
) -> Result<(), sqlx::Error> {
    let mut change = pool.begin_with(begin).await?;
    for record in records {
        append(&mut change, scribe, record).await?;
    }
    change.commit().await
}

/// Writes a row behind the last one of the chain.
pub(super) async fn append(
    change: &mut AnyConnection,
    scribe: Option<&Scribe>,
    record: &AuditRecord,
) -> Result<(), sqlx::Error> {
    let scribe =
        scribe.ok_or_else(|| sqlx::Error::Configuration("this store was opened without an audit key".into()))?;
    let player = match &record.subject {
        Some(subject) => pseudonym(change, subject).await?,
        None => String::new(),
    };
    let next = sqlx::query(NEXT).bind(scribe.chain.as_str()).fetch_one(&mut *change).await?;
    let previous: Vec<u8> = next.try_get("hash")?;
    let mut entry = Entry::of(record, &scribe.chain, next.try_get("seq")?, &player);
    let digest = entry.digest(&previous);
    entry.hash = digest.to_vec();
    entry.signed = scribe.sign(&digest);
    add(change, &entry).await?;
    let head = ChainHead {
        chain: entry.chain,
        number: next.try_get("number")?,
        seq: entry.seq,
        hash: entry.hash,
        signed: Signed::default(),
    };
    let signed = scribe.sign(&head.digest());
    let update = sqlx::query(HEAD).bind(head.chain.as_str()).bind(head.hash.as_slice());
    update.bind(signed.key_id.as_str()).bind(signed.signature.as_slice()).execute(change).await?;
    Ok(())
}

async fn add(change: &mut AnyConnection, entry: &Entry) -> Result<(), sqlx::Error> {
    sqlx::query(ADD)
        .bind(entry.chain.as_str())
        .bind(entry.seq)
        .bind(entry.id.as_str())
        .bind(entry.at.millis())
        .bind(entry.player.as_str())
        .bind(entry.actor.as_str())
        .bind(entry.event.as_str())
        .bind(entry.detail.as_str())
        .bind(entry.why.as_str())
        .bind(entry.origin.as_str())
        .bind(entry.outcome.as_str())
        .bind(entry.hash.as_slice())
        .bind(entry.signed.key_id.as_str())
        .bind(entry.signed.signature.as_slice())
        .execute(change)
        .await?;
    Ok(())
}

/// The player's pseudonym, a new one for a new player.
async fn pseudonym(change: &mut AnyConnection, subject: &Subject) -> Result<String, sqlx::Error> {
    let known = |row: sqlx::any::AnyRow| row.try_get("pseudonym");
    if let Some(row) = sqlx::query(PSEUDONYM).bind(subject.as_str()).fetch_optional(&mut *change).await? {
        return known(row);
    }
    let new = AuditPlayer::new(subject);
    let insert = sqlx::query(NEW_PLAYER).bind(new.pseudonym.as_str()).bind(subject.as_str());
    insert.bind(new.salt.as_slice()).execute(&mut *change).await?;
    known(sqlx::query(PSEUDONYM).bind(subject.as_str()).fetch_one(change).await?)
}
