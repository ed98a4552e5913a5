//! The console's pages: sign-in, the resets that are open, finding a player, and what is done.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Call, documents,
    input::{Form, Player, PlayerAction, ResetAction},
    player_page,
    refusal::Refusal,
    with_cookie,
};
use crate::{
    clock::UnixTime,
    flow::desk::{Agent, DeskError, Why, act::Order, order::Done, players::Search, sign_in::SignIn},
    policy::desk::DeskAction,
    request::Subject,
    store::ResetRecord,
    web::page::{STYLE, styled},
};

/// What the console's pages have besides the style of every page.
const OWN_STYLE: &str = include_str!("pages/desk.css");

#[derive(Template)]
#[template(path = "desk_sign_in.html")]
struct SignInPage<'a> {
    style: &'a str,
    agent: &'a str,
    name: &'a str,
    error: &'a str,
}

#[derive(Template)]
#[template(path = "desk_home.html")]
struct HomePage<'a> {
    style: &'a str,
    agent: &'a str,
    roles: String,
    note: &'a str,
    found: Vec<(String, String)>,
    resets: Vec<ResetLine>,
}

#[derive(Template)]
#[template(path = "desk_message.html")]
struct MessagePage<'a> {
    style: &'a str,
    agent: &'a str,
    title: &'a str,
    text: &'a str,
    back: &'a str,
}

/// A reset in a list, with what this agent can do about it.
pub(super) struct ResetLine {
    pub(super) id: String,
    pub(super) player: String,
    pub(super) address: String,
    pub(super) state: &'static str,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) can_approve: bool,
    pub(super) can_cancel: bool,
}

impl ResetLine {
    pub(super) fn of(record: &ResetRecord, agent: &Agent, now: UnixTime) -> Self {
        let is_open = record.is_open(now);
        let state = documents::state(record, now);
        let facts = [
            ("Case", Some(record.case.clone())),
            ("Reason", Some(record.reason.clone())),
            ("Evidence", Some(record.evidence.clone())),
            ("Asked for", Some(format!("{} by {}", record.requested_at, record.requested_by))),
            ("Approved by", record.approved_by.clone()),
            ("Due", record.due_at.map(|at| at.to_string())),
            ("Ended", record.ended_at.map(|at| at.to_string())),
            ("Called off by", record.ended_by.clone()),
        ];
        Self {
            id: record.id.clone(),
            player: record.subject.as_str().to_owned(),
            address: address(&record.subject),
            state,
            facts: facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
            can_approve: state == "waiting" && agent.may(DeskAction::ApproveReset) && record.requested_by != agent.name,
            can_cancel: is_open && agent.may(DeskAction::CancelReset),
        }
    }
}

/// The style of every page of the console.
pub(super) fn style() -> String {
    format!("{STYLE}{OWN_STYLE}")
}

/// A page of the console.
pub(super) fn page(status: StatusCode, page: &impl Template, style: &str) -> Response {
    styled(status, page.render().unwrap_or_default(), style, None).map(axum::body::Body::from)
}

/// A page that says one thing.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    said(status, (title, text), "/")
}

fn said(status: StatusCode, (title, text): (&str, &str), back: &str) -> Response {
    let style = style();
    page(status, &MessagePage { style: &style, agent: "", title, text, back }, &style)
}

/// Where a player's page is.
pub(super) fn address(subject: &Subject) -> String {
    format!("/players/{}", utf8_percent_encode(subject.as_str(), NON_ALPHANUMERIC))
}

/// `GET /sign-in`.
pub(super) async fn sign_in_page(_call: Call) -> Response {
    sign_in_form(StatusCode::OK, "", "")
}

fn sign_in_form(status: StatusCode, name: &str, error: &str) -> Response {
    let style = style();
    page(status, &SignInPage { style: &style, agent: "", name, error }, &style)
}

/// `POST /sign-in`, fields `name`, `password`, `code`.
pub(super) async fn sign_in(form: Form<3>) -> Response {
    let [name, password, code] = match form.fields(["name", "password", "code"]) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let call = form.0;
    let typed = SignIn { name: &name, password: &password, code: &code, origin: &call.origin };
    match call.flow().desk_sign_in(call.settings(), typed).await {
        Ok((_, token)) => with_cookie(Redirect::to("/").into_response(), call.session_cookie(Some(&token))),
        Err(error @ (DeskError::SignInRefused | DeskError::SignInPaused { .. })) => {
            let refusal = Refusal::of(&error, call.flow().clock.now());
            sign_in_form(refusal.status(), &name, &refusal.text())
        }
        Err(error) => call.refused(&error),
    }
}

