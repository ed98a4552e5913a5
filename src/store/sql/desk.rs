//! The support desk: operators, sessions, actions. Resets are in [`resets`].

pub(super) mod resets;

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    clock::UnixTime,
    request::Subject,
    secret::TokenHash,
    store::{
        ContactKind, Desk, DeskSession, ResetRecord, StoreError,
        sql::{Sql, accounts::parsed, devices::bytes32},
    },
};

/// Makes the operator's row and takes its lock: sign-ins and actions of one operator take turns.
const LOCK: &str = "INSERT INTO desk_operator (name, failures, paused_until, last_step) VALUES ($1, 0, 0, -1) \
     ON CONFLICT (name) DO UPDATE SET failures = desk_operator.failures RETURNING failures, paused_until";
const FAIL: &str = "UPDATE desk_operator SET failures = $2, paused_until = $3 WHERE name = $1";
const LAST_STEP: &str = "SELECT last_step FROM desk_operator WHERE name = $1";
const ACCEPT: &str = "UPDATE desk_operator SET last_step = $2, failures = 0, paused_until = 0 \
     WHERE name = $1 AND last_step < $2";
const OPEN: &str =
    "INSERT INTO desk_session (token, operator, credentials, used_at, ends_at) VALUES ($1, $2, $3, $4, $5)";
const USE: &str = "UPDATE desk_session SET used_at = $2 WHERE token = $1 AND used_at > $3 AND ends_at > $2 \
     RETURNING token, operator, credentials, used_at, ends_at";
const CLOSE: &str = "DELETE FROM desk_session WHERE token = $1";
const ACTIONS: &str = "SELECT at FROM desk_action WHERE operator = $1 AND at > $2 ORDER BY at DESC LIMIT $3";
const ACT: &str = "INSERT INTO desk_action (id, operator, at) VALUES ($1, $2, $3)";
const BY_CONTACT: &str =
    "SELECT subject FROM contact WHERE lookup = $1 AND kind = $2 ORDER BY is_current DESC, last_seen DESC LIMIT $3";
const SWEEP_SESSIONS: &str = "DELETE FROM desk_session WHERE ends_at <= $1";
const SWEEP_ACTIONS: &str = "DELETE FROM desk_action WHERE at <= $1";

const HOUR: Duration = Duration::from_secs(3600);

