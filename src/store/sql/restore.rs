//! After a backup of the database was put back: nothing that ended since the backup may come to life again.

use sqlx::Row;

use crate::{
    clock::UnixTime,
    factor::app::step_of,
    policy::FactorKind,
    request::Subject,
    store::{
        StoreError,
        sql::{Sql, accounts::parsed},
    },
};

const RAISE: &str = "INSERT INTO global_epoch (epoch) \
     SELECT CASE WHEN COALESCE(MAX(epoch), 0) < $1 THEN $1 ELSE MAX(epoch) + 1 END FROM global_epoch";
const EPOCH: &str = "SELECT CAST(COALESCE(MAX(epoch), 0) AS BIGINT) AS epoch FROM global_epoch";
const FLOOR: &str = "UPDATE factor SET last_step = $1 WHERE kind = $2 AND last_step < $1";
const WITH_CODES: &str = "SELECT DISTINCT subject FROM backup_code WHERE spent_at IS NULL ORDER BY subject";
const WITH_FACTORS: &str = "SELECT DISTINCT subject FROM factor ORDER BY subject";
/// What a copy that is older than its end would bring back.
const VOID: [&str; 4] = [
    "DELETE FROM device",
    "DELETE FROM family WHERE ended_at IS NULL",
    "DELETE FROM login_binding",
    "DELETE FROM backup_code WHERE spent_at IS NULL",
];

/// What was made void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voided {
    /// The global epoch from now on.
    pub epoch: i64,
    /// Codes of apps count from the step after this one on.
    pub step: i64,
    /// Players with a factor.
    pub players: Vec<Subject>,
    /// Players whose backup codes are gone, since some may have been used after the backup.
    pub without_codes: Vec<Subject>,
}

impl Sql {
    /// Makes void, whole or not at all, what may have ended after the copy was made that now is the
    /// database. May be done again.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing changed.
    pub async fn void_before(&self, now: UnixTime) -> Result<Voided, StoreError> {
        self.upkeep("void_before", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let step = step_of(now) - 1;
            let mut subjects = [Vec::new(), Vec::new()];
            for (statement, subjects) in [WITH_FACTORS, WITH_CODES].into_iter().zip(&mut subjects) {
                for row in sqlx::query(statement).fetch_all(&mut *change).await? {
                    subjects.push(parsed(&row.try_get::<String, _>("subject")?, |id| Subject::parse(id).ok())?);
                }
            }
            sqlx::query(RAISE).bind(now.secs()).execute(&mut *change).await?;
            sqlx::query(FLOOR).bind(step).bind(FactorKind::App.as_str()).execute(&mut *change).await?;
            for statement in VOID {
                sqlx::query(statement).execute(&mut *change).await?;
            }
            let epoch = sqlx::query(EPOCH).fetch_one(&mut *change).await?.try_get("epoch")?;
            change.commit().await?;
            let [players, without_codes] = subjects;
            Ok(Voided { epoch, step, players, without_codes })
        })
        .await
    }
}
