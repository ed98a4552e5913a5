//! One source of any kind: what it reads of a request.

use std::net::IpAddr;

use http::HeaderMap;

use super::{
    IdentityError, Testimony,
    carrier::{Jar, Presented, present, present_cookies},
    header,
    introspection::Introspection,
    jwt::Jwt,
    login::Login,
    set_cookie::set_cookies,
    settings::{Bind, Credential, HeaderSettings},
};
use crate::{
    clock::UnixTime,
    metrics::words,
    request::{self, Head},
};

/// A source, ready to be asked.
pub(super) enum Source {
    Jwt(Jwt),
    Introspection(Introspection),
    Login(Box<Login>),
    Header(HeaderSettings),
}

/// What a header is to the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderUse {
    /// No source reads it, nor would a server that folds names take it for one that is read.
    Unread,
    /// The one in which a source looks for a credential or a name, from a peer that may send it.
    Carrier,
    /// What the site might take for a carrier: a twin of its name, or a player's name from a peer that
    /// may not say it.
    Forged,
}

/// What a request shows to one source.
pub(super) enum Shown<'r> {
    /// The value of the session.
    Credential(Presented<'r>),
    /// A listed peer named the subject.
    Named(Testimony),
}

/// A source whose carrier is present, with its place in the settings.
pub(super) struct Present<'s, 'r> {
    pub(super) place: usize,
    pub(super) source: &'s Source,
    pub(super) shown: Shown<'r>,
}

impl Present<'_, '_> {
    /// Behind an authenticating proxy sit browsers, and our login cookie is needed there anyway.
    pub(super) const fn is_cookie(&self) -> bool {
        matches!(self.shown, Shown::Credential(Presented::Cookies(_)) | Shown::Named(_))
    }
}

impl Source {
    /// Its word in metrics.
    pub(super) const fn word(&self) -> words::Source {
        match self {
            Self::Jwt(_) => words::Source::Jwt,
            Self::Introspection(_) => words::Source::Introspection,
            Self::Login(_) => words::Source::Login,
            Self::Header(_) => words::Source::Header,
        }
    }

    /// `jwt`, `introspection`, `login` or `header`.
    pub(super) const fn name(&self) -> &'static str {
        self.word().as_str()
    }

    /// What it binds to.
    pub(super) const fn bind(&self) -> Bind {
        match self {
            Self::Jwt(jwt) => jwt.settings.bind,
            Self::Introspection(asked) => asked.settings.bind,
            Self::Login(_) => Bind::Value,
            Self::Header(_) => Bind::Subject,
        }
    }

    const fn credential(&self) -> Option<&Credential> {
        match self {
            Self::Jwt(jwt) => Some(&jwt.settings.credential),
            Self::Introspection(asked) => Some(&asked.settings.credential),
            Self::Login(_) | Self::Header(_) => None,
        }
    }

    /// The session cookies, as configured.
    pub(super) fn cookies(&self) -> &[String] {
        match (self, self.credential()) {
            (Self::Login(login), _) => &login.settings.cookies,
            (_, Some(Credential::Cookies(names))) => names,
            (_, Some(Credential::Header(_)) | None) => &[],
        }
    }

    /// The header that names the player or carries the credential.
    pub(super) fn header(&self) -> Option<&str> {
        match (self, self.credential()) {
            (Self::Header(settings), _) => Some(&settings.subject),
            (_, Some(Credential::Header(name))) => Some(name),
            (_, Some(Credential::Cookies(_)) | None) => None,
        }
    }

    /// What a header of this name is to it, from this peer.
    pub(super) fn use_of(&self, name: &str, peer: IpAddr) -> HeaderUse {
        let Some(own) = self.header().filter(|own| request::folds_alike(own, name)) else { return HeaderUse::Unread };
        let may_say = match self {
            Self::Header(settings) => header::may_send(settings, peer),
            Self::Jwt(_) | Self::Introspection(_) | Self::Login(_) => true,
        };
        if own.eq_ignore_ascii_case(name) && may_say { HeaderUse::Carrier } else { HeaderUse::Forged }
    }

    /// Whether an answer sets or deletes one of its cookies.
    pub(super) fn is_changed_by(&self, answer: &HeaderMap, now: UnixTime) -> bool {
        !set_cookies(answer, self.cookies(), now).is_empty()
    }

    /// What a request shows to it; `None` where its carrier is absent.
    ///
    /// # Errors
    /// `Ambiguous` for carriers that are malformed, repeated or from a peer that may not send them.
    pub(super) fn shown<'r>(&self, head: &Head<'r>, jar: &Jar<'r>) -> Result<Option<Shown<'r>>, IdentityError> {
        match (self, self.credential()) {
            (Self::Header(settings), _) => Ok(header::present(settings, head)?.map(Shown::Named)),
            (_, Some(credential)) => Ok(present(credential, head.headers, jar)?.map(Shown::Credential)),
            (_, None) => Ok(present_cookies(self.cookies(), jar)?.map(Shown::Credential)),
        }
    }
}
