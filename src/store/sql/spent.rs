//! Ids of what was consumed.

use async_trait::async_trait;
use sqlx::{Any, query::Query};

use crate::{
    clock::UnixTime,
    store::{Spent, StoreError, sql::Sql},
};

const SPEND: &str = "INSERT INTO spent (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
const FIND: &str = "SELECT id FROM spent WHERE id = $1 AND expires_at > $2";
const SWEEP: &str = "DELETE FROM spent WHERE expires_at < $1";

/// Inserts an id; changes no row where it is there.
pub(super) fn insert(id: &str, expires_at: UnixTime) -> Query<'_, Any, sqlx::any::AnyArguments> {
    sqlx::query(SPEND).bind(id).bind(expires_at.millis())
}

#[async_trait]
impl Spent for Sql {
    async fn spend(&self, id: &str, expires_at: UnixTime) -> Result<bool, StoreError> {
        self.timed("spend", async { Ok(insert(id, expires_at).execute(&self.pool).await?.rows_affected() == 1) }).await
    }

    async fn is_spent(&self, id: &str, now: UnixTime) -> Result<bool, StoreError> {
        self.timed("is_spent", async {
            Ok(sqlx::query(FIND).bind(id).bind(now.millis()).fetch_optional(&self.pool).await?.is_some())
        })
        .await
    }

    async fn sweep(&self, now: UnixTime) -> Result<u64, StoreError> {
        self.timed("sweep", async {
            Ok(sqlx::query(SWEEP).bind(now.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }
}
