//! The watch of a session that is presented at a log-in.

use super::*;
use crate::{
    fields::{Body, FieldName},
    identity::login::Login,
};

const LIFETIME: Duration = Duration::from_secs(3600);
const NEARLY: Duration = Duration::from_secs(3599);
const QUARTER: Duration = Duration::from_secs(15 * 60);

/// A site that renews no session, the sources before it, and their clock.
async fn keeping_site() -> (Arc<Site>, Arc<ManualClock>, Sources) {
    let site = Arc::new(Site::default());
    let confirm = asked_at(&site.serve().await);
    let (clock, ports) = ports();
    let waits = LoginSettings { hold_session: true, cookies: vec!["sid*".into()], ..login::settings(Some(confirm)) };
    (site, clock, Sources::build(vec![SourceSettings::Login(waits)], ports).unwrap())
}

fn log_in() -> Request {
    Request::post("/login").with("cookie", "sid=old")
}

async fn watch(sources: &Sources) -> Watches {
    sources.watch_session(&log_in().head(), None).await.unwrap()
}

/// The answer to a log-in came, with nothing new.
async fn answered(sources: &Sources, watches: &Watches) {
    let headers = HeaderMap::new();
    let answer = SiteAnswer { status: 200, headers: &headers, body: None };
    assert_eq!(sources.login_answered(&log_in().head(), None, answer, watches).await.unwrap(), None);
}

/// How the session stands once the site calls it ayu's, `later` than the start.
async fn standing(sources: &Sources, clock: &ManualClock, later: Duration) -> Standing {
    clock.advance(NOW.plus(later).since(clock.now()));
    sources.standing(&cookie("sid=old").head()).await.unwrap()
}

fn ayu() -> Subject {
    Subject::parse("ayu").unwrap()
}

#[tokio::test]
async fn a_log_in_without_an_answer_is_watched_as_long_as_log_ins_are_remembered() {
    let (site, clock, sources) = keeping_site().await;
    watch(&sources).await;
    site.knows("old", "ayu");
    assert_eq!(standing(&sources, &clock, NEARLY).await, Standing::Named(ayu()));
    assert_eq!(standing(&sources, &clock, LIFETIME).await, Standing::Free);
}

#[tokio::test]
async fn an_answer_shortens_only_the_watch_of_its_own_log_in() {
    let (site, clock, sources) = keeping_site().await;
    let first = watch(&sources).await;
    answered(&sources, &first).await;
    site.knows("old", "ayu");
    assert_eq!(standing(&sources, &clock, QUARTER - Duration::from_millis(1)).await, Standing::Named(ayu()));
    assert_eq!(standing(&sources, &clock, QUARTER).await, Standing::Free, "the site called it nobody's");

    let (site, clock, sources) = keeping_site().await;
    let lost = watch(&sources).await;
    let other = watch(&sources).await;
    answered(&sources, &other).await;
    answered(&sources, &Watches::default()).await;
    site.knows("old", "ayu");
    assert_eq!(standing(&sources, &clock, NEARLY).await, Standing::Named(ayu()));
    sources.lift_watches(&log_in().head(), &other).await.unwrap();
    assert_eq!(standing(&sources, &clock, NEARLY).await, Standing::Named(ayu()));
    drop(lost);
}

#[tokio::test]
async fn a_log_in_that_ends_earlier_does_not_end_one_under_way() {
    let (site, clock, sources) = keeping_site().await;
    let first = watch(&sources).await;
    let _under_way = watch(&sources).await;
    answered(&sources, &first).await;
    sources.lift_watches(&log_in().head(), &first).await.unwrap();
    site.knows("old", "ayu");
    assert_eq!(standing(&sources, &clock, NEARLY).await, Standing::Named(ayu()));
}

/// The site gives the session its next value, by an answer that is no log-in's.
async fn rotated(sources: &Sources) {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::SET_COOKIE, "sid=next; Path=/".parse().unwrap());
    let answer = SiteAnswer { status: 200, headers: &headers, body: None };
    let elsewhere = Request::post("/slow").with("cookie", "sid=old");
    let seen = sources.login_answered(&elsewhere.head(), None, answer, &Watches::default()).await;
    assert_eq!(seen.unwrap(), None);
}

