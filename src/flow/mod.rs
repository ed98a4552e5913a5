//! Use cases: what happens, without HTTP answers, SQL or the proxy.
//!
//! [`gate`] takes a request to its verdict; [`challenge`] asks and verifies; [`enrol`] binds a
//! factor; [`hold`] keeps a form post and lets it go on once. All of them work on one [`Flow`] (what
//! lives as long as the process) and one [`RuleSet`] (what a reload swaps; a request keeps the one
//! it began with).

use std::{sync::Arc, time::Duration};

use crate::{
    clock::{Clock, UnixTime},
    identity,
    metrics::Metrics,
    policy::{FactorKind, Routes},
    secret::{Hasher, Sealer, Token},
    stamp, store,
};

pub mod challenge;
pub mod enrol;
pub mod epochs;
mod evidence;
pub mod follow;
pub mod gate;
pub mod hold;
pub mod resume;

/// What a reload swaps.
#[derive(Debug)]
pub struct RuleSet {
    /// The site as players know it.
    pub site: Site,
    /// Where our own pages stand: a path without a trailing slash, `/.stepgate`.
    pub portal_prefix: String,
    /// Languages of our pages, the first is the default.
    pub languages: Vec<String>,
    /// The routes.
    pub routes: Routes,
    /// What guarded routes do with odd paths.
    pub paths: crate::target::PathPolicy,
    /// Requests that end the site session, as routes.
    pub session_end: Routes,
    /// Who is it.
    pub identity: identity::Sources,
    /// Stamps: keys and lifetimes.
    pub stamps: stamp::Stamps,
    /// Statements for the site.
    pub assertions: stamp::Assertions,
    /// The rules of factors.
    pub second_factor: SecondFactor,
}

/// The site as players know it.
#[derive(Clone, Debug)]
pub struct Site {
    /// Shown to players.
    pub name: String,
    /// Scheme and authority, `https://play.example`; no trailing slash.
    pub origin: String,
    /// Every accepted host, lower case, with its port if it is not the scheme's; the origin's first.
    pub hosts: Vec<String>,
    /// Exact https origins of other pages that may call guarded routes with credentials.
    pub origins: Vec<String>,
    /// Whether the origin is https: decides the cookies' `__Host-` prefix and `Secure`.
    pub secure: bool,
}

/// The rules of factors.
#[derive(Clone, Debug)]
pub struct SecondFactor {
    /// Which kinds a player may enrol, in the order in which they are offered.
    pub methods: Vec<FactorKind>,
    /// What a first enrolment needs besides the site session.
    pub first_enrolment: FirstEnrolment,
    /// How long a factor that was bound without further proof satisfies `session` only.
    pub cooldown: Duration,
    /// How long a challenge and its approval live.
    pub approval_lifetime: Duration,
    /// The app factor's issuer, as the app shows it.
    pub app_issuer: String,
    /// How many steps a code may be early or late: 0 or 1.
    pub app_skew_steps: u32,
}

/// What a first enrolment needs besides the site session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstEnrolment {
    /// A code sent to the number that the site has on file.
    PhoneOnFile,
    /// Nothing at once, but the factor must mature.
    Cooldown,
    /// A temporary code from the support desk.
    Support,
    /// Nothing at all: only for development, on a plain-http origin.
    InsecureSessionOnly,
}

/// The stores, one of each port.
#[derive(Clone)]
pub struct Stores {
    /// Durable.
    pub factors: Arc<dyn store::Factors>,
    /// Durable.
    pub attempts: Arc<dyn store::Attempts>,
    /// Durable.
    pub families: Arc<dyn store::Families>,
    /// Durable.
    pub spent: Arc<dyn store::Spent>,
    /// Durable.
    pub logins: Arc<dyn store::LoginBindings>,
    /// Shared.
    pub challenges: Arc<dyn store::Challenges>,
    /// Shared.
    pub held: Arc<dyn store::Held>,
    /// Shared.
    pub approvals: Arc<dyn store::Approvals>,
    /// Shared.
    pub enrolments: Arc<dyn store::PendingEnrolments>,
}

