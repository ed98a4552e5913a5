//! Binding a factor, step by step.

use http::{StatusCode, header};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answered, Call, answer, factor, give_stamp, sent};
use crate::{
    flow::enrol::{EnrolmentView, Wanted},
    policy::FactorKind,
    portal::input::{self, Empty, Json, Path},
    store::{EnrolmentStep, Place},
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::portal) struct Begin {
    #[serde(deserialize_with = "input::kind")]
    #[schemars(with = "String", extend("enum" = ["app", "sms"]))]
    method: FactorKind,
    /// In place of what; without it beside.
    #[serde(default, deserialize_with = "place")]
    #[schemars(with = "String", extend("enum" = ["all", "number"]))]
    replace: Option<Place>,
    number: Option<String>,
    /// A temporary code of the support desk, after a reset.
    support_code: Option<String>,
}

/// `all` or `number`, written as a string and not otherwise.
fn place<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Place>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "all" => Ok(Some(Place::OfAll)),
        "number" => Ok(Some(Place::OfNumber)),
        _ => Err(serde::de::Error::custom("no place")),
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::portal) struct Code {
    code: String,
}

/// `POST /api/enrolments`.
pub(in crate::portal) async fn begin(call: Call, Json(asked): Json<Begin>) -> Answered {
    let wanted = Wanted {
        kind: asked.method,
        place: asked.replace.unwrap_or(Place::Beside),
        number: asked.number.as_deref(),
        support_code: asked.support_code.as_deref(),
        return_to: None,
    };
    match call.flow.begin_enrolment(&call.rules, &call.head(), wanted, None).await {
        Ok(view) => Answered(answer(StatusCode::CREATED, &enrolment(&view))),
        Err(error) => call.fail(&error),
    }
}

/// `GET /api/enrolments/{id}`.
pub(in crate::portal) async fn show(call: Call, Path(id): Path<String>) -> Answered {
    match call.flow.view_enrolment(&call.rules, &call.head(), &id).await {
        Ok(view) => Answered(answer(StatusCode::OK, &enrolment(&view))),
        Err(error) => call.fail(&error),
    }
}

/// What a client needs for the steps that remain; the secret only when every step before is done
/// (decisions 10).
fn enrolment(view: &EnrolmentView) -> Value {
    let next: &[&str] = match view.step {
        EnrolmentStep::Proof => &["proof", "confirm"],
        EnrolmentStep::Phone => &["phone", "confirm"],
        EnrolmentStep::Secret | EnrolmentStep::BackupCodes | EnrolmentStep::Confirm => &["confirm"],
    };
    let mut document = json!({ "id": view.id, "method": view.kind, "next": next });
    let Some(members) = document.as_object_mut() else { return document };
    if let Some(app) = &view.app {
        members.insert("secret".into(), json!(*app.secret));
        members.insert("otpauth_uri".into(), json!(*app.otpauth_uri));
        members.insert("qr_svg".into(), json!(*app.qr_svg));
    }
    if let Some(sms) = &view.sms {
        members.insert("sms_to".into(), json!(sms.to));
    }
    document
}

/// `POST /api/enrolments/{id}/phone/send` and `…/confirm/send`: the code of the step that waits.
pub(in crate::portal) async fn send(call: Call, Path(id): Path<String>, _: Empty) -> Answered {
    match call.flow.send_enrolment_code(&call.rules, &call.head(), &id).await {
        Ok(view) => Answered(answer(StatusCode::ACCEPTED, &sent(&view, call.flow.clock.now()))),
        Err(error) => call.fail(&error),
    }
}

/// `POST /api/enrolments/{id}/phone/verify`: then the secret is there.
pub(in crate::portal) async fn verify_phone(call: Call, Path(id): Path<String>, Json(asked): Json<Code>) -> Answered {
    match call.flow.verify_enrolment_phone(&call.rules, &call.head(), &id, &asked.code).await {
        Ok(view) => Answered(answer(StatusCode::OK, &enrolment(&view))),
        Err(error) => call.fail(&error),
    }
}

/// `POST /api/enrolments/{id}/backup-codes`: the codes that the confirmation activates.
pub(in crate::portal) async fn backup_codes(call: Call, Path(id): Path<String>, _: Empty) -> Answered {
    match call.flow.look_at_codes(&call.rules, &call.head(), &id).await {
        Ok(view) => {
            let codes: Vec<&str> = view.backup_codes.iter().map(|code| code.as_str()).collect();
            Answered(answer(StatusCode::OK, &json!({ "backup_codes": codes })))
        }
        Err(error) => call.fail(&error),
    }
}

/// `POST /api/enrolments/{id}/confirm`: from now on the factor counts.
pub(in crate::portal) async fn confirm(call: Call, Path(id): Path<String>, Json(asked): Json<Code>) -> Answered {
    let activated = match call.flow.confirm_enrolment(&call.rules, &call.head(), &id, &asked.code).await {
        Ok(activated) => activated,
        Err(error) => return call.fail(&error),
    };
    let codes: Vec<&str> = activated.backup_codes.iter().map(|code| code.as_str()).collect();
    let mut document = json!({ "factor": factor(&activated.factor), "backup_codes": codes });
    let stamp = activated.stamp.as_ref();
    let cookie = stamp.and_then(|minted| give_stamp(&call, activated.carrier, minted, &mut document));
    let mut reply = answer(StatusCode::OK, &document);
    if let Some(cookie) = cookie {
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Answered(reply)
}
