//! The decision.

use crate::{
    clock::UnixTime,
    policy::{
        Account, Enrolment, Facts, Landing, Permit, Requirement, Route, Visitor,
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
    /// The player's factor is too new for this route, or something lately happened that makes it wait.
    CoolingDown,
    /// The player said of something that it was not them, and nobody cleared it yet.
    Frozen,
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
            Self::Frozen => "frozen",
            Self::NoUsableFactor => "no-usable-factor",
        }
    }
}

/// What happens to a request. What lets it pass is a permit; what one route says of it has none, since
/// the other routes must agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict<P = Permit> {
    /// It is forwarded.
    Allow(P),
    /// The player is asked for a code.
    Challenge,
    /// The player is asked to enrol a factor first.
    Enrol,
    /// It is too early after something that happened; refused until then.
    CoolDown {
        /// When the route opens.
        until: UnixTime,
    },
    /// It is refused.
    Deny,
    /// The store must be asked for the player's account, then decide again.
    AskAccount,
}

impl<P> Verdict<P> {
    /// `allow`, `challenge`, `enrol` or `deny`; a cool-down is a denial.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Allow(_) => "allow",
            Self::Challenge => "challenge",
            Self::Enrol => "enrol",
            Self::CoolDown { .. } | Self::Deny | Self::AskAccount => "deny",
        }
    }

    const fn severity(&self) -> u8 {
        match self {
            Self::Allow(_) => 0,
            Self::Challenge => 1,
            Self::Enrol => 2,
            Self::CoolDown { .. } => 3,
            Self::Deny => 4,
            // The answer may be any of the above: it must be known first.
            Self::AskAccount => 5,
        }
    }

    /// The same with what passing gives.
    fn granting<Q>(self, permit: impl FnOnce() -> Q) -> Verdict<Q> {
        match self {
            Self::Allow(_) => Verdict::Allow(permit()),
            Self::Challenge => Verdict::Challenge,
            Self::Enrol => Verdict::Enrol,
            Self::CoolDown { until } => Verdict::CoolDown { until },
            Self::Deny => Verdict::Deny,
            Self::AskAccount => Verdict::AskAccount,
        }
    }
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
    let mut said = (Verdict::Allow(()), Reason::NotGuarded, None);
    for route in &landing.enforced {
        let (verdict, reason) = decide_one(route, facts);
        // The strictest stands first: where all let it pass, the first one names why.
        if said.2.is_none() || verdict.severity() > said.0.severity() {
            said = (verdict, reason, Some(*route));
        }
    }
    let (verdict, reason, route) = said;
    Decision { verdict: verdict.granting(|| Permit::of(head)), reason, route }
}

/// What one route says of a request with these facts.
#[must_use]
pub fn decide_one(route: &Route, facts: &Facts<'_>) -> (Verdict<()>, Reason) {
    if route.require == Requirement::None {
        return (Verdict::Allow(()), Reason::NotGuarded);
    }
    if facts.visitor == Visitor::Anonymous {
        return match route.anonymous {
            Anonymous::Forward => (Verdict::Allow(()), Reason::Anonymous),
            Anonymous::Deny => (Verdict::Deny, Reason::Anonymous),
        };
    }
    let proof = proof(route, facts);
    // For `once` the account is always looked at: a freeze holds whatever became of older approvals.
    if proof.is_ok() && route.cool_downs.is_empty() && route.require != Requirement::Once {
        return (Verdict::Allow(()), reason_of(proof));
    }
    let Some(account) = facts.account else { return (Verdict::AskAccount, reason_of(proof)) };
    if account.frozen {
        return (Verdict::Deny, Reason::Frozen);
    }
    let (verdict, reason) = match proof {
        Ok(reason) => (Verdict::Allow(()), reason),
        Err(missing) => unproven(route, facts, (account, missing)),
    };
    // Whoever must enrol first may do so meanwhile.
    if matches!(verdict, Verdict::Allow(()) | Verdict::Challenge)
        && let Some(until) = route.cool_downs.until(&account.happened, facts.now)
    {
        return (Verdict::CoolDown { until }, Reason::CoolingDown);
    }
    (verdict, reason)
}

fn reason_of(proof: Result<Reason, Reason>) -> Reason {
    match proof {
        Ok(reason) | Err(reason) => reason,
    }
}

/// Whether the proofs at hand satisfy a route, and by what; else what is missing. A proof by a kind
/// that the route does not take is none here, whatever it opens elsewhere.
fn proof(route: &Route, facts: &Facts<'_>) -> Result<Reason, Reason> {
    let stamp = facts.stamp.filter(|stamp| route.methods.contains(&stamp.by)).ok_or(Reason::StampMissing);
    match route.require {
        Requirement::None => Ok(Reason::NotGuarded),
        Requirement::Session => stamp.map(|_| Reason::StampValid),
        Requirement::Fresh { max_age } => {
            let stamp = stamp?;
            let fresh = stamp.fresh_time.is_some_and(|at| at <= facts.now && facts.now.since(at) <= max_age);
            if fresh { Ok(Reason::StampValid) } else { Err(Reason::StampStale) }
        }
        Requirement::Once => {
            let approved = facts.approved.is_some_and(|by| route.methods.contains(&by));
            if approved { Ok(Reason::ApprovalValid) } else { Err(Reason::ApprovalMissing) }
        }
    }
}

fn unproven(route: &Route, facts: &Facts<'_>, (account, missing): (&Account, Reason)) -> (Verdict<()>, Reason) {
    let (kinds, cooling_until) = match &account.enrolment {
        Enrolment::Unenrolled => {
            let verdict = match route.unenrolled {
                Unenrolled::Allow => Verdict::Allow(()),
                Unenrolled::Enroll => Verdict::Enrol,
                Unenrolled::Deny => Verdict::Deny,
            };
            return (verdict, Reason::Unenrolled);
        }
        Enrolment::MustBind if route.unenrolled == Unenrolled::Deny => return (Verdict::Deny, Reason::MustBind),
        Enrolment::MustBind => return (Verdict::Enrol, Reason::MustBind),
        Enrolment::Active { kinds, cooling_until } => (kinds, cooling_until),
    };
    if !kinds.iter().any(|kind| route.methods.contains(kind)) {
        return (Verdict::Deny, Reason::NoUsableFactor);
    }
    if let Some(until) = cooling_until.filter(|until| *until > facts.now)
        && route.require != Requirement::Session
    {
        return (Verdict::CoolDown { until }, Reason::CoolingDown);
    }
    (Verdict::Challenge, missing)
}

#[cfg(test)]
mod tests;
