//! Setting up a factor, step by step; a page each, and every page can be left and come back to.

use askama::Template;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use super::{
    Answered, Call,
    challenge::{SmsLine, choice, see_other},
    form,
    input::{Form, Path},
};
use crate::{
    flow::{
        FlowError,
        enrol::{EnrolmentView, Wanted},
        settings::TakesCode,
    },
    policy::FactorKind,
    store::{EnrolmentStep, Place},
    web::{self, Problem, Shell},
};

/// Copies and prints the backup codes; the buttons are there only where it runs.
pub(super) const CODES_SCRIPT: &str = include_str!("pages/codes.js");

#[derive(Template)]
#[template(path = "enrol_choose.html")]
struct ChoosePage<'a> {
    shell: &'a Shell<'a>,
    title: String,
    account: &'a str,
    return_to: &'a str,
    place: &'a str,
    choices: Vec<(&'static str, String, String)>,
    /// Whether a number may be typed: beside the one on file, or where none is there.
    number: bool,
    /// The number that is taken where none is typed, masked.
    on_file: Option<&'a str>,
    /// Whether only the number changes, so that there is nothing to choose.
    changes_number: bool,
    /// Whether support gave a temporary code.
    takes_code: bool,
    /// Whether nothing else lets a factor be bound.
    needs_code: bool,
    typed: &'a str,
    error: String,
}

#[derive(Template)]
#[template(path = "enrol_phone.html")]
struct PhonePage<'a> {
    shell: &'a Shell<'a>,
    step: String,
    text: String,
    id: &'a str,
    sms: SmsLine,
    error: &'a str,
}

#[derive(Template)]
#[template(path = "enrol_app.html")]
struct AppPage<'a> {
    shell: &'a Shell<'a>,
    step: String,
    account: &'a str,
    uri: &'a str,
    qr: &'a str,
    key: String,
    /// Whether the page only shows the secret again, beside the confirmation.
    again: bool,
}

#[derive(Template)]
#[template(path = "enrol_codes.html")]
struct CodesPage<'a> {
    shell: &'a Shell<'a>,
    step: String,
    id: &'a str,
    codes: Vec<&'a str>,
    script: &'a str,
}

#[derive(Template)]
#[template(path = "enrol_confirm.html")]
struct ConfirmPage<'a> {
    shell: &'a Shell<'a>,
    step: String,
    id: &'a str,
    error: &'a str,
}

/// `GET /settings/enrol`: which kind; `?for=` a challenge to go on to, `?place=` in place of what.
pub(super) async fn choose(call: Call) -> Answered {
    let place = call.parameter("place").unwrap_or_default();
    let return_to = call.parameter("for").unwrap_or_default();
    choose_page(&call, Chosen { place, return_to, refused: None }).await
}

/// What the page was opened for, and the number that was refused.
struct Chosen<'a> {
    place: &'a str,
    return_to: &'a str,
    refused: Option<&'a str>,
}

async fn choose_page(call: &Call, chosen: Chosen<'_>) -> Answered {
    let view = match call.flow.settings(&call.rules, &call.head()).await {
        Ok(view) => view,
        Err(error) => return call.fail(&error),
    };
    if let Some(why) = view.cannot_enrol {
        return call.fail(&FlowError::Denied(why));
    }
    let shell = call.shell(view.locale.as_deref());
    let changes_number = Place::parse(chosen.place) == Some(Place::OfNumber);
    let kinds = view.can_enrol.iter().filter(|kind| !changes_number || **kind == FactorKind::Sms);
    let page = ChoosePage {
        shell: &shell,
        title: shell.say(if changes_number { "number-title" } else { "enrol-choose-title" }),
        account: &view.account,
        return_to: chosen.return_to,
        place: chosen.place,
        choices: kinds.map(|kind| choice(&shell, *kind)).collect(),
        number: !view.factors.is_empty() || chosen.refused.is_some(),
        on_file: view.number_on_file.as_deref().filter(|_| !changes_number),
        changes_number,
        takes_code: view.takes_code.is_some(),
        needs_code: view.takes_code == Some(TakesCode::Only),
        typed: chosen.refused.unwrap_or_default(),
        error: chosen.refused.map(|_| shell.say("number-wrong")).unwrap_or_default(),
    };
    let status = if chosen.refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Answered(shell.reply(status, page.render().unwrap_or_default(), None))
}

