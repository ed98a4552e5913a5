//! The settings page: the second factor, backup codes, remembered browsers, what happened.

use askama::Template;
use http::{StatusCode, header};

use super::{Answered, Call, challenge::see_other, form, input::Form};
use crate::{
    flow::{
        FlowError,
        change::Changed,
        notify::Event,
        settings::{DeviceView, FactorView, SettingsView},
    },
    policy::FactorKind,
    store::{AuditRecord, Change},
    web::{self, Shell},
};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage<'a> {
    shell: &'a Shell<'a>,
    account: &'a str,
    done: Option<String>,
    frozen: bool,
    can_unfreeze: bool,
    factors: Vec<FactorLine>,
    suspended: bool,
    can_enrol: bool,
    cannot_enrol: bool,
    can_app: bool,
    can_sms: bool,
    has_app: bool,
    has_sms: bool,
    codes_left: String,
    devices: Vec<DeviceLine>,
    activity: Vec<(String, String)>,
}

struct FactorLine {
    id: String,
    name: String,
    ripe: Option<String>,
    removable: bool,
}

struct DeviceLine {
    id: String,
    name: String,
    used: String,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage<'a> {
    shell: &'a Shell<'a>,
    codes: Vec<&'a str>,
    script: &'a str,
}

/// `GET /settings`; `?done=` an event that has just happened.
pub(super) async fn show(call: Call) -> Answered {
    match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => settings_page(&call, &view),
        Err(error) => call.fail(&error),
    }
}

fn settings_page(call: &Call, view: &SettingsView) -> Answered {
    let shell = call.shell(view.locale.as_deref());
    let has = |kind: FactorKind| view.factors.iter().any(|factor| factor.kind == kind);
    let can = |kind: FactorKind| view.can_enrol.contains(&kind);
    let done = call.parameter("done").and_then(|word| Event::ALL.into_iter().find(|event| event.as_str() == word));
    let page = SettingsPage {
        shell: &shell,
        account: &view.account,
        done: done.map(|event| activity_text(&shell, event.as_str())),
        frozen: view.frozen,
        can_unfreeze: view.frozen && !view.factors.is_empty(),
        factors: view.factors.iter().map(|factor| factor_line(call, &shell, view, factor)).collect(),
        suspended: view.factors.is_empty() && !view.suspended.is_empty(),
        can_enrol: !view.can_enrol.is_empty(),
        cannot_enrol: view.cannot_enrol.is_some(),
        can_app: can(FactorKind::App),
        can_sms: can(FactorKind::Sms),
        has_app: has(FactorKind::App),
        has_sms: has(FactorKind::Sms),
        codes_left: shell.count("backup-count", view.backup_codes_left),
        devices: view.devices.iter().map(|device| device_line(&shell, device)).collect(),
        activity: view.activity.iter().map(|record| activity_line(&shell, record)).collect(),
    };
    Answered(shell.reply(StatusCode::OK, page.render().unwrap_or_default(), None))
}

fn factor_line(call: &Call, shell: &Shell<'_>, view: &SettingsView, factor: &FactorView) -> FactorLine {
    let date = shell.date(factor.created_at);
    let name = match &factor.number {
        Some(number) => shell.tell_both("settings-sms-since", ("number", number), ("date", &date)),
        None => shell.tell("settings-app-since", "date", &date),
    };
    let ripe = (factor.matures_at > call.flow.clock.now())
        .then(|| shell.tell("settings-cooling", "time", &shell.moment(factor.matures_at)));
    FactorLine { id: factor.id.clone(), name, ripe, removable: view.factors.len() > 1 }
}

fn device_line(shell: &Shell<'_>, device: &DeviceView) -> DeviceLine {
    let mut name = if device.name.is_empty() { shell.say("device-unknown") } else { device.name.clone() };
    if device.is_this {
        name = format!("{name} ({})", shell.say("session-this"));
    }
    DeviceLine { id: device.id.clone(), name, used: shell.tell("device-used", "time", &shell.moment(device.used_at)) }
}

