//! The `header` source, and what all sources share.

use super::*;

fn by_header() -> SourceSettings {
    let from = vec!["10.0.0.0/8".parse().unwrap()];
    SourceSettings::Header(HeaderSettings { subject: "X-Authenticated-User".into(), from })
}

/// What CGI-style servers take for the configured name.
const TWINS: [&str; 5] = [
    "x_authenticated-user",
    "x.authenticated.user",
    "x~authenticated~user",
    "x!authenticated!user",
    "x-authenticated'user",
];

#[test]
fn a_players_name_is_forged_in_every_spelling_but_the_listed_peers_own() {
    let credential = Credential::Header("X-Session".to_owned());
    let asked = IntrospectionSettings { credential, ..asked_at("http://127.0.0.1:9/me") };
    let sources = sources(vec![by_header(), SourceSettings::Introspection(asked)]);
    let (listed, other) = ([10, 1, 2, 3].into(), [192, 0, 2, 7].into());
    assert_eq!(sources.use_of("x-authenticated-user", listed), HeaderUse::Carrier);
    assert_eq!(sources.use_of("x-authenticated-user", other), HeaderUse::Forged);
    for twin in TWINS.into_iter().chain(["x_session"]) {
        assert_eq!(sources.use_of(twin, listed), HeaderUse::Forged, "{twin}");
        assert_eq!(sources.use_of(twin, other), HeaderUse::Forged, "{twin}");
    }
    assert_eq!(sources.use_of("x-session", other), HeaderUse::Carrier, "whoever has it may show it");
    for name in ["x-authenticated-user2", "x-authenticated", "authenticated-user", "cookie", "authorization"] {
        assert_eq!(sources.use_of(name, other), HeaderUse::Unread, "{name}");
    }
}

#[tokio::test]
async fn only_listed_peers_may_name_the_subject() {
    let sources = sources(vec![by_header()]);
    let named = Request::get("/").with("x-authenticated-user", "ayu");
    assert!(matches!(who(&sources, &named).await, Err(IdentityError::Ambiguous(_))));
    let named = named.sent_by([10, 1, 2, 3]);
    assert_eq!(player(&sources, &named).await.subject.as_str(), "ayu");
    for twin in TWINS {
        let alone = Request::get("/").with(twin, "budi").sent_by([10, 1, 2, 3]);
        assert!(matches!(who(&sources, &alone).await, Err(IdentityError::Ambiguous(_))), "{twin}");
        let beside = alone.with("x-authenticated-user", "ayu");
        assert!(matches!(who(&sources, &beside).await, Err(IdentityError::Ambiguous(_))), "{twin}");
    }
    let twice = named.with("x-authenticated-user", "budi");
    assert!(matches!(who(&sources, &twice).await, Err(IdentityError::Ambiguous(_))));
    assert_eq!(who(&sources, &Request::get("/")).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn the_binding_follows_our_login_cookie() {
    let sources = sources(vec![by_header()]);
    let ask = |cookie: Option<String>, subject: &str| {
        let named = Request::get("/").with("x-authenticated-user", subject).sent_by([10, 1, 2, 3]);
        cookie.into_iter().fold(named, |named, token| named.with("cookie", &format!("__Host-stepgate-login={token}")))
    };
    let without = ask(None, "ayu");
    let first = player(&sources, &without).await;
    assert_eq!(player(&sources, &without).await, first, "one new value a request");
    let token = without.answer_cookies.login().unwrap().reveal().to_owned();
    let with = ask(Some(token.clone()), "ayu");
    assert_eq!(player(&sources, &with).await.binding, first.binding);
    assert!(with.answer_cookies.login().is_none());
    assert_ne!(player(&sources, &ask(Some(token), "budi")).await.binding, first.binding);
    assert_ne!(player(&sources, &ask(None, "ayu")).await.binding, first.binding);
    assert_ne!(player(&sources, &ask(Some("guessed".into()), "ayu")).await.binding, first.binding);
    assert_eq!(sources.binding_unasked(&ask(None, "ayu").head()).unwrap(), None);
}

#[tokio::test]
async fn credentials_that_no_source_reads_are_refused() {
    let sources = sources(vec![by_header()]);
    for request in [
        Request::get("/").with("authorization", "Basic YTpi"),
        cookie("remember_me=1"),
        cookie("a=1").with("cookie", "b=2"),
    ] {
        assert!(matches!(who(&sources, &request).await, Err(IdentityError::Ambiguous(_))));
        assert!(sources.carrier_present(&request.head()).is_err());
        assert!(sources.binding_unasked(&request.head()).is_err());
    }
}

#[test]
fn stripping_leaves_nothing_to_log_in_with() {
    let sources = sources(vec![by_header(), SourceSettings::Introspection(asked_at("http://127.0.0.1:9/me"))]);
    let request = cookie("sid=x; theme=dark; SID =y; remember_me=1").with("authorization", "Bearer x");
    let named = request.with("x-authenticated-user", "ayu");
    let mut headers = TWINS.into_iter().fold(named, |named, twin| named.with(twin, "ayu")).headers;
    sources.strip(&mut headers);
    assert_eq!(headers.len(), 1);
    assert_eq!(headers["cookie"], "theme=dark");
    assert_eq!(sources.identity_cookies().collect::<Vec<_>>(), ["sid"]);
}
