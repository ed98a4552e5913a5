//! Journeys 3 and 4: money, password, phone and payment method; and no signal when it matters.

use super::{CITRA, CODE, Journey, SEND};
use crate::kit::Scripts;

async fn change_what_matters(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("citra").await;
    journey.withdraw().await;
    journey.expect("Confirm it is you").await;
    let page = journey.page().await;
    assert!(page.contains("1,500,000") && page.contains("BCA 1234567890"), "{page}");
    journey.give_sms(CITRA).await;
    journey.go_on().await;
    journey.expect("Withdrawal done").await;
    let text = &journey.demo.code_messages(CITRA).await[0].text;
    assert!(text.contains("1,500,000") && text.contains("@127.0.0.1 #"), "{text}");

    // Into the account page, which is a proof of its own, and no fresh one.
    journey.open("/account").await;
    journey.give_sms(CITRA).await;
    journey.expect("Account").await;
    for (field, value) in
        [("password", "another-password"), ("phone", "+6281200009999"), ("payment_method", "DANA 0812")]
    {
        journey.change(field, value).await;
        if field == "password" {
            journey.expect("Confirm it is you").await;
            journey.give_sms(CITRA).await;
            journey.go_on().await;
        }
        // One fresh code is good for the next minutes.
        journey.expect("Account").await;
    }
    assert_eq!(journey.browser.value("input[name=phone]").await, "+6281200009999");
    assert_eq!(journey.browser.value("input[name=payment_method]").await, "DANA 0812");
    journey.browser.become_another().await;
    journey.open("/login").await;
    journey.browser.fill("input[name=username]", "citra").await;
    journey.browser.fill("input[name=password]", "another-password").await;
    journey.browser.go("form[action='/login'] button").await;
    journey.browser.find("#withdraw").await;
    journey.end().await;
}

#[tokio::test]
async fn money_and_account_changes_want_a_code() {
    change_what_matters(Scripts::On).await;
}

#[tokio::test]
async fn money_and_account_changes_want_a_code_without_scripts() {
    change_what_matters(Scripts::Off).await;
}

async fn withdraw_without_a_signal(scripts: Scripts) {
    let journey = Journey::begin(scripts).await;
    journey.log_in("citra").await;
    journey.open("/.stepgate/settings").await;
    journey.press("Make new codes").await;
    journey.give_sms(CITRA).await;
    let codes = journey.backup_codes().await;
    journey.press("I have saved my codes").await;
    journey.expect("Two-step protection").await;
    let sent = journey.demo.code_messages(CITRA).await.len();

    journey.withdraw().await;
    journey.browser.find(SEND).await;
    journey.press("Try another way").await;
    journey.press("Backup code").await;
    journey.give("AAAA-BBBB").await;
    assert!(journey.browser.text("#error").await.contains("Please check it"));
    journey.give(&codes[3].to_lowercase()).await;
    journey.go_on().await;
    journey.expect("Withdrawal done").await;
    assert_eq!(journey.demo.code_messages(CITRA).await.len(), sent, "nothing was sent");
    journey.demo.told("email", "citra@play.example", "a backup code was used").await;
    // It works once.
    journey.withdraw().await;
    journey.press("Try another way").await;
    journey.press("Backup code").await;
    journey.give(&codes[3]).await;
    journey.browser.find("#error").await;
    assert!(journey.browser.has(CODE).await, "the form is still there");
    journey.end().await;
}

#[tokio::test]
async fn a_backup_code_serves_where_no_message_arrives() {
    withdraw_without_a_signal(Scripts::On).await;
}

#[tokio::test]
async fn a_backup_code_serves_where_no_message_arrives_without_scripts() {
    withdraw_without_a_signal(Scripts::Off).await;
}
