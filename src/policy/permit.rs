//! The value without which nothing can be forwarded.

use http::Method;

/// Evidence that the policy allowed one request: made by a verdict only, used up by forwarding,
/// never copied. It names what was matched, so that what is forwarded can be held against it.
#[derive(Debug)]
pub struct Permit {
    method: Method,
    host: String,
    target: String,
}

impl Permit {
    /// Only `policy::decide` and this module's tests make one.
    pub(super) fn new(method: Method, host: &str, target: &str) -> Self {
        Self { method, host: host.to_owned(), target: target.to_owned() }
    }

    /// Whether this permit is for a request with this method, host and target (path and query,
    /// byte for byte).
    #[must_use]
    pub fn covers(&self, method: &Method, host: &str, target: &str) -> bool {
        self.method == *method && self.host == host && self.target == target
    }
}
