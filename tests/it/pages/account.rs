//! The settings and what can be changed there; the lock that a notice offers.

use stepgate::words::Language;

use super::{
    gate, gate_with, here, texted,
    viewer::{PAGE, PAGE_OF_LISTS, Viewer},
};
use crate::kit::{ApiClient, AuthenticatorApp, Browser, TestGate};

/// Answers the challenge that a change leads to with the app's code.
async fn confirm(browser: &Browser, code: &str) {
    browser.fill("input[name=code]", code).await;
    browser.press("form:has(input[name=code]) button").await;
}

/// A gateway, a player with an app, and a browser at the settings.
async fn at_settings() -> (TestGate, AuthenticatorApp, Viewer) {
    let gate = gate().await;
    let app = ApiClient::log_in(&gate.url(""), "budi").await.enrol_app().await;
    let viewer = Viewer::start().await;
    viewer.browser.log_in(&gate.url(""), "budi").await;
    viewer.browser.open(&gate.url("/.stepgate/settings")).await;
    (gate, app, viewer)
}

#[tokio::test]
async fn settings_and_a_new_number_are_usable_in_every_language() {
    let (gate, app, viewer) = at_settings().await;
    let browser = &viewer.browser;
    viewer.tour_within("settings-app", &gate.url("/.stepgate/settings"), PAGE_OF_LISTS).await;
    viewer.run("document.querySelectorAll('details').forEach(e => e.open = true)").await;
    viewer.look_at("settings-open", Language::English, PAGE_OF_LISTS).await;
    viewer.tour("enrol-number", &gate.url("/.stepgate/settings/enrol?place=of_all")).await;
    browser.fill("input[name=number]", "12").await;
    browser.press("form:has(input[name=number]) button").await;
    browser.find("#error").await;
    assert_eq!(browser.value("input[name=number]").await, "12", "what was typed stays");
    viewer.look_at("enrol-number-wrong", Language::English, PAGE).await;
    browser.fill("input[name=number]", "+62 812 0000 9999").await;
    browser.press("form:has(input[name=number]) button").await;
    browser.find("input[name=code]").await;
    viewer.look_at("challenge-of-change", Language::English, PAGE).await;
    confirm(browser, &app.code()).await;
    browser.find("main .c li").await;
    viewer.look_at("enrol-codes-sms", Language::English, PAGE).await;
    browser.press("button[name=next]").await;
    browser.find("form[action$='/send']").await;
    viewer.tour("enrol-phone-confirm", &here(browser).await).await;
    viewer.browser.close().await;
}

#[tokio::test]
async fn new_backup_codes_are_shown_once_with_what_keeps_them() {
    let (_gate, app, viewer) = at_settings().await;
    let browser = &viewer.browser;
    browser.press("form:has(input[value=backup-codes]) button").await;
    confirm(browser, &app.code()).await;
    browser.find("main .c li").await;
    viewer.look_at("backup-codes", Language::English, PAGE).await;
    browser.press("main a.b").await;
    assert_eq!(browser.text("main .n").await, "New backup codes made");
    viewer.browser.close().await;
}

#[tokio::test]
async fn a_player_turns_the_second_step_off_and_is_offered_to_turn_it_on() {
    let (gate, app, viewer) = at_settings().await;
    let browser = &viewer.browser;
    browser.press("details:has(input[value=disable]) summary").await;
    browser.press("form:has(input[value=disable]) button").await;
    confirm(browser, &app.code()).await;
    browser.find("form:has(input[value=enable])").await;
    viewer.tour("settings-off", &gate.url("/.stepgate/settings")).await;
    viewer.browser.close().await;
}

#[tokio::test]
async fn a_notice_locks_the_account_and_its_pages_are_usable_in_every_language() {
    let (gate, _app, viewer) = at_settings().await;
    let browser = &viewer.browser;
    let link = texted(&gate, |text| {
        let (_, token) = text.rsplit_once("/.stepgate/freeze?t=")?;
        Some(gate.url(&format!("/.stepgate/freeze?t={}", token.trim())))
    });
    let link = link.await;
    viewer.tour("freeze", &link).await;
    browser.press("main form button").await;
    browser.find("main a.b").await;
    viewer.look_at("frozen", Language::English, PAGE).await;
    viewer.tour("settings-frozen", &gate.url("/.stepgate/settings")).await;
    browser.log_in(&gate.url(""), "budi").await;
    browser.press("#withdraw button[type=submit]").await;
    browser.find("main a.b").await;
    viewer.look_at("refused-frozen", Language::English, PAGE).await;
    viewer.browser.close().await;
}

#[tokio::test]
async fn whoever_cannot_enrol_alone_is_told_to_ask_support() {
    let edit = |yaml: String| yaml.replace("first_enrolment: insecure_session_only", "first_enrolment: support");
    let gate = gate_with(edit).await;
    let viewer = Viewer::start().await;
    viewer.browser.log_in(&gate.url(""), "ayu").await;
    viewer.tour("settings-ask-support", &gate.url("/.stepgate/settings")).await;
    viewer.tour("denied", &gate.url("/.stepgate/settings/enrol")).await;
    viewer.browser.close().await;
}
