//! Reading a request's body ourselves: at most so many bytes, within one deadline.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Version, header};
use pingora::prelude::*;
use pingora::proxy::Session;

/// What came of it.
#[derive(Debug)]
pub enum Read {
    /// The whole body; empty where there is none.
    Whole(Bytes),
    /// More than the cap: by its declared length, with nothing read, or by the bytes that came.
    TooLarge {
        /// Whether bytes were consumed, so that the request cannot go on.
        consumed: bool,
    },
    /// The client was too slow, or went away.
    Failed,
}

/// Reads the body so that the request can still go on: what was read is sent again to the site.
pub async fn read(session: &mut Session, cap: usize, deadline: Duration) -> Read {
    if session.is_body_empty() {
        return Read::Whole(Bytes::new());
    }
    if declared_length(session).is_some_and(|length| length > cap as u64) {
        return Read::TooLarge { consumed: false };
    }
    session.enable_retry_buffering();
    match tokio::time::timeout(deadline, Box::pin(collect(session, cap))).await {
        Ok(Ok(read)) => read,
        Ok(Err(_)) | Err(_) => {
            give_up(session);
            Read::Failed
        }
    }
}

async fn collect(session: &mut Session, cap: usize) -> Result<Read> {
    // Over HTTP/2 the library cannot send an interim answer; clients go on by themselves.
    let expects = session.req_header().headers.contains_key(header::EXPECT);
    if expects && session.req_header().version == Version::HTTP_11 {
        session.write_continue_response().await?;
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = session.read_request_body().await? {
        if body.len() + chunk.len() > cap {
            return Ok(Read::TooLarge { consumed: true });
        }
        body.extend_from_slice(&chunk);
    }
    if session.retry_buffer_truncated() {
        return Ok(Read::TooLarge { consumed: true });
    }
    Ok(Read::Whole(body.freeze()))
}

/// Whether the request certainly has no body. Over HTTP/2 only the end of the stream says so: a body
/// there needs no Content-Length. Over HTTP/1 a request without framing headers has none (RFC 9112
/// §6.3), even one that asks for an upgrade.
pub fn is_absent(session: &mut Session) -> bool {
    let head = session.req_header();
    let framed = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING].iter().any(|name| head.headers.contains_key(name));
    (head.version <= Version::HTTP_11 && !framed) || session.is_body_empty()
}

/// The declared length, where there is one.
pub fn declared_length(session: &Session) -> Option<u64> {
    session.req_header().headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The end of a body that goes to the site only once the body is over: over HTTP/2 all of its bytes may be there
/// before that is said.
#[derive(Debug)]
pub struct Tail {
    /// Bytes until its declared length.
    left: u64,
    kept: Vec<u8>,
}

impl Tail {
    /// That of this request, where it may have a body.
    pub fn of(session: &mut Session) -> Option<Self> {
        let left = declared_length(session).unwrap_or(u64::MAX);
        (!is_absent(session)).then_some(Self { left, kept: Vec::new() })
    }

    /// Keeps the piece that completes the length, until the end.
    pub fn keep(&mut self, piece: &mut Option<Bytes>, end: bool) {
        let length = piece.as_ref().map_or(0, Bytes::len);
        self.left = self.left.saturating_sub(length as u64);
        if end && self.kept.is_empty() || !end && self.left > 0 {
            return;
        }
        self.kept.extend(piece.take().into_iter().flatten());
        // No piece at all would be the end of the body to the library.
        *piece = Some(if end { std::mem::take(&mut self.kept).into() } else { Bytes::new() });
    }
}

/// What is left of the body gets no more time: the connection ends with the answer.
pub fn give_up(session: &mut Session) {
    let downstream = session.as_downstream_mut();
    downstream.set_total_drain_timeout(Some(Duration::ZERO));
    downstream.set_keepalive(None);
}

/// Whether the client holds its body back until it is told to go on, which nobody did (RFC 9110 §10.1.1).
fn waits_for_leave(session: &Session) -> bool {
    session.req_header().headers.contains_key(header::EXPECT) && session.as_downstream().response_written().is_none()
}

/// Reads and drops what is left of the body, within bounds: an early answer over an unread body
/// costs the connection, and over HTTP/2 some clients lose the answer.
pub async fn drain(session: &mut Session) {
    const CAP: usize = 256 * 1024;
    const LIMIT: Duration = Duration::from_secs(2);
    let limit = session.as_downstream().get_total_drain_timeout().unwrap_or(LIMIT).min(LIMIT);
    if limit.is_zero() {
        return;
    }
    if waits_for_leave(session) {
        return give_up(session);
    }
    let all = async {
        let mut dropped = 0;
        while let Ok(Some(chunk)) = session.read_request_body().await {
            dropped += chunk.len();
            if dropped > CAP {
                return;
            }
        }
    };
    // Elapsed only means that the connection is not reused.
    let _ = tokio::time::timeout(limit, all).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_piece_goes_with_the_end_alone() {
        let mut tail = Tail { left: 3, kept: Vec::new() };
        let mut sent = Vec::new();
        for (piece, end) in [("ab", false), ("c", false), ("", false), ("", true)] {
            let mut piece = Some(Bytes::from(piece));
            tail.keep(&mut piece, end);
            sent.push(piece.map(|piece| String::from_utf8(piece.to_vec()).unwrap()));
        }
        assert_eq!(sent, ["ab", "", "", "c"].map(|piece| Some(piece.to_owned())));
        let mut unknown = Tail { left: u64::MAX, kept: Vec::new() };
        let mut last = Some(Bytes::from("whole"));
        unknown.keep(&mut last, true);
        assert_eq!(last.as_deref(), Some(&b"whole"[..]));
    }
}
