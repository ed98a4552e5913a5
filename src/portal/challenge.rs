//! The challenge page: asks for a code, then lets the player's own request go on.

use askama::Template;
use axum::{body::Bytes, extract::Path};
use http::{HeaderValue, StatusCode, header};

use super::{Answered, Call, form, plain};
use crate::{
    flow::{
        CookieNames, FlowError,
        challenge::{Answer, ChallengeView, Verified},
    },
    policy::FactorKind,
    web::{self, Problem, Shell},
};

/// Sends the one form of the page; allowed by its hash.
const SUBMIT: &str = "document.forms[0].submit()";

#[derive(Template)]
#[template(path = "challenge.html")]
struct ChallengePage<'a> {
    shell: &'a Shell<'a>,
    id: &'a str,
    details: &'a [(String, String)],
    enrolled: bool,
    method: &'a str,
    error: &'a str,
}

#[derive(Template)]
#[template(path = "continue.html")]
struct ContinuePage<'a> {
    shell: &'a Shell<'a>,
    action: &'a str,
    token: &'a str,
    script: &'a str,
}

/// `GET /challenge/{id}`.
pub(super) async fn show(call: Call, Path(id): Path<String>) -> Answered {
    match call.flow.view_challenge(&call.rules, &call.head(), &id).await {
        Ok(view) => challenge_page(&call, &view, None),
        Err(error) => call.fail(&error),
    }
}

/// `GET /again`: after the code, where what was sent could not be kept.
pub(super) async fn again(call: Call) -> Answered {
    let shell = call.shell(None);
    Answered(shell.message(StatusCode::OK, &shell.say("again-title"), &shell.say("again-text")))
}

/// `POST /challenge/{id}`, fields `method` (absent: the app) and `code`.
pub(super) async fn answer(call: Call, Path(id): Path<String>, body: Bytes) -> Answered {
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
                Ok(view) => challenge_page(&call, &view, Some(&problem)),
                Err(error) => call.fail(&error),
            }
        }
        Err(error) => call.fail(&error),
    }
}

fn challenge_page(call: &Call, view: &ChallengeView, problem: Option<&Problem>) -> Answered {
    let shell = call.shell(view.locale.as_deref());
    let page = ChallengePage {
        shell: &shell,
        id: &view.id,
        details: &view.details,
        enrolled: !view.methods.is_empty(),
        method: view.methods.first().map_or("app", |kind| kind.as_str()),
        error: &problem.map(|problem| problem.line(&shell)).unwrap_or_default(),
    };
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Answered(shell.reply(status, page.render().unwrap_or_default(), None))
}

/// The stamp into its cookie; the browser to where it was going.
fn go_on(call: &Call, verified: &Verified) -> Answered {
    let mut reply = match &verified.resume {
        Some(token) => {
            let shell = call.shell(verified.locale.as_deref());
            let page =
                ContinuePage { shell: &shell, action: &verified.return_to, token: token.reveal(), script: SUBMIT };
            shell.reply(StatusCode::OK, page.render().unwrap_or_default(), Some(SUBMIT))
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
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
