//! The number on file, proven by a code that was sent there.

use super::*;
use crate::{
    clock::Clock,
    flow::{
        send::Sending,
        testing::{NUMBER, World, known},
    },
    store::{Tries, TriesBy},
    words::{CodeFor, Language},
};

#[tokio::test]
async fn a_number_on_file_is_proven_before_the_secret_is_made() {
    let (world, browser) = (World::with(FirstEnrolment::PhoneOnFile).await, Token::random());
    let ayu = known("ayu", 1, &browser);
    let wanted =
        Wanted { kind: FactorKind::App, place: Place::Beside, number: None, support_code: None, return_to: None };
    let pending = world.flow.begin(&world.rules, &ayu, wanted).await.unwrap();
    assert_eq!((pending.step, pending.secret.is_none()), (EnrolmentStep::Phone, true));

    let purpose = phone::purpose_of(&pending);
    let sending = Sending {
        asker: &ayu,
        number: &world.flow.pending_number(&pending).unwrap(),
        purpose: purpose.clone(),
        is_for: CodeFor::Enrolment,
        language: Language::English,
        is_bound: false,
    };
    let sent = world.flow.send(&world.rules, sending).await.unwrap();
    assert_eq!((sent.to.as_str(), world.sent_to(NUMBER).len()), ("•••• 34", 1));

    let code = world.code_sent_to(NUMBER);
    let tries = Tries { kind: FactorKind::Sms, by: TriesBy::Enrolment };
    let other = known("ayu", 2, &browser);
    let elsewhere = world.flow.consume_sent_code(&world.rules, &ayu, (tries, "challenge:another"), &code).await;
    assert!(matches!(elsewhere, Err(FlowError::CodeRejected { .. })), "another purpose");
    let theirs = world.flow.consume_sent_code(&world.rules, &other, (tries, &purpose), &code).await;
    assert!(matches!(theirs, Err(FlowError::CodeRejected { .. })), "another log-in");
    world.flow.consume_sent_code(&world.rules, &ayu, (tries, &purpose), &code).await.unwrap();
    let again = world.flow.consume_sent_code(&world.rules, &ayu, (tries, &purpose), &code).await;
    assert!(matches!(again, Err(FlowError::CodeRejected { .. })), "a second time");
}

#[tokio::test]
async fn an_activation_gives_the_network_back_its_own_try_and_no_other() {
    let (mut world, browser) = (World::new().await, Token::random());
    world.rules_mut().throttle.networks.ipv4_24 = 4;
    let ayu = known("ayu", 1, &browser);
    let by = |by| Tries { kind: FactorKind::App, by };
    for stranger in ["a", "b", "c"] {
        let stranger = known(stranger, 1, &browser);
        for tries in [by(TriesBy::Anyone), by(TriesBy::Enrolment)] {
            world.flow.reserve(&world.rules, &stranger, tries).await.unwrap();
        }
    }
    let wanted =
        Wanted { kind: FactorKind::App, place: Place::Beside, number: None, support_code: None, return_to: None };
    let pending = world.flow.begin(&world.rules, &ayu, wanted).await.unwrap();
    let sealed = pending.secret.as_ref().unwrap();
    let secret = world.flow.app_secret(&pending.factor_id, &pending.subject, sealed).unwrap();
    let code = crate::flow::testing::code(&secret, world.clock.now());
    world.flow.confirm(&world.rules, &ayu, &pending.id, &code).await.unwrap();
    for tries in [by(TriesBy::Anyone), by(TriesBy::Enrolment)] {
        let other = known("d", 1, &browser);
        world.flow.reserve(&world.rules, &other, tries).await.unwrap();
        let full = world.flow.reserve(&world.rules, &known("e", 1, &browser), tries).await;
        assert!(matches!(full, Err(FlowError::NetworkPaused { .. })), "{tries:?}: {full:?}");
    }
}
