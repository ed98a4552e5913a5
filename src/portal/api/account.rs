//! What the settings page shows and does, as JSON.

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::{Answered, Call, answer, factor, give_stamp};
use crate::{
    portal::input::{Empty, Path},
    store::Change,
};

/// `GET /api/factors`.
pub(in crate::portal) async fn factors(call: Call) -> Answered {
    match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => {
            let factors: Vec<Value> = view.factors.iter().map(factor).collect();
            let suspended: Vec<Value> = view.suspended.iter().map(factor).collect();
            let document = json!({
                "factors": factors, "suspended": suspended, "can_enrol": view.can_enrol, "frozen": view.frozen,
            });
            Answered(answer(StatusCode::OK, &document))
        }
        Err(error) => call.fail(&error),
    }
}

/// `GET /api/devices`.
pub(in crate::portal) async fn devices(call: Call) -> Answered {
    match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => {
            let device = |device: &crate::flow::settings::DeviceView| {
                json!({
                    "id": device.id, "name": device.name, "used_at": device.used_at.secs(),
                    "expires_at": device.expires_at.secs(), "this": device.is_this,
                })
            };
            let devices: Vec<Value> = view.devices.iter().map(device).collect();
            Answered(answer(StatusCode::OK, &json!({ "devices": devices })))
        }
        Err(error) => call.fail(&error),
    }
}

/// `GET /api/backup-codes`: how many are left.
pub(in crate::portal) async fn backup_codes(call: Call) -> Answered {
    match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => Answered(answer(StatusCode::OK, &json!({ "left": view.backup_codes_left }))),
        Err(error) => call.fail(&error),
    }
}

/// `GET /api/activity`: what happened lately, newest first.
pub(in crate::portal) async fn activity(call: Call) -> Answered {
    match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => {
            let line = |record: &crate::store::AuditRecord| json!({ "at": record.at.secs(), "event": record.event, "detail": record.detail });
            let activity: Vec<Value> = view.activity.iter().map(line).collect();
            Answered(answer(StatusCode::OK, &json!({ "activity": activity })))
        }
        Err(error) => call.fail(&error),
    }
}

/// `DELETE /api/factors/{id}`.
pub(in crate::portal) async fn remove_factor(call: Call, Path(factor_id): Path<String>) -> Answered {
    change(call, Change::Remove { factor_id }).await
}

/// `POST /api/factors/disable`.
pub(in crate::portal) async fn disable(call: Call, _: Empty) -> Answered {
    change(call, Change::Disable).await
}

/// `POST /api/factors/enable`.
pub(in crate::portal) async fn enable(call: Call, _: Empty) -> Answered {
    change(call, Change::Enable).await
}

/// `POST /api/factors/unfreeze`.
pub(in crate::portal) async fn unfreeze(call: Call, _: Empty) -> Answered {
    change(call, Change::Unfreeze).await
}

/// `POST /api/backup-codes`: a fresh set, told once.
pub(in crate::portal) async fn make_backup_codes(call: Call, _: Empty) -> Answered {
    change(call, Change::BackupCodes).await
}

/// `DELETE /api/devices`.
pub(in crate::portal) async fn forget_devices(call: Call) -> Answered {
    change(call, Change::ForgetDevices { device_id: None }).await
}

/// `DELETE /api/devices/{id}`.
pub(in crate::portal) async fn forget_device(call: Call, Path(id): Path<String>) -> Answered {
    change(call, Change::ForgetDevices { device_id: Some(id) }).await
}

/// `DELETE /api/stamps`: every other log-in's.
pub(in crate::portal) async fn end_sessions(call: Call) -> Answered {
    change(call, Change::EndSessions).await
}

async fn change(call: Call, change: Change) -> Answered {
    let changed = match call.flow.change(&call.rules, &call.head(), change, None).await {
        Ok(changed) => changed,
        Err(error) => return call.fail(&error),
    };
    let mut document = json!({});
    if let Some(members) = document.as_object_mut().filter(|_| !changed.backup_codes.is_empty()) {
        let codes: Vec<&str> = changed.backup_codes.iter().map(|code| code.as_str()).collect();
        members.insert("backup_codes".into(), json!(codes));
    }
    let stamp = changed.stamp.as_ref();
    let cookie = stamp.and_then(|minted| give_stamp(&call, changed.carrier, minted, &mut document));
    let mut reply = answer(StatusCode::OK, &document);
    if let Some(cookie) = cookie {
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Answered(reply)
}
