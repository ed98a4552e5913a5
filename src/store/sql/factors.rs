//! Players and their factors.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    policy::FactorKind,
    request::Subject,
    secret::Sealed,
    store::{FactorRecord, Factors, PlayerState, StoreError, sql::Sql},
};

const PLAYER: &str = "SELECT epoch, must_bind FROM player WHERE subject = $1";
const FACTORS: &str = "SELECT id, kind, key_id, sealed, created_at, matures_at, last_step FROM factor \
     WHERE subject = $1 ORDER BY created_at, id";
const BOUND: &str = "INSERT INTO player (subject, must_bind) VALUES ($1, 0) \
     ON CONFLICT (subject) DO UPDATE SET must_bind = 0";
const INSERT: &str = "INSERT INTO factor (id, subject, kind, key_id, sealed, created_at, matures_at, last_step) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const ADVANCE: &str = "UPDATE factor SET last_step = $2 WHERE id = $1 AND last_step < $2";
const REMOVE: &str = "DELETE FROM factor WHERE id = $1 AND subject = $2";

#[async_trait]
impl Factors for Sql {
    async fn player(&self, subject: &Subject) -> Result<PlayerState, StoreError> {
        self.timed("player", async {
            let player = sqlx::query(PLAYER).bind(subject.as_str()).fetch_optional(&self.pool).await?;
            let Some(player) = player else {
                return Ok(PlayerState { epoch: 0, must_bind: false, factors: Vec::new() });
            };
            let rows = sqlx::query(FACTORS).bind(subject.as_str()).fetch_all(&self.pool).await?;
            Ok(PlayerState {
                epoch: player.try_get("epoch")?,
                must_bind: player.try_get::<i32, _>("must_bind")? != 0,
                factors: rows.iter().map(|row| factor(row, subject)).collect::<Result<_, _>>()?,
            })
        })
        .await
    }

    async fn activate(&self, factor: &FactorRecord) -> Result<(), StoreError> {
        self.timed("activate", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            sqlx::query(BOUND).bind(factor.subject.as_str()).execute(&mut *change).await?;
            sqlx::query(INSERT)
                .bind(factor.id.as_str())
                .bind(factor.subject.as_str())
                .bind(factor.kind.as_str())
                .bind(factor.sealed.key_id.as_str())
                .bind(factor.sealed.bytes.as_slice())
                .bind(factor.created_at.millis())
                .bind(factor.matures_at.millis())
                .bind(factor.last_step)
                .execute(&mut *change)
                .await?;
            change.commit().await
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

    async fn remove(&self, subject: &Subject, factor_id: &str) -> Result<bool, StoreError> {
        self.timed("remove", async {
            let changed = sqlx::query(REMOVE).bind(factor_id).bind(subject.as_str()).execute(&self.pool).await?;
            Ok(changed.rows_affected() == 1)
        })
        .await
    }
}

/// A factor out of its row; an unknown kind is an error, not a factor less.
fn factor(row: &AnyRow, subject: &Subject) -> Result<FactorRecord, sqlx::Error> {
    let kind: String = row.try_get("kind")?;
    let kind = FactorKind::parse(&kind).ok_or_else(|| sqlx::Error::Decode("an unknown factor kind".into()))?;
    Ok(FactorRecord {
        id: row.try_get("id")?,
        subject: subject.clone(),
        kind,
        sealed: Sealed { key_id: row.try_get("key_id")?, bytes: row.try_get("sealed")? },
        created_at: UnixTime::from_millis(row.try_get("created_at")?),
        matures_at: UnixTime::from_millis(row.try_get("matures_at")?),
        last_step: row.try_get("last_step")?,
    })
}
