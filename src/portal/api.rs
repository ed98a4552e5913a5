//! The JSON API (design.md 7): the same use cases for clients that show their own pages.

use axum::{body::Bytes, extract::Path};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{Answered, Call};
use crate::{
    flow::{
        CookieNames, FlowError,
        challenge::Answer,
        enrol::{EnrolmentView, FactorView},
    },
    policy::FactorKind,
    request,
    web::{self, Problem, Reply},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Verify {
    method: FactorKind,
    code: String,
    #[serde(default)]
    remember_device: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    #[serde(rename = "method")]
    _method: FactorKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    method: FactorKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirm {
    code: String,
}

/// The body as JSON; the media type must be exactly `application/json` (decisions 31).
fn parse<T: DeserializeOwned>(call: &Call, body: &[u8]) -> Result<T, Problem> {
    let media = request::header_once(&call.parts.headers, header::CONTENT_TYPE.as_str());
    if media != Some("application/json") {
        return Err(Problem::unsupported_media_type());
    }
    serde_json::from_slice(body)
        .map_err(|error| Problem::bad_request(format!("the JSON body is not as expected: {error}")))
}

fn answer(status: StatusCode, document: &Value) -> Reply {
    let mut reply = Reply::new(Bytes::from(document.to_string()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
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
pub(super) async fn send(call: Call, Path(_id): Path<String>, body: Bytes) -> Answered {
    match parse::<Send>(&call, &body) {
        Ok(_) => call.fail(&FlowError::MethodUnavailable),
        Err(problem) => call.refuse(&problem),
    }
}

/// `POST /api/challenges/{id}/verify`.
pub(super) async fn verify(call: Call, Path(id): Path<String>, body: Bytes) -> Answered {
    let asked: Verify = match parse(&call, &body) {
        Ok(asked) => asked,
        Err(problem) => return call.refuse(&problem),
    };
    if asked.remember_device {
        return call.refuse(&Problem::bad_request("browsers are not remembered here"));
    }
    let given = Answer { method: asked.method, code: &asked.code, remember: false };
    let verified = match call.flow.verify(&call.rules, &call.head(), &id, given).await {
        Ok(verified) => verified,
        Err(error) => return call.fail(&error),
    };
    let mut document = json!({ "expires_at": verified.granted.expires_at.secs() });
    let by_header = !call.parts.headers.contains_key(header::COOKIE);
    if let (Some(minted), true, Some(members)) = (&verified.granted.stamp, by_header, document.as_object_mut()) {
        members.insert("stamp".into(), json!(minted.token));
    }
    if let (Some(approval), Some(members)) = (&verified.granted.approval, document.as_object_mut()) {
        members.insert("approval".into(), json!(approval.reveal()));
    }
    let mut reply = answer(StatusCode::OK, &document);
    if let Some(minted) = verified.granted.stamp.as_ref().filter(|_| !by_header) {
        let secure = call.rules.site.secure;
        let cookie = web::set_cookie(CookieNames::of(secure).stamp, &minted.token, secure, None);
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
    web::allow_origin(&call.parts.headers, &call.rules.site, reply.headers_mut());
    Answered(reply)
}

/// `POST /api/enrolments`.
pub(super) async fn begin_enrolment(call: Call, body: Bytes) -> Answered {
    let asked: Begin = match parse(&call, &body) {
        Ok(asked) => asked,
        Err(problem) => return call.refuse(&problem),
    };
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
pub(super) async fn confirm_enrolment(call: Call, Path(id): Path<String>, body: Bytes) -> Answered {
    let asked: Confirm = match parse(&call, &body) {
        Ok(asked) => asked,
        Err(problem) => return call.refuse(&problem),
    };
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
