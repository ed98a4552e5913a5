//! The steps of an enrolment, taken in another order, and from two tabs.

use super::{browser::Browser, *};
use crate::flow::enrol::EnrolmentView;

/// A world in which a first enrolment proves the number on file, and a log-in in it.
async fn world() -> (World, Browser) {
    (World::with(FirstEnrolment::PhoneOnFile).await, Browser::of("ayu", "1"))
}

async fn begun(world: &World, browser: &Browser) -> EnrolmentView {
    world.flow.begin_enrolment(&world.rules, &browser.call().head(), APP, None).await.unwrap()
}

#[tokio::test]
async fn no_step_is_taken_before_the_number_is_proven() {
    let (world, browser) = world().await;
    let (flow, rules, call) = (&world.flow, &world.rules, browser.call());
    let head = &call.head();
    let begun = begun(&world, &browser).await;
    assert_eq!((begun.step, begun.app.is_none(), begun.backup_codes.is_empty()), (EnrolmentStep::Phone, true, true));
    let looked = flow.look_at_codes(rules, head, &begun.id).await;
    assert!(matches!(looked, Err(FlowError::Denied(_))), "{looked:?}");
    let confirmed = flow.confirm_enrolment(rules, head, &begun.id, "000000").await;
    assert!(matches!(confirmed, Err(FlowError::Denied(_))), "{confirmed:?}");
    let next = flow.next_step(rules, head, &begun.id).await.unwrap();
    assert_eq!((next.step, next.app.is_none()), (EnrolmentStep::Phone, true));
    assert!(is_rejected(&flow.verify_enrolment_phone(rules, head, &begun.id, "000000").await), "none was sent");
}

#[tokio::test]
async fn a_step_that_is_done_is_not_done_again_and_a_later_one_may_be_skipped() {
    let (world, browser) = world().await;
    let (flow, rules, call) = (&world.flow, &world.rules, browser.call());
    let head = &call.head();
    let id = begun(&world, &browser).await.id;
    flow.send_enrolment_code(rules, head, &id).await.unwrap();
    let code = world.code_sent_to(NUMBER);
    let shown = flow.verify_enrolment_phone(rules, head, &id, &code).await.unwrap();
    let again = flow.verify_enrolment_phone(rules, head, &id, &code).await;
    assert!(matches!(again, Err(FlowError::Gone)), "{again:?}");
    let sent = flow.send_enrolment_code(rules, head, &id).await;
    assert!(matches!(sent, Err(FlowError::MethodUnavailable)), "{sent:?}");
    let looked = flow.view_enrolment(rules, head, &id).await.unwrap();
    let key = shown.app.unwrap().secret;
    assert_eq!(looked.app.unwrap().secret, key, "the same key however often it is looked at");
    let bytes = data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap();
    let right = self::code(&app::Secret::from_bytes(&bytes).unwrap(), world.clock.now());
    let activated = flow.confirm_enrolment(rules, head, &id, &right).await.unwrap();
    assert_eq!(activated.backup_codes.len(), 10, "whoever skipped them gets them now");
    let twice = flow.confirm_enrolment(rules, head, &id, &right).await;
    assert!(matches!(twice, Err(FlowError::Gone)), "{twice:?}");
}

#[tokio::test]
async fn of_two_tabs_the_newer_enrolment_counts_and_another_log_in_sees_neither() {
    let (world, browser) = world().await;
    let (flow, rules, call) = (&world.flow, &world.rules, browser.call());
    let older = begun(&world, &browser).await;
    let newer = begun(&world, &browser).await;
    let gone = flow.view_enrolment(rules, &call.head(), &older.id).await;
    assert!(matches!(gone, Err(FlowError::Gone)), "{gone:?}");
    assert!(flow.view_enrolment(rules, &call.head(), &newer.id).await.is_ok());
    for other in [Browser::of("ayu", "2"), Browser::of("budi", "1")] {
        let seen = flow.view_enrolment(rules, &other.call().head(), &newer.id).await;
        assert!(matches!(seen, Err(FlowError::Gone)), "{seen:?}");
        let confirmed = flow.confirm_enrolment(rules, &other.call().head(), &newer.id, "000000").await;
        assert!(matches!(confirmed, Err(FlowError::Gone)), "{confirmed:?}");
    }
}

#[tokio::test]
async fn an_enrolment_is_gone_after_a_quarter_of_an_hour() {
    let (world, browser) = world().await;
    let begun = begun(&world, &browser).await;
    world.clock.advance(begun.expires_at.since(world.clock.now()));
    let seen = world.flow.view_enrolment(&world.rules, &browser.call().head(), &begun.id).await;
    assert!(matches!(seen, Err(FlowError::Gone)), "{seen:?}");
}
