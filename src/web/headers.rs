//! Headers of our own answers.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{flow::Site, request};

/// What a document may load that says nothing else: nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The content policy of a page: its own style by hash, pictures of ours, forms to the site itself.
/// `script` is the CSP source of the page's one script, if any.
pub fn page(headers: &mut HeaderMap, style: &str, script: Option<&str>) {
    let script = script.map(|source| format!("; script-src {source}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src {style}{script}; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// What every answer of ours carries, page or document (security.md REQ-14): nothing is stored,
/// framed, sniffed, or read by another origin's page. Called once for each, where it is written.
/// `secure`: the site is on https and so is this connection (RFC 6797 §7.2).
pub fn common(headers: &mut HeaderMap, secure: bool) {
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(NOTHING));
    // Only what is the same for everybody says otherwise, and then of both.
    let is_public = headers.contains_key(header::CACHE_CONTROL);
    for (name, value) in
        [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("cross-origin-resource-policy"), "same-origin")]
    {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !is_public {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
    if secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Lets a page of a listed origin read this answer (decisions 31, 55). Never `null`, never a wildcard.
pub fn allow_origin(request: &HeaderMap, site: &Site, answer: &mut HeaderMap) {
    let Some(origin) = request::header_once(request, header::ORIGIN.as_str()) else { return };
    if !site.origins.iter().any(|listed| listed == origin) {
        return;
    }
    let Ok(origin) = HeaderValue::from_str(origin) else { return };
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, Stepgate-Stamp"));
    answer.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// What a page of a listed origin may send, once [`allow_origin`] has let it.
pub fn allow_preflight(answer: &mut HeaderMap) {
    answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    let names = HeaderValue::from_static("Content-Type, Authorization, Stepgate-Stamp, Stepgate-Approval");
    answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
}
