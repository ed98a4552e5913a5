//! The value without which nothing can be forwarded.

use http::{Method, header};

use crate::{
    policy::is_override,
    request::{self, Head},
};

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
    /// Access-Control-Request-Method, without a body and without a header that names another method, which
    /// no browser adds to one. The caller forwards it without cookies and Authorization.
    #[must_use]
    pub fn for_preflight(head: &Head<'_>) -> Option<Self> {
        let headers = head.headers;
        let asks = headers.contains_key(header::ORIGIN) && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let plain = !headers.keys().any(is_override);
        (*head.method == Method::OPTIONS && !request::announces_body(headers) && asks && plain).then(|| Self::of(head))
    }

    /// The method that it is for.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Whether this permit is for a request with this method, host and target (path and query,
    /// byte for byte).
    #[must_use]
    pub fn covers(&self, method: &Method, host: &str, target: &str) -> bool {
        self.method == *method && self.host == host && self.target == target
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;
    use crate::{request::testing::with_head, target::Target};

    const ORIGIN: (&str, &str) = ("origin", "https://play.example");
    const ASKS: (&str, &str) = ("access-control-request-method", "POST");

    fn permit(method: &Method, headers: &[(&'static str, &'static str)]) -> Option<Permit> {
        let target = Target::parse(b"/a?b").unwrap();
        let line = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        with_head(method, &target, &headers.iter().copied().map(line).collect(), Permit::for_preflight)
    }

    #[test]
    fn only_a_true_preflight_goes_on_unproven() {
        let options = Method::OPTIONS;
        assert!(permit(&options, &[ORIGIN, ASKS]).is_some());
        assert!(permit(&options, &[ORIGIN, ASKS, ("content-length", "0")]).is_some());
        for headers in [
            &[][..],
            &[ORIGIN],
            &[ASKS],
            &[ORIGIN, ASKS, ("content-length", "1")],
            &[ORIGIN, ASKS, ("transfer-encoding", "chunked")],
            &[ORIGIN, ASKS, ("x-http-method-override", "POST")],
            &[ORIGIN, ASKS, ("x_http.method-override", "GET")],
        ] {
            assert!(permit(&options, headers).is_none(), "{headers:?}");
        }
        for method in [Method::GET, Method::POST] {
            assert!(permit(&method, &[ORIGIN, ASKS]).is_none(), "{method}");
        }
    }

    #[test]
    fn a_permit_covers_the_one_request_that_was_matched() {
        let permit = permit(&Method::OPTIONS, &[ORIGIN, ASKS]).unwrap();
        assert!(permit.covers(&Method::OPTIONS, "play.example", "/a?b"));
        for (method, host, target) in [
            (Method::POST, "play.example", "/a?b"),
            (Method::OPTIONS, "www.play.example", "/a?b"),
            (Method::OPTIONS, "play.example", "/a"),
        ] {
            assert!(!permit.covers(&method, host, target), "{method} {host} {target}");
        }
    }
}
