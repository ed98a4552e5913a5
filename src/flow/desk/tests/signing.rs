//! Signing in at the desk, and sessions.

use std::sync::Arc;

use super::{super::sign_in::SignIn, *};
use crate::store::audit::{SIGNED_IN, SIGNED_OUT};

#[tokio::test]
async fn a_sign_in_needs_all_three_and_a_code_counts_once() {
    let desk = AtDesk::new().await;
    let flow = &desk.world.flow;
    let typed = code(&secret(1), START);
    let of = |name, password| SignIn { name, password, code: &typed, origin: NETWORK };
    for wrong in [of("support", "wrong"), of("supervisor", PASSWORD), of("nobody", PASSWORD), of("-", PASSWORD)] {
        assert!(matches!(flow.desk_sign_in(&desk.settings, wrong).await, Err(DeskError::SignInRefused)));
    }
    let (agent, token) = flow.desk_sign_in(&desk.settings, of("support", PASSWORD)).await.unwrap();
    assert_eq!(flow.desk_agent(&desk.settings, &token, NETWORK).await.unwrap(), agent);
    let again = flow.desk_sign_in(&desk.settings, of("support", PASSWORD)).await;
    assert!(matches!(again, Err(DeskError::SignInRefused)), "the same step");
    assert!(matches!(flow.desk_agent(&desk.settings, &Token::random(), NETWORK).await, Err(DeskError::SignedOut)));
    flow.desk_sign_out(&token, NETWORK).await.unwrap();
    flow.desk_sign_out(&token, NETWORK).await.unwrap();
    assert!(matches!(flow.desk_agent(&desk.settings, &token, NETWORK).await, Err(DeskError::SignedOut)));
    // What was typed under a name that nobody has is not written down.
    let lines: Vec<(String, String, String)> =
        desk.rows(SIGNED_IN).await.into_iter().map(|(row, _)| (row.actor, row.detail, row.outcome)).collect();
    let line = |actor: &str, detail: &str, outcome: &str| (actor.to_owned(), detail.to_owned(), outcome.to_owned());
    let expected = [
        line("nobody", "support", "refused"),
        line("nobody", "supervisor", "refused"),
        line("nobody", "", "refused"),
        line("nobody", "", "refused"),
        line("support:support", "", "done"),
        line("nobody", "support", "refused"),
    ];
    assert_eq!(lines, expected);
    let out = desk.rows(SIGNED_OUT).await;
    assert_eq!(out.iter().map(|(row, _)| row.actor.as_str()).collect::<Vec<_>>(), ["support:support"]);
    assert!(out.iter().all(|(row, of)| row.origin == NETWORK && of.is_empty()));
}

