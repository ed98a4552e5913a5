//! Stamp families and epochs.

use async_trait::async_trait;
use sqlx::Row;

use crate::{
    clock::UnixTime,
    request::{Binding, Subject},
    store::{Families, StoreError, sql::Sql},
};

const OPEN: &str = "INSERT INTO family (binding, subject, opened_at) VALUES ($1, $2, $3) \
     ON CONFLICT (binding) DO UPDATE SET subject = family.subject \
     WHERE family.ended_at IS NULL AND family.subject = excluded.subject RETURNING opened_at";
/// The player's own epoch and the global one.
const EPOCH: &str = "SELECT CAST(COALESCE(player.epoch, 0) AS BIGINT) \
     + (SELECT CAST(COALESCE(MAX(epoch), 0) AS BIGINT) FROM global_epoch) AS epoch FROM family \
     LEFT JOIN player ON player.subject = family.subject \
     WHERE family.binding = $1 AND family.subject = $2 AND family.ended_at IS NULL AND player.frozen_at IS NULL";
const END: &str = "INSERT INTO family (binding, opened_at, ended_at) VALUES ($1, $2, $2) \
     ON CONFLICT (binding) DO UPDATE SET ended_at = COALESCE(family.ended_at, excluded.ended_at)";
const RAISE: &str = "INSERT INTO player (subject, epoch) VALUES ($1, 1) \
     ON CONFLICT (subject) DO UPDATE SET epoch = player.epoch + 1 \
     RETURNING player.epoch + (SELECT CAST(COALESCE(MAX(epoch), 0) AS BIGINT) FROM global_epoch) AS epoch";

#[async_trait]
impl Families for Sql {
    async fn open(&self, binding: Binding, subject: &Subject, now: UnixTime) -> Result<bool, StoreError> {
        self.timed("open_family", async {
            let row = sqlx::query(OPEN)
                .bind(binding.0.as_slice())
                .bind(subject.as_str())
                .bind(now.millis())
                .fetch_optional(&self.pool)
                .await?;
            Ok(row.is_some())
        })
        .await
    }

    async fn epoch_if_open(&self, binding: Binding, subject: &Subject) -> Result<Option<i64>, StoreError> {
        self.timed("epoch_if_open", async {
            let row =
                sqlx::query(EPOCH).bind(binding.0.as_slice()).bind(subject.as_str()).fetch_optional(&self.pool).await?;
            row.map(|row| row.try_get("epoch")).transpose()
        })
        .await
    }

    async fn end(&self, binding: Binding, now: UnixTime) -> Result<(), StoreError> {
        self.timed("end_family", async {
            sqlx::query(END).bind(binding.0.as_slice()).bind(now.millis()).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }

    async fn raise_epoch(&self, subject: &Subject) -> Result<i64, StoreError> {
        self.timed("raise_epoch", async {
            sqlx::query(RAISE).bind(subject.as_str()).fetch_one(&self.pool).await?.try_get("epoch")
        })
        .await
    }
}
