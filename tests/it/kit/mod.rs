//! What the tests of the whole share: a gateway process before the demo site, a browser, an API
//! client and an authenticator app. Everything listens on loopback and ends with its value.

mod app;
mod browser;
mod client;
mod gate;
pub mod postgres;
pub mod process;
mod site;

pub use app::AuthenticatorApp;
pub use browser::{Browser, Scripts};
pub use client::ApiClient;
pub use gate::TestGate;
pub use site::TestSite;

/// A loopback address that nothing listens on at the moment. Its port is none of those that outgoing
/// connections get, of which a test may make thousands before it is used.
pub fn free_address() -> std::net::SocketAddr {
    static TAKEN: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let first = std::process::id() * 131;
    (0..1_000)
        .map(|_| first + TAKEN.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
        .map(|number| std::net::SocketAddr::from(([127, 0, 0, 1], u16::try_from(10_000 + number % 22_000).unwrap())))
        .find(|address| std::net::TcpListener::bind(address).is_ok())
        .unwrap()
}

/// Once a process, before the first client: the one source of TLS cryptography.
pub fn install_crypto() {
    // A second test in this process finds it installed; that is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
