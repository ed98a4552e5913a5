//! Our own pages, answered in process: a proxy session in, an axum router's answer out.
//!
//! The body is read whole first, and the router runs in a task of its own, so that a client that
//! leaves never cancels a change of state half way (decisions 44).

use std::sync::Arc;

use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::{
    edge::{intake::Intake, reply},
    flow::RuleSet,
    portal::Peer,
    web::Reply,
};

/// The portal's request for what a session brings; `None` where its address is none of ours.
pub fn request(rules: &Arc<RuleSet>, intake: &Intake, parts: &http::request::Parts) -> Option<Request<()>> {
    let below = intake.target.raw().strip_prefix(rules.portal_prefix.as_str())?;
    let uri = if below.starts_with('/') { below.parse().ok()? } else { Uri::try_from(format!("/{below}")).ok()? };
    let mut request = Request::new(());
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = uri;
    *request.headers_mut() = parts.headers.clone();
    let peer = Peer { client: intake.client, peer: intake.peer, scheme: intake.scheme, host: intake.host.clone() };
    request.extensions_mut().insert(peer);
    request.extensions_mut().insert(Arc::clone(&intake.answer_cookies));
    request.extensions_mut().insert(Arc::clone(rules));
    Some(request)
}

/// Calls the router.
pub async fn call(router: &Router, request: Request<Bytes>) -> Reply {
    let router = router.clone();
    let request = request.map(Body::from);
    let answered = tokio::spawn(async move {
        let answer = match router.oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Reply::from_parts(parts, body)
    });
    // The task ends only by an answer or a panic; a panic of ours is a 500 without detail.
    answered.await.unwrap_or_else(|_| reply::empty(StatusCode::INTERNAL_SERVER_ERROR))
}
