//! The console in a real browser.

use stepgate::policy::desk::Role;

use super::{AYU, DeskGate, PASSWORD};
use crate::kit::{ApiClient, Browser, Scripts, eventually};

/// `ayu`'s number at the demo site.
const NUMBER: &str = "+6281200001001";

pub(super) async fn sign_in(browser: &Browser, desk: &DeskGate, role: Role) {
    browser.open(&desk.url("/sign-in")).await;
    browser.fill("#name", role.as_str()).await;
    browser.fill("#password", PASSWORD).await;
    browser.fill("#code", &desk.app(role).code()).await;
    browser.go("main button").await;
    assert_eq!(browser.text("#agent").await, role.as_str());
}

pub(super) async fn find(browser: &Browser, by: &str, text: &str) {
    browser.fill(&format!("#{by}"), text).await;
    browser.go(&format!("#by-{by}")).await;
    assert_eq!(browser.text("#player").await, AYU);
}

pub(super) async fn ask_for_reset(browser: &Browser) {
    browser.press("#do-reset summary").await;
    browser.fill("#reason-reset", "lost the phone").await;
    browser.fill("#case-reset", "T-17").await;
    browser.go("#do-reset button").await;
    assert!(browser.text("#done").await.contains("Ask for a reset"));
}

/// The link that calls a reset off, once the player was sent it.
pub(super) async fn cancel_link(desk: &DeskGate) -> String {
    eventually("a link by SMS", async || {
        let texts = desk.gate.provider.asked().into_iter().map(|asked| asked.json());
        texts.filter(|sms| sms["to"] == NUMBER).find_map(|sms| {
            let text = sms["text"].as_str().unwrap();
            let at = text.find("http").filter(|_| text.contains("/cancel-reset?t="))?;
            Some(text[at..].to_owned())
        })
    })
    .await
}

#[tokio::test]
async fn a_reset_takes_two_agents_and_the_player_binds_anew_with_the_temporary_code() {
    reset(Scripts::On).await;
}

#[tokio::test]
async fn a_reset_takes_two_agents_and_the_player_binds_anew_without_scripts() {
    reset(Scripts::Off).await;
}

async fn reset(scripts: Scripts) {
    let desk = DeskGate::start("1s").await;
    let base = desk.gate.url("");
    ApiClient::log_in(&base, "ayu").await.enrol_app().await;
    let browser = Browser::start(scripts).await;

    sign_in(&browser, &desk, Role::Support).await;
    find(&browser, "phone", "0812 0000 1001").await;
    let page = browser.driver.source().await.unwrap();
    assert!(page.contains("•••• 01") && !page.contains("81200001001"), "numbers are masked: {page}");
    ask_for_reset(&browser).await;
    assert_eq!(browser.text(".state").await, "waiting");
    assert!(!browser.has("form[action$='/approve']").await, "support approves nothing");
    assert!(!browser.has("#do-unfreeze").await && browser.has("#do-freeze").await);
    let support = browser.become_another().await;

    sign_in(&browser, &desk, Role::Supervisor).await;
    browser.fill("form[action$='/approve'] input", "papers seen").await;
    browser.go("form[action$='/approve'] button").await;
    assert!(cancel_link(&desk).await.starts_with(&base));
    browser.become_another().await;

    browser.become_again(support).await;
    eventually("the reset is carried out", async || {
        browser.open(&desk.url(&format!("/players/{AYU}"))).await;
        let done = browser.text(".state").await == "done";
        // The page is put together by several reads: the player's state may be of a moment before.
        (done && browser.has("#do-code").await).then_some(())
    })
    .await;
    browser.press("#do-code summary").await;
    browser.fill("#reason-code", "the player called back").await;
    browser.fill("#case-code", "T-17").await;
    browser.go("#do-code button").await;
    let code = browser.text("#temporary-code").await;
    browser.become_another().await;

    browser.log_in(&base, "ayu").await;
    browser.open(&format!("{base}/.stepgate/settings/enrol")).await;
    browser.fill("#support-app", "WRNG-WRNG-WRNG-WRNG-WRNG").await;
    browser.go("li:first-child button").await;
    assert!(!browser.has(".q").await, "a wrong code shows no secret");
    browser.open(&format!("{base}/.stepgate/settings/enrol")).await;
    browser.fill("#support-app", &code.to_lowercase()).await;
    browser.go("li:first-child button").await;
    assert!(browser.has(".q").await, "{}", browser.driver.source().await.unwrap());
    browser.close().await;
}

#[tokio::test]
async fn the_player_calls_a_reset_off_by_the_link_and_keeps_the_factor() {
    let desk = DeskGate::start("24h").await;
    let base = desk.gate.url("");
    ApiClient::log_in(&base, "ayu").await.enrol_app().await;
    let browser = Browser::start(Scripts::Off).await;
    sign_in(&browser, &desk, Role::Support).await;
    find(&browser, "id", AYU).await;
    ask_for_reset(&browser).await;
    browser.become_another().await;
    sign_in(&browser, &desk, Role::Admin).await;
    browser.fill("form[action$='/approve'] input", "papers seen").await;
    browser.go("form[action$='/approve'] button").await;
    let admin = browser.become_another().await;

    let link = cancel_link(&desk).await;
    browser.open(&link).await;
    browser.open(&link).await;
    browser.go("main button.d").await;
    assert!(browser.text("h1").await.contains("stopped"));
    browser.open(&link).await;
    assert!(!browser.has("button.d").await, "the link is used up");

    browser.become_again(admin).await;
    browser.open(&desk.url(&format!("/players/{AYU}"))).await;
    assert_eq!(browser.text(".state").await, "cancelled");
    assert!(browser.text("#factors").await.contains("Authenticator app"));
    browser.close().await;
}

#[tokio::test]
async fn an_auditor_sees_a_player_and_has_nothing_to_press() {
    let desk = DeskGate::start("24h").await;
    ApiClient::log_in(&desk.gate.url(""), "ayu").await.enrol_app().await;
    let browser = Browser::start(Scripts::Off).await;
    sign_in(&browser, &desk, Role::Auditor).await;
    find(&browser, "id", AYU).await;
    assert!(!browser.has("main form").await && browser.has("table").await);
    browser.go("#sign-out").await;
    browser.open(&desk.url(&format!("/players/{AYU}"))).await;
    assert_eq!(browser.here().await, "/sign-in");
    browser.close().await;
}
