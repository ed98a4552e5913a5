//! The steps of an account's change, each one statement.

use sqlx::{Any, AnyConnection, Row, query::Query};

use crate::{
    request::Subject,
    store::{
        AuditRecord, BackupCodeRecord, Edit, FactorRecord,
        sql::{desk::resets, outbox, spent},
    },
};

const ACTIVE: &str = "SELECT COUNT(*) AS found FROM factor WHERE subject = $1 AND suspended = 0";
const HAS: &str = "SELECT COUNT(*) AS found FROM factor WHERE subject = $1 AND id = $2 AND suspended = 0";
const FROZEN: &str = "SELECT COUNT(*) AS found FROM player WHERE subject = $1 AND frozen_at IS NOT NULL";
const EPOCH: &str = "SELECT COUNT(*) AS found FROM player WHERE subject = $1 AND epoch = $2";
const FROZEN_FOR: &str = "SELECT COUNT(*) AS found FROM player \
     WHERE subject = $1 AND frozen_at IS NOT NULL AND COALESCE(frozen_for, frozen_at) = $2";
const BOUND: &str = "UPDATE player SET must_bind = 0 WHERE subject = $1";
const ADD: &str = "INSERT INTO factor (id, subject, kind, key_id, sealed, created_at, matures_at, last_step) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const REMOVE: &str = "DELETE FROM factor WHERE id = $2 AND subject = $1";
const SUSPEND: &str = "UPDATE factor SET suspended = 1 WHERE id = $2 AND subject = $1 AND suspended = 0";
const RESUME: &str = "UPDATE factor SET suspended = 0 WHERE id = $2 AND subject = $1 AND suspended = 1";
const REMOVE_SUSPENDED: &str = "DELETE FROM factor WHERE subject = $1 AND suspended = 1";
const MUST_BIND: &str = "UPDATE player SET must_bind = 1 WHERE subject = $1";
const DROP_CODES: &str = "DELETE FROM backup_code WHERE subject = $1";
const ADD_CODE: &str = "INSERT INTO backup_code (id, subject, selector, hash) VALUES ($1, $2, $3, $4)";
const SPEND_CODE: &str = "UPDATE backup_code SET spent_at = $3 WHERE id = $2 AND subject = $1 AND spent_at IS NULL";
const RAISE: &str = "UPDATE player SET epoch = epoch + 1 WHERE subject = $1";
const HAPPENED: &str = "INSERT INTO cool_down (subject, cause, at) VALUES ($1, $2, $3) \
     ON CONFLICT (subject, cause) DO UPDATE SET at = excluded.at WHERE cool_down.at < excluded.at";
/// The earliest of the events counts: a factor that came after it must not clear the freeze.
const FREEZE: &str = "UPDATE player SET frozen_for = CASE WHEN frozen_at IS NULL OR frozen_for > $3 THEN $3 \
     ELSE frozen_for END, frozen_at = COALESCE(frozen_at, $2) WHERE subject = $1";
const UNFREEZE: &str = "UPDATE player SET frozen_at = NULL, frozen_for = NULL WHERE subject = $1";
const FORGET_DEVICES: &str = "DELETE FROM device WHERE subject = $1";
const FORGET_DEVICE: &str = "DELETE FROM device WHERE subject = $1 AND id = $2";
const OFFER_FREEZE: &str = "INSERT INTO freeze_offer (token, subject, event_at, expires_at) VALUES ($1, $2, $3, $4)";

/// What became of a step.
pub(super) enum Made<'e> {
    /// It did not find what it presumes.
    No,
    /// It was made.
    Yes,
    /// It was made, and this row is to be written: the audit comes once every other step is made.
    Recorded(&'e AuditRecord),
}

/// Makes one step.
pub(super) async fn made<'e>(
    change: &mut AnyConnection,
    subject: &Subject,
    edit: &'e Edit,
) -> Result<Made<'e>, sqlx::Error> {
    if let Edit::Record(record) = edit {
        return Ok(Made::Recorded(record));
    }
    if let Edit::CallOffResets { by, at, record } = edit {
        let called_off = resets::called_off(change, subject, (by, *at)).await?;
        return Ok(if called_off { Made::Recorded(record) } else { Made::Yes });
    }
    let found = is_made(change, subject, edit).await?;
    Ok(if found { Made::Yes } else { Made::No })
}