/// `POST /settings/enrol`, fields `method`, `place`, `number`, `support_code` and, to go on to a challenge,
/// `for`.
pub(super) async fn begin(call: Call, body: Form) -> Answered {
    let names = ["method", "place", "number", "support_code", "for"];
    let [method, place, number, support_code, return_to] = match form::fields(&body, names) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    let Some(kind) = FactorKind::parse(&method) else { return call.fail(&FlowError::MethodUnavailable) };
    let wanted = Wanted {
        kind,
        place: Place::parse(&place).unwrap_or(Place::Beside),
        number: Some(number.as_str()).filter(|number| !number.is_empty()),
        support_code: Some(support_code.as_str()).filter(|code| !code.is_empty()),
        return_to: Some(return_to.as_str()).filter(|id| !id.is_empty()),
    };
    match call.flow.begin_enrolment(&call.rules, &call.head(), wanted, None).await {
        Ok(view) => Answered(see_other(&format!("{}/settings/enrol/{}", call.rules.portal_prefix, view.id))),
        Err(FlowError::ProofRequired(asked)) => call.ask(&asked),
        Err(FlowError::BadRequest(_)) if kind == FactorKind::Sms => {
            choose_page(&call, Chosen { place: &place, return_to: &return_to, refused: Some(&number) }).await
        }
        // No next one comes by itself, as of an app.
        Err(error @ FlowError::CodeRejected { .. }) => call.refuse(&call.problem(&error).about(FactorKind::BackupCode)),
        Err(error) => call.fail(&error),
    }
}

/// `GET /settings/enrol/{id}`; `?show=secret` shows the app's secret again.
pub(super) async fn show(call: Call, Path(id): Path<String>) -> Answered {
    match call.flow.view_enrolment(&call.rules, &call.head(), &id).await {
        Ok(view) => step_page(&call, &view, None),
        Err(error) => call.fail(&error),
    }
}

/// `POST /settings/enrol/{id}/send`: the button that sends the code of this step.
pub(super) async fn send(call: Call, Path(id): Path<String>, _body: Form) -> Answered {
    match call.flow.send_enrolment_code(&call.rules, &call.head(), &id).await {
        Ok(_) => Answered(see_other(&format!("{}/settings/enrol/{id}", call.rules.portal_prefix))),
        Err(error) if error.leaves_another_way() => shown_again(&call, &id, &error).await,
        Err(error) => call.fail(&error),
    }
}

/// `GET /settings/enrol/{id}/codes.txt`: the backup codes as a file.
pub(super) async fn codes(call: Call, Path(id): Path<String>) -> Answered {
    let view = match call.flow.view_enrolment(&call.rules, &call.head(), &id).await {
        Ok(view) if !view.backup_codes.is_empty() => view,
        Ok(_) => return call.fail(&FlowError::Gone),
        Err(error) => return call.fail(&error),
    };
    let lines: Vec<&str> = view.backup_codes.iter().map(|code| code.as_str()).collect();
    let mut reply = web::Reply::new(Bytes::from(format!("{}\n\n{}\n", call.rules.site.name, lines.join("\n"))));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let attached = HeaderValue::from_static("attachment; filename=\"backup-codes.txt\"");
    headers.insert(header::CONTENT_DISPOSITION, attached);
    Answered(reply)
}

