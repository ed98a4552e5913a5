//! Failed codes in a row.

use async_trait::async_trait;
use sqlx::Row;

use crate::{
    clock::UnixTime,
    policy::throttle::Pauses,
    request::Subject,
    store::{Attempts, Failed, Reservation, StoreError, Tries, TriesBy, sql::Sql},
};

/// Counts one more failure unless paused or exhausted. Takes the row's lock, so that the next
/// reservation sees the pause that the same transaction sets.
const COUNT: &str = "INSERT INTO attempt (subject, kind, failures, paused_until) VALUES ($1, $2, 1, 0) \
     ON CONFLICT (subject, kind) DO UPDATE SET failures = attempt.failures + 1 \
     WHERE attempt.paused_until <= $3 AND attempt.failures < $4 RETURNING failures";
const PAUSE: &str = "UPDATE attempt SET paused_until = $3 WHERE subject = $1 AND kind = $2";
const STATE: &str = "SELECT failures, paused_until FROM attempt WHERE subject = $1 AND kind = $2";
const RELEASE: &str = "UPDATE attempt SET failures = failures - 1, paused_until = 0 \
     WHERE subject = $1 AND kind = $2 AND failures > 0";
const CLEAR: &str = "DELETE FROM attempt WHERE subject = $1 AND kind = $2";
const CLEAR_EXHAUSTED: &str = "DELETE FROM attempt WHERE subject = $1 AND failures >= $2";

#[async_trait]
impl Attempts for Sql {
    async fn reserve(
        &self,
        subject: &Subject,
        tries: Tries,
        now: UnixTime,
        pauses: Pauses,
    ) -> Result<Reservation, StoreError> {
        let word = tries.word();
        self.timed("reserve", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let counted = sqlx::query(COUNT)
                .bind(subject.as_str())
                .bind(word.as_str())
                .bind(now.millis())
                .bind(most(tries, pauses))
                .fetch_optional(&mut *change)
                .await?;
            let Some(counted) = counted else {
                let state =
                    sqlx::query(STATE).bind(subject.as_str()).bind(word.as_str()).fetch_optional(&mut *change).await?;
                change.rollback().await?;
                // A right code has cleared it just now: the pause is over.
                let Some(state) = state else { return Ok(Reservation::Paused { until: now }) };
                return Ok(refused(most(tries, pauses), state.try_get("failures")?, state.try_get("paused_until")?));
            };
            let failures = failures(counted.try_get("failures")?)?;
            sqlx::query(PAUSE)
                .bind(subject.as_str())
                .bind(word.as_str())
                .bind(pauses.until(failures, now).millis())
                .execute(&mut *change)
                .await?;
            change.commit().await?;
            Ok(Reservation::Reserved { failures })
        })
        .await
    }

    async fn failed(&self, subject: &Subject, tries: Tries, now: UnixTime) -> Result<Failed, StoreError> {
        self.timed("failed", async {
            let row = sqlx::query(STATE).bind(subject.as_str()).bind(tries.word()).fetch_optional(&self.pool).await?;
            let Some(row) = row else { return Ok(Failed::default()) };
            let until = UnixTime::from_millis(row.try_get("paused_until")?);
            let count = failures(row.try_get("failures")?)?;
            Ok(Failed { count, paused_until: (until > now).then_some(until) })
        })
        .await
    }

    async fn release(&self, subject: &Subject, tries: Tries) -> Result<(), StoreError> {
        self.timed("release", async {
            sqlx::query(RELEASE).bind(subject.as_str()).bind(tries.word()).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }

    async fn clear(&self, subject: &Subject, tries: Tries) -> Result<(), StoreError> {
        self.timed("clear", async {
            sqlx::query(CLEAR).bind(subject.as_str()).bind(tries.word()).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }

    async fn clear_exhausted(&self, subject: &Subject, rebind_after: u32) -> Result<(), StoreError> {
        self.timed("clear_exhausted", async {
            let clear = sqlx::query(CLEAR_EXHAUSTED).bind(subject.as_str()).bind(i64::from(rebind_after));
            clear.execute(&self.pool).await?;
            Ok(())
        })
        .await
    }
}

/// How many failures there can be.
fn most(tries: Tries, pauses: Pauses) -> i64 {
    match tries.by {
        TriesBy::Anyone | TriesBy::KnownBrowser => i64::from(pauses.rebind_after),
        TriesBy::Enrolment => i64::from(u32::MAX),
    }
}

/// Why nothing was counted.
fn refused(most: i64, failures: i64, paused_until: i64) -> Reservation {
    if failures >= most {
        return Reservation::Exhausted;
    }
    Reservation::Paused { until: UnixTime::from_millis(paused_until) }
}

fn failures(stored: i64) -> Result<u32, sqlx::Error> {
    u32::try_from(stored).map_err(|out_of_range| sqlx::Error::Decode(out_of_range.into()))
}
