//! What is counted, and its names.
//!
//! Labels come from closed sets ([`words`]) or from the configuration, never from a request.
//! `docs/observability.md` is generated from the table in [`families`].
//!
//! Adding one: a line in [`families`], its field and method here, then write the document anew
//! (the test in [`document`] says how).

mod courier;
pub mod document;
pub mod families;
mod grid;
mod register;
mod route;
mod sms;
mod waiting;
pub mod words;

use std::time::Duration;

use prometheus::{Error, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry, TextEncoder};

pub use self::{
    courier::CourierMetrics,
    route::RouteMetrics,
    words::{ChallengeOutcome, Decision},
};
use self::{
    courier::CourierVecs,
    families::Family,
    grid::Grid,
    register::{counter, counters, gauge, gauges, histograms},
    route::RouteVecs,
    sms::GuardVecs,
    waiting::WaitingVecs,
    words::{
        Channel, ConnectionEnd, EnrolmentOutcome, Fate, HeldOutcome, IdentityResult, KeyUse, ReloadResult,
        RequestRefusal, Source, StampReject, StoreOperation, Success, UpstreamError, VerifyResult,
    },
};
use crate::clock::UnixTime;

/// The build, as `build_info` shows it.
#[derive(Clone, Copy, Debug)]
pub struct BuildInfo {
    /// The version of the crate.
    pub version: &'static str,
    /// The commit, or `unknown`.
    pub revision: &'static str,
}

/// Every metric of the process, in a registry of its own.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    routes: RouteVecs,
    /// Requests whose answer has not ended; whoever adds one takes it away.
    pub in_flight: IntGauge,
    /// Connections of players that are open; whoever adds one takes it away.
    pub connections: IntGauge,
    /// Connections to the desk that are open; whoever adds one takes it away.
    pub desk_connections: IntGauge,
    connections_ended: Grid<IntCounterVec>,
    requests_refused: Grid<IntCounterVec>,
    /// Requests held now.
    pub held_requests: IntGauge,
    /// Their bytes.
    pub held_bytes: IntGauge,
    challenges: IntCounterVec,
    challenge_durations: Grid<HistogramVec>,
    verify_attempts: Grid<IntCounterVec>,
    stamp_rejects: Grid<IntCounterVec>,
    stamps_in_outage: IntCounter,
    held_total: Grid<IntCounterVec>,
    enrolments: Grid<IntCounterVec>,
    store_durations: Grid<HistogramVec>,
    store_errors: Grid<IntCounterVec>,
    config_reloads: Grid<IntCounterVec>,
    config_successful: IntGauge,
    config_timestamp: IntGauge,
    config_info: IntGaugeVec,
    key_age: IntGaugeVec,
    /// Whole seconds by which the gateway's time is ahead of the machine's clock.
    pub clock_ahead: IntGauge,
    login_without_rotation: IntCounter,
    identity_checks: Grid<IntCounterVec>,
    identity_durations: Grid<HistogramVec>,
    upstream_errors: Grid<IntCounterVec>,
    certificate_expiry: IntGaugeVec,
    certificate_reloads: Grid<IntCounterVec>,
    couriers: CourierVecs,
    guards: GuardVecs,
    waiting: WaitingVecs,
}

