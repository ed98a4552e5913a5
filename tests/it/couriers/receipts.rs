//! Providers say later what became of a message.

use stepgate::courier::receipt::Receipts;

use super::{Set, sms::kannel};
use crate::kit::{TestGate, kannel::Kannel, provider::Provider};

fn receipts(gate: &TestGate) -> Receipts {
    Receipts::new(gate.hasher(), gate.url("/.stepgate"))
}

fn counted(metrics: &str, courier: &str, fate: &str) -> bool {
    metrics.contains(&format!("stepgate_courier_receipts_total{{courier=\"{courier}\",fate=\"{fate}\"}} 1"))
}

#[tokio::test]
async fn kannel_tells_the_portal_that_an_sms_was_delivered() {
    let (gate, gateway) = (TestGate::start().await, Kannel::start().await);
    let courier =
        kannel(gateway.address).replace("to: '{to}',", "to: '{to}', dlr-mask: '3', dlr-url: '{receipt}&status=%d',");
    let set = Set::with_receipts(&format!("{{ sms: [ {{ {courier} }} ] }}"), receipts(&gate));
    set.sms("Demo Play: 123456").await.unwrap();
    assert_eq!(gateway.next().await, "1234 6281200001001 text Demo Play: 123456");
    gate.metrics_once(|metrics| counted(metrics, "http-0", "delivered")).await;
}

#[tokio::test]
async fn a_status_callback_of_twilio_is_counted_and_a_forged_one_is_not() {
    let (gate, provider) = (TestGate::start().await, Provider::start().await);
    let sid = format!("AC{}", "0a".repeat(16));
    let set = Set::with_receipts(
        &format!(
            "{{ sms: [ {{ twilio: {{ account_sid: {sid}, auth_token: {{ env: T }}, from: Play, receipts: true,
               base_url: 'http://{}' }} }} ] }}",
            provider.address
        ),
        receipts(&gate),
    );
    // The provider answers 200, which is no success there; the callback's address is known all the same.
    set.sms("Code").await.unwrap_err();
    let fields = provider.asked()[0].fields();
    let (_, callback) = fields.iter().find(|(name, _)| name == "StatusCallback").unwrap();

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = |url: String, body: &'static str| {
        let request = client.post(url).header("content-type", "application/x-www-form-urlencoded");
        async move { request.body(body).send().await.unwrap().status().as_u16() }
    };
    assert_eq!(post(callback.clone(), "MessageSid=SM1&MessageStatus=undelivered").await, 204);
    assert_eq!(post(callback.clone(), "MessageStatus=%00%ff").await, 204);
    assert_eq!(post(callback.clone(), "").await, 204);
    for forged in [
        callback.replace("twilio-0", "twilio-1"),
        callback.replace("&mac=", "&mac=A"),
        callback.split("&mac").next().unwrap().to_owned(),
        callback.split('?').next().unwrap().to_owned(),
    ] {
        assert_eq!(post(forged.clone(), "MessageStatus=delivered").await, 403, "{forged}");
    }
    let metrics = gate.metrics().await;
    assert!(counted(&metrics, "twilio-0", "failed"), "{metrics}");
    assert!(!metrics.contains("fate=\"delivered\"") && !metrics.contains("courier=\"twilio-1\""), "{metrics}");
}
