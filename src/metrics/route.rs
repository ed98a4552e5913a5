//! The numbers of one route.

use std::time::Duration;

use http::Method;
use prometheus::{HistogramVec, IntCounterVec};

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
}

/// The vectors of which a route takes its part.
#[derive(Debug)]
pub(super) struct RouteVecs {
    pub(super) requests: IntCounterVec,
    pub(super) durations: HistogramVec,
    pub(super) overheads: HistogramVec,
    pub(super) decisions: IntCounterVec,
}

impl RouteVecs {
    /// The part of the route of this name.
    pub(super) fn part(&self, route: &str) -> RouteMetrics {
        RouteMetrics {
            requests: Grid::new(&self.requests, &families::HTTP_REQUESTS, Some(route)),
            durations: Grid::new(&self.durations, &families::HTTP_DURATION, Some(route)),
            overheads: Grid::new(&self.overheads, &families::OVERHEAD, Some(route)),
            decisions: Grid::new(&self.decisions, &families::DECISIONS, Some(route)),
        }
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
