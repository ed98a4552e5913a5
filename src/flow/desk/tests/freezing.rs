//! Freezes by the desk and by the player, and what they end.

use super::*;

async fn open_reset(desk: &AtDesk) -> String {
    let asked = desk.request("support").await.unwrap();
    desk.approve("supervisor", &asked.id).await.unwrap();
    desk.told().await;
    desk.world.clock.advance(STEP);
    asked.id
}

async fn frozen_by_link(desk: &AtDesk, event_at: crate::clock::UnixTime) {
    desk.world.flow.freeze_account(&desk.world.rules, desk.subject(), event_at).await.unwrap();
}

#[tokio::test]
async fn a_freeze_by_the_player_calls_an_open_reset_off_and_says_so() {
    let desk = AtDesk::new().await;
    let id = open_reset(&desk).await;
    frozen_by_link(&desk, START).await;
    let reset = desk.world.flow.stores.desk.reset(&id).await.unwrap().unwrap();
    assert_eq!((reset.state, reset.ended_by.as_deref()), (ResetState::Cancelled, Some("player")));
    let rows = desk.rows("reset-cancelled").await;
    assert_eq!(rows.iter().map(|(row, of)| (row.actor.as_str(), of.as_str())).collect::<Vec<_>>(), [("player", "ayu")]);
    assert_eq!(desk.told().await.len(), 3, "of the reset, of its end, of the freeze");
    desk.world.clock.advance(DAY);
    desk.carry_out().await;
    assert_eq!(desk.state().await.factors.len(), 1);
}

#[tokio::test]
async fn a_freeze_that_is_cleared_before_the_reset_is_due_has_called_it_off_for_good() {
    let desk = AtDesk::new().await;
    let id = open_reset(&desk).await;
    desk.act("support", DeskAction::Freeze).await.unwrap();
    desk.act("supervisor", DeskAction::Unfreeze).await.unwrap();
    desk.world.clock.advance(DAY);
    desk.carry_out().await;
    assert_eq!((desk.reset_of(&id).await, desk.state().await.factors.len()), (ResetState::Cancelled, 1));
    let rows = desk.rows("reset-cancelled").await;
    assert_eq!(rows.iter().map(|(row, _)| row.actor.as_str()).collect::<Vec<_>>(), ["support:support"]);
}

#[tokio::test]
async fn a_freeze_of_an_account_that_is_frozen_already_calls_a_reset_off() {
    let desk = AtDesk::new().await;
    for (first, again) in [(true, true), (true, false), (false, true), (false, false)] {
        let freeze = async |by_link: bool| {
            if by_link {
                frozen_by_link(&desk, START).await;
            } else {
                desk.act("admin", DeskAction::Freeze).await.unwrap();
            }
        };
        freeze(first).await;
        let id = open_reset(&desk).await;
        freeze(again).await;
        assert_eq!(desk.reset_of(&id).await, ResetState::Cancelled, "by link: {first}, again: {again}");
        desk.act("admin", DeskAction::Unfreeze).await.unwrap();
        desk.world.clock.advance(120 * STEP);
    }
}

#[tokio::test]
async fn a_freeze_calls_off_a_reset_that_nobody_approved_and_frightens_nobody() {
    let desk = AtDesk::new().await;
    let asked = desk.request("support").await.unwrap();
    desk.act("support", DeskAction::Freeze).await.unwrap();
    assert_eq!(desk.reset_of(&asked.id).await, ResetState::Cancelled);
    assert_eq!(desk.told().await.len(), 1, "of the freeze alone");
    assert!(matches!(desk.approve("supervisor", &asked.id).await, Err(DeskError::Conflict(_))));
}

#[tokio::test]
async fn a_freeze_without_an_open_reset_writes_no_line_of_one() {
    let desk = AtDesk::new().await;
    frozen_by_link(&desk, START).await;
    desk.act("support", DeskAction::Freeze).await.unwrap();
    assert!(desk.rows("reset-cancelled").await.is_empty());
}

#[tokio::test]
async fn a_freeze_of_the_desk_is_cleared_by_the_desk_alone() {
    let desk = AtDesk::new().await;
    desk.act("support", DeskAction::Freeze).await.unwrap();
    let freeze = desk.state().await.freeze.unwrap();
    assert!(
        freeze.is_of_desk() && desk.state().await.factors.iter().all(|factor| factor.created_at >= freeze.event_at)
    );
    desk.act("supervisor", DeskAction::Unfreeze).await.unwrap();
    assert_eq!(desk.state().await.freeze, None);
}

#[tokio::test]
async fn the_desk_makes_a_players_own_freeze_one_that_the_desk_alone_clears() {
    let desk = AtDesk::new().await;
    // A factor that is older than what it was frozen for would clear it.
    desk.world.clock.advance(STEP);
    frozen_by_link(&desk, desk.world.clock.now()).await;
    let own = desk.state().await;
    assert!(own.factors[0].created_at < own.freeze.unwrap().event_at && !own.freeze.unwrap().is_of_desk());
    desk.act("support", DeskAction::Freeze).await.unwrap();
    let freeze = desk.state().await.freeze.unwrap();
    assert!(freeze.is_of_desk() && freeze.at == own.freeze.unwrap().at, "frozen since the first");
    let rows = desk.rows("frozen").await;
    assert_eq!(rows.iter().map(|(row, _)| row.actor.as_str()).collect::<Vec<_>>(), ["player", "support:support"]);
    // A proof that was given for the player's own freeze does not clear it.
    let edits = [Edit::RequireFreeze(own.freeze.unwrap()), Edit::Unfreeze];
    let cleared = desk.world.flow.stores.accounts.apply(desk.subject(), &edits).await.unwrap();
    assert_eq!(cleared, store::Applied::Conflict);
    // Nor does a later link of the player's make it theirs again.
    frozen_by_link(&desk, desk.world.clock.now()).await;
    assert!(desk.state().await.freeze.unwrap().is_of_desk());
}
