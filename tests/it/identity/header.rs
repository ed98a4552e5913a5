//! The `header` source.

use super::*;

fn from(network: &str) -> impl FnOnce(&DemoOptions, &Path) -> String {
    let network = network.to_owned();
    move |_, _| format!("- header: {{ subject: X-Player, from: [\"{network}\"] }}")
}

#[tokio::test]
async fn a_listed_peer_names_the_player() {
    let gate = gate(from("127.0.0.0/8"), |_| ok()).await;
    assert_eq!(Visitor::of(&gate).with_header("x-player", "ayu").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
    assert_eq!(Visitor::of(&gate).guarded().await, StatusCode::UNAUTHORIZED, "without it nobody is there");
    let twice = Visitor::of(&gate).with_header("x-player", "ayu").with_header("x-player", "budi").guarded().await;
    assert_eq!(twice, StatusCode::BAD_REQUEST);
    for twin in TWINS {
        let beside = Visitor::of(&gate).with_header("x-player", "ayu").with_header(twin, "budi").guarded().await;
        assert_eq!(beside, StatusCode::BAD_REQUEST, "{twin}");
    }
    assert_eq!(forwarded(&gate), 1);
}

/// What some servers take for X-Player.
const TWINS: [&str; 5] = ["x_player", "x.player", "X~Player", "X!Player", "x'player"];

/// The names under which the site was last told on an unguarded route who it is.
async fn told_on_an_open_route(gate: &Gate, names: &[&str]) -> Vec<String> {
    let said = names.iter().fold(Visitor::of(gate), |visitor, name| visitor.with_header(name, "budi"));
    let mut said = said;
    assert_eq!(said.get("/open").await.status(), StatusCode::OK);
    let received = gate.site.received("GET", "/open").pop().unwrap();
    let told = received.headers.iter().filter(|(_, value)| *value == "budi").map(|(name, _)| name.to_string());
    told.collect()
}

#[tokio::test]
async fn nobody_else_tells_the_site_who_the_player_is_on_any_route() {
    let gate = gate(from("10.0.0.0/8"), |_| ok()).await;
    for name in TWINS.into_iter().chain(["x-player"]) {
        assert_eq!(told_on_an_open_route(&gate, &[name]).await, [""; 0], "{name}");
    }
    let gate = super::gate(from("127.0.0.0/8"), |_| ok()).await;
    assert_eq!(told_on_an_open_route(&gate, &[&["x-player"], &TWINS[..]].concat()).await, ["x-player"]);
}

#[tokio::test]
async fn another_peer_may_not_name_anybody() {
    let gate = gate(from("10.0.0.0/8"), |_| ok()).await;
    let mut visitor = Visitor::of(&gate).with_header("x-player", "ayu").with_header("x-forwarded-for", "10.0.0.9");
    assert_eq!(visitor.guarded().await, StatusCode::BAD_REQUEST);
    assert_eq!(forwarded(&gate), 0);
}

#[tokio::test]
async fn a_stamp_is_bound_to_our_own_cookie() {
    let gate = gate(from("127.0.0.0/8"), |_| ok()).await;
    let mut ayu = Visitor::of(&gate).with_header("x-player", "ayu");
    ayu.prove().await;
    assert!(ayu.passes().await);
    let mut other_browser = Visitor::of(&gate).with_header("x-player", "ayu");
    other_browser.cookies = ayu.cookies.clone();
    other_browser.cookies.remove("stepgate-login");
    assert!(!other_browser.passes().await, "the stamp alone is not enough");
    ayu.post("/logout", "").await;
    assert!(!ayu.passes().await, "a log-out ends it");
}
