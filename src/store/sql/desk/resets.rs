//! Resets of second factors and their temporary codes.

use sqlx::{AnyConnection, AnyPool, Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    request::Subject,
    secret::TokenHash,
    store::{
        ResetRecord, ResetState, ResetStep,
        sql::{accounts::parsed, devices::bytes32},
    },
};

const ONE: &str = "SELECT * FROM desk_reset WHERE id = $1";
const OPEN: &str = "SELECT * FROM desk_reset WHERE state = 'approved' OR (state = 'waiting' AND expires_at > $1) \
     ORDER BY requested_at, id LIMIT $2";
const OF_PLAYER: &str = "SELECT * FROM desk_reset WHERE subject = $1 ORDER BY requested_at DESC, id DESC LIMIT $2";
const DUE: &str = "SELECT * FROM desk_reset WHERE state = 'approved' AND due_at <= $1 ORDER BY due_at LIMIT $2";
const OF_LINK: &str = "SELECT * FROM desk_reset WHERE cancel = $1 AND state = 'approved'";
const LIVE_CODE: &str = "SELECT code FROM desk_reset \
     WHERE subject = $1 AND code_expires_at > $2 AND code_spent_at IS NULL ORDER BY code_expires_at DESC LIMIT 1";
const OTHERS: &str = "SELECT COUNT(*) AS found FROM desk_reset \
     WHERE subject = $1 AND (state = 'approved' OR (state = 'waiting' AND expires_at > $2))";
const REQUEST: &str = "INSERT INTO desk_reset (id, subject, case_reference, reason, evidence, requested_by, \
     requested_at, expires_at, state, due_at, cancel) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const APPROVE: &str = "UPDATE desk_reset SET state = 'approved', approved_by = $3, due_at = $4, cancel = $5 \
     WHERE id = $1 AND subject = $2 AND state = 'waiting' AND requested_by <> $3 AND expires_at > $6";
const CANCEL: &str = "UPDATE desk_reset SET state = 'cancelled', ended_by = $3, ended_at = $4 \
     WHERE id = $1 AND subject = $2 AND (state = 'approved' OR (state = 'waiting' AND expires_at > $4))";
const CALL_OFF: &str = "UPDATE desk_reset SET state = 'cancelled', ended_by = $2, ended_at = $3 \
     WHERE subject = $1 AND (state = 'approved' OR (state = 'waiting' AND expires_at > $3))";
const REVOKE: &str = "UPDATE desk_reset SET code = NULL, code_expires_at = NULL \
     WHERE subject = $1 AND code IS NOT NULL AND code_spent_at IS NULL";
const FINISH: &str = "UPDATE desk_reset SET state = 'done', ended_at = $3 \
     WHERE id = $1 AND subject = $2 AND state = 'approved' AND due_at <= $3";
const ISSUE: &str = "UPDATE desk_reset SET code = $3, code_expires_at = $4 \
     WHERE id = $1 AND subject = $2 AND state = 'done' AND ended_at > $5 AND code_spent_at IS NULL";
const SPEND: &str = "UPDATE desk_reset SET code_spent_at = $3 \
     WHERE subject = $1 AND code = $2 AND code_expires_at > $3 AND code_spent_at IS NULL";

pub(super) async fn one(pool: &AnyPool, id: &str) -> Result<Option<ResetRecord>, sqlx::Error> {
    sqlx::query(ONE).bind(id).fetch_optional(pool).await?.as_ref().map(record).transpose()
}

pub(super) async fn open(pool: &AnyPool, now: UnixTime, most: u32) -> Result<Vec<ResetRecord>, sqlx::Error> {
    records(&sqlx::query(OPEN).bind(now.millis()).bind(i64::from(most)).fetch_all(pool).await?)
}

pub(super) async fn of_player(pool: &AnyPool, subject: &Subject, most: u32) -> Result<Vec<ResetRecord>, sqlx::Error> {
    records(&sqlx::query(OF_PLAYER).bind(subject.as_str()).bind(i64::from(most)).fetch_all(pool).await?)
}

pub(super) async fn due(pool: &AnyPool, now: UnixTime, most: u32) -> Result<Vec<ResetRecord>, sqlx::Error> {
    records(&sqlx::query(DUE).bind(now.millis()).bind(i64::from(most)).fetch_all(pool).await?)
}

pub(super) async fn of_link(pool: &AnyPool, cancel: TokenHash) -> Result<Option<ResetRecord>, sqlx::Error> {
    sqlx::query(OF_LINK).bind(cancel.0.as_slice()).fetch_optional(pool).await?.as_ref().map(record).transpose()
}

pub(super) async fn live_code(
    pool: &AnyPool,
    subject: &Subject,
    now: UnixTime,
) -> Result<Option<[u8; 32]>, sqlx::Error> {
    let found = sqlx::query(LIVE_CODE).bind(subject.as_str()).bind(now.millis()).fetch_optional(pool).await?;
    found.map(|row| bytes32(row.try_get("code")?)).transpose()
}

