//! The proxy: each phase of the library, given to the file that does its work.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use axum::Router;
use bytes::Bytes;
use http::{HeaderValue, header};
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::*;
use pingora::proxy::{FailToProxy, ProxyHttp, Session};
use pingora::upstreams::peer::HttpPeer;

use crate::{
    edge::{
        body,
        context::Context,
        exchange::Direct,
        live::Live,
        ops::Readiness,
        patience::Underway,
        reply,
        resumption::{Opening, look_for_field},
    },
    flow::Flow,
    web::Problem,
};

/// The gateway in front of the site.
pub struct Gateway {
    /// What lives as long as the process.
    pub flow: Arc<Flow>,
    /// The configuration that new requests begin with.
    pub live: Arc<ArcSwap<Live>>,
    /// Our own pages.
    pub portal: Router,
    /// For what the body of an answer decides over.
    pub direct: Direct,
    /// Whether this process is about to end.
    pub readiness: Arc<Readiness>,
}

#[async_trait]
impl ProxyHttp for Gateway {
    /// On the heap: the library moves it from future to future, and keeps it twice in some of them.
    type CTX = Box<Context>;

    fn new_ctx(&self) -> Box<Context> {
        Box::new(Context::new(self.live.load_full(), Arc::clone(&self.flow)))
    }

    /// Runs before everything else: deadlines of this connection, and HTTP/2's cookie crumbs joined.
    async fn early_request_filter(&self, session: &mut Session, context: &mut Box<Context>) -> Result<()> {
        context.underway = Underway::of(session);
        let timeouts = context.live.timeouts;
        let downstream = session.as_downstream_mut();
        // The stream ends a connection that waits too long for a head; here 0 is forever, which spares a
        // timer of the library for every request.
        downstream.set_keepalive(Some(0).filter(|_| !self.readiness.is_leaving()));
        downstream.set_read_timeout(Some(timeouts.body));
        downstream.set_write_timeout(Some(timeouts.send));
        downstream.set_total_drain_timeout(Some(Duration::from_secs(5)));
        if session.is_http2() {
            join_cookie_crumbs(session.req_header_mut())?;
        }
        Ok(())
    }

    async fn request_filter(&self, session: &mut Session, context: &mut Box<Context>) -> Result<bool> {
        self.arrive(session, context).await
    }

    async fn upstream_peer(&self, session: &mut Session, context: &mut Box<Context>) -> Result<Box<HttpPeer>> {
        if context.passage.is_none() {
            return Error::e_explain(HTTPStatus(503), "no permit");
        }
        let live = Arc::clone(&context.live);
        let Some(peer) = live.upstream.peer(context.tried.as_ref()) else {
            context.failure = Some(Problem::unavailable(Duration::from_secs(5)));
            return Error::e_explain(HTTPStatus(503), "no server of the site is healthy");
        };
        let upgrades = session.req_header().headers.contains_key(header::UPGRADE);
        Ok(if upgrades { live.upstream.for_upgrade(peer) } else { peer })
    }

