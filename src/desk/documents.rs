//! Players and resets as JSON.

use serde_json::{Value, json};

use crate::{
    clock::UnixTime,
    flow::desk::players::PlayerView,
    store::{AuditRecord, ResetRecord},
};

/// What the desk sees of a player: never a secret, numbers masked.
#[must_use]
pub fn player(view: &PlayerView, now: UnixTime) -> Value {
    let factors = view.factors.iter().map(|factor| {
        json!({
            "id": factor.id,
            "kind": factor.kind,
            "number": factor.number,
            "created_at": time(factor.created_at),
            "matures_at": time(factor.matures_at),
        })
    });
    let devices = view.devices.iter().map(
        |device| json!({ "name": device.name, "used_at": time(device.used_at), "expires_at": time(device.expires_at) }),
    );
    let happened = view.happened.iter().map(|(cause, at)| json!({ "what": cause.as_str(), "at": time(*at) }));
    let paused = view.paused.iter().map(|(tries, until)| json!({ "codes": tries.word(), "until": time(*until) }));
    json!({
        "id": view.subject.as_str(),
        "factors": factors.collect::<Vec<_>>(),
        "suspended_factors": view.suspended,
        "backup_codes_left": view.backup_codes_left,
        "must_bind": view.must_bind,
        "epoch": view.epoch,
        "frozen_at": view.freeze.map(|freeze| time(freeze.at)),
        "frozen_by_desk": view.freeze.is_some_and(|freeze| freeze.is_of_desk()),
        "happened": happened.collect::<Vec<_>>(),
        "paused": paused.collect::<Vec<_>>(),
        "devices": devices.collect::<Vec<_>>(),
        "contacts": view.contacts,
        "activity": view.activity.iter().map(line).collect::<Vec<_>>(),
        "resets": view.resets.iter().map(|record| reset(record, now)).collect::<Vec<_>>(),
    })
}

/// A reset.
#[must_use]
pub fn reset(record: &ResetRecord, now: UnixTime) -> Value {
    json!({
        "id": record.id,
        "player": record.subject.as_str(),
        "case": record.case,
        "reason": record.reason,
        "evidence": record.evidence,
        "state": state(record, now),
        "requested_by": record.requested_by,
        "requested_at": time(record.requested_at),
        "expires_at": time(record.expires_at),
        "approved_by": record.approved_by,
        "due_at": record.due_at.map(time),
        "ended_at": record.ended_at.map(time),
        "ended_by": record.ended_by,
    })
}

/// How far a reset has come; one that nobody approved in time is `expired`.
pub(super) fn state(record: &ResetRecord, now: UnixTime) -> &'static str {
    let expired = record.state == crate::store::ResetState::Waiting && !record.is_open(now);
    if expired { "expired" } else { record.state.as_str() }
}

fn line(record: &AuditRecord) -> Value {
    json!({
        "at": time(record.at),
        "actor": record.actor,
        "event": record.event,
        "detail": record.detail,
        "why": record.why,
        "origin": record.origin,
    })
}

fn time(at: UnixTime) -> String {
    at.to_string()
}
