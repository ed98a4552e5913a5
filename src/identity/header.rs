//! The `header` source: an authenticating proxy in front of us names the subject.

use std::net::IpAddr;

use super::{
    Claims, IdentityError, Testimony,
    carrier::{ambiguous, only_header},
    settings::HeaderSettings,
};
use crate::request::{self, Head, Subject};

/// The subject that a listed peer names; `None` where the header is absent.
///
/// # Errors
/// `Ambiguous` when another peer sends the header, when it is repeated, spelled with another
/// character for `-`, or is no subject.
pub(super) fn present(settings: &HeaderSettings, head: &Head<'_>) -> Result<Option<Testimony>, IdentityError> {
    let folds = |name: &http::HeaderName| is_twin(name.as_str(), &settings.subject);
    if head.headers.keys().any(folds) {
        return Err(ambiguous("the subject header in an odd spelling"));
    }
    let Some(value) = only_header(head.headers, &settings.subject)? else { return Ok(None) };
    if !may_send(settings, head.peer) {
        return Err(ambiguous("the subject header from a peer that may not send it"));
    }
    let subject = Subject::parse(value).map_err(|_| ambiguous("the subject header is no subject"))?;
    Ok(Some(Testimony { subject, claims: Claims::default() }))
}

/// Whether this peer is one that may name the subject.
pub(super) fn may_send(settings: &HeaderSettings, peer: IpAddr) -> bool {
    let peer = peer.to_canonical();
    settings.from.iter().any(|range| range.contains(&peer))
}

/// Whether a site behind CGI would read this other header name as the same.
fn is_twin(name: &str, subject: &str) -> bool {
    !name.eq_ignore_ascii_case(subject) && request::folds_alike(name, subject)
}