/// `POST /settings/enrol/{id}`: with `code`, what this step waits for; with `next`, on to the next.
pub(super) async fn step(call: Call, Path(id): Path<String>, body: Form) -> Answered {
    let [code, next] = match form::fields(&body, ["code", "next"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    let (rules, head) = (&call.rules, call.head());
    if !next.is_empty() {
        return match call.flow.next_step(rules, &head, &id).await {
            Ok(_) => Answered(see_other(&format!("{}/settings/enrol/{id}", rules.portal_prefix))),
            Err(error) => call.fail(&error),
        };
    }
    let view = match call.flow.view_enrolment(rules, &head, &id).await {
        Ok(view) => view,
        Err(error) => return call.fail(&error),
    };
    let done = match view.step {
        EnrolmentStep::Phone => call.flow.verify_enrolment_phone(rules, &head, &id, &code).await.map(|_| None),
        EnrolmentStep::Proof | EnrolmentStep::Secret | EnrolmentStep::BackupCodes | EnrolmentStep::Confirm => {
            call.flow.confirm_enrolment(rules, &head, &id, &code).await.map(Some)
        }
    };
    match done {
        Ok(None) => Answered(see_other(&format!("{}/settings/enrol/{id}", rules.portal_prefix))),
        Ok(Some(activated)) => {
            let next = match &activated.return_to {
                Some(challenge) => format!("{}/challenge/{challenge}", rules.portal_prefix),
                None => format!("{}/settings?done=factor-added", rules.portal_prefix),
            };
            let mut reply = see_other(&next);
            if let Some(minted) = &activated.stamp {
                reply.headers_mut().append(header::SET_COOKIE, web::stamp_cookie(rules.site.secure, minted));
            }
            Answered(reply)
        }
        Err(error) if error.leaves_another_way() => shown_again(&call, &id, &error).await,
        Err(error) => call.fail(&error),
    }
}

/// The page of the step once more, with what went wrong.
async fn shown_again(call: &Call, id: &str, error: &FlowError) -> Answered {
    let problem = call.problem(error);
    match call.flow.view_enrolment(&call.rules, &call.head(), id).await {
        Ok(view) => {
            let asked = if view.step == EnrolmentStep::Phone { FactorKind::Sms } else { view.kind };
            step_page(call, &view, Some(&problem.about(asked)))
        }
        Err(error) => call.fail(&error),
    }
}

fn step_page(call: &Call, view: &EnrolmentView, problem: Option<&Problem>) -> Answered {
    let shell = call.shell(view.locale.as_deref());
    let error = problem.map(|problem| problem.line(&shell)).unwrap_or_default();
    let shows_secret = view.step > EnrolmentStep::Secret && call.parameter("show") == Some("secret");
    let (html, script) = match (view.step, &view.app) {
        (EnrolmentStep::Proof, _) => return call.fail(&FlowError::Gone),
        (EnrolmentStep::Phone, _) => (phone_page(call, &shell, view, &error), None),
        // A wrong code is told where a code is asked for, whichever page it came from.
        (EnrolmentStep::Secret | EnrolmentStep::BackupCodes, Some(_)) if problem.is_some() => {
            let page = ConfirmPage { shell: &shell, step: step_of(&shell, view), id: &view.id, error: &error };
            (page.render().unwrap_or_default(), None)
        }
        (EnrolmentStep::Secret, Some(_)) => (app_page(&shell, view, false), None),
        (_, Some(_)) if shows_secret => (app_page(&shell, view, true), None),
        (EnrolmentStep::Secret | EnrolmentStep::BackupCodes, _) => (codes_page(&shell, view), Some(CODES_SCRIPT)),
        (EnrolmentStep::Confirm, Some(_)) => {
            let page = ConfirmPage { shell: &shell, step: step_of(&shell, view), id: &view.id, error: &error };
            (page.render().unwrap_or_default(), None)
        }
        (EnrolmentStep::Confirm, None) => (phone_page(call, &shell, view, &error), None),
    };
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Answered(shell.reply(status, html, script))
}

fn phone_page(call: &Call, shell: &Shell<'_>, view: &EnrolmentView, error: &str) -> String {
    let Some(sms) = &view.sms else { return String::new() };
    let text = if view.step == EnrolmentStep::Phone { "phone-text" } else { "phone-confirm-text" };
    let page = PhonePage {
        shell,
        step: step_of(shell, view),
        text: shell.tell(text, "number", &sms.to),
        id: &view.id,
        sms: call.sms_line(shell, sms),
        error,
    };
    page.render().unwrap_or_default()
}

fn app_page(shell: &Shell<'_>, view: &EnrolmentView, again: bool) -> String {
    let Some(app) = &view.app else { return String::new() };
    let groups: Vec<String> =
        app.secret.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into()).collect();
    let page = AppPage {
        shell,
        step: step_of(shell, view),
        account: &view.account,
        uri: &app.otpauth_uri,
        qr: &app.qr_svg,
        key: groups.join(" "),
        again,
    };
    page.render().unwrap_or_default()
}

fn codes_page(shell: &Shell<'_>, view: &EnrolmentView) -> String {
    let page = CodesPage {
        shell,
        step: step_of(shell, view),
        id: &view.id,
        codes: view.backup_codes.iter().map(|code| code.as_str()).collect(),
        script: CODES_SCRIPT,
    };
    page.render().unwrap_or_default()
}

/// "Step 2 of 4".
fn step_of(shell: &Shell<'_>, view: &EnrolmentView) -> String {
    let mut steps = Vec::with_capacity(4);
    if view.proves_phone {
        steps.push(EnrolmentStep::Phone);
    }
    if view.kind == FactorKind::App {
        steps.push(EnrolmentStep::Secret);
    }
    steps.extend([EnrolmentStep::BackupCodes, EnrolmentStep::Confirm]);
    let at = steps.iter().position(|step| *step >= view.step).unwrap_or(0) + 1;
    shell.step(at, steps.len())
}