#[tokio::test]
async fn a_watched_or_refused_session_stays_so_by_its_next_value() {
    let (site, clock, sources) = keeping_site().await;
    watch(&sources).await;
    rotated(&sources).await;
    site.knows("next", "ayu");
    clock.advance(NEARLY);
    assert_eq!(sources.standing(&cookie("sid=next").head()).await.unwrap(), Standing::Named(ayu()));

    let (_site, _clock, sources) = keeping_site().await;
    sources.suspend_session(&log_in().head(), &ayu()).await.unwrap();
    rotated(&sources).await;
    assert_eq!(sources.standing(&cookie("sid=next").head()).await.unwrap(), Standing::Suspended);
}

#[tokio::test]
async fn a_session_that_a_failed_log_in_renewed_is_watched_a_quarter_of_an_hour() {
    let (site, clock, sources) = keeping_site().await;
    let watches = watch(&sources).await;
    let mut headers = HeaderMap::new();
    headers.insert(http::header::SET_COOKIE, "sid=next; Path=/".parse().unwrap());
    let answer = SiteAnswer { status: 200, headers: &headers, body: None };
    assert_eq!(sources.login_answered(&log_in().head(), None, answer, &watches).await.unwrap(), None);
    site.knows("next", "ayu");
    let next = cookie("sid=next");
    clock.advance(QUARTER - Duration::from_millis(1));
    assert_eq!(sources.standing(&next.head()).await.unwrap(), Standing::Named(ayu()));
    clock.advance(Duration::from_millis(1));
    assert_eq!(sources.standing(&next.head()).await.unwrap(), Standing::Free);
}

#[tokio::test]
async fn a_player_whose_id_is_a_word_of_ours_is_refused_as_any_other() {
    let (_site, _clock, sources) = keeping_site().await;
    let odd = Subject::parse("watched").unwrap();
    let watches = watch(&sources).await;
    sources.suspend_session(&log_in().head(), &odd).await.unwrap();
    watch(&sources).await;
    sources.lift_watches(&log_in().head(), &watches).await.unwrap();
    assert_eq!(sources.standing(&log_in().head()).await.unwrap(), Standing::Suspended);
}

#[tokio::test]
async fn a_listed_method_and_any_body_make_an_attempt() {
    let (_, ports) = ports();
    let ports = Arc::new(ports);
    let by = |methods: &[Method]| {
        let mut settings = LoginSettings { hold_session: true, ..login::settings(None) };
        settings.matches[0].methods = methods.to_vec();
        Login::new(settings, Arc::clone(&ports))
    };
    let listed = by(&[Method::GET]);
    let head = Request { method: Method::HEAD, ..Request::get("/login") };
    assert!(listed.is_attempt(&Request::get("/login").head(), None) && listed.is_attempt(&head.head(), None));
    assert!(!listed.is_attempt(&Request::get("/other").head(), None));

    let any = by(&[]);
    assert!(any.is_attempt(&Request::get("/login?ticket=1").head(), None), "a query may log in");
    assert!(!any.is_attempt(&Request::get("/login").head(), None));

    let posted = by(&[Method::POST]);
    let look = Request::get("/login").with("content-length", "0");
    let nothing = Body { content_type: None, bytes: b"" };
    assert!(!posted.is_attempt(&look.head(), Some(nothing)), "a look at the form");
    assert!(posted.is_attempt(&look.head(), Some(Body { bytes: b"x", ..nothing })));
    for (name, value) in [("content-length", "10"), ("transfer-encoding", "chunked")] {
        assert!(posted.is_attempt(&Request::get("/login").with(name, value).head(), None), "{name}");
    }
}

