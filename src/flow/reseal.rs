//! Sealing anew, under the present key, what older keys sealed: beside the processes that serve.

use crate::{
    secret::Sealer,
    store::{
        StoreError,
        sealing::{SealedKind, SealedRows},
    },
};

/// Rows that are read at a time.
const AT_ONCE: u32 = 100;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Resealed {
    /// Rows that are sealed under the present key now.
    pub rows: u64,
    /// Rows that no key opens; they stay as they are.
    pub unreadable: u64,
}

/// Seals every row anew that is not sealed under the present key. Each row is one change of its own: what was
/// done stays done if it is interrupted, and doing it again goes on.
///
/// # Errors
/// [`StoreError`].
pub async fn reseal(rows: &dyn SealedRows, sealer: &Sealer) -> Result<Resealed, StoreError> {
    let (mut done, key_id) = (Resealed::default(), sealer.key_id());
    for kind in SealedKind::ALL {
        let mut after = None;
        loop {
            let batch = rows.sealed_otherwise(kind, &key_id, after.as_ref(), AT_ONCE).await?;
            for row in &batch {
                let context = row.context.each_ref().map(String::as_bytes);
                let Ok(plain) = sealer.open(kind.purpose(), &context, &row.sealed) else {
                    done.unreadable += 1;
                    continue;
                };
                let sealed = sealer.seal(kind.purpose(), &context, &plain);
                done.rows += u64::from(rows.replace_seal(row, &sealed).await?);
            }
            let Some(last) = batch.into_iter().last() else { break };
            after = Some(last);
        }
    }
    Ok(done)
}
