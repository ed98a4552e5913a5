//! `openapi.json` against the real answers, by schemathesis: whatever fits the document, and what does
//! not, gets an answer that the document tells.

use std::{path::PathBuf, process::Command};

use serde_json::json;
use tempfile::TempDir;

use crate::kit::{ApiClient, Sender, TestGate};

/// What every answer is held against. That good data is accepted is not among them: a code is wrong
/// until it is right, and a change needs its approval.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance,negative_data_rejection,unsupported_method";

/// Tries the calls whose path fits, as the player with these cookies; `id` is one of theirs.
fn try_calls(base: &str, cookies: &str, paths: &str, id: &str) {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/schemathesis/bin/st");
    assert!(program.exists(), "script/bootstrap --tests installs schemathesis");
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("schemathesis.toml");
    std::fs::write(&config, format!("[parameters]\n\"path.id\" = \"{id}\"\n")).unwrap();
    let output = Command::new(program)
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(&config)
        .args(["run", &format!("{base}/.stepgate/openapi.json"), "--url", &format!("{base}/.stepgate")])
        .args(["--checks", CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "40", "--seed", "1"])
        .args(["--include-path-regex", paths, "--request-timeout", "10", "--generation-database", "none"])
        .args([
            "--no-shrink",
            "--warnings",
            "off",
            "-H",
            &format!("Cookie: {cookies}"),
            "-H",
            &format!("Origin: {base}"),
        ])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_document_is_what_the_gateway_does_to_a_player_with_a_factor() {
    let gate = TestGate::start().await;
    let mut client = ApiClient::log_in(&gate.url(""), "ayu").await;
    client.enrol_app().await;
    let refused = client.post("/api/withdraw", r#"{"amount":"1","destination":"BCA 1"}"#, &[]).await;
    let verify = client.challenged(refused).await;
    let id = verify.split('/').nth(4).unwrap().to_owned();
    let (base, cookies) = (gate.url(""), client.cookies().to_owned());
    let paths = "^/api/(challenges|factors|devices|stamps|backup-codes|activity)|^/api/enrolments$|json$";
    tokio::task::spawn_blocking(move || try_calls(&base, &cookies, paths, &id)).await.unwrap();
}

#[tokio::test]
async fn the_document_is_what_the_gateway_does_to_a_player_who_binds_one() {
    let gate = TestGate::start().await;
    let client = ApiClient::log_in(&gate.url(""), "budi").await;
    let begun = client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
    let id = begun["id"].as_str().unwrap().to_owned();
    let (base, cookies) = (gate.url(""), client.cookies().to_owned());
    tokio::task::spawn_blocking(move || try_calls(&base, &cookies, r"^/api/enrolments/", &id)).await.unwrap();
}

#[tokio::test]
async fn nobody_is_told_what_the_document_does_not() {
    let gate = TestGate::start().await;
    let document = Sender::of(&gate).send("GET", "/.stepgate/openapi.json", &[], "").await;
    assert_eq!((document.status, &document.json()["openapi"]), (200, &json!("3.1.0")));
    let base = gate.url("");
    tokio::task::spawn_blocking(move || try_calls(&base, "a=b", "^/api/", "none")).await.unwrap();
}
