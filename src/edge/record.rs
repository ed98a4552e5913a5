//! The end of a request: counted and logged once.

use std::time::Duration;

use data_encoding::HEXLOWER;
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{
        context::Context,
        decision_log::{self, Line},
        gateway::Gateway,
    },
    metrics::{Decision, words::UpstreamError},
};

impl Gateway {
    /// Counts the request and, on a guarded route, writes its decision line.
    pub(super) fn record(&self, session: &Session, error: Option<&Error>, context: &Context) {
        let status = session.as_downstream().response_written().map_or(0, |answer| answer.status.as_u16());
        let took = context.started.elapsed();
        let added = overhead(context, took);
        let record = &context.record;
        let name = record.route.as_deref().unwrap_or("none");
        let method = &session.req_header().method;
        if let Some(numbers) = context.live.numbers.get(name) {
            numbers.request(method, status, took);
            numbers.overhead(added);
            if context.guarded {
                numbers.decision(decision(record.decision), record.reasons.first().copied().unwrap_or("other"));
            }
        }
        for (route, _) in &record.observed {
            if let Some(numbers) = context.live.numbers.get(&**route) {
                numbers.decision(Decision::Observe, "other");
            }
        }
        if let Some(error) = error.filter(|error| *error.esource() == ErrorSource::Upstream) {
            self.flow.metrics.upstream_error(upstream_error(error));
            tracing::warn!(route = name, error = %error.etype().as_str(), "the site could not be reached");
        }
        if context.guarded || !record.observed.is_empty() {
            self.log(session, context, (status, added));
        }
    }

    fn log(&self, session: &Session, context: &Context, (status, added): (u16, Duration)) {
        let Some(intake) = &context.intake else { return };
        let record = &context.record;
        let passage = context.passage.as_ref();
        let stamp = passage.and_then(|passage| passage.stamp.as_ref());
        let subject = passage
            .and_then(|passage| passage.player.as_ref().map(|player| &player.subject))
            .or_else(|| stamp.map(|stamp| &stamp.proof.subject));
        let player_hash = subject.map(|subject| self.flow.hasher.hash("log", &[subject.as_str().as_bytes()]));
        let player_hash = player_hash.map(|hash| HEXLOWER.encode(hash.get(..8).unwrap_or_default()));
        let observed: Vec<&'static str> = record.observed.iter().map(|(_, would)| *would).collect();
        let reasons = if record.reasons.is_empty() { &observed } else { &record.reasons };
        decision_log::write(&Line {
            request_id: &crate::secret::public_id(),
            route: record.route.as_deref().or(record.observed.first().map(|(name, _)| &**name)).unwrap_or("none"),
            decision: if context.guarded { record.decision } else { "observe" },
            reasons,
            player_hash: player_hash.as_deref().unwrap_or_default(),
            challenge_id: record.challenge_id.as_deref().unwrap_or_default(),
            factor: stamp.and_then(|stamp| stamp.proof.amr.first()).map_or("", String::as_str),
            stamp_age_s: stamp.map(|stamp| self.flow.clock.now().since(stamp.proof.auth_time).as_secs()),
            method: session.req_header().method.as_str(),
            status,
            upstream_status: record.upstream_status,
            overhead_ms: added.as_secs_f64() * 1000.0,
            client_ip: intake.client,
            config_hash: &context.live.config_hash,
        });
    }
}

/// The time until the request left for the site; all of it where it never did.
fn overhead(context: &Context, took: Duration) -> Duration {
    context.sent_at.map_or(took, |sent| sent.saturating_duration_since(context.started))
}

fn upstream_error(error: &Error) -> UpstreamError {
    let kind = error.etype();
    if matches!(kind, ConnectTimedout | ReadTimedout | WriteTimedout) {
        return UpstreamError::Timeout;
    }
    if matches!(kind, TLSHandshakeFailure | TLSHandshakeTimedout | InvalidCert | HandshakeError) {
        return UpstreamError::Tls;
    }
    if matches!(kind, ConnectRefused | ConnectNoRoute | ConnectError | SocketError) {
        return UpstreamError::Connect;
    }
    UpstreamError::Broken
}

fn decision(word: &str) -> Decision {
    match word {
        "allow" => Decision::Allow,
        "challenge" => Decision::Challenge,
        "enrol" => Decision::Enrol,
        "observe" => Decision::Observe,
        _ => Decision::Deny,
    }
}
