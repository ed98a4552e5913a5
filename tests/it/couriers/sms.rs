//! What arrives at SMS providers.

use serde_json::json;
use stepgate::courier::CourierError;

use super::Set;
use crate::kit::{
    free_address,
    kannel::Kannel,
    provider::{Behaviour, Provider},
};

/// A text that tries to leave its place in every form a request can have.
const HOSTILE: &str = "1\",\"to\":\"+1\r\nX-Evil: 1\u{0}&to=+1&x={to}#'\u{1b}[2J\u{202e}é\n@h #123456";

/// The same without control characters; line feeds are part of a text.
const CARRIED: &str = "1\",\"to\":\"+1 \nX-Evil: 1 &to=+1&x={to}#' [2J\u{202e}é\n@h #123456";

#[tokio::test]
async fn a_hostile_text_stays_one_value_in_json() {
    let provider = Provider::start().await;
    let url = format!("http://{}/send", provider.address);
    let set = Set::of(&format!(
        "{{ sms: [ {{ http: {{ url: '{url}', json: {{ to: ['{{to}}'], m: {{ t: 'A: {{text}}', flash: false }} }} }} }} ] }}"
    ));
    set.sms(HOSTILE).await.unwrap();
    let asked = &provider.asked()[0];
    let expected = json!({ "to": ["+6281200001001"], "m": { "t": format!("A: {CARRIED}"), "flash": false } });
    assert_eq!(asked.json(), expected);
    assert!(asked.headers.get("x-evil").is_none() && asked.headers["content-type"] == "application/json");
}

#[tokio::test]
async fn a_hostile_text_stays_one_field_in_forms_and_queries() {
    for place in ["form", "query"] {
        let provider = Provider::start().await;
        let url = format!("http://{}/send?v=2", provider.address);
        let set = Set::of(&format!(
            "{{ sms: [ {{ http: {{ url: '{url}', {place}: {{ text: '{{text}}', to: '{{to}}', key: {{ env: K }} }}, to_format: digits }} }} ] }}"
        ));
        set.sms(HOSTILE).await.unwrap();
        let asked = &provider.asked()[0];
        let mut fields = asked.fields();
        fields.retain(|(name, _)| name != "v");
        let expected = [("key", "f5Yk0pQx"), ("text", CARRIED), ("to", "6281200001001")];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())), "{place}");
        assert!(asked.target.starts_with("/send?v=2") && asked.headers.get("x-evil").is_none());
    }
}

#[tokio::test]
async fn success_is_what_the_configuration_says() {
    let provider = Provider::that(Behaviour::Answer(200, "ERR 7")).await;
    let url = format!("http://{}/", provider.address);
    let set = Set::of(&format!(
        "{{ sms: [ {{ http: {{ url: '{url}', method: GET, headers: {{ X-Key: {{ env: K }} }}, query: {{ t: '{{text}}', n: '{{to}}' }},
           success: {{ status: [200], body: '^OK ' }}, message_id: {{ regex: '^OK (\\w+)' }} }} }} ] }}"
    ));
    let error = set.sms("Code").await.unwrap_err();
    assert!(matches!(error, CourierError::Refused(_)), "many providers answer 200 for everything");
    provider.behave(Behaviour::Answer(200, "OK a77"));
    assert_eq!(set.sms("Code").await.unwrap().reference.as_deref(), Some("a77"));
    provider.behave(Behaviour::Answer(201, "OK a78"));
    assert!(set.sms("Code").await.is_err());
    let asked = &provider.asked()[0];
    assert_eq!((asked.method.as_str(), &asked.headers["x-key"]), ("GET", &"f5Yk0pQx".parse().unwrap()));
}

#[tokio::test]
async fn a_reference_that_is_unfit_for_a_log_is_dropped() {
    for body in [r#"{"id":"a\nb"}"#, r#"{"id":{}, "x": "\u0000"}"#, r#"{"id":""}"#, "{", ""] {
        let provider = Provider::that(Behaviour::Answer(200, body)).await;
        let url = format!("http://{}/", provider.address);
        let set = Set::of(&format!(
            "{{ sms: [ {{ http: {{ url: '{url}', form: {{ t: '{{text}}', n: '{{to}}' }}, message_id: {{ json: /id }} }} }} ] }}"
        ));
        let reference = set.sms("Code").await.unwrap().reference;
        assert!(reference.is_none() || reference.as_deref() == Some("{}"), "{body}: {reference:?}");
    }
}

fn twilio(base: &str, sender: &str) -> Set {
    let sid = format!("AC{}", "0a".repeat(16));
    Set::of(&format!(
        "{{ sms: [ {{ twilio: {{ account_sid: {sid}, auth_token: {{ env: T }}, {sender}, base_url: '{base}' }} }} ] }}"
    ))
}

