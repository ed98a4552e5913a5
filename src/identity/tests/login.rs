//! The `login` source: a session is bound to a log-in that passed.

use super::*;
use crate::{
    fields::{Body, FieldName},
    policy::rule::{AnswerCondition, Match},
};

pub(super) fn settings(confirm: Option<IntrospectionSettings>) -> LoginSettings {
    LoginSettings {
        cookies: vec!["sid".into()],
        matches: vec![Match {
            path: crate::policy::PathPattern::parse("/login").unwrap(),
            methods: vec![Method::POST],
            host: None,
            fields: vec![],
        }],
        subject: FieldName::Form("username".into()),
        normalize: vec![Normalize::Trim, Normalize::Lowercase],
        success: AnswerCondition { status: vec![302], sets_cookie: Some("sid".into()), ..AnswerCondition::default() },
        confirm,
        profile: None,
        lifetime: Duration::from_secs(3600),
        hold_session: false,
    }
}

/// A site that confirms, and the sources that learn from it.
async fn confirmed() -> (Arc<Site>, Sources) {
    let site = Arc::new(Site::default());
    let confirm = asked_at(&site.serve().await);
    (site, sources(vec![SourceSettings::Login(settings(Some(confirm)))]))
}

pub(super) struct Try {
    pub(super) path: &'static str,
    pub(super) cookie: &'static str,
    pub(super) form: &'static str,
    pub(super) status: u16,
    pub(super) set_cookie: &'static str,
}

pub(super) const GOOD: Try =
    Try { path: "/login", cookie: "sid=old; a=1", form: "username=Ayu+", status: 302, set_cookie: "sid=new" };

pub(super) async fn answered(sources: &Sources, tried: &Try) -> Result<Option<LoginSeen>, IdentityError> {
    answered_with(sources, tried, &[tried.set_cookie]).await
}

