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
        ContactKind, Desk, DeskSession, Quota, ResetRecord, SignInTally, StoreError,
        sql::{Sql, accounts::parsed, devices::bytes32},
    },
};

/// Makes the operator's row and takes its lock: what one operator does takes turns.
const LOCK: &str = "INSERT INTO desk_operator (name, failures, paused_until, last_step) VALUES ($1, 0, 0, -1) \
     ON CONFLICT (name) DO UPDATE SET failures = desk_operator.failures";
/// Makes a tally's row and takes its lock: sign-ins that it counts take turns.
const TALLY: &str = "INSERT INTO desk_sign_in (tally, failures, paused_until, failed_at) VALUES ($1, 0, 0, $2) \
     ON CONFLICT (tally) DO UPDATE SET failures = desk_sign_in.failures RETURNING failures, paused_until";
const FAIL: &str = "UPDATE desk_sign_in SET failures = $2, paused_until = $3, failed_at = $4 WHERE tally = $1";
const FORGIVE: &str = "DELETE FROM desk_sign_in WHERE tally = $1";
const TAKE_BACK: &str = "UPDATE desk_sign_in SET failures = failures - 1, paused_until = 0 \
     WHERE tally = $1 AND failures > 0";
const LAST_STEP: &str = "SELECT last_step FROM desk_operator WHERE name = $1";
const ACCEPT: &str = "UPDATE desk_operator SET last_step = $2 WHERE name = $1 AND last_step < $2";
const OPEN: &str =
    "INSERT INTO desk_session (token, operator, credentials, used_at, ends_at) VALUES ($1, $2, $3, $4, $5)";
const USE: &str = "UPDATE desk_session SET used_at = $2 WHERE token = $1 AND used_at > $3 AND ends_at > $2 \
     RETURNING token, operator, credentials, used_at, ends_at";
const CLOSE: &str = "DELETE FROM desk_session WHERE token = $1 RETURNING operator";
const ACTIONS: &str =
    "SELECT at FROM desk_action WHERE operator = $1 AND quota = $2 AND at > $3 ORDER BY at DESC LIMIT $4";
const ACT: &str = "INSERT INTO desk_action (id, operator, quota, at) VALUES ($1, $2, $3, $4)";
const BY_CONTACT: &str =
    "SELECT subject FROM contact WHERE lookup = $1 AND kind = $2 ORDER BY is_current DESC, last_seen DESC LIMIT $3";
const SWEEP_SESSIONS: &str = "DELETE FROM desk_session WHERE ends_at <= $1";
const SWEEP_ACTIONS: &str = "DELETE FROM desk_action WHERE at <= $1";

const SWEEP_SIGN_INS: &str = "DELETE FROM desk_sign_in WHERE failed_at <= $1 AND paused_until <= $2";

const HOUR: Duration = Duration::from_secs(3600);
/// How long failed sign-ins count after the last of them.
const FAILURES_KEPT: Duration = Duration::from_secs(24 * 3600);

#[async_trait]
impl Desk for Sql {
    async fn reserve_sign_in(&self, tallies: &[SignInTally], now: UnixTime) -> Result<Option<UnixTime>, StoreError> {
        self.timed("reserve_sign_in", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            let mut paused: Option<UnixTime> = None;
            for tally in tallies {
                let until = fail(&mut change, tally, now).await?;
                paused = paused.max(until);
            }
            if paused.is_some() {
                change.rollback().await?;
                return Ok(paused);
            }
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

    async fn accept_step(&self, operator: &str, step: i64, tallies: &[SignInTally]) -> Result<bool, StoreError> {
        self.timed("accept_step", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            for tally in tallies {
                let statement = if tally.is_forgotten { FORGIVE } else { TAKE_BACK };
                sqlx::query(statement).bind(tally.of.as_slice()).execute(&mut *change).await?;
            }
            sqlx::query(LOCK).bind(operator).execute(&mut *change).await?;
            let accepted = sqlx::query(ACCEPT).bind(operator).bind(step).execute(&mut *change).await?;
            if accepted.rows_affected() != 1 {
                change.rollback().await?;
                return Ok(false);
            }
            change.commit().await?;
            Ok(true)
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

    async fn close_session(&self, token: [u8; 32]) -> Result<Option<String>, StoreError> {
        self.timed("close_session", async {
            let closed = sqlx::query(CLOSE).bind(token.as_slice()).fetch_optional(&self.pool).await?;
            closed.map(|row| row.try_get("operator")).transpose()
        })
        .await
    }

    async fn count_action(
        &self,
        (quota, most): (Quota, u32),
        id: &str,
        operator: &str,
        now: UnixTime,
    ) -> Result<Option<UnixTime>, StoreError> {
        self.timed("count_action", async {
            let mut change = self.pool.begin_with(self.begin).await?;
            sqlx::query(LOCK).bind(operator).execute(&mut *change).await?;
            let since = now.minus(HOUR).millis();
            let lately = sqlx::query(ACTIONS).bind(operator).bind(quota.as_str()).bind(since).bind(i64::from(most));
            let lately = lately.fetch_all(&mut *change).await?;
            if let Some(oldest) = lately.last().filter(|_| lately.len() >= most as usize) {
                let until = UnixTime::from_millis(oldest.try_get("at")?).plus(HOUR);
                change.rollback().await?;
                return Ok(Some(until));
            }
            let act = sqlx::query(ACT).bind(id).bind(operator).bind(quota.as_str()).bind(now.millis());
            act.execute(&mut *change).await?;
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
            let forgotten = sqlx::query(SWEEP_SIGN_INS).bind(now.minus(FAILURES_KEPT).millis()).bind(now.millis());
            forgotten.execute(&self.pool).await?;
            sqlx::query(SWEEP_ACTIONS).bind(now.minus(HOUR).millis()).execute(&self.pool).await.map(|_| ())
        })
        .await
    }
}

/// Counts a failure; `Some` where the tally is paused, and until when.
async fn fail(change: &mut AnyConnection, tally: &SignInTally, now: UnixTime) -> Result<Option<UnixTime>, sqlx::Error> {
    let of = tally.of.as_slice();
    let row = sqlx::query(TALLY).bind(of).bind(now.millis()).fetch_one(&mut *change).await?;
    let until = UnixTime::from_millis(row.try_get("paused_until")?);
    if until > now {
        return Ok(Some(until));
    }
    let failures = u32::try_from(row.try_get::<i64, _>("failures")?).unwrap_or(u32::MAX).saturating_add(1);
    let paused_until = tally.pauses.until(failures, now).millis();
    let fail = sqlx::query(FAIL).bind(of).bind(i64::from(failures)).bind(paused_until).bind(now.millis());
    fail.execute(change).await?;
    Ok(None)
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
