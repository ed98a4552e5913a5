//! Which of a player's factors may answer a challenge.

use crate::{
    clock::UnixTime,
    flow::FlowError,
    policy::FactorKind,
    store::{Challenge, Change, FactorRecord, PlayerState, shared::Level},
};

/// Whether a factor may answer at this level now: a new one answers for `session` only (decisions 8),
/// and only one that is older than what an account was frozen for clears the freeze (decisions 26).
fn is_ripe(state: &PlayerState, factor: &FactorRecord, level: &Level, now: UnixTime) -> bool {
    match level {
        Level::Session => true,
        Level::Change(Change::Unfreeze) => {
            let is_older = state.freeze.is_none_or(|freeze| factor.created_at < freeze.event_at);
            is_older && factor.matures_at <= now
        }
        Level::Fresh | Level::Once | Level::Change(_) => factor.matures_at <= now,
    }
}

/// The factors that prove at this level: those that were switched off, where they are switched on.
pub(super) fn provers<'s>(state: &'s PlayerState, level: &Level) -> &'s [FactorRecord] {
    match level {
        Level::Change(Change::Enable) => &state.suspended,
        Level::Session | Level::Fresh | Level::Once | Level::Change(_) => &state.factors,
    }
}

/// Whether a kind may answer: backup codes stand in for the factor that they came with.
pub(super) fn answers(state: &PlayerState, kind: FactorKind, level: &Level, now: UnixTime) -> bool {
    let ripe = |factor: &&FactorRecord| is_ripe(state, factor, level, now);
    match kind {
        FactorKind::App | FactorKind::Sms => {
            provers(state, level).iter().filter(ripe).any(|factor| factor.kind == kind)
        }
        FactorKind::BackupCode => {
            state.backup_codes_left > 0
                && provers(state, level).iter().any(|factor| ripe(&factor))
                && *level != Level::Change(Change::Unfreeze)
        }
    }
}

/// The player's factors of a kind that may answer the challenge; for a backup code those that it
/// stands in for. Never none.
pub(in crate::flow) fn may_answer<'s>(
    challenge: &Challenge,
    state: &'s PlayerState,
    kind: FactorKind,
    now: UnixTime,
) -> Result<Vec<&'s FactorRecord>, FlowError> {
    if !challenge.methods.contains(&kind) {
        return Err(FlowError::MethodUnavailable);
    }
    let of_kind = |factor: &&FactorRecord| factor.kind == kind || kind == FactorKind::BackupCode;
    let factors: Vec<&FactorRecord> = provers(state, &challenge.level).iter().filter(of_kind).collect();
    let matures_at = factors.iter().map(|factor| factor.matures_at).min().ok_or(FlowError::MethodUnavailable)?;
    if !answers(state, kind, &challenge.level, now) {
        let early = matures_at > now;
        return Err(if early { FlowError::CoolingDown { until: matures_at } } else { FlowError::MethodUnavailable });
    }
    Ok(factors.into_iter().filter(|factor| is_ripe(state, factor, &challenge.level, now)).collect())
}
