//! The steps behind "who is it", on a SQLite file, with a clock that stands still.

use std::sync::Arc;

use super::*;
use crate::{
    clock::Clock,
    factor::app,
    flow::{
        FirstEnrolment,
        enrol::Wanted,
        testing::{DAY, START, STEP, World, asker, code},
    },
    request::Binding,
    stamp::{Proof, Stamp},
    store::{Change, Place},
};

impl World {
    /// The id of a new challenge of this level.
    async fn ask(&self, asker: &Asker, browser: &Token, level: Level) -> String {
        let new = NewChallenge {
            player: &asker.player,
            browser: Some(browser),
            asks: "withdraw",
            methods: vec![FactorKind::App],
            level,
            details: Vec::new(),
            digest: None,
            return_to: "/withdraw".to_owned(),
            holds: false,
        };
        self.flow.open_challenge(5 * STEP, new).await.unwrap().challenge.id
    }

    /// Binds an app for the player; the secret that the phone then has.
    async fn enrol(&self, asker: &Asker) -> app::Secret {
        let pending = self.flow.begin(&self.rules, asker, APP).await.unwrap();
        let secret = self.flow.pending_secret(&pending);
        self.flow.confirm(&self.rules, asker, &pending.id, &code(&secret, self.clock.now())).await.unwrap();
        secret
    }

    async fn prove(&self, asker: &Asker, id: &str, code: &str) -> Result<Challenge, FlowError> {
        self.flow.prove(&self.rules, asker, id, by_app(code)).await.map(|proven| proven.challenge)
    }
}

impl Flow {
    fn pending_secret(&self, pending: &crate::store::PendingEnrolment) -> app::Secret {
        let sealed = pending.secret.as_ref().expect("a secret");
        self.app_secret(&pending.factor_id, &pending.subject, sealed).unwrap()
    }
}

const APP: Wanted<'_> =
    Wanted { kind: FactorKind::App, place: Place::Beside, number: None, support_code: None, return_to: None };

fn by_app(code: &str) -> Answer<'_> {
    Answer { method: FactorKind::App, code, remember: false }
}

