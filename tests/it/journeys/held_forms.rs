//! The players' journeys through the gateway, from log-in to the site's own confirmation.

use serde_json::{Value, json};

use crate::kit::{ApiClient, AuthenticatorApp, Browser, Scripts, TestGate};

/// The withdrawal of the API client, as its bytes.
const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 1234567890"}"#;

/// Logs in, submits the site's form, answers the challenge; the site gets that same form, once.
async fn withdraw_with_a_code(scripts: Scripts) {
    let gate = TestGate::start().await;
    let app = ApiClient::log_in(&gate.url(""), "budi").await.enrol_app().await;
    let browser = Browser::start(scripts).await;
    browser.log_in(&gate.url(""), "budi").await;
    let csrf = browser.value("#withdraw input[name=csrf]").await;
    browser.press("#withdraw button[type=submit]").await;

    // Not merely `main`: the page before has one too.
    let page = browser.text("main:has(input[name=code])").await;
    assert!(page.contains("1,500,000") && page.contains("BCA 1234567890"), "what is approved is shown: {page}");
    assert!(gate.site.received("POST", "/wallet/withdraw").is_empty(), "nothing passes before the code");
    browser.fill("input[name=code]", &app.code()).await;
    browser.press("form:has(input[name=code]) button").await;
    match scripts {
        Scripts::On => {}
        Scripts::Off => browser.press("form:has(input[name=stepgate_resume]) button").await,
    }

    assert_eq!(browser.text("#received").await, "Received: Rp 1500000 to BCA 1234567890");
    let received = gate.site.received("POST", "/wallet/withdraw");
    assert_eq!(received.len(), 1, "exactly once");
    let expected = format!("csrf={csrf}&amount=1500000&destination=BCA+1234567890");
    assert_eq!(received[0].body, expected.as_bytes(), "byte for byte");
    assert_eq!(received[0].headers["content-type"], "application/x-www-form-urlencoded");
    browser.close().await;
}

#[tokio::test]
async fn a_held_withdrawal_reaches_the_site_once_and_unchanged() {
    withdraw_with_a_code(Scripts::On).await;
}

#[tokio::test]
async fn a_held_withdrawal_reaches_the_site_without_scripts() {
    withdraw_with_a_code(Scripts::Off).await;
}

/// A gateway and a client of a player who has an app.
async fn enrolled_client() -> (TestGate, ApiClient, AuthenticatorApp) {
    let gate = TestGate::start().await;
    let client = ApiClient::log_in(&gate.url(""), "budi").await;
    let app = client.enrol_app().await;
    (gate, client, app)
}

/// Asks to withdraw, is refused with a problem, and gives a code: the approval.
async fn approval(client: &mut ApiClient, code: &str) -> String {
    let refused = client.post("/api/withdraw", WITHDRAWAL, &[]).await;
    assert_eq!(refused.status(), 401);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let demand = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(demand.contains(r#"error="insufficient_user_authentication""#), "{demand}");
    client.keep(&refused, "stepgate-challenge");
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(problem["type"], "urn:stepgate:second-factor-required");
    assert_eq!(problem["require"], "once");
    assert_eq!(problem["challenge"]["details"][0], json!({ "label": "Amount", "value": "1500000" }));
    let verify = problem["challenge"]["verify"].as_str().unwrap();
    let verified = client.portal(verify, &json!({ "method": "app", "code": code }), 200).await;
    verified["approval"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_approved_api_request_passes_once() {
    let (gate, mut client, app) = enrolled_client().await;
    let approval = approval(&mut client, &app.code()).await;
    let passed = client.post("/api/withdraw", WITHDRAWAL, &[("stepgate-approval", &approval)]).await;
    assert_eq!(passed.status(), 200);
    let again = client.post("/api/withdraw", WITHDRAWAL, &[("stepgate-approval", &approval)]).await;
    assert!(again.status().is_client_error(), "{}", again.status());
    let received = gate.site.received("POST", "/api/withdraw");
    assert_eq!(received.len(), 1, "exactly once");
    assert_eq!(received[0].body, WITHDRAWAL.as_bytes(), "byte for byte");
}

#[tokio::test]
async fn an_approval_does_not_pass_a_request_with_one_byte_changed() {
    let (gate, mut client, app) = enrolled_client().await;
    let approval = approval(&mut client, &app.code()).await;
    let changed = WITHDRAWAL.replace("1500000", "9500000");
    let refused = client.post("/api/withdraw", &changed, &[("stepgate-approval", &approval)]).await;
    assert!(refused.status().is_client_error(), "{}", refused.status());
    assert!(gate.site.received("POST", "/api/withdraw").is_empty());
}

#[tokio::test]
async fn a_code_opens_one_challenge_only() {
    let (_gate, mut client, app) = enrolled_client().await;
    let code = app.next_code();
    approval(&mut client, &code).await;
    let refused = client.post("/api/withdraw", WITHDRAWAL, &[]).await;
    client.keep(&refused, "stepgate-challenge");
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    let verify = problem["challenge"]["verify"].as_str().unwrap();
    let answer = client.portal(verify, &json!({ "method": "app", "code": code }), 422).await;
    assert_eq!(answer["type"], "urn:stepgate:code-rejected");
}

#[tokio::test]
async fn what_is_ours_never_reaches_the_site() {
    let (gate, client, _app) = enrolled_client().await;
    let forged = [("stepgate-assertion", "x"), ("stepgate_stamp", "y"), ("cookie", "stepgate=a; stepgate-device=b")];
    client.post("/logout", "", &forged).await;
    assert_eq!(gate.site.received("POST", "/logout").len(), 1, "the request itself passes");
    for request in gate.site.everything() {
        for (name, value) in &request.headers {
            let folded = name.as_str().replace(['_', '.'], "-");
            assert!(!folded.starts_with("stepgate"), "{} carried {name}", request.target);
            let value = String::from_utf8_lossy(value.as_bytes());
            assert!(name != "cookie" || !value.contains("stepgate"), "{} carried {value}", request.target);
        }
    }
}
