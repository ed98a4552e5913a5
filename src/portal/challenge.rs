//! The challenge page: asks for a code, then lets the player's own request go on.

use askama::Template;
use http::{HeaderValue, StatusCode, header};

use super::{
    Answered, Call, form,
    input::{Form, Path},
    plain,
};
use crate::{
    flow::{
        CookieNames, FlowError,
        challenge::{Answer, ChallengeView, Verified},
    },
    policy::FactorKind,
    web::{self, page},
};

/// Sends the one form of the page; allowed by its hash.
const SUBMIT: &str = "document.forms[0].submit()";

#[derive(Template)]
#[template(path = "challenge.html")]
struct ChallengePage<'a> {
    site: &'a str,
    style: &'a str,
    prefix: &'a str,
    id: &'a str,
    details: &'a [(String, String)],
    enrolled: bool,
    method: &'a str,
    error: &'a str,
}

#[derive(Template)]
#[template(path = "continue.html")]
struct ContinuePage<'a> {
    site: &'a str,
    style: &'a str,
    action: &'a str,
    token: &'a str,
    script: &'a str,
}

/// `GET /challenge/{id}`.
pub(super) async fn show(call: Call, Path(id): Path<String>) -> Answered {
    match call.flow.view_challenge(&call.rules, &call.head(), &id).await {
        Ok(view) => challenge_page(&call, &view, StatusCode::OK, ""),
        Err(error) => call.fail(&error),
    }
}

/// `GET /again`: after the code, where what was sent could not be kept.
pub(super) async fn again(call: Call) -> Answered {
    let text = "What you sent was too large to be kept. Please go back and send it again; you are not asked for a \
                code now.";
    Answered(page::message(&call.rules, StatusCode::OK, "Confirmed", text))
}

/// `POST /challenge/{id}`, fields `method` (absent: the app) and `code`.
pub(super) async fn answer(call: Call, Path(id): Path<String>, body: Form) -> Answered {
    let [method, code] = match form::fields(&body, ["method", "code"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    let method = if method.is_empty() { Some(FactorKind::App) } else { FactorKind::parse(&method) };
    let Some(method) = method else { return call.fail(&FlowError::MethodUnavailable) };
    let verified = call.flow.verify(&call.rules, &call.head(), &id, Answer { method, code: &code }).await;
    match verified {
        Ok(verified) => go_on(&call, &verified),
        Err(error @ (FlowError::CodeRejected { .. } | FlowError::TooManyAttempts { .. })) => {
            let problem = call.problem(&error);
            match call.flow.view_challenge(&call.rules, &call.head(), &id).await {
                Ok(view) => challenge_page(&call, &view, problem.status(), &problem.text()),
                Err(error) => call.fail(&error),
            }
        }
        Err(error) => call.fail(&error),
    }
}

fn challenge_page(call: &Call, view: &ChallengeView, status: StatusCode, error: &str) -> Answered {
    let page = ChallengePage {
        site: &call.rules.site.name,
        style: page::STYLE,
        prefix: &call.rules.portal_prefix,
        id: &view.id,
        details: &view.details,
        enrolled: !view.methods.is_empty(),
        method: view.methods.first().map_or("app", |kind| kind.as_str()),
        error,
    };
    Answered(page::reply(status, page.render().unwrap_or_default(), None))
}

/// The stamp into its cookie; the browser to where it was going.
fn go_on(call: &Call, verified: &Verified) -> Answered {
    let mut reply = match &verified.resume {
        Some(token) => {
            let page = ContinuePage {
                site: &call.rules.site.name,
                style: page::STYLE,
                action: &verified.return_to,
                token: token.reveal(),
                script: SUBMIT,
            };
            page::reply(StatusCode::OK, page.render().unwrap_or_default(), Some(SUBMIT))
        }
        None => see_other(&verified.return_to),
    };
    if let Some(minted) = &verified.granted.stamp {
        let secure = call.rules.site.secure;
        let cookie = web::set_cookie(CookieNames::of(secure).stamp, &minted.token, secure, None);
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Answered(reply)
}

/// 303 to a path of the site.
pub(super) fn see_other(path: &str) -> web::Reply {
    let mut reply = plain(StatusCode::SEE_OTHER);
    if let Ok(location) = HeaderValue::from_str(path) {
        reply.headers_mut().insert(header::LOCATION, location);
    }
    reply
}
