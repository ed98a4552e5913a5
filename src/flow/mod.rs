//! Use cases: what happens, without HTTP answers, SQL or the proxy.
//!
//! [`gate`] takes a request to its verdict; [`challenge`] asks and verifies; [`enrol`] binds a
//! factor; [`hold`] keeps a form post and lets it go on once. All of them work on one [`Flow`] (what
//! lives as long as the process) and one [`RuleSet`] (what a reload swaps; a request keeps the one
//! it began with).

use std::{sync::Arc, time::Duration};

use http::HeaderMap;

use crate::{
    audit,
    clock::{Clock, UnixTime},
    contact::Country,
    courier,
    identity::{self, Player},
    metrics::Metrics,
    notice,
    policy::{self, FactorKind, Routes},
    secret::{Hasher, Sealer, Token},
    stamp, store,
    words::Language,
};

mod account;
pub mod challenge;
pub mod change;
mod contacts;
pub mod desk;
pub mod device;
pub mod enrol;
pub mod epochs;
mod evidence;
pub mod follow;
mod form;
pub mod gate;
pub mod freeze;
pub mod hold;
mod known;
pub mod language;
pub mod look;
pub mod notify;
pub mod reseal;
pub mod resume;
pub mod send;
pub mod settings;
pub mod withhold;
mod sms_guard;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tries;

/// What a reload swaps.
#[derive(Debug)]
pub struct RuleSet {
    /// The site as players know it.
    pub site: Site,
    /// Where our own pages stand: a path without a trailing slash, `/.stepgate`.
    pub portal_prefix: String,
    /// Languages of our pages, the first is the default.
    pub languages: Vec<Language>,
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
    /// Carry codes and notices.
    pub couriers: courier::Couriers,
    /// Where notices go besides the player's own contacts.
    pub notices: notice::Settings,
    /// How long audit rows are kept, and where else they go.
    pub audit: audit::Settings,
    /// What pauses tries.
    pub throttle: policy::throttle::Throttle,
    /// Which codes are not sent.
    pub sms_guard: policy::sms_guard::SmsGuard,
}

impl RuleSet {
    /// The language for a player: as the site says, as they chose, as the browser prefers, else the
    /// first.
    #[must_use]
    pub fn language(&self, player: Option<&Player>, headers: &HeaderMap) -> Language {
        let claim = player.and_then(|player| player.claims.locale.as_deref());
        language::choose(self, headers, claim).0
    }

    /// The language of a locale that the site says, else the first.
    #[must_use]
    pub fn language_of(&self, locale: Option<&str>) -> Language {
        let known = locale.and_then(Language::parse).filter(|language| self.languages.contains(language));
        known.or(self.languages.first().copied()).unwrap_or(Language::English)
    }
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
    /// Its logo and colour.
    pub look: look::Look,
    /// Of the times that players are shown.
    pub time_zone: jiff::tz::TimeZone,
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
    /// Codes by SMS.
    pub sms: SmsCodes,
    /// How many backup codes a set has.
    pub backup_codes: usize,
    /// Remembered devices.
    pub devices: Devices,
}

/// The rules of codes by SMS.
#[derive(Clone, Debug)]
pub struct SmsCodes {
    /// How long one counts.
    pub lifetime: Duration,
    /// How many are sent.
    pub limits: store::SendLimits,
    /// That are sent to; the first completes numbers that are written without their country.
    pub countries: Vec<Country>,
}

