//! The `introspection` source: the site is asked, and what it may answer.

use super::*;

async fn asked(change: impl FnOnce(&mut IntrospectionSettings)) -> (Arc<Site>, Arc<ManualClock>, Sources) {
    let site = Arc::new(Site::default());
    let mut settings = asked_at(&site.serve().await);
    change(&mut settings);
    let (clock, ports) = ports();
    (site, clock, Sources::build(vec![SourceSettings::Introspection(settings)], ports).unwrap())
}

#[tokio::test]
async fn the_site_says_who_it_is() {
    let (site, _, sources) = asked(|_| ()).await;
    site.knows("s1", "ayu");
    let request = cookie("sid=s1");
    let player = player(&sources, &request).await;
    assert_eq!((player.subject.as_str(), player.carrier), ("ayu", Carrier::Cookie));
    assert_eq!(player.claims.phone.as_deref(), Some("+62811"));
    assert_eq!(sources.binding_unasked(&request.head()).unwrap(), Some(player.binding));
    assert_ne!(sources.binding_unasked(&cookie("sid=s2").head()).unwrap(), Some(player.binding));
    assert_eq!(who(&sources, &Request::get("/")).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn nobody_and_no_answer_are_told_apart() {
    let (site, _, sources) = asked(|_| ()).await;
    for (status, body) in [(401, ""), (403, ""), (302, ""), (200, "{}"), (200, r#"{"user":{"id":"guest"}}"#)] {
        site.says("s", status, body);
        let answer = sources.who(&cookie("sid=s").head(), Freshness::Anew).await;
        assert_eq!(answer.unwrap(), Who::Nobody, "{status} {body}");
    }
    let large = format!("\"{}\"", "x".repeat(5000));
    for (status, body) in
        [(500, ""), (404, ""), (200, "<html>"), (200, large.as_str()), (200, r#"{"user":{"id":[1]}}"#)]
    {
        site.says("s", status, body);
        let answer = sources.who(&cookie("sid=s").head(), Freshness::Anew).await;
        assert!(matches!(answer, Err(IdentityError::Unavailable { .. })), "{status}");
    }
}

#[tokio::test]
async fn a_site_that_is_down_closes() {
    let (_, ports) = ports();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/me", listener.local_addr().unwrap());
    drop(listener);
    let sources = Sources::build(vec![SourceSettings::Introspection(asked_at(&url))], ports).unwrap();
    assert!(matches!(who(&sources, &cookie("sid=s")).await, Err(IdentityError::Unavailable { .. })));
}

#[tokio::test]
async fn answers_are_used_again_for_the_same_credentials_and_not_for_long() {
    let (site, clock, sources) = asked(|_| ()).await;
    site.knows("s1", "ayu");
    let request = cookie("sid=s1");
    player(&sources, &request).await;
    player(&sources, &request).await;
    assert_eq!(site.times_asked(), 1);
    player(&sources, &cookie("sid=s1; other=1")).await;
    assert_eq!(site.times_asked(), 2);
    clock.advance(Duration::from_secs(2));
    player(&sources, &request).await;
    assert_eq!(site.times_asked(), 3);
}

#[tokio::test]
async fn asking_anew_passes_the_cache_by_and_refreshes_it() {
    let (site, _, sources) = asked(|_| ()).await;
    site.knows("s1", "ayu");
    let request = cookie("sid=s1");
    player(&sources, &request).await;
    site.says("s1", 401, "");
    assert_eq!(sources.who(&request.head(), Freshness::Anew).await.unwrap(), Who::Nobody);
    assert_eq!(who(&sources, &request).await.unwrap(), Who::Nobody);
    assert_eq!(site.times_asked(), 2);
}

#[tokio::test]
async fn equal_questions_are_asked_once() {
    let (site, _, sources) = asked(|_| ()).await;
    site.knows("s1", "ayu");
    let request = cookie("sid=s1");
    let (one, other) = tokio::join!(who(&sources, &request), who(&sources, &request));
    assert_eq!(one.unwrap(), other.unwrap());
    assert_eq!(site.times_asked(), 1);
}

#[tokio::test]
async fn the_site_sees_the_players_credentials_and_not_ours() {
    let (site, _, sources) = asked(|_| ()).await;
    site.knows("s1", "ayu");
    let request = cookie("a=1; __Host-stepgate=stamp; STEPGATE-device=d; sid=s1").with("user-agent", "Browser");
    player(&sources, &request).await;
    let seen = site.asked.lock().unwrap().remove(0);
    assert_eq!((&seen["cookie"], &seen["user-agent"]), (&"a=1; sid=s1".parse().unwrap(), &"Browser".parse().unwrap()));
    assert_eq!(
        (&seen["x-forwarded-for"], &seen["x-forwarded-proto"]),
        (&"203.0.113.9".parse().unwrap(), &"https".parse().unwrap())
    );
    assert_eq!(seen["x-forwarded-host"], "play.example");
}

#[tokio::test]
async fn a_rotated_session_is_followed_to_the_same_player_only() {
    let (site, _, sources) = asked(|settings| settings.bind = Bind::Follow).await;
    site.knows("s1", "ayu");
    site.knows("s2", "ayu");
    site.knows("s3", "budi");
    let request = cookie("sid=s1; a=1");
    let before = player(&sources, &request).await;
    let rotated = async |line: &'static str| {
        let headers = HeaderMap::from_iter([(http::header::SET_COOKIE, HeaderValue::from_static(line))]);
        let answer = SiteAnswer { status: 200, headers: &headers, body: None };
        sources.rotated(&request.head(), (&before.subject, before.binding), answer).await.unwrap()
    };
    let moved = rotated("sid=s2; Path=/").await.unwrap();
    assert_eq!(moved.binding, player(&sources, &cookie("sid=s2; a=1")).await.binding);
    for line in ["sid=s3", "sid=s1", "sid=unknown", "sid=; Max-Age=0", "a=2"] {
        assert_eq!(rotated(line).await, None, "{line}");
    }
}

#[tokio::test]
async fn a_session_that_is_not_followed_stays() {
    let (site, _, sources) = asked(|_| ()).await;
    site.knows("s1", "ayu");
    site.knows("s2", "ayu");
    let request = cookie("sid=s1");
    let before = player(&sources, &request).await;
    let headers = HeaderMap::from_iter([(http::header::SET_COOKIE, HeaderValue::from_static("sid=s2"))]);
    let answer = SiteAnswer { status: 200, headers: &headers, body: None };
    assert_eq!(sources.rotated(&request.head(), (&before.subject, before.binding), answer).await.unwrap(), None);
}
