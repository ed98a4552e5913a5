//! `audit`: the trail verified and exported.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;

use super::{
    FAULT, USAGE,
    opened::{Opened, failed},
};
use crate::{
    audit::{line, verify},
    clock::UnixTime,
    request::Subject,
    store::{Trail, audit::Selection},
};

/// Rows that are read at a time.
const AT_ONCE: u32 = 500;

/// What to do with the audit trail.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum AuditCommand {
    /// Walks every chain and names each row that was changed, removed, moved or added. Exit code 70 if there is one.
    Verify,
    /// Compares the rows that a sink received with those of the database, and names the first that differs or is
    /// missing. Exit code 70 if there is one.
    Compare {
        /// What the sink received: the webhook's documents, one a line, or lines of syslog that end in them; `-`
        /// reads the standard input.
        file: PathBuf,
    },
    /// Prints rows, oldest first, one JSON document a line.
    Export {
        /// From then on: a date and time as 2026-01-31T12:00:00Z, or Unix seconds.
        #[arg(long, value_name = "TIME", value_parser = time)]
        since: Option<UnixTime>,
        /// Of this player.
        #[arg(long, value_name = "ID")]
        player: Option<String>,
        /// Of this kind of event.
        #[arg(long, value_name = "WORD")]
        kind: Option<String>,
    },
}

fn time(typed: &str) -> Result<UnixTime, String> {
    UnixTime::parse(typed).ok_or_else(|| "write 2026-01-31T12:00:00Z or Unix seconds".to_owned())
}

/// Does it.
///
/// # Errors
/// The output could not be written.
pub(super) fn audit(path: &Path, command: &AuditCommand, out: &mut impl Write) -> io::Result<ExitCode> {
    let opened = match Opened::open(path, out)? {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    match command {
        AuditCommand::Verify => verified(&opened, out),
        // Answered elsewhere.
        AuditCommand::Compare { .. } => Ok(ExitCode::SUCCESS),
        AuditCommand::Export { since, player, kind } => {
            let Ok(player) = player.as_deref().map(Subject::parse).transpose() else {
                writeln!(out, "error: this is no player's id")?;
                return Ok(ExitCode::from(USAGE));
            };
            export(&opened, Selection { since: *since, player, kind: kind.clone(), after: None }, out)
        }
    }
}

fn verified(opened: &Opened, out: &mut impl Write) -> io::Result<ExitCode> {
    let report = match opened.run(verify::verify(&opened.sql, &opened.keys.audit)) {
        Ok(report) => report,
        Err(error) => return failed(&error, out),
    };
    for head in report.heads.iter().filter(|head| head.seq > 0) {
        let hash = data_encoding::HEXLOWER.encode(&head.hash);
        writeln!(out, "chain {} number {} row {} hash {hash}", head.chain, head.number, head.seq)?;
    }
    for finding in &report.findings {
        writeln!(out, "error: {finding}")?;
    }
    let (rows, pruned, chains) = (report.rows, report.pruned, report.heads.len());
    let count = report.findings.len();
    let good = if count == 0 { "ok" } else { "not whole" };
    writeln!(out, "{good}: {rows} rows in {chains} chains, {pruned} let go of by retention, {count} findings")?;
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAULT) })
}

fn export(opened: &Opened, mut selection: Selection, out: &mut impl Write) -> io::Result<ExitCode> {
    loop {
        let rows = match opened.run(opened.sql.select(&selection, AT_ONCE)) {
            Ok(rows) => rows,
            Err(error) => return failed(&error, out),
        };
        let Some((last, _)) = rows.last() else { return Ok(ExitCode::SUCCESS) };
        selection.after = Some((last.at, last.id.clone()));
        for (entry, player) in &rows {
            writeln!(out, "{}", line(entry, player))?;
        }
    }
}
