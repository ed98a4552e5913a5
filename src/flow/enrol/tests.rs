//! The number on file, proven by a code that was sent there.

use super::*;
use crate::{
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
