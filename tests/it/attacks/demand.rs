//! What an API client reads of the demand for a proof (RFC 9470 §3, security.md REQ-21).

use std::collections::BTreeMap;

use serde_json::json;

use crate::kit::{Answer, Sender, TestGate};

/// The parameters of a challenge of the scheme `Bearer`, each once (RFC 9110 §11.6.1).
fn parameters(answer: &Answer) -> BTreeMap<String, String> {
    let lines: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
    assert_eq!(lines.len(), 1, "{answer:?}");
    let mut rest = lines[0].to_str().unwrap().strip_prefix("Bearer ").expect("the scheme");
    let mut read = BTreeMap::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').expect("a parameter");
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').expect("its end"),
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        assert!(!value.contains(['\\', '\r', '\n']), "{value}");
        assert!(read.insert(name.to_owned(), value.to_owned()).is_none(), "{name} stands there twice");
        rest = after.strip_prefix(", ").unwrap_or(after);
    }
    read
}

#[tokio::test]
async fn each_demand_names_its_error_and_how_old_a_proof_may_be() {
    let gate = TestGate::start().await;
    let client = crate::kit::ApiClient::log_in(&gate.url(""), "budi").await;
    client.enrol_app().await;
    let (sender, session) = (Sender::of(&gate), client.cookies().to_owned());
    let page = sender.send("GET", "/account", &[("cookie", &session)], "").await;
    assert_eq!((page.status, parameters(&page).get("max_age")), (401, None), "any stamp will do");
    for (what, body, max_age) in [
        ("/account/payment-method", json!({}), "300"),
        ("/api/withdraw", json!({ "amount": "1", "destination": "BCA" }), "0"),
        ("/.stepgate/api/factors/disable", json!({}), "0"),
    ] {
        let asked = sender.call(what, &session, &body).await;
        assert_eq!(asked.status, 401, "{what}: {asked:?}");
        let read = parameters(&asked);
        assert_eq!(read["error"], "insufficient_user_authentication", "{what}");
        assert_eq!(read["max_age"], max_age, "{what}: in seconds");
        assert_eq!(read.keys().collect::<Vec<_>>(), ["error", "error_description", "max_age"], "{what}");
        assert_eq!(asked.json()["type"], "urn:stepgate:second-factor-required", "{what}");
    }
    let nobody = sender.call("/api/withdraw", "a=b", &json!({})).await;
    assert_eq!(nobody.status, 401);
    assert!(!nobody.headers.contains_key("www-authenticate"), "no factor helps who is not logged in: {nobody:?}");
}
