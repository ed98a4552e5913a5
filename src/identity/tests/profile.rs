//! The `profile` of the `login` source: an account, asked for by its id.

use axum::extract::Path;

use super::{
    login::{GOOD, Try, answered, settings},
    *,
};

/// What the site answers to each id, and the `Authorization` that it wants.
type Accounts = Arc<Mutex<HashMap<String, (u16, String)>>>;

/// A site with these accounts by id: `name` and `42` are one account.
async fn accounts() -> (Accounts, ProfileSettings) {
    let accounts = Accounts::default();
    for id in ["ayu", "42"] {
        let known = r#"{"id":42,"phone":"+62812","since":1600000000,"locale":"id"}"#;
        accounts.lock().unwrap().insert(id.into(), (200, known.into()));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().route("/players/{id}", axum::routing::get(account)).with_state(accounts.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let at = |pointer: &str| Some(Extract::Json(pointer.into()));
    let settings = ProfileSettings {
        url: format!("http://{address}/players/{{subject}}"),
        authorization: Some("Bearer of-the-gate".to_owned().into()),
        deadline: Duration::from_secs(2),
        max_answer: 4096,
        subject: at("/id"),
        claims: ClaimPlaces {
            phone: at("/phone"),
            phone_since: at("/since"),
            email: at("/email"),
            locale: at("/locale"),
        },
    };
    (accounts, settings)
}

async fn account(State(accounts): State<Accounts>, Path(id): Path<String>, headers: HeaderMap) -> (StatusCode, String) {
    if headers["authorization"] != "Bearer of-the-gate" {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    let known = accounts.lock().unwrap().get(&id).cloned();
    let (status, body) = known.unwrap_or((404, String::new()));
    (StatusCode::from_u16(status).unwrap(), body)
}

/// A log-in that no `confirm` follows.
async fn unconfirmed() -> (Accounts, Sources) {
    let (accounts, profile) = accounts().await;
    let login = LoginSettings { profile: Some(profile), ..settings(None) };
    (accounts, sources(vec![SourceSettings::Login(login)]))
}

async fn anew(sources: &Sources) -> Result<Who, IdentityError> {
    sources.who(&cookie("sid=new").head(), Freshness::Anew).await
}

fn claims_of(who: Who) -> Claims {
    let Who::Player(player) = who else { panic!("nobody") };
    player.claims
}

#[tokio::test]
async fn a_typed_name_stands_for_the_account_that_the_site_names() {
    let (_, sources) = unconfirmed().await;
    answered(&sources, &GOOD).await.unwrap();
    assert_eq!(player(&sources, &cookie("sid=new")).await.subject.as_str(), "42");
    let claims = claims_of(anew(&sources).await.unwrap());
    assert_eq!(claims.phone.as_deref(), Some("+62812"));
    assert_eq!(claims.phone_since.as_deref(), Some("1600000000"));
    assert_eq!((claims.email, claims.locale.as_deref()), (None, Some("id")));
}

#[tokio::test]
async fn a_name_that_the_site_does_not_know_binds_nothing() {
    let (_, sources) = unconfirmed().await;
    answered(&sources, &Try { form: "username=budi", ..GOOD }).await.unwrap();
    answered(&sources, &Try { form: "username=..", ..GOOD }).await.unwrap();
    assert_eq!(who(&sources, &cookie("sid=new")).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn asking_anew_asks_for_the_account_again() {
    let (accounts, sources) = unconfirmed().await;
    answered(&sources, &GOOD).await.unwrap();
    for (status, body) in [(500, ""), (401, ""), (302, ""), (200, "<html>"), (200, "{\"id\":[]}")] {
        accounts.lock().unwrap().insert("42".into(), (status, body.into()));
        assert!(matches!(anew(&sources).await, Err(IdentityError::Unavailable { .. })), "{status} {body}");
    }
    accounts.lock().unwrap().insert("42".into(), (200, "{\"id\":43}".into()));
    assert!(matches!(anew(&sources).await, Err(IdentityError::Ambiguous(_))));
    accounts.lock().unwrap().remove("42");
    assert_eq!(anew(&sources).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn a_failing_profile_binds_nothing_at_a_log_in() {
    let (accounts, sources) = unconfirmed().await;
    accounts.lock().unwrap().insert("ayu".into(), (503, String::new()));
    assert!(answered(&sources, &GOOD).await.is_err());
    assert_eq!(who(&sources, &cookie("sid=new")).await.unwrap(), Who::Nobody);
}

#[tokio::test]
async fn beside_a_confirmed_log_in_it_only_adds_what_is_missing() {
    let (accounts, profile) = accounts().await;
    let site = Arc::new(Site::default());
    let confirm = asked_at(&site.serve().await);
    let login = LoginSettings { profile: Some(profile), ..settings(Some(confirm)) };
    let sources = sources(vec![SourceSettings::Login(login)]);
    site.knows("new", "42");
    answered(&sources, &Try { form: "username=whatever", ..GOOD }).await.unwrap();
    let claims = claims_of(anew(&sources).await.unwrap());
    assert_eq!(claims.phone.as_deref(), Some("+62811"), "the word of `confirm`");
    assert_eq!(claims.phone_since, None, "never the age of another number");
    assert_eq!(claims.locale.as_deref(), Some("id"));
    accounts.lock().unwrap().remove("42");
    assert_eq!(claims_of(anew(&sources).await.unwrap()).locale, None, "no profile, but a player");
}
