//! The same-origin check of everything that changes state and is carried by cookies (decisions 31).

use http::{HeaderMap, header};

use crate::{flow::Site, request, web::Problem};

/// Which origins may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callers {
    /// Our own pages.
    Ours,
    /// Also pages of the origins listed in `site.origins`: challenges only.
    Listed,
}

/// Passes a request whose `Origin` is ours, or whose `Sec-Fetch-Site` is `same-origin`. Both absent
/// is refused, as is any other value of either.
///
/// # Errors
/// 403 `denied`.
pub fn check(headers: &HeaderMap, site: &Site, callers: Callers) -> Result<(), Problem> {
    let origin = request::header_once(headers, header::ORIGIN.as_str());
    if callers == Callers::Listed && origin.is_some_and(|origin| site.origins.iter().any(|listed| listed == origin)) {
        return Ok(());
    }
    check_from(headers, &site.origin)
}

/// The same for pages of one origin, which is not a site's.
///
/// # Errors
/// 403 `denied`.
pub fn check_from(headers: &HeaderMap, own: &str) -> Result<(), Problem> {
    let origin_is_ours = request::header_once(headers, header::ORIGIN.as_str()) == Some(own);
    let origin = headers.contains_key(header::ORIGIN);
    let fetch_site = headers.get("sec-fetch-site");
    let fetch_is_same = fetch_site.is_some_and(|site| site == "same-origin");
    let contradicted = (origin && !origin_is_ours) || (fetch_site.is_some() && !fetch_is_same);
    if !contradicted && (origin_is_ours || fetch_is_same) {
        return Ok(());
    }
    Err(Problem::denied("this request did not come from our own page"))
}

/// Whether a browser may have sent this by itself, for whatever page: it carries cookies, or says where
/// it comes from. Browsers also send HTTP Basic by themselves, but never without saying so on a post.
#[must_use]
pub fn may_be_a_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(header::COOKIE)
        || headers.contains_key(header::ORIGIN)
        || headers.contains_key("sec-fetch-site")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn site() -> Site {
        Site {
            name: "Example Play".into(),
            origin: "https://play.example".into(),
            hosts: vec!["play.example".into()],
            origins: vec!["https://app.example".into()],
            secure: true,
            look: crate::flow::look::Look::default(),
            time_zone: jiff::tz::TimeZone::UTC,
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_pages_pass() {
        for (lines, passes) in [
            (&[("origin", "https://play.example")][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("origin", "https://play.example"), ("sec-fetch-site", "same-origin")], true),
            (&[], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://evil.example")], false),
            (&[("origin", "https://play.example.evil.example")], false),
            (&[("origin", "http://play.example")], false),
            (&[("origin", "https://play.example"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")], false),
            (&[("origin", "https://app.example")], false),
        ] {
            assert_eq!(check(&headers(lines), &site(), Callers::Ours).is_ok(), passes, "{lines:?}");
        }
    }

    #[test]
    fn listed_origins_pass_where_they_may() {
        let listed = headers(&[("origin", "https://app.example"), ("sec-fetch-site", "cross-site")]);
        assert!(check(&listed, &site(), Callers::Listed).is_ok());
        assert!(check(&headers(&[("origin", "https://evil.example")]), &site(), Callers::Listed).is_err());
    }
}
