//! A database that takes connections and never answers, and one that takes no writes (security.md
//! REQ-66, A37).

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tokio::{task::JoinSet, time::timeout};

use super::on_database;
use crate::kit::{
    ApiClient, AuthenticatorApp, TestGate, eventually,
    postgres::Postgres,
    relay::{Relay, Silence},
};

const WITHDRAW: &str = "/api/withdraw";
const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 123"}"#;
/// More than the gateway has connections to its database.
const AT_ONCE: usize = 40;
/// By then at the latest everybody was answered.
const LAST: Duration = Duration::from_secs(25);

async fn withdraws(gate: &TestGate, client: &mut ApiClient, code: &str) {
    let refused = client.post(WITHDRAW, WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;
    let granted = client.portal(&verify, &json!({ "method": "app", "code": code }), 200).await;
    let approval = granted["approval"].as_str().unwrap();
    assert_eq!(client.post(WITHDRAW, WITHDRAWAL, &[("stepgate-approval", approval)]).await.status(), 200);
    assert_eq!(gate.site.received("POST", WITHDRAW).len(), 1, "exactly once");
}

async fn player(gate: &TestGate) -> (ApiClient, AuthenticatorApp) {
    let client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let app = client.enrol_app().await;
    (client, app)
}

#[tokio::test]
async fn a_store_that_keeps_silent_shuts_guarded_routes_in_time_and_no_others() {
    shuts_in_time(Silence::Wholly).await;
}

#[tokio::test]
async fn a_store_that_never_answers_a_statement_shuts_guarded_routes_in_time_and_no_others() {
    shuts_in_time(Silence::AtStatements).await;
}

async fn shuts_in_time(silence: Silence) {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let relay = Relay::before(postgres.address(), |_| true).await;
    let url = postgres.url_by(relay.address);
    let gate = TestGate::start_with(move |yaml| on_database(&yaml, &url)).await;
    let (mut client, app) = player(&gate).await;

    relay.fall_silent(silence);
    let mut asking = JoinSet::new();
    for _ in 0..AT_ONCE {
        let asker = ApiClient::with_cookies(&gate.url(""), client.cookies());
        asking.spawn(async move { asker.post(WITHDRAW, WITHDRAWAL, &[]).await });
    }
    // While all of them wait, what nothing guards passes.
    assert_eq!(timeout(LAST, client.get("/wallet")).await.unwrap().status(), StatusCode::OK);
    for answer in timeout(LAST, asking.join_all()).await.expect("all are answered in time") {
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after") && !answer.headers().contains_key("set-cookie"));
    }
    assert!(gate.site.received("POST", WITHDRAW).is_empty(), "nothing reached the site");
    eventually("it says that it is not ready", async || gate.readiness().await.contains(" 503 ").then_some(())).await;

    relay.speak_again();
    eventually("it is ready again", async || gate.readiness().await.contains(" 200 ").then_some(())).await;
    withdraws(&gate, &mut client, &app.code()).await;
}

/// As where a database fails over to a server that only reads, or has no room left.
#[tokio::test]
async fn a_store_that_takes_no_writes_gives_no_proof() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let url = postgres.url();
    let gate = TestGate::start_with(move |yaml| on_database(&yaml, &url)).await;
    let (mut client, app) = player(&gate).await;
    let refused = client.post(WITHDRAW, WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;

    read_only(&postgres, "on").await;
    let typed = json!({ "method": "app", "code": app.code() }).to_string();
    let answer = client.post(&verify, &typed, &[]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "no code is taken");
    assert!(answer.headers().get("set-cookie").is_none(), "{answer:?}");
    assert!(!client.post(WITHDRAW, WITHDRAWAL, &[]).await.status().is_success());
    assert_eq!(client.get("/wallet").await.status(), StatusCode::OK, "nothing guards it");
    assert!(gate.site.received("POST", WITHDRAW).is_empty());

    read_only(&postgres, "off").await;
    withdraws(&gate, &mut client, &app.next_code()).await;
}

/// Lets transactions write or not, of those who connect from now on; who is connected is cut off.
async fn read_only(postgres: &Postgres, word: &str) {
    let mut operator = PgConnection::connect(&postgres.url()).await.unwrap();
    let set = format!("ALTER SYSTEM SET default_transaction_read_only = {word}");
    operator.execute("SET default_transaction_read_only = off").await.unwrap();
    operator.execute(sqlx::AssertSqlSafe(set)).await.unwrap();
    operator.execute("SELECT pg_reload_conf()").await.unwrap();
    eventually("the server has read its settings", async || {
        let mut another = PgConnection::connect(&postgres.url()).await.unwrap();
        let shown: String =
            sqlx::query_scalar("SHOW default_transaction_read_only").fetch_one(&mut another).await.unwrap();
        (shown == word).then_some(())
    })
    .await;
    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                  WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'";
    operator.execute(others).await.unwrap();
}
