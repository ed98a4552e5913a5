//! Does a client want a page, a problem document, or a bare status?

use http::{HeaderMap, header};

use crate::{policy::rule::Respond, request::Head};

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// A page: a navigation.
    Page,
    /// A problem document.
    Json,
    /// A status alone: a WebSocket handshake or an event stream, which can show neither.
    Bare,
}

impl Wants {
    /// The form of an answer that is no page, whatever the client would rather have.
    #[must_use]
    pub const fn without_pages(self) -> Self {
        match self {
            Self::Page | Self::Json => Self::Json,
            Self::Bare => Self::Bare,
        }
    }
}

/// `Sec-Fetch-Mode` first, then `Accept` (design.md 4).
#[must_use]
pub fn wants_of(headers: &HeaderMap) -> Wants {
    let accepts = |kind: &str| {
        headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(|value| value.contains(kind)))
    };
    let websocket =
        headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if websocket || accepts("text/event-stream") {
        return Wants::Bare;
    }
    match headers.get("sec-fetch-mode").map(http::HeaderValue::as_bytes) {
        Some(b"navigate") => Wants::Page,
        Some(_) => Wants::Json,
        None if accepts("text/html") => Wants::Page,
        None => Wants::Json,
    }
}

/// Whether a page answers this request, given the route's `respond`.
#[must_use]
pub fn wants_page(head: &Head<'_>, respond: Respond) -> bool {
    match (wants_of(head.headers), respond) {
        (Wants::Bare, _) | (_, Respond::Json) => false,
        (_, Respond::Page) => true,
        (wants, Respond::Auto) => wants == Wants::Page,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetch_metadata_decides_before_accept() {
        for (lines, expected) in [
            (&[("sec-fetch-mode", "navigate"), ("accept", "application/json")][..], Wants::Page),
            (&[("sec-fetch-mode", "cors"), ("accept", "text/html")], Wants::Json),
            (&[("accept", "text/html,*/*;q=0.8")], Wants::Page),
            (&[("accept", "*/*")], Wants::Json),
            (&[], Wants::Json),
            (&[("accept", "text/event-stream")], Wants::Bare),
            (&[("upgrade", "websocket"), ("sec-fetch-mode", "websocket")], Wants::Bare),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.insert(*name, http::HeaderValue::from_static(value));
            }
            assert_eq!(wants_of(&headers), expected, "{lines:?}");
        }
    }
}
