//! The JSON API (design.md 7): the same use cases for clients that show their own pages.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Answered, Call,
    input::{self, Json, Path},
};
use crate::{
    flow::{
        CookieNames, FlowError,
        challenge::Answer,
        enrol::{EnrolmentView, FactorView},
    },
    policy::FactorKind,
    request::Carrier,
    web::{self, Problem, Reply},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verify {
    #[serde(deserialize_with = "input::kind")]
    method: FactorKind,
    code: String,
    #[serde(default)]
    remember_device: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    #[serde(rename = "method", deserialize_with = "input::kind")]
    _method: FactorKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    #[serde(deserialize_with = "input::kind")]
    method: FactorKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    code: String,
}

fn answer(status: StatusCode, document: &Value) -> Reply {
    let mut reply = Reply::new(Bytes::from(document.to_string()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// `GET /api/challenges/{id}`.
pub(super) async fn show_challenge(call: Call, Path(id): Path<String>) -> Answered {
    let view = match call.flow.view_challenge(&call.rules, &call.head(), &id).await {
        Ok(view) => view,
        Err(error) => return call.fail(&error),
    };
    let now = call.flow.clock.now();
    let details: Vec<Value> =
        view.details.iter().map(|(label, value)| json!({"label": label, "value": value})).collect();
    let verify = format!("{}/api/challenges/{}/verify", call.rules.portal_prefix, view.id);
    Answered(answer(
        StatusCode::OK,
        &json!({
            "id": view.id, "route": view.route, "verify": verify, "methods": view.methods,
            "expires_in": view.expires_at.since(now).as_secs(), "details": details,
        }),
    ))
}

/// `POST /api/challenges/{id}/send`: no factor that is sent exists here.
pub(super) async fn send(call: Call, Path(_id): Path<String>, Json(_asked): Json<Send>) -> Answered {
    call.fail(&FlowError::MethodUnavailable)
}

/// `POST /api/challenges/{id}/verify`.
pub(super) async fn verify(call: Call, Path(id): Path<String>, Json(asked): Json<Verify>) -> Answered {
    if asked.remember_device {
        return call.refuse(&Problem::bad_request("browsers are not remembered here"));
    }
    let given = Answer { method: asked.method, code: &asked.code };
    let verified = match call.flow.verify(&call.rules, &call.head(), &id, given).await {
        Ok(verified) => verified,
        Err(error) => return call.fail(&error),
    };
    let mut document = json!({ "expires_at": verified.granted.expires_at.secs() });
    if let (Some(approval), Some(members)) = (&verified.granted.approval, document.as_object_mut()) {
        members.insert("approval".into(), json!(approval.reveal()));
    }
    let mut cookie = None;
    if let (Some(minted), Some(members)) = (&verified.granted.stamp, document.as_object_mut()) {
        let secure = call.rules.site.secure;
        // A browser's script never sees the stamp (decisions 37).
        match verified.carrier {
            Carrier::Header => drop(members.insert("stamp".into(), json!(minted.token))),
            Carrier::Cookie => {
                cookie = Some(web::set_cookie(CookieNames::of(secure).stamp, &minted.token, secure, None));
            }
        }
    }
    let mut reply = answer(StatusCode::OK, &document);
    if let Some(cookie) = cookie {
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
    web::allow_origin(&call.parts.headers, &call.rules.site, reply.headers_mut());
    Answered(reply)
}

/// `POST /api/enrolments`.
pub(super) async fn begin_enrolment(call: Call, Json(asked): Json<Begin>) -> Answered {
    match call.flow.begin_enrolment(&call.rules, &call.head(), asked.method, None).await {
        Ok(view) => Answered(answer(StatusCode::CREATED, &enrolment(&view))),
        Err(error) => call.fail(&error),
    }
}

/// `GET /api/enrolments/{id}`.
pub(super) async fn show_enrolment(call: Call, Path(id): Path<String>) -> Answered {
    match call.flow.view_enrolment(&call.rules, &call.head(), &id).await {
        Ok(view) => Answered(answer(StatusCode::OK, &enrolment(&view))),
        Err(error) => call.fail(&error),
    }
}

fn enrolment(view: &EnrolmentView) -> Value {
    json!({
        "id": view.id, "method": view.kind, "secret": *view.secret, "otpauth_uri": *view.otpauth_uri,
        "qr_svg": *view.qr_svg, "next": ["confirm"],
    })
}

/// `POST /api/enrolments/{id}/confirm`.
pub(super) async fn confirm_enrolment(call: Call, Path(id): Path<String>, Json(asked): Json<Confirm>) -> Answered {
    match call.flow.confirm_enrolment(&call.rules, &call.head(), &id, &asked.code).await {
        Ok(activated) => Answered(answer(StatusCode::OK, &json!({ "factor": factor(&activated.factor) }))),
        Err(error) => call.fail(&error),
    }
}

/// `GET /api/factors`.
pub(super) async fn factors(call: Call) -> Answered {
    match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => {
            let factors: Vec<Value> = view.factors.iter().map(factor).collect();
            Answered(answer(StatusCode::OK, &json!({ "factors": factors, "can_enrol": view.can_enrol })))
        }
        Err(error) => call.fail(&error),
    }
}

fn factor(view: &FactorView) -> Value {
    json!({
        "id": view.id, "method": view.kind, "created_at": view.created_at.secs(), "matures_at": view.matures_at.secs(),
    })
}

/// `GET /jwks.json`: the keys of the assertions, for the site.
pub(super) async fn jwks(call: Call) -> Answered {
    Answered(answer(StatusCode::OK, &call.rules.assertions.jwks()))
}