#[tokio::test]
async fn failed_sign_ins_pause_one_operator_across_a_restart() {
    let mut desk = AtDesk::new().await;
    let typed = code(&secret(1), START);
    let sign_in = |name, password| SignIn { name, password, code: &typed, origin: NETWORK };
    for _ in 0..5 {
        let failed = desk.world.flow.desk_sign_in(&desk.settings, sign_in("support", "wrong")).await;
        assert!(matches!(failed, Err(DeskError::SignInRefused)));
    }
    desk.world = desk.world.restarted().await;
    let flow = &desk.world.flow;
    let paused = flow.desk_sign_in(&desk.settings, sign_in("support", PASSWORD)).await;
    assert!(matches!(paused, Err(DeskError::SignInPaused { until }) if until == START.plus(STEP)));
    let other = code(&secret(2), START);
    let other = SignIn { name: "supervisor", password: PASSWORD, code: &other, origin: NETWORK };
    flow.desk_sign_in(&desk.settings, other).await.unwrap();
    desk.world.clock.advance(STEP);
    flow.desk_sign_in(&desk.settings, sign_in("support", PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn a_session_ends_when_idle_when_old_and_with_other_credentials() {
    let mut desk = AtDesk::new().await;
    let clock = Arc::clone(&desk.world.clock);
    let flow = Arc::clone(&desk.world.flow);
    let sign_in = async |settings: &Settings| {
        let typed = code(&secret(1), clock.now());
        let typed = SignIn { name: "support", password: PASSWORD, code: &typed, origin: NETWORK };
        flow.desk_sign_in(settings, typed).await.unwrap().1
    };
    let idle = sign_in(&desk.settings).await;
    clock.advance(60 * STEP);
    assert!(matches!(flow.desk_agent(&desk.settings, &idle, NETWORK).await, Err(DeskError::SignedOut)));
    let used = sign_in(&desk.settings).await;
    for _ in 0..19 {
        clock.advance(50 * STEP);
        flow.desk_agent(&desk.settings, &used, NETWORK).await.unwrap();
    }
    clock.advance(50 * STEP);
    assert!(matches!(flow.desk_agent(&desk.settings, &used, NETWORK).await, Err(DeskError::SignedOut)), "eight hours");
    let before = sign_in(&desk.settings).await;
    desk.settings.operators[0].password = PasswordHash::of("another").unwrap();
    assert!(matches!(flow.desk_agent(&desk.settings, &before, NETWORK).await, Err(DeskError::SignedOut)));
    desk.settings.operators.remove(0);
    assert!(matches!(flow.desk_agent(&desk.settings, &before, NETWORK).await, Err(DeskError::SignedOut)));
}

/// What a failed sign-in under a name from a network says.
async fn failed(desk: &AtDesk, name: &str, origin: &str) -> String {
    let typed = SignIn { name, password: "wrong", code: "000000", origin };
    let error = desk.world.flow.desk_sign_in(&desk.settings, typed).await.unwrap_err();
    if let DeskError::SignInPaused { until } = error {
        return format!("{error}, until {until}");
    }
    error.to_string()
}

#[tokio::test]
async fn names_that_nobody_has_are_refused_and_paused_as_those_that_somebody_has() {
    let desk = AtDesk::new().await;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..12 {
        known.push(failed(&desk, "support", NETWORK).await);
        unknown.push(failed(&desk, "nobody-has-this", NETWORK).await);
        desk.world.clock.advance(STEP / 2);
    }
    assert_eq!(known, unknown);
    assert!(known.iter().any(|said| said.contains("until")), "{known:?}");
    // One unknown name does not stand in for the other.
    assert!(!failed(&desk, "another", NETWORK).await.contains("until"));
}

#[tokio::test]
async fn whoever_knows_a_name_keeps_its_owner_out_from_their_own_network_alone() {
    let desk = AtDesk::new().await;
    for _ in 0..9 {
        failed(&desk, "support", "203.0.113.0/24").await;
        desk.world.clock.advance(120 * STEP);
    }
    failed(&desk, "support", "203.0.113.0/24").await;
    assert!(failed(&desk, "support", "203.0.113.0/24").await.contains("until"));
    let typed = code(&secret(1), desk.world.clock.now());
    let typed = SignIn { name: "support", password: PASSWORD, code: &typed, origin: NETWORK };
    desk.world.flow.desk_sign_in(&desk.settings, typed).await.unwrap();
}

#[tokio::test]
async fn a_name_is_paused_from_everywhere_after_fifty_failures_and_for_a_quarter_of_an_hour_at_most() {
    let desk = AtDesk::new().await;
    let mut longest = std::time::Duration::ZERO;
    let mut paused_by_name = 0;
    for network in 0..80_u8 {
        let before = desk.world.clock.now();
        let typed =
            SignIn { name: "support", password: "wrong", code: "000000", origin: &format!("10.0.{network}.0/24") };
        let refused = desk.world.flow.desk_sign_in(&desk.settings, typed).await.unwrap_err();
        let DeskError::SignInPaused { until } = refused else {
            assert!(matches!(refused, DeskError::SignInRefused), "{refused}");
            continue;
        };
        assert!(network >= 50, "{network}");
        paused_by_name += 1;
        longest = longest.max(until.since(before));
        desk.world.clock.advance(until.since(before));
    }
    assert!(paused_by_name > 5, "{paused_by_name}");
    assert_eq!(longest, std::time::Duration::from_secs(15 * 60));
}

#[tokio::test]
async fn a_network_that_tries_many_names_is_paused_and_fills_no_audit() {
    let desk = AtDesk::new().await;
    for number in 0..130 {
        failed(&desk, &format!("name-{number}"), NETWORK).await;
    }
    // A hundred that were compared, and one line for the pause.
    assert_eq!(desk.world.flow.stores.trail.select(&Selection::default(), 500).await.unwrap().len(), 101);
    let typed = code(&secret(1), START);
    let elsewhere = SignIn { name: "support", password: PASSWORD, code: &typed, origin: "198.51.100.0/24" };
    desk.world.flow.desk_sign_in(&desk.settings, elsewhere).await.unwrap();
}
