//! The form of a request: what of its body the policy sees, and what a guarded route refuses before it
//! is asked who sent it.

use http::{Method, Version, header};

use crate::{
    flow::{FlowError, RuleSet, gate::BodyState},
    policy::{self, BodyView, Landing, Requirement},
    request::Head,
    target::PathPolicy,
};

/// Forms that a guarded route refuses, though they may be harmless elsewhere (security.md 3.3).
pub(super) fn check_form(
    head: &Head<'_>,
    body: BodyState<'_>,
    paths: PathPolicy,
    landing: &Landing<'_>,
) -> Result<(), FlowError> {
    // The end of its messages and the host that it is for are read differently by servers that still take it.
    if head.version < Version::HTTP_11 {
        return Err(FlowError::BadRequest("HTTP/1.0 is refused here: send HTTP/1.1 or HTTP/2"));
    }
    if paths.refusal(head.target, landing.other_case).is_some() {
        return Err(FlowError::BadRequest("this address is written in a form that is refused here"));
    }
    if head.headers.get_all(header::CONTENT_TYPE).iter().nth(1).is_some() {
        return Err(FlowError::BadRequest("the Content-Type occurs more than once"));
    }
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(FlowError::UnreadableBody);
    }
    if takes_no_body(head.method) && has_body(head, body) {
        return Err(FlowError::BadRequest("this method takes no body here"));
    }
    if landing.enforced.iter().any(|route| route.require == Requirement::Once) {
        check_approvable(head)?;
    }
    Ok(())
}

/// What no approval covers (decisions 12). A method that the query or a form names is in the bytes that it
/// does cover.
fn check_approvable(head: &Head<'_>) -> Result<(), FlowError> {
    if head.headers.keys().any(policy::is_override) {
        return Err(FlowError::BadRequest("a header that names another method cannot be approved"));
    }
    if head.headers.contains_key(header::TRAILER) {
        return Err(FlowError::BadRequest("headers after the body cannot be approved"));
    }
    Ok(())
}

/// Whether a body is refused with this method, since servers disagree on whether there is one.
pub(super) fn takes_no_body(method: &Method) -> bool {
    method.is_safe() || *method == Method::DELETE
}

/// Whether there is a body, as far as it is known: over HTTP/2 no header need say so, and some proxies announce
/// chunks and send none.
fn has_body(head: &Head<'_>, body: BodyState<'_>) -> bool {
    let came = match body {
        BodyState::Unread => false,
        BodyState::Read(body) => !body.bytes.is_empty(),
        BodyState::TooLarge => true,
    };
    came || head.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0")
}

/// What may stay open on a guarded route (decisions 22): nothing where each request is approved by
/// itself, and no connection of another site's page, to which a browser adds the player's cookies.
pub(super) fn check_tunnel(rules: &RuleSet, head: &Head<'_>, landing: &Landing<'_>) -> Result<(), FlowError> {
    if !head.wants_tunnel() {
        return Ok(());
    }
    if landing.enforced.iter().any(|route| route.require == Requirement::Once) {
        return Err(FlowError::Denied("a connection that stays open cannot be approved"));
    }
    for origin in head.headers.get_all(header::ORIGIN) {
        let own = format!("{}://{}", head.scheme.as_str(), head.host);
        let listed = rules.site.origins.iter().chain([&rules.site.origin, &own]);
        if !listed.into_iter().any(|known| known.as_bytes() == origin.as_bytes()) {
            return Err(FlowError::Denied("a page of another site may not open this connection"));
        }
    }
    Ok(())
}

