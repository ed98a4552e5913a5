//! Journey 8: somebody else has the password.

use super::{AYU, Journey, SEND};
use crate::kit::Scripts;

/// What a thief can try with the password of a player who has a factor.
async fn try_everything(journey: &Journey) {
    journey.withdraw().await;
    journey.expect("Confirm it is you").await;
    for _ in 0..6 {
        journey.give("000000").await;
        journey.browser.find("#error").await;
    }
    assert!(journey.browser.text("#error").await.contains("Too many wrong codes"));
    // The account page, where password and phone are changed, does not even open.
    journey.open("/account").await;
    journey.expect("Confirm it is you").await;
    // Another factor wants the one that is there.
    journey.open("/.stepgate/settings").await;
    journey.unfold("Change how you confirm").await;
    journey.press("Add another authenticator app").await;
    journey.expect("Confirm it is you").await;
    assert!(!journey.browser.has(".q").await, "no secret is shown");
}

async fn attack(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    // The owner has been here before: that is how their contacts are known.
    journey.log_in("budi").await;
    let before = journey.balance().await;
    journey.open("/.stepgate/settings").await;
    journey.expect("Two-step protection").await;
    let owner = journey.browser.become_another().await;

    journey.log_in("budi").await;
    try_everything(&journey).await;
    assert_eq!(journey.balance().await, before, "nothing moved");
    let thief = journey.browser.become_another().await;
    // Nor is a factor of one's own bound to an account that has none: the owner's phone rings.
    journey.log_in("ayu").await;
    journey.withdraw().await;
    journey.press("Set it up now").await;
    journey.browser.go("form:has(input[value=app]) button").await;
    journey.expect("Confirm your number").await;
    journey.browser.go(SEND).await;
    journey.give("000000").await;
    journey.browser.find("#error").await;
    assert!(!journey.browser.has(".q").await, "no secret before the owner's code");
    assert!(journey.demo.code_messages(AYU).await[0].text.contains("to set up two-step protection"));

    journey.browser.become_another().await;
    let notice = journey.demo.told("email", "budi@play.example", "typed wrong codes").await;
    journey.browser.open(notice.link()).await;
    journey.expect("Was this not you?").await;
    // A look alone, as a mail scanner takes, locks nothing: the owner is still asked for a code.
    journey.browser.become_again(owner).await;
    journey.withdraw().await;
    journey.expect("Confirm it is you").await;
    journey.browser.open(notice.link()).await;
    journey.press("Lock my account").await;
    journey.expect("Your account is locked").await;
    let owner = journey.browser.become_another().await;

    journey.browser.become_again(thief).await;
    for target in ["/account", "/wallet/withdraw"] {
        match target {
            "/account" => journey.open(target).await,
            _ => journey.withdraw().await,
        }
        journey.expect("Your account is locked").await;
    }
    journey.browser.become_again(owner).await;
    journey.withdraw().await;
    journey.expect("Your account is locked").await;
    // The page itself shows the way to open it again.
    journey.press("Two-step protection").await;
    journey.press("Unlock with a code").await;
    journey.expect("Confirm it is you").await;
    journey.end().await;
}

#[tokio::test]
async fn whoever_has_the_password_moves_nothing_and_the_owner_can_lock_the_account() {
    attack(Scripts::On).await;
}

#[tokio::test]
async fn whoever_has_the_password_moves_nothing_without_scripts() {
    attack(Scripts::Off).await;
}

async fn unlock(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("budi").await;
    journey.open("/account").await;
    journey.browser.press("input[name=remember]").await;
    journey.give(&journey.demo.app.code()).await;
    journey.expect("Account").await;
    let notice = journey.demo.told("email", "budi@play.example", "a new browser is remembered").await;
    journey.browser.open(notice.link()).await;
    journey.press("Lock my account").await;
    journey.expect("Your account is locked").await;
    journey.open("/account").await;
    journey.expect("Your account is locked").await;
    journey.press("Two-step protection").await;
    journey.press("Unlock with a code").await;
    journey.give(&journey.demo.app.next_code()).await;
    journey.expect("Two-step protection").await;
    assert!(journey.page().await.contains("Account unlocked"));
    journey.withdraw().await;
    journey.expect("Confirm it is you").await;
    journey.end().await;
}

#[tokio::test]
async fn an_older_factor_unlocks_the_account() {
    unlock(Scripts::On).await;
}

#[tokio::test]
async fn an_older_factor_unlocks_the_account_without_scripts() {
    unlock(Scripts::Off).await;
}
