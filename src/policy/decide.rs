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
    let proof = proof(route.require, facts);
    if proof.is_ok() && route.cool_downs.is_empty() {
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
mod tests {
    use std::time::Duration;

    use http::{HeaderMap, Method};
    use proptest::prelude::*;

    use super::*;
    use crate::{
        policy::{
            FactorKind, PathPattern, StampFacts,
            cooldown::{Cause, CoolDowns, Happened},
            rule::Match,
        },
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

    fn account(enrolment: Enrolment) -> Account {
        Account { enrolment, frozen: false, happened: Happened::default() }
    }

    fn facts(account: Option<&Account>) -> Facts<'_> {
        Facts { now: NOW, visitor: Visitor::Player, stamp: None, approved: false, account }
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
            answer_cookies: &crate::request::AnswerCookies::default(),
        };
        let enforced = routes.iter().collect();
        let landing = Landing { enforced, observed: Vec::new(), body_matters: false };
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
            Verdict::AskAccount => "ask",
        };
        (word, decision.reason)
    }

    #[test]
    fn what_is_missing_decides_the_answer() {
        use Unenrolled::{Allow, Deny, Enroll};
        let app = account(active(&[FactorKind::App], None));
        let sms = account(active(&[FactorKind::Sms], None));
        let cooling = account(active(&[FactorKind::App], Some(NOW.plus(Duration::from_millis(1)))));
        let ripe = account(active(&[FactorKind::App], Some(NOW)));
        let (none, lost) = (account(Enrolment::Unenrolled), account(Enrolment::MustBind));
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
        let lost = account(Enrolment::MustBind);
        let (enrol, deny) =
            (route(Requirement::Once, Unenrolled::Enroll), route(Requirement::Session, Unenrolled::Deny));
        assert_eq!(decide_over(&[enrol.clone(), deny.clone()], &facts(Some(&lost))), ("deny", Reason::MustBind));
        assert_eq!(decide_over(&[deny, enrol], &facts(Some(&lost))), ("deny", Reason::MustBind));
    }

    #[test]
    fn a_route_waits_after_what_happened_even_with_proof() {
        let hour = Duration::from_secs(3600);
        let mut waiting = route(Requirement::Once, Unenrolled::Allow);
        waiting.cool_downs = CoolDowns::all(hour);
        let app = |happened: Happened| Account { happened, ..account(active(&[FactorKind::App], None)) };
        let ago = |ago: Duration| [(Cause::PhoneChange, NOW.minus(ago))].into_iter().collect::<Happened>();
        fn approved(account: Option<&Account>) -> Facts<'_> {
            Facts { approved: true, ..facts(account) }
        }
        fn decided(route: &Route, facts: &Facts<'_>) -> (&'static str, Reason) {
            decide_over(std::slice::from_ref(route), facts)
        }
        assert_eq!(decided(&waiting, &approved(None)), ("ask", Reason::ApprovalValid));
        for over in [Happened::default(), ago(hour)] {
            let account = app(over);
            assert_eq!(decided(&waiting, &approved(Some(&account))), ("allow", Reason::ApprovalValid));
        }
        let just_now = app(ago(hour - Duration::from_millis(1)));
        assert_eq!(decided(&waiting, &approved(Some(&just_now))), ("cool-down", Reason::CoolingDown));
        assert_eq!(decided(&waiting, &facts(Some(&just_now))), ("cool-down", Reason::CoolingDown));
        let unenrolled = Account { enrolment: Enrolment::Unenrolled, ..just_now };
        assert_eq!(decided(&waiting, &facts(Some(&unenrolled))), ("cool-down", Reason::CoolingDown));
    }

    #[test]
    fn a_frozen_account_passes_no_guarded_route_that_asks_for_it() {
        let frozen = |enrolment| Account { frozen: true, ..account(enrolment) };
        for enrolment in [active(&[FactorKind::App], None), Enrolment::Unenrolled, Enrolment::MustBind] {
            let open = route(Requirement::Session, Unenrolled::Allow);
            assert_eq!(decide_over(&[open], &facts(Some(&frozen(enrolment)))), ("deny", Reason::Frozen));
        }
    }

    #[test]
    fn a_stamp_from_the_future_is_not_fresh() {
        let fresh = route(Requirement::Fresh { max_age: Duration::from_secs(300) }, Unenrolled::Enroll);
        let app = account(active(&[FactorKind::App], None));
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
        (0_u8..4, 0_u8..3, any::<bool>(), any::<bool>()).prop_map(|(require, unenrolled, forward, waits)| {
            let require = match require {
                0 => Requirement::None,
                1 => Requirement::Session,
                2 => Requirement::Fresh { max_age: Duration::from_secs(300) },
                _ => Requirement::Once,
            };
            let unenrolled = [Unenrolled::Allow, Unenrolled::Enroll, Unenrolled::Deny][usize::from(unenrolled)];
            let anonymous = if forward { Anonymous::Forward } else { Anonymous::Deny };
            let cool_downs = if waits { CoolDowns::all(Duration::from_secs(60)) } else { CoolDowns::default() };
            Route { anonymous, cool_downs, ..route(require, unenrolled) }
        })
    }

    fn any_account() -> impl Strategy<Value = Option<Account>> {
        let enrolment = proptest::sample::select(vec![
            None,
            Some(Enrolment::Unenrolled),
            Some(Enrolment::MustBind),
            Some(active(&[FactorKind::App], None)),
            Some(active(&[FactorKind::Sms], None)),
            Some(active(&[FactorKind::App], Some(NOW.plus(Duration::from_secs(9))))),
        ]);
        (enrolment, any::<bool>(), any::<bool>()).prop_map(|(enrolment, frozen, changed)| {
            let happened = changed.then_some((Cause::PhoneChange, NOW)).into_iter().collect();
            enrolment.map(|enrolment| Account { enrolment, frozen, happened })
        })
    }

    proptest! {
        /// A route more never opens what was closed.
        #[test]
        fn another_route_never_turns_a_refusal_into_a_pass(
            routes in proptest::collection::vec(any_route(), 1..4), extra in any_route(), at in 0_usize..4,
            account in any_account(), player in any::<bool>(), stamped in any::<bool>(), approved in any::<bool>(),
        ) {
            let visitor = if player { Visitor::Player } else { Visitor::Anonymous };
            let stamp = stamped.then_some(StampFacts { auth_time: NOW, fresh_time: None });
            let facts = Facts { visitor, stamp, approved, ..facts(account.as_ref()) };
            let before = decide_over(&routes, &facts).0;
            let mut more = routes.clone();
            more.insert(at.min(more.len()), extra);
            prop_assert!(before == "allow" || decide_over(&more, &facts).0 != "allow");
        }
    }
}
