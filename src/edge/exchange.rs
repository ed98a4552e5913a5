//! The buffered exchange (decisions 40): where the body of the site's answer decides whether a log-in
//! or a change succeeded, the request is sent once from here, the answer is read, decided upon, and
//! only then given to the client as it was.
//!
//! A server of the same balancer gets the request, over a connection of its own, so that nothing is
//! ever sent twice. What is consumed is consumed before the first byte, as everywhere ([`depart`]).
//!
//! [`depart`]: super::depart

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use pingora::connectors::http::v1::Connector;
use pingora::http::{RequestHeader, ResponseHeader};
use pingora::prelude::*;
use pingora::protocols::http::{HttpTask, v1::client::HttpSession};
use pingora::proxy::Session;

use crate::{
    edge::{
        context::Context,
        depart::received,
        gateway::{self, Gateway},
    },
    web::Problem,
};

/// Bytes of an answer that are read before it is decided upon.
const LARGEST: usize = 1 << 20;

/// Headers that concern one connection only (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("http2-settings"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Connections of the buffered exchange; none is used twice.
pub struct Direct(Connector);

impl Default for Direct {
    fn default() -> Self {
        Self(Connector::new(None))
    }
}

/// An answer of the site, as far as it was read.
struct Answer {
    head: Box<ResponseHeader>,
    body: Bytes,
    /// Where the rest comes from, where the body is larger than what is read; `None`: it is whole.
    rest: Option<HttpSession>,
}

impl Gateway {
    /// Whether the body of the answer decides over the request that was allowed.
    pub(super) fn decides_by_body(&self, session: &Session, context: &Context) -> bool {
        let rules = &context.live.rules;
        let Some(head) = received(session, context) else { return false };
        // Whatever else it asks for: nothing of its answer may pass by.
        if rules.identity.withholds(&head) {
            return true;
        }
        if *head.method == http::Method::HEAD || head.headers.contains_key(header::UPGRADE) {
            return false;
        }
        let route = context.record.route.as_deref().and_then(|name| rules.routes.named(name));
        let after = route.and_then(|route| route.after_success.as_ref());
        after.is_some_and(|after| after.when.body.is_some()) || rules.identity.decides_by_body(&head)
    }

    /// Sends the request with this body, decides, and answers the client; always `true`.
    pub(super) async fn exchange(&self, session: &mut Session, context: &mut Context, body: Bytes) -> Result<bool> {
        session.as_downstream_mut().set_abort_on_close(false);
        let deadline = context.live.timeouts.upstream_read;
        let sent = tokio::time::timeout(deadline, self.send_once(session, context, body)).await;
        let answer = match sent {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return self.exchange_failed(session, context, &error).await,
            Err(_) => {
                let late = Error::explain(ReadTimedout, "the answer did not arrive in time").into_up();
                return self.exchange_failed(session, context, &late).await;
            }
        };
        self.pass_on(session, context, answer).await?;
        Ok(true)
    }

    async fn exchange_failed(&self, session: &mut Session, context: &mut Context, error: &Error) -> Result<bool> {
        self.count_upstream_error(error, context);
        let problem = context.failure.take();
        let problem = problem.unwrap_or_else(|| gateway::unanswered(session, context, gateway::status_of(error)));
        self.refuse(session, context, problem).await
    }

    /// The answer to the one sending of the request: whole, or its first part where it is too large.
    async fn send_once(&self, session: &Session, context: &mut Context, body: Bytes) -> Result<Answer> {
        // Nothing was sent yet, so another server may be tried.
        let mut upstream = match self.connect(context).await {
            Ok(upstream) => upstream,
            Err(_) => self.connect(context).await?,
        };
        let mut request = outbound(session, &body)?;
        self.depart(session, &mut request, context).await?;
        upstream.write_request_header(Box::new(request)).await.map_err(Error::into_up)?;
        if !body.is_empty() {
            upstream.write_body(&body).await.map_err(Error::into_up)?;
        }
        upstream.finish_body().await.map_err(Error::into_up)?;
        read(upstream).await.map_err(Error::into_up)
    }

    /// A connection of its own, to another server than the one that failed at the last try.
    async fn connect(&self, context: &mut Context) -> Result<HttpSession> {
        let Some(peer) = context.live.upstream.peer(context.tried.as_ref()) else {
            context.failure = Some(Problem::unavailable(Duration::from_secs(5)));
            return Error::e_explain(HTTPStatus(503), "no server of the site is healthy");
        };
        let connected = self.direct.0.get_http_session(&*peer).await;
        let (mut upstream, _) = connected.map_err(|error| {
            context.tried = Some(peer._address.clone());
            error.into_up()
        })?;
        upstream.read_timeout = peer.options.read_timeout;
        upstream.write_timeout = peer.options.write_timeout;
        Ok(upstream)
    }

