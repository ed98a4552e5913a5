//! Shared ports: memory.

use std::{sync::Arc, time::Duration};

use stepgate::{
    clock::{Clock, ManualClock, UnixTime},
    policy::FactorKind,
    request::{Binding, Carrier},
    secret::{Sealed, Token},
    store::{
        Approval, Approvals, Challenge, ChallengeState, Challenges, Held, PendingEnrolment, PendingEnrolments,
        memory::Memory,
        shared::{CHALLENGES_PER_LOGIN, Level},
    },
};

use super::{NOW, at_once, binding, run, subject};

const HELD_TOTAL: u64 = 100_000;
const MINUTE: Duration = Duration::from_secs(60);

/// Every implementation with the clock that it follows.
fn implementations() -> [(Arc<Memory>, Arc<ManualClock>); 1] {
    let clock = Arc::new(ManualClock::at(NOW));
    [(Arc::new(Memory::new(Arc::clone(&clock) as Arc<dyn Clock>, HELD_TOTAL)), clock)]
}

fn challenge(id: &str, login: Binding, created_at: UnixTime) -> Challenge {
    Challenge {
        id: id.to_owned(),
        browser: Some(Token::random().hash()),
        subject: subject("名前 é"),
        binding: login,
        carrier: Carrier::Cookie,
        route: "withdraw".to_owned(),
        level: Level::Once,
        methods: vec![FactorKind::App],
        details: vec![("Amount".to_owned(), "1500000".to_owned())],
        digest: Some([7; 32]),
        return_to: "/withdraw".to_owned(),
        holds: false,
        created_at,
        expires_at: created_at.plus(MINUTE),
        state: ChallengeState::Open,
    }
}

fn pending(id: &str, login: Binding) -> PendingEnrolment {
    PendingEnrolment {
        id: id.to_owned(),
        subject: subject("ayu"),
        binding: login,
        kind: FactorKind::App,
        factor_id: "f".to_owned(),
        grounds: stepgate::store::Grounds::First,
        step: stepgate::store::EnrolmentStep::Secret,
        number: None,
        secret: Some(sealed(20)),
        codes: None,
        return_to: None,
        created_at: NOW,
        expires_at: NOW.plus(MINUTE),
    }
}

fn sealed(bytes: usize) -> Sealed {
    Sealed { key_id: "k1".to_owned(), bytes: vec![1; bytes] }
}

#[test]
fn a_challenge_ends_by_the_moved_clock() {
    run(async {
        for (store, clock) in implementations() {
            let asked = challenge("c", binding(1), NOW);
            Challenges::put(&*store, asked.clone()).await.unwrap();
            assert_eq!(Challenges::find(&*store, "c", NOW).await.unwrap(), Some(asked.clone()));
            assert_eq!(Challenges::find(&*store, "unknown", NOW).await.unwrap(), None);
            clock.advance(MINUTE);
            assert_eq!(Challenges::find(&*store, "c", clock.now()).await.unwrap(), None);
            assert!(!Challenges::replace(&*store, &asked, asked.clone()).await.unwrap());
        }
    });
}

#[test]
fn a_challenge_is_answered_once() {
    run(async {
        for (store, _) in implementations() {
            let open = challenge("c", binding(1), NOW);
            Challenges::put(&*store, open.clone()).await.unwrap();
            let state = ChallengeState::Answered { at: NOW, by: FactorKind::App, epoch: 0 };
            let answered = Challenge { state, ..open.clone() };
            let replaced = at_once(100, &store, |store| {
                let (open, answered) = (open.clone(), answered.clone());
                async move { Challenges::replace(&*store, &open, answered).await.unwrap() }
            });
            assert_eq!(replaced.await.into_iter().filter(|replaced| *replaced).count(), 1);
            assert_eq!(Challenges::find(&*store, "c", NOW).await.unwrap(), Some(answered));
        }
    });
}

#[test]
fn a_log_in_holds_a_bounded_number_of_challenges() {
    run(async {
        for (store, _) in implementations() {
            Challenges::put(&*store, challenge("other", binding(2), NOW)).await.unwrap();
            for (number, second) in (0..CHALLENGES_PER_LOGIN + 5).zip(0..) {
                let asked_at = NOW.plus(Duration::from_secs(second));
                Challenges::put(&*store, challenge(&format!("c{number}"), binding(1), asked_at)).await.unwrap();
            }
            assert_eq!(store.count(binding(1), NOW).await.unwrap(), CHALLENGES_PER_LOGIN);
            assert_eq!(Challenges::find(&*store, "c4", NOW).await.unwrap(), None);
            assert!(Challenges::find(&*store, "c5", NOW).await.unwrap().is_some());
            assert!(Challenges::find(&*store, "other", NOW).await.unwrap().is_some());
        }
    });
}

