//! A proof of a log-in that is over (security.md A28): approved in one tab, logged out in another.

use serde_json::json;

use crate::kit::{ApiClient, TestGate};

const WITHDRAW: &str = "/api/withdraw";
const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 123"}"#;

#[tokio::test]
async fn what_was_approved_goes_nowhere_after_the_log_out_of_another_tab() {
    let gate = TestGate::start().await;
    let mut client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let app = client.enrol_app().await;
    let refused = client.post(WITHDRAW, WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;
    let code = app.code();
    let granted = client.portal(&verify, &json!({ "method": "app", "code": code }), 200).await;
    let approval = granted["approval"].as_str().unwrap();
    let asked = client.post(WITHDRAW, r#"{"amount":"1","destination":"BCA 123"}"#, &[]).await;
    let open = client.challenged(asked).await;

    client.post("/logout", "", &[]).await;
    let late = client.post(WITHDRAW, WITHDRAWAL, &[("stepgate-approval", approval)]).await;
    assert_eq!(late.status(), 401, "the site knows nobody by this cookie any more");
    let answered = client.post(&open, &json!({ "method": "app", "code": app.next_code() }).to_string(), &[]).await;
    assert!([401, 410].contains(&answered.status().as_u16()), "{answered:?}");

    // Nor in a new log-in of the same player.
    let mut anew = ApiClient::log_in(&gate.url(""), "ayu").await;
    let late = anew.post(WITHDRAW, WITHDRAWAL, &[("stepgate-approval", approval)]).await;
    let verify = anew.challenged(late).await;
    assert!(gate.site.received("POST", WITHDRAW).is_empty(), "nothing reached the site");
    let granted = anew.portal(&verify, &json!({ "method": "app", "code": app.next_code() }), 200).await;
    let approval = granted["approval"].as_str().unwrap();
    assert_eq!(anew.post(WITHDRAW, WITHDRAWAL, &[("stepgate-approval", approval)]).await.status(), 200);
    assert_eq!(gate.site.received("POST", WITHDRAW).len(), 1);
}
