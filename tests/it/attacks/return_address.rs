//! Where our answers lead (security.md REQ-15, A18): to this host, whatever address was asked for, and to
//! exactly it.

use reqwest::Response;
use url::Url;

use super::edge::Edge;
use crate::torture::{
    player::{Patience, Player},
    world::ORIGIN,
};

/// Targets that some browser might follow to `evil.example`. The world guards `/evil.example/**` and takes
/// every odd form of it that a configuration can allow.
const TARGETS: [&str; 21] = [
    "/evil.example/",
    "//evil.example/",
    "///evil.example/",
    "////evil.example/x",
    "//evil.example:443/",
    "//evil.example//x",
    "//evil.example/?next=https://evil.example",
    "//evil.example/;x=1",
    "//EVIL.example/",
    "//evil.example/%2f%2f",
    "//evil.example/account",
    "/%2fevil.example/",
    "/%5cevil.example/",
    "/%5c%5cevil.example/",
    "/;/evil.example/",
    "/;//evil.example/",
    "/%09/evil.example/",
    "/%0d%0aLocation:%20//evil.example/",
    "/https:/evil.example/",
    "/@evil.example/",
    "//@evil.example/",
];

/// The same as the lines of a browser's navigation.
fn navigation(cookies: &str) -> Vec<(&str, &str)> {
    vec![
        ("cookie", cookies),
        ("accept", "text/html"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "same-origin"),
    ]
}

/// Where a browser goes that follows this from a page of ours; it must be here.
fn followed(link: &str) -> String {
    let here = Url::parse(&format!("{ORIGIN}/.stepgate/challenge/x")).unwrap();
    let followed = here.join(link).unwrap();
    assert_eq!(followed.origin(), here.origin(), "{link} leads to {followed}");
    let query = followed.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", followed.path())
}

fn location(answer: &Response) -> Option<String> {
    let mut lines = answer.headers().get_all("location").iter();
    let line = lines.next()?.to_str().unwrap().to_owned();
    assert!(lines.next().is_none(), "one way on: {answer:?}");
    Some(line)
}

/// What a challenge of this request leads to in the end; nothing where none is asked for.
async fn led_to(edge: &Edge, player: &mut Player, method: &str, target: &str) -> Option<String> {
    let session = format!("session={}", player.jar["session"]);
    let mut lines = navigation(&session);
    if method == "POST" {
        lines.push(("content-type", "application/x-www-form-urlencoded"));
    }
    let asked = edge.send(method, target, &lines, if method == "POST" { "a=b" } else { "" }).await.unwrap();
    let page = location(&asked)?;
    assert_eq!((asked.status().as_u16(), page.starts_with("/.stepgate/challenge/")), (303, true), "{target}");
    let cookie = asked.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let cookies = format!("{session}; {cookie}");
    let mut lines = navigation(&cookies);
    lines.push(("content-type", "application/x-www-form-urlencoded"));
    let typed = format!("method=app&code={}", player.app_code());
    let answered = edge.send("POST", &page, &lines, &typed).await.unwrap();
    if let Some(on) = location(&answered) {
        return Some(on);
    }
    let text = answered.text().await.unwrap();
    let (_, after) = text.split_once("<form method=\"post\" action=\"").unwrap_or_else(|| panic!("{target}: {text}"));
    Some(after.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&"))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_leads_a_player_elsewhere() {
    let edge = Edge::start().await;
    let mut player = Player::new(&edge.world, Patience::StartsOver).with_app().await;
    let mut led = 0;
    for method in ["GET", "POST"] {
        for target in TARGETS {
            // Each as somebody who has proven nothing.
            player.log_in();
            let Some(on) = led_to(&edge, &mut player, method, target).await else { continue };
            led += 1;
            assert_eq!(followed(&on), target, "{method}: the browser asks again for what it asked for");
        }
    }
    assert!(led >= 16, "the corpus reaches the guarded route: {led}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_of_language_leads_back_to_a_page_of_this_host_or_to_its_first() {
    let edge = Edge::start().await;
    let own = ORIGIN;
    for (referer, back) in [
        (format!("{own}/.stepgate/settings?done=x"), "/.stepgate/settings?done=x"),
        (format!("{own}//evil.example/"), "/"),
        (format!("{own}/\\evil.example/"), "/"),
        (format!("{own}/.//evil.example/"), "/.//evil.example/"),
        (format!("{own}@evil.example/"), "/"),
        (format!("{own}.evil.example/"), "/"),
        ("https://evil.example/".to_owned(), "/"),
        ("//evil.example/".to_owned(), "/"),
        ("javascript:alert(1)//".to_owned(), "/"),
        ("data:text/html,x".to_owned(), "/"),
        (String::new(), "/"),
    ] {
        let mut lines = navigation("a=b");
        lines.extend([("content-type", "application/x-www-form-urlencoded"), ("referer", &referer)]);
        let answer = edge.send("POST", "/.stepgate/language", &lines, "language=en").await.unwrap();
        assert_eq!(answer.status(), 303, "{referer}");
        let on = location(&answer).unwrap();
        assert_eq!(on, back, "{referer}");
        followed(&on);
    }
}