fn activity_line(shell: &Shell<'_>, record: &AuditRecord) -> (String, String) {
    let what = activity_text(shell, &record.event);
    let detail = match FactorKind::parse(&record.detail) {
        Some(FactorKind::App) => shell.say("method-app"),
        Some(FactorKind::Sms) => shell.say("method-sms"),
        Some(FactorKind::BackupCode) => shell.say("method-backup"),
        None => record.detail.clone(),
    };
    let what = if detail.is_empty() { what } else { format!("{what} ({detail})") };
    (what, shell.moment(record.at))
}

fn activity_text(shell: &Shell<'_>, event: &str) -> String {
    shell.say(&format!("activity-{event}"))
}

/// `POST /settings/change`, fields `change` and, where it is of one thing, `id`.
pub(super) async fn change(call: Call, body: Form) -> Answered {
    let [word, id] = match form::fields(&body, ["change", "id"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    let Some(change) = change_of(&word, id) else {
        return call.fail(&FlowError::BadRequest("there is no such change"));
    };
    match call.flow.change(&call.rules, &call.head(), change.clone(), None).await {
        // Only with an approval in its header, which pages do not send.
        Ok(changed) => Answered(self::changed(&call, &change, &changed, &settings_path(&call))),
        Err(FlowError::ProofRequired(asked)) => call.ask(&asked),
        Err(error) => call.fail(&error),
    }
}

/// The change of a form's words.
pub(super) fn change_of(word: &str, id: String) -> Option<Change> {
    let id = Some(id).filter(|id| !id.is_empty());
    match (word, id) {
        ("remove-factor", Some(factor_id)) => Some(Change::Remove { factor_id }),
        ("disable", None) => Some(Change::Disable),
        ("enable", None) => Some(Change::Enable),
        ("backup-codes", None) => Some(Change::BackupCodes),
        ("forget-devices", device_id) => Some(Change::ForgetDevices { device_id }),
        ("end-sessions", None) => Some(Change::EndSessions),
        ("unfreeze", None) => Some(Change::Unfreeze),
        _ => None,
    }
}

/// The answer to a browser whose change was made.
pub(super) fn changed(call: &Call, change: &Change, changed: &Changed, return_to: &str) -> web::Reply {
    let mut reply = if changed.backup_codes.is_empty() {
        see_other(&match done_event(change) {
            Some(event) => format!("{}?done={}", settings_path(call), event.as_str()),
            None => return_to.to_owned(),
        })
    } else {
        codes_page(call, changed)
    };
    if let Some(minted) = &changed.stamp {
        reply.headers_mut().append(header::SET_COOKIE, web::stamp_cookie(call.rules.site.secure, minted));
    }
    reply
}

fn settings_path(call: &Call) -> String {
    format!("{}/settings", call.rules.portal_prefix)
}

const fn done_event(change: &Change) -> Option<Event> {
    match change {
        // The enrolment's own pages follow.
        Change::Bind { .. } => None,
        Change::Remove { .. } => Some(Event::FactorRemoved),
        Change::Disable => Some(Event::FactorDisabled),
        Change::Enable => Some(Event::FactorEnabled),
        Change::BackupCodes => Some(Event::BackupCodesMade),
        Change::ForgetDevices { .. } => Some(Event::DevicesForgotten),
        Change::EndSessions => Some(Event::SessionsEnded),
        Change::Unfreeze => Some(Event::Unfrozen),
    }
}

/// A fresh set of backup codes, shown once.
fn codes_page(call: &Call, changed: &Changed) -> web::Reply {
    let shell = call.shell(None);
    let codes = changed.backup_codes.iter().map(|code| code.as_str()).collect();
    let script = super::enrol::CODES_SCRIPT;
    let page = CodesPage { shell: &shell, codes, script };
    shell.reply(StatusCode::OK, page.render().unwrap_or_default(), Some(script))
}
