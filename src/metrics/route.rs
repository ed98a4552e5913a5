//! The numbers of one route.

use std::time::Duration;

use http::Method;
use prometheus::{HistogramVec, IntCounterVec, IntGauge, IntGaugeVec};

use super::{
    families,
    grid::Grid,
    words::{Decision, code_class, method_word},
};

/// The numbers of one route, made once for each rule set: counting a request is a few atomic
/// additions, without a lock.
#[derive(Debug)]
pub struct RouteMetrics {
    requests: Grid<IntCounterVec>,
    durations: Grid<HistogramVec>,
    overheads: Grid<HistogramVec>,
    decisions: Grid<IntCounterVec>,
    /// Only of a route of the configuration.
    matched: Option<IntGauge>,
}

/// The vectors of which a route takes its part.
#[derive(Debug)]
pub(super) struct RouteVecs {
    pub(super) requests: IntCounterVec,
    pub(super) durations: HistogramVec,
    pub(super) overheads: HistogramVec,
    pub(super) decisions: IntCounterVec,
    pub(super) matched: IntGaugeVec,
}

impl RouteVecs {
    /// The part of the route of this name.
    pub(super) fn part(&self, route: &str) -> RouteMetrics {
        RouteMetrics {
            requests: Grid::new(&self.requests, &families::HTTP_REQUESTS, Some(route)),
            durations: Grid::new(&self.durations, &families::HTTP_DURATION, Some(route)),
            overheads: Grid::new(&self.overheads, &families::OVERHEAD, Some(route)),
            decisions: Grid::new(&self.decisions, &families::DECISIONS, Some(route)),
            matched: None,
        }
    }

    /// The same of a route of the configuration: it is shown whether anything landed on it.
    pub(super) fn configured(&self, route: &str) -> RouteMetrics {
        RouteMetrics { matched: self.matched.get_metric_with_label_values(&[route]).ok(), ..self.part(route) }
    }
}

impl RouteMetrics {
    /// Counts a request at the end of its answer. `status` is 0 when there was no answer, `took`
    /// is from its head to that end.
    pub fn request(&self, method: &Method, status: u16, took: Duration) {
        if let Some(requests) = self.requests.at(&[method_word(method), code_class(status)]) {
            requests.inc();
        }
        if let Some(durations) = self.durations.at(&[]) {
            durations.observe(took.as_secs_f64());
        }
    }

    /// Notes that a request landed on the route.
    pub fn landed(&self) {
        // Read first: a cell that every request writes would travel between the cores.
        if let Some(matched) = self.matched.as_ref().filter(|matched| matched.get() == 0) {
            matched.set(1);
        }
    }

    /// Whether it is a route of the configuration on which nothing landed since the process began.
    #[must_use]
    pub fn is_unmatched(&self) -> bool {
        self.matched.as_ref().is_some_and(|matched| matched.get() == 0)
    }

    /// Counts what the gateway added to a request, the site's time not counted.
    pub fn overhead(&self, added: Duration) {
        if let Some(overheads) = self.overheads.at(&[]) {
            overheads.observe(added.as_secs_f64());
        }
    }

    /// Counts a decision; `reason` is a word of [`super::words::REASONS`], else it counts as `other`.
    pub fn decision(&self, decision: Decision, reason: &'static str) {
        if let Some(decisions) = self.decisions.at(&[decision.as_str(), reason]) {
            decisions.inc();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::{BuildInfo, Metrics};

    #[test]
    fn a_route_is_unmatched_until_something_lands_on_it_also_over_a_reload() {
        let metrics = Metrics::new(BuildInfo { version: "1", revision: "a" }).unwrap();
        let shown = |line: &str| metrics.render().unwrap().lines().any(|found| found == line);
        assert!(metrics.configured_route("a").is_unmatched() && !metrics.route("none").is_unmatched());
        assert!(shown("stepgate_route_matched{route=\"a\"} 0"));
        metrics.configured_route("a").landed();
        assert!(!metrics.configured_route("a").is_unmatched());
        assert!(shown("stepgate_route_matched{route=\"a\"} 1"));
        metrics.route_gone("a");
        assert!(!shown("stepgate_route_matched{route=\"a\"} 1"));
    }
}
