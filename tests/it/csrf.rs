//! A held post goes on with the Origin that it came with, so that the site's own check against forged
//! posts still holds: shown against Django's.

use reqwest::StatusCode;

use crate::{
    held::{FORM, Jar, TARGET, session_only},
    kit::{TestGate, django::Django},
};

/// The player's own cookies and token, but posted from a page of `origin`: what Django answers once the
/// challenge was passed.
async fn continued_from(origin: Option<&str>) -> (StatusCode, String) {
    let django = Django::start().await;
    let gate = TestGate::start_with(|yaml| {
        let yaml = session_only(yaml).replace("cookie: demo_session", "cookie: sessionid");
        let (before, after) = yaml.split_once("servers: [\"").unwrap();
        let (demo_site, _) = after.split_once('"').unwrap();
        let demo_site = demo_site.to_owned();
        format!("{before}servers: [\"{after}").replace(&demo_site, &django.address.to_string())
    })
    .await;
    let mut jar = Jar::new(&gate);
    let logged_in = jar.post("/login", FORM, "username=ayu".into()).await;
    let token = logged_in.text().await.unwrap();
    let app = jar.enrol().await;
    let form = format!("csrfmiddlewaretoken={token}&password=new");
    let held = match origin {
        Some(origin) => jar.post_from(origin, TARGET, FORM, form.into()).await,
        None => jar.post(TARGET, FORM, form.into()).await,
    };
    assert_eq!(held.status(), StatusCode::SEE_OTHER);
    let challenge = held.headers()["location"].to_str().unwrap().to_owned();
    let page = jar.post(&challenge, FORM, format!("method=app&code={}", app.code()).into()).await.text().await.unwrap();
    let resume = page.split("name=\"stepgate_resume\" value=\"").nth(1).expect("it is held").get(..43).unwrap();
    let answer = jar.post(TARGET, FORM, format!("stepgate_resume={resume}").into()).await;
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn the_players_own_post_passes_the_sites_check() {
    assert_eq!(continued_from(None).await, (StatusCode::OK, "changed to new".to_owned()));
}

#[tokio::test]
async fn a_cross_site_post_that_was_held_is_still_refused_by_the_site() {
    let (status, text) = continued_from(Some("http://evil.example")).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(text.contains("CSRF"), "the refusal is Django's: {text}");
}