#[async_trait]
impl Desk for Sql {
    async fn reserve_sign_in(
        &self,
        operator: &str,
        now: UnixTime,
        pause_after: fn(u32) -> Duration,
    ) -> Result<Option<UnixTime>, StoreError> {
        self.timed("reserve_sign_in", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let row = lock(&mut change, operator).await?;
            let until = UnixTime::from_millis(row.try_get("paused_until")?);
            if until > now {
                change.rollback().await?;
                return Ok(Some(until));
            }
            let failures = u32::try_from(row.try_get::<i64, _>("failures")?).unwrap_or(u32::MAX).saturating_add(1);
            let paused_until = now.plus(pause_after(failures)).millis();
            let fail = sqlx::query(FAIL).bind(operator).bind(i64::from(failures)).bind(paused_until);
            fail.execute(&mut *change).await?;
            change.commit().await?;
            Ok(None)
        })
        .await
    }

    async fn last_step(&self, operator: &str) -> Result<i64, StoreError> {
        self.timed("last_step", async {
            let row = sqlx::query(LAST_STEP).bind(operator).fetch_optional(&self.pool).await?;
            row.map_or(Ok(-1), |row| row.try_get("last_step"))
        })
        .await
    }

    async fn accept_step(&self, operator: &str, step: i64) -> Result<bool, StoreError> {
        self.timed("accept_step", async {
            let changed = sqlx::query(ACCEPT).bind(operator).bind(step).execute(&self.pool).await?;
            Ok(changed.rows_affected() == 1)
        })
        .await
    }

    async fn open_session(&self, session: &DeskSession) -> Result<(), StoreError> {
        self.timed("open_session", async {
            let open = sqlx::query(OPEN).bind(session.token.as_slice()).bind(session.operator.as_str());
            let open = open.bind(session.credentials.as_slice()).bind(session.used_at.millis());
            open.bind(session.ends_at.millis()).execute(&self.pool).await.map(|_| ())
        })
        .await
    }

    async fn use_session(
        &self,
        token: [u8; 32],
        now: UnixTime,
        idle: Duration,
    ) -> Result<Option<DeskSession>, StoreError> {
        self.timed("use_session", async {
            let used = sqlx::query(USE).bind(token.as_slice()).bind(now.millis()).bind(now.minus(idle).millis());
            used.fetch_optional(&self.pool).await?.as_ref().map(session).transpose()
        })
        .await
    }

    async fn close_session(&self, token: [u8; 32]) -> Result<(), StoreError> {
        self.timed("close_session", async {
            sqlx::query(CLOSE).bind(token.as_slice()).execute(&self.pool).await.map(|_| ())
        })
        .await
    }

    async fn count_action(
        &self,
        id: &str,
        operator: &str,
        now: UnixTime,
        most: u32,
    ) -> Result<Option<UnixTime>, StoreError> {
        self.timed("count_action", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            lock(&mut change, operator).await?;
            let since = now.minus(HOUR).millis();
            let lately = sqlx::query(ACTIONS).bind(operator).bind(since).bind(i64::from(most));
            let lately = lately.fetch_all(&mut *change).await?;
            if let Some(oldest) = lately.last().filter(|_| lately.len() >= most as usize) {
                let until = UnixTime::from_millis(oldest.try_get("at")?).plus(HOUR);
                change.rollback().await?;
                return Ok(Some(until));
            }
            sqlx::query(ACT).bind(id).bind(operator).bind(now.millis()).execute(&mut *change).await?;
            change.commit().await?;
            Ok(None)
        })
        .await
    }

    async fn reset(&self, id: &str) -> Result<Option<ResetRecord>, StoreError> {
        self.timed("reset", resets::one(&self.pool, id)).await
    }

    async fn open_resets(&self, now: UnixTime, most: u32) -> Result<Vec<ResetRecord>, StoreError> {
        self.timed("open_resets", resets::open(&self.pool, now, most)).await
    }

    async fn resets_of(&self, subject: &Subject, most: u32) -> Result<Vec<ResetRecord>, StoreError> {
        self.timed("resets_of", resets::of_player(&self.pool, subject, most)).await
    }

    async fn due_resets(&self, now: UnixTime, most: u32) -> Result<Vec<ResetRecord>, StoreError> {
        self.timed("due_resets", resets::due(&self.pool, now, most)).await
    }

    async fn reset_of_link(&self, cancel: TokenHash) -> Result<Option<ResetRecord>, StoreError> {
        self.timed("reset_of_link", resets::of_link(&self.pool, cancel)).await
    }

    async fn live_code(&self, subject: &Subject, now: UnixTime) -> Result<Option<[u8; 32]>, StoreError> {
        self.timed("live_code", resets::live_code(&self.pool, subject, now)).await
    }

    async fn players_by_contact(
        &self,
        kind: ContactKind,
        lookup: [u8; 32],
        most: u32,
    ) -> Result<Vec<Subject>, StoreError> {
        self.timed("players_by_contact", async {
            let found = sqlx::query(BY_CONTACT).bind(lookup.as_slice()).bind(kind.as_str()).bind(i64::from(most));
            let rows = found.fetch_all(&self.pool).await?;
            let owner =
                |row: &AnyRow| parsed(row.try_get::<String, _>("subject")?.as_str(), |id| Subject::parse(id).ok());
            rows.iter().map(owner).collect()
        })
        .await
    }

    async fn sweep_desk(&self, now: UnixTime) -> Result<(), StoreError> {
        self.upkeep("sweep_desk", async {
            sqlx::query(SWEEP_SESSIONS).bind(now.millis()).execute(&self.pool).await?;
            sqlx::query(SWEEP_ACTIONS).bind(now.minus(HOUR).millis()).execute(&self.pool).await.map(|_| ())
        })
        .await
    }
}

async fn lock(change: &mut AnyConnection, operator: &str) -> Result<AnyRow, sqlx::Error> {
    sqlx::query(LOCK).bind(operator).fetch_one(change).await
}

fn session(row: &AnyRow) -> Result<DeskSession, sqlx::Error> {
    Ok(DeskSession {
        token: bytes32(row.try_get("token")?)?,
        operator: row.try_get("operator")?,
        credentials: bytes32(row.try_get("credentials")?)?,
        used_at: UnixTime::from_millis(row.try_get("used_at")?),
        ends_at: UnixTime::from_millis(row.try_get("ends_at")?),
    })
}
