//! What the tests of the whole share: a gateway process before the demo site, a browser, an API
//! client and an authenticator app. Everything listens on loopback and ends with its value.

mod app;
mod browser;
mod client;
mod gate;
pub mod kannel;
pub mod mail;
pub mod postgres;
pub mod process;
mod scripted;
mod sender;
pub mod provider;
mod site;

pub use app::AuthenticatorApp;
pub use browser::{Browser, Scripts};
pub use client::ApiClient;
pub use gate::TestGate;
pub use scripted::{ScriptedSite, answer};
pub use sender::{Answer, Sender};
pub use site::TestSite;

/// A loopback address that nothing listens on at the moment.
pub fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Once a process, before the first client: the one source of TLS cryptography.
pub fn install_crypto() {
    // A second test in this process finds it installed; that is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