impl Metrics {
    /// Every family of the table, at zero, beside the process's own.
    ///
    /// # Errors
    ///
    /// A fault of the table: a name that is malformed or stands there twice.
    pub fn new(build: BuildInfo) -> Result<Self, Error> {
        let registry = Registry::new();
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        gauges(&registry, &families::BUILD_INFO)?
            .get_metric_with_label_values(&[build.version, build.revision])?
            .set(1);
        let counted = |family: &Family| counters(&registry, family).map(|vec| Grid::new(&vec, family, None));
        let timed = |family: &Family| histograms(&registry, family).map(|vec| Grid::new(&vec, family, None));
        Ok(Self {
            routes: RouteVecs {
                requests: counters(&registry, &families::HTTP_REQUESTS)?,
                durations: histograms(&registry, &families::HTTP_DURATION)?,
                overheads: histograms(&registry, &families::OVERHEAD)?,
                decisions: counters(&registry, &families::DECISIONS)?,
                matched: gauges(&registry, &families::ROUTE_MATCHED)?,
            },
            challenges: counters(&registry, &families::CHALLENGES)?,
            in_flight: gauge(&registry, &families::IN_FLIGHT)?,
            connections: gauge(&registry, &families::CONNECTIONS)?,
            desk_connections: gauge(&registry, &families::DESK_CONNECTIONS)?,
            connections_ended: counted(&families::CONNECTIONS_ENDED)?,
            requests_refused: counted(&families::REQUESTS_REFUSED)?,
            held_requests: gauge(&registry, &families::HELD_REQUESTS)?,
            held_bytes: gauge(&registry, &families::HELD_BYTES)?,
            challenge_durations: timed(&families::CHALLENGE_DURATION)?,
            verify_attempts: counted(&families::VERIFY_ATTEMPTS)?,
            stamp_rejects: counted(&families::STAMP_REJECTS)?,
            stamps_in_outage: counter(&registry, &families::STAMPS_IN_OUTAGE)?,
            held_total: counted(&families::HELD_TOTAL)?,
            enrolments: counted(&families::ENROLMENTS)?,
            store_durations: timed(&families::STORE_DURATION)?,
            store_errors: counted(&families::STORE_ERRORS)?,
            config_reloads: counted(&families::CONFIG_RELOADS)?,
            config_successful: gauge(&registry, &families::CONFIG_SUCCESSFUL)?,
            config_timestamp: gauge(&registry, &families::CONFIG_TIMESTAMP)?,
            config_info: gauges(&registry, &families::CONFIG_INFO)?,
            key_age: gauges(&registry, &families::KEY_AGE)?,
            clock_ahead: gauge(&registry, &families::CLOCK_AHEAD)?,
            login_without_rotation: counter(&registry, &families::LOGIN_WITHOUT_ROTATION)?,
            identity_checks: counted(&families::IDENTITY_CHECKS)?,
            identity_durations: timed(&families::IDENTITY_DURATION)?,
            upstream_errors: counted(&families::UPSTREAM_ERRORS)?,
            certificate_expiry: gauges(&registry, &families::CERTIFICATE_EXPIRY)?,
            certificate_reloads: counted(&families::CERTIFICATE_RELOADS)?,
            couriers: CourierVecs {
                sends: counters(&registry, &families::COURIER_SENDS)?,
                durations: histograms(&registry, &families::COURIER_DURATION)?,
                paused: gauges(&registry, &families::COURIER_PAUSED)?,
                receipts: counters(&registry, &families::COURIER_RECEIPTS)?,
            },
            guards: GuardVecs::new(&registry)?,
            waiting: WaitingVecs::new(&registry)?,
            registry,
        })
    }

    /// The numbers of the route of this name, to be kept with the rule set. The name comes from
    /// the configuration; requests that land on no named route share one name, `none`.
    #[must_use]
    pub fn route(&self, name: &str) -> RouteMetrics {
        self.routes.part(name)
    }

    /// The same of a route of the configuration, which is shown from now on with whether anything landed
    /// on it.
    #[must_use]
    pub fn configured_route(&self, name: &str) -> RouteMetrics {
        self.routes.configured(name)
    }

    /// Shows no longer whether anything landed on a route that the configuration does not have any more.
    pub fn route_gone(&self, name: &str) {
        // An error: it was not shown.
        let _ = self.routes.matched.remove_label_values(&[name]);
    }

    /// The numbers of one courier; `name` is its kind and its position in the configuration.
    #[must_use]
    pub fn courier(&self, name: &str, channel: Channel) -> CourierMetrics {
        self.couriers.part(name, channel)
    }

    /// Counts a provider's receipt; the name must be proven to be a courier's.
    pub fn courier_receipt(&self, name: &str, fate: Fate) {
        self.couriers.receipt(name, fate);
    }

