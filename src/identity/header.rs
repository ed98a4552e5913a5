//! The `header` source: an authenticating proxy in front of us names the subject.

use super::{
    Claims, IdentityError, Testimony,
    carrier::{ambiguous, only_header},
    settings::HeaderSettings,
};
use crate::request::{Head, Subject};

/// The subject that a listed peer names; `None` where the header is absent.
///
/// # Errors
/// `Ambiguous` when another peer sends the header, when it is repeated, spelled with `_` for `-`, or
/// is no subject.
pub(super) fn present(settings: &HeaderSettings, head: &Head<'_>) -> Result<Option<Testimony>, IdentityError> {
    let folds = |name: &http::HeaderName| is_twin(name.as_str(), &settings.subject);
    if head.headers.keys().any(folds) {
        return Err(ambiguous("the subject header in an odd spelling"));
    }
    let Some(value) = only_header(head.headers, &settings.subject)? else { return Ok(None) };
    let peer = head.peer.to_canonical();
    if !settings.from.iter().any(|range| range.contains(&peer)) {
        return Err(ambiguous("the subject header from a peer that may not send it"));
    }
    let subject = Subject::parse(value).map_err(|_| ambiguous("the subject header is no subject"))?;
    Ok(Some(Testimony { subject, claims: Claims::default() }))
}

/// Whether a site behind CGI would read this other header name as the same.
fn is_twin(name: &str, subject: &str) -> bool {
    let fold = |byte: u8| if matches!(byte, b'_' | b'.') { b'-' } else { byte.to_ascii_lowercase() };
    !name.eq_ignore_ascii_case(subject) && name.bytes().map(fold).eq(subject.bytes().map(fold))
}