#[tokio::test]
async fn twilio_is_asked_in_its_own_shape() {
    let provider = Provider::that(Behaviour::Answer(201, r#"{"sid":"SM1","status":"queued"}"#)).await;
    let base = format!("http://{}", provider.address);
    let delivered = twilio(&base, "from: '+15005550006'").sms(HOSTILE).await.unwrap();
    assert_eq!(delivered.reference.as_deref(), Some("SM1"));
    twilio(&base, "messaging_service_sid: MG1").sms("Code").await.unwrap();
    let asked = provider.asked();
    assert_eq!(asked[0].target, format!("/2010-04-01/Accounts/AC{}/Messages.json", "0a".repeat(16)));
    let pair = format!("AC{}:f5Yk0pQx", "0a".repeat(16));
    let basic = format!("Basic {}", data_encoding::BASE64.encode(pair.as_bytes()));
    assert_eq!(asked[0].headers["authorization"], basic.as_str());
    let owned = |fields: [(&str, &str); 3]| fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert_eq!(asked[0].fields(), owned([("To", "+6281200001001"), ("Body", CARRIED), ("From", "+15005550006")]));
    let service = owned([("To", "+6281200001001"), ("Body", "Code"), ("MessagingServiceSid", "MG1")]);
    assert_eq!(asked[1].fields(), service);
}

#[tokio::test]
async fn what_twilio_refuses_is_told_by_its_own_number() {
    let provider =
        Provider::that(Behaviour::Answer(400, r#"{"code":21211,"message":"not a valid phone number: +62"}"#)).await;
    let set = twilio(&format!("http://{}", provider.address), "from: Demo");
    let refused = CourierError::Refused("twilio-0: it answered 400, error 21211".into());
    assert_eq!(set.sms("Code").await.unwrap_err(), refused);
    provider.behave(Behaviour::Answer(401, r#"{"code":20003}"#));
    assert!(matches!(set.sms("Code").await.unwrap_err(), CourierError::Unreachable(_)));
}

/// How Kannel is written in a configuration.
pub fn kannel(address: std::net::SocketAddr) -> String {
    format!(
        "http: {{ url: 'http://{address}/cgi-bin/sendsms', method: GET, deadline: 30s, to_format: digits, success: {{ status: [202], body: '^0:' }},
           query: {{ username: gate, password: {{ env: K }}, to: '{{to}}', text: '{{text}}' }} }}"
    )
}

#[tokio::test]
async fn an_sms_arrives_through_kannel() {
    let gateway = Kannel::start().await;
    let set = Set::of(&format!("{{ sms: [ {{ {} }} ] }}", kannel(gateway.address)));
    set.sms("Demo Play: 123456 & \"more\" +1\n@play.example #123456").await.unwrap();
    assert_eq!(gateway.next().await, "1234 6281200001001 text Demo Play: 123456 & \"more\" +1");
    assert_eq!(gateway.next().await, "@play.example #123456", "the SMSC writes a second line as if it were a message");
}

#[tokio::test]
async fn letters_outside_of_gsm_arrive_through_kannel_as_ucs_2() {
    let gateway = Kannel::start().await;
    let courier = kannel(gateway.address).replace("text: '{text}'", "text: '{text}', charset: UTF-8, coding: '2'");
    let set = Set::of(&format!("{{ sms: [ {{ {courier} }} ] }}"));
    set.sms("验证码 12").await.unwrap();
    let arrived = gateway.next().await;
    assert_eq!(arrived, "1234 6281200001001 ucs-2 %9A%8C%8B%C1x%01%00+%001%002", "UTF-16, in percent form");
}

#[tokio::test]
async fn with_the_first_provider_down_kannel_delivers() {
    let gateway = Kannel::start().await;
    let down = format!("http: {{ url: 'http://{}/', json: {{ a: '{{to}}', b: '{{text}}' }} }}", free_address());
    let set = Set::of(&format!("{{ sms: [ {{ {down} }}, {{ {} }} ] }}", kannel(gateway.address)));
    assert_eq!(set.sms("Demo Play: 654321").await.unwrap().courier, 1);
    assert_eq!(gateway.next().await, "1234 6281200001001 text Demo Play: 654321");
}

#[tokio::test]
async fn what_kannel_refuses_is_no_success() {
    let gateway = Kannel::start().await;
    let courier = kannel(gateway.address).replace("username: gate", "username: other");
    let set = Set::of(&format!("{{ sms: [ {{ {courier} }} ] }}"));
    let error = set.sms("Demo Play: 123456").await.unwrap_err();
    assert!(matches!(error, CourierError::Unreachable(_)), "it does not know us: {error}");
}
