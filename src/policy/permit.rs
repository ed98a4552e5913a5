//! The value without which nothing can be forwarded.

use http::{Method, header};

use crate::request::Head;

/// Evidence that the policy allowed one request: made by a verdict only, used up by forwarding,
/// never copied. It names what was matched, so that what is forwarded can be held against it.
#[derive(Debug)]
pub struct Permit {
    method: Method,
    host: String,
    target: String,
}

impl Permit {
    /// Only the policy makes one.
    pub(super) fn of(head: &Head<'_>) -> Self {
        Self { method: head.method.clone(), host: head.host.to_owned(), target: head.target.raw().to_owned() }
    }

    /// The permit of a true preflight, which goes on unproven (decisions 21): OPTIONS with Origin and
    /// Access-Control-Request-Method, without a body. The caller forwards it without cookies and
    /// Authorization.
    #[must_use]
    pub fn for_preflight(head: &Head<'_>) -> Option<Self> {
        let headers = head.headers;
        let bodiless = !headers.contains_key(header::TRANSFER_ENCODING)
            && headers.get(header::CONTENT_LENGTH).is_none_or(|length| length == "0");
        let asks = headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        (*head.method == Method::OPTIONS && bodiless && asks).then(|| Self::of(head))
    }

    /// Whether this permit is for a request with this method, host and target (path and query,
    /// byte for byte).
    #[must_use]
    pub fn covers(&self, method: &Method, host: &str, target: &str) -> bool {
        self.method == *method && self.host == host && self.target == target
    }
}
