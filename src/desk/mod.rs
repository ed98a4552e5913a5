//! The support desk: a console of small pages and the same as a JSON API, on a listener of its own.
//!
//! The edge adds to each request where it came from and the rule set; everything else is here: the
//! names that the desk answers to (a page whose name was rebound to it gets 421, security.md A45), the
//! same-origin check of everything that changes something, the session. What may be done, and by whom,
//! is decided in `flow::desk`; nothing here knows a role.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};

use crate::{
    flow::{
        Flow, RuleSet,
        desk::{Agent, DeskError, Settings},
    },
    request,
    secret::Token,
    store::audit,
    web::{headers, same_origin, set_cookie},
};

mod api;
mod console;
pub mod documents;
mod input;
mod player_page;
mod refusal;

pub use input::MAX_BODY;
use refusal::{Refusal, Shape};

/// What the router needs besides the use cases.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// The rules.
    pub settings: Settings,
    /// The names that the desk answers to, lower case, with a port where it is not the scheme's.
    pub hosts: Vec<String>,
    /// Whether it is on TLS: decides the cookie.
    pub secure: bool,
}

/// Where a request came from, as the edge found out.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The TCP peer's address.
    pub client: Option<IpAddr>,
    /// What the request names as its host.
    pub host: String,
}

/// What every handler has.
#[derive(Clone)]
struct Desk {
    flow: Arc<Flow>,
    parameters: Arc<Parameters>,
}

/// The router of the whole listener.
pub fn router(flow: Arc<Flow>, parameters: Parameters) -> Router {
    let secure = parameters.secure;
    Router::new()
        .route("/", get(console::home))
        .route("/sign-in", get(console::sign_in_page).post(console::sign_in))
        .route("/sign-out", post(console::sign_out))
        .route("/find", post(console::find))
        .route("/players/{id}", get(console::player))
        .route("/players/{id}/{action}", post(console::act))
        .route("/resets/{id}/{action}", post(console::decide))
        .route("/api/sign-in", post(api::sign_in))
        .route("/api/sign-out", post(api::sign_out))
        .route("/api/find", post(api::find))
        .route("/api/players/{id}", get(api::player))
        .route("/api/players/{id}/{action}", post(api::act))
        .route("/api/resets", get(api::resets))
        .route("/api/resets/{id}/{action}", post(api::decide))
        .fallback(async |call: Call| Refusal::missing().reply(call.shape()))
        .method_not_allowed_fallback(async |call: Call| Refusal::wrong_method().reply(call.shape()))
        .with_state(Desk { flow, parameters: Arc::new(parameters) })
        .layer(axum::middleware::map_response(move |mut answer: Response| async move {
            headers::common(answer.headers_mut(), secure);
            answer
        }))
}

/// One request: extracting it checks its host and, unless it is safe, that it comes from our own pages.
struct Call {
    desk: Desk,
    rules: Arc<RuleSet>,
    headers: HeaderMap,
    path: String,
    query: String,
    /// The network that it came from, as the audit keeps it.
    origin: String,
}

impl FromRequestParts<Desk> for Call {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, Self::Rejection> {
        let broken = || http::StatusCode::INTERNAL_SERVER_ERROR.into_response();
        let peer = parts.extensions.get::<Peer>().cloned().ok_or_else(broken)?;
        let rules = parts.extensions.get::<Arc<RuleSet>>().cloned().ok_or_else(broken)?;
        let call = Self {
            desk: desk.clone(),
            rules,
            headers: parts.headers.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            origin: peer.client.map(audit::origin).unwrap_or_default(),
        };
        let host = peer.host.to_ascii_lowercase();
        if !desk.parameters.hosts.contains(&host) {
            tracing::warn!(client = ?peer.client, "the desk was asked under a name that is not its own");
            return Err(Refusal::misdirected().reply(call.shape()));
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            let scheme = if desk.parameters.secure { "https" } else { "http" };
            let own = format!("{scheme}://{host}");
            if same_origin::check_from(&call.headers, &own).is_err() {
                return Err(Refusal::foreign().reply(call.shape()));
            }
        }
        Ok(call)
    }
}

impl Call {
    fn flow(&self) -> &Flow {
        &self.desk.flow
    }

    fn settings(&self) -> &Settings {
        &self.desk.parameters.settings
    }

    /// Whether a page or a document answers.
    fn shape(&self) -> Shape {
        if self.path.starts_with("/api/") { Shape::Document } else { Shape::Page }
    }

    /// Who is signed in.
    async fn agent(&self) -> Result<Agent, DeskError> {
        let token = self.token().ok_or(DeskError::SignedOut)?;
        self.flow().desk_agent(self.settings(), &token, &self.origin).await
    }

    fn token(&self) -> Option<Token> {
        request::cookie(&self.headers, self.cookie_name()).ok().flatten().and_then(Token::parse)
    }

    fn is_secure(&self) -> bool {
        self.desk.parameters.secure
    }

    fn cookie_name(&self) -> &'static str {
        if self.is_secure() { "__Host-stepgate-desk" } else { "stepgate-desk" }
    }

    /// The cookie of a session; `None` ends it.
    fn session_cookie(&self, token: Option<&Token>) -> HeaderValue {
        let value = token.map_or("", Token::reveal);
        let age = if token.is_some() { None } else { Some(std::time::Duration::ZERO) };
        set_cookie(self.cookie_name(), value, self.is_secure(), age)
    }

    async fn sign_out(&self) -> Result<HeaderValue, DeskError> {
        if let Some(token) = self.token() {
            self.flow().desk_sign_out(&token, &self.origin).await?;
        }
        Ok(self.session_cookie(None))
    }

    fn refused(&self, error: &DeskError) -> Response {
        Refusal::of(error, self.flow().clock.now()).reply(self.shape())
    }
}

/// Adds a cookie to an answer.
fn with_cookie(mut answer: Response, cookie: HeaderValue) -> Response {
    answer.headers_mut().append(header::SET_COOKIE, cookie);
    answer
}
