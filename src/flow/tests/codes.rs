//! Codes by SMS: what one answers, for how long, and a courier that is down.

use super::{
    browser::{Browser, asked},
    *,
};

#[tokio::test]
async fn a_sent_code_ends_after_its_lifetime() {
    let account = Account::new().await;
    let challenge = account.ask(&account.ayu, Level::Session).await;
    let code = account.send(&challenge).await.unwrap();
    let expires_at = account.world.clock.now().plus(account.world.rules.second_factor.sms.lifetime);
    account.world.clock.advance(expires_at.since(account.world.clock.now()));
    let late = account.answer(&account.ayu, &challenge.id, FactorKind::Sms, &code).await;
    assert!(is_rejected(&late) || matches!(late, Err(FlowError::Gone)), "{late:?}");
}

#[tokio::test]
async fn a_code_of_an_enrolment_answers_no_challenge_nor_the_other_way_round() {
    let account = Account::new().await;
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let mut browser = Browser::of("ayu", "1");
    let asker = browser.asker(&account.world).await;
    let wanted = Wanted { kind: FactorKind::Sms, place: Place::OfNumber, number: Some("+6281200001001"), ..APP };
    let pending = flow.begin(rules, &asker, wanted).await.unwrap();
    flow.proven(rules, &asker, &pending.id).await.unwrap();
    let head = browser.call();
    flow.look_at_codes(rules, &head.head(), &pending.id).await.unwrap();
    flow.send_enrolment_code(rules, &head.head(), &pending.id).await.unwrap();
    let confirmation = account.world.code_sent_to("+6281200001001");
    account.world.clock.advance(STEP);
    let id = asked(browser.visit(&account.world, "/account").await);
    let sent = browser.sent_code(&account.world, &id).await;
    if sent != confirmation {
        let answer = Answer { method: FactorKind::Sms, code: &confirmation, remember: false };
        assert!(is_rejected(&browser.answer(&account.world, &id, answer).await));
        let confirmed = flow.confirm_enrolment(rules, &browser.call().head(), &pending.id, &sent).await;
        assert!(is_rejected(&confirmed));
    }
    flow.confirm_enrolment(rules, &browser.call().head(), &pending.id, &confirmation).await.unwrap();
    assert!(account.state().await.happened.of(crate::policy::cooldown::Cause::PhoneChange).is_some());
}

#[tokio::test]
async fn a_courier_that_is_down_is_said_and_costs_neither_the_challenge_nor_an_earlier_code() {
    let mut account = Account::new().await;
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.visit(&account.world, "/account").await);
    let earlier = browser.sent_code(&account.world, &id).await;
    account.world.cut_sms();
    account.world.clock.advance(STEP);
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let sent = flow.send_code(rules, &browser.call().head(), &id).await;
    assert!(matches!(sent, Err(FlowError::NotSent(_))), "{sent:?}");
    let view = flow.view_challenge(rules, &browser.call().head(), &id).await.unwrap();
    assert_eq!(view.methods, [FactorKind::App, FactorKind::Sms]);
    let answer = Answer { method: FactorKind::Sms, code: &earlier, remember: false };
    assert!(browser.answer(&account.world, &id, answer).await.is_ok());
}

#[tokio::test]
async fn a_courier_that_is_down_leaves_the_app() {
    let mut account = Account::new().await;
    account.world.cut_sms();
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.visit(&account.world, "/account").await);
    let sent = account.world.flow.send_code(&account.world.rules, &browser.call().head(), &id).await;
    assert!(matches!(sent, Err(FlowError::NotSent(_))), "{sent:?}");
    let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember: false };
    assert!(browser.answer(&account.world, &id, answer).await.is_ok());
}
