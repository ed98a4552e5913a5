//! Journeys 5 and 6: another kind of factor and back, off and on again, and a new phone.

use super::{CITRA, Journey};
use crate::kit::Scripts;

async fn switch_and_back(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("citra").await;
    journey.open("/.stepgate/settings").await;
    journey.unfold("Change how you confirm").await;
    journey.press("Use an authenticator app instead").await;
    journey.expect("Confirm it is you").await;
    journey.give_sms(CITRA).await;
    let app = journey.scan().await;
    journey.press("Continue").await;
    let first = journey.backup_codes().await;
    journey.press("I have saved my codes").await;
    journey.give(&app.code()).await;
    journey.expect("Two-step protection").await;
    let page = journey.page().await;
    assert!(page.contains("Authenticator app, since") && !page.contains("Text messages to"), "{page}");

    journey.unfold("Change how you confirm").await;
    journey.press("Use text messages instead").await;
    journey.expect("Choose your second step").await;
    journey.browser.go("form:has(input[value=sms]) button").await;
    journey.expect("Confirm it is you").await;
    journey.give(&app.next_code()).await;
    let second = journey.backup_codes().await;
    assert!(first.iter().all(|code| !second.contains(code)), "a fresh set");
    journey.press("I have saved my codes").await;
    journey.give_sms(CITRA).await;
    journey.expect("Two-step protection").await;
    assert!(journey.page().await.contains("Text messages to"));

    journey.unfold("Turn off two-step protection").await;
    journey.press("Turn off").await;
    journey.give_sms(CITRA).await;
    journey.expect("Two-step protection").await;
    journey.press("Turn on").await;
    journey.expect("Confirm it is you").await;
    journey.press("Try another way").await;
    journey.press("Backup code").await;
    // The first set is void, the second was kept.
    journey.give(&first[0]).await;
    journey.browser.find("#error").await;
    journey.give(&second[0]).await;
    journey.expect("Two-step protection").await;
    let page = journey.page().await;
    assert!(page.contains("Text messages to") && page.contains("You have 9 left"), "{page}");
    journey.end().await;
}

#[tokio::test]
async fn a_player_switches_and_turns_off_and_on() {
    switch_and_back(Scripts::On).await;
}

#[tokio::test]
async fn a_player_switches_and_turns_off_and_on_without_scripts() {
    switch_and_back(Scripts::Off).await;
}

async fn bind_a_new_phone(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("budi").await;
    journey.open("/.stepgate/settings").await;
    journey.press("Make new codes").await;
    journey.give(&journey.demo.app.code()).await;
    let codes = journey.backup_codes().await;

    // The phone is gone, the browser on it, and the password is forgotten. The site logs in whoever has
    // its link: that opens nothing that is guarded.
    journey.browser.become_another().await;
    journey.open("/login").await;
    journey.press("Forgot your password?").await;
    journey.browser.fill("input[name=username]", "budi").await;
    journey.press("Send me a link").await;
    journey.press("Choose a new password").await;
    journey.browser.fill("input[name=password]", "not-forgotten").await;
    journey.press("Set password").await;
    journey.expect("Wallet").await;
    let before = journey.balance().await;
    journey.withdraw().await;
    journey.expect("Confirm it is you").await;
    assert_eq!(journey.balance().await, before);
    journey.open("/account").await;
    journey.expect("Confirm it is you").await;
    journey.press("Try another way").await;
    journey.press("Backup code").await;
    journey.give(&codes[0]).await;
    journey.expect("Account").await;
    journey.press("Two-step verification").await;
    journey.unfold("Change how you confirm").await;
    journey.press("Move to a new phone").await;
    journey.expect("Confirm it is you").await;
    journey.press("Try another way").await;
    journey.press("Backup code").await;
    journey.give(&codes[1]).await;
    let app = journey.scan().await;
    journey.press("Continue").await;
    journey.backup_codes().await;
    journey.press("I have saved my codes").await;
    journey.give(&app.code()).await;
    journey.expect("Two-step protection").await;
    journey.withdraw().await;
    journey.give(&journey.demo.app.next_code()).await;
    assert!(journey.browser.text("#error").await.contains("not accepted"), "the old phone no longer counts");
    journey.give(&app.next_code()).await;
    journey.go_on().await;
    journey.expect("Withdrawal done").await;
    journey.end().await;
}

#[tokio::test]
async fn a_backup_code_lets_a_player_bind_a_new_phone() {
    bind_a_new_phone(Scripts::On).await;
}

#[tokio::test]
async fn a_backup_code_lets_a_player_bind_a_new_phone_without_scripts() {
    bind_a_new_phone(Scripts::Off).await;
}
