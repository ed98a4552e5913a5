//! The numbers of one courier.

use std::time::Duration;

use prometheus::{HistogramVec, IntCounterVec, IntGauge, IntGaugeVec};

use super::{
    families,
    grid::Grid,
    words::{Channel, Fate, SendOutcome},
};

/// The numbers of one courier, made once for each configuration.
#[derive(Debug)]
pub struct CourierMetrics {
    channel: Channel,
    sends: Grid<IntCounterVec>,
    durations: Grid<HistogramVec>,
    paused: Option<IntGauge>,
}

/// The vectors of which a courier takes its part.
#[derive(Debug)]
pub(super) struct CourierVecs {
    pub(super) sends: IntCounterVec,
    pub(super) durations: HistogramVec,
    pub(super) paused: IntGaugeVec,
    pub(super) receipts: IntCounterVec,
}

impl CourierVecs {
    /// The part of the courier of this name.
    pub(super) fn part(&self, name: &str, channel: Channel) -> CourierMetrics {
        CourierMetrics {
            channel,
            sends: Grid::new(&self.sends, &families::COURIER_SENDS, Some(name)),
            durations: Grid::new(&self.durations, &families::COURIER_DURATION, Some(name)),
            paused: self.paused.get_metric_with_label_values(&[name, channel.as_str()]).ok(),
        }
    }
}

impl CourierVecs {
    /// Counts a receipt.
    pub(super) fn receipt(&self, name: &str, fate: Fate) {
        if let Ok(receipts) = self.receipts.get_metric_with_label_values(&[name, fate.as_str()]) {
            receipts.inc();
        }
    }
}

impl CourierMetrics {
    /// Counts a message for which the courier was passed over.
    pub fn skipped(&self) {
        self.count(SendOutcome::Skipped);
    }

    /// Counts a message that it was asked to carry.
    pub fn asked(&self, outcome: SendOutcome, took: Duration) {
        self.count(outcome);
        if let Some(durations) = self.durations.at(&[self.channel.as_str()]) {
            durations.observe(took.as_secs_f64());
        }
    }

    /// Notes whether it is passed over from now on.
    pub fn paused(&self, paused: bool) {
        if let Some(gauge) = &self.paused {
            gauge.set(i64::from(paused));
        }
    }

    fn count(&self, outcome: SendOutcome) {
        if let Some(sends) = self.sends.at(&[self.channel.as_str(), outcome.as_str()]) {
            sends.inc();
        }
    }
}
