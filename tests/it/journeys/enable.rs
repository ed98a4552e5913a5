//! Journey 1: a player sets up a second factor.

use super::{AYU, CODE, Journey, SEND};
use crate::kit::Scripts;

/// From the settings page to the step after the number on file.
async fn prove_the_number(journey: &Journey, kind: &str) {
    journey.log_in("ayu").await;
    // The account page links to the settings, and opens without a factor.
    journey.open("/account").await;
    journey.press("Two-step verification").await;
    journey.expect("Two-step protection").await;
    journey.press("Set it up now").await;
    journey.expect("Choose your second step").await;
    let page = journey.page().await;
    assert!(page.contains("Recommended") && page.contains("Less safe"), "{page}");
    journey.browser.go(&format!("form:has(input[value={kind}]) button")).await;
    journey.expect("Confirm your number").await;
    assert!(journey.page().await.contains("01"), "the number is shown, masked");
    assert!(journey.demo.code_messages(AYU).await.is_empty(), "nothing is sent before the press");
}

async fn enable_the_app(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    prove_the_number(&journey, "app").await;
    let step = journey.browser.here().await;
    // A wrong code and a reload lose nothing.
    journey.browser.go(SEND).await;
    journey.give("000000").await;
    assert!(journey.browser.text("#error").await.contains("Please check it"));
    journey.open(&step).await;
    journey.give(&journey.demo.sms_code(AYU).await).await;

    journey.expect("Set up an authenticator app").await;
    let app = journey.scan().await;
    // Left and come back to: the same secret.
    journey.open("/wallet").await;
    journey.open(&step).await;
    assert_eq!(journey.scan().await.code(), app.code());
    journey.press("Continue").await;
    journey.expect("Save your backup codes").await;
    let codes = journey.backup_codes().await;
    journey.browser.driver.refresh().await.unwrap();
    assert_eq!(journey.backup_codes().await, codes, "a reload shows the same ones");
    journey.press("I have saved my codes").await;
    journey.browser.find(CODE).await;
    journey.press("Show the key again").await;
    assert_eq!(journey.scan().await.code(), app.code());
    // A second tab at an earlier step takes nothing back.
    let first = journey.browser.driver.window().await.unwrap();
    let second = journey.browser.driver.new_tab().await.unwrap();
    journey.browser.driver.switch_to_window(second).await.unwrap();
    journey.open(&step).await;
    journey.browser.find(CODE).await;
    journey.browser.driver.close_window().await.unwrap();
    journey.browser.driver.switch_to_window(first).await.unwrap();

    journey.open("/account").await;
    journey.expect("Account").await;
    journey.open(&step).await;
    journey.give("000000").await;
    journey.browser.find("#error").await;
    journey.give(&app.code()).await;
    journey.expect("Two-step protection").await;
    let page = journey.page().await;
    assert!(page.contains("Authenticator app, since") && page.contains("You have 10 left"), "{page}");
    for (channel, to) in [("sms", AYU), ("email", "ayu@play.example")] {
        journey.demo.told(channel, to, "a second step was added").await;
    }
    // What was over is over: going back ends on a page that says so.
    journey.open(&step).await;
    journey.expect("This page is no longer valid").await;
    journey.withdraw().await;
    journey.give(&app.next_code()).await;
    journey.go_on().await;
    journey.expect("Withdrawal done").await;
    journey.end().await;
}

#[tokio::test]
async fn a_player_sets_up_an_app() {
    enable_the_app(Scripts::On).await;
}

#[tokio::test]
async fn a_player_sets_up_an_app_without_scripts() {
    enable_the_app(Scripts::Off).await;
}

async fn enable_sms(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    prove_the_number(&journey, "sms").await;
    journey.give_sms(AYU).await;
    let codes = journey.backup_codes().await;
    assert_eq!(journey.browser.driver.title().await.unwrap(), "Save your backup codes – Demo Play");
    journey.press("I have saved my codes").await;
    journey.expect("Confirm your number").await;
    // Nothing counts before the confirmation.
    let step = journey.browser.here().await;
    journey.open("/account").await;
    journey.expect("Account").await;
    journey.open(&step).await;
    journey.expect("Confirm your number").await;
    journey.give_sms(AYU).await;
    journey.expect("Two-step protection").await;
    let page = journey.page().await;
    assert!(page.contains("Text messages to") && page.contains("You have 10 left"), "{page}");
    journey.withdraw().await;
    journey.browser.find(SEND).await;
    journey.press("Try another way").await;
    journey.press("Backup code").await;
    journey.give(&codes[0]).await;
    journey.go_on().await;
    journey.expect("Withdrawal done").await;
    journey.end().await;
}

#[tokio::test]
async fn a_player_sets_up_text_messages() {
    enable_sms(Scripts::On).await;
}

#[tokio::test]
async fn a_player_sets_up_text_messages_without_scripts() {
    enable_sms(Scripts::Off).await;
}
