//! The form of a request: what of its body the policy sees, and what a guarded route refuses before it
//! is asked who sent it.

use http::header;

use crate::{
    flow::{FlowError, RuleSet, gate::BodyState},
    policy::{BodyView, Landing, Requirement},
    request::Head,
    target::PathPolicy,
};

/// Forms that a guarded route refuses, though they may be harmless elsewhere (security.md 3.3).
pub(super) fn check_form(head: &Head<'_>, paths: PathPolicy, landing: &Landing<'_>) -> Result<(), FlowError> {
    if paths.refusal(head.target, landing.other_case).is_some() {
        return Err(FlowError::BadRequest("this address is written in a form that is refused here"));
    }
    if head.headers.get_all(header::CONTENT_TYPE).iter().nth(1).is_some() {
        return Err(FlowError::BadRequest("the Content-Type occurs more than once"));
    }
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(FlowError::UnreadableBody);
    }
    let has_body = head.headers.contains_key(header::TRANSFER_ENCODING)
        || head.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_body && head.method.is_safe() {
        return Err(FlowError::BadRequest("this method takes no body here"));
    }
    Ok(())
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
