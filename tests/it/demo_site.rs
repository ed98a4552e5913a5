//! The demo site by itself in a real browser: what it does without the gateway.

use crate::kit::{ApiClient, Browser, Scripts, TestSite};

/// Withdraws by the form and says what the site received.
async fn withdraw_by_form(scripts: Scripts) {
    let site = TestSite::start().await;
    let base = format!("http://{}", site.address);
    let browser = Browser::start(scripts).await;
    browser.log_in(&base, "ayu").await;
    let csrf = browser.value("#withdraw input[name=csrf]").await;
    browser.fill("#withdraw input[name=destination]", "Bank & Söhne <1>").await;
    browser.press("#withdraw button[type=submit]").await;
    assert_eq!(browser.text("#received").await, "Received: Rp 1500000 to Bank & Söhne <1>");
    let received = site.received("POST", "/wallet/withdraw");
    assert_eq!(received.len(), 1);
    let expected = format!("csrf={csrf}&amount=1500000&destination=Bank+%26+S%C3%B6hne+%3C1%3E");
    assert_eq!(received[0].body, expected.as_bytes());
    browser.close().await;
}

#[tokio::test]
async fn a_withdrawal_by_form_works() {
    withdraw_by_form(Scripts::On).await;
}

#[tokio::test]
async fn a_withdrawal_by_form_works_without_scripts() {
    withdraw_by_form(Scripts::Off).await;
}

#[tokio::test]
async fn the_api_button_shows_what_the_site_answered() {
    let site = TestSite::start().await;
    let browser = Browser::start(Scripts::On).await;
    browser.log_in(&format!("http://{}", site.address), "ayu").await;
    browser.press("#api-withdraw").await;
    let answer = browser.find("#api-answer:not(:empty)").await.text().await.unwrap();
    assert!(answer.starts_with("200 ") && answer.contains(r#""amount":"1500000""#), "{answer}");
    browser.close().await;
}

#[tokio::test]
async fn a_browser_without_scripts_runs_none() {
    let site = TestSite::start().await;
    let base = format!("http://{}", site.address);
    let browser = Browser::start(Scripts::Off).await;
    browser.log_in(&base, "ayu").await;
    browser.press("#api-withdraw").await;
    browser.open(&format!("{base}/account")).await;
    assert!(site.received("POST", "/api/withdraw").is_empty());
    browser.close().await;
}

#[tokio::test]
async fn an_api_client_withdraws_with_its_cookie_alone() {
    let site = TestSite::start().await;
    let client = ApiClient::log_in(&format!("http://{}", site.address), "budi").await;
    let answer = client.post("/api/withdraw", r#"{"amount":"5","destination":"BCA"}"#, &[]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(site.received("POST", "/api/withdraw").len(), 1);
}
