//! Journey 9: the second factor is optional unless a route says otherwise.

use super::{AYU, Journey};
use crate::kit::{Browser, Scripts, TestGate};

async fn allow_and_enrol(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("ayu").await;
    journey.open("/account").await;
    journey.expect("Account").await;
    // `enroll`: what was submitted is kept until the factor is there.
    journey.withdraw().await;
    journey.expect("Confirm it is you").await;
    assert!(journey.page().await.contains("what you were doing is kept"));
    journey.press("Set it up now").await;
    journey.browser.go("form:has(input[value=app]) button").await;
    journey.expect("Confirm your number").await;
    journey.give_sms(AYU).await;
    let app = journey.scan().await;
    journey.press("Continue").await;
    journey.press("I have saved my codes").await;
    journey.give(&app.code()).await;
    journey.expect("Confirm it is you").await;
    assert!(journey.page().await.contains("1,500,000"), "the same withdrawal is asked for");
    journey.give(&app.next_code()).await;
    journey.go_on().await;
    journey.expect("Withdrawal done").await;
    journey.end().await;
}

#[tokio::test]
async fn a_player_without_a_factor_is_let_in_or_sets_one_up() {
    allow_and_enrol(Scripts::On).await;
}

#[tokio::test]
async fn a_player_without_a_factor_is_let_in_or_sets_one_up_without_scripts() {
    allow_and_enrol(Scripts::Off).await;
}

#[tokio::test]
async fn a_route_may_deny_players_without_a_factor() {
    let deny = |yaml: String| yaml.replace("    unenrolled: allow", "    unenrolled: deny");
    let (gate, browser) = tokio::join!(TestGate::start_with(deny), Browser::start(Scripts::Off));
    browser.log_in(&gate.url(""), "ayu").await;
    browser.open(&gate.url("/account")).await;
    let page = browser.text("main").await;
    assert!(page.contains("This is not allowed") && page.contains("Back to the site"), "{page}");
    browser.close().await;
}
