//! `user export` and `user erase`: what is kept of one player.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use serde_json::{Value, json};

use super::{
    REFUSED, USAGE,
    opened::{Opened, failed, origin},
    user::OfPlayer,
};
use crate::{
    audit::line,
    clock::UnixTime,
    flow::desk::{Agent, Why, is_operator_name, sign_in},
    policy::desk::{DeskAction, Role},
    request::Subject,
    secret::Sealed,
    store::{
        Accounts, AuditRecord, Contacts, Edit, Outcome, StoreError, Trail,
        audit::{ERASED, EXPORTED, FORBIDDEN, Selection},
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
pub(super) fn export(path: &Path, of: &OfPlayer, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let asked = match asked(path, (DeskAction::Export, EXPORTED), of, now, out)? {
        Ok(asked) => asked,
        Err(code) => return Ok(code),
    };
    match asked.opened.run(exported(&asked, now)) {
        Ok(document) => writeln!(out, "{document:#}")?,
        Err(error) => return failed(&error, out),
    }
    Ok(ExitCode::SUCCESS)
}

/// Erases what is kept of a player.
///
/// # Errors
/// The output could not be written.
pub(super) fn erase(path: &Path, of: &OfPlayer, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let Asked { opened, sql, subject, record } = match asked(path, (DeskAction::Erase, ERASED), of, now, out)? {
        Ok(asked) => asked,
        Err(code) => return Ok(code),
    };
    match opened.run(sql.erase(&subject, &record)) {
        Ok(gone) => writeln!(out, "erased: {gone} rows; the audit's rows stay and name nobody")?,
        Err(error) => return failed(&error, out),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whose data, the store, and the audit row that says who has it for what reason.
struct Asked {
    opened: Opened,
    sql: Sql,
    subject: Subject,
    record: AuditRecord,
}

/// What is asked for by whom, or the exit code where it is refused; that is written down too.
fn asked(
    path: &Path,
    (action, event): (DeskAction, &str),
    of: &OfPlayer,
    now: UnixTime,
    out: &mut impl Write,
) -> io::Result<Result<Asked, ExitCode>> {
    let parsed = (Subject::parse(&of.player).ok(), Why::parse(action, &of.reason, "").ok());
    let (Some(subject), Some(why)) = parsed else {
        writeln!(out, "error: a player's id and a reason of 4 to 200 characters are needed")?;
        return Ok(Err(ExitCode::from(USAGE)));
    };
    let opened = match Opened::open(path, out)? {
        Ok(opened) => opened,
        Err(code) => return Ok(Err(code)),
    };
    let sql = match opened.signing() {
        Ok(sql) => sql,
        Err(error) => return Ok(Err(failed(&error, out)?)),
    };
    let agent = match agent(&opened, &of.by) {
        Some(agent) if agent.may(action) => agent,
        other => {
            let nobody = || AuditRecord { origin: origin(), ..AuditRecord::new(now, "nobody", FORBIDDEN) };
            let by = other.map_or_else(nobody, |agent| agent.record(now, FORBIDDEN));
            let (detail, outcome) = (action.as_str().to_owned(), Outcome::Refused);
            let refused = AuditRecord { subject: Some(subject), detail, outcome, ..by };
            if let Err(error) = opened.run(sql.write(&[refused])) {
                return Ok(Err(failed(&error, out)?));
            }
            writeln!(out, "error: `--as` names no operator who may do this")?;
            return Ok(Err(ExitCode::from(REFUSED)));
        }
    };
    let record = AuditRecord { subject: Some(subject.clone()), why: why.reason, ..agent.record(now, event) };
    Ok(Ok(Asked { opened, sql, subject, record }))
}

/// The operator of a name. Where there is no desk nobody has roles: whoever has the keys says who it is.
fn agent(opened: &Opened, name: &str) -> Option<Agent> {
    match &opened.desk {
        None if is_operator_name(name) => {
            Some(Agent { name: name.to_owned(), roles: vec![Role::Admin], origin: origin() })
        }
        None => None,
        Some(settings) => Some(sign_in::agent(settings.operator(name)?, &origin())),
    }
}

async fn exported(asked: &Asked, now: UnixTime) -> Result<Value, StoreError> {
    let Asked { opened, sql, subject, record } = asked;
    // Who gave it out stands in what is given out.
    sql.apply(subject, &[Edit::Record(record.clone())]).await?;
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
