//! `audit compare`.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::ExitCode,
};

use super::{
    FAULT, USAGE,
    opened::{Opened, failed},
};
use crate::{
    audit::compare::{Comparison, Report},
    clock::UnixTime,
};

/// Compares what a sink received with the database.
///
/// # Errors
/// The output could not be written.
pub(super) fn compare(path: &Path, file: &Path, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let lines = match lines(file) {
        Ok(lines) => lines,
        Err(error) => return unread(file, &error, out),
    };
    let opened = match Opened::open(path, out)? {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    let mut comparison = Comparison::new(&opened.sql, &opened.keys.audit, &opened.audit, now);
    for line in lines.split(b'\n') {
        let line = match line {
            Ok(line) => line,
            Err(error) => return unread(file, &error, out),
        };
        if let Err(error) = opened.run(comparison.line(&String::from_utf8_lossy(&line))) {
            return failed(&error, out);
        }
    }
    said(&comparison.report(), out)
}

fn lines(file: &Path) -> io::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    Ok(Box::new(BufReader::new(File::open(file)?)))
}

fn unread(file: &Path, error: &io::Error, out: &mut impl Write) -> io::Result<ExitCode> {
    writeln!(out, "error: {} cannot be read: {error}", file.display())?;
    Ok(ExitCode::from(USAGE))
}

fn said(report: &Report, out: &mut impl Write) -> io::Result<ExitCode> {
    let Report { rows, let_go, others, different, first } = report;
    if *rows == 0 {
        writeln!(out, "error: no line is an audit row; lines that are none: {others}")?;
        return Ok(ExitCode::from(USAGE));
    }
    if let Some(first) = first {
        writeln!(out, "error: {first}")?;
    }
    let good = if first.is_none() { "ok" } else { "not the same" };
    writeln!(
        out,
        "{good}: {rows} rows of the sink, {let_go} let go of by retention, {different} different or missing; \
         lines that are no audit rows: {others}"
    )?;
    Ok(if first.is_none() { ExitCode::SUCCESS } else { ExitCode::from(FAULT) })
}