/// A body as the policy reads it.
pub(super) const fn body_view(body: BodyState<'_>) -> BodyView<'_> {
    match body {
        BodyState::Read(body) => BodyView::Read(body),
        BodyState::Unread | BodyState::TooLarge => BodyView::Unread,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;
    use crate::{
        fields::Body,
        policy::{PathPattern, Route, Routes, rule::Match},
        request::testing::with_head,
        target::Target,
    };

    const EMPTY: BodyState<'_> = BodyState::Read(Body { content_type: None, bytes: b"" });
    const FULL: BodyState<'_> = BodyState::Read(Body { content_type: None, bytes: b"x" });

    /// What is said of a request to a route that requires this.
    fn said(
        require: Requirement,
        (method, version): (&Method, Version),
        (name, value): (&str, &'static str),
        body: BodyState<'_>,
    ) -> Result<(), String> {
        let path = PathPattern::parse("/act").unwrap();
        let matches = vec![Match { path, methods: Vec::new(), host: None, fields: Vec::new() }];
        let routes = Routes::compile(vec![Route::plain("act", matches, require)], Requirement::None);
        let target = Target::parse(b"/act?_method=DELETE").unwrap();
        let line = (name.parse::<HeaderName>().unwrap(), HeaderValue::from_static(value));
        let headers: HeaderMap = [line].into_iter().collect();
        with_head(method, &target, &headers, |head| {
            let head = Head { version, ..*head };
            let landing = routes.land(&head, body_view(body));
            check_form(&head, body, PathPolicy::default(), &landing).map_err(|error| error.to_string())
        })
    }

    const HARMLESS: (&str, &str) = ("accept", "*/*");

    #[test]
    fn an_approved_request_names_no_other_method_and_has_nothing_after_its_body() {
        let post = (&Method::POST, Version::HTTP_11);
        let mut spellings = Vec::new();
        for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
            for dash in ["-", "_", ".", "~", "!", "+", "'", "|"] {
                spellings.extend([name.replace('-', dash), name.to_lowercase().replacen('-', dash, 1)]);
            }
        }
        for name in &spellings {
            let sent = (name.as_str(), "DELETE");
            let refused = said(Requirement::Once, post, sent, FULL);
            assert!(refused.is_err_and(|said| said.contains("names another method")), "{name}");
            // Elsewhere the method that it names is one more that must have its proof.
            assert_eq!(said(Requirement::Session, post, sent, FULL), Ok(()), "{name}");
        }
        let trailer = ("trailer", "x-a");
        assert!(said(Requirement::Once, post, trailer, FULL).is_err_and(|said| said.contains("after the body")));
        assert_eq!(said(Requirement::Session, post, trailer, FULL), Ok(()));
        // The address of each names another method too: an approval covers its bytes.
        assert_eq!(said(Requirement::Once, post, HARMLESS, FULL), Ok(()));
    }

    #[test]
    fn methods_whose_body_servers_disagree_about_have_none() {
        let takes =
            |method: &Method, header, body| said(Requirement::Session, (method, Version::HTTP_11), header, body);
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::DELETE] {
            for (header, body) in [
                (("content-length", "1"), BodyState::Unread),
                (("transfer-encoding", "chunked"), FULL),
                // As over HTTP/2, where no header speaks of it.
                (HARMLESS, FULL),
                (HARMLESS, BodyState::TooLarge),
            ] {
                let refused = takes(&method, header, body);
                assert!(refused.is_err_and(|said| said.contains("takes no body")), "{method} {header:?} {body:?}");
            }
            for (header, body) in [
                (HARMLESS, EMPTY),
                (("content-length", "0"), EMPTY),
                (HARMLESS, BodyState::Unread),
                // Chunks of which there may be none: they are read first.
                (("transfer-encoding", "chunked"), BodyState::Unread),
                (("transfer-encoding", "chunked"), EMPTY),
            ] {
                assert_eq!(takes(&method, header, body), Ok(()), "{method} {header:?} {body:?}");
            }
        }
        for method in [Method::POST, Method::PUT, Method::PATCH] {
            assert_eq!(takes(&method, ("content-length", "1"), FULL), Ok(()), "{method}");
        }
    }

    #[test]
    fn protocols_before_1_1_are_refused() {
        for version in [Version::HTTP_09, Version::HTTP_10] {
            let refused = said(Requirement::Session, (&Method::GET, version), HARMLESS, EMPTY);
            assert!(refused.is_err_and(|said| said.starts_with("HTTP/1.0 is refused")), "{version:?}");
        }
        for version in [Version::HTTP_11, Version::HTTP_2, Version::HTTP_3] {
            assert_eq!(said(Requirement::Session, (&Method::GET, version), HARMLESS, EMPTY), Ok(()), "{version:?}");
        }
    }
}
