//! Verdicts over tables of facts and routes.

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
    request::testing::with_head,
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
    Facts { now: NOW, visitor: Visitor::Player, stamp: None, approved: None, account }
}

fn decide_over(routes: &[Route], facts: &Facts<'_>) -> (&'static str, Reason) {
    let target = Target::parse(b"/a").unwrap();
    let (method, headers) = (Method::POST, HeaderMap::new());
    let enforced = routes.iter().collect();
    let landing = Landing { enforced, observed: Vec::new(), body_matters: false, other_case: false };
    let decision = with_head(&method, &target, &headers, |head| decide(&landing, head, facts));
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
    let (enrol, deny) = (route(Requirement::Once, Unenrolled::Enroll), route(Requirement::Session, Unenrolled::Deny));
    assert_eq!(decide_over(&[enrol.clone(), deny.clone()], &facts(Some(&lost))), ("deny", Reason::MustBind));
    assert_eq!(decide_over(&[deny, enrol], &facts(Some(&lost))), ("deny", Reason::MustBind));
}

#[test]
fn of_two_equal_refusals_the_first_answers() {
    let app = account(active(&[FactorKind::App], None));
    let (once, session) =
        (route(Requirement::Once, Unenrolled::Enroll), route(Requirement::Session, Unenrolled::Enroll));
    let both = [once, session];
    assert_eq!(decide_over(&both, &facts(Some(&app))), ("challenge", Reason::ApprovalMissing));
}

#[test]
fn words_of_logs_and_metrics_stay() {
    let verdicts: [Verdict<()>; 6] = [
        Verdict::Allow(()),
        Verdict::Challenge,
        Verdict::Enrol,
        Verdict::CoolDown { until: NOW },
        Verdict::Deny,
        Verdict::AskAccount,
    ];
    assert_eq!(verdicts.map(|verdict| verdict.as_str()), ["allow", "challenge", "enrol", "deny", "deny", "deny"]);
    let reasons = [
        (Reason::NotGuarded, "not-guarded"),
        (Reason::StampValid, "stamp-valid"),
        (Reason::ApprovalValid, "approval-valid"),
        (Reason::StampMissing, "stamp-missing"),
        (Reason::StampStale, "stamp-stale"),
        (Reason::ApprovalMissing, "approval-missing"),
        (Reason::Anonymous, "anonymous"),
        (Reason::Unenrolled, "unenrolled"),
        (Reason::MustBind, "must-bind"),
        (Reason::CoolingDown, "cooling-down"),
        (Reason::Frozen, "frozen"),
        (Reason::NoUsableFactor, "no-usable-factor"),
    ];
    for (reason, word) in reasons {
        assert_eq!(reason.as_str(), word);
    }
}

#[test]
fn a_route_waits_after_what_happened_even_with_proof() {
    let hour = Duration::from_secs(3600);
    let mut waiting = route(Requirement::Once, Unenrolled::Allow);
    waiting.cool_downs = CoolDowns::all(hour);
    let app = |happened: Happened| Account { happened, ..account(active(&[FactorKind::App], None)) };
    let ago = |ago: Duration| [(Cause::PhoneChange, NOW.minus(ago))].into_iter().collect::<Happened>();
    fn approved(account: Option<&Account>) -> Facts<'_> {
        Facts { approved: Some(FactorKind::App), ..facts(account) }
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
        let stamp = Some(StampFacts { auth_time: NOW, fresh_time, by: FactorKind::App });
        let facts = Facts { stamp, ..facts(Some(&app)) };
        assert_eq!(decide_over(std::slice::from_ref(&fresh), &facts).0, expected, "{fresh_time:?}");
    }
}

#[test]
fn a_proof_by_a_kind_that_the_route_does_not_take_is_none_there() {
    let account = account(active(&[FactorKind::App, FactorKind::Sms, FactorKind::BackupCode], None));
    let fresh = Requirement::Fresh { max_age: Duration::from_secs(300) };
    for by in [FactorKind::Sms, FactorKind::BackupCode] {
        let stamp = Some(StampFacts { auth_time: NOW, fresh_time: Some(NOW), by });
        let facts = Facts { stamp, approved: Some(by), ..facts(Some(&account)) };
        for (require, missing) in [
            (Requirement::Session, Reason::StampMissing),
            (fresh, Reason::StampMissing),
            (Requirement::Once, Reason::ApprovalMissing),
        ] {
            let app_only = route(require, Unenrolled::Enroll);
            let takes_it = Route { methods: vec![by], ..app_only.clone() };
            assert_eq!(decide_over(std::slice::from_ref(&app_only), &facts), ("challenge", missing));
            assert_eq!(decide_over(std::slice::from_ref(&takes_it), &facts).0, "allow");
            assert_eq!(decide_over(&[takes_it, app_only], &facts), ("challenge", missing));
        }
    }
}

#[test]
fn nobody_passes_only_where_the_route_forwards() {
    let mut open = route(Requirement::Once, Unenrolled::Allow);
    let anonymous = Facts { visitor: Visitor::Anonymous, approved: Some(FactorKind::App), ..facts(None) };
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
        let stamp = stamped.then_some(StampFacts { auth_time: NOW, fresh_time: None, by: FactorKind::App });
        let approved = approved.then_some(FactorKind::App);
        let facts = Facts { visitor, stamp, approved, ..facts(account.as_ref()) };
        let before = decide_over(&routes, &facts).0;
        let mut more = routes.clone();
        more.insert(at.min(more.len()), extra);
        prop_assert!(before == "allow" || decide_over(&more, &facts).0 != "allow");
    }
}
