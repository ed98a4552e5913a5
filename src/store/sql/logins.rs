//! Which subject a session value belongs to.

use async_trait::async_trait;
use sqlx::Row;

use crate::{
    clock::UnixTime,
    request::Subject,
    store::{LoginBindings, StoreError, sql::Sql},
};

const BIND: &str = "INSERT INTO login_binding (session, subject, expires_at) VALUES ($1, $2, $3) \
     ON CONFLICT (session) DO UPDATE SET subject = excluded.subject, expires_at = excluded.expires_at";
const SUBJECT: &str = "SELECT subject FROM login_binding WHERE session = $1 AND expires_at > $2";
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
        self.timed("login_subject", async {
            let row =
                sqlx::query(SUBJECT).bind(session.as_slice()).bind(now.millis()).fetch_optional(&self.pool).await?;
            let Some(row) = row else { return Ok(None) };
            let subject: String = row.try_get("subject")?;
            Subject::parse(&subject).map(Some).map_err(|bad| sqlx::Error::Decode(bad.into()))
        })
        .await
    }

    async fn void(&self, session: [u8; 32]) -> Result<(), StoreError> {
        self.timed("void_login", async {
            sqlx::query(VOID).bind(session.as_slice()).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }

    async fn sweep_logins(&self, now: UnixTime) -> Result<u64, StoreError> {
        self.timed("sweep_logins", async {
            Ok(sqlx::query(SWEEP).bind(now.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }
}
