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
    let folded = Visitor::of(&gate).with_header("x_player", "budi").guarded().await;
    assert_eq!(folded, StatusCode::BAD_REQUEST);
    assert_eq!(forwarded(&gate), 1);
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
