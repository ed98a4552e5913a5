//! The decision.

use crate::{
    clock::UnixTime,
    policy::{
        Enrolment, Facts, Landing, Permit, Requirement, Route, Visitor,
        rule::{Anonymous, Unenrolled},
    },
    request::Head,
};

/// Why; a stable kebab-case word in logs and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No route that is landed on requires anything.
    NotGuarded,
    /// The stamp satisfies the route.
    StampValid,
    /// The approval satisfies the route.
    ApprovalValid,
    /// There is no usable stamp.
    StampMissing,
    /// The stamp's proof is too old, or was not given for a `fresh` challenge.
    StampStale,
    /// The route wants an approval and there is none for exactly this request.
    ApprovalMissing,
    /// Nobody is logged in.
    Anonymous,
    /// The player has no factor.
    Unenrolled,
    /// The player must bind a factor anew.
    MustBind,
    /// The player's factor is too new for this route.
    CoolingDown,
    /// None of the player's factors may answer on this route.
    NoUsableFactor,
}

impl Reason {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotGuarded => "not-guarded",
            Self::StampValid => "stamp-valid",
            Self::ApprovalValid => "approval-valid",
            Self::StampMissing => "stamp-missing",
            Self::StampStale => "stamp-stale",
            Self::ApprovalMissing => "approval-missing",
            Self::Anonymous => "anonymous",
            Self::Unenrolled => "unenrolled",
            Self::MustBind => "must-bind",
            Self::CoolingDown => "cooling-down",
            Self::NoUsableFactor => "no-usable-factor",
        }
    }
}

/// What happens to a request.
#[derive(Debug)]
pub enum Verdict {
    /// It is forwarded, with this permit.
    Allow(Permit),
    /// The player is asked for a code.
    Challenge,
    /// The player is asked to enrol a factor first.
    Enrol,
    /// The factor is too new; refused until then.
    CoolDown {
        /// When the route opens.
        until: UnixTime,
    },
    /// It is refused.
    Deny,
    /// The store must be asked for the player's enrolment, then decide again.
    AskEnrolment,
}

/// A verdict with its reason and the route that caused it.
#[derive(Debug)]
pub struct Decision<'r> {
    /// What happens.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// The strictest route among those that do not let it pass; when it passes, the strictest
    /// landed on. `None` when no named route was landed on.
    pub route: Option<&'r Route>,
}

/// Decides over every route that was landed on: the request passes only if each of them lets it.
#[must_use]
pub fn decide<'r>(landing: &Landing<'r>, head: &Head<'_>, facts: &Facts<'_>) -> Decision<'r> {
    let mut worst: Option<(Outcome, Reason, &'r Route)> = None;
    let mut passed: Option<(Reason, &'r Route)> = None;
    for route in &landing.enforced {
        let (outcome, reason) = decide_one(route, facts);
        if outcome == Outcome::Allow {
            // The strictest stands first.
            passed = passed.or(Some((reason, *route)));
            continue;
        }
        if worst.as_ref().is_none_or(|(known, _, _)| outcome.severity() > known.severity()) {
            worst = Some((outcome, reason, *route));
        }
    }
    if let Some((outcome, reason, route)) = worst {
        return Decision { verdict: outcome.refusal(), reason, route: Some(route) };
    }
    let (reason, route) = passed.map_or((Reason::NotGuarded, None), |(reason, route)| (reason, Some(route)));
    Decision { verdict: Verdict::Allow(Permit::of(head)), reason, route }
}

/// What one route says; a verdict without its permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It lets the request pass.
    Allow,
    /// It asks for a code.
    Challenge,
    /// It asks for an enrolment.
    Enrol,
    /// It refuses until then.
    CoolDown {
        /// When it opens.
        until: UnixTime,
    },
    /// It refuses.
    Deny,
    /// It cannot say without the player's enrolment.
    AskEnrolment,
}

