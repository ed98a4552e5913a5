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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, Method};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        policy::{FactorKind, PathPattern, StampFacts, rule::Match},
        request::Scheme,
        target::Target,
    };

    const NOW: UnixTime = UnixTime::from_secs(1_000_000);

    fn route(require: Requirement, unenrolled: Unenrolled) -> Route {
        let pattern = Match { path: PathPattern::everything(), methods: Vec::new(), host: None, fields: Vec::new() };
        Route { require, unenrolled, methods: vec![FactorKind::App], ..Route::session_end(pattern) }
    }

    fn active(kinds: &[FactorKind], cooling_until: Option<UnixTime>) -> Enrolment {
        Enrolment::Active { kinds: kinds.to_vec(), cooling_until }
    }

    fn facts(enrolment: Option<&Enrolment>) -> Facts<'_> {
        Facts { now: NOW, visitor: Visitor::Player, stamp: None, approved: false, enrolment }
    }

    fn decide_over(routes: &[Route], facts: &Facts<'_>) -> (&'static str, Reason) {
        let target = Target::parse(b"/a").unwrap();
        let (method, headers) = (Method::POST, HeaderMap::new());
        let client = std::net::Ipv4Addr::LOCALHOST.into();
        let head = Head {
            method: &method,
            target: &target,
            host: "play.example",
            scheme: Scheme::Https,
            headers: &headers,
            client,
            peer: client,
        };
        let enforced = routes.iter().collect();
        let landing = Landing { enforced, observed: Vec::new(), body_matters: false, other_case: false };
        let decision = decide(&landing, &head, facts);
        let word = match decision.verdict {
            Verdict::Allow(permit) => {
                assert!(permit.covers(&method, "play.example", "/a"));
                assert!(!permit.covers(&Method::GET, "play.example", "/a"));
                assert!(!permit.covers(&method, "play.example", "/a?"));
                "allow"
            }
            Verdict::Challenge => "challenge",
            Verdict::Enrol => "enrol",
            Verdict::CoolDown { .. } => "cool-down",
            Verdict::Deny => "deny",
            Verdict::AskEnrolment => "ask",
        };
        (word, decision.reason)
    }

    #[test]
    fn what_is_missing_decides_the_answer() {
        use Unenrolled::{Allow, Deny, Enroll};
        let (app, sms) = (active(&[FactorKind::App], None), active(&[FactorKind::Sms], None));
        let cooling = active(&[FactorKind::App], Some(NOW.plus(Duration::from_millis(1))));
        let ripe = active(&[FactorKind::App], Some(NOW));
        let (none, lost) = (Enrolment::Unenrolled, Enrolment::MustBind);
        let (session, once) = (Requirement::Session, Requirement::Once);
        for (require, unenrolled, enrolment, expected) in [
            (session, Enroll, None, ("ask", Reason::StampMissing)),
            (session, Allow, Some(&none), ("allow", Reason::Unenrolled)),
            (session, Enroll, Some(&none), ("enrol", Reason::Unenrolled)),
            (session, Deny, Some(&none), ("deny", Reason::Unenrolled)),
            (session, Allow, Some(&lost), ("enrol", Reason::MustBind)),
            (session, Deny, Some(&lost), ("deny", Reason::MustBind)),
            (session, Enroll, Some(&app), ("challenge", Reason::StampMissing)),
            (once, Enroll, Some(&app), ("challenge", Reason::ApprovalMissing)),
            (session, Enroll, Some(&sms), ("deny", Reason::NoUsableFactor)),
            (session, Enroll, Some(&cooling), ("challenge", Reason::StampMissing)),
            (once, Enroll, Some(&cooling), ("cool-down", Reason::CoolingDown)),
            (once, Enroll, Some(&ripe), ("challenge", Reason::ApprovalMissing)),
        ] {
            let decided = decide_over(&[route(require, unenrolled)], &facts(enrolment));
            assert_eq!(decided, expected, "{require:?} {unenrolled:?} {enrolment:?}");
        }
    }

    #[test]
    fn the_strictest_refusal_answers() {
        let lost = Enrolment::MustBind;
        let (enrol, deny) =
            (route(Requirement::Once, Unenrolled::Enroll), route(Requirement::Session, Unenrolled::Deny));
        assert_eq!(decide_over(&[enrol.clone(), deny.clone()], &facts(Some(&lost))), ("deny", Reason::MustBind));
        assert_eq!(decide_over(&[deny, enrol], &facts(Some(&lost))), ("deny", Reason::MustBind));
    }

    #[test]
    fn a_stamp_from_the_future_is_not_fresh() {
        let fresh = route(Requirement::Fresh { max_age: Duration::from_secs(300) }, Unenrolled::Enroll);
        let app = active(&[FactorKind::App], None);
        for (fresh_time, expected) in [
            (Some(NOW), "allow"),
            (Some(NOW.minus(Duration::from_secs(300))), "allow"),
            (Some(NOW.minus(Duration::from_millis(300_001))), "challenge"),
            (Some(NOW.plus(Duration::from_millis(1))), "challenge"),
            (None, "challenge"),
        ] {
            let stamp = Some(StampFacts { auth_time: NOW, fresh_time });
            let facts = Facts { stamp, ..facts(Some(&app)) };
            assert_eq!(decide_over(std::slice::from_ref(&fresh), &facts).0, expected, "{fresh_time:?}");
        }
    }

    #[test]
    fn nobody_passes_only_where_the_route_forwards() {
        let mut open = route(Requirement::Once, Unenrolled::Allow);
        let anonymous = Facts { visitor: Visitor::Anonymous, approved: true, ..facts(None) };
        assert_eq!(decide_over(std::slice::from_ref(&open), &anonymous), ("deny", Reason::Anonymous));
        open.anonymous = Anonymous::Forward;
        assert_eq!(decide_over(&[open], &anonymous), ("allow", Reason::Anonymous));
    }

    fn any_route() -> impl Strategy<Value = Route> {
        (0_u8..4, 0_u8..3, any::<bool>()).prop_map(|(require, unenrolled, forward)| {
            let require = match require {
                0 => Requirement::None,
                1 => Requirement::Session,
                2 => Requirement::Fresh { max_age: Duration::from_secs(300) },
                _ => Requirement::Once,
            };
            let unenrolled = [Unenrolled::Allow, Unenrolled::Enroll, Unenrolled::Deny][usize::from(unenrolled)];
            let anonymous = if forward { Anonymous::Forward } else { Anonymous::Deny };
            Route { anonymous, ..route(require, unenrolled) }
        })
    }

    fn any_enrolment() -> impl Strategy<Value = Option<Enrolment>> {
        proptest::sample::select(vec![
            None,
            Some(Enrolment::Unenrolled),
            Some(Enrolment::MustBind),
            Some(active(&[FactorKind::App], None)),
            Some(active(&[FactorKind::Sms], None)),
            Some(active(&[FactorKind::App], Some(NOW.plus(Duration::from_secs(9))))),
        ])
    }

    proptest! {
        /// A route more never opens what was closed.
        #[test]
        fn another_route_never_turns_a_refusal_into_a_pass(
            routes in proptest::collection::vec(any_route(), 1..4), extra in any_route(), at in 0_usize..4,
            enrolment in any_enrolment(), player in any::<bool>(), stamped in any::<bool>(), approved in any::<bool>(),
        ) {
            let visitor = if player { Visitor::Player } else { Visitor::Anonymous };
            let stamp = stamped.then_some(StampFacts { auth_time: NOW, fresh_time: None });
            let facts = Facts { visitor, stamp, approved, ..facts(enrolment.as_ref()) };
            let before = decide_over(&routes, &facts).0;
            let mut more = routes.clone();
            more.insert(at.min(more.len()), extra);
            prop_assert!(before == "allow" || decide_over(&more, &facts).0 != "allow");
        }
    }
}
