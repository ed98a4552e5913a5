//! Who sent a request: the sources of the site's own log-in.
//!
//! Every source whose carrier is present is asked; they must agree (decisions 3). A carrier is the
//! cookie or header by which the site knows the player.
//!
//! - [`settings`]: what an operator says of them.
//! - `carrier`: credentials out of a request head; `set_cookie`: out of an answer; `address`: those
//!   that no request may have.
//! - `jwt` with `jwks`, `introspection` with `extract`, `login`, `header`: a source each.
//! - `profile`: what the site says of an account by its id.
//! - `withhold`: log-ins whose answer waits for a proof; `suspend`: sessions that they did not renew.
//! - `strip`: headers that nobody else may send, and a request without credentials.
//! - `source`: one of any kind; `sources`: asking all of them, and the binding over their values.
//!
//! Adding one: its settings as a variant of [`settings::SourceSettings`]; a file with what it shows
//! of a head and how it is asked; an arm wherever `source` and `sources` match on it.

mod address;
mod carrier;
mod extract;
mod header;
mod introspection;
mod jwks;
mod jwt;
mod login;
mod profile;
mod set_cookie;
pub mod settings;
mod source;
mod strip;
mod suspend;
mod success;
mod sources;
mod withhold;
#[cfg(test)]
mod fuzz_tests;

pub use source::HeaderUse;
pub use sources::Sources;
pub use suspend::Watches;

use std::{fmt, net::IpAddr, sync::Arc};

use crate::{
    clock::Clock,
    metrics::Metrics,
    request::{Binding, Carrier, Subject},
    secret::Hasher,
    store::LoginBindings,
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
    /// From where they asked.
    pub client: IpAddr,
}

/// Claims about a player that the site vouches for; each as the site writes it, `None` when absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// A phone number.
    pub phone: Option<String>,
    /// Since when it is the account's.
    pub phone_since: Option<String>,
    /// A mail address.
    pub email: Option<String>,
    /// A language tag (BCP 47).
    pub locale: Option<String>,
}

impl Claims {
    /// These, and of `other` what is missing here; a number comes with its own age.
    fn or(self, other: Self) -> Self {
        let (phone, phone_since) = match self.phone {
            Some(phone) => (Some(phone), self.phone_since),
            None => (other.phone, other.phone_since),
        };
        Self { phone, phone_since, email: self.email.or(other.email), locale: self.locale.or(other.locale) }
    }
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
#[derive(Clone, Debug, thiserror::Error)]
pub enum IdentityError {
    /// The request's fault: 400. Duplicated or malformed carriers, sources that disagree, a
    /// credential that no source reads.
    #[error("{0}")]
    Ambiguous(String),
    /// A carrier that does not verify (a forged or expired token) and stands alone. Never taken for
    /// a visitor who is not logged in (decisions 4); beside a good one it is `Ambiguous`.
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

/// A log-in that an answer of the site completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSeen {
    /// Who.
    pub subject: Subject,
    /// Whether the session is a new one, and bound; else it is the old one, and bound to nobody.
    pub rotated: bool,
}

/// How a session stands that may have been presented at a log-in whose answers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known against it.
    Free,
    /// Somebody logged in with it, and it was not renewed: it is refused.
    Suspended,
    /// It came out of a log-in as nobody's, and now the site calls it this player's.
    Named(Subject),
}

/// What the sources use.
#[derive(Clone)]
pub struct Ports {
    /// Hashes session values: they are kept nowhere.
    pub hasher: Hasher,
    /// What the `login` source remembers.
    pub logins: Arc<dyn LoginBindings>,
    /// Where checks are counted.
    pub metrics: Arc<Metrics>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Asks the site. Built to follow no redirect.
    pub http: reqwest::Client,
    /// Cookies that log somebody in at the site though no source reads them; refused on guarded
    /// routes (decisions 3). A name may end in `*`.
    pub other_credentials: Vec<String>,
    /// The name of our own cookie that `header` and `bind: subject` tie a log-in to.
    pub login_cookie: &'static str,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").field("login_cookie", &self.login_cookie).finish_non_exhaustive()
    }
}

/// Why sources cannot be built from their settings; the operator's to mend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// None, or such as do not fit the key: a secret for HMAC only, a public key of one family.
    #[error("the jwt algorithms do not fit the key")]
    Algorithms,
    /// The PEM is no public key of the algorithms' family.
    #[error("the jwt public key is no PEM of the algorithms' kind")]
    PublicKey,
    /// The file with the JWK set: why.
    #[error("the jwt key set cannot be used: {0}")]
    JwksFile(&'static str),
}

/// Whom a source names.
#[derive(Clone, Debug)]
struct Testimony {
    subject: Subject,
    claims: Claims,
}

#[cfg(test)]
mod tests;
