//! The players' pages and JSON API: http types in, http types out.
//!
//! The router is built once. The edge strips the portal's prefix from the address and adds, for each
//! request, the rule set it began with and where it came from, as extensions.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use http::{Method, StatusCode, request::Parts};

use crate::{
    flow::{Flow, FlowError, RuleSet},
    request::{AnswerCookies, Head, Scheme},
    target::Target,
    web::{
        self, Problem, Reply, Shell, Wants, form,
        same_origin::{self, Callers},
    },
};

mod api;
mod challenge;
mod client;
mod enrol;
mod help;
mod input;
mod language;
mod openapi;
mod receipt;
mod settings;
#[cfg(test)]
mod fuzz_tests;

use api::{account, challenges, enrolments};
pub use input::MAX_BODY;

/// Where a request came from, as the edge found out.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The player's address.
    pub client: IpAddr,
    /// The TCP peer's address.
    pub peer: IpAddr,
    /// How the player came in.
    pub scheme: Scheme,
    /// The site's host.
    pub host: String,
}

/// The router of every page and call.
pub fn router(flow: Arc<Flow>) -> Router {
    Router::new()
        .route("/challenge/{id}", get(challenge::show).post(challenge::answer))
        .route("/challenge/{id}/send", post(challenge::send))
        .route("/again", get(challenge::again))
        .route("/language", post(language::choose))
        .route("/settings", get(settings::show))
        .route("/settings/change", post(settings::change))
        .route("/settings/enrol", get(enrol::choose).post(enrol::begin))
        .route("/settings/enrol/{id}", get(enrol::show).post(enrol::step))
        .route("/settings/enrol/{id}/send", post(enrol::send))
        .route("/settings/enrol/{id}/codes.txt", get(enrol::codes))
        .route("/recover", get(help::recover))
        .route("/freeze", get(help::freeze_page).post(help::freeze))
        .route("/cancel-reset", get(help::cancel_page).post(help::cancel_reset))
        .route("/api/challenges/{id}", get(challenges::show))
        .route("/api/challenges/{id}/send", post(challenges::send))
        .route("/api/challenges/{id}/verify", post(challenges::verify))
        .route("/api/enrolments", post(enrolments::begin))
        .route("/api/enrolments/{id}", get(enrolments::show))
        .route("/api/enrolments/{id}/phone/send", post(enrolments::send))
        .route("/api/enrolments/{id}/phone/verify", post(enrolments::verify_phone))
        .route("/api/enrolments/{id}/backup-codes", post(enrolments::backup_codes))
        .route("/api/enrolments/{id}/confirm/send", post(enrolments::send))
        .route("/api/enrolments/{id}/confirm", post(enrolments::confirm))
        .route("/api/factors", get(account::factors))
        .route("/api/factors/{id}", delete(account::remove_factor))
        .route("/api/factors/disable", post(account::disable))
        .route("/api/factors/enable", post(account::enable))
        .route("/api/factors/unfreeze", post(account::unfreeze))
        .route("/api/backup-codes", get(account::backup_codes).post(account::make_backup_codes))
        .route("/api/devices", get(account::devices).delete(account::forget_devices))
        .route("/api/devices/{id}", delete(account::forget_device))
        .route("/api/stamps", delete(account::end_sessions))
        .route("/api/activity", get(account::activity))
        .route("/courier/receipt/{courier}", get(receipt::receive).post(receipt::receive))
        .route("/client.js", get(client::script))
        .route("/jwks.json", get(api::jwks))
        .route("/openapi.json", get(openapi::show))
        .fallback(|call: Call| async move { call.refuse(&Problem::not_found()) })
        .method_not_allowed_fallback(|call: Call| async move { call.preflight() })
        .with_state(flow)
}

/// One request to the portal: its head as data, with what it needs to be answered. Extracting it is
/// the same-origin check of everything that is not safe.
pub struct Call {
    flow: Arc<Flow>,
    rules: Arc<RuleSet>,
    peer: Peer,
    parts: Parts,
    target: Target,
    answer_cookies: Arc<AnswerCookies>,
}

