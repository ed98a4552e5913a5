//! Listeners, TLS, the proxy phases, forwarding. The only folder besides `app.rs` that names pingora.

pub mod settings;
