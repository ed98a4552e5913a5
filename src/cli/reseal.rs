//! `keys reseal`.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use super::{
    FAULT,
    opened::{Opened, failed, origin},
};
use crate::{
    clock::UnixTime,
    flow::reseal,
    store::{AuditRecord, Trail, audit::KEYS_RESEALED, sealing::SealedRows},
};

/// Seals every row anew under the key that processes seal under now, and says which keys are still needed.
///
/// # Errors
/// The output could not be written.
pub(super) fn reseal(path: &Path, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let opened = match Opened::open(path, out)? {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    let sealer = opened.keys.sealer_at(now);
    let sql = match opened.signing() {
        Ok(sql) => sql,
        Err(error) => return failed(&error, out),
    };
    let done = opened.run(async {
        let done = reseal::reseal(&sql, &sealer).await?;
        let record = AuditRecord {
            detail: format!("{} rows under {}", done.rows, sealer.key_id()),
            origin: origin(),
            ..AuditRecord::new(now, "command", KEYS_RESEALED)
        };
        sql.write(&[record]).await?;
        Ok::<_, crate::store::StoreError>((done, sql.sealing_keys().await?))
    });
    let (done, needed) = match done {
        Ok(done) => done,
        Err(error) => return failed(&error, out),
    };
    let key_id = sealer.key_id();
    writeln!(out, "{} rows are sealed anew under the key {key_id}", done.rows)?;
    if let Some((next, from)) = opened.keys.next_sealing().filter(|(_, from)| *from > now) {
        writeln!(out, "the newest key {next} seals from {from} on: run this again after that")?;
    }
    for old in needed.iter().filter(|id| **id != key_id) {
        writeln!(out, "the key {old} is still needed")?;
    }
    if done.unreadable > 0 {
        writeln!(out, "error: {} rows are sealed under a key that is not in the key file", done.unreadable)?;
        return Ok(ExitCode::from(FAULT));
    }
    Ok(ExitCode::SUCCESS)
}
