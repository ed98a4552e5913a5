//! `doctor --after-restore`: after a backup of the database was put back.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use super::opened::{Opened, failed, origin};
use crate::{
    clock::UnixTime,
    request::Subject,
    store::{
        Accounts, AuditRecord, Edit, StoreError,
        audit::RESTORED,
        sql::{Sql, Voided},
    },
};

/// Makes void what may have ended after the backup, and says what that was.
///
/// # Errors
/// The output could not be written.
pub(super) fn after_restore(path: &Path, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let opened = match Opened::open(path, out)? {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    let sql = match opened.signing() {
        Ok(sql) => sql,
        Err(error) => return failed(&error, out),
    };
    let voided = match opened.run(sql.void_before(now)) {
        Ok(voided) => voided,
        Err(error) => return failed(&error, out),
    };
    if let Err(error) = opened.run(recorded(&sql, &voided, now)) {
        return failed(&error, out);
    }
    let (epoch, players, codes) = (voided.epoch, voided.players.len(), voided.without_codes.len());
    writeln!(out, "the global epoch is {epoch}: stamps, approvals and challenges from before count no more")?;
    writeln!(out, "remembered browsers and log-ins are forgotten")?;
    writeln!(out, "codes of apps count from {} on", UnixTime::from_secs((voided.step + 1) * 30))?;
    writeln!(out, "players with a second factor: {players}; backup codes void, to be made anew: {codes}")?;
    writeln!(out, "lost, and to be done again by hand: freezes, resets and removed factors since the backup;")?;
    writeln!(out, "the copy of the audit at your webhook or syslog server names them (docs/operations.md)")?;
    Ok(ExitCode::SUCCESS)
}

/// Tells each player, in their activity, what became of their account.
async fn recorded(sql: &Sql, voided: &Voided, now: UnixTime) -> Result<(), StoreError> {
    for subject in &voided.players {
        let detail = if voided.without_codes.contains(subject) { "backup_code" } else { "" };
        sql.apply(subject, &[Edit::Record(record(subject, detail, now))]).await?;
    }
    Ok(())
}

fn record(subject: &Subject, detail: &str, at: UnixTime) -> AuditRecord {
    AuditRecord {
        subject: Some(subject.clone()),
        detail: detail.to_owned(),
        why: "doctor --after-restore".to_owned(),
        origin: origin(),
        ..AuditRecord::new(at, "command", RESTORED)
    }
}
