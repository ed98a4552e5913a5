//! `keys generate` and `keys rotate`.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use super::{
    CONFIGURATION, FAULT, KeysCommand, check,
    opened::{Opened, failed, origin, store},
};
use crate::{
    clock::UnixTime,
    config::{
        self, Config,
        keys::{self, KeyFileError},
    },
    store::{AuditRecord, Trail, audit::KEYS_ROTATED},
};

/// Makes or rotates the key file that the configuration names.
///
/// # Errors
/// The output could not be written.
pub(super) fn keys(path: &Path, command: KeysCommand, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let config = match config::load(path) {
        Ok(config) => config,
        Err(problems) => return check::report(&problems, out),
    };
    match command {
        KeysCommand::Generate => said(keys::generate(&config.keys, now), ("made", &config), out),
        KeysCommand::Rotate => rotate(path, &config, now, out),
        // Answered elsewhere.
        KeysCommand::Reseal => Ok(ExitCode::SUCCESS),
    }
}

/// Rotates only where it can be written down, and writes it down under the new key.
fn rotate(path: &Path, config: &Config, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    if let Err(error) = store(config)? {
        return failed(&error, out);
    }
    let rotated = keys::rotate(&config.keys, now, config.stamps.idle);
    let done = rotated.is_ok();
    let code = said(rotated, ("rotated", config), out)?;
    if !done {
        return Ok(code);
    }
    let opened = match Opened::open(path, out)? {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    let record = AuditRecord {
        detail: opened.keys.newest_ids().join(" "),
        origin: origin(),
        ..AuditRecord::new(now, "command", KEYS_ROTATED)
    };
    let written = opened.signing().and_then(|sql| opened.run(sql.write(&[record])));
    if let Err(error) = written {
        writeln!(out, "error: the keys are rotated, but the audit does not say so")?;
        return failed(&error, out);
    }
    Ok(code)
}

fn said(done: Result<(), KeyFileError>, (verb, config): (&str, &Config), out: &mut impl Write) -> io::Result<ExitCode> {
    match done {
        Ok(()) => {
            writeln!(out, "{verb} {}", config.keys.display())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            writeln!(out, "error: {error}")?;
            Ok(ExitCode::from(match error {
                KeyFileError::Unwritable { .. } => FAULT,
                KeyFileError::Unreadable { .. }
                | KeyFileError::Exists(_)
                | KeyFileError::Exposed(_)
                | KeyFileError::TooSoon { .. }
                | KeyFileError::Malformed { .. } => CONFIGURATION,
            }))
        }
    }
}
