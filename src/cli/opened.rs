//! What commands work on that read or change the store: the configuration, the keys, the database.

use std::{future::Future, io, io::Write, path::Path, process::ExitCode};

use tokio::runtime::{Builder, Runtime};

use super::{CONFIGURATION, FAULT, check};
use crate::{
    config::{self, keys::KeyFile},
    store::{StoreError, sql::Sql},
};

/// An open store and what it is opened with.
pub(super) struct Opened {
    /// The keys.
    pub(super) keys: KeyFile,
    /// The store; it writes no audit rows.
    pub(super) sql: Sql,
    runtime: Runtime,
}

impl Opened {
    /// Opens what the configuration names; `Err` is what to end with, and says why on `out` already.
    ///
    /// # Errors
    /// The output could not be written.
    pub(super) fn open(path: &Path, out: &mut impl Write) -> io::Result<Result<Self, ExitCode>> {
        let config = match config::load(path) {
            Ok(config) => config,
            Err(problems) => return Ok(Err(check::report(&problems, out)?)),
        };
        let keys = match KeyFile::load(&config.keys) {
            Ok(keys) => keys,
            Err(error) => {
                writeln!(out, "error: {error}")?;
                return Ok(Err(ExitCode::from(CONFIGURATION)));
            }
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let url = secrecy::ExposeSecret::expose_secret(&config.store.durable).to_owned();
        match runtime.block_on(Sql::open(&url)) {
            Ok(sql) => Ok(Ok(Self { keys, sql, runtime })),
            Err(error) => Ok(Err(failed(&error, out)?)),
        }
    }

    /// The same store with an audit chain for what this command does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn signing(&self) -> Result<Sql, StoreError> {
        self.run(self.sql.clone().signing(self.keys.audit.clone()))
    }

    /// Runs work to its end.
    pub(super) fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// Says that the store failed, with every cause.
///
/// # Errors
/// The output could not be written.
pub(super) fn failed(error: &dyn std::error::Error, out: &mut impl Write) -> io::Result<ExitCode> {
    write!(out, "error: {error}")?;
    let mut cause = error.source();
    while let Some(deeper) = cause {
        write!(out, ": {deeper}")?;
        cause = deeper.source();
    }
    writeln!(out)?;
    Ok(ExitCode::from(FAULT))
}
