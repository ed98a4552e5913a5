//! Temporary codes: when they are given, and what ends them.

use super::*;

async fn is_taken(desk: &AtDesk, code: &str) -> bool {
    let live = desk.world.flow.stores.desk.live_code(desk.subject(), desk.world.clock.now()).await.unwrap();
    let code = crate::factor::backup_code::BackupCode::parse(code).unwrap();
    live == Some(desk.world.flow.temporary_code(&code))
}

#[tokio::test]
async fn a_temporary_code_is_given_within_seven_days_of_the_reset_and_no_longer() {
    let desk = AtDesk::new().await;
    desk.reset().await;
    desk.world.clock.advance(7 * DAY - STEP);
    assert!(desk.look("support").await.unwrap().takes_code);
    desk.issue("support").await.unwrap();
    desk.world.clock.advance(STEP);
    let Err(DeskError::Conflict(why)) = desk.issue("support").await else { panic!("too late") };
    assert!(why.contains("seven days") && !desk.look("support").await.unwrap().takes_code, "{why}");
    // Another reset is another check of who it is.
    desk.reset().await;
    desk.issue("support").await.unwrap();
}

#[tokio::test]
async fn of_two_resets_the_newer_ones_code_is_the_only_one() {
    let mut desk = AtDesk::new().await;
    desk.settings.reset.code_lifetime = 3 * DAY;
    desk.reset().await;
    let first = desk.issue("support").await.unwrap();
    let again = desk.issue("support").await.unwrap();
    assert!(!is_taken(&desk, &first).await && is_taken(&desk, &again).await, "a new one takes its place");
    desk.reset().await;
    assert!(!is_taken(&desk, &again).await, "a reset that is carried out ends it");
}

#[tokio::test]
async fn a_freeze_ends_an_unused_code_and_gives_none_out() {
    let desk = AtDesk::new().await;
    desk.reset().await;
    let code = desk.issue("support").await.unwrap();
    desk.act("support", DeskAction::Freeze).await.unwrap();
    assert!(!is_taken(&desk, &code).await);
    assert!(matches!(desk.issue("support").await, Err(DeskError::Conflict(_))));
    desk.act("supervisor", DeskAction::Unfreeze).await.unwrap();
    assert!(!is_taken(&desk, &code).await, "it does not come back");
    desk.issue("support").await.unwrap();
}

#[tokio::test]
async fn a_factor_that_is_bound_otherwise_ends_an_unused_code() {
    let desk = AtDesk::new().await;
    desk.reset().await;
    let code = desk.issue("support").await.unwrap();
    desk.world.flow.seed_app_factor("ayu", "Play").await.unwrap();
    assert!(!is_taken(&desk, &code).await);
}

#[tokio::test]
async fn a_temporary_code_binds_one_factor_after_a_reset_and_never_before() {
    let desk = AtDesk::new().await;
    assert!(matches!(desk.issue("support").await, Err(DeskError::Conflict(_))), "no reset");
    let asked = desk.request("support").await.unwrap();
    desk.approve("supervisor", &asked.id).await.unwrap();
    assert!(matches!(desk.issue("support").await, Err(DeskError::Conflict(_))), "not yet reset");
    desk.world.clock.advance(DAY);
    desk.carry_out().await;
    assert!(matches!(desk.enrol(None).await, Err(FlowError::Denied(_))), "the site's rule wants the desk");

    let earlier = desk.issue("support").await.unwrap();
    let given = desk.issue("supervisor").await.unwrap();
    for wrong in [earlier.as_str(), "ABCD-EFGH-JKMN-PQRS-TV01", "123456"] {
        assert!(matches!(desk.enrol(Some(wrong)).await, Err(FlowError::CodeRejected { .. })), "{wrong}");
    }
    desk.enrol(Some(&given)).await.unwrap();
    let state = desk.state().await;
    assert_eq!((state.factors.len(), state.must_bind, state.factors[0].matures_at), (1, false, desk.world.clock.now()));
    assert!(matches!(desk.enrol(Some(&given)).await, Err(FlowError::Denied(_))), "a factor is active");
    assert!(matches!(desk.issue("support").await, Err(DeskError::Conflict(_))), "bound since");
}

#[tokio::test]
async fn a_temporary_code_ends() {
    let desk = AtDesk::new().await;
    let asked = desk.request("support").await.unwrap();
    desk.approve("admin", &asked.id).await.unwrap();
    desk.world.clock.advance(DAY);
    desk.carry_out().await;
    let given = desk.issue("support").await.unwrap();
    desk.world.clock.advance(121 * STEP);
    assert!(matches!(desk.enrol(Some(&given)).await, Err(FlowError::CodeRejected { .. })));
}
