//! Who sent a request: the sources of the site's own log-in.
//!
//! Every source whose carrier is present is asked; they must agree (decisions 3). A carrier is the
//! cookie or header by which the site knows the player.

pub mod settings;

use crate::{
    fields::Body,
    request::{Binding, Carrier, Head, Subject},
};

/// A player as the site's sources name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    /// The account.
    pub subject: Subject,
    /// The log-in: over every present source's binding value.
    pub binding: Binding,
    /// Whether the player's client keeps cookies or sends a header.
    pub carrier: Carrier,
    /// What else the sources say.
    pub claims: Claims,
}

/// Claims about a player that the site vouches for; each as the site writes it, `None` when absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// A phone number.
    pub phone: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A language tag (BCP 47).
    pub locale: Option<String>,
}

/// Who sent a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// No carrier is there, or a source positively says nobody is logged in.
    Nobody,
    /// This player.
    Player(Player),
}

/// How sure an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A cached answer will do.
    Cached,
    /// The source is asked anew (decisions 5).
    Anew,
}

/// Why nobody can say who sent a request; each closes a guarded route.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The request's fault: 400. Duplicated or malformed carriers, sources that disagree, a
    /// credential that no source reads.
    #[error("{0}")]
    Ambiguous(String),
    /// A carrier that does not verify (a forged or expired token): treated as not logged in where
    /// it stands alone.
    #[error("the {source_name} credential does not verify")]
    Rejected {
        /// `jwt`, `introspection`, `login` or `header`.
        source_name: &'static str,
    },
    /// The source did not answer, or not as configured: 503.
    #[error("the {source_name} source is unavailable: {detail}")]
    Unavailable {
        /// `jwt`, `introspection`, `login` or `header`.
        source_name: &'static str,
        /// For the operator's log; names no credential.
        detail: String,
    },
}

/// The sources, ready to be asked.
#[derive(Debug)]
pub struct Sources;

impl Sources {
    /// Whether some carrier is present: decides between `anonymous` and a question to the sources.
    ///
    /// # Errors
    /// `Ambiguous` for duplicated or malformed carriers and for credentials that no source reads.
    pub fn carrier_present(&self, head: &Head<'_>) -> Result<bool, IdentityError> {
        let _ = head;
        unimplemented!()
    }

    /// The binding of the present log-in where it follows from the request alone, without asking any
    /// source: every present source binds to the session's value. `None` where a source must be
    /// asked first, or no carrier is present.
    ///
    /// # Errors
    /// As [`Sources::carrier_present`].
    pub fn binding_unasked(&self, head: &Head<'_>) -> Result<Option<Binding>, IdentityError> {
        let _ = head;
        unimplemented!()
    }

    /// Who sent the request.
    ///
    /// # Errors
    /// Every [`IdentityError`].
    pub async fn who(&self, head: &Head<'_>, freshness: Freshness) -> Result<Who, IdentityError> {
        let _ = (head, freshness);
        unimplemented!()
    }

    /// Removes what tells the site who the player is: identity cookies and Authorization (decisions 4).
    pub fn strip(&self, headers: &mut http::HeaderMap) {
        let _ = headers;
        unimplemented!()
    }

    /// Whether the request is a log-in that must be watched: then its body is read before it is
    /// forwarded, and its answer goes to [`Sources::login_answered`].
    #[must_use]
    pub fn is_login(&self, head: &Head<'_>) -> bool {
        let _ = head;
        unimplemented!()
    }

    /// Learns from the answer to a log-in, or to any other request whose answer sets a session
    /// cookie: binds what is confirmed, voids what a stranger set (decisions 2).
    ///
    /// # Errors
    /// As [`Sources::who`]; nothing is bound then.
    pub async fn login_answered(
        &self,
        head: &Head<'_>,
        body: Option<Body<'_>>,
        answer: SiteAnswer<'_>,
    ) -> Result<(), IdentityError> {
        let _ = (head, body, answer);
        unimplemented!()
    }

    /// The player under the session value that this answer newly sets, where the source says
    /// `bind: follow` and names the same subject for it; else `None` (decisions 6).
    ///
    /// # Errors
    /// As [`Sources::who`]; the stamp is not moved then.
    pub async fn rotated(
        &self,
        head: &Head<'_>,
        before: &Player,
        answer: SiteAnswer<'_>,
    ) -> Result<Option<Player>, IdentityError> {
        let _ = (head, before, answer);
        unimplemented!()
    }
}

/// An answer of the site, as far as it was read.
#[derive(Clone, Copy, Debug)]
pub struct SiteAnswer<'a> {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: &'a http::HeaderMap,
    /// Its body, where the exchange was buffered.
    pub body: Option<&'a [u8]>,
}