    /// Forgets which couriers are passed over: a configuration's new ones begin anew.
    pub fn couriers_begin(&self) {
        self.couriers.paused.reset();
    }

    /// Counts one code that was checked; `factor` is `FactorKind::as_str`.
    pub fn verify_attempt(&self, factor: &'static str, result: VerifyResult) {
        count(&self.verify_attempts, &[factor, result.as_str()]);
    }

    /// Counts a step of a challenge; `route` is a name from the configuration, or `none`, and `factor`
    /// a word of [`words::FACTORS`].
    pub fn challenge(&self, route: &str, factor: &'static str, outcome: ChallengeOutcome) {
        let labels = [route, factor, outcome.as_str()];
        if let Ok(challenges) = self.challenges.get_metric_with_label_values(&labels) {
            challenges.inc();
        }
    }

    /// Counts a challenge that was passed, with the time since it was opened.
    pub fn challenge_passed(&self, factor: &'static str, took: Duration) {
        observe(&self.challenge_durations, &[factor], took);
    }

    /// Counts a stamp that was not accepted.
    pub fn stamp_reject(&self, reason: StampReject) {
        count(&self.stamp_rejects, &[reason.as_str()]);
    }

    /// Counts a request that passed on a stamp while the store did not answer.
    pub fn stamp_in_outage(&self) {
        self.stamps_in_outage.inc();
    }

    /// Counts what became of a request to be held.
    pub fn held(&self, outcome: HeldOutcome) {
        count(&self.held_total, &[outcome.as_str()]);
    }

    /// Counts a step of an enrolment; `factor` is `FactorKind::as_str`.
    pub fn enrolment(&self, factor: &'static str, outcome: EnrolmentOutcome) {
        count(&self.enrolments, &[factor, outcome.as_str()]);
    }

    /// Counts a call to a store.
    pub fn store_call(&self, operation: StoreOperation, result: Success, took: Duration) {
        observe(&self.store_durations, &[operation.as_str(), result.as_str()], took);
        match result {
            Success::Ok => {}
            Success::Error => count(&self.store_errors, &[operation.as_str()]),
        }
    }

    /// Counts an answer to the question who sent a request.
    pub fn identity_check(&self, source: Source, result: IdentityResult, took: Duration) {
        count(&self.identity_checks, &[source.as_str(), result.as_str()]);
        observe(&self.identity_durations, &[source.as_str()], took);
    }

    /// Counts a log-in whose session the site did not renew.
    pub fn login_without_rotation(&self) {
        self.login_without_rotation.inc();
    }

    /// Counts a connection that we refused or ended.
    pub fn connection_ended(&self, end: ConnectionEnd) {
        count(&self.connections_ended, &[end.as_str()]);
    }

    /// Counts a request for which there was no room.
    pub fn request_refused(&self, refusal: RequestRefusal) {
        count(&self.requests_refused, &[refusal.as_str()]);
    }

    /// Counts a request that the site did not answer.
    pub fn upstream_error(&self, kind: UpstreamError) {
        count(&self.upstream_errors, &[kind.as_str()]);
    }

    /// Notes when the certificate of the listener at this address ends.
    pub fn certificate_expiry(&self, listener: &str, ends_at: UnixTime) {
        if let Ok(gauge) = self.certificate_expiry.get_metric_with_label_values(&[listener]) {
            gauge.set(ends_at.secs());
        }
    }

    /// Counts a reload of a listener's certificate.
    pub fn certificate_reload(&self, result: ReloadResult) {
        count(&self.certificate_reloads, &[result.as_str()]);
    }

    /// Notes that the configuration of this hash is in force; also called for the first load.
    pub fn config_applied(&self, hash: &str, now: UnixTime) {
        count(&self.config_reloads, &[ReloadResult::Applied.as_str()]);
        self.config_successful.set(1);
        self.config_timestamp.set(now.secs());
        self.config_info.reset();
        if let Ok(info) = self.config_info.get_metric_with_label_values(&[hash]) {
            info.set(1);
        }
    }