/// Rails and others log in by a query where a form or a document was meant.
#[tokio::test]
async fn the_name_in_a_query_makes_an_attempt_wherever_it_belongs() {
    let (_, ports) = ports();
    let ports = Arc::new(ports);
    for (subject, query) in [
        (FieldName::Form("user".into()), "user=ayu"),
        (FieldName::Json("/user".into()), "user=ayu"),
        (FieldName::Json("/user/name".into()), "user%5Bname%5D=ayu"),
    ] {
        let mut settings = LoginSettings { hold_session: true, subject, ..login::settings(None) };
        settings.matches[0].methods = vec![Method::POST];
        let login = Login::new(settings, Arc::clone(&ports));
        assert!(login.is_attempt(&Request::get(&format!("/login?{query}")).head(), None), "{query}");
        assert!(!login.is_attempt(&Request::get("/login?page=2").head(), None), "{query}");
    }
}

#[tokio::test]
async fn a_cookie_is_known_by_the_name_that_was_configured() {
    let (_site, _clock, sources) = keeping_site().await;
    assert!(sources.reads_cookie("sid_1") && sources.reads_cookie("sid"));
    assert!(!sources.reads_cookie("si") && !sources.reads_cookie("other"));
}

/// Of a parameter that stands there twice PHP takes the last, others the first.
#[tokio::test]
async fn a_log_in_that_its_query_names_is_one_wherever_some_framework_reads_it() {
    let site = Arc::new(Site::default());
    let mut waits = login::settings(Some(asked_at(&site.serve().await)));
    waits.hold_session = true;
    waits.matches[0].path = crate::policy::PathPattern::parse("/index.php").unwrap();
    waits.matches[0].fields = vec![(FieldName::Query("route".into()), "account/login".into())];
    let sources = Sources::build(vec![SourceSettings::Login(waits)], ports().1).unwrap();
    let withholds = |target| sources.withholds(&Request::post(target).head());
    for target in [
        "/index.php?route=account/login",
        "/index.php?route=account%2Flogin",
        "/index.php?route=x&route=account/login",
        "/index.php?route=account/login&route=account/login",
        "/index.php?Route=account/login",
        "/index.php?route[]=account/login",
        "/index.php?route=Account/Login",
    ] {
        assert!(withholds(target), "{target}");
    }
    for target in ["/index.php", "/index.php?route=account/home", "/index.php?r=account/login"] {
        assert!(!withholds(target), "{target}");
    }
}

/// Credentials of HTTP log in without a form.
#[tokio::test]
async fn a_look_at_the_form_with_credentials_is_watched() {
    let (site, clock, sources) = keeping_site().await;
    let look = Request::get("/login").with("cookie", "sid=old");
    sources.watch_session(&look.head(), None).await.unwrap();
    site.knows("old", "ayu");
    assert_eq!(standing(&sources, &clock, Duration::ZERO).await, Standing::Free, "a look alone is no attempt");
    let log_in = look.with("authorization", "Basic YXl1OnNlY3JldA==");
    sources.watch_session(&log_in.head(), None).await.unwrap();
    assert_eq!(standing(&sources, &clock, Duration::ZERO).await, Standing::Named(ayu()));
}

/// Whoever waits for nothing may have whatever cookies and addresses he likes.
#[tokio::test]
async fn only_what_may_hold_the_session_is_refused_for_its_form() {
    let (_site, _clock, sources) = keeping_site().await;
    let standing = async |target, lines: &[&'static str]| {
        let request = lines.iter().fold(Request::get(target), |request, line| request.with("cookie", line));
        sources.standing(&request.head()).await
    };
    for (target, lines) in [("/", &["msg=\"hi"][..]), ("/", &["msg=\"hi; other=1", "a=b"]), ("/wiki/(a_(b))", &["a=b"])]
    {
        assert_eq!(standing(target, lines).await.unwrap(), Standing::Free, "{target} {lines:?}");
    }
    for (target, lines) in [
        ("/", &["msg=\"hi; sid=1"][..]),
        ("/", &["msg=\"hi, SID_2=1"]),
        ("/", &["a=b", "sid=1"]),
        ("/(S(x))/", &["a=b"]),
    ] {
        assert!(standing(target, lines).await.is_err(), "{target} {lines:?}");
    }
}
