//! The desk's JSON API: what the console does, for programs with a session.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Call, documents,
    input::{Json, Player, PlayerAction, ResetAction},
    with_cookie,
};
use crate::{
    flow::desk::{DeskError, Why, act::Order, order::Done, players::Search, sign_in::SignIn},
    policy::desk::DeskAction,
    request::Subject,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credentials {
    name: String,
    password: String,
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sought {
    id: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stated {
    reason: String,
    #[serde(default)]
    case: String,
    #[serde(default)]
    evidence: String,
}

/// `POST /api/sign-in`: the cookie, and who it is.
pub(super) async fn sign_in(Json(call, typed): Json<Credentials>) -> Response {
    let credentials = SignIn { name: &typed.name, password: &typed.password, code: &typed.code, origin: &call.origin };
    match call.flow().desk_sign_in(call.settings(), credentials).await {
        Ok((agent, token)) => {
            let document = json!({ "name": agent.name, "roles": agent.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>() });
            with_cookie(answer(StatusCode::OK, &document), call.session_cookie(Some(&token)))
        }
        Err(error) => call.refused(&error),
    }
}

/// `POST /api/sign-out`.
pub(super) async fn sign_out(Json(call, Nothing {}): Json<Nothing>) -> Response {
    match call.sign_out().await {
        Ok(cookie) => with_cookie(StatusCode::NO_CONTENT.into_response(), cookie),
        Err(error) => call.refused(&error),
    }
}

/// `POST /api/find`, by `id` or by `phone`: the ids of the players found. A post, so that no log of
/// addresses holds a number.
pub(super) async fn find(Json(call, sought): Json<Sought>) -> Response {
    let search = match (&sought.id, &sought.phone) {
        (Some(id), None) => Search::Id(id),
        (None, Some(phone)) => Search::Phone(phone),
        (None, None) | (Some(_), Some(_)) => return call.refused(&DeskError::BadInput("give id or phone")),
    };
    let found = async {
        let agent = call.agent().await?;
        call.flow().desk_find(&call.rules, call.settings(), &agent, search).await
    };
    let document =
        found.await.map(|players| json!({ "players": players.iter().map(Subject::as_str).collect::<Vec<_>>() }));
    answered(&call, StatusCode::OK, document)
}

/// `GET /api/players/{id}`.
pub(super) async fn player(call: Call, Player(subject): Player) -> Response {
    let seen = async {
        let agent = call.agent().await?;
        call.flow().desk_player(call.settings(), &agent, &subject).await
    };
    let now = call.flow().clock.now();
    let document = seen.await.map(|view| documents::player(&view, now));
    answered(&call, StatusCode::OK, document)
}

/// `POST /api/players/{id}/{action}`.
pub(super) async fn act(PlayerAction(subject, action): PlayerAction, Json(call, stated): Json<Stated>) -> Response {
    let document = done(&call, (&subject, action), &stated).await;
    answered(&call, StatusCode::OK, document)
}

async fn done(call: &Call, (subject, action): (&Subject, DeskAction), stated: &Stated) -> Result<Value, DeskError> {
    let agent = call.agent().await?;
    let why = Why::parse(action, &stated.reason, &stated.case)?;
    let order = Order { agent: &agent, subject, why: &why };
    let done = call.flow().desk_order(&call.rules, call.settings(), (action, &stated.evidence), order).await?;
    Ok(document(call, action, &done))
}

fn document(call: &Call, action: DeskAction, done: &Done) -> Value {
    match done {
        Done::Nothing => json!({ "done": action.as_str() }),
        Done::Code(code, until) => json!({ "code": code.as_str(), "expires_at": until.to_string() }),
        Done::Reset(record) => documents::reset(record, call.flow().clock.now()),
    }
}

/// `GET /api/resets`: those that are open.
pub(super) async fn resets(call: Call) -> Response {
    let open = async {
        let agent = call.agent().await?;
        call.flow().desk_open_resets(&agent).await
    };
    let now = call.flow().clock.now();
    let document = open
        .await
        .map(|open| json!({ "resets": open.iter().map(|record| documents::reset(record, now)).collect::<Vec<_>>() }));
    answered(&call, StatusCode::OK, document)
}

/// `POST /api/resets/{id}/approve` and `…/cancel`.
pub(super) async fn decide(ResetAction(id, action): ResetAction, Json(call, stated): Json<Stated>) -> Response {
    let decided = async {
        let agent = call.agent().await?;
        let of = (&agent, id.as_str());
        let done = call.flow().desk_decide(&call.rules, call.settings(), (action, &stated.reason), of).await?;
        Ok(document(&call, action, &done))
    };
    let document = decided.await;
    answered(&call, StatusCode::OK, document)
}

fn answered(call: &Call, status: StatusCode, document: Result<Value, DeskError>) -> Response {
    match document {
        Ok(document) => answer(status, &document),
        Err(error) => call.refused(&error),
    }
}

fn answer(status: StatusCode, document: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}