/// What lives as long as the process.
pub struct Flow {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The stores.
    pub stores: Stores,
    /// Seals secrets at rest.
    pub sealer: Sealer,
    /// Hashes under our key.
    pub hasher: Hasher,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Which stamps of late were found not revoked.
    pub epochs: epochs::EpochCache,
}

/// Why a use case could not do what was asked. The one map to problem documents and pages is
/// `web::problem`.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// A store did not answer: 503.
    #[error(transparent)]
    Store(#[from] store::StoreError),
    /// Who it is cannot be told: 400, 401 or 503.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// Nobody is logged in: 401 `anonymous`.
    #[error("nobody is logged in")]
    Anonymous,
    /// The challenge or enrolment is unknown, expired, answered, or another log-in's or browser's:
    /// 410 `challenge-gone`.
    #[error("this challenge is gone")]
    Gone,
    /// The code is not right: 422 `code-rejected`.
    #[error("the code was not accepted")]
    CodeRejected {
        /// Whether it was right for a past step: the phone's clock may be slow.
        clock_is_slow: bool,
    },
    /// Too many wrong codes: 429 `too-many-attempts`.
    #[error("too many wrong codes")]
    TooManyAttempts {
        /// When the next try is free.
        until: UnixTime,
    },
    /// The factor kind may not be used here, or is not enrolled: 400 `bad-request`.
    #[error("this method cannot be used here")]
    MethodUnavailable,
    /// The player must enrol a factor first: 403 `enrolment-required`.
    #[error("a second factor must be enrolled first")]
    EnrolmentRequired,
    /// What is asked needs proof that this log-in does not have: 403 `denied`.
    #[error("{0}")]
    Denied(&'static str),
    /// The factor is too new: 403 `cooling-down`.
    #[error("the second factor is too new")]
    CoolingDown {
        /// When it opens.
        until: UnixTime,
    },
    /// A field that must be shown cannot be read from this body: 415.
    #[error("this content type cannot be approved")]
    UnreadableBody,
    /// The request is too large to be looked at: 413.
    #[error("the request is too large to be approved")]
    TooLarge,
    /// The input cannot be understood: 400 `bad-request`.
    #[error("{0}")]
    BadRequest(&'static str),
}

/// Names of our cookies for one site: `__Host-` only on a secure origin (design.md 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieNames {
    /// The stamp.
    pub stamp: &'static str,
    /// The remembered device.
    pub device: &'static str,
    /// The browser secret of challenges: one a browser, so that two tabs do not collide.
    pub challenge: &'static str,
    /// The value that `login`, `header` and `bind: subject` tie a log-in to.
    pub login: &'static str,
}

impl CookieNames {
    /// The names for an origin.
    #[must_use]
    pub const fn of(secure: bool) -> Self {
        if secure {
            return Self {
                stamp: "__Host-stepgate",
                device: "__Host-stepgate-device",
                challenge: "__Host-stepgate-challenge",
                login: "__Host-stepgate-login",
            };
        }
        Self { stamp: "stepgate", device: "stepgate-device", challenge: "stepgate-challenge", login: "stepgate-login" }
    }

    /// Whether a cookie name is one of ours, in any spelling a framework might fold into it.
    #[must_use]
    pub fn owns(name: &str) -> bool {
        let bare = name.strip_prefix("__Host-").or_else(|| name.strip_prefix("__Secure-")).unwrap_or(name);
        bare.get(..8).is_some_and(|head| head.eq_ignore_ascii_case("stepgate"))
    }
}

/// What a right answer gives the client.
#[derive(Debug)]
pub struct Granted {
    /// A new stamp, for `session` and `fresh`: to the cookie, and into the body for header clients.
    pub stamp: Option<stamp::Minted>,
    /// The approval, for `once`.
    pub approval: Option<Token>,
    /// When what was granted ends.
    pub expires_at: UnixTime,
}
