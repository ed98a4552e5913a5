//! The durable store cannot be read in the middle of everything: guarded routes are shut, the others open.

use reqwest::StatusCode;
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::kit::{ApiClient, TestGate, eventually};

const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 123"}"#;

/// Gives every table of the gateway's database another name: each later query fails.
async fn rename_tables(gate: &TestGate, from: &str, to: &str) {
    let path = gate.folder().join("stepgate.db");
    let mut database = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
    let listed = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = sqlx::query_scalar(listed).fetch_all(&mut database).await.unwrap();
    let ours: Vec<&str> = tables.iter().filter_map(|table| table.strip_prefix(from)).collect();
    assert!(ours.len() > 5, "{tables:?}");
    for table in ours {
        let rename = format!("ALTER TABLE \"{from}{table}\" RENAME TO \"{to}{table}\"");
        sqlx::query(sqlx::AssertSqlSafe(rename)).execute(&mut database).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_read_shuts_guarded_routes_and_no_others() {
    let gate = TestGate::start().await;
    let mut client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let app = client.enrol_app().await;
    let refused = client.post("/api/withdraw", WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;
    client.prove("/account", &app.code()).await;
    assert_eq!(client.get("/account").await.status(), StatusCode::OK);

    rename_tables(&gate, "", "away_").await;
    let shut = client.post("/api/withdraw", WITHDRAWAL, &[]).await;
    assert_eq!(shut.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(shut.headers().contains_key("retry-after"));
    let problem = shut.text().await.unwrap();
    assert!(!problem.contains("away_") && !problem.contains("no such table"), "{problem}");
    let code = json!({ "method": "app", "code": app.next_code() }).to_string();
    assert_eq!(client.post(&verify, &code, &[]).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(client.get("/wallet").await.status(), StatusCode::OK, "nothing guards it");
    // What was read of a stamp is used for two seconds.
    eventually("a stamp that cannot be looked up does not pass", async || {
        (client.get("/account").await.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(())
    })
    .await;
    let received = gate.site.received("GET", "/account").len();
    assert_eq!(client.get("/account").await.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(gate.site.received("GET", "/account").len(), received);
    assert!(gate.site.received("POST", "/api/withdraw").is_empty(), "no byte of it reached the site");

    rename_tables(&gate, "away_", "").await;
    assert_eq!(client.get("/account").await.status(), StatusCode::OK, "it goes on where it was");
}

/// The demo's configuration, its account page open to stamps that the store confirmed lately.
fn recent_stamps_do(yaml: String) -> String {
    let route = "    match: { path: /account }\n";
    assert!(yaml.contains(route), "{yaml}");
    yaml.replace(route, &format!("{route}    on_store_error: allow_if_recent_stamp\n"))
}

#[tokio::test]
async fn a_stamp_that_was_confirmed_lately_passes_where_the_operator_says_so() {
    let gate = TestGate::start_with(recent_stamps_do).await;
    let mut client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let app = client.enrol_app().await;
    client.prove("/account", &app.code()).await;
    assert_eq!(client.get("/account").await.status(), StatusCode::OK);

    rename_tables(&gate, "", "away_").await;
    eventually("a request passed though the store could not be asked", async || {
        assert_eq!(client.get("/account").await.status(), StatusCode::OK);
        (gate.metric("stepgate_stamps_in_outage_total").await >= 1.0).then_some(())
    })
    .await;
    let shut = client.post("/api/withdraw", WITHDRAWAL, &[]).await;
    assert_eq!(shut.status(), StatusCode::SERVICE_UNAVAILABLE, "never for one request");
    let stranger = ApiClient::log_in(&gate.url(""), "ayu").await.get("/account").await;
    assert_eq!(stranger.status(), StatusCode::SERVICE_UNAVAILABLE, "nor without a stamp");
}
