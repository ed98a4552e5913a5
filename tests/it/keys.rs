//! Keys of a process that serves: rotated, taken up, sealed anew; and files that must not be taken.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::{
    audit::{command, said},
    kit::{ApiClient, Gate, TestGate, eventually},
};

/// The ids of the keys of a purpose, newest first.
fn ids(gate: &Gate, list: &str) -> Vec<String> {
    let text = fs::read_to_string(gate.folder().join("keys.yaml")).unwrap();
    let (_, text) = text.split_once(&format!("{list}:\n")).unwrap();
    let items = text.lines().take_while(|line| line.starts_with(['-', ' ']));
    items.filter_map(|line| line.strip_prefix("- id: ").map(ToOwned::to_owned)).collect()
}

/// Makes every key two hours older, as if that time had passed.
fn age(gate: &Gate) {
    let path = gate.folder().join("keys.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let older = |line: &str| match line.strip_prefix("  created_at: ") {
        Some(made_at) => {
            let made_at: jiff::Timestamp = made_at.trim_matches(['"', '\'']).parse().unwrap();
            let made_at = made_at - jiff::SignedDuration::from_hours(2);
            format!("  created_at: {made_at}\n")
        }
        None => format!("{line}\n"),
    };
    let next = gate.folder().join("keys.next");
    fs::write(&next, text.lines().map(older).collect::<String>()).unwrap();
    fs::set_permissions(&next, fs::Permissions::from_mode(0o600)).unwrap();
    fs::rename(next, path).unwrap();
}

/// Waits until the process has taken the files up so often.
async fn reloads(gate: &mut Gate, times: usize) {
    let process = &mut gate.process;
    eventually("the keys are taken up", async || {
        let taken = process.written().matches("\"configuration reloaded\"").count();
        (taken >= times).then_some(())
    })
    .await;
}

/// The id of the key that a stamp is signed with.
fn key_of_stamp(client: &ApiClient) -> String {
    let (_, stamp) = client.cookies().rsplit_once("stepgate=").unwrap();
    let header = data_encoding::BASE64URL_NOPAD.decode(stamp.split('.').next().unwrap().as_bytes()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn keys_rotate_under_a_process_that_serves_and_no_player_is_asked_again() {
    let mut gate = TestGate::start().await;
    let mut client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let app = client.enrol_app().await;
    client.prove("/account", &app.code()).await;
    let (stamp, sealing) = (ids(&gate, "stamp"), ids(&gate, "sealing"));
    assert_eq!(key_of_stamp(&client), stamp[0]);

    let rotated = command(&gate, &["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", said(&rotated));
    reloads(&mut gate.gate, 1).await;
    assert_eq!(client.get("/account").await.status(), 200, "the stamp goes on");
    let resealed = command(&gate, &["keys", "reseal"]);
    assert!(said(&resealed).contains("seals from ") && said(&resealed).starts_with("0 rows"), "{}", said(&resealed));
    let again = command(&gate, &["keys", "rotate"]);
    assert_eq!(again.status.code(), Some(78), "{}", said(&again));

    // Two hours later.
    age(&gate);
    let old = sealing[0].clone();
    reloads(&mut gate.gate, 2).await;
    let mut other = ApiClient::log_in(&gate.url(""), "citra").await;
    let others = other.enrol_app().await;
    other.prove("/account", &others.code()).await;
    assert_eq!(key_of_stamp(&other), ids(&gate, "stamp")[0], "the new key signs");
    assert_eq!(client.get("/account").await.status(), 200, "the stamp of the older key goes on");
    let resealed = command(&gate, &["keys", "reseal"]);
    assert!(resealed.status.success() && !said(&resealed).starts_with("0 rows"), "{}", said(&resealed));
    assert!(!said(&resealed).contains(&format!("{old} is still needed")), "{}", said(&resealed));
    assert!(said(&command(&gate, &["keys", "reseal"])).starts_with("0 rows"));
    // What was sealed anew opens.
    let refused = client.post("/api/withdraw", r#"{"amount":"1","destination":"BCA 1"}"#, &[]).await;
    let verify = client.challenged(refused).await;
    client.portal(&verify, &json!({ "method": "app", "code": app.next_code() }), 200).await;
    let verified = command(&gate, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    // Who changed the keys, and which they are now.
    let rows = |kind: &str| -> Vec<Value> {
        let exported = command(&gate, &["audit", "export", "--kind", kind]);
        let text = String::from_utf8(exported.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let rotated = rows("keys-rotated");
    assert_eq!((rotated.len(), rotated[0]["actor"].as_str()), (1, Some("command")), "one that was refused is none");
    assert!(rotated[0]["origin"].as_str().unwrap().starts_with("cli:"), "{rotated:?}");
    for list in ["stamp", "audit", "sealing"] {
        assert!(rotated[0]["detail"].as_str().unwrap().contains(&ids(&gate, list)[0]), "{list}: {rotated:?}");
    }
    let resealed = rows("keys-resealed");
    let last = resealed.last().unwrap()["detail"].as_str().unwrap();
    assert_eq!(last, format!("0 rows under {}", ids(&gate, "sealing")[0]));
}

#[tokio::test]
async fn rows_are_sealed_anew_while_they_are_used() {
    let mut gate = TestGate::start().await;
    let mut players = Vec::new();
    for name in ["ayu", "budi", "citra"] {
        let client = ApiClient::log_in(&gate.url(""), name).await;
        let app = client.enrol_app().await;
        players.push((client, app));
    }
    assert!(command(&gate, &["keys", "rotate"]).status.success());
    reloads(&mut gate.gate, 1).await;
    age(&gate);
    reloads(&mut gate.gate, 2).await;
    let (config, arguments) = (gate.config.clone(), ["keys", "reseal"]);
    let resealing = tokio::task::spawn_blocking(move || {
        std::process::Command::new(env!("CARGO_BIN_EXE_stepgate"))
            .args(arguments)
            .arg("--config")
            .arg(config)
            .output()
            .unwrap()
    });
    let proven = players.iter_mut().map(async |(client, app)| client.prove("/account", &app.code()).await);
    for proof in proven {
        proof.await;
    }
    let resealed = resealing.await.unwrap();
    assert!(resealed.status.success(), "{}", said(&resealed));
}

#[tokio::test]
async fn a_key_file_that_is_exposed_missing_or_an_example_starts_nothing() {
    let mut gate = TestGate::start().await;
    gate.process.signal("KILL");
    gate.gate.exited().await;
    let path = gate.folder().join("keys.yaml");
    let good = fs::read_to_string(&path).unwrap();
    let refused = |gate: &Gate, words: &str| {
        let run = command(gate, &["run"]);
        assert_eq!(run.status.code(), Some(78), "{words}: {}", said(&run));
        assert!(said(&run).contains(words), "{words}: {}", said(&run));
    };
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&gate, "others than its owner may read the key file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let (before, key) = good.rsplit_once("  key: ").unwrap();
    let (_, after) = key.split_once('\n').unwrap_or((key, ""));
    let example = data_encoding::BASE64.encode(b"please-change-this-key-before-it");
    fs::write(&path, format!("{before}  key: {example}\n{after}")).unwrap();
    refused(&gate, "is an example");
    fs::remove_file(&path).unwrap();
    refused(&gate, "make it with `stepgate keys generate`");
}
