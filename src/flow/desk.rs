//! The support desk: who helps players, and what they can do for them.
//!
//! [`sign_in`] tells who asks; [`players`] finds a player and shows the state of the second factor,
//! never a secret; [`act`] does what takes effect at once; [`reset`] is the way back for a player who
//! lost everything, which takes two persons and time; [`order`] tells the actions apart. The console, its
//! API and `stepgate user` all end here.
//!
//! Every action says why. It and every look is counted against its operator's limit, and leaves an audit line;
//! so does what is refused.

use std::time::Duration;

use crate::{
    clock::UnixTime,
    factor::{app, password::PasswordHash},
    flow::{Flow, FlowError},
    policy::desk::{DeskAction, Role},
    request::Subject,
    secret::{self, digest},
    store::{self, AuditRecord, Edit, Outcome, Quota, audit::FORBIDDEN},
};

pub mod act;
pub mod order;
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
    /// How often one operator looks for players or at one within an hour.
    pub looks_per_hour: u32,
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
        let numbers = format!("{:?} {} {}", self.reset, self.actions_per_hour, self.looks_per_hour);
        let mut parts = vec![numbers.into_bytes()];
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
    /// From where they ask, as the audit keeps it: a network, or `cli:` and a user of the system.
    pub origin: String,
}

impl Agent {
    /// Whether this agent may do something.
    #[must_use]
    pub fn may(&self, action: DeskAction) -> bool {
        action.is_open_to(&self.roles)
    }

    /// The audit's line of something that this agent does.
    #[must_use]
    pub fn record(&self, at: UnixTime, event: &str) -> AuditRecord {
        let actor = format!("support:{}", self.name);
        AuditRecord { origin: self.origin.clone(), ..AuditRecord::new(at, &actor, event) }
    }

    /// The audit's line of something that this agent was refused.
    #[must_use]
    pub fn refused(&self, at: UnixTime, what: &str, subject: Option<&Subject>) -> AuditRecord {
        AuditRecord {
            subject: subject.cloned(),
            detail: what.to_owned(),
            outcome: Outcome::Refused,
            ..self.record(at, FORBIDDEN)
        }
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
    /// Lets an agent do something: it is counted, then the role is looked up. What is refused is written down.
    async fn admit(
        &self,
        settings: &Settings,
        agent: &Agent,
        (action, subject): (DeskAction, Option<&Subject>),
    ) -> Result<(), DeskError> {
        let (id, now) = (secret::public_id(), self.clock.now());
        let (quota, most) = match action {
            DeskAction::Look => (Quota::Looks, settings.looks_per_hour),
            DeskAction::Unlock
            | DeskAction::ForgetDevices
            | DeskAction::EndStamps
            | DeskAction::Freeze
            | DeskAction::Unfreeze
            | DeskAction::IssueCode
            | DeskAction::RequestReset
            | DeskAction::ApproveReset
            | DeskAction::CancelReset
            | DeskAction::Export
            | DeskAction::Erase => (Quota::Actions, settings.actions_per_hour),
        };
        if let Some(until) = self.stores.desk.count_action((quota, most), &id, &agent.name, now).await? {
            tracing::warn!(operator = %agent.name, action = action.as_str(), "too much at the desk within an hour");
            // Once a pause: whoever goes on asking does not fill the audit.
            let pause = format!("desk-too-many-{}-{}-{}", quota.as_str(), agent.name, until.millis());
            if self.stores.spent.spend(&pause, until).await? {
                let what = format!("too many: {}", action.as_str());
                self.stores.trail.write(&[agent.refused(now, &what, subject)]).await?;
            }
            return Err(DeskError::TooMany { until });
        }
        if agent.may(action) {
            return Ok(());
        }
        self.forbidden(agent, action.as_str(), subject).await
    }

    /// Refuses what an agent may not do, and writes it down.
    async fn forbidden(&self, agent: &Agent, what: &str, subject: Option<&Subject>) -> Result<(), DeskError> {
        tracing::warn!(operator = %agent.name, action = what, "refused at the desk");
        self.stores.trail.write(&[agent.refused(self.clock.now(), what, subject)]).await?;
        Err(DeskError::Forbidden)
    }

    /// The audit's line of what an agent did to an account.
    fn recorded_by(&self, agent: &Agent, subject: &Subject, event: &str, why: &str) -> Edit {
        Edit::Record(AuditRecord {
            subject: Some(subject.clone()),
            why: why.to_owned(),
            ..agent.record(self.clock.now(), event)
        })
    }
}
