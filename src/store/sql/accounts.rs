//! Players' accounts: what is known of one, and its changes.

mod edits;

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use self::edits::Made;
use crate::{
    clock::UnixTime,
    policy::{FactorKind, cooldown},
    request::Subject,
    secret::{Sealed, TokenHash},
    store::{
        Accounts, Applied, AuditRecord, BackupCodeRecord, Edit, FactorRecord, Freeze, PlayerState, StoreError,
        sql::{Sql, audit, trail},
    },
};

/// With the global epoch, as stamps have it.
const PLAYER: &str = "SELECT player.epoch + (SELECT CAST(COALESCE(MAX(epoch), 0) AS BIGINT) FROM global_epoch) AS epoch, \
     must_bind, frozen_at, frozen_for FROM player WHERE subject = $1";
const FACTORS: &str = "SELECT id, kind, key_id, sealed, created_at, matures_at, last_step, suspended FROM factor \
     WHERE subject = $1 ORDER BY created_at, id";
const CODES_LEFT: &str = "SELECT COUNT(*) AS left_over FROM backup_code WHERE subject = $1 AND spent_at IS NULL";
const HAPPENED: &str = "SELECT cause, at FROM cool_down WHERE subject = $1";
const ADVANCE: &str = "UPDATE factor SET last_step = $2 WHERE id = $1 AND last_step < $2";
const CODE: &str = "SELECT id, hash FROM backup_code WHERE subject = $1 AND selector = $2 AND spent_at IS NULL";
const SWEEP_OFFERS: &str = "DELETE FROM freeze_offer WHERE expires_at <= $1";
const OFFER: &str = "SELECT subject, event_at FROM freeze_offer WHERE token = $1 AND expires_at > $2";
/// Makes the player's row and takes its lock: changes of one account take turns.
const LOCK: &str = "INSERT INTO player (subject) VALUES ($1) \
     ON CONFLICT (subject) DO UPDATE SET must_bind = player.must_bind";

#[async_trait]
impl Accounts for Sql {
    async fn player(&self, subject: &Subject) -> Result<PlayerState, StoreError> {
        self.timed("player", async {
            let Some(player) = sqlx::query(PLAYER).bind(subject.as_str()).fetch_optional(&self.pool).await? else {
                return Ok(PlayerState::default());
            };
            let mut state = PlayerState {
                epoch: player.try_get("epoch")?,
                must_bind: player.try_get::<i32, _>("must_bind")? != 0,
                freeze: freeze(&player)?,
                ..PlayerState::default()
            };
            for row in sqlx::query(FACTORS).bind(subject.as_str()).fetch_all(&self.pool).await? {
                let suspended = row.try_get::<i32, _>("suspended")? != 0;
                let kept = factor(&row, subject)?;
                if suspended { state.suspended.push(kept) } else { state.factors.push(kept) }
            }
            let left = sqlx::query(CODES_LEFT).bind(subject.as_str()).fetch_one(&self.pool).await?;
            state.backup_codes_left = u32::try_from(left.try_get::<i64, _>("left_over")?).unwrap_or(u32::MAX);
            for row in sqlx::query(HAPPENED).bind(subject.as_str()).fetch_all(&self.pool).await? {
                let cause = parsed(row.try_get::<String, _>("cause")?.as_str(), cooldown::Cause::parse)?;
                state.happened.set(cause, UnixTime::from_millis(row.try_get("at")?));
            }
            Ok(state)
        })
        .await
    }

    async fn apply(&self, subject: &Subject, edits: &[Edit]) -> Result<Applied, StoreError> {
        self.timed("apply", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            sqlx::query(LOCK).bind(subject.as_str()).execute(&mut *change).await?;
            let mut records = Vec::new();
            for edit in edits {
                match edits::made(&mut change, subject, edit).await? {
                    Made::No => {
                        change.rollback().await?;
                        return Ok(Applied::Conflict);
                    }
                    Made::Yes => {}
                    Made::Recorded(record) => records.push(record),
                }
            }
            // Last, since the chain's head is locked from the first row on until the end of the change.
            for record in records {
                audit::append(&mut change, self.scribe.as_deref(), record).await?;
            }
            change.commit().await?;
            Ok(Applied::Done)
        })
        .await
    }

    async fn advance_step(&self, factor_id: &str, step: i64) -> Result<bool, StoreError> {
        self.timed("advance_step", async {
            let changed = sqlx::query(ADVANCE).bind(factor_id).bind(step).execute(&self.pool).await?;
            Ok(changed.rows_affected() == 1)
        })
        .await
    }

    async fn backup_code(&self, subject: &Subject, selector: &str) -> Result<Option<BackupCodeRecord>, StoreError> {
        self.timed("backup_code", async {
            let row = sqlx::query(CODE).bind(subject.as_str()).bind(selector).fetch_optional(&self.pool).await?;
            let record = |row: AnyRow| {
                Ok(BackupCodeRecord {
                    id: row.try_get("id")?,
                    selector: selector.to_owned(),
                    hash: row.try_get("hash")?,
                })
            };
            row.map(record).transpose()
        })
        .await
    }

    async fn freeze_offer(&self, token: TokenHash, now: UnixTime) -> Result<Option<(Subject, UnixTime)>, StoreError> {
        self.timed("freeze_offer", async {
            let found =
                sqlx::query(OFFER).bind(token.0.as_slice()).bind(now.millis()).fetch_optional(&self.pool).await?;
            let offer = |row: AnyRow| {
                let subject = parsed(row.try_get::<String, _>("subject")?.as_str(), |id| Subject::parse(id).ok())?;
                Ok((subject, UnixTime::from_millis(row.try_get("event_at")?)))
            };
            found.map(offer).transpose()
        })
        .await
    }

    async fn sweep_freeze_offers(&self, now: UnixTime) -> Result<u64, StoreError> {
        self.upkeep("sweep_freeze_offers", async {
            Ok(sqlx::query(SWEEP_OFFERS).bind(now.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }

    async fn activity(&self, subject: &Subject, most: u32) -> Result<Vec<AuditRecord>, StoreError> {
        self.timed("activity", trail::activity(&self.pool, subject, most)).await
    }
}

fn freeze(player: &AnyRow) -> Result<Option<Freeze>, sqlx::Error> {
    let at: Option<i64> = player.try_get("frozen_at")?;
    let event_at: Option<i64> = player.try_get("frozen_for")?;
    let time = |millis: i64| UnixTime::from_millis(millis);
    Ok(at.map(|at| Freeze { at: time(at), event_at: time(event_at.unwrap_or(at)) }))
}

/// A factor out of its row; an unknown kind is an error, not a factor less.
fn factor(row: &AnyRow, subject: &Subject) -> Result<FactorRecord, sqlx::Error> {
    Ok(FactorRecord {
        id: row.try_get("id")?,
        subject: subject.clone(),
        kind: parsed(row.try_get::<String, _>("kind")?.as_str(), FactorKind::parse)?,
        sealed: Sealed { key_id: row.try_get("key_id")?, bytes: row.try_get("sealed")? },
        created_at: UnixTime::from_millis(row.try_get("created_at")?),
        matures_at: UnixTime::from_millis(row.try_get("matures_at")?),
        last_step: row.try_get("last_step")?,
    })
}

/// A word of the store as what it stands for; one that nobody knows is an error.
pub(super) fn parsed<T>(word: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    parse(word).ok_or_else(|| sqlx::Error::Decode("a word that is not known".into()))
}
