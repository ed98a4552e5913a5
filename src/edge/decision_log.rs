//! One JSON line for each decision.

use serde::Serialize;

/// The target of the lines, as filters and readers know it.
const TARGET: &str = "stepgate::decision";

/// What one line says; see docs/observability.md. Never codes, cookies, query or body.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Line<'a> {
    /// Names the request; the site receives it too.
    pub request_id: &'a str,
    /// The route's name.
    pub route: &'a str,
    /// `enforce` or `observe`.
    pub mode: &'static str,
    /// `allow`, `challenge`, `enrol`, `deny`, `observe`.
    pub decision: &'a str,
    /// What a route in observe mode would have done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<&'static str>,
    /// Stable words.
    pub reasons: &'a [&'static str],
    /// A keyed hash that names the player in no other place; empty where nobody was asked for.
    pub player_hash: &'a str,
    /// The same of the log-in.
    pub session_hash: &'a str,
    /// The challenge.
    pub challenge_id: &'a str,
    /// The factor by which the stamp was proven.
    pub factor: &'a str,
    /// How old the stamp's proof is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stamp_age_s: Option<u64>,
    /// How old the route lets it be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_s: Option<u64>,
    /// The method.
    pub method: &'a str,
    /// Our status.
    pub status: u16,
    /// The site's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upstream_status: Option<u16>,
    /// What the gateway added.
    pub overhead_ms: f64,
    /// The player's address.
    pub client_ip: std::net::IpAddr,
    /// Which configuration.
    pub config_hash: &'a str,
}

/// A line with what every log line has.
#[derive(Serialize)]
struct Written<'a> {
    timestamp: String,
    level: &'static str,
    target: &'static str,
    message: &'static str,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

/// Writes the line to standard error, if lines of its level are wanted. By hand, since the logging
/// library cannot write a list.
pub fn write(line: &Line<'_>, at: crate::clock::UnixTime) {
    if !tracing::enabled!(target: TARGET, tracing::Level::INFO) {
        return;
    }
    if let Some(mut text) = text(line, at) {
        text.push('\n');
        // Where standard error is gone there is nobody to tell.
        let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), text.as_bytes());
    }
}

fn text(line: &Line<'_>, at: crate::clock::UnixTime) -> Option<String> {
    let timestamp = at.to_string();
    serde_json::to_string(&Written { timestamp, level: "INFO", target: TARGET, message: "decision", line }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_line_is_documented() {
        let line = Line {
            request_id: "r",
            route: "withdraw",
            mode: "observe",
            decision: "observe",
            would: Some("challenge"),
            reasons: &["stamp-missing"],
            player_hash: "",
            session_hash: "",
            challenge_id: "",
            factor: "",
            stamp_age_s: Some(1),
            max_age_s: Some(300),
            method: "POST",
            status: 200,
            upstream_status: Some(200),
            overhead_ms: 0.5,
            client_ip: std::net::Ipv4Addr::LOCALHOST.into(),
            config_hash: "c",
        };
        let text = text(&line, crate::clock::UnixTime::from_secs(0)).unwrap();
        let written: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(written["reasons"], serde_json::json!(["stamp-missing"]));
        let document = crate::metrics::document::document();
        for name in written.as_object().unwrap().keys() {
            assert!(document.contains(&format!("`{name}`")), "{name} is not in docs/observability.md");
        }
    }
}
