//! The support desk: who helps players, and what they can do for them.
//!
//! [`sign_in`] tells who asks; [`players`] finds a player and shows the state of the second factor,
//! never a secret; [`act`] does what takes effect at once; [`reset`] is the way back for a player who
//! lost everything, which takes two persons and time. The console and `stepgate user` both end here.
//!
//! Every action says why, is counted against its operator's limit, and leaves an audit line.

use std::time::Duration;

use crate::{
    clock::UnixTime,
    factor::{app, password::PasswordHash},
    flow::{Flow, FlowError, account::uuid_v7},
    policy::desk::{DeskAction, Role},
    request::Subject,
    secret::{self, digest},
    store::{self, AuditRecord, Edit, Outcome},
};

pub mod act;
pub mod players;
pub mod reset;
pub mod sign_in;
#[cfg(test)]
mod tests;

/// Characters of a reason: so many say something, and so many fit into one line.
const REASON: std::ops::RangeInclusive<usize> = 4..=200;
/// Characters of a case reference at most.
const CASE: usize = 64;

/// The rules of the desk; they live as long as the process.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who may sign in.
    pub operators: Vec<Operator>,
    /// How a second factor is reset.
    pub reset: ResetRules,
    /// Actions of one operator within an hour.
    pub actions_per_hour: u32,
}

impl Settings {
    /// The operator of a name.
    #[must_use]
    pub fn operator(&self, name: &str) -> Option<&Operator> {
        self.operators.iter().find(|operator| operator.name == name)
    }

    /// Tells two settings apart without saying anything of them.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut parts = vec![format!("{:?} {}", self.reset, self.actions_per_hour).into_bytes()];
        for operator in &self.operators {
            parts.push(format!("{} {:?}", operator.name, operator.roles).into_bytes());
            parts.push(operator.password.reveal().as_bytes().to_vec());
            parts.push(operator.app.as_bytes().to_vec());
        }
        data_encoding::HEXLOWER.encode(&digest(parts.iter().map(Vec::as_slice)))
    }
}

/// Somebody who may sign in.
#[derive(Clone, Debug)]
pub struct Operator {
    /// As in the audit.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Of their password.
    pub password: PasswordHash,
    /// Of their authenticator app.
    pub app: app::Secret,
}

/// How a second factor is reset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRules {
    /// The words for how a player was identified.
    pub evidence: Vec<String>,
    /// Whether somebody else must approve.
    pub needs_second: bool,
    /// Between approval and reset.
    pub delay: Duration,
    /// How long a reset waits for its approval.
    pub expires: Duration,
    /// How long a temporary code counts.
    pub code_lifetime: Duration,
}

/// Whether a text may be an operator's name: 1 to 32 characters of `a-z 0-9 . _ -`, the first a letter
/// or digit.
#[must_use]
pub fn is_operator_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 32 && name.starts_with(plain) && name.chars().all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

/// An operator who asks, signed in or named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// As in the audit.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
}

impl Agent {
    /// Whether this agent may do something.
    #[must_use]
    pub fn may(&self, action: DeskAction) -> bool {
        action.is_open_to(&self.roles)
    }
}

/// Why something is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// In a few words.
    pub reason: String,
    /// The case, where one is named.
    pub case: String,
}

impl Why {
    /// The reason of an action, with its case where it needs one.
    ///
    /// # Errors
    /// `BadInput` for a reason of less than 4 or more than 200 characters, a missing or long case, and
    /// control characters in either.
    pub fn parse(action: DeskAction, reason: &str, case: &str) -> Result<Self, DeskError> {
        let (reason, case) = (reason.trim(), case.trim());
        if !REASON.contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
            return Err(DeskError::BadInput("a reason of 4 to 200 characters is needed"));
        }
        if case.chars().count() > CASE || case.chars().any(char::is_control) {
            return Err(DeskError::BadInput("a case reference has at most 64 characters"));
        }
        if action.needs_case() && case.is_empty() {
            return Err(DeskError::BadInput("this needs a case reference"));
        }
        Ok(Self { reason: reason.to_owned(), case: case.to_owned() })
    }

    /// As one line of the audit.
    fn line(&self) -> String {
        if self.case.is_empty() { self.reason.clone() } else { format!("[{}] {}", self.case, self.reason) }
    }
}

/// Why the desk could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// Name, password and code do not belong together; which of them is not said.
    #[error("this sign-in was not accepted")]
    SignInRefused,
    /// Too many failed sign-ins.
    #[error("too many failed sign-ins")]
    SignInPaused {
        /// When the next is free.
        until: UnixTime,
    },
    /// Nobody is signed in, or no longer.
    #[error("nobody is signed in")]
    SignedOut,
    /// None of the operator's roles may do it.
    #[error("your role may not do this")]
    Forbidden,
    /// The operator did too much within an hour.
    #[error("too many actions within an hour")]
    TooMany {
        /// When the next is free.
        until: UnixTime,
    },
    /// There is no such player or reset.
    #[error("{0}")]
    Unknown(&'static str),
    /// What was typed cannot be taken.
    #[error("{0}")]
    BadInput(&'static str),
    /// The account or the reset is not in a state for this.
    #[error("{0}")]
    Conflict(&'static str),
    /// Something that it needs failed.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<store::StoreError> for DeskError {
    fn from(error: store::StoreError) -> Self {
        Self::Flow(FlowError::Store(error))
    }
}

impl Flow {
    /// Lets an agent do something: the role is looked up, then the action counted.
    async fn admit(&self, settings: &Settings, agent: &Agent, action: DeskAction) -> Result<(), DeskError> {
        if !agent.may(action) {
            tracing::warn!(operator = %agent.name, action = action.as_str(), "refused at the desk");
            return Err(DeskError::Forbidden);
        }
        let (id, now) = (secret::public_id(), self.clock.now());
        let most = settings.actions_per_hour;
        match self.stores.desk.count_action(&id, &agent.name, now, most).await? {
            None => Ok(()),
            Some(until) => {
                tracing::warn!(operator = %agent.name, action = action.as_str(), "too many actions at the desk");
                Err(DeskError::TooMany { until })
            }
        }
    }

    /// The audit's line of what an agent did.
    fn recorded_by(&self, agent: &str, subject: &Subject, event: &str, why: &str) -> Edit {
        let at = self.clock.now();
        Edit::Record(AuditRecord {
            id: uuid_v7(at),
            subject: subject.clone(),
            at,
            actor: agent.to_owned(),
            event: event.to_owned(),
            detail: String::new(),
            why: why.to_owned(),
            origin: String::new(),
            outcome: Outcome::Done,
        })
    }
}

/// The actor of the audit's lines.
fn actor(agent: &Agent) -> String {
    format!("support:{}", agent.name)
}
