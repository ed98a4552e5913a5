//! Pages for when something is wrong: the links of notices that freeze the account or call a reset off,
//! and what whoever lost everything can do.

use askama::Template;
use http::StatusCode;

use super::{Answered, Call, form, input::Form};
use crate::web::Shell;

#[derive(Template)]
#[template(path = "freeze.html")]
struct FreezePage<'a> {
    shell: &'a Shell<'a>,
    token: &'a str,
}

#[derive(Template)]
#[template(path = "cancel_reset.html")]
struct CancelPage<'a> {
    shell: &'a Shell<'a>,
    token: &'a str,
}

#[derive(Template)]
#[template(path = "recover.html")]
struct RecoverPage<'a> {
    shell: &'a Shell<'a>,
}

/// `GET /freeze?t=`: only shows, since mail scanners follow links (decisions 26).
pub(super) async fn freeze_page(call: Call) -> Answered {
    let token = call.parameter("t").unwrap_or_default();
    match call.flow.view_freeze(token).await {
        Ok(()) => {
            let shell = call.shell(None);
            let page = FreezePage { shell: &shell, token };
            Answered(shell.reply(StatusCode::OK, page.render().unwrap_or_default(), None))
        }
        Err(error) => call.fail(&error),
    }
}

/// `POST /freeze`, field `t`.
pub(super) async fn freeze(call: Call, body: Form) -> Answered {
    let [token] = match form::fields(&body, ["t"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    match call.flow.freeze(&call.rules, &token).await {
        Ok(()) => {
            let shell = call.shell(None);
            Answered(shell.message(StatusCode::OK, &shell.say("frozen-title"), &shell.say("frozen-text")))
        }
        Err(error) => call.fail(&error),
    }
}

/// `GET /cancel-reset?t=`: only shows, as above.
pub(super) async fn cancel_page(call: Call) -> Answered {
    let token = call.parameter("t").unwrap_or_default();
    match call.flow.view_reset(token).await {
        Ok(()) => {
            let shell = call.shell(None);
            let page = CancelPage { shell: &shell, token };
            Answered(shell.reply(StatusCode::OK, page.render().unwrap_or_default(), None))
        }
        Err(error) => call.fail(&error),
    }
}

/// `POST /cancel-reset`, field `t`: the second factor stays as it is.
pub(super) async fn cancel_reset(call: Call, body: Form) -> Answered {
    let [token] = match form::fields(&body, ["t"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    match call.flow.cancel_reset(&call.rules, &token).await {
        Ok(()) => {
            let shell = call.shell(None);
            let (title, text) = (shell.say("reset-cancelled-title"), shell.say("reset-cancelled-text"));
            Answered(shell.message(StatusCode::OK, &title, &text))
        }
        Err(error) => call.fail(&error),
    }
}

/// `GET /recover`.
pub(super) async fn recover(call: Call) -> Answered {
    let shell = call.shell(None);
    let page = RecoverPage { shell: &shell };
    Answered(shell.reply(StatusCode::OK, page.render().unwrap_or_default(), None))
}
