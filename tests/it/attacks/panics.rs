//! A panic in the middle of a request (security.md REQ-67): the gate stays shut, its connection ends, and
//! everybody else is served.

use super::edge::Edge;
use crate::{
    kit::eventually,
    torture::{
        failing::Fault,
        journeys,
        player::{Patience, Player},
    },
};

/// Longer than what is known of a stamp is believed.
const LATER: std::time::Duration = std::time::Duration::from_secs(3);

/// The cookies that a player's browser sends.
fn cookies(player: &Player) -> String {
    let pairs: Vec<String> = player.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}

/// Sends the same once for each store call that it makes, with that call panicking; how many there were.
async fn panicking(edge: &Edge, method: &str, target: &str, cookies: &str, lines: &[(&str, &str)]) -> usize {
    let lines = [&[("cookie", cookies), ("content-type", "application/json")][..], lines].concat();
    let body = if method == "POST" { r#"{"amount":"1500"}"# } else { "" };
    for index in 0..50 {
        let before = edge.site.received(method, target).len();
        edge.world.clock.advance(LATER);
        edge.world.plan.arm(index, Fault::Panics);
        let answer = edge.send(method, target, &lines, body).await;
        let calls = edge.world.plan.disarm();
        if calls.len() <= index {
            return index;
        }
        // No answer at all, or of a page of ours that something went wrong.
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        assert!(status == 0 || status == 500, "{}: {answer:?}", calls[index]);
        assert!(!answer.is_ok_and(|answer| answer.headers().contains_key("set-cookie")), "{}", calls[index]);
        assert_eq!(edge.site.received(method, target).len(), before, "{}: the site was reached", calls[index]);
        let beside = edge.send("GET", "/assets/site.css", &[], "").await.unwrap();
        assert_eq!(beside.status(), 200, "another request is served");
    }
    panic!("{target} never came to its end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_shuts_the_gate_and_nothing_else() {
    let edge = Edge::start().await;
    let mut player = Player::new(&edge.world, Patience::StartsOver).with_app().await;
    let session = cookies(&player);
    assert!(panicking(&edge, "GET", "/account", &session, &[]).await > 1, "asking who it is");

    journeys::prove(&mut player, "/account", "app").await.unwrap();
    let proven = cookies(&player);
    assert!(panicking(&edge, "GET", "/account", &proven, &[]).await > 0, "looking at the stamp");
    let passed = edge.send("GET", "/account", &[("cookie", &proven)], "").await.unwrap();
    assert_eq!(passed.status(), 302, "the stamp is as good as before: the site answers");

    let approval = approved(&mut player).await;
    let proven = cookies(&player);
    let lines = [("stepgate-approval", &*approval)];
    let reached = panicking(&edge, "POST", "/api/withdraw", &proven, &lines).await;
    assert!(reached > 3, "looking at the approval, consuming it, and what follows before the site has it");
    assert!(edge.site.received("POST", "/api/withdraw").is_empty(), "what was consumed and not sent is spent");
    let approval = approved(&mut player).await;
    let lines = [("cookie", &*proven), ("content-type", "application/json"), ("stepgate-approval", &*approval)];
    for _ in 0..2 {
        edge.send("POST", "/api/withdraw", &lines, r#"{"amount":"1500"}"#).await.unwrap();
        assert_eq!(edge.site.received("POST", "/api/withdraw").len(), 1, "another approval goes on, once");
    }

    let pages = ["/.stepgate/settings", "/.stepgate/api/factors"];
    for page in pages {
        assert!(panicking(&edge, "GET", page, &proven, &[]).await > 0, "{page}");
    }
    let factors = edge.send("GET", "/.stepgate/api/factors", &[("cookie", &proven)], "").await.unwrap();
    assert_eq!(factors.status(), 200);
    eventually("no request is in flight", async || (edge.world.flow.metrics.in_flight.get() == 0).then_some(())).await;
}

/// Asks to withdraw and answers; the approval.
async fn approved(player: &mut Player) -> String {
    let verify = journeys::withdrawal(player).await.unwrap();
    journeys::approval_of(player, &verify).await
}