    /// Nothing was sent yet, so another server may be tried, for guarded requests too.
    fn fail_to_connect(
        &self,
        _session: &mut Session,
        peer: &HttpPeer,
        context: &mut Box<Context>,
        mut error: Box<Error>,
    ) -> Box<Error> {
        context.tried = Some(peer._address.clone());
        error.set_retry(true);
        error
    }

    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        request: &mut RequestHeader,
        context: &mut Box<Context>,
    ) -> Result<()> {
        self.depart(session, request, context).await?;
        Self::begin_pace(session, context);
        context.opening = Opening::of(session);
        Ok(())
    }

    async fn request_body_filter(
        &self,
        session: &mut Session,
        body: &mut Option<Bytes>,
        end: bool,
        context: &mut Box<Context>,
    ) -> Result<()> {
        Self::keep_pace(session, context, body.as_ref().map_or(0, Bytes::len), end)?;
        look_for_field(context, body, end)?;
        if let Some(tail) = &mut context.tail {
            tail.keep(body, end);
            if end {
                Box::pin(self.look_again(session, context)).await?;
            }
        }
        if let Some(held) = &context.swap {
            // Called once a chunk of our form's own body; the held one goes out with the last.
            *body = Some(if end { held.clone() } else { Bytes::new() });
        }
        // The library would write an empty last piece as a chunk of its own: a second end of the body,
        // which the site takes for the beginning of the next request.
        if end && body.as_ref().is_some_and(Bytes::is_empty) {
            *body = None;
        }
        Ok(())
    }

    async fn response_filter(
        &self,
        session: &mut Session,
        answer: &mut ResponseHeader,
        context: &mut Box<Context>,
    ) -> Result<()> {
        self.answered(session, answer, context).await
    }

    /// A guarded or consumed request is never sent twice, no other one three times.
    fn error_while_proxy(
        &self,
        peer: &HttpPeer,
        session: &mut Session,
        error: Box<Error>,
        context: &mut Box<Context>,
        reused: bool,
    ) -> Box<Error> {
        let mut error = error.more_context(format!("peer {peer}"));
        let repeatable = session.req_header().method.is_safe() && !session.as_downstream().retry_buffer_truncated();
        if context.guarded || context.spent || context.repeated || !repeatable {
            error.set_retry(false);
        } else {
            context.repeated = true;
            context.tried = Some(peer._address.clone());
            error.retry.decide_reuse(reused);
        }
        error
    }

    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, context: &mut Box<Context>) -> FailToProxy {
        context.pace = None;
        let status = status_of(error);
        // After an interim answer (100) there still is one to give.
        let is_final = |answer: &ResponseHeader| !answer.status.is_informational() || answer.status.as_u16() == 101;
        if status == 0 || session.as_downstream().response_written().is_some_and(is_final) {
            return FailToProxy { error_code: status, can_reuse_downstream: false };
        }
        if status == 408 {
            body::give_up(session);
        }
        let problem = context.failure.take().unwrap_or_else(|| unanswered(session, context, status));
        let mut reply = self.problem_reply(session, context, &problem);
        context.add_answer_cookies(reply.headers_mut());
        let status = reply.status().as_u16();
        // Its connection ends with this answer, which must say so.
        session.as_downstream_mut().set_keepalive(None);
        // The client may be gone: then there is nobody to tell.
        let _ = reply::write(session, context, reply).await;
        FailToProxy { error_code: status, can_reuse_downstream: false }
    }

    async fn logging(&self, session: &mut Session, error: Option<&Error>, context: &mut Box<Context>) {
        self.record(session, error, context);
    }

    /// A client that is slow or silent is no error of ours.
    fn suppress_error_log(&self, _session: &Session, _context: &Box<Context>, error: &Error) -> bool {
        status_of(error) == 408
    }

    /// Names no query: the library puts this line into its own logs.
    fn request_summary(&self, session: &Session, _context: &Box<Context>) -> String {
        let head = session.req_header();
        format!("{} {}", head.method, head.uri.path().chars().take(200).collect::<String>().escape_default())
    }
}

/// HTTP/2 may send a cookie a line; an HTTP/1.1 site wants them in one (RFC 9113 §8.2.3).
fn join_cookie_crumbs(request: &mut RequestHeader) -> Result<()> {
    let crumbs: Vec<&[u8]> = request.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if crumbs.len() < 2 {
        return Ok(());
    }
    let joined = crumbs.join(&b"; "[..]);
    let joined = HeaderValue::from_bytes(&joined).or_err(HTTPStatus(400), "cookies")?;
    request.insert_header(header::COOKIE, joined)
}

/// The status that an error of the proxy has; 0 where the client is gone.
pub(super) fn status_of(error: &Error) -> u16 {
    if let HTTPStatus(status) = error.etype() {
        return *status;
    }
    let kind = error.etype();
    let too_slow = matches!(kind, ConnectTimedout | ReadTimedout | WriteTimedout);
    let is_gone = matches!(kind, WriteError | ReadError | ConnectionClosed);
    match error.esource() {
        ErrorSource::Upstream if too_slow => 504,
        ErrorSource::Upstream => 502,
        ErrorSource::Downstream if is_gone => 0,
        ErrorSource::Downstream if *kind == ReadTimedout => 408,
        ErrorSource::Downstream => 400,
        ErrorSource::Internal | ErrorSource::Unset => 503,
    }
}

/// What answers where the site did not. A change that reached it may be done, and must not be asked twice.
pub(super) fn unanswered(session: &Session, context: &Context, status: u16) -> Problem {
    let sent = context.sent_at.is_some() && !session.req_header().method.is_safe();
    if context.spent || (context.guarded && sent) {
        return Problem::unknown_result();
    }
    match status {
        400 => Problem::bad_request("the request could not be read"),
        408 => Problem::too_slow(),
        502 => Problem::bad_gateway(),
        504 => Problem::gateway_timeout(),
        _ => Problem::unavailable(Duration::from_secs(5)),
    }
}
