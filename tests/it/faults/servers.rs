//! Several servers of the site, dead ones, and servers that must prove who they are.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::kit::{
    Gate,
    certificates::{Authority, Pair},
    eventually, free_address, install_crypto,
    raw_site::{Exchange, RawSite},
};

/// A site that answers everything with its own name.
async fn named(name: &'static str) -> RawSite {
    RawSite::start(move |mut exchange: Exchange| async move {
        exchange.body(|_| {}).await;
        exchange.answer(name).await;
        Some(exchange)
    })
    .await
}

/// The servers of the site in place of the one.
fn servers(yaml: &str, servers: &[impl ToString], more: &str) -> String {
    let (before, after) = yaml.split_once("    servers: [").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    let list: Vec<String> = servers.iter().map(|server| format!("\"{}\"", server.to_string())).collect();
    format!("{before}    servers: [{}]\n{more}{after}", list.join(", "))
}

/// Who answers so many GETs, one after another.
async fn answers(gate: &Gate, count: usize) -> Vec<String> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut names = Vec::new();
    for _ in 0..count {
        let answer = client.get(gate.url("/")).header("accept", "text/html").send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        names.push(if status == 200 { text } else { format!("{status}: {text}") });
    }
    names
}

const HEALTH: &str = "    health: { path: /healthz, interval: 200ms }\n";

#[tokio::test]
async fn servers_share_the_requests_and_a_dead_one_is_left_out() {
    install_crypto();
    let (one, mut two) = (named("one").await, named("two").await);
    let both = [one.address, two.address];
    let gate = Gate::start(one.address, |yaml, _| servers(&yaml, &both, HEALTH)).await;
    let names = answers(&gate, 20).await;
    let ones = names.iter().filter(|name| *name == "one").count();
    assert_eq!((ones, names.iter().filter(|name| *name == "two").count()), (10, 10), "{names:?}");

    two.stop().await;
    // Before the next check and after it alike: what cannot be connected to has received nothing.
    let names = answers(&gate, 60).await;
    let wrong: Vec<&String> = names.iter().filter(|name| *name != "one").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[tokio::test]
async fn without_any_server_a_page_says_so_and_names_none() {
    install_crypto();
    let (mut one, mut two) = (named("one").await, named("two").await);
    let both = [one.address, two.address];
    let mut gate = Gate::start(one.address, |yaml, _| servers(&yaml, &both, HEALTH)).await;
    one.stop().await;
    two.stop().await;
    let page = answers(&gate, 1).await.remove(0);
    assert!(page.starts_with("502 ") || page.starts_with("503 "), "{page}");
    eventually("the checks find both dead", async || {
        gate.readiness().await.contains("no server of the site is healthy").then_some(())
    })
    .await;
    let page = answers(&gate, 1).await.remove(0);
    assert!(page.starts_with("503 ") && page.contains("<html"), "{page}");
    for server in both {
        assert!(!page.contains(&server.port().to_string()) && !page.contains("127.0.0.1"), "{page}");
    }
    assert!(!gate.process.written().contains("panicked"));
}

/// A TLS server that answers every connection's first request.
struct TlsServer {
    address: SocketAddr,
    /// Requests whose head arrived.
    heads: Arc<AtomicUsize>,
}

impl TlsServer {
    fn start(pair: &Pair) -> Self {
        install_crypto();
        let chain = CertificateDer::pem_file_iter(&pair.certificate).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(&pair.key).unwrap();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&heads);
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                let mut head = [0; 4096];
                if stream.read(&mut head).is_ok_and(|read| read > 0) {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let _ =
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret");
                }
            }
        });
        Self { address, heads }
    }
}

/// What a gateway answers whose site is this TLS server, verified in this way.
async fn over_tls(server: &TlsServer, tls: impl FnOnce(&Path) -> String) -> String {
    let gate = Gate::start(free_address(), |yaml, folder| {
        servers(&yaml, &[server.address], &format!("    tls: {}\n", tls(folder)))
    })
    .await;
    answers(&gate, 1).await.remove(0)
}

#[tokio::test]
async fn a_server_must_prove_the_name_that_is_expected() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let ca = ca.display();
    let server = TlsServer::start(&authority.issue(folder.path(), "site", &["site.internal"]));

    let good = over_tls(&server, |_| format!("{{ ca_file: {ca}, server_name: site.internal }}")).await;
    assert_eq!(good, "secret");
    assert_eq!(server.heads.load(Ordering::SeqCst), 1);
    for wrong in [
        format!("{{ ca_file: {ca}, server_name: other.internal }}"),
        format!("{{ ca_file: {ca} }}"),
        "{ server_name: site.internal }".to_owned(),
        "true".to_owned(),
    ] {
        let refused = over_tls(&server, |_| wrong.clone()).await;
        assert!(refused.starts_with("502 ") && !refused.contains("internal"), "{wrong}: {refused}");
        assert_eq!(server.heads.load(Ordering::SeqCst), 1, "{wrong}: nothing is sent");
    }
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (known, other) = (Authority::new(), Authority::new());
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, known.pem()).unwrap();
    let server = TlsServer::start(&other.issue(folder.path(), "site", &["site.internal"]));
    let refused = over_tls(&server, |_| format!("{{ ca_file: {}, server_name: site.internal }}", ca.display())).await;
    assert!(refused.starts_with("502 "), "{refused}");
    assert_eq!(server.heads.load(Ordering::SeqCst), 0, "nothing is sent");
}

#[tokio::test]
async fn a_server_may_prove_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let server = TlsServer::start(&authority.issue(folder.path(), "site", &["127.0.0.1"]));
    assert_eq!(over_tls(&server, |_| format!("{{ ca_file: {} }}", ca.display())).await, "secret");
}

#[tokio::test]
async fn each_server_proves_its_own_host() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let named = TlsServer::start(&authority.issue(folder.path(), "named", &["localhost"]));
    let numbered = TlsServer::start(&authority.issue(folder.path(), "numbered", &["127.0.0.1"]));
    let both = [format!("localhost:{}", named.address.port()), numbered.address.to_string()];
    let tls = format!("    tls: {{ ca_file: {} }}\n", ca.display());
    let gate = Gate::start(free_address(), |yaml, _| servers(&yaml, &both, &tls)).await;
    let all = answers(&gate, 12).await;
    assert!(all.iter().all(|answer| answer == "secret"), "{all:?}");
    for server in [named, numbered] {
        assert!(server.heads.load(Ordering::SeqCst) > 0, "both were asked");
    }
}
