//! What commands work on that read or change the store: the configuration, the keys, the database.

use std::{future::Future, io, io::Write, os::unix::fs::MetadataExt, path::Path, process::ExitCode};

use tokio::runtime::{Builder, Runtime};

use super::{CONFIGURATION, FAULT, check};
use crate::{
    audit,
    config::{self, Config, keys::KeyFile},
    flow::desk,
    store::{StoreError, sql::Sql},
};

/// Who runs this command, as the audit keeps it: `cli:` and the number of the system's user.
#[must_use]
pub fn origin() -> String {
    let process = std::fs::metadata("/proc/self");
    process.map_or_else(|_| "cli".to_owned(), |process| format!("cli:{}", process.uid()))
}

/// An open store and what it is opened with.
pub(super) struct Opened {
    /// The keys.
    pub(super) keys: KeyFile,
    /// The rules of the desk, where there is one.
    pub(super) desk: Option<desk::Settings>,
    /// How long audit rows are kept, and where else they go.
    pub(super) audit: audit::Settings,
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
        let (runtime, sql) = match store(&config)? {
            Ok(opened) => opened,
            Err(error) => return Ok(Err(failed(&error, out)?)),
        };
        let desk = config.desk.map(|(_, settings)| settings);
        Ok(Ok(Self { keys, desk, audit: config.audit, sql, runtime }))
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

/// Opens the durable store of a configuration.
///
/// # Errors
/// No runtime could be made.
pub(super) fn store(config: &Config) -> io::Result<Result<(Runtime, Sql), StoreError>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let url = secrecy::ExposeSecret::expose_secret(&config.store.durable).to_owned();
    let opened = runtime.block_on(Sql::open(&url));
    Ok(opened.map(|sql| (runtime, sql)))
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
