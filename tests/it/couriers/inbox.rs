//! The demo's inbox, and that only the demo has one.

use std::{process::Command, sync::Arc};

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use stepgate::{
    cli::demo::inbox,
    clock::{ManualClock, UnixTime},
    contact::{MailAddress, PhoneNumber},
    courier::{
        Couriers, Mail, MailSettings, Ports, Settings, Sms, SmsSettings,
        outbox::{KEPT, Outbox},
    },
    metrics::{BuildInfo, Metrics},
};
use tower::ServiceExt;

use crate::kit::{free_address, install_crypto, process::Process};

async fn asked(outbox: &Arc<Outbox>, path: &str, host: &str) -> (u16, String) {
    let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
    let answer = inbox::router(Arc::clone(outbox)).oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn keeping() -> (Couriers, Arc<Outbox>) {
    install_crypto();
    let outbox = Arc::new(Outbox::default());
    let ports = Ports {
        http: reqwest::Client::new(),
        clock: Arc::new(ManualClock::at(UnixTime::from_secs(1_790_000_000))),
        metrics: Arc::new(Metrics::new(BuildInfo { version: "1", revision: "a" }).unwrap()),
        outbox: Arc::clone(&outbox),
        receipts: super::nowhere(),
        runtime: tokio::runtime::Handle::current(),
    };
    let kinds = Settings { sms: vec![SmsSettings::Outbox], mail: vec![MailSettings::Outbox], ..Settings::default() };
    (Couriers::build(kinds, &ports).unwrap(), outbox)
}

#[tokio::test]
async fn messages_are_shown_newest_first_and_as_text() {
    let (couriers, outbox) = keeping();
    assert!(asked(&outbox, "/", "localhost:8025").await.1.contains("Nothing yet"));
    let phone = PhoneNumber::parse("+6281200001003", None).unwrap();
    let address = MailAddress::parse("citra@example.com").unwrap();
    let delivered = couriers.sms(Sms { to: &phone, text: "Code 123456\n<script>alert(1)</script>" }).await.unwrap();
    couriers.mail(Mail { to: &address, subject: "A <new> phone", text: "Hello" }).await.unwrap();
    let (status, page) = asked(&outbox, "/", "127.0.0.1:8025").await;
    assert_eq!(status, 200);
    assert!(!page.contains("<script>") && !page.contains("<new>") && page.contains("http-equiv=\"refresh\""), "{page}");
    assert!(page.find("citra@example.com").unwrap() < page.find("+6281200001003").unwrap(), "{page}");
    let messages: serde_json::Value =
        serde_json::from_str(&asked(&outbox, "/messages.json", "localhost").await.1).unwrap();
    assert_eq!(messages[0]["subject"], "A <new> phone");
    assert_eq!(messages[1]["channel"], "sms");
    assert_eq!(messages[1]["text"], "Code 123456\n<script>alert(1)</script>");
    assert_eq!(messages[1]["id"].as_str(), delivered.reference.as_deref());
}

#[tokio::test]
async fn only_the_last_messages_are_kept() {
    let (couriers, outbox) = keeping();
    let phone = PhoneNumber::parse("+6281200001003", None).unwrap();
    for count in 0..KEPT + 3 {
        couriers.sms(Sms { to: &phone, text: &count.to_string() }).await.unwrap();
    }
    let messages = outbox.messages();
    assert_eq!((messages.len(), messages[0].text.as_str(), messages[KEPT - 1].text.as_str()), (200, "202", "3"));
}

#[tokio::test]
async fn a_rebound_name_reads_no_codes() {
    let (_, outbox) = keeping();
    for path in ["/", "/messages.json"] {
        for host in ["evil.example", "evil.example:8025", "", "localhost.evil.example"] {
            assert_eq!(asked(&outbox, path, host).await.0, 421, "{host}");
        }
    }
}

#[tokio::test]
async fn the_demo_serves_its_inbox_where_it_is_told() {
    install_crypto();
    let [site, gateway, ops, inbox] = std::array::from_fn(|_| free_address());
    let start = move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
        command.arg("demo");
        for (flag, address) in [("--site", site), ("--gateway", gateway), ("--ops", ops), ("--inbox", inbox)] {
            command.arg(flag).arg(address.to_string());
        }
        let mut process = Process::start(&mut command);
        process.wait_for(|line| line?.contains(&format!("http://{inbox}/")).then_some(()));
        process
    };
    let _demo = tokio::task::spawn_blocking(start).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let messages = client.get(format!("http://{inbox}/messages.json")).send().await.unwrap();
    assert_eq!((messages.status().as_u16(), messages.text().await.unwrap().as_str()), (200, "[]"));
}