/// With these lines in place of the try's own.
async fn answered_with(sources: &Sources, tried: &Try, lines: &[&str]) -> Result<Option<LoginSeen>, IdentityError> {
    let request = Request::post(tried.path).with("cookie", tried.cookie);
    let body = Body { content_type: Some("application/x-www-form-urlencoded"), bytes: tried.form.as_bytes() };
    let line = |line: &&str| (http::header::SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    let headers: HeaderMap = lines.iter().map(line).collect();
    let answer = SiteAnswer { status: tried.status, headers: &headers, body: None };
    sources.login_answered(&request.head(), Some(body), answer, &Watches::default()).await
}

#[tokio::test]
async fn a_login_binds_what_the_site_confirms() {
    let (site, sources) = confirmed().await;
    site.knows("new", "42");
    assert!(sources.is_login(&Request::post("/login").head()));
    assert!(!sources.is_login(&Request::get("/login").head()));
    answered(&sources, &GOOD).await.unwrap();
    let request = cookie("sid=new; a=1");
    let player = player(&sources, &request).await;
    assert_eq!(player.subject.as_str(), "42");
    assert_eq!(sources.binding_unasked(&request.head()).unwrap(), Some(player.binding));
    assert_eq!(who(&sources, &cookie("sid=old")).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn a_login_that_is_not_plain_binds_nothing() {
    let (site, sources) = confirmed().await;
    site.knows("new", "42");
    site.knows("old", "42");
    for tried in [
        Try { status: 200, ..GOOD },
        Try { form: "username=ayu&username=budi", ..GOOD },
        Try { form: "user=ayu", ..GOOD },
        Try { path: "/login?username=budi", ..GOOD },
        Try { path: "/other", ..GOOD },
        Try { cookie: "sid=new", ..GOOD },
        Try { set_cookie: "sid=unknown", ..GOOD },
    ] {
        answered(&sources, &tried).await.unwrap();
        for session in ["sid=new", "sid=old", "sid=unknown"] {
            assert_eq!(who(&sources, &cookie(session)).await.unwrap(), Who::Nobody, "{} {}", tried.path, tried.form);
        }
    }
}

#[tokio::test]
async fn an_unlisted_answer_that_sets_the_session_voids_it() {
    let (site, sources) = confirmed().await;
    site.knows("new", "42");
    answered(&sources, &GOOD).await.unwrap();
    let kept = Try { path: "/page", cookie: "sid=new", set_cookie: "sid=new; Max-Age=60", ..GOOD };
    answered(&sources, &kept).await.unwrap();
    player(&sources, &cookie("sid=new")).await;
    let voided = Try { path: "/page", cookie: "sid=new", set_cookie: "sid=other", ..GOOD };
    answered(&sources, &voided).await.unwrap();
    assert_eq!(who(&sources, &cookie("sid=new")).await.unwrap(), Who::Nobody);
    assert_eq!(who(&sources, &cookie("sid=other")).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn a_cookie_that_is_deleted_beside_does_not_unbind_the_new_session() {
    let site = Arc::new(Site::default());
    let confirm = asked_at(&site.serve().await);
    let cookies = vec!["sid".into(), "old".into()];
    let sources = sources(vec![SourceSettings::Login(LoginSettings { cookies, ..settings(Some(confirm)) })]);
    site.knows("new", "42");
    let lines = ["old=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "sid=new", "sid=; Path=/login; Max-Age=0"];
    let seen = answered_with(&sources, &GOOD, &lines).await.unwrap();
    assert_eq!(seen.map(|seen| (seen.subject.as_str().to_owned(), seen.rotated)), Some(("42".to_owned(), true)));
    assert_eq!(player(&sources, &cookie("sid=new")).await.subject.as_str(), "42");
}

#[tokio::test]
async fn an_answer_whose_session_cannot_be_told_is_no_answer_to_a_log_in_that_waits() {
    let site = Arc::new(Site::default());
    let confirm = asked_at(&site.serve().await);
    let waits = LoginSettings { hold_session: true, ..settings(Some(confirm)) };
    let sources = sources(vec![SourceSettings::Login(waits)]);
    site.knows("new", "42");
    for cookie in ["sid=old; a=1", "a=1"] {
        for lines in
            [&["sid=\"new\""][..], &["sid=new; Path=/", "sid=other; Path=/app"], &["sid=a b"], &["sid=ne\u{fc}"]]
        {
            let tried = Try { cookie, ..GOOD };
            let seen = answered_with(&sources, &tried, lines).await;
            assert!(matches!(seen, Err(IdentityError::Ambiguous(_))), "{cookie} {lines:?}: {seen:?}");
        }
        // A look at the form is no attempt, and may be answered by a site that logs in by it.
        let look = Request::get("/login").with("cookie", cookie);
        let mut headers = HeaderMap::new();
        headers.append(http::header::SET_COOKIE, HeaderValue::from_static("sid=new; Path=/"));
        headers.append(http::header::SET_COOKIE, HeaderValue::from_static("sid=other; Path=/app"));
        let answer = SiteAnswer { status: 200, headers: &headers, body: None };
        let seen = sources.login_answered(&look.head(), None, answer, &Watches::default()).await;
        assert!(matches!(seen, Err(IdentityError::Ambiguous(_))), "{cookie}: {seen:?}");
    }
}

#[tokio::test]
async fn asking_anew_repeats_the_confirmation() {
    let (site, sources) = confirmed().await;
    site.knows("new", "42");
    answered(&sources, &GOOD).await.unwrap();
    let request = cookie("sid=new");
    site.knows("new", "43");
    let other = sources.who(&request.head(), Freshness::Anew).await;
    assert!(matches!(other, Err(IdentityError::Ambiguous(_))));
    site.says("new", 401, "");
    assert_eq!(sources.who(&request.head(), Freshness::Anew).await.unwrap(), Who::Nobody);
    site.says("new", 500, "");
    let failed = sources.who(&request.head(), Freshness::Anew).await;
    assert!(matches!(failed, Err(IdentityError::Unavailable { .. })));
}

#[tokio::test]
async fn a_failed_confirmation_binds_nothing() {
    let (site, sources) = confirmed().await;
    site.says("new", 500, "");
    assert!(answered(&sources, &GOOD).await.is_err());
    assert_eq!(who(&sources, &cookie("sid=new")).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn a_binding_ends_and_the_typed_name_is_normalized() {
    let (clock, ports) = ports();
    let sources = Sources::build(vec![SourceSettings::Login(settings(None))], ports).unwrap();
    answered(&sources, &GOOD).await.unwrap();
    let request = cookie("sid=new");
    assert_eq!(player(&sources, &request).await.subject.as_str(), "ayu");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(who(&sources, &request).await.unwrap(), Who::Nobody);
}

/// Where the site is not asked, what was typed is believed only where no site takes another name.
#[tokio::test]
async fn a_typed_name_binds_nobody_where_the_site_may_take_another() {
    for (form, cookie, authorization) in [
        ("username=mallory&username]=ayu", "a=1", None),
        ("username=mallory&[username]=ayu", "a=1", None),
        ("username=mallory", "a=1; username=ayu", None),
        ("username=mallory", "a=1", Some("Basic YXl1OnNlY3JldA==")),
    ] {
        let (_clock, ports) = ports();
        let sources = Sources::build(vec![SourceSettings::Login(settings(None))], ports).unwrap();
        let mut request = Request::post("/login").with("cookie", cookie);
        if let Some(authorization) = authorization {
            request = request.with("authorization", authorization);
        }
        let body = Body { content_type: Some("application/x-www-form-urlencoded"), bytes: form.as_bytes() };
        let headers = HeaderMap::from_iter([(http::header::SET_COOKIE, HeaderValue::from_static("sid=new"))]);
        let answer = SiteAnswer { status: 302, headers: &headers, body: None };
        let seen = sources.login_answered(&request.head(), Some(body), answer, &Watches::default()).await.unwrap();
        assert_eq!(seen, None, "{form} {cookie} {authorization:?}");
    }
}
