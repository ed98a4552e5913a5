//! A player's page: the state of the second factor, and a form for each thing that this agent may do.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{
    Call,
    console::{ResetLine, address, page, style},
};
use crate::{
    clock::UnixTime,
    flow::desk::{Agent, players::PlayerView},
    policy::{FactorKind, desk::DeskAction},
    store::Freeze,
};

#[derive(Template)]
#[template(path = "desk_player.html")]
struct PlayerPage<'a> {
    style: &'a str,
    agent: &'a str,
    player: &'a str,
    address: String,
    done: Option<&'static str>,
    state: Vec<(&'static str, String)>,
    factors: Vec<String>,
    devices: Vec<String>,
    actions: Vec<ActionForm>,
    evidence: &'a [String],
    resets: Vec<ResetLine>,
    activity: Vec<[String; 4]>,
}

#[derive(Template)]
#[template(path = "desk_code.html")]
struct CodePage<'a> {
    style: &'a str,
    agent: &'a str,
    back: &'a str,
    code: &'a str,
    until: String,
}

/// One action, ready to be asked for.
struct ActionForm {
    word: &'static str,
    title: &'static str,
    needs_case: bool,
    needs_evidence: bool,
}

/// The page.
pub(super) fn show(call: &Call, agent: &Agent, view: &PlayerView) -> Response {
    let (style, now) = (style(), call.flow().clock.now());
    let done = call.query.strip_prefix("done=").and_then(DeskAction::parse).map(title);
    let player = PlayerPage {
        style: &style,
        agent: &agent.name,
        player: view.subject.as_str(),
        address: address(&view.subject),
        done,
        state: state(view, now),
        factors: view.factors.iter().map(|factor| factor_line(factor, now)).collect(),
        devices: view.devices.iter().map(|device| format!("{} (last used {})", device.name, device.used_at)).collect(),
        actions: actions(agent, view),
        evidence: &call.settings().reset.evidence,
        resets: view.resets.iter().map(|record| ResetLine::of(record, agent, now)).collect(),
        activity: view
            .activity
            .iter()
            .map(|line| [line.at.to_string(), line.actor.clone(), line.event.clone(), line.why.clone()])
            .collect(),
    };
    page(StatusCode::OK, &player, &style)
}

/// The page that shows a temporary code, once.
pub(super) fn code(agent: &Agent, back: &str, (code, until): (&str, UnixTime)) -> Response {
    let style = style();
    page(StatusCode::OK, &CodePage { style: &style, agent: &agent.name, back, code, until: until.to_string() }, &style)
}

fn state(view: &PlayerView, now: UnixTime) -> Vec<(&'static str, String)> {
    let mut state = vec![
        ("Second factor", if view.factors.is_empty() { "none" } else { "active" }.to_owned()),
        ("Must bind anew", if view.must_bind { "yes" } else { "no" }.to_owned()),
        ("Switched off", view.suspended.to_string()),
        ("Backup codes left", view.backup_codes_left.to_string()),
        ("Stamps ended", format!("{} times", view.epoch)),
        ("Frozen", view.freeze.map_or_else(|| "no".to_owned(), frozen)),
        ("Contacts", if view.contacts.is_empty() { "none".to_owned() } else { view.contacts.join(", ") }),
    ];
    let paused = view.paused.iter().filter(|(_, until)| *until > now);
    state.extend(paused.map(|(tries, until)| ("Codes paused", format!("{} until {until}", tries.word()))));
    state.extend(view.happened.iter().map(|(cause, at)| ("Happened", format!("{} at {at}", cause.as_str()))));
    state
}

fn frozen(freeze: Freeze) -> String {
    let by = if freeze.is_of_desk() { "by the desk" } else { "by the player" };
    format!("since {}, {by}", freeze.at)
}

fn factor_line(factor: &crate::flow::settings::FactorView, now: UnixTime) -> String {
    let name = match factor.kind {
        FactorKind::App => "Authenticator app".to_owned(),
        FactorKind::Sms => format!("Text messages to {}", factor.number.as_deref().unwrap_or("?")),
        FactorKind::BackupCode => "Backup codes".to_owned(),
    };
    let cooling =
        if factor.matures_at > now { format!(", cooling down until {}", factor.matures_at) } else { String::new() };
    format!("{name} since {}{cooling}", factor.created_at)
}

/// What this agent may do; what the account's state makes pointless is left out.
fn actions(agent: &Agent, view: &PlayerView) -> Vec<ActionForm> {
    let fits = |action: DeskAction| match action {
        // The player's own becomes one that a proof of theirs does not clear.
        DeskAction::Freeze => !view.freeze.is_some_and(|freeze| freeze.is_of_desk()),
        DeskAction::Unfreeze => view.freeze.is_some(),
        DeskAction::IssueCode => view.takes_code,
        DeskAction::Unlock | DeskAction::ForgetDevices | DeskAction::EndStamps | DeskAction::RequestReset => true,
        DeskAction::Look
        | DeskAction::ApproveReset
        | DeskAction::CancelReset
        | DeskAction::Export
        | DeskAction::Erase => false,
    };
    let open = DeskAction::ALL.into_iter().filter(|action| agent.may(*action) && fits(*action));
    open.map(|action| ActionForm {
        word: action.as_str(),
        title: title(action),
        needs_case: action.needs_case(),
        needs_evidence: action == DeskAction::RequestReset,
    })
    .collect()
}

const fn title(action: DeskAction) -> &'static str {
    match action {
        DeskAction::Look => "Look",
        DeskAction::Unlock => "Clear the failed codes",
        DeskAction::ForgetDevices => "Forget remembered browsers",
        DeskAction::EndStamps => "Log out everywhere",
        DeskAction::Freeze => "Freeze the account",
        DeskAction::Unfreeze => "Open the account again",
        DeskAction::IssueCode => "Give a temporary code",
        DeskAction::RequestReset => "Ask for a reset",
        DeskAction::ApproveReset => "Approve the reset",
        DeskAction::CancelReset => "Call the reset off",
        DeskAction::Export => "Give out what is kept",
        DeskAction::Erase => "Erase what is kept",
    }
}
