//! A gateway before one site of the zoo: HTTP/1 on one port, HTTP/2 over TLS on another.

use std::{fs, net::SocketAddr, path::Path};

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use tempfile::TempDir;

use super::{h2, wire};
use crate::kit::{TestGate, free_address, install_crypto};

/// The key with which the site signs its sessions.
const SITE_KEY: &str = "the zoo's site signs with this key, which is no secret";

/// What is guarded, as in `tests/zoo/README.md`; `opened` is guarded too, but a player who never enrolled
/// may pass.
const RULES: &str = r"
limits: { connection_rate_per_client: 100000 }
routes:
  - name: close-form
    match: { path: /account/close, methods: [POST] }
    require: none
  - name: close
    match: { path: /account/close, methods: [DELETE] }
    require: session
  - { name: withdraw, match: { path: /account/withdraw }, require: session }
  - { name: transfer, match: { path: /account/transfer, methods: [POST] }, require: session }
  - { name: order-form, match: { path: /account/order, methods: [GET] }, require: none }
  - { name: order, match: { path: /account/order, methods: [POST] }, require: session }
  - { name: opened, match: { path: /account/open }, require: session, unenrolled: allow }
  - { name: vault-public, match: { path: '/vault/public/**' }, require: none }
  - { name: vault, match: { path: '/vault/**' }, require: session }
  - { name: refund, match: { path: '/orders/*/refund' }, require: session }
  - { name: action, match: { path: /action, methods: [POST], form: { do: pay } }, require: session }
  - { name: menu, match: { path: /menu, query: { do: pay } }, require: session }
  - { name: rpc, match: { path: /rpc, methods: [POST], json: { /op: pay } }, require: session }
";

/// A running gateway and a client for it.
pub struct Gateway {
    pub address: SocketAddr,
    pub secure: SocketAddr,
    pub client: h2::Client,
    _gate: TestGate,
    _folder: TempDir,
}

/// What the gateway does with odd paths on guarded routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OddPaths {
    /// As it does by itself.
    Default,
    /// It takes every form that it can be told to take.
    Matched,
    /// It refuses every form that it can be told to refuse.
    Rejected,
}

impl OddPaths {
    const fn yaml(self) -> &'static str {
        match self {
            Self::Default => "",
            Self::Matched => {
                "paths: { encoded_slash: match, semicolon: match, double_slash: match, case_sensitive: match }\n"
            }
            Self::Rejected => {
                "paths: { encoded_slash: reject, semicolon: reject, double_slash: reject, case_sensitive: reject }\n"
            }
        }
    }
}

impl Gateway {
    /// A gateway before the site at `site`.
    pub async fn before(site: SocketAddr) -> Self {
        Self::with(site, OddPaths::Default).await
    }

    /// The same with another policy.
    pub async fn with(site: SocketAddr, paths: OddPaths) -> Self {
        install_crypto();
        let folder = TempDir::new().unwrap();
        let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        fs::write(folder.path().join("cert.pem"), pair.cert.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), pair.signing_key.serialize_pem()).unwrap();
        let secure = free_address();
        let gate = TestGate::start_with(|demo| configuration(&demo, site, secure, folder.path()) + paths.yaml()).await;
        let client = h2::Client::trusting(pair.cert.der().clone());
        Self { address: gate.address, secure, client, _gate: gate, _folder: folder }
    }

    /// A player's good session that has no proof.
    pub fn session() -> String {
        let part = |json: &str| BASE64URL_NOPAD.encode(json.as_bytes());
        let signed = format!(
            "{}.{}",
            part(r#"{"alg":"HS256","typ":"JWT"}"#),
            part(r#"{"sub":"ayu","iss":"zoo","exp":4102444800}"#)
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, SITE_KEY.as_bytes());
        let signature = BASE64URL_NOPAD.encode(hmac::sign(&key, signed.as_bytes()).as_ref());
        format!("{signed}.{signature}")
    }

    /// A guarded request whose proof suffices reaches the site.
    pub fn assert_lets_through(&self) {
        assert_eq!(self.opened("/account/open"), 200);
    }

    /// The status of a request with a session to this spelling of `/account/open`.
    pub fn opened(&self, target: &str) -> u16 {
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: session={}\r\n\r\n",
            self.address,
            Self::session()
        );
        wire::status(&wire::exchange(self.address, head.as_bytes(), wire::Ends::Answered))
    }
}

/// The demo's configuration with the zoo's site, identity and routes.
fn configuration(demo: &str, site: SocketAddr, secure: SocketAddr, folder: &Path) -> String {
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    // Two of the ordinary requests bring such a name.
    let demo = &demo.replacen("  upstream:\n", "  odd_headers: [X_Custom, X.Custom]\n  upstream:\n", 1);
    let listen = format!(
        "  - address: \"{secure}\"\n    tls: {{ certificate: {}, private_key: {} }}\nops:",
        cert.display(),
        key.display()
    );
    let identity = format!(
        "identity:\n  - jwt:\n      cookie: session\n      algorithms: [HS256]\n      insecure_secret: \"{SITE_KEY}\"\n      issuer: zoo\n      claims: {{ subject: sub }}\n"
    );
    let (own, after) = demo.split_once("ops:").unwrap();
    let (upstream, rest) = own.split_once("servers: [\"").unwrap();
    let (_, listening) = rest.split_once('"').unwrap();
    let (ops, after) = after.split_once("identity:").unwrap();
    let (_, stores) = after.split_once("\nstore:").unwrap();
    let hosts = format!("  hosts: [\"{secure}\"]\n  upstream:");
    let upstream = upstream.replace("  upstream:", &hosts);
    let factor = "second_factor: { methods: [app], first_enrolment: insecure_session_only }";
    format!("{upstream}servers: [\"{site}\"{listening}{listen}{ops}{identity}{factor}{RULES}store:{stores}")
}
