//! The ops listener: `/metrics`, `/livez`, `/readyz`; nothing of players, never on their port.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use crate::{edge::settings::Ops, metrics::Metrics};

/// Whether requests may be sent here.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
    no_upstream: AtomicBool,
    no_store: AtomicBool,
}

impl Readiness {
    /// From now on: not ready.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether some server of the site is healthy.
    pub fn set_upstream(&self, available: bool) {
        self.no_upstream.store(!available, Ordering::Relaxed);
    }

    /// Whether the durable store answered when it was last asked.
    pub fn set_store(&self, answers: bool) {
        self.no_store.store(!answers, Ordering::Relaxed);
    }

    /// Why not, each in a few words; empty when ready.
    #[must_use]
    pub fn reasons(&self) -> Vec<&'static str> {
        [
            (&self.draining, "draining"),
            (&self.no_upstream, "no server of the site is healthy"),
            (&self.no_store, "the durable store does not answer"),
        ]
        .into_iter()
        .filter_map(|(flag, reason)| flag.load(Ordering::Relaxed).then_some(reason))
        .collect()
    }
}

#[derive(Clone)]
struct OpsState {
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
    bearer: Option<SecretString>,
    loopback: bool,
}

/// The router of the ops listener.
pub fn router(metrics: Arc<Metrics>, readiness: Arc<Readiness>, settings: &Ops) -> Router {
    let loopback = settings.address.ip().is_loopback();
    let state = OpsState { metrics, readiness, bearer: settings.bearer.clone(), loopback };
    Router::new()
        .route("/metrics", get(metrics_page))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .layer(middleware::from_fn_with_state(state.clone(), only_local_names))
        .with_state(state)
}

/// A listener on loopback answers to loopback names only: a page on the web whose name was rebound
/// to 127.0.0.1 gets nothing (security.md A45).
async fn only_local_names(State(state): State<OpsState>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if state.loopback && !matches!(name, "localhost" | "127.0.0.1" | "[::1]") {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    next.run(request).await
}

async fn metrics_page(State(state): State<OpsState>, headers: HeaderMap) -> Response {
    if let Some(bearer) = &state.bearer {
        let expected = format!("Bearer {}", bearer.expose_secret());
        let given = headers.get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes).unwrap_or_default();
        if !bool::from(given.ct_eq(expected.as_bytes())) {
            return (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response();
        }
    }
    match state.metrics.render() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(State(state): State<OpsState>) -> Response {
    let reasons = state.readiness.reasons();
    if reasons.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, format!("{}\n", reasons.join("\n"))).into_response()
}
