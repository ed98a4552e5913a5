//! The settings page, and setting up an authenticator app.

use askama::Template;
use http::StatusCode;

use super::{
    Answered, Call,
    challenge::see_other,
    form,
    input::{Form, Path},
};
use crate::{
    flow::{
        FlowError,
        enrol::{EnrolmentView, FactorView, SettingsView},
    },
    policy::FactorKind,
    web::page,
};

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage<'a> {
    site: &'a str,
    style: &'a str,
    prefix: &'a str,
    account: &'a str,
    factors: Vec<FactorLine>,
    can_enrol: bool,
    done: bool,
}

struct FactorLine {
    since: String,
    cooling: bool,
    ripe: String,
}

#[derive(Template)]
#[template(path = "enrol.html")]
struct EnrolPage<'a> {
    site: &'a str,
    style: &'a str,
    uri: &'a str,
    qr: &'a str,
    key: String,
    error: &'a str,
}

/// `GET /settings`; `?done` after an enrolment.
pub(super) async fn show(call: Call) -> Answered {
    match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => settings_page(&call, &view),
        Err(error) => call.fail(&error),
    }
}

fn settings_page(call: &Call, view: &SettingsView) -> Answered {
    let now = call.flow.clock.now();
    let day = |at: crate::clock::UnixTime| at.to_string().chars().take(10).collect();
    let line = |factor: &FactorView| FactorLine {
        since: day(factor.created_at),
        cooling: factor.matures_at > now,
        ripe: factor.matures_at.to_string().chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect(),
    };
    let page = SettingsPage {
        site: &call.rules.site.name,
        style: page::STYLE,
        prefix: &call.rules.portal_prefix,
        account: &view.account,
        factors: view.factors.iter().map(line).collect(),
        can_enrol: view.can_enrol.contains(&FactorKind::App),
        done: call.target.query() == Some("done"),
    };
    Answered(page::reply(StatusCode::OK, page.render().unwrap_or_default(), None))
}

/// `POST /settings/enrol`, fields `method` and, to go on to a challenge afterwards, `for`.
pub(super) async fn begin(call: Call, body: Form) -> Answered {
    let [method, return_to] = match form::fields(&body, ["method", "for"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    let Some(kind) = FactorKind::parse(&method) else { return call.fail(&FlowError::MethodUnavailable) };
    let return_to = Some(return_to.as_str()).filter(|id| !id.is_empty());
    match call.flow.begin_enrolment(&call.rules, &call.head(), kind, return_to).await {
        Ok(view) => Answered(see_other(&format!("{}/settings/enrol/{}", call.rules.portal_prefix, view.id))),
        Err(error) => call.fail(&error),
    }
}

/// `GET /settings/enrol/{id}`.
pub(super) async fn pending(call: Call, Path(id): Path<String>) -> Answered {
    match call.flow.view_enrolment(&call.rules, &call.head(), &id).await {
        Ok(view) => enrol_page(&call, &view, StatusCode::OK, ""),
        Err(error) => call.fail(&error),
    }
}

/// `POST /settings/enrol/{id}`, field `code`.
pub(super) async fn confirm(call: Call, Path(id): Path<String>, body: Form) -> Answered {
    let [code] = match form::fields(&body, ["code"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    match call.flow.confirm_enrolment(&call.rules, &call.head(), &id, &code).await {
        Ok(activated) => {
            let prefix = &call.rules.portal_prefix;
            let next = match &activated.return_to {
                Some(challenge) => format!("{prefix}/challenge/{challenge}"),
                None => format!("{prefix}/settings?done"),
            };
            Answered(see_other(&next))
        }
        Err(error @ (FlowError::CodeRejected { .. } | FlowError::TooManyAttempts { .. })) => {
            let problem = call.problem(&error);
            match call.flow.view_enrolment(&call.rules, &call.head(), &id).await {
                Ok(view) => enrol_page(&call, &view, problem.status(), &problem.text()),
                Err(error) => call.fail(&error),
            }
        }
        Err(error) => call.fail(&error),
    }
}

fn enrol_page(call: &Call, view: &EnrolmentView, status: StatusCode, error: &str) -> Answered {
    let groups: Vec<String> =
        view.secret.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into()).collect();
    let page = EnrolPage {
        site: &call.rules.site.name,
        style: page::STYLE,
        uri: &view.otpauth_uri,
        qr: &view.qr_svg,
        key: groups.join(" "),
        error,
    };
    Answered(page::reply(status, page.render().unwrap_or_default(), None))
}
