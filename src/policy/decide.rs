//! The decision.

use crate::{
    clock::UnixTime,
    policy::{Facts, Landing, Permit, Route},
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
pub fn decide<'r>(landing: &Landing<'r>, facts: &Facts<'_>) -> Decision<'r> {
    let _ = (landing, facts);
    unimplemented!()
}
