//! The audit trail elsewhere: sent to a webhook and to syslog servers, and by the commands.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixDatagram,
    process::{Command, Output},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use stepgate::{
    audit::{
        Settings, Syslog,
        sink::{self, Round},
    },
    clock::{Clock, ManualClock, UnixTime},
    metrics::{BuildInfo, Metrics},
    notice::{Webhook, sign},
    request::Subject,
    stamp::SigningKey,
    store::{Accounts, AuditRecord, Edit, Outcome, Signer, sql::Sql},
};

use crate::kit::{
    ApiClient, Gate, TestGate,
    certificates::Authority,
    eventually, install_crypto,
    provider::{Asked, Behaviour, Provider},
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

/// A store with rows, and a round that sends them.
struct Sending {
    sql: Sql,
    clock: Arc<dyn Clock>,
    moved: Arc<ManualClock>,
    http: reqwest::Client,
    settings: Settings,
}

impl Sending {
    async fn to(settings: Settings) -> Self {
        install_crypto();
        let signer = Signer::from_pkcs8("audit-key", &SigningKey::generate()).unwrap();
        let sql = Sql::open("sqlite::memory:").await.unwrap().signing(signer).await.unwrap();
        let moved = Arc::new(ManualClock::at(NOW));
        let clock: Arc<dyn Clock> = moved.clone();
        Self { sql, clock, moved, http: reqwest::Client::builder().no_proxy().build().unwrap(), settings }
    }

    async fn write(&self, count: usize) {
        let subject = Subject::parse("ayu").unwrap();
        for number in 0..count {
            let record = AuditRecord {
                id: format!("row-{number}"),
                subject: Some(subject.clone()),
                at: NOW,
                actor: "player".into(),
                event: "approved".into(),
                detail: "withdraw".into(),
                why: String::new(),
                origin: "192.0.2.0/24".into(),
                outcome: Outcome::Done,
            };
            self.sql.apply(&subject, &[Edit::Record(record)]).await.unwrap();
        }
    }

    async fn send(&self) -> u64 {
        let round = Round { trail: &self.sql, settings: &self.settings, http: &self.http, clock: &self.clock };
        round.send().await.unwrap()
    }
}

/// The numbers of rows in JSON lines.
fn numbers(lines: &[Value]) -> Vec<i64> {
    lines.iter().map(|line| line["seq"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_webhook_gets_every_row_in_order_signed_and_again_until_it_takes_it() {
    let provider = Provider::start().await;
    let secret = secrecy::SecretString::from("pXb4bJ0yqvOe2dXcA1h5uH3nV9rT6wZk");
    let webhook = Webhook { url: format!("http://{}/audit", provider.address), secret: secret.clone() };
    let sending = Sending::to(Settings { webhook: Some(webhook), ..Settings::default() }).await;
    sending.write(3).await;
    provider.behave(Behaviour::Answer(500, ""));
    assert_eq!(sending.send().await, 0);
    assert_eq!(sending.send().await, 0, "it is left alone for a while");
    assert_eq!(provider.asked().len(), 1);
    provider.behave(Behaviour::Answer(204, ""));
    sending.moved.advance(Duration::from_secs(60));
    assert_eq!(sending.send().await, 3);
    sending.write(60).await;
    assert_eq!((sending.send().await, sending.send().await, sending.send().await), (50, 10, 0));
    let asked = provider.asked();
    let lines: Vec<Value> = asked.iter().skip(1).map(Asked::json).collect();
    assert_eq!(numbers(&lines), (1..=63).collect::<Vec<_>>());
    assert_eq!((lines[0]["player"].as_str(), lines[0]["origin"].as_str()), (Some("ayu"), Some("192.0.2.0/24")));
    let signature = asked[1].headers["stepgate-signature"].to_str().unwrap();
    let (time, signature) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let document = std::str::from_utf8(&asked[1].body).unwrap();
    assert_eq!(signature, sign(&secret, time.parse().unwrap(), document));
}

#[tokio::test]
async fn what_waits_for_a_sink_is_a_gauge_with_the_age_of_its_oldest() {
    let provider = Provider::start().await;
    let secret = secrecy::SecretString::from("pXb4bJ0yqvOe2dXcA1h5uH3nV9rT6wZk");
    let webhook = Webhook { url: format!("http://{}/audit", provider.address), secret };
    let sending = Sending::to(Settings { webhook: Some(webhook), ..Settings::default() }).await;
    let metrics = Metrics::new(BuildInfo { version: "0", revision: "unknown" }).unwrap();
    let shown = async || {
        sink::measure(&sending.sql, &sending.settings, &metrics, sending.clock.now()).await.unwrap();
        let text = metrics.render().unwrap();
        assert!(!text.contains("syslog"), "there is no such sink: {text}");
        ["audit_rows_waiting", "audit_oldest_waiting_seconds"].map(|name| {
            let start = format!("stepgate_{name}{{sink=\"webhook\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
        })
    };
    assert_eq!(shown().await, ["0", "0"]);
    sending.write(3).await;
    provider.behave(Behaviour::Answer(500, ""));
    assert_eq!(sending.send().await, 0);
    sending.moved.advance(Duration::from_secs(60));
    assert_eq!(shown().await, ["3", "60"]);
    provider.behave(Behaviour::Answer(204, ""));
    assert_eq!(sending.send().await, 3);
    assert_eq!(shown().await, ["0", "0"]);
}

#[tokio::test]
async fn a_gateway_whose_sinks_and_couriers_take_nothing_shows_what_waits() {
    let sink = Provider::start().await;
    sink.behave(Behaviour::Answer(500, ""));
    let gate = audited_by(&sink).await;
    gate.provider.behave(Behaviour::Answer(500, ""));
    ApiClient::log_in(&gate.url(""), "ayu").await.enrol_app().await;
    for name in [
        "audit_rows_waiting{sink=\"webhook\"}",
        "audit_oldest_waiting_seconds{sink=\"webhook\"}",
        "notices_waiting",
        "notices_oldest_waiting_seconds",
    ] {
        let shown = async || (gate.metric(&format!("stepgate_{name}")).await >= 1.0).then_some(());
        eventually(name, shown).await;
    }
}

/// Takes one connection and reads it to its end.
fn collector(read: impl FnOnce(std::net::TcpStream) -> Vec<u8> + Send + 'static) -> (SocketAddr, Collected) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, std::thread::spawn(move || read(listener.accept().unwrap().0)))
}

type Collected = std::thread::JoinHandle<Vec<u8>>;

/// The JSON of frames that have their length before them.
fn frames(mut bytes: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let space = bytes.iter().position(|byte| *byte == b' ').unwrap();
        let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
        let (frame, rest) = bytes[space + 1..].split_at(length);
        found.push(message(frame));
        bytes = rest;
    }
    found
}

/// The JSON of a message.
fn message(bytes: &[u8]) -> Value {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.starts_with("<110>1 2023-11-14T22:13:20.000Z ") && text.contains(" approved - {"), "{text}");
    serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
}

fn read_all(mut stream: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    // How a peer ends TLS is not what is tried here.
    let _ = stream.read_to_end(&mut bytes);
    bytes
}

#[tokio::test]
async fn a_syslog_server_that_comes_back_gets_what_it_missed() {
    let (address, collected) = collector(read_all);
    let gone = crate::kit::free_address();
    let mut sending =
        Sending::to(Settings { syslog: Some(Syslog::Tcp(gone.to_string())), ..Settings::default() }).await;
    sending.write(2).await;
    assert_eq!(sending.send().await, 0);
    sending.write(2).await;
    sending.settings.syslog = Some(Syslog::Tcp(address.to_string()));
    sending.moved.advance(Duration::from_secs(60));
    assert_eq!(sending.send().await, 4);
    assert_eq!(numbers(&frames(&collected.join().unwrap())), [1, 2, 3, 4]);
}

#[tokio::test]
async fn syslog_by_tls_goes_to_a_server_that_proves_its_name_only() {
    install_crypto();
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let pair = authority.issue(folder.path(), "logs", &["logs.play.example"]);
    let server = Arc::new(server_config(&pair));
    let serve = move |stream| {
        let session = rustls::ServerConnection::new(server).unwrap();
        let mut stream = rustls::StreamOwned::new(session, stream);
        let bytes = read_all(&mut stream);
        let _ = stream.flush();
        bytes
    };
    for (name, taken) in [("other.play.example", 0), ("logs.play.example", 1)] {
        let (address, collected) = collector(serve.clone());
        let client = Arc::new(client_config(&authority));
        let syslog = Syslog::Tls { server: address.to_string(), name: name.to_owned(), client };
        let sending = Sending::to(Settings { syslog: Some(syslog), ..Settings::default() }).await;
        sending.write(1).await;
        assert_eq!(sending.send().await, taken, "{name}");
        assert_eq!(frames(&collected.join().unwrap()).len() as u64, taken);
    }
}

fn server_config(pair: &crate::kit::certificates::Pair) -> rustls::ServerConfig {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let certificate = CertificateDer::from_pem_file(&pair.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
    rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
}

fn client_config(authority: &Authority) -> rustls::ClientConfig {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

#[tokio::test]
async fn a_socket_of_this_machine_gets_a_datagram_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    let sending = Sending::to(Settings { syslog: Some(Syslog::Unix(path)), ..Settings::default() }).await;
    sending.write(2).await;
    assert_eq!(sending.send().await, 2);
    let mut lines = Vec::new();
    for _ in 0..2 {
        let mut bytes = [0; 4096];
        let length = socket.recv(&mut bytes).unwrap();
        lines.push(message(&bytes[..length]));
    }
    assert_eq!(numbers(&lines), [1, 2]);
}

/// Runs a command on a gateway's configuration.
pub fn command(gate: &Gate, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
    command.args(arguments).arg("--config").arg(&gate.config).output().unwrap()
}

/// A gateway whose audit goes to a webhook.
pub async fn audited_by(sink: &Provider) -> TestGate {
    let url = format!("http://{}/audit", sink.address);
    TestGate::start_with(move |yaml| {
        format!("{yaml}audit: {{ webhook: {{ url: '{url}', secret: {{ env: PATH }} }} }}\n")
    })
    .await
}

/// What a command wrote.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

#[tokio::test]
async fn while_a_gateway_serves_its_trail_is_verified_exported_and_sent() {
    let sink = Provider::start().await;
    let url = format!("http://{}/audit", sink.address);
    let gate = TestGate::start_with(move |yaml| {
        format!("{yaml}audit: {{ webhook: {{ url: '{url}', secret: {{ env: PATH }} }} }}\n")
    })
    .await;
    let client = ApiClient::log_in(&gate.url(""), "ayu").await;
    client.enrol_app().await;
    let verified = command(&gate, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    assert!(said(&verified).contains("ok: 1 rows in 1 chains"), "{}", said(&verified));
    let exported = command(
        &gate,
        &["audit", "export", "--player", "1001", "--kind", "factor-added", "--since", "2023-01-01T00:00:00Z"],
    );
    let row: Value = serde_json::from_slice(&exported.stdout).unwrap();
    assert_eq!((row["player"].as_str(), row["detail"].as_str()), (Some("1001"), Some("app")));
    assert_eq!(row["origin"], "127.0.0.0/24");
    assert!(command(&gate, &["audit", "export", "--player", "1002"]).stdout.is_empty());
    let sent = eventually("the row is sent", async || sink.asked().first().map(Asked::json)).await;
    assert_eq!(sent, row);
    // Whoever changes the database is found out.
    let url = format!("sqlite:{}", gate.folder().join("stepgate.db").display());
    sqlx::any::install_default_drivers();
    let intruder = sqlx::AnyPool::connect(&url).await.unwrap();
    sqlx::query("UPDATE audit_entry SET detail = 'sms'").execute(&intruder).await.unwrap();
    let verified = command(&gate, &["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(70));
    assert!(
        said(&verified).contains("row 1 of chain ") && said(&verified).contains(" was changed"),
        "{}",
        said(&verified)
    );
}
