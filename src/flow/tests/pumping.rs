//! SMS flooding and SMS pumping: whoever has log-ins makes us send, and somebody earns by it.

use super::*;
use crate::{
    metrics::words::{SmsFinding, SmsVerdict},
    policy::sms_guard::{Cap, Mode, Prefix, SLOT},
};

/// Has a code sent to a number that another player typed each time.
async fn send(world: &World, number: &str, player: u32) -> Result<(), FlowError> {
    let asker = asker(&format!("player-{player}"), 1, &Token::random());
    let number = PhoneNumber::parse(number, None).unwrap();
    let purpose = format!("enrolment:{player}:confirm");
    let (is_for, language) = (CodeFor::Number, Language::English);
    let sending = Sending { asker: &asker, number: &number, purpose, is_for, language, is_bound: false };
    world.flow.send(&world.rules, sending).await.map(|_| ())
}

/// How many of so many numbers of one block get a code.
async fn pumped(world: &World, block: &str, numbers: u32) -> u32 {
    let mut sent = 0;
    for number in 0..numbers {
        match send(world, &format!("{block}{number:04}"), number).await {
            Ok(()) => sent += 1,
            Err(FlowError::SmsClosed { until }) => assert_eq!(until, world.clock.now().plus(SLOT)),
            Err(other) => panic!("{other:?}"),
        }
    }
    sent
}

fn found(world: &World, finding: SmsFinding, verdict: SmsVerdict) -> u64 {
    let text = world.flow.metrics.render().unwrap();
    let (finding, verdict) = (finding.as_str(), verdict.as_str());
    let name = format!("stepgate_sms_guard_total{{finding=\"{finding}\",verdict=\"{verdict}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

/// A world in which only the prefix is looked at.
async fn world() -> World {
    let mut world = World::new().await;
    let unlimited = Cap { per_hour: u32::MAX, per_day: u32::MAX };
    world.rules_mut().sms_guard.per_network = unlimited;
    world
}

#[tokio::test]
async fn two_hundred_numbers_in_one_prefix_get_twenty_codes() {
    let world = world().await;
    assert_eq!(pumped(&world, "+628120000", 200).await, 20);
    assert_eq!(found(&world, SmsFinding::Prefix, SmsVerdict::Refused), 180);
    assert_eq!(world.outbox.messages().len(), 20, "no other one was carried");
    assert!(send(&world, "+6281211110001", 999).await.is_ok(), "another block");
    let world = world.restarted().await;
    assert!(matches!(send(&world, "+6281200000900", 900).await, Err(FlowError::SmsClosed { .. })));
    world.clock.advance(Duration::from_secs(2 * 3600));
    assert!(send(&world, "+6281200000900", 901).await.is_ok(), "never for good");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_once_no_more_than_the_cap_go_out() {
    let world = Arc::new(world().await);
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { send(&world, &format!("+628120000{number:04}"), number).await.is_ok() })
        })
        .collect();
    let mut sent = 0;
    for task in tasks {
        sent += usize::from(task.await.unwrap());
    }
    assert!(sent <= 20, "{sent}");
    assert_eq!(world.outbox.messages().len(), sent);
}

#[tokio::test]
async fn a_breaker_that_only_records_sends_and_one_that_enforces_does_not() {
    for (mode, expected) in [(Mode::RecordOnly, 30), (Mode::Enforce, 20)] {
        let mut world = world().await;
        let guard = &mut world.rules_mut().sms_guard;
        guard.breaker.mode = mode;
        guard.mode = Mode::RecordOnly;
        assert_eq!(pumped(&world, "+628120000", 30).await, expected, "{mode:?}");
        let text = world.flow.metrics.render().unwrap();
        assert!(text.contains("stepgate_sms_guard_open{country=\"ID\"} 1"), "{text}");
        let verdict = if mode == Mode::Enforce { SmsVerdict::Refused } else { SmsVerdict::Recorded };
        assert_eq!(found(&world, SmsFinding::Country, verdict), 10);
        world.clock.advance(Duration::from_secs(2 * 3600));
        send(&world, "+6281211110001", 999).await.unwrap();
        assert!(world.flow.metrics.render().unwrap().contains("stepgate_sms_guard_open{country=\"ID\"} 0"));
    }
}

