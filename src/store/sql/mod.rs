//! Durable ports on SQLite and PostgreSQL, with one SQL text for both. The only folder that names
//! sqlx.
//!
//! Columns are TEXT, BIGINT, INTEGER and BYTEA, the types that both databases give back alike
//! through sqlx's `Any`; booleans are 0 and 1, times milliseconds. Every change is one statement or
//! one transaction, so a process that dies leaves nothing half-written.
//!
//! Adding a port: a file here with its constants and its `impl`, and its tables in a new file in
//! `migrations/`; tables are only ever added to, since two versions share one file in an upgrade.

mod accounts;
mod attempts;
mod audit;
mod contacts;
mod desk;
mod devices;
mod families;
mod location;
mod logins;
mod networks;
mod outbox;
mod privacy;
mod restore;
mod sealing;
mod sends;
mod spent;
mod trail;

pub use restore::Voided;

use std::{future::Future, sync::Arc, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, Connection, Executor,
    any::AnyPoolOptions,
    migrate::{MigrateError, Migrator},
};
use tokio::time::timeout;

use crate::store::{Signer, StoreError, sql::location::Location};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Connections to a SQLite file: writers take turns anyway, readers do not wait for them (WAL).
const SQLITE_CONNECTIONS: u32 = 4;
/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a caller waits for a free connection before the store counts as down.
const ACQUIRE_DEADLINE: Duration = Duration::from_secs(10);
/// How long an operation takes before the store counts as down: a server that takes connections and
/// never answers must not keep players waiting. As long as SQLite waits for its lock.
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);
/// The same for what nobody waits for, and which may be much at once.
const UPKEEP_DEADLINE: Duration = Duration::from_secs(60);
/// How long a connection takes to say that it is there, when it is taken and when it is given back.
const PING_DEADLINE: Duration = Duration::from_secs(5);

/// The durable ports on one database. Cloning shares the connections.
#[derive(Clone, Debug)]
pub struct Sql {
    pool: AnyPool,
    backend: &'static str,
    /// How a transaction that will write begins.
    begin: &'static str,
    /// Writes the audit rows of this process; without it none can be written.
    scribe: Option<Arc<audit::Scribe>>,
}

impl Sql {
    /// Opens the database and brings its tables up to date. `url` is `sqlite:/path/to.db` (created
    /// with mode 0600 in a directory that exists), `sqlite::memory:` or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError`] with operation `open` or `migrate`; its source says what is wrong with the
    /// address, the file or the server.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let location = Location::parse(url).map_err(|cause| failed("sql", "open", cause))?;
        let backend = location.backend();
        location.prepare().map_err(|cause| failed(backend, "open", cause))?;
        let pool = options(&location).connect(url).await.map_err(|cause| failed(backend, "open", cause))?;
        migrate(&pool).await.map_err(|cause| failed(backend, "migrate", cause))?;
        Ok(Self { pool, backend, begin: location.begin(), scribe: None })
    }

    /// The same with an audit chain of its own, signed by this key. A process opens one, once.
    ///
    /// # Errors
    /// [`StoreError`] with operation `open_chain`.
    pub async fn signing(mut self, signer: Signer) -> Result<Self, StoreError> {
        let scribe = self.timed("open_chain", audit::open(&self.pool, self.begin, signer)).await?;
        self.scribe = Some(Arc::new(scribe));
        Ok(self)
    }

    /// Signs under this key from now on, this one and its clones.
    pub fn sign_with(&self, signer: Signer) {
        if let Some(scribe) = &self.scribe {
            scribe.sign_with(signer);
        }
    }

    /// Whether the database is there and answers, changing nothing in it.
    ///
    /// # Errors
    /// As [`Sql::open`], where it is there and does not answer.
    pub async fn look(url: &str) -> Result<bool, StoreError> {
        sqlx::any::install_default_drivers();
        let location = Location::parse(url).map_err(|cause| failed("sql", "open", cause))?;
        if let Location::SqliteFile(path) = &location
            && !path.exists()
        {
            return Ok(false);
        }
        let backend = location.backend();
        let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_DEADLINE).connect(url).await;
        let pool = pool.map_err(|cause| failed(backend, "open", cause))?;
        let asked = sqlx::query("SELECT 1").execute(&pool).await;
        pool.close().await;
        asked.map(|_| true).map_err(|cause| failed(backend, "look", cause))
    }

    /// Closes every connection; pending operations fail. For an orderly end.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Runs one operation that somebody waits for, within [`ANSWER_DEADLINE`].
    async fn timed<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, StoreError> {
        self.within(ANSWER_DEADLINE, operation, work).await
    }

    /// The same for what forgets, gives out or seals anew, within [`UPKEEP_DEADLINE`].
    async fn upkeep<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, StoreError> {
        self.within(UPKEEP_DEADLINE, operation, work).await
    }

    /// The one place through which every statement goes, and where an error gets its backend and
    /// operation. What is given up at the deadline may be done all the same, as when an answer is lost.
    async fn within<T>(
        &self,
        deadline: Duration,
        operation: &'static str,
        work: impl Future<Output = Result<T, sqlx::Error>> + Send,
    ) -> Result<T, StoreError> {
        let done = timeout(deadline, work).await.unwrap_or_else(|_| Err(no_answer()));
        done.map_err(|cause| failed(self.backend, operation, cause))
    }
}

