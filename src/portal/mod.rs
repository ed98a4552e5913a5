//! The players' pages and JSON API: http types in, http types out.
//!
//! The router is built once. The edge strips the portal's prefix from the address and adds, for each
//! request, the rule set it began with and where it came from, as extensions.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{Method, StatusCode, request::Parts};

use crate::{
    flow::{Flow, FlowError, RuleSet},
    request::{AnswerCookies, Head, Scheme},
    target::Target,
    web::{
        self, Problem, Reply, Wants,
        same_origin::{self, Callers},
    },
};

mod api;
mod challenge;
mod form;
mod settings;

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
        .route("/again", get(challenge::again))
        .route("/settings", get(settings::show))
        .route("/settings/enrol", post(settings::begin))
        .route("/settings/enrol/{id}", get(settings::pending).post(settings::confirm))
        .route("/api/challenges/{id}", get(api::show_challenge))
        .route("/api/challenges/{id}/send", post(api::send))
        .route("/api/challenges/{id}/verify", post(api::verify))
        .route("/api/enrolments", post(api::begin_enrolment))
        .route("/api/enrolments/{id}", get(api::show_enrolment))
        .route("/api/enrolments/{id}/confirm", post(api::confirm_enrolment))
        .route("/api/factors", get(api::factors))
        .route("/jwks.json", get(api::jwks))
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
            headers: &self.parts.headers,
            client: self.peer.client,
            peer: self.peer.peer,
            answer_cookies: &self.answer_cookies,
        }
    }

    /// Whether a page is wanted rather than a document: by the address, then by the client.
    fn wants(&self) -> Wants {
        if self.parts.uri.path().starts_with("/api/") { Wants::Json } else { web::wants_of(&self.parts.headers) }
    }

    fn refuse(&self, problem: &Problem) -> Answered {
        let mut reply = problem.reply(self.wants(), &self.rules);
        web::allow_origin(&self.parts.headers, &self.rules.site, reply.headers_mut());
        Answered(reply)
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
        Problem::of(error, self.flow.clock.now())
    }

    fn fail(&self, error: &FlowError) -> Answered {
        self.refuse(&self.problem(error))
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
