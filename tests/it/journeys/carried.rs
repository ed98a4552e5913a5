//! Codes and notices that really travel: by Kannel, by the second of two providers, by a mail server.

use serde_json::{Value, json};

use crate::kit::{
    ApiClient, AuthenticatorApp, TestGate, free_address,
    kannel::{self, Kannel},
    mail::MailServer,
};

/// The demo's configuration with `phone_on_file` and these couriers.
fn carried_by(yaml: &str, couriers: &str) -> String {
    let yaml = yaml.replace("insecure_session_only", "phone_on_file");
    let at = yaml.find("couriers:\n").expect("the demo has couriers");
    let end = yaml.find("store:\n").expect("the demo has a store");
    format!("{}couriers:\n{couriers}{}", &yaml[..at], &yaml[end..])
}

/// An enrolment of an app whose first step, the number on file, waits for its code.
async fn asked_for_the_number(gate: &TestGate) -> (ApiClient, String) {
    let client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let begun = client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
    assert_eq!(begun["next"], json!(["phone", "confirm"]));
    assert!(begun.get("secret").is_none_or(Value::is_null), "no secret before the number is proven");
    let enrolment = format!("/.stepgate/api/enrolments/{}", begun["id"].as_str().unwrap());
    client.portal(&format!("{enrolment}/phone/send"), &json!({}), 202).await;
    (client, enrolment)
}

/// The code at the end of a text message.
fn code_of(text: &str) -> String {
    let (_, code) = text.rsplit_once('#').unwrap_or_else(|| panic!("no code: {text}"));
    code.chars().take(6).collect()
}

/// From the code of the number to a withdrawal that passes.
async fn enrol_and_withdraw(client: &mut ApiClient, enrolment: &str, code: &str) {
    let shown = client.portal(&format!("{enrolment}/phone/verify"), &json!({ "code": code }), 200).await;
    let app = AuthenticatorApp::holding(shown["secret"].as_str().expect("the secret is shown now"));
    client.portal(&format!("{enrolment}/confirm"), &json!({ "code": app.code() }), 200).await;
    let body = r#"{"amount":"1500000","destination":"BCA 1"}"#;
    let refused = client.post("/api/withdraw", body, &[]).await;
    assert_eq!(refused.status(), 401);
    client.keep(&refused, "stepgate-challenge");
    let problem: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    let verify = problem["challenge"]["verify"].as_str().unwrap();
    let verified = client.portal(verify, &json!({ "method": "app", "code": app.next_code() }), 200).await;
    let approval = verified["approval"].as_str().unwrap();
    assert_eq!(client.post("/api/withdraw", body, &[("stepgate-approval", approval)]).await.status(), 200);
}

#[tokio::test]
async fn the_code_that_arrives_by_kannel_opens_the_gate() {
    let kannel = Kannel::start().await;
    // The password comes from a file beside the configuration, as in production.
    let folder = tempfile::TempDir::new().unwrap();
    let secret = folder.path().join("kannel");
    std::fs::write(&secret, kannel::PASSWORD).unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let file = format!("{{ file: '{}' }}", secret.display());
    let courier = crate::couriers::sms::kannel(kannel.address).replace("{ env: K }", &file);
    let sms = format!("  sms: [{{ {courier} }}]\n");
    let gate = TestGate::start_with(|yaml| carried_by(&yaml, &sms)).await;
    let (mut client, enrolment) = asked_for_the_number(&gate).await;
    let arrived = kannel.next().await;
    assert!(arrived.contains(" 6281200001001 "), "{arrived}");
    let words = arrived.split_once("code to set up two-step protection is ").unwrap_or_else(|| panic!("{arrived}"));
    let code: String = words.1.chars().take(6).collect();
    enrol_and_withdraw(&mut client, &enrolment, &code).await;
}

#[tokio::test]
async fn the_second_provider_delivers_the_code_while_the_first_is_down() {
    let mail = MailServer::start().await;
    let down = free_address();
    let gate = TestGate::start_with(|yaml| {
        let own = yaml.split_once("  sms: [").expect("the kit has a provider").1;
        let own = own.split_once("]\n").expect("on one line").0.trim().to_owned();
        let couriers = format!(
            "  sms: [{{ http: {{ url: 'http://{down}/', json: {{ to: '{{to}}', text: '{{text}}' }} }} }}, {own}]\n  email: {{ smtp: {{ server: 127.0.0.1, port: {}, tls: none, from: 'no-reply@play.example' }} }}\n",
            mail.port
        );
        carried_by(&yaml, &couriers)
    })
    .await;
    let (mut client, enrolment) = asked_for_the_number(&gate).await;
    let code = code_of(gate.provider.asked()[0].json()["text"].as_str().unwrap());
    enrol_and_withdraw(&mut client, &enrolment, &code).await;
    // And the owner is told by mail, with the link that locks the account.
    let notice = mail.next().await;
    assert_eq!(notice["to"], json!(["ayu@play.example"]));
    let text = notice["data"].as_str().unwrap().replace("=\r\n", "");
    assert!(text.contains("second step was added") && text.contains("/.stepgate/freeze?t"), "{text}");
}
