//! Writing an answer of our own.

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use pingora::http::ResponseHeader;
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{body, context::Context},
    request::Scheme,
    web::{Reply, headers},
};

/// Writes a whole answer with its length and the headers that all of ours share; what is left of
/// the request is read first.
///
/// # Errors
/// When the client is gone.
pub async fn write(session: &mut Session, context: &Context, mut reply: Reply) -> Result<()> {
    let over_tls = context.intake.as_ref().is_some_and(|intake| intake.scheme == Scheme::Https);
    headers::common(reply.headers_mut(), over_tls && context.live.rules.site.secure);
    write_kept(session, reply).await
}

/// Writes a whole answer of the site that was kept, with its length and nothing else added.
///
/// # Errors
/// When the client is gone.
pub async fn write_kept(session: &mut Session, reply: Reply) -> Result<()> {
    if !session.as_downstream_mut().is_body_done() {
        body::drain(session).await;
    }
    let (parts, content) = reply.into_parts();
    let mut head = ResponseHeader::build(parts.status, Some(parts.headers.len() + 1))?;
    for (name, value) in &parts.headers {
        head.append_header(name.clone(), value.clone())?;
    }
    let has_no_content = matches!(parts.status, http::StatusCode::NO_CONTENT | http::StatusCode::NOT_MODIFIED);
    let bodiless = session.req_header().method == Method::HEAD || has_no_content;
    if !has_no_content {
        head.insert_header(header::CONTENT_LENGTH, HeaderValue::from(content.len()))?;
    }
    session.write_response_header(Box::new(head), bodiless).await?;
    if bodiless {
        return Ok(());
    }
    session.write_response_body(Some(content), true).await
}

/// An answer without a body.
#[must_use]
pub fn empty(status: http::StatusCode) -> Reply {
    let mut reply = Reply::new(Bytes::new());
    *reply.status_mut() = status;
    reply
}
