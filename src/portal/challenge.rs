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
        FlowError,
        challenge::{Answer, Asked, ChallengeView, SmsView, Verified},
    },
    policy::FactorKind,
    secret::Token,
    store::shared::Level,
    web::{self, Problem, Shell},
};

/// Sends the one form of the page; allowed by its hash.
const SUBMIT: &str = "document.forms[0].submit()";
/// So few backup codes are worth a word.
const FEW_CODES: u32 = 3;

#[derive(Template)]
#[template(path = "challenge.html")]
struct ChallengePage<'a> {
    shell: &'a Shell<'a>,
    id: &'a str,
    details: &'a [(String, String)],
    enrolled: bool,
    /// The kind that is asked for; `None`: the player chooses.
    method: Option<FactorKind>,
    /// Whether there is a code to be typed: one by SMS must be sent first.
    asks: bool,
    others: bool,
    choices: Vec<(&'static str, String, String)>,
    /// Where codes go, while one by SMS is asked for.
    sms: Option<SmsLine>,
    can_remember: bool,
    error: &'a str,
}

/// Where the code went, and when the next can be asked for.
pub(super) struct SmsLine {
    pub(super) to: String,
    pub(super) sent: bool,
    pub(super) wait: Option<String>,
}

#[derive(Template)]
#[template(path = "continue.html")]
struct ContinuePage<'a> {
    shell: &'a Shell<'a>,
    action: &'a str,
    /// The one-time token of the resume post; `None` where the browser just goes on.
    token: Option<&'a str>,
    warning: Option<String>,
    script: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "handed.html")]
struct HandedPage<'a> {
    shell: &'a Shell<'a>,
    warning: Option<String>,
    script: &'a str,
}

/// `GET /challenge/{id}`; `?method=` one kind, `?method=choose` all of them.
pub(super) async fn show(call: Call, Path(id): Path<String>) -> Answered {
    match call.flow.view_challenge(&call.rules, &call.head(), &id).await {
        Ok(view) => challenge_page(&call, &view, call.asked_method(), None),
        Err(error) => call.fail(&error),
    }
}

/// `GET /again`: after the code, where what was sent could not be kept.
pub(super) async fn again(call: Call) -> Answered {
    let shell = call.shell(None);
    Answered(shell.message(StatusCode::OK, &shell.say("again-title"), &shell.say("again-text")))
}

/// `POST /challenge/{id}/send`: the page's button that sends a code.
pub(super) async fn send(call: Call, Path(id): Path<String>, _body: Form) -> Answered {
    match call.flow.send_code(&call.rules, &call.head(), &id).await {
        Ok(_) => Answered(see_other(&format!("{}/challenge/{id}?method=sms", call.rules.portal_prefix))),
        Err(error) if error.leaves_another_way() => shown_again(&call, &id, FactorKind::Sms, &error).await,
        Err(error) => call.fail(&error),
    }
}