async fn is_made(change: &mut AnyConnection, subject: &Subject, edit: &Edit) -> Result<bool, sqlx::Error> {
    let id = subject.as_str();
    match edit {
        Edit::RequireNoFactor => Ok(count(change, sqlx::query(ACTIVE).bind(id)).await? == 0),
        Edit::RequireFactor(factor) => Ok(count(change, sqlx::query(HAS).bind(id).bind(factor.as_str())).await? == 1),
        Edit::RequireNotFrozen => Ok(count(change, sqlx::query(FROZEN).bind(id)).await? == 0),
        Edit::RequireEpoch(epoch) => Ok(count(change, sqlx::query(EPOCH).bind(id).bind(*epoch)).await? == 1),
        Edit::RequireFreeze(freeze) => {
            let frozen = sqlx::query(FROZEN_FOR).bind(id).bind(freeze.event_at.millis());
            Ok(count(change, frozen).await? == 1)
        }
        Edit::Add(factor) => add(change, factor).await,
        Edit::Remove(factor) => found(change, sqlx::query(REMOVE).bind(id).bind(factor.as_str())).await,
        Edit::Suspend(factor) => found(change, sqlx::query(SUSPEND).bind(id).bind(factor.as_str())).await,
        Edit::Resume(factor) => found(change, sqlx::query(RESUME).bind(id).bind(factor.as_str())).await,
        Edit::RemoveSuspended => done(change, sqlx::query(REMOVE_SUSPENDED).bind(id)).await,
        Edit::MustBind => done(change, sqlx::query(MUST_BIND).bind(id)).await,
        Edit::ReplaceBackupCodes(codes) => replace_codes(change, subject, codes).await,
        Edit::SpendBackupCode { id: code, at } => {
            found(change, sqlx::query(SPEND_CODE).bind(id).bind(code.as_str()).bind(at.millis())).await
        }
        Edit::RaiseEpoch => done(change, sqlx::query(RAISE).bind(id)).await,
        Edit::Happened(cause, at) => {
            done(change, sqlx::query(HAPPENED).bind(id).bind(cause.as_str()).bind(at.millis())).await
        }
        Edit::Freeze(freeze) => {
            let (at, event_at) = (freeze.at.millis(), freeze.event_at.millis());
            resets::revoke_code(change, subject).await?;
            done(change, sqlx::query(FREEZE).bind(id).bind(at).bind(event_at)).await
        }
        Edit::Unfreeze => done(change, sqlx::query(UNFREEZE).bind(id)).await,
        Edit::ForgetDevices => done(change, sqlx::query(FORGET_DEVICES).bind(id)).await,
        Edit::ForgetDevice(device) => done(change, sqlx::query(FORGET_DEVICE).bind(id).bind(device.as_str())).await,
        Edit::OfferFreeze { token, event_at, expires_at } => {
            let offer = sqlx::query(OFFER_FREEZE).bind(token.0.as_slice()).bind(id);
            done(change, offer.bind(event_at.millis()).bind(expires_at.millis())).await
        }
        Edit::Spend { id, expires_at } => found(change, spent::insert(id, *expires_at)).await,
        Edit::Reset(step) => resets::made(change, subject, step).await,
        Edit::Tell(record) => done(change, outbox::insert(record)).await,
        Edit::Record(_) | Edit::CallOffResets { .. } => Ok(true),
    }
}

type Statement<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

async fn count(change: &mut AnyConnection, statement: Statement<'_>) -> Result<i64, sqlx::Error> {
    statement.fetch_one(change).await?.try_get("found")
}

/// A step that presumes exactly one row.
async fn found(change: &mut AnyConnection, statement: Statement<'_>) -> Result<bool, sqlx::Error> {
    Ok(statement.execute(change).await?.rows_affected() == 1)
}

/// A step that presumes nothing.
async fn done(change: &mut AnyConnection, statement: Statement<'_>) -> Result<bool, sqlx::Error> {
    statement.execute(change).await?;
    Ok(true)
}

async fn add(change: &mut AnyConnection, factor: &FactorRecord) -> Result<bool, sqlx::Error> {
    sqlx::query(BOUND).bind(factor.subject.as_str()).execute(&mut *change).await?;
    resets::revoke_code(change, &factor.subject).await?;
    let insert = sqlx::query(ADD)
        .bind(factor.id.as_str())
        .bind(factor.subject.as_str())
        .bind(factor.kind.as_str())
        .bind(factor.sealed.key_id.as_str())
        .bind(factor.sealed.bytes.as_slice())
        .bind(factor.created_at.millis())
        .bind(factor.matures_at.millis())
        .bind(factor.last_step);
    done(change, insert).await
}

async fn replace_codes(
    change: &mut AnyConnection,
    subject: &Subject,
    codes: &[BackupCodeRecord],
) -> Result<bool, sqlx::Error> {
    sqlx::query(DROP_CODES).bind(subject.as_str()).execute(&mut *change).await?;
    for code in codes {
        let insert = sqlx::query(ADD_CODE).bind(code.id.as_str()).bind(subject.as_str());
        insert.bind(code.selector.as_str()).bind(code.hash.as_str()).execute(&mut *change).await?;
    }
    Ok(true)
}
