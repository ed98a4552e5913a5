//! What the tests of the whole share: a gateway process before the demo site, a browser, an API
//! client and an authenticator app. Everything listens on loopback and ends with its value.

pub mod answered;
mod app;
mod browser;
pub mod certificates;
mod client;
mod demo;
pub mod django;
mod gate;
pub mod kannel;
pub mod mail;
pub mod moved_clock;
pub mod postgres;
pub mod process;
mod scripted;
mod sender;
pub mod provider;
pub mod raw_site;
pub mod relay;
mod site;
pub mod wire;

pub use app::AuthenticatorApp;
pub use browser::{Browser, Scripts};
pub use client::ApiClient;
pub use demo::Demo;
pub use gate::{Gate, TestGate};
pub use scripted::{ScriptedSite, answer};
pub use sender::{Answer, Sender};
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

/// What a look finds, as soon as one finds something.
///
/// # Panics
/// When nothing was found for 30 seconds.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(20));
    while tokio::time::Instant::now() < deadline {
        tick.tick().await;
        if let Some(found) = look().await {
            return found;
        }
    }
    panic!("never: {what}");
}