#[tokio::test]
async fn one_network_gets_its_share_of_unused_codes() {
    let mut world = World::new().await;
    world.rules_mut().sms_guard.per_network = Cap { per_hour: 10, per_day: 10 };
    let mut sent = 0;
    for player in 0..15 {
        sent += u32::from(send(&world, &format!("+62812{player:04}0001"), player).await.is_ok());
    }
    assert_eq!((sent, found(&world, SmsFinding::Network, SmsVerdict::Refused)), (10, 5));
}

#[tokio::test]
async fn codes_that_are_used_close_nothing_and_an_owners_number_is_kept_open() {
    let mut account = Account::new().await;
    account.world.rules_mut().sms_guard.per_prefix = Cap { per_hour: 2, per_day: 2 };
    for _ in 0..4 {
        let challenge = account.ask(&account.ayu, Level::Session).await;
        let sent = account.send(&challenge).await.unwrap();
        account.answer(&account.ayu, &challenge.id, FactorKind::Sms, &sent).await.unwrap();
        account.world.clock.advance(STEP);
    }
    assert_eq!(found(&account.world, SmsFinding::Prefix, SmsVerdict::Recorded), 0);
    let block = NUMBER.get(..NUMBER.len() - 4).unwrap();
    assert_eq!(pumped(&account.world, block, 9).await, 2);
    let challenge = account.ask(&account.ayu, Level::Session).await;
    assert!(account.send(&challenge).await.is_ok(), "the number is a factor already");
    let text = account.world.flow.metrics.render().unwrap();
    assert!(text.contains("stepgate_sms_messages_total{country=\"ID\",message=\"used\"} 4"), "{text}");
}

#[tokio::test]
async fn a_spent_ceiling_stops_codes_and_no_notice() {
    let mut account = Account::new().await;
    let rules = account.world.rules_mut();
    rules.couriers.set_price(100);
    rules.sms_guard.ceiling = Some(300);
    let (mut sent, mut refused) = (0, 0);
    for player in 0..5 {
        match send(&account.world, &format!("+62812{player:04}0001"), player).await {
            Ok(()) => sent += 1,
            Err(FlowError::SmsClosed { .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!((sent, refused), (3, 2));
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let event = (notify::Event::NumberChanged, "");
    let edits = flow.told(rules, &account.ayu.player, event, account.world.clock.now()).await.unwrap();
    let is_sms = |edit: &store::Edit| matches!(edit, store::Edit::Tell(record) if record.channel == "sms");
    assert!(edits.iter().any(is_sms), "an attacker's codes keep no notice back");
    let spent = flow.stores.sends.tally("all", account.world.clock.now().minus(DAY)).await.unwrap();
    assert_eq!(spent.iter().map(|tally| tally.cost).sum::<u64>(), 400, "the notice costs as well");
    account.world.clock.advance(DAY + SLOT);
    assert!(send(&account.world, "+6281200090001", 9).await.is_ok());
}

#[tokio::test]
async fn numbers_of_premium_services_and_refused_prefixes_get_nothing() {
    let mut world = world().await;
    let rules = world.rules_mut();
    rules.second_factor.sms.countries.extend(Country::parse("US"));
    rules.sms_guard.refused.extend(Prefix::parse("+62811"));
    for (player, number) in ["+19002345678", "+6281134567834", "+447400123456"].into_iter().enumerate() {
        let refused = send(&world, number, u32::try_from(player).unwrap()).await;
        assert!(matches!(refused, Err(FlowError::NumberRefused)), "{number}: {refused:?}");
    }
    assert!(world.outbox.messages().is_empty());
    assert_eq!(found(&world, SmsFinding::Number, SmsVerdict::Refused), 3);
}

#[tokio::test]
async fn a_victims_phone_rings_five_times_an_hour_and_ten_a_day_over_log_ins_and_restarts() {
    let mut world = world().await;
    let mut rung = Vec::new();
    for minute in 0..(24 * 60) {
        if minute % 200 == 0 {
            world = world.restarted().await;
        }
        if minute % 5 == 0 && send(&world, NUMBER, minute).await.is_ok() {
            rung.push(minute);
        }
        world.clock.advance(2 * STEP);
    }
    assert_eq!(rung.len(), 10, "{rung:?}");
    assert!(rung.windows(6).all(|six| six[5] - six[0] >= 60), "{rung:?}");
}
