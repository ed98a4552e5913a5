//! `routes:` as typed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::policy::{
    FactorKind, OnStoreError,
    rule::{Anonymous, Mode, Respond, SuccessAction, Unenrolled},
};

/// One value or a list of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several.
    Many(Vec<T>),
}

/// One route.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Unique; the label in metrics and logs: 1 to 64 of `a-z 0-9 - _`.
    pub name: String,
    /// Which requests; a list where a form and its REST twin are one route.
    #[serde(rename = "match")]
    pub matches: OneOrMany<Match>,
    /// `none`, `session`, `fresh` or `once`.
    pub require: RequireWord,
    /// With `fresh`: how old the proof may be; default `5m`.
    pub max_age: Option<String>,
    /// With `once`: what the challenge shows of the request, bound to the approval; `none` shows nothing.
    pub show: Option<Show>,
    /// What else an approval is bound to.
    pub bind: Option<BoundNames>,
    /// Narrower than `second_factor.methods`. A proof by any other kind counts as none here, a backup
    /// code too.
    pub methods: Option<Vec<FactorKind>>,
    /// For players without a factor; default `enroll`.
    pub unenrolled: Option<Unenrolled>,
    /// For visitors who are not logged in; default `deny`.
    pub anonymous: Option<Anonymous>,
    /// `observe` counts and lets through; default `enforce`.
    pub mode: Option<Mode>,
    /// In which form proof is asked for; default `auto`.
    pub respond: Option<Respond>,
    /// Sends the assertion to the site though nothing is required.
    pub assert: Option<bool>,
    /// What the site's success does.
    pub after_success: Option<AfterSuccess>,
    /// The route changes this; it must then be guarded and not be open to players without a factor.
    pub changes: Option<Changes>,
    /// How long the route waits after a change of the account; with `once` a day after each, unless set.
    pub cooldown_after: Option<CooldownAfter>,
    /// With `require: session`, while the store does not answer: `deny` (the default), or
    /// `allow_if_recent_stamp`, where a stamp passes that the store confirmed to this process within the
    /// last 5 minutes. Stamps that another process ended since then pass for as long.
    pub on_store_error: Option<OnStoreError>,
}

/// How long a route waits after a change of the account; `0s` for not at all.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CooldownAfter {
    /// Any factor became active: first, second, switched, switched on again.
    pub enroll: Option<String>,
    /// A backup code was used.
    pub backup_code: Option<String>,
    /// Support reset the second factor.
    pub reset: Option<String>,
    /// The phone number changed.
    pub phone_change: Option<String>,
    /// The password changed.
    pub password_change: Option<String>,
}

/// What a route requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequireWord {
    /// Nothing.
    None,
    /// A stamp of this site session.
    Session,
    /// A recent stamp.
    Fresh,
    /// An approval of exactly this request.
    Once,
}

impl RequireWord {
    /// As it is typed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Session => "session",
            Self::Fresh => "fresh",
            Self::Once => "once",
        }
    }
}

/// What a route changes of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Changes {
    /// The phone number.
    Phone,
    /// The mail address.
    Email,
    /// The password.
    Password,
}

/// The details of a challenge, or the word `none`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Show {
    /// Nothing is shown.
    Nothing(Nothing),
    /// By label.
    Fields(BTreeMap<String, Field>),
}

/// The word `none`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Nothing {
    /// Nothing is shown.
    None,
}

/// Which requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// `/a/b` exactly; `*` one segment, an empty one too where others follow it; `**` at the end: everything below as well.
    pub path: String,
    /// Default: every method. HEAD goes with GET. On a guarded route every other method than GET and HEAD is
    /// included too, also OPTIONS where it is no true preflight.
    pub methods: Option<Vec<String>>,
    /// Only on this host.
    pub host: Option<String>,
    /// Parameters of the query that must have these values.
    pub query: Option<BTreeMap<String, String>>,
    /// Fields of a form body that must have these values.
    pub form: Option<BTreeMap<String, String>>,
    /// JSON Pointers into a JSON body that must have these values.
    pub json: Option<BTreeMap<String, String>>,
}

/// Where a value stands in the request: exactly one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// A parameter of the query.
    pub query: Option<String>,
    /// A field of a form.
    pub form: Option<String>,
    /// A JSON Pointer.
    pub json: Option<String>,
}

/// What else an approval is bound to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BoundNames {
    /// Header names.
    pub headers: Option<Vec<String>>,
    /// Cookie names.
    pub cookies: Option<Vec<String>>,
}

/// What the site's success does.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AfterSuccess {
    /// Default: any 2xx or 3xx.
    pub when: Option<When>,
    /// In this order.
    #[serde(rename = "do")]
    pub actions: Vec<SuccessAction>,
}

/// Conditions on an answer; all must hold.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// One of these.
    pub status: Option<Vec<u16>>,
    /// An exact path, or `{ regex: … }`.
    pub location: Option<Location>,
    /// This cookie is set.
    pub sets_cookie: Option<String>,
    /// An expression found in the body. The answer is then read, up to 1 MiB and within
    /// `timeouts.upstream_read`, before it is given on; a larger one is no success.
    pub body: Option<String>,
}

/// A condition on Location.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Location {
    /// Exactly this.
    Exact(String),
    /// An anchored expression.
    Regex(RegexRef),
}

/// An expression.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegexRef {
    /// Anchored with `^` and `$`.
    pub regex: String,
}
