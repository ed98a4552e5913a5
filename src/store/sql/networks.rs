//! Failed codes by network.

use async_trait::async_trait;
use sqlx::Row;

use crate::{
    clock::UnixTime,
    store::{NetworkAttempts, NetworkPause, NetworkTries, StoreError, sql::Sql},
};

/// Counts one more failure unless the window is full; one that ended begins anew.
const COUNT: &str = "INSERT INTO network_attempt (network, failures, ends_at) VALUES ($1, 1, $2) \
     ON CONFLICT (network) DO UPDATE SET \
     failures = CASE WHEN network_attempt.ends_at <= $3 THEN 1 ELSE network_attempt.failures + 1 END, \
     ends_at = CASE WHEN network_attempt.ends_at <= $3 THEN excluded.ends_at ELSE network_attempt.ends_at END \
     WHERE network_attempt.ends_at <= $3 OR network_attempt.failures < $4 RETURNING failures";
const FULL: &str = "SELECT ends_at FROM network_attempt WHERE network = $1 AND failures >= $2 AND ends_at > $3";
const RELEASE: &str = "UPDATE network_attempt SET failures = failures - 1 WHERE network = $1 AND failures > 0";
const SWEEP: &str = "DELETE FROM network_attempt WHERE ends_at <= $1";

#[async_trait]
impl NetworkAttempts for Sql {
    async fn reserve_in_networks(
        &self,
        tries: &[NetworkTries],
        now: UnixTime,
        ends_at: UnixTime,
    ) -> Result<Option<NetworkPause>, StoreError> {
        let reserved = self.timed("reserve_in_networks", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            for tries in tries {
                let counted = sqlx::query(COUNT)
                    .bind(tries.network.as_slice())
                    .bind(ends_at.millis())
                    .bind(now.millis())
                    .bind(i64::from(tries.most))
                    .fetch_optional(&mut *change)
                    .await?;
                if counted.is_none() {
                    change.rollback().await?;
                    return Ok(false);
                }
            }
            change.commit().await?;
            Ok(true)
        });
        if reserved.await? {
            return Ok(None);
        }
        let full = self.paused_in_networks(tries, now).await?;
        // A window that ended, or got room, meanwhile: the next try is free.
        Ok(full.or(Some(NetworkPause { index: 0, until: now })))
    }

    async fn release_in_networks(&self, tries: &[NetworkTries]) -> Result<(), StoreError> {
        self.timed("release_in_networks", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            for tries in tries {
                sqlx::query(RELEASE).bind(tries.network.as_slice()).execute(&mut *change).await?;
            }
            change.commit().await
        })
        .await
    }

    async fn paused_in_networks(
        &self,
        tries: &[NetworkTries],
        now: UnixTime,
    ) -> Result<Option<NetworkPause>, StoreError> {
        self.timed("paused_in_networks", async {
            for (index, tries) in tries.iter().enumerate() {
                let full = sqlx::query(FULL).bind(tries.network.as_slice()).bind(i64::from(tries.most));
                if let Some(row) = full.bind(now.millis()).fetch_optional(&self.pool).await? {
                    let until = UnixTime::from_millis(row.try_get("ends_at")?);
                    return Ok(Some(NetworkPause { index, until }));
                }
            }
            Ok(None)
        })
        .await
    }

    async fn sweep_networks(&self, now: UnixTime) -> Result<u64, StoreError> {
        self.upkeep("sweep_networks", async {
            Ok(sqlx::query(SWEEP).bind(now.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }
}
