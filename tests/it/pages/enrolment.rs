//! Setting up a factor, page by page.

use stepgate::words::Language;

use super::{
    code_of, gate_with, here, texted,
    viewer::{PAGE, PAGE_WITH_PICTURE, Viewer},
};
use crate::kit::{AuthenticatorApp, Browser, Scripts};

/// As operators have it: the number on file comes first.
fn by_phone(yaml: String) -> String {
    yaml.replace("first_enrolment: insecure_session_only", "first_enrolment: phone_on_file")
}

#[tokio::test]
async fn every_step_of_an_enrolment_is_usable_in_every_language() {
    let gate = gate_with(by_phone).await;
    let viewer = Viewer::start().await;
    let browser = &viewer.browser;
    browser.log_in(&gate.url(""), "ayu").await;
    viewer.tour("settings-none", &gate.url("/.stepgate/settings")).await;
    viewer.tour("enrol-choose", &gate.url("/.stepgate/settings/enrol")).await;
    browser.press("form:has(input[value=app]) button").await;
    browser.find("form[action$='/send']").await;
    let enrolment = here(browser).await;
    viewer.tour("enrol-phone", &enrolment).await;
    browser.press("form[action$='/send'] button").await;
    browser.find("input[name=code]").await;
    viewer.tour("enrol-phone-sent", &enrolment).await;
    browser.press("summary").await;
    browser.press("details form[action$='/send'] button").await;
    assert!(browser.text("#error").await.contains("Please wait"), "one code at a time");
    viewer.look_at("enrol-phone-paused", Language::English, PAGE).await;
    browser.fill("input[name=code]", &texted(&gate, code_of).await).await;
    browser.press("form:has(input[name=code]) button").await;
    browser.find("main .q svg").await;
    viewer.tour_within("enrol-app", &enrolment, PAGE_WITH_PICTURE).await;
    let app = AuthenticatorApp::holding(&browser.text("main .k").await.replace(' ', ""));
    browser.press("button[name=next]").await;
    browser.find("main .c li").await;
    viewer.tour("enrol-codes", &enrolment).await;
    let shown = "return [...document.querySelectorAll('[data-do]')].every(e => e.checkVisibility())";
    assert_eq!(viewer.run(shown).await, true, "copy and print are offered where scripts run");
    browser.press("button[name=next]").await;
    browser.find("input[name=code]").await;
    viewer.tour("enrol-confirm", &enrolment).await;
    browser.fill("input[name=code]", "000000").await;
    browser.press("form:has(input[name=code]) button").await;
    browser.find("#error").await;
    viewer.look_at("enrol-confirm-rejected", Language::English, PAGE).await;
    viewer.tour_within("enrol-app-again", &format!("{enrolment}?show=secret"), PAGE_WITH_PICTURE).await;
    browser.open(&enrolment).await;
    browser.fill("input[name=code]", &app.previous_code().await).await;
    browser.press("form:has(input[name=code]) button").await;
    browser.find("main .n[role=status]").await;
    viewer.look_at("settings-added", Language::English, PAGE).await;
    viewer.browser.close().await;
}

#[tokio::test]
async fn an_enrolment_can_be_finished_without_scripts() {
    let gate = gate_with(by_phone).await;
    let browser = Browser::start(Scripts::Off).await;
    browser.log_in(&gate.url(""), "budi").await;
    browser.open(&gate.url("/.stepgate/settings/enrol")).await;
    browser.press("form:has(input[value=app]) button").await;
    browser.press("form[action$='/send'] button").await;
    browser.find("input[name=code]").await;
    browser.fill("input[name=code]", &texted(&gate, code_of).await).await;
    browser.press("form:has(input[name=code]) button").await;
    let app = AuthenticatorApp::holding(&browser.text("main .k").await.replace(' ', ""));
    browser.press("button[name=next]").await;
    browser.find("a[download]").await;
    assert!(!browser.find("[data-do=copy]").await.is_displayed().await.unwrap(), "it could not work");
    browser.press("button[name=next]").await;
    browser.fill("input[name=code]", &app.previous_code().await).await;
    browser.press("form:has(input[name=code]) button").await;
    browser.find("main .n[role=status]").await;
    browser.close().await;
}
