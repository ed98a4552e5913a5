//! A request head for tests.

use http::{HeaderMap, Method, Version};

use super::{AnswerCookies, Head, Scheme};
use crate::target::Target;

/// Looks at a request to `https://play.example` that came straight from this machine.
pub(crate) fn with_head<T>(
    method: &Method,
    target: &Target,
    headers: &HeaderMap,
    look: impl FnOnce(&Head<'_>) -> T,
) -> T {
    let client = std::net::Ipv4Addr::LOCALHOST.into();
    look(&Head {
        method,
        target,
        host: "play.example",
        scheme: Scheme::Https,
        version: Version::HTTP_11,
        headers,
        client,
        peer: client,
        answer_cookies: &AnswerCookies::default(),
    })
}