/// Six digits that are not the code of any step near the moment.
fn wrong_code(secret: &app::Secret, at: UnixTime) -> String {
    let near: Vec<String> = (-12..=2).map(|step| code(secret, UnixTime::from_secs(at.secs() + step * 30))).collect();
    (0..20).map(|digits| format!("{digits:06}")).find(|candidate| !near.contains(candidate)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_sent_a_hundred_times_at_once_proves_once() {
    let (world, browser) = (World::new().await, Token::random());
    let secret = world.enrol(&asker("ayu", 1, &browser)).await;
    world.clock.advance(STEP);
    let typed = code(&secret, world.clock.now());
    // Two challenges, so that neither the code nor the challenge alone bounds it.
    let ayu = asker("ayu", 1, &browser);
    let ids = [world.ask(&ayu, &browser, Level::Session).await, world.ask(&ayu, &browser, Level::Session).await];
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let (flow, rules) = (Arc::clone(&world.flow), Arc::clone(&world.rules));
            let (typed, id) = (typed.clone(), ids[number % 2].clone());
            let ayu = asker("ayu", 1, &browser);
            tokio::spawn(async move { flow.prove(&rules, &ayu, &id, by_app(&typed)).await.is_ok() })
        })
        .collect();
    let mut proven = 0;
    for task in tasks {
        proven += usize::from(task.await.unwrap());
    }
    assert_eq!(proven, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn guesses_at_once_compare_five_codes_at_most() {
    let (world, browser) = (World::new().await, Token::random());
    let secret = world.enrol(&asker("ayu", 1, &browser)).await;
    world.clock.advance(STEP);
    let wrong = wrong_code(&secret, world.clock.now());
    let id = world.ask(&asker("ayu", 1, &browser), &browser, Level::Session).await;
    let tasks: Vec<_> = (0..500)
        .map(|_| {
            let (flow, rules) = (Arc::clone(&world.flow), Arc::clone(&world.rules));
            let (wrong, id) = (wrong.clone(), id.clone());
            let ayu = asker("ayu", 1, &browser);
            tokio::spawn(async move { flow.prove(&rules, &ayu, &id, by_app(&wrong)).await })
        })
        .collect();
    let (mut compared, mut refused) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Err(FlowError::CodeRejected { clock_is_slow: false }) => compared += 1,
            Err(FlowError::TooManyAttempts { .. }) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((compared, refused), (5, 495));
    // The right code waits for the end of the pause, too.
    let ayu = asker("ayu", 1, &browser);
    let right = code(&secret, world.clock.now());
    assert!(matches!(world.prove(&ayu, &id, &right).await, Err(FlowError::TooManyAttempts { .. })));
    assert!(world.flow.view(&world.rules, &ayu, &id).await.unwrap().paused_until.is_some());
    world.clock.advance(STEP);
    assert!(world.prove(&ayu, &id, &code(&secret, world.clock.now())).await.is_ok());
}

#[tokio::test]
async fn an_accepted_code_is_refused_after_a_restart() {
    let (world, browser) = (World::new().await, Token::random());
    let ayu = asker("ayu", 1, &browser);
    let secret = world.enrol(&ayu).await;
    world.clock.advance(STEP);
    let typed = code(&secret, world.clock.now());
    let id = world.ask(&ayu, &browser, Level::Session).await;
    world.prove(&ayu, &id, &typed).await.unwrap();
    let world = world.restarted().await;
    let id = world.ask(&ayu, &browser, Level::Session).await;
    assert!(matches!(world.prove(&ayu, &id, &typed).await, Err(FlowError::CodeRejected { .. })));
}

#[tokio::test]
async fn the_confirming_code_is_not_accepted_again() {
    let (world, browser) = (World::new().await, Token::random());
    let ayu = asker("ayu", 1, &browser);
    let secret = world.enrol(&ayu).await;
    let id = world.ask(&ayu, &browser, Level::Session).await;
    let again = world.prove(&ayu, &id, &code(&secret, world.clock.now())).await;
    assert!(matches!(again, Err(FlowError::CodeRejected { clock_is_slow: false })));
}

#[tokio::test]
async fn a_challenge_is_gone_for_everyone_but_its_own_log_in_and_browser() {
    let (world, browser, other) = (World::new().await, Token::random(), Token::random());
    let ayu = asker("ayu", 1, &browser);
    let secret = world.enrol(&ayu).await;
    world.clock.advance(STEP);
    let typed = code(&secret, world.clock.now());
    let id = world.ask(&ayu, &browser, Level::Session).await;
    let no_cookie = Asker { browser: None, ..asker("ayu", 1, &browser) };
    for stranger in [asker("ayu", 1, &other), asker("ayu", 2, &browser), asker("budi", 1, &browser), no_cookie] {
        assert!(matches!(world.prove(&stranger, &id, &typed).await, Err(FlowError::Gone)));
        assert!(matches!(world.flow.view(&world.rules, &stranger, &id).await, Err(FlowError::Gone)));
    }
    assert!(matches!(world.prove(&ayu, "unknown", &typed).await, Err(FlowError::Gone)));
    world.prove(&ayu, &id, &typed).await.unwrap();
    assert!(matches!(world.prove(&ayu, &id, &typed).await, Err(FlowError::Gone)));
    let late = world.ask(&ayu, &browser, Level::Session).await;
    world.clock.advance(5 * STEP);
    assert!(matches!(world.prove(&ayu, &late, &typed).await, Err(FlowError::Gone)));
}

#[tokio::test]
async fn a_new_factor_proves_a_session_only_until_it_matured() {
    let (world, browser) = (World::new().await, Token::random());
    let ayu = asker("ayu", 1, &browser);
    let secret = world.enrol(&ayu).await;
    world.clock.advance(STEP);
    for level in [Level::Fresh, Level::Once, Level::Change(Change::Disable)] {
        let id = world.ask(&ayu, &browser, level).await;
        let refused = world.prove(&ayu, &id, &code(&secret, world.clock.now())).await;
        assert!(matches!(refused, Err(FlowError::CoolingDown { until }) if until == START.plus(DAY)));
        assert!(world.flow.view(&world.rules, &ayu, &id).await.unwrap().methods.is_empty());
    }
    world.clock.advance(DAY);
    let id = world.ask(&ayu, &browser, Level::Once).await;
    assert!(world.prove(&ayu, &id, &code(&secret, world.clock.now())).await.is_ok());
}

#[tokio::test]
async fn a_slow_clock_is_told_apart() {
    let (world, browser) = (World::new().await, Token::random());
    let ayu = asker("ayu", 1, &browser);
    let secret = world.enrol(&ayu).await;
    world.clock.advance(10 * STEP);
    let id = world.ask(&ayu, &browser, Level::Session).await;
    let slow = code(&secret, world.clock.now().minus(5 * STEP));
    assert!(matches!(world.prove(&ayu, &id, &slow).await, Err(FlowError::CodeRejected { clock_is_slow: true })));
}

#[tokio::test]
async fn only_a_fresh_challenge_makes_a_proof_fresh() {
    let (world, browser) = (World::new().await, Token::random());
    let ayu = asker("ayu", 1, &browser);
    let secret = world.enrol(&ayu).await;
    world.clock.advance(DAY);
    let id = world.ask(&ayu, &browser, Level::Fresh).await;
    let fresh = world.prove(&ayu, &id, &code(&secret, world.clock.now())).await.unwrap();
    let now = world.clock.now();
    let proof = world.flow.proof(&fresh, 0, None, now).await.unwrap();
    assert_eq!((proof.auth_time, proof.fresh_time, proof.epoch), (now, Some(now), 0));
    assert_eq!(proof.amr, ["otp", "mfa"]);

    let session = Challenge { level: Level::Session, ..fresh };
    assert_eq!(world.flow.proof(&session, 0, None, now).await.unwrap().fresh_time, None);
    let stamp = |proof: Proof| Stamp { proof, id: "j".to_owned(), issued_at: now, expires_at: now.plus(DAY) };
    let later = now.plus(STEP);
    let kept = world.flow.proof(&session, 0, Some(&stamp(proof.clone())), later).await.unwrap();
    assert_eq!((kept.auth_time, kept.fresh_time), (later, Some(now)));
    for foreign in [Proof { binding: Binding([9; 32]), ..proof.clone() }, Proof { epoch: 1, ..proof.clone() }] {
        assert_eq!(world.flow.proof(&session, 0, Some(&stamp(foreign)), now).await.unwrap().fresh_time, None);
    }
    world.flow.stores.families.end(session.binding, now).await.unwrap();
    assert!(matches!(world.flow.proof(&session, 0, None, now).await, Err(FlowError::Gone)));
}

#[tokio::test]
async fn an_enrolment_is_confirmed_by_its_own_log_in_only() {
    let (world, browser) = (World::new().await, Token::random());
    let (ayu, thief) = (asker("ayu", 1, &browser), asker("ayu", 2, &browser));
    let pending = world.flow.begin(&world.rules, &ayu, Wanted { return_to: Some("not-theirs"), ..APP }).await.unwrap();
    assert_eq!(pending.return_to, None);
    let secret = world.flow.pending_secret(&pending);
    let typed = code(&secret, world.clock.now());
    let stolen = world.flow.confirm(&world.rules, &thief, &pending.id, &typed).await;
    assert!(matches!(stolen, Err(FlowError::Gone)));
    let wrong = wrong_code(&secret, world.clock.now());
    let guessed = world.flow.confirm(&world.rules, &ayu, &pending.id, &wrong).await;
    assert!(matches!(guessed, Err(FlowError::CodeRejected { .. })));

    let theirs = world.flow.begin(&world.rules, &thief, APP).await.unwrap();
    world.flow.confirm(&world.rules, &ayu, &pending.id, &typed).await.unwrap();
    let key = world.flow.pending_secret(&theirs);
    let late = world.flow.confirm(&world.rules, &thief, &theirs.id, &code(&key, world.clock.now())).await;
    assert!(matches!(late, Err(FlowError::Gone)));
    let again = world.flow.begin(&world.rules, &ayu, APP).await.unwrap();
    assert!(again.secret.is_none(), "an active factor must be proven first");
    let unproven = world.flow.confirm(&world.rules, &ayu, &again.id, &typed).await;
    assert!(matches!(unproven, Err(FlowError::Denied(_))));
}

#[tokio::test]
async fn a_first_enrolment_that_needs_more_than_a_session_is_denied() {
    let browser = Token::random();
    let ayu = asker("ayu", 1, &browser);
    for first in [FirstEnrolment::PhoneOnFile, FirstEnrolment::Support] {
        let strict = World::with(first).await;
        let begun = strict.flow.begin(&strict.rules, &ayu, APP).await;
        assert!(matches!(begun, Err(FlowError::Denied(_))));
    }
    let world = World::new().await;
    let codes = world.flow.begin(&world.rules, &ayu, Wanted { kind: FactorKind::BackupCode, ..APP }).await;
    assert!(matches!(codes, Err(FlowError::MethodUnavailable)));
}

#[tokio::test]
async fn a_kept_approval_names_its_challenge_and_ends() {
    let (world, browser) = (World::new().await, Token::random());
    let ayu = asker("ayu", 1, &browser);
    let secret = world.enrol(&ayu).await;
    world.clock.advance(DAY);
    let id = world.ask(&ayu, &browser, Level::Once).await;
    let answered = world.prove(&ayu, &id, &code(&secret, world.clock.now())).await.unwrap();
    let token = world.flow.keep_approval(&answered, answered.expires_at).await.unwrap();
    let approvals = &world.flow.stores.approvals;
    let kept = approvals.find(token.hash(), world.clock.now()).await.unwrap().unwrap();
    assert_eq!((kept.challenge_id, kept.expires_at), (id, answered.expires_at));
    assert_eq!(approvals.find(token.hash(), answered.expires_at).await.unwrap(), None);
}
