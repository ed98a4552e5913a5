//! Journey 7: everything is lost. What support does is not here; how to get there is.

use super::Journey;
use crate::kit::Scripts;

async fn find_help(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("budi").await;
    journey.withdraw().await;
    journey.press("Lost your phone?").await;
    journey.expect("Lost your phone?").await;
    let page = journey.page().await;
    for words in ["backup codes", "contact support", "never asks for your password or a code"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    // Whoever finds the phone after all goes back to the same question.
    journey.browser.driver.back().await.unwrap();
    journey.give(&journey.demo.app.code()).await;
    journey.go_on().await;
    journey.expect("Withdrawal done").await;
    journey.end().await;
}

#[tokio::test]
async fn a_player_who_lost_everything_is_told_what_to_do() {
    find_help(Scripts::On).await;
}

#[tokio::test]
async fn a_player_who_lost_everything_is_told_what_to_do_without_scripts() {
    find_help(Scripts::Off).await;
}
