//! Which subject a session value belongs to.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row;

use crate::{
    clock::UnixTime,
    request::Subject,
    store::{LoginBindings, Remembered, StoreError, Watch, sql::Sql},
};

const BIND: &str = "INSERT INTO login_binding (session, subject, expires_at) VALUES ($1, $2, $3) \
     ON CONFLICT (session) DO UPDATE SET subject = excluded.subject, expires_at = excluded.expires_at";
const REMEMBERED: &str = "SELECT subject, expires_at FROM login_binding WHERE session = $1 AND expires_at > $2";
/// Takes the row's lock, also where there was none, and says what it was. No subject is empty: that is a watch.
const LOCK: &str = "INSERT INTO login_binding (session, subject, expires_at) VALUES ($1, '', 0) \
     ON CONFLICT (session) DO UPDATE SET session = excluded.session RETURNING subject, expires_at";
const WATCH: &str = "UPDATE login_binding SET subject = '', expires_at = $2 WHERE session = $1";
const CUT: &str = "UPDATE login_binding SET expires_at = $3 WHERE session = $1 AND subject = '' AND expires_at = $2 AND expires_at > $3";
const UNWATCH: &str = "DELETE FROM login_binding WHERE session = $1 AND subject = '' AND expires_at = $2";
const VOID: &str = "DELETE FROM login_binding WHERE session = $1";
const SWEEP: &str = "DELETE FROM login_binding WHERE expires_at <= $1";

#[async_trait]
impl LoginBindings for Sql {
    async fn bind(&self, session: [u8; 32], subject: &Subject, expires_at: UnixTime) -> Result<(), StoreError> {
        self.timed("bind_login", async {
            sqlx::query(BIND)
                .bind(session.as_slice())
                .bind(subject.as_str())
                .bind(expires_at.millis())
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    async fn subject(&self, session: [u8; 32], now: UnixTime) -> Result<Option<Subject>, StoreError> {
        Ok(match self.remembered(session, now).await? {
            Some(Remembered::Of(subject)) => Some(subject),
            Some(Remembered::Watched { .. }) | None => None,
        })
    }

    async fn void(&self, session: [u8; 32]) -> Result<(), StoreError> {
        self.timed("void_login", async {
            sqlx::query(VOID).bind(session.as_slice()).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }

    async fn remembered(&self, session: [u8; 32], now: UnixTime) -> Result<Option<Remembered>, StoreError> {
        self.timed("login_subject", async {
            let row =
                sqlx::query(REMEMBERED).bind(session.as_slice()).bind(now.millis()).fetch_optional(&self.pool).await?;
            let Some(row) = row else { return Ok(None) };
            let subject: String = row.try_get("subject")?;
            if subject.is_empty() {
                let until = UnixTime::from_millis(row.try_get("expires_at")?);
                return Ok(Some(Remembered::Watched { until }));
            }
            let subject = Subject::parse(&subject).map_err(|bad| sqlx::Error::Decode(bad.into()))?;
            Ok(Some(Remembered::Of(subject)))
        })
        .await
    }

    async fn watch(&self, session: [u8; 32], until: UnixTime, now: UnixTime) -> Result<Option<Watch>, StoreError> {
        self.timed("watch_login", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let row = sqlx::query(LOCK).bind(session.as_slice()).fetch_one(&mut *change).await?;
            let (subject, end): (String, i64) = (row.try_get("subject")?, row.try_get("expires_at")?);
            let before = Some(UnixTime::from_millis(end)).filter(|end| *end > now);
            if before.is_some() && !subject.is_empty() {
                return Ok(None);
            }
            let longer = before.map_or(until, |before| until.max(before.plus(Duration::from_millis(1))));
            sqlx::query(WATCH).bind(session.as_slice()).bind(longer.millis()).execute(&mut *change).await?;
            change.commit().await?;
            Ok(Some(Watch { until: longer, before }))
        })
        .await
    }

    async fn cut_watch(&self, session: [u8; 32], until: UnixTime, to: Option<UnixTime>) -> Result<(), StoreError> {
        self.timed("cut_watch", async {
            let query = sqlx::query(if to.is_some() { CUT } else { UNWATCH });
            let query = query.bind(session.as_slice()).bind(until.millis());
            match to {
                Some(to) => query.bind(to.millis()).execute(&self.pool).await?,
                None => query.execute(&self.pool).await?,
            };
            Ok(())
        })
        .await
    }

    async fn sweep_logins(&self, now: UnixTime) -> Result<u64, StoreError> {
        self.upkeep("sweep_logins", async {
            Ok(sqlx::query(SWEEP).bind(now.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }
}
