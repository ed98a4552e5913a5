//! A route, as it runs.

use std::{sync::Arc, time::Duration};

use http::Method;

use crate::{
    fields::FieldName,
    policy::{
        cooldown::{Cause, CoolDowns},
        pattern::PathPattern,
    },
};

/// A kind of factor, as YAML, JSON and stores write it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// An authenticator app (TOTP, RFC 6238).
    App,
    /// A code by SMS.
    Sms,
    /// A one-time backup code.
    BackupCode,
}

impl FactorKind {
    /// `app`, `sms` or `backup_code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Sms => "sms",
            Self::BackupCode => "backup_code",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::App, Self::Sms, Self::BackupCode].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// What a route requires before a request of it goes on; later ones are stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Nothing.
    None,
    /// A stamp of this site session.
    Session,
    /// A stamp whose factor was proven, for such a challenge, within `max_age`.
    Fresh {
        /// How old the proof may be.
        max_age: Duration,
    },
    /// An approval of exactly this request.
    Once,
}

impl Requirement {
    /// `none`, `session`, `fresh` or `once`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Session => "session",
            Self::Fresh { .. } => "fresh",
            Self::Once => "once",
        }
    }
}

/// What happens to a player who never enrolled a factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unenrolled {
    /// The request goes on: 2FA is the player's choice here.
    Allow,
    /// The player is asked to enrol first.
    Enroll,
    /// The request is refused.
    Deny,
}

/// What happens to a visitor who is not logged in at the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Anonymous {
    /// The request is refused.
    Deny,
    /// The request goes on without identity cookies and Authorization (decisions 4).
    Forward,
}

/// Whether the route acts or only counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It acts.
    Enforce,
    /// What it would have done is counted and logged; matching for enforcement skips it (decisions 20).
    Observe,
}

/// In which form a proof is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Respond {
    /// By the request: Sec-Fetch-*, then Accept.
    Auto,
    /// Always a page.
    Page,
    /// Always a problem document.
    Json,
}

/// One path pattern with its conditions; a route has one or several.
#[derive(Clone, Debug)]
pub struct Match {
    /// Which paths.
    pub path: PathPattern,
    /// Empty: every method. Else these, HEAD with GET, and, on a guarded route, also every other
    /// method than GET and HEAD (security.md 3.2).
    pub methods: Vec<Method>,
    /// Only on this host of the site.
    pub host: Option<String>,
    /// Fields that must have these values; conditions on bodies have three outcomes.
    pub fields: Vec<(FieldName, String)>,
}

/// One detail that a challenge shows: taken from the held bytes, bound and displayed.
#[derive(Clone, Debug)]
pub struct Shown {
    /// As the operator writes it, in the order of the file.
    pub label: String,
    /// Where the value stands.
    pub field: FieldName,
}

/// What else than method, target and body an approval is bound to (decisions 12).
#[derive(Clone, Debug, Default)]
pub struct BoundNames {
    /// Header names, lower case.
    pub headers: Vec<String>,
    /// Cookie names.
    pub cookies: Vec<String>,
}

/// When an answer of the site counts as success, and what then happens.
#[derive(Clone, Debug)]
pub struct AfterSuccess {
    /// Every condition must hold.
    pub when: AnswerCondition,
    /// What is done, in this order.
    pub actions: Vec<SuccessAction>,
}

/// Conditions on an answer of the site.
#[derive(Clone, Debug, Default)]
pub struct AnswerCondition {
    /// Empty: any 2xx or 3xx.
    pub status: Vec<u16>,
    /// The Location must be exactly this, or match this anchored expression.
    pub location: Option<LocationCondition>,
    /// This cookie must be set to a value that is not empty.
    pub sets_cookie: Option<String>,
    /// A search in the body: then the exchange is buffered (decisions 40).
    pub body: Option<regex::Regex>,
}

/// A condition on a Location header; compared as path and query of the site.
#[derive(Clone, Debug)]
pub enum LocationCondition {
    /// This path exactly.
    Exact(String),
    /// Anchored.
    Regex(regex::Regex),
}

/// What a success of a guarded request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SuccessAction {
    /// Ends every stamp of the player but the one that did it.
    EndStamps,
    /// Forgets the player's remembered devices.
    ForgetDevices,
    /// Tells the player.
    Notify,
}

/// What holds for a request with a stamp while the store cannot say whether the stamp was revoked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnStoreError {
    /// It does not pass.
    #[default]
    Deny,
    /// It passes if the store confirmed the stamp to this process within the last five minutes.
    AllowIfRecentStamp,
}

/// A route as it runs: everything resolved, nothing left to default.
#[derive(Clone, Debug)]
pub struct Route {
    /// Unique; the label in metrics and logs. 1 to 64 characters of `[a-z0-9-_]`.
    pub name: Arc<str>,
    /// Any of these.
    pub matches: Vec<Match>,
    /// What it requires.
    pub require: Requirement,
    /// The factor kinds that may answer; never empty.
    pub methods: Vec<FactorKind>,
    /// For players without a factor.
    pub unenrolled: Unenrolled,
    /// For visitors who are not logged in.
    pub anonymous: Anonymous,
    /// Whether it acts.
    pub mode: Mode,
    /// How a proof is asked for.
    pub respond: Respond,
    /// What a challenge shows of the request.
    pub show: Vec<Shown>,
    /// What else an approval is bound to.
    pub bind: BoundNames,
    /// Whether the site gets an assertion though the route requires nothing (decisions 32).
    pub assert: bool,
    /// What the site's success does.
    pub after_success: Option<AfterSuccess>,
    /// What the site's success changes of the account: what other routes then wait for.
    pub changes: Option<Cause>,
    /// For how long it waits after what happened to the account; for `once` a day after anything,
    /// unless the operator says otherwise (decisions 25).
    pub cool_downs: CoolDowns,
    /// What holds while the store does not answer; anything but `Deny` with `session` only.
    pub on_store_error: OnStoreError,
}

impl Route {
    /// A route with nothing but a requirement: every kind of factor may answer, whoever has none must
    /// enrol, and nobody passes anonymously.
    #[must_use]
    pub fn plain(name: &str, matches: Vec<Match>, require: Requirement) -> Self {
        Self {
            name: Arc::from(name),
            matches,
            require,
            methods: vec![FactorKind::App, FactorKind::Sms, FactorKind::BackupCode],
            unenrolled: Unenrolled::Enroll,
            anonymous: Anonymous::Deny,
            mode: Mode::Enforce,
            respond: Respond::Auto,
            show: Vec::new(),
            bind: BoundNames::default(),
            assert: false,
            after_success: None,
            changes: None,
            cool_downs: CoolDowns::default(),
            on_store_error: OnStoreError::Deny,
        }
    }

    /// A route that only says whether a request ends the site session.
    #[must_use]
    pub fn session_end(pattern: Match) -> Self {
        Self::plain("session-end", vec![pattern], Requirement::Session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_configuration() {
        for (kind, word) in
            [(FactorKind::App, "app"), (FactorKind::Sms, "sms"), (FactorKind::BackupCode, "backup_code")]
        {
            assert_eq!((kind.as_str(), FactorKind::parse(word)), (word, Some(kind)));
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
        assert_eq!(FactorKind::parse("APP"), None);
        let levels = [
            Requirement::None,
            Requirement::Session,
            Requirement::Fresh { max_age: Duration::ZERO },
            Requirement::Once,
        ];
        assert_eq!(levels.map(Requirement::as_str), ["none", "session", "fresh", "once"]);
    }
}
