//! The end of a request: counted and logged once.

use std::time::Duration;

use data_encoding::HEXLOWER;
use http::Method;
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{
        context::Context,
        decision_log::{self, Line},
        gateway::Gateway,
    },
    metrics::{Decision, words::UpstreamError},
    policy::Requirement,
};

impl Gateway {
    /// Counts the request and, on a guarded route, writes its decision line.
    pub(super) fn record(&self, session: &Session, error: Option<&Error>, context: &mut Context) {
        let status = session.as_downstream().response_written().map_or(0, |answer| answer.status.as_u16());
        if let Some(error) = error {
            self.count_upstream_error(error, context);
        }
        context.conclude(&session.req_header().method, status);
    }

    /// Counts what went wrong between the site and us.
    pub(super) fn count_upstream_error(&self, error: &Error, context: &Context) {
        if *error.esource() == ErrorSource::Upstream {
            self.flow.metrics.upstream_error(upstream_error(error));
            let route = context.record.route.as_deref().unwrap_or("none");
            tracing::warn!(route, error = %error.etype().as_str(), "the site could not be reached");
        }
    }
}

/// An exchange that is ended from outside, or by a panic, reaches no other phase.
impl Drop for Context {
    fn drop(&mut self) {
        self.flow.metrics.in_flight.dec();
        let Some(method) =
            self.passage.as_ref().filter(|_| !self.concluded).map(|passage| passage.permit.method().clone())
        else {
            return;
        };
        let status = match (&self.tunnel, &self.pace) {
            (Some(_), _) => self.record.upstream_status.unwrap_or_default(),
            (None, Some(_)) => 408,
            (None, None) => 0,
        };
        self.conclude(&method, status);
    }
}

impl Context {
    /// Counts the request and, on a guarded route, writes its decision line: once.
    fn conclude(&mut self, method: &Method, status: u16) {
        self.concluded = true;
        let took = self.started.elapsed();
        let added = overhead(self, took);
        let record = &self.record;
        let name = record.route.as_deref().unwrap_or("none");
        if let Some(numbers) = self.live.numbers.get(name) {
            numbers.landed();
            numbers.request(method, status, took);
            numbers.overhead(added);
            if self.guarded {
                numbers.decision(decision(record.decision), record.reasons.first().copied().unwrap_or("other"));
            }
        }
        for observed in &record.observed {
            if let Some(numbers) = self.live.numbers.get(&*observed.route) {
                numbers.landed();
                numbers.decision(Decision::Observe, observed.reason);
            }
        }
        self.log(method, (status, added));
    }

    /// Writes a line for the route that decided and one for each that only observes.
    fn log(&self, method: &Method, (status, added): (u16, Duration)) {
        let record = &self.record;
        let Some(intake) = self.intake.as_ref().filter(|_| self.guarded || !record.observed.is_empty()) else {
            return;
        };
        let passage = self.passage.as_ref();
        let stamp = passage.and_then(|passage| passage.stamp.as_ref());
        let (player_hash, session_hash) = self.who_hashes();
        let max_age_s = |route: &str| match self.live.rules.routes.named(route).map(|route| route.require) {
            Some(Requirement::Fresh { max_age }) => Some(max_age.as_secs()),
            Some(Requirement::None | Requirement::Session | Requirement::Once) | None => None,
        };
        let now = self.flow.clock.now();
        let route = record.route.as_deref().unwrap_or("none");
        let line = Line {
            request_id: &intake.request_id,
            route,
            mode: "enforce",
            decision: record.decision,
            would: None,
            reasons: &record.reasons,
            player_hash: &player_hash,
            session_hash: &session_hash,
            challenge_id: record.challenge_id.as_deref().unwrap_or_default(),
            factor: stamp.and_then(|stamp| stamp.proof.amr.first()).map_or("", String::as_str),
            stamp_age_s: stamp.map(|stamp| now.since(stamp.proof.auth_time).as_secs()),
            max_age_s: max_age_s(route),
            method: method.as_str(),
            status,
            upstream_status: record.upstream_status,
            overhead_ms: added.as_secs_f64() * 1000.0,
            client_ip: intake.client,
            config_hash: &self.live.config_hash,
        };
        if self.guarded {
            decision_log::write(&line, now);
        }
        for observed in &record.observed {
            let (route, would) = (&*observed.route, Some(observed.would));
            let (mode, decision, reasons) = ("observe", "observe", &[observed.reason][..]);
            let max_age_s = max_age_s(route);
            decision_log::write(&Line { route, mode, decision, would, reasons, max_age_s, ..line }, now);
        }
    }

    /// Short keyed hashes of the player and of the log-in; empty where nobody was asked for.
    fn who_hashes(&self) -> (String, String) {
        let passage = self.passage.as_ref();
        let player = passage.and_then(|passage| passage.player.as_ref());
        let stamp = passage.and_then(|passage| passage.stamp.as_ref());
        let who = player
            .map(|player| (&player.subject, player.binding))
            .or_else(|| stamp.map(|stamp| (&stamp.proof.subject, stamp.proof.binding)))
            .or_else(|| self.record.player.as_ref().map(|(subject, binding)| (subject, *binding)));
        let Some((subject, binding)) = who else { return (String::new(), String::new()) };
        let short = |purpose: &str, value: &[u8]| {
            let hash = self.flow.hasher.hash(purpose, &[value]);
            HEXLOWER.encode(hash.get(..8).unwrap_or_default())
        };
        (short("log", subject.as_str().as_bytes()), short("log session", &binding.0))
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
