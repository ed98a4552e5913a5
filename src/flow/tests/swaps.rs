//! What was given to one is of no use to another, and no part of a secret is one.

use super::*;
use crate::{
    policy::throttle::{NetworkLimits, Pauses, Throttle},
    store::SendLimits,
};

/// An account without limits: a matrix is many tries.
async fn unlimited() -> Account {
    let mut account = Account::new().await;
    let rules = account.world.rules_mut();
    rules.throttle = Throttle {
        pauses: Pauses { from: u32::MAX, rebind_after: u32::MAX, ..Pauses::default() },
        networks: NetworkLimits { ipv4_24: u32::MAX, ..NetworkLimits::default() },
    };
    rules.second_factor.sms.limits = SendLimits { gap: Duration::ZERO, per_hour: 10_000, per_day: 10_000 };
    account
}

/// A challenge, whose it is, and the code that was sent for it.
struct Given {
    owner: usize,
    id: String,
    code: String,
}

#[tokio::test]
async fn a_code_answers_one_challenge_of_one_player_log_in_and_purpose_in_the_whole_matrix() {
    let mut account = unlimited().await;
    account.ayu = known("budi", 1, &account.browser);
    account.add(FactorKind::Sms, NUMBER.as_bytes(), START).await;
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let number = PhoneNumber::parse(NUMBER, None).unwrap();
    let askers: Vec<Asker> = ["ayu", "budi"]
        .into_iter()
        .flat_map(|subject| [1, 2].map(|login| asker(subject, login, &account.browser)))
        .collect();
    let levels = [Level::Session, Level::Fresh, Level::Once, Level::Change(Change::Disable)];
    let mut given = Vec::new();
    for (owner, asker) in askers.iter().enumerate() {
        for level in &levels {
            let challenge = account.ask(asker, level.clone()).await;
            let purpose = purpose_of(&challenge);
            let (is_for, language) = (CodeFor::Session, Language::English);
            let sending = Sending { asker, number: &number, purpose, is_for, language, is_bound: true };
            flow.send(rules, sending).await.unwrap();
            given.push(Given { owner, id: challenge.id, code: account.world.code_sent_to(NUMBER) });
        }
    }
    for asker in &askers {
        for challenge in &given {
            for code in given.iter().filter(|code| code.code != challenge.code) {
                let swapped = account.answer(asker, &challenge.id, FactorKind::Sms, &code.code).await;
                assert!(is_rejected(&swapped) || matches!(swapped, Err(FlowError::Gone)), "{swapped:?}");
            }
        }
    }
    for (index, asker) in askers.iter().enumerate() {
        for challenge in &given {
            let theirs = account.answer(asker, &challenge.id, FactorKind::Sms, &challenge.code).await;
            assert_eq!(theirs.is_ok(), challenge.owner == index, "{theirs:?}");
        }
    }
}

/// Every beginning and every end of a text, without the whole.
fn parts(whole: &str) -> impl Iterator<Item = &str> {
    let cuts = 0..whole.len();
    cuts.clone().filter_map(move |cut| whole.get(..cut)).chain(cuts.skip(1).filter_map(move |cut| whole.get(cut..)))
}

#[test]
fn no_part_of_a_token_is_a_token() {
    // Browser secrets, approvals, resume tokens, freeze links and the second half of a device are all of this
    // one form, and found by the hash of the whole.
    let token = Token::random();
    for part in parts(token.reveal()) {
        assert!(Token::parse(part).is_none(), "{part}");
    }
    assert!(Token::parse(&format!("{}A", token.reveal())).is_none());
    assert_eq!(Token::parse(token.reveal()).unwrap().hash(), token.hash());
}

#[tokio::test]
async fn no_part_of_a_stamp_a_device_or_a_freeze_link_is_taken() {
    let account = Account::new().await;
    let mut browser = super::browser::Browser::of("ayu", "1");
    browser.prove(&account, true).await;
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let subject = &account.ayu.player.subject;
    let [stamp, device] = browser.stamp_and_device();
    assert!(rules.stamps.open(&stamp).is_some());
    for part in parts(&stamp) {
        assert!(rules.stamps.open(part).is_none(), "{part}");
    }
    let mut whole = browser.clone();
    whole.forget_stamp();
    assert!(flow.has_device(rules, &whole.call().head(), subject).await.unwrap());
    for part in parts(&device) {
        whole.set_device(part);
        assert!(!flow.has_device(rules, &whole.call().head(), subject).await.unwrap(), "{part}");
    }
    let link = Token::random();
    for part in parts(link.reveal()) {
        assert!(matches!(flow.view_freeze(part).await, Err(FlowError::Gone)), "{part}");
    }
}
