//! Remembered devices.

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    policy::FactorKind,
    request::{Binding, Subject},
    secret::TokenHash,
    store::{
        DeviceRecord, Devices, StoreError,
        sql::{Sql, accounts::parsed},
    },
};

const INSERT: &str = "INSERT INTO device (id, subject, name, token, previous_token, rotated_at, rotated_for, auth_time, \
     created_at, used_at, expires_at, proven_by, rotated_epoch, seen) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
/// Keeps the newest of a player.
const TRIM: &str = "DELETE FROM device WHERE subject = $1 AND id NOT IN \
     (SELECT id FROM device WHERE subject = $1 ORDER BY used_at DESC, id DESC LIMIT $2)";
const FIND: &str = "SELECT * FROM device WHERE id = $1 AND expires_at > $2";
const ROTATE: &str = "UPDATE device SET token = $3, previous_token = $4, rotated_at = $5, rotated_for = $6, used_at = $7, \
     rotated_epoch = $8, seen = $9 WHERE id = $1 AND token = $2 AND (token = $4 OR seen = 0)";
const SEEN: &str = "UPDATE device SET seen = 1 WHERE id = $1 AND token = $2";
const OF_PLAYER: &str = "SELECT * FROM device WHERE subject = $1 AND expires_at > $2 ORDER BY used_at DESC, id";
const SWEEP: &str = "DELETE FROM device WHERE expires_at <= $1";

#[async_trait]
impl Devices for Sql {
    async fn remember(&self, device: &DeviceRecord, most: u32) -> Result<(), StoreError> {
        self.timed("remember_device", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            sqlx::query(INSERT)
                .bind(device.id.as_str())
                .bind(device.subject.as_str())
                .bind(device.name.as_str())
                .bind(device.token.0.as_slice())
                .bind(device.previous_token.as_ref().map(|token| token.0.as_slice()))
                .bind(device.rotated_at.millis())
                .bind(device.rotated_for.as_ref().map(|binding| binding.0.as_slice()))
                .bind(device.auth_time.millis())
                .bind(device.created_at.millis())
                .bind(device.used_at.millis())
                .bind(device.expires_at.millis())
                .bind(device.proven_by.as_str())
                .bind(device.rotated_epoch)
                .bind(i64::from(device.is_seen))
                .execute(&mut *change)
                .await?;
            sqlx::query(TRIM).bind(device.subject.as_str()).bind(i64::from(most)).execute(&mut *change).await?;
            change.commit().await
        })
        .await
    }

    async fn find(&self, id: &str, now: UnixTime) -> Result<Option<DeviceRecord>, StoreError> {
        self.timed("find_device", async {
            let row = sqlx::query(FIND).bind(id).bind(now.millis()).fetch_optional(&self.pool).await?;
            row.as_ref().map(device).transpose()
        })
        .await
    }

    async fn rotate(&self, old: TokenHash, new: &DeviceRecord) -> Result<bool, StoreError> {
        self.timed("rotate_device", async {
            let changed = sqlx::query(ROTATE)
                .bind(new.id.as_str())
                .bind(old.0.as_slice())
                .bind(new.token.0.as_slice())
                .bind(new.previous_token.as_ref().map(|token| token.0.as_slice()))
                .bind(new.rotated_at.millis())
                .bind(new.rotated_for.as_ref().map(|binding| binding.0.as_slice()))
                .bind(new.used_at.millis())
                .bind(new.rotated_epoch)
                .bind(i64::from(new.is_seen))
                .execute(&self.pool)
                .await?;
            Ok(changed.rows_affected() == 1)
        })
        .await
    }

    async fn seen_device(&self, id: &str, token: TokenHash) -> Result<(), StoreError> {
        self.timed("seen_device", async {
            sqlx::query(SEEN).bind(id).bind(token.0.as_slice()).execute(&self.pool).await?;
            Ok(())
        })
        .await
    }

    async fn of_player(&self, subject: &Subject, now: UnixTime) -> Result<Vec<DeviceRecord>, StoreError> {
        self.timed("devices_of_player", async {
            let rows = sqlx::query(OF_PLAYER).bind(subject.as_str()).bind(now.millis()).fetch_all(&self.pool).await?;
            rows.iter().map(device).collect()
        })
        .await
    }

    async fn sweep_devices(&self, now: UnixTime) -> Result<u64, StoreError> {
        self.upkeep("sweep_devices", async {
            Ok(sqlx::query(SWEEP).bind(now.millis()).execute(&self.pool).await?.rows_affected())
        })
        .await
    }
}

fn device(row: &AnyRow) -> Result<DeviceRecord, sqlx::Error> {
    let time = |column| row.try_get(column).map(UnixTime::from_millis);
    let previous: Option<Vec<u8>> = row.try_get("previous_token")?;
    let rotated_for: Option<Vec<u8>> = row.try_get("rotated_for")?;
    Ok(DeviceRecord {
        id: row.try_get("id")?,
        subject: parsed(row.try_get::<String, _>("subject")?.as_str(), |id| Subject::parse(id).ok())?,
        name: row.try_get("name")?,
        token: TokenHash(bytes32(row.try_get("token")?)?),
        previous_token: previous.map(bytes32).transpose()?.map(TokenHash),
        is_seen: row.try_get::<i64, _>("seen")? != 0,
        rotated_at: time("rotated_at")?,
        rotated_for: rotated_for.map(bytes32).transpose()?.map(Binding),
        rotated_epoch: row.try_get("rotated_epoch")?,
        auth_time: time("auth_time")?,
        proven_by: parsed(row.try_get::<String, _>("proven_by")?.as_str(), FactorKind::parse)?,
        created_at: time("created_at")?,
        used_at: time("used_at")?,
        expires_at: time("expires_at")?,
    })
}

/// A hash out of its column.
pub(super) fn bytes32(bytes: Vec<u8>) -> Result<[u8; 32], sqlx::Error> {
    bytes.try_into().map_err(|_| sqlx::Error::Decode("not 32 bytes".into()))
}
