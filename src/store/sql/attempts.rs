//! Failed codes in a row.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row;

use crate::{
    clock::UnixTime,
    policy::{FactorKind, throttle::REBIND_AFTER},
    request::Subject,
    store::{Attempts, Reservation, StoreError, sql::Sql},
};

/// Counts one more failure unless paused or exhausted. Takes the row's lock, so that the next
/// reservation sees the pause that the same transaction sets.
const COUNT: &str = "INSERT INTO attempt (subject, kind, failures, paused_until) VALUES ($1, $2, 1, 0) \
     ON CONFLICT (subject, kind) DO UPDATE SET failures = attempt.failures + 1 \
     WHERE attempt.paused_until <= $3 AND attempt.failures < $4 RETURNING failures";
const PAUSE: &str = "UPDATE attempt SET paused_until = $3 WHERE subject = $1 AND kind = $2";
const STATE: &str = "SELECT failures, paused_until FROM attempt WHERE subject = $1 AND kind = $2";
const CLEAR: &str = "DELETE FROM attempt WHERE subject = $1 AND kind = $2";

#[async_trait]
impl Attempts for Sql {
    async fn reserve(
        &self,
        subject: &Subject,
        kind: FactorKind,
        now: UnixTime,
        pause_after: fn(u32) -> Duration,
    ) -> Result<Reservation, StoreError> {
        self.timed("reserve", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let counted = sqlx::query(COUNT)
                .bind(subject.as_str())
                .bind(kind.as_str())
                .bind(now.millis())
                .bind(i64::from(REBIND_AFTER))
                .fetch_optional(&mut *change)
                .await?;
            let Some(counted) = counted else {
                let state =
                    sqlx::query(STATE).bind(subject.as_str()).bind(kind.as_str()).fetch_one(&mut *change).await?;
                change.rollback().await?;
                return Ok(refused(failures(state.try_get("failures")?)?, state.try_get("paused_until")?));
            };
            let failures = failures(counted.try_get("failures")?)?;
            sqlx::query(PAUSE)
                .bind(subject.as_str())
                .bind(kind.as_str())
                .bind(now.plus(pause_after(failures)).millis())
                .execute(&mut *change)
                .await?;
            change.commit().await?;
            Ok(Reservation::Reserved { failures })
        })
        .await
    }

    async fn paused_until(
        &self,
        subject: &Subject,
        kind: FactorKind,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        self.timed("paused_until", async {
            let row = sqlx::query(STATE).bind(subject.as_str()).bind(kind.as_str()).fetch_optional(&self.pool).await?;
            let Some(row) = row else { return Ok(None) };
            let until = UnixTime::from_millis(row.try_get("paused_until")?);
            Ok((until > now).then_some(until))
        })
        .await
    }

    async fn clear(&self, subject: &Subject, kind: FactorKind) -> Result<(), StoreError> {
        self.timed("clear", async {
            sqlx::query(CLEAR).bind(subject.as_str()).bind(kind.as_str()).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }
}

/// Why nothing was counted.
fn refused(failures: u32, paused_until: i64) -> Reservation {
    if failures >= REBIND_AFTER {
        return Reservation::Exhausted;
    }
    Reservation::Paused { until: UnixTime::from_millis(paused_until) }
}

fn failures(stored: i64) -> Result<u32, sqlx::Error> {
    u32::try_from(stored).map_err(|out_of_range| sqlx::Error::Decode(out_of_range.into()))
}