/// `POST /sign-out`.
pub(super) async fn sign_out(form: Form<0>) -> Response {
    match form.0.sign_out().await {
        Ok(cookie) => with_cookie(Redirect::to("/sign-in").into_response(), cookie),
        Err(error) => form.0.refused(&error),
    }
}

/// `GET /`: finding, and the resets that are open.
pub(super) async fn home(call: Call) -> Response {
    match call.agent().await {
        Ok(agent) => home_page(&call, &agent, ("", Vec::new())).await,
        Err(error) => call.refused(&error),
    }
}

async fn home_page(call: &Call, agent: &Agent, (note, found): (&str, Vec<Subject>)) -> Response {
    let open = match call.flow().desk_open_resets(agent).await {
        Ok(open) => open,
        Err(error) => return call.refused(&error),
    };
    let (style, now) = (style(), call.flow().clock.now());
    let roles: Vec<&str> = agent.roles.iter().map(|role| role.as_str()).collect();
    let home = HomePage {
        style: &style,
        agent: &agent.name,
        roles: roles.join(", "),
        note,
        found: found.iter().map(|subject| (address(subject), subject.as_str().to_owned())).collect(),
        resets: open.iter().map(|record| ResetLine::of(record, agent, now)).collect(),
    };
    page(StatusCode::OK, &home, &style)
}

/// `POST /find`, one of the fields `id` and `phone`.
pub(super) async fn find(form: Form<2>) -> Response {
    let [id, phone] = match form.fields(["id", "phone"]) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let call = form.0;
    let search = if id.is_empty() { Search::Phone(&phone) } else { Search::Id(&id) };
    let agent = match call.agent().await {
        Ok(agent) => agent,
        Err(error) => return call.refused(&error),
    };
    match call.flow().desk_find(&call.rules, call.settings(), &agent, search).await {
        Ok(found) => match found.as_slice() {
            [] => home_page(&call, &agent, ("Nobody was found.", Vec::new())).await,
            [one] => Redirect::to(&address(one)).into_response(),
            [_, ..] => home_page(&call, &agent, ("Several players have this number.", found)).await,
        },
        Err(DeskError::BadInput(why)) => home_page(&call, &agent, (why, Vec::new())).await,
        Err(error) => call.refused(&error),
    }
}

/// `GET /players/{id}`; `?done=` an action that was just done.
pub(super) async fn player(call: Call, Player(subject): Player) -> Response {
    let seen = async {
        let agent = call.agent().await?;
        let view = call.flow().desk_player(call.settings(), &agent, &subject).await?;
        Ok::<_, DeskError>((agent, view))
    };
    match seen.await {
        Ok((agent, view)) => player_page::show(&call, &agent, &view),
        Err(error) => call.refused(&error),
    }
}

/// `POST /players/{id}/{action}`, fields `reason`, `case`, `evidence`.
pub(super) async fn act(PlayerAction(subject, action): PlayerAction, form: Form<3>) -> Response {
    let [reason, case, evidence] = match form.fields(["reason", "case", "evidence"]) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let call = form.0;
    let done = async {
        let agent = call.agent().await?;
        let why = Why::parse(action, &reason, &case)?;
        let order = Order { agent: &agent, subject: &subject, why: &why };
        Ok::<_, DeskError>(
            match call.flow().desk_order(&call.rules, call.settings(), (action, &evidence), order).await? {
                Done::Code(code, until) => player_page::code(&agent, &address(&subject), (&code, until)),
                Done::Nothing | Done::Reset(_) => {
                    let back = format!("{}?done={}", address(&subject), action.as_str());
                    Redirect::to(&back).into_response()
                }
            },
        )
    };
    let done = done.await;
    done.unwrap_or_else(|error| call.refused(&error))
}

/// `POST /resets/{id}/approve` and `…/cancel`, field `reason`.
pub(super) async fn decide(ResetAction(id, action): ResetAction, form: Form<1>) -> Response {
    let [reason] = match form.fields(["reason"]) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let call = form.0;
    let decided = async {
        let agent = call.agent().await?;
        let of = (&agent, id.as_str());
        call.flow().desk_decide(&call.rules, call.settings(), (action, &reason), of).await
    };
    match decided.await {
        Ok(_) => Redirect::to("/").into_response(),
        Err(error) => call.refused(&error),
    }
}