impl Call {
    fn head(&self) -> Head<'_> {
        Head {
            method: &self.parts.method,
            target: &self.target,
            host: &self.peer.host,
            scheme: self.peer.scheme,
            version: self.parts.version,
            headers: &self.parts.headers,
            client: self.peer.client,
            peer: self.peer.peer,
            answer_cookies: &self.answer_cookies,
        }
    }

    /// A parameter of the query that stands there once and as it is, without escapes.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut values = self
            .parts
            .uri
            .query()?
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(known, _)| *known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value).filter(|value| !value.contains(['%', '+']))
    }

    /// What a page has around it, for a player whose language the site may have named.
    fn shell(&self, locale: Option<&str>) -> Shell<'_> {
        Shell::of(&self.rules, &self.parts.headers, locale)
    }

    fn refuse(&self, problem: &Problem) -> Answered {
        Answered(refusal(&self.rules, &self.parts, problem))
    }

    /// Answers a preflight of a listed origin (decisions 55); every other method is not allowed.
    fn preflight(&self) -> Answered {
        if self.parts.method != Method::OPTIONS {
            return self.refuse(&Problem::method_not_allowed());
        }
        let mut reply = plain(StatusCode::NO_CONTENT);
        web::allow_origin(&self.parts.headers, &self.rules.site, reply.headers_mut());
        web::allow_preflight(reply.headers_mut());
        Answered(reply)
    }

    fn problem(&self, error: &FlowError) -> Problem {
        Problem::of(error, &self.rules, self.flow.clock.now())
    }

    fn fail(&self, error: &FlowError) -> Answered {
        let mut answered = self.refuse(&self.problem(error));
        if let FlowError::ProofRequired(asked) = error {
            self.keep_browser(asked, &mut answered.0);
        }
        answered
    }
}

impl FromRequestParts<Arc<Flow>> for Call {
    type Rejection = Answered;

    async fn from_request_parts(parts: &mut Parts, flow: &Arc<Flow>) -> Result<Self, Answered> {
        let broken = || Answered(plain(StatusCode::INTERNAL_SERVER_ERROR));
        let rules = parts.extensions.get::<Arc<RuleSet>>().cloned().ok_or_else(broken)?;
        let peer = parts.extensions.get::<Peer>().cloned().ok_or_else(broken)?;
        let below = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let raw = format!("{}{below}", rules.portal_prefix);
        let target = Target::parse(raw.as_bytes()).map_err(|_| Answered(plain(StatusCode::BAD_REQUEST)))?;
        let answer_cookies = parts.extensions.get::<Arc<AnswerCookies>>().cloned().ok_or_else(broken)?;
        let call = Self { flow: Arc::clone(flow), rules, peer, parts: parts.clone(), target, answer_cookies };
        let changes = !matches!(call.parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
        // A client that is no browser is not driven by another site's page.
        if changes && same_origin::may_be_a_browser(&call.parts.headers) {
            let challenge = call.parts.uri.path().starts_with("/api/challenges/");
            let callers = if challenge { Callers::Listed } else { Callers::Ours };
            same_origin::check(&call.parts.headers, &call.rules.site, callers)
                .map_err(|problem| call.refuse(&problem))?;
        }
        Ok(call)
    }
}

/// A problem as this request's answer: a page or a document by the address, then by the client.
#[must_use]
pub fn refusal(rules: &RuleSet, parts: &Parts, problem: &Problem) -> Reply {
    let is_call = parts.uri.path().starts_with("/api/");
    let wants = if is_call { Wants::Json } else { web::wants_of(&parts.headers) };
    let mut reply = problem.reply(wants, &Shell::of(rules, &parts.headers, None));
    web::allow_origin(&parts.headers, &rules.site, reply.headers_mut());
    reply
}

/// An answer of ours as axum's.
pub struct Answered(Reply);

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        self.0.map(axum::body::Body::from)
    }
}

fn plain(status: StatusCode) -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = status;
    reply
}