    /// Decides, does the store work, then gives the answer to the client.
    async fn pass_on(&self, session: &mut Session, context: &mut Context, answer: Answer) -> Result<()> {
        let Answer { mut head, body, rest } = answer;
        if rest.is_some() {
            let route = context.record.route.as_deref().unwrap_or("none");
            tracing::warn!(route, "an answer is too large to be recognised as a success");
        }
        context.answer_body = rest.is_none().then(|| body.clone());
        if Self::withholds(session, context) {
            let whole = context.answer_body.clone();
            if Box::pin(self.withhold(session, context, (&mut head, whole.as_ref()))).await? {
                return Ok(());
            }
        }
        self.answered(session, &mut head, context).await?;
        let version = session.req_header().version;
        let has_no_content = matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let bodiless = has_no_content || session.req_header().method == http::Method::HEAD;
        let length = match (&rest, bodiless) {
            (_, true) => Length::NoBody,
            (None, false) => Length::Known(body.len()),
            (Some(_), false) => Length::Unknown,
        };
        frame(&mut head, length, version)?;
        session.write_response_header(head, bodiless).await?;
        if bodiless {
            return Ok(());
        }
        let Some(mut upstream) = rest else { return session.write_response_body(Some(body), true).await };
        session.write_response_body(Some(body), false).await?;
        loop {
            let (piece, end) = piece(&mut upstream).await.map_err(Error::into_up)?;
            session.write_response_body(piece, end).await?;
            if end {
                return Ok(());
            }
        }
    }
}

/// The request as it goes to a server of HTTP/1.1, with a body of known length and an answer that is
/// not compressed.
fn outbound(session: &Session, body: &Bytes) -> Result<RequestHeader> {
    let mut request = session.req_header().clone();
    request.set_version(Version::HTTP_11);
    // A part of the answer could not be decided upon.
    let partial = [&header::RANGE, &header::IF_RANGE, &header::ACCEPT_ENCODING];
    for name in HOP_BY_HOP.iter().chain([&header::EXPECT]).chain(partial) {
        request.remove_header(name);
    }
    let framed = !body.is_empty() || request.headers.contains_key(header::CONTENT_LENGTH);
    if framed || !request.method.is_safe() {
        request.insert_header(header::CONTENT_LENGTH, HeaderValue::from(body.len()))?;
    }
    Ok(request)
}

async fn read(mut upstream: HttpSession) -> Result<Answer> {
    let (head, mut end) = loop {
        let HttpTask::Header(head, end) = upstream.read_response_task().await? else {
            return Error::e_explain(ReadError, "a body before its head");
        };
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            return Error::e_explain(InvalidHTTPHeader, "the site switched protocols unasked");
        }
        // Interim answers are between the site and us.
        if !head.status.is_informational() {
            break (head, end);
        }
    };
    let mut body = BytesMut::new();
    while !end {
        let (piece, last) = piece(&mut upstream).await?;
        body.extend_from_slice(&piece.unwrap_or_default());
        if body.len() > LARGEST {
            return Ok(Answer { head, body: body.freeze(), rest: Some(upstream) });
        }
        end = last;
    }
    Ok(Answer { head, body: body.freeze(), rest: None })
}

/// The next piece of a body, and whether it is the last.
async fn piece(upstream: &mut HttpSession) -> Result<(Option<Bytes>, bool)> {
    let HttpTask::Body(piece, end) = upstream.read_response_task().await? else { return Ok((None, true)) };
    Ok((piece, end))
}

/// How much of a body follows a head.
enum Length {
    NoBody,
    Known(usize),
    Unknown,
}

/// Frames an answer anew for the client's connection: with the length where it is known.
fn frame(head: &mut ResponseHeader, length: Length, client: Version) -> Result<()> {
    let nominated = nominated(&head.headers);
    for name in nominated.iter().map(String::as_str).chain(HOP_BY_HOP.iter().map(HeaderName::as_str)) {
        head.remove_header(name);
    }
    head.set_version(if client == Version::HTTP_2 { Version::HTTP_2 } else { Version::HTTP_11 });
    match length {
        Length::Known(length) => head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(length)),
        Length::Unknown if client == Version::HTTP_11 && !head.headers.contains_key(header::CONTENT_LENGTH) => {
            head.insert_header(header::TRANSFER_ENCODING, "chunked")
        }
        Length::Unknown | Length::NoBody => Ok(()),
    }
}

/// What an answer says of more than one connection, without its length.
pub(super) fn end_to_end(answer: &HeaderMap) -> HeaderMap {
    let dropped = nominated(answer);
    let concerns_one = |name: &HeaderName| {
        *name == header::CONTENT_LENGTH
            || HOP_BY_HOP.contains(name)
            || dropped.iter().any(|other| other == name.as_str())
    };
    answer.iter().filter(|(name, _)| !concerns_one(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The headers that Connection names, lower case.
fn nominated(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(header::CONNECTION).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(|name| name.trim().to_ascii_lowercase()).collect()
}