impl Outcome {
    /// `allow`, `challenge`, `enrol` or `deny`; a cool-down is a denial.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Challenge => "challenge",
            Self::Enrol => "enrol",
            Self::CoolDown { .. } | Self::Deny | Self::AskEnrolment => "deny",
        }
    }

    const fn severity(self) -> u8 {
        match self {
            Self::Allow => 0,
            Self::Challenge => 1,
            Self::Enrol => 2,
            Self::CoolDown { .. } => 3,
            Self::Deny => 4,
            // The answer may be any of the above: it must be known first.
            Self::AskEnrolment => 5,
        }
    }

    const fn refusal(self) -> Verdict {
        match self {
            Self::Challenge => Verdict::Challenge,
            Self::Enrol => Verdict::Enrol,
            Self::CoolDown { until } => Verdict::CoolDown { until },
            Self::AskEnrolment => Verdict::AskEnrolment,
            // `Allow` never refuses; were it here, it must not pass.
            Self::Deny | Self::Allow => Verdict::Deny,
        }
    }
}

/// What one route says of a request with these facts.
#[must_use]
pub fn decide_one(route: &Route, facts: &Facts<'_>) -> (Outcome, Reason) {
    if route.require == Requirement::None {
        return (Outcome::Allow, Reason::NotGuarded);
    }
    if facts.visitor == Visitor::Anonymous {
        return match route.anonymous {
            Anonymous::Forward => (Outcome::Allow, Reason::Anonymous),
            Anonymous::Deny => (Outcome::Deny, Reason::Anonymous),
        };
    }
    match proof(route.require, facts) {
        Ok(reason) => (Outcome::Allow, reason),
        Err(missing) => unproven(route, facts, missing),
    }
}

/// Whether the proofs at hand satisfy a requirement, and by what; else what is missing.
fn proof(require: Requirement, facts: &Facts<'_>) -> Result<Reason, Reason> {
    match require {
        Requirement::None => Ok(Reason::NotGuarded),
        Requirement::Session => facts.stamp.map(|_| Reason::StampValid).ok_or(Reason::StampMissing),
        Requirement::Fresh { max_age } => {
            let stamp = facts.stamp.ok_or(Reason::StampMissing)?;
            let fresh = stamp.fresh_time.is_some_and(|at| at <= facts.now && facts.now.since(at) <= max_age);
            if fresh { Ok(Reason::StampValid) } else { Err(Reason::StampStale) }
        }
        Requirement::Once if facts.approved => Ok(Reason::ApprovalValid),
        Requirement::Once => Err(Reason::ApprovalMissing),
    }
}

fn unproven(route: &Route, facts: &Facts<'_>, missing: Reason) -> (Outcome, Reason) {
    let (kinds, cooling_until) = match facts.enrolment {
        None => return (Outcome::AskEnrolment, missing),
        Some(Enrolment::Unenrolled) => {
            let outcome = match route.unenrolled {
                Unenrolled::Allow => Outcome::Allow,
                Unenrolled::Enroll => Outcome::Enrol,
                Unenrolled::Deny => Outcome::Deny,
            };
            return (outcome, Reason::Unenrolled);
        }
        Some(Enrolment::MustBind) if route.unenrolled == Unenrolled::Deny => return (Outcome::Deny, Reason::MustBind),
        Some(Enrolment::MustBind) => return (Outcome::Enrol, Reason::MustBind),
        Some(Enrolment::Active { kinds, cooling_until }) => (kinds, cooling_until),
    };
    if !kinds.iter().any(|kind| route.methods.contains(kind)) {
        return (Outcome::Deny, Reason::NoUsableFactor);
    }
    if let Some(until) = cooling_until.filter(|until| *until > facts.now)
        && route.require != Requirement::Session
    {
        return (Outcome::CoolDown { until }, Reason::CoolingDown);
    }
    (Outcome::Challenge, missing)
}