/// `POST /challenge/{id}`, fields `method` (absent: the app), `code` and `remember`.
pub(super) async fn answer(call: Call, Path(id): Path<String>, body: Form) -> Answered {
    let [method, code, remember] = match form::fields(&body, ["method", "code", "remember"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    let method = if method.is_empty() { Some(FactorKind::App) } else { FactorKind::parse(&method) };
    let Some(method) = method else { return call.fail(&FlowError::MethodUnavailable) };
    let answer = Answer { method, code: &code, remember: !remember.is_empty() };
    match call.flow.verify(&call.rules, &call.head(), &id, answer).await {
        Ok(verified) => go_on(&call, &id, &verified).await,
        Err(error) if error.leaves_another_way() => shown_again(&call, &id, method, &error).await,
        Err(error) => call.fail(&error),
    }
}

/// The page once more, with what went wrong.
async fn shown_again(call: &Call, id: &str, method: FactorKind, error: &FlowError) -> Answered {
    let problem = call.problem(error).about(method);
    match call.flow.view_challenge(&call.rules, &call.head(), id).await {
        Ok(view) => challenge_page(call, &view, Some(method.as_str()), Some(&problem)),
        Err(error) => call.fail(&error),
    }
}

fn challenge_page(call: &Call, view: &ChallengeView, wanted: Option<&str>, problem: Option<&Problem>) -> Answered {
    let shell = call.shell(view.locale.as_deref());
    let named = wanted.and_then(FactorKind::parse).filter(|kind| view.methods.contains(kind));
    let first = view.methods.first().copied();
    let method = if wanted == Some("choose") { None } else { named.or(first) };
    let page = ChallengePage {
        shell: &shell,
        id: &view.id,
        details: &view.details,
        enrolled: !view.methods.is_empty(),
        method,
        asks: method != Some(FactorKind::Sms) || view.sms.as_ref().is_some_and(|sms| sms.sent_at.is_some()),
        others: view.methods.len() > 1,
        choices: view.methods.iter().map(|kind| choice(&shell, *kind)).collect(),
        sms: view.sms.as_ref().filter(|_| method == Some(FactorKind::Sms)).map(|sms| call.sms_line(&shell, sms)),
        can_remember: view.can_remember,
        error: &problem.map(|problem| problem.line(&shell)).unwrap_or_default(),
    };
    let status = problem.map_or(StatusCode::OK, Problem::status);
    Answered(shell.reply(status, page.render().unwrap_or_default(), None))
}

/// A kind as a player chooses it: its word, its name, what is good or bad about it.
pub(super) fn choice(shell: &Shell<'_>, kind: FactorKind) -> (&'static str, String, String) {
    let id = match kind {
        FactorKind::App => "method-app",
        FactorKind::Sms => "method-sms",
        FactorKind::BackupCode => "method-backup",
    };
    (kind.as_str(), shell.say(id), shell.say(&format!("{id}-hint")))
}

/// The stamp and the device into their cookies; the browser to where it was going.
async fn go_on(call: &Call, id: &str, verified: &Verified) -> Answered {
    let mut reply = match (&verified.level, &verified.granted.approval) {
        (Level::Change(change), Some(approval)) => {
            match call.flow.change(&call.rules, &call.head(), change.clone(), Some(approval)).await {
                Ok(changed) => super::settings::changed(call, change, &changed, &verified.return_to),
                Err(error) => return call.fail(&error),
            }
        }
        (Level::Once, Some(approval)) if verified.resume.is_none() => handed(call, id, verified, approval),
        _ => continued(call, verified),
    };
    let secure = call.rules.site.secure;
    let headers = reply.headers_mut();
    if let Some(minted) = &verified.granted.stamp {
        headers.append(header::SET_COOKIE, web::stamp_cookie(secure, minted));
    }
    if let Some(device) = &verified.device {
        headers.append(header::SET_COOKIE, web::device_cookie(secure, device));
    }
    Answered(reply)
}

/// What the browser is answered after a right code: its request goes on by itself, unless there is
/// something to be read first.
fn continued(call: &Call, verified: &Verified) -> web::Reply {
    let few = verified.backup_codes_left.filter(|left| *left <= FEW_CODES);
    if verified.resume.is_none() && few.is_none() {
        return see_other(&verified.return_to);
    }
    let shell = call.shell(verified.locale.as_deref());
    let script = few.is_none().then_some(SUBMIT);
    let page = ContinuePage {
        shell: &shell,
        action: &web::reference(&verified.return_to),
        token: verified.resume.as_ref().map(Token::reveal),
        warning: few.map(|left| shell.count("backup-left", left)),
        script,
    };
    shell.reply(StatusCode::OK, page.render().unwrap_or_default(), script)
}

/// What is shown where a script of the site asks for its own request and cannot be gone on for: the
/// approval goes to that script, in the page that the player came from. Both are ours to write into a
/// script: letters, digits, `-` and `_`.
fn handed(call: &Call, id: &str, verified: &Verified, approval: &Token) -> web::Reply {
    let shell = call.shell(verified.locale.as_deref());
    let warning = verified.backup_codes_left.filter(|left| *left <= FEW_CODES);
    let close = if warning.is_none() { ";close()" } else { "" };
    let script = format!("new BroadcastChannel('stepgate:{id}').postMessage('{}'){close}", approval.reveal());
    let warning = warning.map(|left| shell.count("backup-left", left));
    let page = HandedPage { shell: &shell, warning, script: &script };
    shell.reply(StatusCode::OK, page.render().unwrap_or_default(), Some(&script))
}

impl Call {
    /// The kind that the address asks for.
    fn asked_method(&self) -> Option<&str> {
        self.parameter("method")
    }

    pub(super) fn sms_line(&self, shell: &Shell<'_>, sms: &SmsView) -> SmsLine {
        let now = self.flow.clock.now();
        let wait = sms.resend_at.filter(|at| *at > now).map(|at| shell.length(at.since(now)));
        SmsLine { to: sms.to.clone(), sent: sms.sent_at.is_some(), wait }
    }

    /// Sends the browser to the page of a challenge that a change of the account needs.
    pub(super) fn ask(&self, asked: &Asked) -> Answered {
        let mut reply = see_other(&format!("{}/challenge/{}", self.rules.portal_prefix, asked.challenge.id));
        self.keep_browser(asked, &mut reply);
        Answered(reply)
    }

    /// The browser secret of a challenge into its cookie, if it is new.
    pub(super) fn keep_browser(&self, asked: &Asked, reply: &mut web::Reply) {
        let Some(browser) = &asked.browser else { return };
        let secure = self.rules.site.secure;
        let name = crate::flow::CookieNames::of(secure).challenge;
        reply.headers_mut().append(header::SET_COOKIE, web::set_cookie(name, browser.reveal(), secure, None));
    }
}

/// 303 to a path of the site.
pub(super) fn see_other(path: &str) -> web::Reply {
    let mut reply = plain(StatusCode::SEE_OTHER);
    if let Ok(location) = HeaderValue::from_str(&web::reference(path)) {
        reply.headers_mut().insert(header::LOCATION, location);
    }
    reply
}
