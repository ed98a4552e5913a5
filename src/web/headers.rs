//! Headers of our own answers.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{flow::Site, request};

/// What every page and document of ours carries (security.md REQ-14): nothing is stored, framed,
/// sniffed or loaded from elsewhere. `script` is the CSP source of the page's one script, if any.
pub fn secure(headers: &mut HeaderMap, site: &Site, style: &str, script: Option<&str>) {
    let script = script.map(|source| format!("; script-src {source}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src {style}{script}; img-src 'self' data:; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::VARY, "Cookie"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if site.secure {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// What a file to download carries: as [`secure`], with nothing that it could load or run.
pub fn secure_file(headers: &mut HeaderMap, site: &Site) {
    secure(headers, site, "'none'", None);
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