#[test]
fn ending_a_log_in_ends_its_challenges_and_held_requests_only() {
    run(async {
        for (store, _) in implementations() {
            for (id, login) in [("mine", binding(1)), ("other", binding(2))] {
                Challenges::put(&*store, challenge(id, login, NOW)).await.unwrap();
                assert!(Held::put(&*store, id, sealed(10), NOW.plus(MINUTE)).await.unwrap());
            }
            store.end_all(binding(1)).await.unwrap();
            assert_eq!(Challenges::find(&*store, "mine", NOW).await.unwrap(), None);
            assert_eq!(Held::find(&*store, "mine", NOW).await.unwrap(), None);
            assert!(Challenges::find(&*store, "other", NOW).await.unwrap().is_some());
            assert_eq!(store.usage().await.unwrap(), (1, 10));
        }
    });
}

#[test]
fn held_requests_stay_within_their_bytes() {
    run(async {
        for (store, clock) in implementations() {
            let end = NOW.plus(MINUTE);
            assert!(Held::put(&*store, "a", sealed(65_600), end).await.unwrap());
            assert_eq!(Held::find(&*store, "a", NOW).await.unwrap(), Some(sealed(65_600)));
            assert!(!Held::put(&*store, "b", sealed(65_600), end).await.unwrap());
            assert_eq!(store.usage().await.unwrap(), (1, 65_600));
            clock.advance(MINUTE);
            assert_eq!(Held::find(&*store, "a", clock.now()).await.unwrap(), None);
            assert!(Held::put(&*store, "b", sealed(65_600), clock.now().plus(MINUTE)).await.unwrap());
            Held::remove(&*store, "b").await.unwrap();
            assert_eq!(store.usage().await.unwrap(), (0, 0));
        }
    });
}

#[test]
fn of_one_player_the_newest_are_kept_and_of_others_all() {
    run(async {
        for (store, _) in implementations() {
            let (ayu, budi) = (subject("ayu"), subject("budi"));
            let put = async |owner, id: &str, bytes| {
                store.put_of((owner, 3), id, sealed(bytes), NOW.plus(MINUTE)).await.unwrap()
            };
            assert!(Held::put(&*store, "form", sealed(10), NOW.plus(MINUTE)).await.unwrap());
            assert!(put(&budi, "b", 10).await);
            for id in ["a1", "a2", "a3", "a4", "a5"] {
                assert!(put(&ayu, id, 100).await);
            }
            let mut kept = Vec::new();
            for id in ["form", "b", "a1", "a2", "a3", "a4", "a5"] {
                kept.extend(Held::find(&*store, id, NOW).await.unwrap().map(|_| id));
            }
            assert_eq!(kept, ["form", "b", "a3", "a4", "a5"]);
            assert_eq!(store.usage().await.unwrap(), (5, 320));
            Held::remove(&*store, "a4").await.unwrap();
            assert!(put(&ayu, "a6", 100).await);
            assert!(Held::find(&*store, "a3", NOW).await.unwrap().is_some(), "there was room");
        }
    });
}

#[test]
fn an_approval_is_found_by_its_token_until_it_expires() {
    run(async {
        for (store, clock) in implementations() {
            let token = Token::random();
            let approval = Approval { challenge_id: "c".to_owned(), expires_at: NOW.plus(MINUTE) };
            Approvals::put(&*store, token.hash(), approval.clone()).await.unwrap();
            assert_eq!(Approvals::find(&*store, token.hash(), NOW).await.unwrap(), Some(approval));
            assert_eq!(Approvals::find(&*store, Token::random().hash(), NOW).await.unwrap(), None);
            clock.advance(MINUTE);
            assert_eq!(Approvals::find(&*store, token.hash(), clock.now()).await.unwrap(), None);
        }
    });
}

#[test]
fn a_pending_enrolment_is_taken_once() {
    run(async {
        for (store, clock) in implementations() {
            PendingEnrolments::put(&*store, pending("e", binding(1))).await.unwrap();
            let taken = at_once(100, &store, |store| async move { store.take("e", NOW).await.unwrap() }).await;
            assert_eq!(taken.into_iter().flatten().count(), 1);
            PendingEnrolments::put(&*store, pending("late", binding(1))).await.unwrap();
            clock.advance(MINUTE);
            assert_eq!(store.take("late", clock.now()).await.unwrap(), None);
        }
    });
}

#[test]
fn a_new_enrolment_takes_the_place_of_the_log_ins_other() {
    run(async {
        for (store, _) in implementations() {
            for (id, login) in [("first", binding(1)), ("second", binding(1)), ("elsewhere", binding(2))] {
                PendingEnrolments::put(&*store, pending(id, login)).await.unwrap();
            }
            assert_eq!(PendingEnrolments::find(&*store, "first", NOW).await.unwrap(), None);
            for id in ["second", "elsewhere"] {
                assert!(PendingEnrolments::find(&*store, id, NOW).await.unwrap().is_some());
            }
            store.void_all(&subject("ayu")).await.unwrap();
            for id in ["second", "elsewhere"] {
                assert_eq!(PendingEnrolments::find(&*store, id, NOW).await.unwrap(), None);
            }
        }
    });
}
