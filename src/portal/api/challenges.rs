//! Challenges: looking at one, having a code sent, answering.

use http::{StatusCode, header};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answered, Call, answer, give_stamp, sent};
use crate::{
    flow::{FlowError, challenge::Answer},
    policy::FactorKind,
    portal::input::{self, Json, Path},
    web,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::portal) struct Verify {
    #[serde(deserialize_with = "input::kind")]
    #[schemars(with = "String", extend("enum" = ["app", "sms", "backup_code"]))]
    method: FactorKind,
    code: String,
    #[serde(default)]
    remember_device: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::portal) struct Send {
    #[serde(deserialize_with = "input::kind")]
    #[schemars(with = "String", extend("enum" = ["sms"]))]
    method: FactorKind,
}

/// `GET /api/challenges/{id}`.
pub(in crate::portal) async fn show(call: Call, Path(id): Path<String>) -> Answered {
    let view = match call.flow.view_challenge(&call.rules, &call.head(), &id).await {
        Ok(view) => view,
        Err(error) => return call.fail(&error),
    };
    let now = call.flow.clock.now();
    let details: Vec<Value> =
        view.details.iter().map(|(label, value)| json!({"label": label, "value": value})).collect();
    let verify = format!("{}/api/challenges/{}/verify", call.rules.portal_prefix, view.id);
    let mut document = json!({
        "id": view.id, "route": view.route, "verify": verify, "methods": view.methods,
        "expires_in": view.expires_at.since(now).as_secs(), "details": details,
    });
    if let (Some(sms), Some(members)) = (&view.sms, document.as_object_mut()) {
        members.insert("sms_to".into(), json!(sms.to));
    }
    let mut reply = answer(StatusCode::OK, &document);
    web::allow_origin(&call.parts.headers, &call.rules.site, reply.headers_mut());
    Answered(reply)
}

/// `POST /api/challenges/{id}/send`.
pub(in crate::portal) async fn send(call: Call, Path(id): Path<String>, Json(asked): Json<Send>) -> Answered {
    match asked.method {
        FactorKind::Sms => {}
        FactorKind::App | FactorKind::BackupCode => return call.fail(&FlowError::MethodUnavailable),
    }
    match call.flow.send_code(&call.rules, &call.head(), &id).await {
        Ok(view) => {
            let mut reply = answer(StatusCode::ACCEPTED, &sent(&view, call.flow.clock.now()));
            web::allow_origin(&call.parts.headers, &call.rules.site, reply.headers_mut());
            Answered(reply)
        }
        Err(error) => call.fail(&error),
    }
}

/// `POST /api/challenges/{id}/verify`.
pub(in crate::portal) async fn verify(call: Call, Path(id): Path<String>, Json(asked): Json<Verify>) -> Answered {
    let given = Answer { method: asked.method, code: &asked.code, remember: asked.remember_device };
    let verified = match call.flow.verify(&call.rules, &call.head(), &id, given).await {
        Ok(verified) => verified,
        Err(error) => return call.fail(&error),
    };
    let mut document = json!({ "expires_at": verified.granted.expires_at.secs() });
    if let Some(members) = document.as_object_mut() {
        // For a request or a log-in that is held: the client repeats it with this.
        if let Some(approval) = verified.granted.approval.as_ref().or(verified.resume.as_ref()) {
            members.insert("approval".into(), json!(approval.reveal()));
        }
        if let Some(left) = verified.backup_codes_left {
            members.insert("backup_codes_left".into(), json!(left));
        }
    }
    let stamp = verified.granted.stamp.as_ref();
    let cookie = stamp.and_then(|minted| give_stamp(&call, verified.carrier, minted, &mut document));
    let mut reply = answer(StatusCode::OK, &document);
    let device = verified.device.as_ref().map(|device| web::device_cookie(call.rules.site.secure, device));
    for cookie in cookie.into_iter().chain(device) {
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
    web::allow_origin(&call.parts.headers, &call.rules.site, reply.headers_mut());
    Answered(reply)
}