fn no_answer() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer within the deadline"))
}

fn failed(
    backend: &'static str,
    operation: &'static str,
    cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError { backend, operation, cause: Some(cause.into()) }
}

fn options(location: &Location) -> AnyPoolOptions {
    let options = AnyPoolOptions::new().acquire_timeout(ACQUIRE_DEADLINE);
    match location {
        // An in-memory database lives as long as its one connection.
        Location::SqliteMemory => options
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(|connection, _| Box::pin(async move { set_pragmas(connection).await })),
        Location::SqliteFile(_) => options
            .max_connections(SQLITE_CONNECTIONS)
            .after_connect(|connection, _| Box::pin(async move { set_pragmas(connection).await })),
        Location::Postgres => options
            .max_connections(POSTGRES_CONNECTIONS)
            .test_before_acquire(false)
            .before_acquire(|connection, _| Box::pin(async move { answers(connection).await }))
            .after_release(|connection, _| Box::pin(async move { answers(connection).await })),
    }
}

/// Whether a connection still answers. The pool would ask as well, but for as long as it takes:
/// connections to a server that is gone would keep their places when another one has taken its.
async fn answers(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let answered = timeout(PING_DEADLINE, connection.ping()).await;
    answered.unwrap_or_else(|_| Err(no_answer())).map(|()| true)
}

/// What every SQLite connection must have set. `synchronous=FULL`, because in WAL mode `NORMAL` may
/// lose the last commits at a power cut, and a consumed id or step must stay consumed.
async fn set_pragmas(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    // First of all: to switch to WAL needs a lock that another process may hold.
    connection.execute("PRAGMA busy_timeout=10000").await?;
    connection.execute("PRAGMA journal_mode=WAL").await?;
    connection.execute("PRAGMA synchronous=FULL").await?;
    connection.execute("PRAGMA foreign_keys=ON").await?;
    Ok(())
}

/// Brings the tables up to date. Two processes may start on one new file at once, and SQLite has no
/// lock around the whole of a migration: the one that loses finds the work done when it looks again, and may
/// lose at each of them.
async fn migrate(pool: &AnyPool) -> Result<(), MigrateError> {
    for _ in MIGRATIONS.iter() {
        if MIGRATIONS.run(pool).await.is_ok() {
            return Ok(());
        }
    }
    MIGRATIONS.run(pool).await
}

/// Runs a statement behind the store's back, for tests that break it.
#[cfg(test)]
pub(crate) async fn run(url: &str, statement: &'static str) {
    let mut connection = AnyConnection::connect(url).await.unwrap();
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
}
