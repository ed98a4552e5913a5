//! What the journeys with failing calls found, each by its own name.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::{
    failing::Fault,
    journeys::{Journey, approval_of, challenge_of, withdraw, withdrawal},
    player::{Patience, Player},
    world::World,
};
use crate::kit::answered::Answer;

async fn player() -> Player {
    Player::new(&Arc::new(World::new().await), Patience::StartsOver)
}

async fn visit_account(player: &mut Player) -> Answer {
    player.call(Method::GET, "/account", &Value::Null, &[]).await
}

/// Opens a challenge for a session and answers it with the app.
async fn verify(player: &mut Player, remember: bool) -> Answer {
    let asked = visit_account(player).await.expect(401).unwrap().json();
    let at = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    let typed = json!({ "method": "app", "code": player.app_code(), "remember_device": remember });
    player.call(Method::POST, &at, &typed, &[]).await
}

#[tokio::test]
async fn a_right_code_counts_although_the_failures_before_it_cannot_be_forgotten() {
    let mut player = player().await.with_app().await;
    for method in ["Attempts::clear", "Attempts::clear_exhausted"] {
        player.log_in();
        player.world.plan.arm_method(method, Fault::NotDone);
        verify(&mut player, false).await.expect(200).unwrap();
    }
}

#[tokio::test]
async fn a_right_code_counts_although_its_browser_cannot_be_remembered() {
    let mut player = player().await.with_app().await;
    player.world.plan.arm_method("Devices::remember", Fault::AnswerLost);
    verify(&mut player, true).await.expect(200).unwrap();
    assert!(!player.jar.contains_key("stepgate-device"));
    visit_account(&mut player).await.expect(200).unwrap();
    let (subject, now) = (player.subject(), stepgate::clock::Clock::now(&*player.world.clock));
    let devices = player.world.flow.stores.devices.of_player(&subject, now).await.unwrap();
    assert!(devices.is_empty(), "none that no browser has");
}

#[tokio::test]
async fn a_sent_code_counts_although_its_use_cannot_be_noted() {
    let mut player = player().await.with_sms().await;
    for method in ["SmsSends::verified", "SentCodes::remove"] {
        player.log_in();
        player.world.clock.advance(super::player::STEP);
        player.world.plan.arm_method(method, Fault::NotDone);
        Journey::SessionBySms.take(&mut player).await.unwrap();
    }
}

#[tokio::test]
async fn a_held_form_outlives_an_approval_that_cannot_be_kept() {
    let mut player = player().await.with_app().await;
    let challenge = player.submit("/withdraw", "amount=1500").await.expect(303).unwrap().location();
    player.world.plan.arm_method("Approvals::put", Fault::NotDone);
    let form = format!("method=app&code={}", player.app_code());
    player.submit(&challenge, &form).await.expect(503).unwrap();
    let form = format!("method=app&code={}", player.app_code());
    let page = player.submit(&challenge, &form).await.expect(200).unwrap();
    let form = format!("stepgate_resume={}", page.hidden("stepgate_resume"));
    player.submit("/withdraw", &form).await.expect(200).unwrap();
    assert_eq!(player.world.received("/withdraw", &player.cookie()), 1);
}

#[tokio::test]
async fn a_lost_answer_to_the_exchange_of_a_device_is_no_copied_cookie() {
    let mut player = player().await.with_app().await;
    verify(&mut player, true).await.expect(200).unwrap();
    player.log_in();
    player.world.plan.arm_method("Devices::rotate", Fault::AnswerLost);
    visit_account(&mut player).await.expect(200).unwrap();
    player.log_in();
    visit_account(&mut player).await.expect(200).unwrap();
}

#[tokio::test]
async fn new_backup_codes_are_shown_once_they_are_made() {
    let mut player = player().await.with_app().await;
    let target = "/.stepgate/api/backup-codes";
    let at = challenge_of(&mut player, target, &json!({})).await;
    let approval = approval_of(&mut player, &at).await;
    player.world.plan.arm_later("Challenges::end_player", 1, Fault::NotDone);
    let lines = [("stepgate-approval", approval.as_str())];
    let made = player.call(Method::POST, target, &json!({}), &lines).await.expect(200).unwrap().json();
    assert_eq!(made["backup_codes"].as_array().unwrap().len(), 1);
    let ended = player.world.plan.disarm().into_iter().filter(|call| *call == "Challenges::end_player").count();
    assert_eq!(ended, 2, "it failed after the change");
}

#[tokio::test]
async fn what_waits_ends_before_a_change_is_made() {
    let mut player = player().await.with_app().await;
    let at = withdrawal(&mut player).await.unwrap();
    let approval = approval_of(&mut player, &at).await;
    let target = "/.stepgate/api/factors/disable";
    let at = challenge_of(&mut player, target, &json!({})).await;
    let disable = approval_of(&mut player, &at).await;
    player.world.plan.arm_method("Challenges::end_player", Fault::NotDone);
    let lines = [("stepgate-approval", disable.as_str())];
    player.call(Method::POST, target, &json!({}), &lines).await.expect(503).unwrap();
    assert_eq!(player.state().await.factors.len(), 1, "nothing was changed");
    withdraw(&mut player, &approval).await.expect(200).unwrap();
}

#[tokio::test]
async fn a_freeze_whose_answer_was_lost_counts_at_once() {
    let mut player = player().await.with_app().await;
    verify(&mut player, false).await.expect(200).unwrap();
    visit_account(&mut player).await.expect(200).unwrap();
    let form = format!("t={}", player.offered_freeze().await);
    player.world.plan.arm_method("Accounts::apply", Fault::AnswerLost);
    player.submit("/.stepgate/freeze", &form).await.expect(503).unwrap();
    assert_ne!(visit_account(&mut player).await.status, 200);
    player.submit("/.stepgate/freeze", &form).await.expect(200).unwrap();
}
