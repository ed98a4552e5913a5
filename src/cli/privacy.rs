//! `user export` and `user erase`: what is kept of one player.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{
    USAGE,
    opened::{Opened, failed},
};
use crate::{
    audit::line,
    clock::UnixTime,
    request::Subject,
    secret::Sealed,
    store::{
        Accounts, AuditRecord, Contacts, Edit, Outcome, StoreError, Trail,
        audit::{ERASED, EXPORTED, Selection, record_id},
        sealing::SealedKind,
        sql::Sql,
    },
};

/// Audit rows that are read at a time.
const AT_ONCE: u32 = 500;

/// Prints what is kept of a player.
///
/// # Errors
/// The output could not be written.
pub(super) fn export(path: &Path, player: &str, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let (opened, sql, subject) = match open(path, player, out)? {
        Ok(parts) => parts,
        Err(code) => return Ok(code),
    };
    match opened.run(exported(&sql, &opened, &subject, now)) {
        Ok(document) => writeln!(out, "{document:#}")?,
        Err(error) => return failed(&error, out),
    }
    Ok(ExitCode::SUCCESS)
}

/// Erases what is kept of a player.
///
/// # Errors
/// The output could not be written.
pub(super) fn erase(path: &Path, player: &str, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let (opened, sql, subject) = match open(path, player, out)? {
        Ok(parts) => parts,
        Err(code) => return Ok(code),
    };
    match opened.run(sql.erase(&subject, &record(&subject, ERASED, now))) {
        Ok(gone) => writeln!(out, "erased: {gone} rows; the audit's rows stay and name nobody")?,
        Err(error) => return failed(&error, out),
    }
    Ok(ExitCode::SUCCESS)
}

/// The store and the player, or the exit code where one of them is none.
fn open(path: &Path, player: &str, out: &mut impl Write) -> io::Result<Result<(Opened, Sql, Subject), ExitCode>> {
    let Ok(subject) = Subject::parse(player) else {
        writeln!(out, "error: this is no player's id")?;
        return Ok(Err(ExitCode::from(USAGE)));
    };
    let opened = match Opened::open(path, out)? {
        Ok(opened) => opened,
        Err(code) => return Ok(Err(code)),
    };
    match opened.signing() {
        Ok(sql) => Ok(Ok((opened, sql, subject))),
        Err(error) => Ok(Err(failed(&error, out)?)),
    }
}

async fn exported(sql: &Sql, opened: &Opened, subject: &Subject, now: UnixTime) -> Result<Value, StoreError> {
    // Who gave it out stands in what is given out.
    sql.apply(subject, &[Edit::Record(record(subject, EXPORTED, now))]).await?;
    let mut kept = sql.kept_of(subject).await?;
    let sealer = opened.keys.sealer();
    let open = |context: &[&[u8]], sealed: &Sealed| {
        let opened = sealer.open(SealedKind::Contact.purpose(), context, sealed).ok()?;
        std::str::from_utf8(&opened).ok().map(ToOwned::to_owned)
    };
    let mut contacts = Vec::new();
    for contact in sql.contacts(subject, UnixTime::from_millis(0)).await? {
        let context = [subject.as_str().as_bytes(), contact.kind.as_str().as_bytes()];
        contacts.push(json!({
            "kind": contact.kind.as_str(),
            "value": open(&context, &contact.sealed),
            "first_seen": contact.first_seen.to_string(),
            "last_seen": contact.last_seen.to_string(),
        }));
    }
    kept.insert("contact".to_owned(), Value::Array(contacts));
    kept.insert("audit".to_owned(), Value::Array(audit(sql, subject).await?));
    Ok(json!({ "player": subject.as_str(), "at": now.to_string(), "kept": kept }))
}

async fn audit(sql: &Sql, subject: &Subject) -> Result<Vec<Value>, StoreError> {
    let mut selection = Selection { player: Some(subject.clone()), ..Selection::default() };
    let mut lines = Vec::new();
    loop {
        let rows = sql.select(&selection, AT_ONCE).await?;
        let Some((last, _)) = rows.last() else { return Ok(lines) };
        selection.after = Some((last.at, last.id.clone()));
        lines.extend(rows.iter().filter_map(|(entry, player)| serde_json::from_str(&line(entry, player)).ok()));
    }
}

fn record(subject: &Subject, event: &str, at: UnixTime) -> AuditRecord {
    AuditRecord {
        id: record_id(at),
        subject: subject.clone(),
        at,
        actor: "command".to_owned(),
        event: event.to_owned(),
        detail: String::new(),
        why: String::new(),
        origin: String::new(),
        outcome: Outcome::Done,
    }
}
