//! Couriers as the configuration describes them, against providers, a mail server and an SMS gateway.

mod command;
mod failover;
mod inbox;
mod mail;
mod receipts;
pub mod sms;

use std::{path::Path, sync::Arc};

use stepgate::{
    clock::{ManualClock, UnixTime},
    config,
    contact::{Country, MailAddress, PhoneNumber},
    courier::{CourierError, Couriers, Delivered, Mail, Ports, Sms, outbox::Outbox, receipt::Receipts},
    metrics::{BuildInfo, Metrics},
    secret::{Hasher, SymmetricKey},
};

use crate::kit::{ApiClient, TestGate, install_crypto, kannel};

/// Receipts that nobody takes.
fn nowhere() -> Receipts {
    let key = SymmetricKey { id: "a".into(), bytes: zeroize::Zeroizing::new([7; 32]) };
    Receipts::new(Hasher::new(key), "https://play.example/.stepgate".into())
}

/// Couriers with what they stand on.
pub struct Set {
    pub couriers: Couriers,
    pub clock: Arc<ManualClock>,
    pub metrics: Arc<Metrics>,
}

impl Set {
    /// The couriers of a configuration that says this under `couriers:`, a flow mapping.
    pub fn of(couriers: &str) -> Self {
        Self::with_receipts(couriers, nowhere())
    }

    /// The same with an address for receipts.
    pub fn with_receipts(couriers: &str, receipts: Receipts) -> Self {
        install_crypto();
        let text = format!(
            "site: {{ name: A, origin: 'http://localhost:1', upstream: {{ servers: ['h:1'] }} }}
listen: [{{ address: '127.0.0.1:1' }}]
store: {{ durable: 'sqlite:a' }}
keys: {{ file: k }}
couriers: {couriers}"
        );
        let environment = |_: &str| Some(kannel::PASSWORD.to_owned());
        let config = config::parse("stepgate.yaml", &text, Path::new("/"), environment);
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        let clock = Arc::new(ManualClock::at(UnixTime::from_secs(1_790_000_000)));
        let metrics = Arc::new(Metrics::new(BuildInfo { version: "1", revision: "a" }).unwrap());
        let ports = Ports {
            http: reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
            clock: clock.clone(),
            metrics: metrics.clone(),
            outbox: Arc::new(Outbox::default()),
            receipts,
            runtime: tokio::runtime::Handle::current(),
        };
        Self { couriers: Couriers::build(config.couriers, &ports).unwrap(), clock, metrics }
    }

    /// Sends a text to a phone.
    pub async fn sms(&self, text: &str) -> Result<Delivered, CourierError> {
        let to = PhoneNumber::parse("0812-0000-1001", Country::parse("ID")).unwrap();
        self.couriers.sms(Sms { to: &to, text }).await
    }

    /// Sends a mail.
    pub async fn mail(&self, to: &str, subject: &str, text: &str) -> Result<Delivered, CourierError> {
        let to = MailAddress::parse(to).unwrap();
        self.couriers.mail(Mail { to: &to, subject, text }).await
    }

    /// The value of a metric line, as text; empty when there is none.
    pub fn metric(&self, series: &str) -> String {
        let text = self.metrics.render().unwrap();
        text.lines().find_map(|line| line.strip_prefix(series)).unwrap_or_default().trim().to_owned()
    }
}

#[tokio::test]
async fn a_request_that_is_challenged_sends_nothing_by_itself() {
    let gate = TestGate::start().await;
    let client = ApiClient::log_in(&gate.url(""), "budi").await;
    client.enrol_app().await;
    let answer = client.post("/api/withdraw", r#"{"amount":"1","destination":"BCA"}"#, &[]).await;
    assert_eq!(answer.status(), 401);
    assert!(gate.provider.asked().is_empty());
}