/// The rules of remembered devices.
#[derive(Clone, Copy, Debug)]
pub struct Devices {
    /// From the proof on, never moved.
    pub lifetime: Duration,
    /// How many a player has.
    pub most: u32,
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
    pub accounts: Arc<dyn store::Accounts>,
    /// Durable.
    pub attempts: Arc<dyn store::Attempts>,
    /// Durable.
    pub networks: Arc<dyn store::NetworkAttempts>,
    /// Durable.
    pub families: Arc<dyn store::Families>,
    /// Durable.
    pub spent: Arc<dyn store::Spent>,
    /// Durable.
    pub logins: Arc<dyn store::LoginBindings>,
    /// Durable.
    pub devices: Arc<dyn store::Devices>,
    /// Durable.
    pub contacts: Arc<dyn store::Contacts>,
    /// Durable.
    pub sends: Arc<dyn store::SmsSends>,
    /// Durable.
    pub desk: Arc<dyn store::Desk>,
    /// Durable.
    pub outbox: Arc<dyn store::Outbox>,
    /// Durable.
    pub trail: Arc<dyn store::Trail>,
    /// Shared.
    pub challenges: Arc<dyn store::Challenges>,
    /// Shared.
    pub held: Arc<dyn store::Held>,
    /// Shared.
    pub approvals: Arc<dyn store::Approvals>,
    /// Shared.
    pub enrolments: Arc<dyn store::PendingEnrolments>,
    /// Shared.
    pub codes: Arc<dyn store::SentCodes>,
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
    /// Bounds how many backup codes are hashed at once: each takes 19 MiB.
    pub hashing: Arc<tokio::sync::Semaphore>,
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
    /// Too many wrong codes from the network, whoever typed them: 429 `too-many-attempts`.
    #[error("too many wrong codes from this network")]
    NetworkPaused {
        /// When the next try is free.
        until: UnixTime,
    },
    /// So many wrong codes that the factor must be bound anew, or another proven: 403 `denied`.
    #[error("too many wrong codes: use another method or a backup code")]
    Exhausted,
    /// The factor kind may not be used here, or is not enrolled: 400 `bad-request`.
    #[error("this method cannot be used here")]
    MethodUnavailable,
    /// The player must enrol a factor first: 403 `enrolment-required`.
    #[error("a second factor must be enrolled first")]
    EnrolmentRequired,
    /// A change of the account needs a proof for exactly it: 401 with the open challenge.
    #[error("a second factor must be proven for this change")]
    ProofRequired(Box<challenge::Asked>),
    /// The player froze the account: 403 `frozen`.
    #[error("the account is frozen")]
    Frozen,
    /// Another code cannot be sent yet: 429 `too-many-attempts`.
    #[error("another code cannot be sent yet")]
    SendPaused {
        /// When the next is free.
        until: UnixTime,
    },
    /// Codes are sent to numbers of other countries or kinds: 403 `denied`.
    #[error("codes are not sent to this number")]
    NumberRefused,
    /// Too many codes by SMS were not used, or the day's money is spent: 429 `too-many-attempts`.
    #[error("no code is sent by SMS now")]
    SmsClosed {
        /// When it may be open again.
        until: UnixTime,
    },
    /// No courier took the code: 503 `unavailable`.
    #[error("the code could not be sent: {0}")]
    NotSent(#[from] courier::CourierError),
    /// What is asked needs proof that this log-in does not have: 403 `denied`.
    #[error("{0}")]
    Denied(&'static str),
    /// The factor is too new, or something was changed lately: 403 `cooling-down`.
    #[error("the second factor is too new, or something was changed lately")]
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

impl FlowError {
    /// Whether the same page is of use still: another code, later, or another method.
    #[must_use]
    pub const fn leaves_another_way(&self) -> bool {
        matches!(
            self,
            Self::CodeRejected { .. }
                | Self::TooManyAttempts { .. }
                | Self::NetworkPaused { .. }
                | Self::Exhausted
                | Self::SendPaused { .. }
                | Self::SmsClosed { .. }
                | Self::NumberRefused
                | Self::NotSent(_)
        )
    }
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
    /// The language that the player chose.
    pub language: &'static str,
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
                language: "__Host-stepgate-language",
                login: "__Host-stepgate-login",
            };
        }
        Self {
            stamp: "stepgate",
            device: "stepgate-device",
            challenge: "stepgate-challenge",
            language: "stepgate-language",
            login: "stepgate-login",
        }
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
