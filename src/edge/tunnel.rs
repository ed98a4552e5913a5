//! Tunnels on guarded routes: a WebSocket or an event stream ends soon after the stamp by which it
//! was opened, however silent it is (decisions 22).

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use http::{StatusCode, header};
use pingora::apps::{HttpServerApp, HttpServerOptions, ReusedHttpStream};
use pingora::http::ResponseHeader;
use pingora::protocols::http::ServerSession;
use pingora::protocols::http::v2::server::H2Options;
use pingora::proxy::HttpProxy;
use pingora::server::ShutdownWatch;
use tokio::{
    sync::Notify,
    task::{AbortHandle, spawn},
};

use crate::{
    edge::{context::Context, gateway::Gateway},
    flow::{Flow, epochs::Reading},
    stamp::{Reject, Stamp},
};

/// Between two looks at the durable store. With an answer that may be two seconds old, a tunnel ends
/// within four.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

tokio::task_local! {
    /// How the exchange that this task is in can be ended from outside.
    static END: Arc<Notify>;
}

/// The proxy, each of whose exchanges can be ended while it lasts: the library has no such call, and
/// a silent tunnel reaches none of its phases.
pub struct Endable(pub Arc<HttpProxy<Gateway>>);

#[async_trait]
impl HttpServerApp for Endable {
    async fn process_new_http(
        self: &Arc<Self>,
        session: ServerSession,
        shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        let end = Arc::new(Notify::new());
        let exchange = END.scope(Arc::clone(&end), self.0.process_new_http(session, shutdown));
        tokio::select! {
            reusable = exchange => reusable,
            // Dropping the exchange closes both of its connections.
            () = end.notified() => None,
        }
    }

    fn h2_options(&self) -> Option<H2Options> {
        self.0.h2_options()
    }

    fn server_options(&self) -> Option<&HttpServerOptions> {
        self.0.server_options()
    }

    async fn http_cleanup(&self) {
        self.0.http_cleanup().await;
    }
}

/// How the exchange that this task is in can be ended from outside.
pub(super) fn end_of_exchange() -> Option<Arc<Notify>> {
    END.try_with(Arc::clone).ok()
}

/// The watch over an open tunnel; it stops with its value.
#[derive(Debug)]
pub struct Tunnel(AbortHandle);

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Gateway {
    /// Begins to watch the exchange, if the site's answer makes it a tunnel on a guarded route.
    pub(super) fn watch_tunnel(&self, answer: &ResponseHeader, context: &Context) -> Option<Tunnel> {
        if !context.guarded || !is_tunnel(answer) {
            return None;
        }
        let stamp = context.passage.as_ref()?.stamp.clone()?;
        let end = end_of_exchange()?;
        let (flow, live, started) = (Arc::clone(&self.flow), Arc::clone(&context.live), context.started);
        let (route, status) = (context.record.route.clone()?, answer.status.as_u16());
        let watch = spawn(async move {
            let reason = until_ended(&flow, &stamp).await;
            let (lasted_seconds, config_hash) = (started.elapsed().as_secs(), &live.config_hash);
            tracing::info!(%route, reason, status, lasted_seconds, config_hash, "a tunnel was ended");
            end.notify_one();
        });
        Some(Tunnel(watch.abort_handle()))
    }
}

/// Whether what follows the answer's head lasts until somebody ends it.
fn is_tunnel(answer: &ResponseHeader) -> bool {
    let events = |value: &http::HeaderValue| {
        value.as_bytes().get(..17).is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/event-stream"))
    };
    answer.status == StatusCode::SWITCHING_PROTOCOLS || answer.headers.get(header::CONTENT_TYPE).is_some_and(events)
}

/// Returns once nothing new may pass by this stamp, with the reason: past its deadline, revoked, or
/// the store does not answer.
async fn until_ended(flow: &Flow, stamp: &Stamp) -> &'static str {
    loop {
        let left = stamp.expires_at.since(flow.clock.now());
        if left.is_zero() {
            return Reject::Expired.as_str();
        }
        tokio::time::sleep(left.min(LOOK_AGAIN)).await;
        match flow.check_revocation(stamp, Reading::Late).await {
            Ok(Ok(())) => {}
            Ok(Err(reject)) => return reject.as_str(),
            Err(_) => return "store",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_known_however_the_site_writes_their_type() {
        for (content_type, tunnel) in [
            ("text/event-stream", true),
            ("Text/Event-Stream; charset=utf-8", true),
            ("text/html", false),
            ("text/events", false),
        ] {
            let mut answer = ResponseHeader::build(200, None).unwrap();
            answer.insert_header(header::CONTENT_TYPE, content_type).unwrap();
            assert_eq!(is_tunnel(&answer), tunnel, "{content_type}");
        }
        assert!(is_tunnel(&ResponseHeader::build(101, None).unwrap()));
    }
}
