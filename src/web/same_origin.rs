//! The same-origin check of everything that changes state and is carried by cookies (decisions 31).

use http::{HeaderMap, header};

use crate::{flow::Site, request, web::Problem};

/// Passes a request whose `Origin` is ours, or whose `Sec-Fetch-Site` is `same-origin`. Both absent
/// is refused, as is any other value of either.
///
/// # Errors
/// 403 `denied`.
pub fn check(headers: &HeaderMap, site: &Site) -> Result<(), Problem> {
    let origin = headers.contains_key(header::ORIGIN);
    let origin_is_ours = request::header_once(headers, header::ORIGIN.as_str()) == Some(site.origin.as_str());
    let fetch_site = headers.get("sec-fetch-site");
    let fetch_is_same = fetch_site.is_some_and(|site| site == "same-origin");
    let contradicted = (origin && !origin_is_ours) || (fetch_site.is_some() && !fetch_is_same);
    if !contradicted && (origin_is_ours || fetch_is_same) {
        return Ok(());
    }
    Err(Problem::denied("this request did not come from our own page"))
}