/// Makes one step, within a change of the player's account that holds the lock of their row; `false`
/// when it did not find what it presumes.
pub(in crate::store::sql) async fn made(
    change: &mut AnyConnection,
    subject: &Subject,
    step: &ResetStep,
) -> Result<bool, sqlx::Error> {
    let owner = subject.as_str();
    let statement = match step {
        ResetStep::Request(record) => return request(change, record).await,
        ResetStep::Approve { id, by, at, due_at, cancel } => sqlx::query(APPROVE)
            .bind(id.as_str())
            .bind(owner)
            .bind(by.as_str())
            .bind(due_at.millis())
            .bind(cancel.0.as_slice())
            .bind(at.millis()),
        ResetStep::Cancel { id, by, at } => {
            sqlx::query(CANCEL).bind(id.as_str()).bind(owner).bind(by.as_str()).bind(at.millis())
        }
        ResetStep::Finish { id, at } => {
            revoke_code(change, subject).await?;
            sqlx::query(FINISH).bind(id.as_str()).bind(owner).bind(at.millis())
        }
        ResetStep::IssueCode { id, code, expires_at, done_after } => {
            revoke_code(change, subject).await?;
            let issue = sqlx::query(ISSUE).bind(id.as_str()).bind(owner).bind(code.as_slice());
            issue.bind(expires_at.millis()).bind(done_after.millis())
        }
        ResetStep::SpendCode { code, at } => sqlx::query(SPEND).bind(owner).bind(code.as_slice()).bind(at.millis()),
    };
    Ok(statement.execute(change).await?.rows_affected() == 1)
}

/// Calls every open reset of a player off; whether there was one.
pub(in crate::store::sql) async fn called_off(
    change: &mut AnyConnection,
    subject: &Subject,
    (by, at): (&str, UnixTime),
) -> Result<bool, sqlx::Error> {
    let statement = sqlx::query(CALL_OFF).bind(subject.as_str()).bind(by).bind(at.millis());
    Ok(statement.execute(change).await?.rows_affected() > 0)
}

/// Ends a temporary code that was not used.
pub(in crate::store::sql) async fn revoke_code(
    change: &mut AnyConnection,
    subject: &Subject,
) -> Result<(), sqlx::Error> {
    sqlx::query(REVOKE).bind(subject.as_str()).execute(change).await.map(|_| ())
}

async fn request(change: &mut AnyConnection, record: &ResetRecord) -> Result<bool, sqlx::Error> {
    let (owner, at) = (record.subject.as_str(), record.requested_at.millis());
    let others = sqlx::query(OTHERS).bind(owner).bind(at).fetch_one(&mut *change).await?;
    if others.try_get::<i64, _>("found")? != 0 {
        return Ok(false);
    }
    sqlx::query(REQUEST)
        .bind(record.id.as_str())
        .bind(owner)
        .bind(record.case.as_str())
        .bind(record.reason.as_str())
        .bind(record.evidence.as_str())
        .bind(record.requested_by.as_str())
        .bind(at)
        .bind(record.expires_at.millis())
        .bind(record.state.as_str())
        .bind(record.due_at.map(UnixTime::millis))
        .bind(record.cancel.as_ref().map(|cancel| cancel.0.as_slice()))
        .execute(change)
        .await?;
    Ok(true)
}

fn records(rows: &[AnyRow]) -> Result<Vec<ResetRecord>, sqlx::Error> {
    rows.iter().map(record).collect()
}

fn record(row: &AnyRow) -> Result<ResetRecord, sqlx::Error> {
    let time = |column| row.try_get(column).map(UnixTime::from_millis);
    let maybe = |column| row.try_get::<Option<i64>, _>(column).map(|at| at.map(UnixTime::from_millis));
    let cancel: Option<Vec<u8>> = row.try_get("cancel")?;
    Ok(ResetRecord {
        id: row.try_get("id")?,
        subject: parsed(row.try_get::<String, _>("subject")?.as_str(), |id| Subject::parse(id).ok())?,
        case: row.try_get("case_reference")?,
        reason: row.try_get("reason")?,
        evidence: row.try_get("evidence")?,
        requested_by: row.try_get("requested_by")?,
        requested_at: time("requested_at")?,
        expires_at: time("expires_at")?,
        state: parsed(row.try_get::<String, _>("state")?.as_str(), ResetState::parse)?,
        approved_by: row.try_get("approved_by")?,
        due_at: maybe("due_at")?,
        cancel: cancel.map(bytes32).transpose()?.map(TokenHash),
        ended_at: maybe("ended_at")?,
        ended_by: row.try_get("ended_by")?,
    })
}
