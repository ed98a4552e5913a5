//! One JSON line for each decision.

/// What one line says; see docs/observability.md. Never codes, cookies, query or body.
#[derive(Debug)]
pub struct Line<'a> {
    /// Our own name for the request.
    pub request_id: &'a str,
    /// The route's name.
    pub route: &'a str,
    /// `allow`, `challenge`, `enrol`, `deny`, `observe`.
    pub decision: &'a str,
    /// Stable words.
    pub reasons: &'a [&'static str],
    /// A keyed hash that names the player in no other place; empty where nobody was asked for.
    pub player_hash: &'a str,
    /// The challenge.
    pub challenge_id: &'a str,
    /// The factor by which the stamp was proven.
    pub factor: &'a str,
    /// How old the stamp's proof is.
    pub stamp_age_s: Option<u64>,
    /// The method.
    pub method: &'a str,
    /// Our status.
    pub status: u16,
    /// The site's.
    pub upstream_status: Option<u16>,
    /// What the gateway added.
    pub overhead_ms: f64,
    /// The player's address.
    pub client_ip: std::net::IpAddr,
    /// Which configuration.
    pub config_hash: &'a str,
}

/// Writes the line.
pub fn write(line: &Line<'_>) {
    tracing::info!(
        target: "stepgate::decision",
        request_id = line.request_id,
        route = line.route,
        decision = line.decision,
        reasons = line.reasons.join(","),
        player_hash = line.player_hash,
        challenge_id = line.challenge_id,
        factor = line.factor,
        stamp_age_s = line.stamp_age_s,
        method = line.method,
        status = line.status,
        upstream_status = line.upstream_status,
        overhead_ms = line.overhead_ms,
        client_ip = %line.client_ip,
        config_hash = line.config_hash,
        "decision"
    );
}
