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
mod error;
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

pub use error::FlowError;

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

impl Stores {
    /// All durable ports of one store, and all short-lived ones of another.
    pub fn of<D, S>(durable: Arc<D>, shared: Arc<S>) -> Self
    where
        D: store::Accounts + store::Attempts + store::NetworkAttempts + store::Families + store::Spent,
        D: store::LoginBindings + store::Devices + store::Contacts + store::SmsSends,
        D: store::Desk + store::Outbox + store::Trail + 'static,
        S: store::Challenges + store::Held + store::Approvals + store::PendingEnrolments + store::SentCodes + 'static,
    {
        Self {
            accounts: durable.clone(),
            attempts: durable.clone(),
            networks: durable.clone(),
            families: durable.clone(),
            spent: durable.clone(),
            logins: durable.clone(),
            devices: durable.clone(),
            contacts: durable.clone(),
            sends: durable.clone(),
            desk: durable.clone(),
            outbox: durable.clone(),
            trail: durable,
            challenges: shared.clone(),
            held: shared.clone(),
            approvals: shared.clone(),
            enrolments: shared.clone(),
            codes: shared,
        }
    }
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
    /// Which devices were exchanged of late and not seen since.
    pub unseen: device::Unseen,
    /// Bounds how many backup codes are hashed at once: each takes 19 MiB.
    pub hashing: Arc<tokio::sync::Semaphore>,
}

/// Backup codes that are hashed at once: each takes 19 MiB and a thread.
const HASHING_AT_ONCE: usize = 4;

impl Flow {
    /// With nothing remembered.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, stores: Stores, sealer: Sealer, hasher: Hasher, metrics: Arc<Metrics>) -> Self {
        let hashing = Arc::new(tokio::sync::Semaphore::new(HASHING_AT_ONCE));
        let (epochs, unseen) = (epochs::EpochCache::default(), device::Unseen::default());
        Self { clock, stores, sealer, hasher, metrics, epochs, unseen, hashing }
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
