//! Which remembered browser is forgotten (security.md REQ-35).

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use crate::torture::{
    journeys,
    player::{Patience, Player},
    world::World,
};

/// The player in another browser, which is remembered.
async fn in_another_browser(player: &Player) -> Player {
    let mut other = player.clone();
    other.jar.retain(|name, _| name == "session");
    other.log_in();
    let asked = other.call(Method::GET, "/account", &Value::Null, &[]).await.expect(401).unwrap().json();
    let verify = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    let typed = json!({ "method": "app", "code": other.app_code(), "remember_device": true });
    other.call(Method::POST, &verify, &typed, &[]).await.expect(200).unwrap();
    other
}

/// The id of the browser that asks, and how many are remembered.
async fn listed(player: &mut Player) -> (String, usize) {
    let answer = player.call(Method::GET, "/.stepgate/api/devices", &Value::Null, &[]).await;
    let listed = answer.expect(200).unwrap().json();
    let devices = listed["devices"].as_array().unwrap();
    let this = devices.iter().find(|device| device["this"] == true).expect("it is listed");
    (this["id"].as_str().unwrap().to_owned(), devices.len())
}

/// Whether the next log-in in this browser passes without a code.
async fn is_remembered(player: &mut Player) -> bool {
    player.jar.remove("stepgate");
    // None that another browser had: those were ten at most.
    for _ in 0..10 {
        player.log_in();
    }
    player.call(Method::GET, "/account", &Value::Null, &[]).await.status == 200
}

#[tokio::test]
async fn the_browser_that_was_chosen_is_forgotten_and_no_other() {
    let world = Arc::new(World::new().await);
    let player = Player::new(&world, Patience::StartsOver).with_app().await;
    let mut first = in_another_browser(&player).await;
    let mut second = in_another_browser(&first).await;
    let mut third = in_another_browser(&second).await;
    let (chosen, before) = listed(&mut second).await;
    assert_eq!(before, 3);

    let target = format!("/.stepgate/api/devices/{chosen}");
    journeys::changed(&mut first, Method::DELETE, &target, &Value::Null, 200).await.unwrap();
    assert_eq!(listed(&mut first).await.1, 2);
    let known = [is_remembered(&mut first).await, is_remembered(&mut second).await, is_remembered(&mut third).await];
    assert_eq!(known, [true, false, true]);

    // Another player's choice of the same id forgets nothing.
    let mut stranger = Player::new(&world, Patience::StartsOver).with_app().await;
    let (others, _) = listed(&mut third).await;
    let target = format!("/.stepgate/api/devices/{others}");
    let refused = journeys::changed(&mut stranger, Method::DELETE, &target, &Value::Null, 200).await;
    assert!(is_remembered(&mut third).await, "{refused:?}");
}
