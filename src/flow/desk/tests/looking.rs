//! Finding a player and looking at one: what is shown, and the trace that it leaves.

use super::*;
use crate::store::audit::{SEARCHED, VIEWED};

#[tokio::test]
async fn a_player_is_found_by_id_and_by_number_and_shown_without_secrets() {
    let desk = AtDesk::new().await;
    for search in [Search::Id("ayu"), Search::Phone(NUMBER), Search::Phone("0812-3456-7834")] {
        assert_eq!(desk.find("support", search).await.unwrap(), [desk.subject().clone()], "{search:?}");
    }
    assert!(desk.find("support", Search::Id("budi")).await.unwrap().is_empty());
    assert!(desk.find("support", Search::Phone("+6281234567835")).await.unwrap().is_empty());
    let (stranger, support) = (Subject::parse("budi").unwrap(), desk.agent("support"));
    let seen = desk.world.flow.desk_player(&desk.settings, &support, &stranger).await;
    assert!(matches!(seen, Err(DeskError::Unknown(_))));
    let shown = format!("{:?}", desk.look("support").await.unwrap());
    assert!(!shown.contains("567834") && !shown.contains("ayu@play"), "{shown}");
}

#[tokio::test]
async fn each_look_is_a_row_with_the_operator_and_the_player_and_no_number() {
    let desk = AtDesk::new().await;
    desk.find("support", Search::Phone(NUMBER)).await.unwrap();
    desk.find("auditor", Search::Id("nobody-has-this")).await.unwrap();
    desk.look("auditor").await.unwrap();
    let said = |rows: &[(Entry, String)]| -> Vec<(String, String, String, String)> {
        let line =
            |(row, of): &(Entry, String)| (row.actor.clone(), row.detail.clone(), of.clone(), row.outcome.clone());
        rows.iter().map(line).collect()
    };
    let row = |actor: &str, detail: &str, of: &str, outcome: &str| {
        (actor.to_owned(), detail.to_owned(), of.to_owned(), outcome.to_owned())
    };
    let searched = desk.rows(SEARCHED).await;
    let expected = [row("support:support", "number", "ayu", "done"), row("support:auditor", "id", "", "refused")];
    assert_eq!(said(&searched), expected);
    let viewed = desk.rows(VIEWED).await;
    assert_eq!(said(&viewed), [row("support:auditor", "", "ayu", "done")]);
    for (entry, _) in searched.iter().chain(&viewed) {
        assert!(entry.player != "ayu" && entry.origin == NETWORK, "keyed: {entry:?}");
        assert!(!format!("{entry:?}").contains("567834"));
    }
    // They are for auditors: neither the player nor the desk sees them among what happened.
    assert!(desk.look("support").await.unwrap().activity.is_empty());
}

#[tokio::test]
async fn looks_have_a_limit_of_their_own_and_what_is_beyond_it_is_written_down_once() {
    let mut desk = AtDesk::new().await;
    (desk.settings.looks_per_hour, desk.settings.actions_per_hour) = (3, 1);
    desk.find("support", Search::Id("ayu")).await.unwrap();
    desk.act("support", DeskAction::Unlock).await.unwrap();
    for _ in 0..2 {
        desk.look("support").await.unwrap();
    }
    for _ in 0..3 {
        let Err(DeskError::TooMany { until }) = desk.look("support").await else { panic!("no limit") };
        assert_eq!(until, START.plus(std::time::Duration::from_secs(3600)));
    }
    assert!(matches!(desk.find("support", Search::Id("ayu")).await, Err(DeskError::TooMany { .. })));
    assert!(matches!(desk.act("support", DeskAction::Unlock).await, Err(DeskError::TooMany { .. })));
    desk.look("supervisor").await.unwrap();
    let rows = desk.rows(FORBIDDEN).await;
    let details: Vec<&str> = rows.iter().map(|(row, _)| row.detail.as_str()).collect();
    assert_eq!(details, ["too many: look", "too many: unlock"]);
    desk.world.clock.advance(120 * STEP);
    desk.look("support").await.unwrap();
}
