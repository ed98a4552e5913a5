//! What arrives at a mail server.

use stepgate::courier::CourierError;

use super::Set;
use crate::kit::{free_address, mail::MailServer};

fn smtp(port: u16) -> String {
    format!(
        "smtp: {{ server: 127.0.0.1, port: {port}, tls: none, from: 'Demo Play <no-reply@play.example>', deadline: 10s }}"
    )
}

fn over(server: &MailServer) -> Set {
    Set::of(&format!("{{ email: {{ {} }} }}", smtp(server.port)))
}

fn data(mail: &serde_json::Value) -> String {
    mail["data"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let server = MailServer::start().await;
    let delivered = over(&server).mail("ayu@example.com", "Kode baru", "Halo Ayu\n\n.\nKode: 123456").await.unwrap();
    let mail = server.next().await;
    assert_eq!(
        (mail["from"].as_str(), mail["to"][0].as_str()),
        (Some("no-reply@play.example"), Some("ayu@example.com"))
    );
    let data = data(&mail);
    for line in [
        "From: \"Demo Play\" <no-reply@play.example>",
        "To: ayu@example.com",
        "Subject: Kode baru",
        "Date: Mon, 21 Sep 2026 14:13:20 +0000",
        &format!("Message-ID: {}", delivered.reference.unwrap()),
    ] {
        assert!(data.lines().any(|found| found == line), "{line}\n{data}");
    }
    assert!(data.ends_with("\r\n\r\nHalo Ayu\r\n\r\n.\r\nKode: 123456\r\n"), "{data}");
}

#[tokio::test]
async fn a_hostile_subject_and_text_stay_in_their_places() {
    let server = MailServer::start().await;
    let set = over(&server);
    let subject = "a\r\nBcc: budi@example.com\r\n\r\nhello\u{0}";
    let text = "x\r\n.\r\nMAIL FROM:<evil@example.com>\r\nRCPT TO:<budi@example.com>\r\nDATA\r\n.\r\nQUIT\n";
    set.mail("ayu@example.com", subject, text).await.unwrap();
    let mail = server.next().await;
    assert_eq!(mail["to"], serde_json::json!(["ayu@example.com"]));
    let written = data(&mail);
    let (head, body) = written.split_once("\r\n\r\n").unwrap();
    assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
    assert!(body.contains("MAIL FROM") && body.contains("QUIT"), "the whole text is in one mail: {body}");
    set.mail("citra@example.com", "next", "next").await.unwrap();
    assert_eq!(server.next().await["to"], serde_json::json!(["citra@example.com"]), "nothing came between");
}

#[tokio::test]
async fn a_refused_address_is_told_from_a_busy_server_and_neither_is_quoted() {
    let server = MailServer::start().await;
    let set = over(&server);
    let refused = set.mail("nobody@example.com", "a", "b").await.unwrap_err();
    assert_eq!(refused, CourierError::Refused("smtp-0: it answered 550".into()));
    let later = set.mail("later@example.com", "a", "b").await.unwrap_err();
    assert_eq!(later, CourierError::Unreachable("smtp-0: it answered 450".into()));
}

#[tokio::test]
async fn the_second_server_carries_what_the_first_cannot() {
    let server = MailServer::start().await;
    let down = smtp(free_address().port());
    let set = Set::of(&format!("{{ email: [ {{ {down} }}, {{ {} }} ] }}", smtp(server.port)));
    assert_eq!(set.mail("ayu@example.com", "a", "b").await.unwrap().courier, 1);
    server.next().await;
}

#[tokio::test]
async fn a_server_that_keeps_silent_meets_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = smtp(listener.local_addr().unwrap().port()).replace("10s", "200ms");
    let server = MailServer::start().await;
    let set = Set::of(&format!("{{ email: [ {{ {silent} }}, {{ {} }} ] }}", smtp(server.port)));
    assert_eq!(set.mail("ayu@example.com", "a", "b").await.unwrap().courier, 1);
}

#[tokio::test]
async fn mail_goes_by_starttls_to_a_server_whose_certificate_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let server = MailServer::with_tls(&certificate, &key).await;
    let starttls = smtp(server.port).replace("tls: none", "tls: starttls").replace("127.0.0.1", "localhost");
    let unknown = Set::of(&format!("{{ email: {{ {starttls} }} }}"));
    let error = unknown.mail("ayu@example.com", "a", "b").await.unwrap_err();
    assert!(matches!(error, CourierError::Unreachable(_)), "nobody vouches for it: {error}");
    let ca = format!("tls: starttls, ca_file: {}", certificate.display());
    let known = Set::of(&format!("{{ email: {{ {} }} }}", starttls.replace("tls: starttls", &ca)));
    known.mail("ayu@example.com", "a", "b").await.unwrap();
    assert_eq!(server.next().await["to"][0], "ayu@example.com");
}

#[tokio::test]
async fn mail_is_not_sent_in_the_open_where_tls_is_asked_for() {
    let server = MailServer::start().await;
    let starttls = smtp(server.port).replace("tls: none", "tls: starttls");
    let set = Set::of(&format!("{{ email: {{ {starttls} }} }}"));
    assert!(set.mail("ayu@example.com", "a", "b").await.is_err());
}
