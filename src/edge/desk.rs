//! The support desk's listener: its requests in, its router's answers out (decisions 45). Nothing of
//! players passes here, and nothing of it is reached from their listeners.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use bytes::{Bytes, BytesMut};
use http::{HeaderValue, Request, Response, StatusCode, header};
use pingora::apps::http_app::ServeHttp;
use pingora::protocols::http::ServerSession;

use crate::{
    desk::{MAX_BODY, Peer},
    edge::{bridge, live::Live, patience::Underway, settings, tls::Certificates},
    request,
};

/// Where the desk listens, and what answers.
pub struct DeskParts {
    /// Where.
    pub listener: settings::Desk,
    /// Its certificate, with TLS.
    pub certificates: Option<Arc<Certificates>>,
    /// Its pages and API.
    pub router: Router,
}

/// The service of the desk.
pub(super) struct Desk {
    pub(super) router: Router,
    pub(super) live: Arc<ArcSwap<Live>>,
}

#[async_trait]
impl ServeHttp for Desk {
    async fn response(&self, session: &mut ServerSession) -> Response<Vec<u8>> {
        // The head is whole: until the answer is put together no other is awaited.
        let _underway = Underway::of(session);
        let live = self.live.load_full();
        let Some(body) = read(session, live.timeouts.body).await else {
            // What is left of the body would be taken for the next request.
            session.set_keepalive(None);
            return refused(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let head = session.req_header();
        let named = head.uri.authority().map(|authority| authority.as_str().to_owned());
        let host = named.or_else(|| request::header_once(&head.headers, "host").map(ToOwned::to_owned));
        let Some(uri) = head.uri.path_and_query().and_then(|path| path.as_str().parse().ok()) else {
            return refused(StatusCode::BAD_REQUEST);
        };
        let client = session.client_addr().and_then(|address| address.as_inet()).map(std::net::SocketAddr::ip);
        let mut request = Request::new(body);
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = head.headers.clone();
        request.extensions_mut().insert(Peer { client, host: host.unwrap_or_default() });
        request.extensions_mut().insert(Arc::clone(&live.rules));
        let (mut parts, body) = bridge::call(&self.router, request).await.into_parts();
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        Response::from_parts(parts, body.to_vec())
    }
}

/// The body of a request; `None` where it is too long, does not come in time, or breaks off.
async fn read(session: &mut ServerSession, limit: Duration) -> Option<Bytes> {
    let whole = async {
        let mut body = BytesMut::new();
        while let Some(part) = session.read_request_body().await.ok()? {
            if body.len() + part.len() > MAX_BODY {
                return None;
            }
            body.extend_from_slice(&part);
        }
        Some(body.freeze())
    };
    tokio::time::timeout(limit, whole).await.ok().flatten()
}

fn refused(status: StatusCode) -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    answer
}
