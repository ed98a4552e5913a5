//! Our cookies together, and the id of each stamp (security.md REQ-10, REQ-29).

use std::{collections::BTreeSet, sync::Arc};

use data_encoding::BASE64URL_NOPAD;
use http::Method;
use serde_json::{Value, json};

use crate::torture::{
    journeys,
    player::{Patience, Player, STEP},
    world::World,
};

/// What a browser takes at least (RFC 6265 §6.1), and half of what servers take for a whole head.
const MOST: usize = 4096;
/// On a secure site, before each name.
const PREFIX: &str = "__Host-";

/// The claims of a stamp.
fn claims(player: &Player) -> Value {
    let payload = player.jar["stepgate"].split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

/// Visits a guarded page and is remembered.
async fn remembered(player: &mut Player) {
    let asked = player.call(Method::GET, "/account", &Value::Null, &[]).await.expect(401).unwrap().json();
    let verify = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    let typed = json!({ "method": "app", "code": player.app_code(), "remember_device": true });
    player.call(Method::POST, &verify, &typed, &[]).await.expect(200).unwrap();
}

#[tokio::test]
async fn all_cookies_of_the_longest_player_fit_into_a_head() {
    let world = Arc::new(World::new().await);
    let mut player = Player::new(&world, Patience::StartsOver);
    player.name = "a".repeat(255);
    player.log_in();
    let mut player = player.with_app().await;
    remembered(&mut player).await;
    player.submit("/.stepgate/language", "language=en").await.expect(303).unwrap();
    let ours: Vec<_> = player.jar.iter().filter(|(name, _)| name.starts_with("stepgate")).collect();
    assert_eq!(ours.len(), 4, "{ours:?}");
    let sizes = ours.iter().map(|(name, value)| PREFIX.len() + name.len() + "=; ".len() + value.len());
    let sizes: Vec<usize> = sizes.collect();
    assert!(sizes.iter().sum::<usize>() <= MOST, "{sizes:?}");
}

#[tokio::test]
async fn every_proof_gives_a_stamp_with_an_id_of_its_own() {
    let world = Arc::new(World::new().await);
    let mut player = Player::new(&world, Patience::StartsOver).with_app().await;
    let mut ids = BTreeSet::new();
    for target in ["/account", "/details", "/details", "/details"] {
        // Older than what `/details` takes for fresh.
        world.clock.advance(11 * STEP);
        journeys::prove(&mut player, target, "app").await.unwrap();
        let claims = claims(&player);
        assert!(ids.insert(claims["jti"].as_str().unwrap().to_owned()), "{target}: {claims}");
    }
    assert_eq!(ids.len(), 4);
}
