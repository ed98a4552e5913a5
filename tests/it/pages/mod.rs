//! The players' pages in a real browser: their size, their languages, whether everybody can use them,
//! and pictures of them under `target/screenshots` for people to look at.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::kit::{ApiClient, Browser, TestGate};

mod account;
mod challenge;
mod enrolment;
mod languages;
mod messages;
pub(crate) mod viewer;

/// A gateway with a look and a time zone of its own.
async fn gate() -> TestGate {
    gate_with(|yaml| yaml).await
}

/// The same, changed further.
async fn gate_with(edit: impl FnOnce(String) -> String) -> TestGate {
    let logo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/kit/logo.svg");
    assert_eq!(
        fs::metadata(&logo).unwrap().len(),
        2048,
        "the largest that is taken, so that pages are weighed with it"
    );
    // Relative, since a path from the root is one on the site.
    let logo = format!("{}{}", "../".repeat(16), logo.display());
    let look = format!("  look: {{ colour: \"#0a6b4b\", logo: \"{logo}\" }}");
    let site = format!("  name: Demo Play\n{look}\n  time_zone: Asia/Jakarta\n");
    TestGate::start_with(|yaml| edit(yaml.replace("  name: Demo Play\n", &site))).await
}

/// An address of the open browser.
async fn here(browser: &Browser) -> String {
    browser.driver.current_url().await.unwrap().to_string()
}

/// The newest text that a provider was given and that this finds something in.
async fn texted<T>(gate: &TestGate, found: impl Fn(&str) -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    let mut look = tokio::time::interval(std::time::Duration::from_millis(50));
    loop {
        look.tick().await;
        let texts = gate.provider.asked().into_iter().rev().map(|asked| asked.json()["text"].clone());
        if let Some(found) = texts.filter_map(|text| found(text.as_str()?)).next() {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "no such text came");
    }
}

/// The code of a text, which its last line repeats for browsers.
fn code_of(text: &str) -> Option<String> {
    let (_, code) = text.lines().last()?.rsplit_once('#')?;
    code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.to_owned())
}

/// Enrols the number on file of a player, by the API.
async fn enrol_sms(gate: &TestGate, client: &ApiClient) -> Vec<String> {
    let path = |rest: &str| format!("/.stepgate/api/enrolments{rest}");
    let started = client.portal(&path(""), &json!({ "method": "sms" }), 201).await;
    let id = started["id"].as_str().unwrap();
    client.portal(&path(&format!("/{id}/confirm/send")), &json!({}), 202).await;
    let code = texted(gate, code_of).await;
    let done = client.portal(&path(&format!("/{id}/confirm")), &json!({ "code": code }), 200).await;
    let codes: Vec<Value> = done["backup_codes"].as_array().unwrap().clone();
    codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}
