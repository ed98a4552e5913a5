//! The page that asks for a code, for every kind of code and in every state.

use serde_json::json;
use stepgate::words::Language;

use super::{
    code_of, enrol_sms, gate, gate_with, here, texted,
    viewer::{PAGE, PAGE_OF_LISTS, Viewer},
};
use crate::kit::{ApiClient, AuthenticatorApp, Browser, Scripts, TestGate};

/// Codes can be asked for one after the other.
fn without_gap(yaml: String) -> String {
    let changed = yaml.replace("sms: { countries: [ID] }", "sms: { countries: [ID], resend_after: 0s }");
    assert_ne!(changed, yaml);
    changed
}

/// Sets the smallest number of backup codes.
fn with_few_codes(yaml: String) -> String {
    yaml.replace("  app: { issuer: Demo Play }", "  app: { issuer: Demo Play }\n  backup_codes: { count: 5 }")
}

/// Logs in and submits the site's form, up to the challenge.
async fn asked(browser: &Browser, gate: &TestGate, name: &str) -> String {
    browser.log_in(&gate.url(""), name).await;
    browser.press("#withdraw button[type=submit]").await;
    browser.find("main dl").await;
    here(browser).await
}

/// Enrols an app and takes the backup codes.
async fn enrol_app(client: &ApiClient) -> (AuthenticatorApp, Vec<String>) {
    let started = client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
    let app = AuthenticatorApp::holding(started["secret"].as_str().unwrap());
    let confirm = format!("/.stepgate/api/enrolments/{}/confirm", started["id"].as_str().unwrap());
    let done = client.portal(&confirm, &json!({ "code": app.previous_code().await }), 200).await;
    let codes = done["backup_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    (app, codes.collect())
}

#[tokio::test]
async fn a_challenge_by_app_or_backup_code_is_small_and_usable_in_every_language() {
    let gate = gate_with(with_few_codes).await;
    let client = ApiClient::log_in(&gate.url(""), "budi").await;
    let (_app, codes) = enrol_app(&client).await;
    let viewer = Viewer::start().await;
    let browser = &viewer.browser;
    let challenge = asked(browser, &gate, "budi").await;
    for language in Language::ALL {
        viewer.speak(language).await;
        browser.open(&challenge).await;
        viewer.look_at("challenge-app", language, PAGE).await;
        let page = browser.text("main").await;
        let amount = language.value("1500000");
        assert!(page.contains(&amount), "the amount is grouped as {amount}: {page}");
    }
    viewer.tour("challenge-choose", &format!("{challenge}?method=choose")).await;
    viewer.tour("challenge-backup", &format!("{challenge}?method=backup_code")).await;
    browser.open(&challenge).await;
    browser.fill("input[name=code]", "000000").await;
    browser.press("form:has(input[name=code]) button").await;
    browser.find("#error").await;
    viewer.look_at("challenge-rejected", Language::English, PAGE).await;
    let described = viewer.run("return document.activeElement.getAttribute('aria-describedby')").await;
    assert_eq!(described, "error", "the field has the focus and says what is wrong");
    viewer.run("document.querySelector('label').remove()").await;
    assert_ne!(viewer.violations().await, Some(json!([])), "a field without a label is found");
    // Five codes, two of them used: three are worth a warning.
    for code in codes.iter().take(2) {
        let challenge = asked(browser, &gate, "budi").await;
        browser.open(&format!("{challenge}?method=backup_code")).await;
        browser.fill("input[name=code]", code).await;
        browser.press("form:has(input[name=code]) button").await;
        browser.find("#received, main .n").await;
    }
    viewer.look_at("continue-few-codes", Language::English, PAGE).await;
    browser.press("main form button").await;
    browser.find("#received").await;
    viewer.browser.close().await;
}

#[tokio::test]
async fn a_challenge_by_sms_is_small_and_usable_in_every_language() {
    let gate = gate_with(without_gap).await;
    enrol_sms(&gate, &ApiClient::log_in(&gate.url(""), "citra").await).await;
    let viewer = Viewer::start().await;
    let browser = &viewer.browser;
    browser.log_in(&gate.url(""), "citra").await;
    browser.open(&gate.url("/account")).await;
    browser.find("main form[action$='/send']").await;
    let challenge = here(browser).await;
    viewer.tour("challenge-sms", &challenge).await;
    let before = gate.provider.asked().len();
    browser.press("form[action$='/send'] button").await;
    browser.find("input[name=remember]").await;
    viewer.tour("challenge-sms-sent", &here(browser).await).await;
    browser.fill("input[name=code]", "000000").await;
    browser.press("form:has(input[name=code]) button").await;
    assert!(browser.text("#error").await.contains("Please check it"), "no next code comes by itself");
    viewer.look_at("challenge-sms-rejected", Language::English, PAGE).await;
    assert_eq!(gate.provider.asked().len(), before + 1, "looking sends nothing");
    browser.fill("input[name=code]", &texted(&gate, code_of).await).await;
    browser.press("label.r").await;
    browser.press("form:has(input[name=code]) button").await;
    browser.find("form[action='/account/password']").await;
    viewer.tour_within("settings-sms", &gate.url("/.stepgate/settings"), PAGE_OF_LISTS).await;
    assert!(browser.text("h2 + ul bdi").await.contains("This browser"), "it is remembered");
    viewer.browser.close().await;
}

#[tokio::test]
async fn a_code_is_sent_and_typed_without_scripts() {
    let gate = gate_with(without_gap).await;
    enrol_sms(&gate, &ApiClient::log_in(&gate.url(""), "citra").await).await;
    let browser = Browser::start(Scripts::Off).await;
    asked(&browser, &gate, "citra").await;
    let before = gate.provider.asked().len();
    browser.go("form[action$='/send'] button").await;
    browser.press("summary").await;
    browser.go("details form[action$='/send'] button").await;
    browser.find("input[name=code]").await;
    assert_eq!(gate.provider.asked().len(), before + 2);
    browser.fill("input[name=code]", &texted(&gate, code_of).await).await;
    browser.go("form:has(input[name=code]) button").await;
    browser.go("form:has(input[name=stepgate_resume]) button").await;
    browser.find("#received").await;
    browser.close().await;
}

#[tokio::test]
async fn a_player_without_a_factor_is_asked_to_set_one_up_in_every_language() {
    let gate = gate().await;
    let viewer = Viewer::start().await;
    viewer.browser.log_in(&gate.url(""), "ayu").await;
    viewer.browser.press("#withdraw button[type=submit]").await;
    viewer.browser.find("main input[name=for]").await;
    viewer.tour("challenge-unenrolled", &here(&viewer.browser).await).await;
    viewer.browser.close().await;
}
