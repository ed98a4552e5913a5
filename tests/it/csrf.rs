//! A held post goes on with the Origin that it came with, so that the site's own check against forged
//! posts still holds: shown against Django's. And it costs no message, whoever made the browser send it.

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    held::{FORM, Jar, TARGET, session_only},
    kit::{ApiClient, Sender, TestGate, django::Django},
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

/// The codes that were sent by SMS.
fn codes(gate: &TestGate) -> usize {
    let texts = gate.provider.asked().into_iter().map(|asked| asked.json()["text"].as_str().unwrap().to_owned());
    texts.filter(|text| text.contains('#')).count()
}

#[tokio::test]
async fn a_cross_site_post_sends_no_code_until_the_player_presses_on_our_page() {
    let gate = TestGate::start_with(|yaml| yaml.replace("countries: [ID]", "countries: [ID], resend_after: 0s")).await;
    let client = ApiClient::log_in(&gate.url(""), "citra").await;
    let begun = client.portal("/.stepgate/api/enrolments", &json!({ "method": "sms" }), 201).await;
    let enrolment = format!("/.stepgate/api/enrolments/{}", begun["id"].as_str().unwrap());
    client.portal(&format!("{enrolment}/confirm/send"), &json!({}), 202).await;
    let text = gate.provider.asked()[0].json()["text"].as_str().unwrap().to_owned();
    let code = text.rsplit_once('#').unwrap().1.trim().to_owned();
    client.portal(&format!("{enrolment}/confirm"), &json!({ "code": code }), 200).await;
    assert_eq!(codes(&gate), 1);

    let sender = Sender::of(&gate);
    let session = sender.log_in("citra").await;
    let foreign = ("origin", "http://evil.example");
    let form = ("content-type", FORM);
    for (target, accept, expected) in
        [("/wallet/withdraw", "text/html", 303), (TARGET, "text/html", 303), (TARGET, "application/json", 401)]
    {
        let site = ("sec-fetch-site", "cross-site");
        let lines = [("cookie", session.as_str()), foreign, form, site, ("accept", accept)];
        let asked = sender.send("POST", target, &lines, "amount=1&destination=BCA+1&password=new").await;
        assert_eq!(asked.status, expected, "{target}: {asked:?}");
        assert_eq!(codes(&gate), 1, "{target}, {accept}");
    }
    let lines = [("cookie", session.as_str()), foreign, form, ("accept", "text/html")];
    let asked = sender.send("POST", TARGET, &lines, "password=new").await;
    let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
    let (cookie, challenge) = (("cookie", cookies.as_str()), asked.headers["location"].to_str().unwrap());
    let page = sender.send("GET", challenge, &[cookie, ("accept", "text/html")], "").await;
    assert_eq!(page.status, 200, "{page:?}");
    let send = format!("{challenge}/send");
    let pressed_elsewhere = sender.send("POST", &send, &[cookie, foreign, form], "").await;
    assert_eq!(pressed_elsewhere.status, 403, "{pressed_elsewhere:?}");
    assert_eq!(codes(&gate), 1, "neither by looking nor by a press elsewhere");
    let pressed = sender.send("POST", &send, &[cookie, ("origin", &sender.base), form], "").await;
    assert!(pressed.status < 400, "{pressed:?}");
    assert_eq!(codes(&gate), 2, "one message for one press");
    assert!(gate.site.received("POST", TARGET).is_empty());
}
