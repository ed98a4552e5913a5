//! Signing in at the desk, and sessions.

use std::sync::Arc;

use super::{super::sign_in::SignIn, *};

#[tokio::test]
async fn a_sign_in_needs_all_three_and_a_code_counts_once() {
    let desk = AtDesk::new().await;
    let flow = &desk.world.flow;
    let typed = code(&secret(1), START);
    let of = |name, password| SignIn { name, password, code: &typed };
    for wrong in [of("support", "wrong"), of("supervisor", PASSWORD), of("nobody", PASSWORD), of("-", PASSWORD)] {
        assert!(matches!(flow.desk_sign_in(&desk.settings, wrong).await, Err(DeskError::SignInRefused)));
    }
    let (agent, token) = flow.desk_sign_in(&desk.settings, of("support", PASSWORD)).await.unwrap();
    assert_eq!(flow.desk_agent(&desk.settings, &token).await.unwrap(), agent);
    let again = flow.desk_sign_in(&desk.settings, of("support", PASSWORD)).await;
    assert!(matches!(again, Err(DeskError::SignInRefused)), "the same step");
    assert!(matches!(flow.desk_agent(&desk.settings, &Token::random()).await, Err(DeskError::SignedOut)));
    flow.desk_sign_out(&token).await.unwrap();
    assert!(matches!(flow.desk_agent(&desk.settings, &token).await, Err(DeskError::SignedOut)));
}

#[tokio::test]
async fn failed_sign_ins_pause_one_operator_across_a_restart() {
    let mut desk = AtDesk::new().await;
    let typed = code(&secret(1), START);
    let sign_in = |name, password| SignIn { name, password, code: &typed };
    for _ in 0..5 {
        let failed = desk.world.flow.desk_sign_in(&desk.settings, sign_in("support", "wrong")).await;
        assert!(matches!(failed, Err(DeskError::SignInRefused)));
    }
    desk.world = desk.world.restarted().await;
    let flow = &desk.world.flow;
    let paused = flow.desk_sign_in(&desk.settings, sign_in("support", PASSWORD)).await;
    assert!(matches!(paused, Err(DeskError::SignInPaused { until }) if until == START.plus(STEP)));
    let other = code(&secret(2), START);
    let other = SignIn { name: "supervisor", password: PASSWORD, code: &other };
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
        flow.desk_sign_in(settings, SignIn { name: "support", password: PASSWORD, code: &typed }).await.unwrap().1
    };
    let idle = sign_in(&desk.settings).await;
    clock.advance(60 * STEP);
    assert!(matches!(flow.desk_agent(&desk.settings, &idle).await, Err(DeskError::SignedOut)));
    let used = sign_in(&desk.settings).await;
    for _ in 0..19 {
        clock.advance(50 * STEP);
        flow.desk_agent(&desk.settings, &used).await.unwrap();
    }
    clock.advance(50 * STEP);
    assert!(matches!(flow.desk_agent(&desk.settings, &used).await, Err(DeskError::SignedOut)), "eight hours");
    let before = sign_in(&desk.settings).await;
    desk.settings.operators[0].password = PasswordHash::of("another").unwrap();
    assert!(matches!(flow.desk_agent(&desk.settings, &before).await, Err(DeskError::SignedOut)));
    desk.settings.operators.remove(0);
    assert!(matches!(flow.desk_agent(&desk.settings, &before).await, Err(DeskError::SignedOut)));
}
