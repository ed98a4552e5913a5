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

use crate::{edge::settings::Ops, metrics::Metrics, request::names_loopback};

/// Whether requests may be sent here.
#[derive(Debug, Default)]
pub struct Readiness {
    draining: AtomicBool,
    leaving: AtomicBool,
    no_upstream: AtomicBool,
    no_store: AtomicBool,
}

impl Readiness {
    /// From now on: not ready, and leaving.
    pub fn set_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.set_leaving();
    }

    /// From now on every connection ends with the answer that it waits for.
    pub fn set_leaving(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Whether connections end with their next answer.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
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
    if state.loopback && !names_loopback(host) {
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

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;
    use crate::metrics::BuildInfo;

    fn ops(address: &str, bearer: Option<&str>) -> (Router, Arc<Readiness>) {
        let metrics = Arc::new(Metrics::new(BuildInfo { version: "1", revision: "r" }).unwrap());
        let readiness = Arc::new(Readiness::default());
        let settings = Ops { address: address.parse().unwrap(), bearer: bearer.map(SecretString::from) };
        (router(metrics, Arc::clone(&readiness), &settings), readiness)
    }

    async fn asked(router: &Router, host: &str, path: &str, bearer: Option<&str>) -> (u16, String) {
        let mut request = Request::get(path).header(header::HOST, host);
        if let Some(bearer) = bearer {
            request = request.header(header::AUTHORIZATION, bearer);
        }
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn rebound_host_is_misdirected_on_loopback() {
        let (router, _) = ops("127.0.0.1:9180", None);
        for host in ["evil.example", "evil.example:9180", "localhost.evil.example", "x@localhost", "127.0.0.1.evil", ""]
        {
            assert_eq!(asked(&router, host, "/livez", None).await.0, 421, "{host}");
        }
        for host in ["localhost", "LOCALHOST:9180", "127.0.0.1:9180", "127.0.0.1", "[::1]", "[::1]:9180"] {
            assert_eq!(asked(&router, host, "/livez", None).await.0, 200, "{host}");
        }
    }

    #[tokio::test]
    async fn metrics_want_the_whole_bearer() {
        let (router, _) = ops("0.0.0.0:9180", Some("s3cret"));
        for wrong in [None, Some("Bearer s3cre"), Some("Bearer s3cret2"), Some("s3cret"), Some("Bearer ")] {
            assert_eq!(asked(&router, "gate", "/metrics", wrong).await.0, 401, "{wrong:?}");
        }
        let (status, text) = asked(&router, "gate", "/metrics", Some("Bearer s3cret")).await;
        assert_eq!(status, 200);
        assert!(text.contains("stepgate_build_info"), "{text}");
        assert_eq!(asked(&router, "gate", "/livez", None).await.0, 200);
    }

    #[tokio::test]
    async fn readiness_names_every_reason_and_comes_back() {
        let (router, readiness) = ops("127.0.0.1:9180", None);
        assert_eq!(asked(&router, "localhost", "/readyz", None).await.0, 200);
        readiness.set_store(false);
        readiness.set_upstream(false);
        let (status, text) = asked(&router, "localhost", "/readyz", None).await;
        assert_eq!((status, text.lines().count()), (503, 2), "{text}");
        readiness.set_store(true);
        readiness.set_upstream(true);
        assert_eq!(asked(&router, "localhost", "/readyz", None).await.0, 200);
        readiness.set_draining();
        assert_eq!(asked(&router, "localhost", "/readyz", None).await, (503, "draining\n".to_owned()));
    }

    #[tokio::test]
    async fn nothing_else_is_served() {
        let (router, _) = ops("127.0.0.1:9180", None);
        assert_eq!(asked(&router, "localhost", "/", None).await.0, 404);
        assert_eq!(asked(&router, "localhost", "/.stepgate/settings", None).await.0, 404);
    }
}