    /// Notes that a configuration was refused and the old one stays in force.
    pub fn config_rejected(&self) {
        count(&self.config_reloads, &[ReloadResult::Rejected.as_str()]);
        self.config_successful.set(0);
    }

    /// Notes the age of the newest key of a use.
    pub fn key_age(&self, used: KeyUse, age: Duration) {
        if let Ok(gauge) = self.key_age.get_metric_with_label_values(&[used.as_str()]) {
            gauge.set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        }
    }

    /// Everything in the Prometheus text format, version 0.0.4.
    ///
    /// # Errors
    ///
    /// A family that cannot be written: a fault of the table.
    pub fn render(&self) -> Result<String, Error> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Adds one at these words.
fn count(grid: &Grid<IntCounterVec>, words: &[&str]) {
    if let Some(counter) = grid.at(words) {
        counter.inc();
    }
}

/// Adds a length of time at these words.
fn observe(grid: &Grid<HistogramVec>, words: &[&str], took: Duration) {
    if let Some(histogram) = grid.at(words) {
        histogram.observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn metrics() -> Metrics {
        Metrics::new(BuildInfo { version: "1.2.3", revision: "abc" }).unwrap()
    }

    #[test]
    fn counts_stand_under_their_labels() {
        let metrics = metrics();
        let route = metrics.route("withdraw");
        route.request(&Method::POST, 401, Duration::from_millis(3));
        route.request(&Method::POST, 401, Duration::from_millis(3));
        route.decision(Decision::Challenge, "stamp-missing");
        metrics.verify_attempt("app", VerifyResult::Wrong);
        let text = metrics.render().unwrap();
        for line in [
            "stepgate_http_requests_total{code_class=\"4xx\",method=\"POST\",route=\"withdraw\"} 2",
            "stepgate_http_request_duration_seconds_count{route=\"withdraw\"} 2",
            "stepgate_decisions_total{decision=\"challenge\",reason=\"stamp-missing\",route=\"withdraw\"} 1",
            "stepgate_verify_attempts_total{factor=\"app\",result=\"wrong\"} 1",
            "stepgate_build_info{revision=\"abc\",version=\"1.2.3\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn words_from_outside_count_as_other() {
        let metrics = metrics();
        let brew = Method::from_bytes(b"BREW").unwrap();
        metrics.route("a").request(&brew, 200, Duration::ZERO);
        metrics.route("a").decision(Decision::Deny, "made-up");
        let text = metrics.render().unwrap();
        assert!(text.contains("method=\"other\""), "{text}");
        assert!(text.contains("reason=\"other\""), "{text}");
        assert!(!text.contains("BREW") && !text.contains("made-up"), "{text}");
    }

    #[test]
    fn a_route_that_is_made_again_goes_on_counting() {
        let metrics = metrics();
        metrics.route("a").overhead(Duration::from_micros(80));
        metrics.route("a").overhead(Duration::from_micros(80));
        assert!(metrics.render().unwrap().contains("stepgate_overhead_seconds_count{route=\"a\"} 2"));
    }

    #[test]
    fn only_the_configuration_in_force_is_shown() {
        let metrics = metrics();
        metrics.config_applied("old", UnixTime::from_secs(5));
        metrics.config_applied("new", UnixTime::from_secs(7));
        metrics.config_rejected();
        let text = metrics.render().unwrap();
        assert!(text.contains("stepgate_config_info{hash=\"new\"} 1") && !text.contains("\"old\""), "{text}");
        assert!(text.contains("stepgate_config_last_reload_success_timestamp_seconds 7"), "{text}");
        assert!(text.contains("stepgate_config_last_reload_successful 0"), "{text}");
        assert!(text.contains("stepgate_config_reloads_total{result=\"applied\"} 2"), "{text}");
    }

    #[test]
    fn process_numbers_come_beside_ours() {
        assert!(metrics().render().unwrap().contains("process_cpu_seconds_total"));
    }
}
