//! The audit trail in use: verified, exported, sent elsewhere, let go of when it is old.
//!
//! What a row is and how it is written stands in `store::audit`. Adding a sink: a variant in [`sink`], its
//! settings here, its key in the configuration.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use serde_json::json;

use crate::{
    clock::UnixTime,
    notice::Webhook,
    store::{StoreError, Trail, audit::Entry},
};

pub mod compare;
pub mod sink;
mod syslog;
pub mod verify;

/// Rows that are let go of at a time.
const PRUNED_AT_ONCE: u32 = 500;
/// The word that stands for every kind that is not named.
pub const EVERY_OTHER: &str = "default";
/// How long rows are kept where nothing is said.
pub const KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// Where rows go besides the store, and how long they are kept.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By event, or [`EVERY_OTHER`].
    pub retention: Vec<(String, Duration)>,
    /// Gets each row as a post.
    pub webhook: Option<Webhook>,
    /// Gets each row as a message of RFC 5424.
    pub syslog: Option<Syslog>,
}

impl Settings {
    /// How long rows of a kind are kept.
    #[must_use]
    pub fn kept(&self, kind: &str) -> Duration {
        let of = |word: &str| self.retention.iter().find(|(named, _)| named == word).map(|(_, kept)| *kept);
        of(kind).or_else(|| of(EVERY_OTHER)).unwrap_or(KEPT)
    }
}

/// A syslog server.
#[derive(Clone, Debug)]
pub enum Syslog {
    /// In the open, framed by length (RFC 6587 §3.4.1): `host:port`.
    Tcp(String),
    /// By TLS (RFC 5425).
    Tls {
        /// `host:port`.
        server: String,
        /// The name that its certificate must prove.
        name: String,
        /// Who may vouch for it.
        client: Arc<rustls::ClientConfig>,
    },
    /// A datagram socket of this machine.
    Unix(PathBuf),
}

/// Whether an address is on this machine.
#[must_use]
pub fn is_loopback(server: &str) -> bool {
    server.parse::<SocketAddr>().is_ok_and(|address| address.ip().is_loopback()) || server.starts_with("localhost:")
}

/// A row as others read it: one line of JSON, with all that its hash and signature cover. `player` is the id,
/// or the pseudonym of one who was erased; empty, as `pseudonym` is, where no player is concerned.
#[must_use]
pub fn line(entry: &Entry, player: &str) -> String {
    let hex = data_encoding::HEXLOWER;
    json!({
        "at": entry.at.to_string(),
        "id": entry.id,
        "player": player,
        "actor": entry.actor,
        "event": entry.event,
        "detail": entry.detail,
        "why": entry.why,
        "origin": entry.origin,
        "outcome": entry.outcome,
        "pseudonym": entry.player,
        "chain": entry.chain,
        "seq": entry.seq,
        "hash": hex.encode(&entry.hash),
        "key": entry.signed.key_id,
        "signature": hex.encode(&entry.signed.signature),
    })
    .to_string()
}

/// The id of a row's player, or the pseudonym of one who was erased; empty where no player is concerned.
///
/// # Errors
/// [`StoreError`].
pub async fn player_of(trail: &dyn Trail, entry: &Entry) -> Result<String, StoreError> {
    if entry.player.is_empty() {
        return Ok(String::new());
    }
    let player = trail.player_of(&entry.player).await?;
    Ok(player.map_or_else(|| entry.player.clone(), |player| player.subject))
}

/// Lets go of rows that are older than they are kept; how many went.
///
/// # Errors
/// [`StoreError`]; what is old goes the next time.
pub async fn prune(trail: &dyn Trail, settings: &Settings, now: UnixTime) -> Result<u64, StoreError> {
    let named: Vec<_> = settings.retention.iter().filter(|(kind, _)| kind != EVERY_OTHER).collect();
    let others: Vec<String> = named.iter().map(|(kind, _)| kind.clone()).collect();
    let mut gone = trail.prune(None, &others, now.minus(settings.kept(EVERY_OTHER)), PRUNED_AT_ONCE).await?;
    for (kind, kept) in named {
        gone += trail.prune(Some(kind), &[], now.minus(*kept), PRUNED_AT_ONCE).await?;
    }
    Ok(gone)
}
