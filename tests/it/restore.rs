//! The drill: a copy of a real database file is put back under a real process.

use std::fs;

use serde_json::json;

use crate::{
    audit::{command, said},
    kit::{ApiClient, AuthenticatorApp, TestGate},
};

const WITHDRAW: &str = "/api/withdraw";
const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 123"}"#;

/// Enrols an app with the code of the step before; also the backup codes.
async fn enrolled(client: &ApiClient) -> (AuthenticatorApp, Vec<String>) {
    let begun = client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
    let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
    let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
    let confirmed = client.portal(&confirm, &json!({ "code": app.previous_code().await }), 200).await;
    let codes = confirmed["backup_codes"].as_array().unwrap();
    (app, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn a_copy_that_is_put_back_brings_no_proof_back() {
    let mut gate = TestGate::start().await;
    let mut client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let (app, codes) = enrolled(&client).await;
    client.prove("/account", &app.code()).await;
    assert_eq!(client.get("/account").await.status(), 200);

    // The backup, as docs/operations.md says, while stepgate serves.
    let (database, copy) = (gate.folder().join("stepgate.db"), gate.folder().join("copy.db"));
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    let vacuum = sqlx::AssertSqlSafe(format!("VACUUM INTO '{}'", copy.display()));
    sqlx::query(vacuum).execute(&pool).await.unwrap();
    pool.close().await;

    // After it a backup code is used.
    let refused = client.post(WITHDRAW, WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;
    let spent = json!({ "method": "backup_code", "code": codes[0] });
    client.portal(&verify, &spent, 200).await;

    gate.process.signal("KILL");
    gate.gate.exited().await;
    for file in ["stepgate.db-wal", "stepgate.db-shm"] {
        // Not every end leaves them.
        let _ = fs::remove_file(gate.folder().join(file));
    }
    fs::rename(&copy, &database).unwrap();
    let doctored = command(&gate, &["doctor", "--after-restore"]);
    assert!(doctored.status.success(), "{}", said(&doctored));
    assert!(said(&doctored).contains("players with a second factor: 1; backup codes void, to be made anew: 1"));
    gate.gate.restart().await;

    let refused = client.get("/account").await;
    assert_eq!(refused.status(), 401, "the stamp of before counts no more");
    client.challenged(refused).await;
    let refused = client.post(WITHDRAW, WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;
    // There are none any more.
    client.portal(&verify, &spent, 400).await;
    client.portal(&verify, &json!({ "method": "backup_code", "code": codes[1] }), 400).await;
    client.portal(&verify, &json!({ "method": "app", "code": app.next_code() }), 200).await;
    let left: serde_json::Value =
        serde_json::from_str(&client.get("/.stepgate/api/backup-codes").await.text().await.unwrap()).unwrap();
    assert_eq!(left["left"], 0);
    let activity = client.get("/.stepgate/api/activity").await.text().await.unwrap();
    assert!(activity.contains("database-restored"), "{activity}");
    let verified = command(&gate, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
}
