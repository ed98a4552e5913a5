//! Journey 2: a log-in, on a browser that is remembered and on one that is not.

use super::{CODE, Journey};
use crate::kit::Scripts;

async fn remember_a_browser(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("budi").await;
    journey.open("/account").await;
    journey.expect("Confirm it is you").await;
    journey.browser.press("input[name=remember]").await;
    journey.give(&journey.demo.app.code()).await;
    journey.expect("Account").await;
    journey.demo.told("email", "budi@play.example", "a new browser is remembered").await;

    let home = journey.browser.become_another().await;
    journey.log_in("budi").await;
    journey.open("/account").await;
    journey.expect("Confirm it is you").await;

    journey.browser.become_again(home).await;
    journey.open("/account").await;
    journey.expect("Account").await;
    journey.browser.go("form[action='/logout'] button").await;
    journey.expect("Log in").await;
    journey.log_in("budi").await;
    journey.open("/account").await;
    journey.expect("Account").await;
    assert!(!journey.browser.has(CODE).await);
    // Never for money.
    journey.withdraw().await;
    journey.expect("Confirm it is you").await;
    assert!(!journey.browser.has("input[name=remember]").await);
    journey.open("/.stepgate/settings").await;
    assert!(journey.page().await.contains("(This browser)"), "it is in the list");
    journey.end().await;
}

#[tokio::test]
async fn a_remembered_browser_is_not_asked_and_another_is() {
    remember_a_browser(Scripts::On).await;
}

#[tokio::test]
async fn a_remembered_browser_is_not_asked_without_scripts() {
    remember_a_browser(Scripts::Off).await;
}
