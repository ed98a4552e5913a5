//! Guessing in a wave: over players, networks and restarts; and that it keeps no owner out.

use std::net::IpAddr;

use super::{
    browser::{Browser, Request, asked},
    *,
};
use crate::{
    policy::throttle::{NETWORK_WINDOW, NetworkLimits, Pauses},
    store::{Tries, TriesBy},
};

const APP_TRIES: Tries = Tries { kind: FactorKind::App, by: TriesBy::Anyone };

/// A log-in of somebody, from an address.
fn from(address: &str, subject: &str) -> Asker {
    let client: IpAddr = address.parse().unwrap();
    Asker { client, ..asker(subject, 1, &Token::random()) }
}

async fn guess(world: &World, asker: &Asker) -> Result<(), FlowError> {
    world.flow.reserve(&world.rules, asker, APP_TRIES).await
}

/// A world in which a network of each kind has so many failures.
async fn with_limits(ipv6_48: u32, ipv6_56: u32, ipv6_64: u32) -> World {
    let mut world = World::new().await;
    world.rules_mut().throttle.networks = NetworkLimits { ipv4_24: 20, ipv6_64, ipv6_56, ipv6_48 };
    world
}

/// How many of so many players are guessed at from the addresses.
async fn guessed(world: &World, players: u32, address: impl Fn(u32) -> String) -> u32 {
    let mut compared = 0;
    for player in 0..players {
        match guess(world, &from(&address(player), &format!("player-{player}"))).await {
            Ok(()) => compared += 1,
            Err(FlowError::NetworkPaused { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    compared
}

#[tokio::test]
async fn one_try_at_each_of_many_players_is_stopped_for_the_network() {
    let world = with_limits(40, 20, 10).await;
    assert_eq!(guessed(&world, 60, |n| format!("192.0.2.{n}")).await, 20);
    assert_eq!(guessed(&world, 60, |n| format!("2001:db8:1:1::{n}")).await, 10);
    assert_eq!(guessed(&world, 60, |n| format!("2001:db8:2:{:x}::1", 0x100 + n)).await, 20);
    assert_eq!(guessed(&world, 60, |n| format!("2001:db8:3:{n:x}00::1")).await, 40);
    let text = world.flow.metrics.render().unwrap();
    for (by, most) in [("ipv4_24", 20), ("ipv6_64", 10), ("ipv6_56", 20), ("ipv6_48", 40)] {
        let line = format!("stepgate_throttled_total{{by=\"{by}\",factor=\"app\"}} {}", 60 - most);
        assert!(text.contains(&line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_paused_network_outlives_a_restart_and_ends_after_an_hour() {
    let world = with_limits(40, 20, 10).await;
    guessed(&world, 20, |n| format!("192.0.2.{n}")).await;
    let world = world.restarted().await;
    let until = world.clock.now().plus(NETWORK_WINDOW);
    let paused = guess(&world, &from("192.0.2.200", "ayu")).await;
    assert!(matches!(paused, Err(FlowError::NetworkPaused { until: told }) if told == until), "{paused:?}");
    world.clock.advance(NETWORK_WINDOW);
    assert!(guess(&world, &from("192.0.2.200", "ayu")).await.is_ok());
}

#[tokio::test]
async fn a_paused_network_leaves_other_networks_kinds_and_known_browsers() {
    let world = with_limits(40, 20, 10).await;
    guessed(&world, 20, |n| format!("192.0.2.{n}")).await;
    let ayu = from("192.0.2.200", "ayu");
    assert!(matches!(guess(&world, &ayu).await, Err(FlowError::NetworkPaused { .. })));
    assert!(guess(&world, &from("192.0.3.1", "ayu")).await.is_ok());
    for tries in [
        Tries { kind: FactorKind::Sms, ..APP_TRIES },
        Tries { kind: FactorKind::BackupCode, ..APP_TRIES },
        Tries { by: TriesBy::KnownBrowser, ..APP_TRIES },
    ] {
        assert!(world.flow.reserve(&world.rules, &ayu, tries).await.is_ok(), "{tries:?}");
    }
}

#[tokio::test]
async fn right_codes_and_codes_in_a_pause_cost_the_neighbours_nothing() {
    let world = with_limits(40, 20, 10).await;
    for player in 0..30 {
        let asker = from("192.0.2.1", &format!("player-{player}"));
        guess(&world, &asker).await.unwrap();
        world.flow.clear_tries(&world.rules, &asker, APP_TRIES).await.unwrap();
    }
    let stubborn = from("192.0.2.1", "ayu");
    for attempt in 1..=30 {
        assert_eq!(guess(&world, &stubborn).await.is_ok(), attempt <= 5);
    }
    let network = world.flow.paused_until(&world.rules, &from("192.0.2.9", "budi"), APP_TRIES).await.unwrap();
    assert_eq!(network, None);
}

#[tokio::test]
async fn the_page_of_a_paused_network_says_so_only_where_no_way_is_left() {
    let mut account = Account::new().await;
    account.world.rules_mut().throttle.networks.ipv4_24 = 1;
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.visit(&account.world, "/account").await);
    guess(&account.world, &from("127.0.0.9", "budi")).await.unwrap();
    let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember: false };
    let paused = browser.answer(&account.world, &id, answer).await;
    assert!(matches!(paused, Err(FlowError::NetworkPaused { .. })), "{paused:?}");
    let view = |request: Request| {
        let (flow, rules, id) = (&account.world.flow, &account.world.rules, &id);
        async move { flow.view_challenge(rules, &request.head(), id).await.unwrap().paused_until }
    };
    assert_eq!(view(browser.call()).await, None, "a code by SMS is open");
    let sent = browser.sent_code(&account.world, &id).await;
    let answer = Answer { method: FactorKind::Sms, code: &sent, remember: false };
    assert!(browser.answer(&account.world, &id, answer).await.is_ok());
    assert!(account.world.sent_to("ayu@play.example").is_empty(), "the owner is not told of strangers' codes");
}

#[tokio::test]
async fn an_exhausted_factor_opens_with_another_and_never_by_waiting() {
    let mut account = Account::new().await;
    account.world.rules_mut().throttle.pauses = Pauses { rebind_after: 6, ..Pauses::default() };
    let mut browser = Browser::of("ayu", "1");
    let ayu = browser.asker(&account.world).await;
    for _ in 0..6 {
        guess(&account.world, &ayu).await.unwrap();
        account.world.clock.advance(DAY);
    }
    let refused = guess(&account.world, &ayu).await;
    assert!(matches!(refused, Err(FlowError::Exhausted)), "{refused:?}");
    let id = asked(browser.visit(&account.world, "/account").await);
    let sent = browser.sent_code(&account.world, &id).await;
    let answer = Answer { method: FactorKind::Sms, code: &sent, remember: false };
    browser.answer(&account.world, &id, answer).await.unwrap();
    assert!(guess(&account.world, &ayu).await.is_ok());
}
