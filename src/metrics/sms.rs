//! The numbers of messages to phones, and of what keeps them few.

use prometheus::{Error, IntCounterVec, IntGaugeVec, Registry};

use super::{
    Metrics, count, counters, families, gauges,
    grid::Grid,
    words::{SmsFinding, SmsMessage, SmsVerdict, ThrottledBy},
};

/// The families of this file.
#[derive(Debug)]
pub(super) struct GuardVecs {
    throttled: Grid<IntCounterVec>,
    messages: IntCounterVec,
    findings: Grid<IntCounterVec>,
    open: IntGaugeVec,
}

impl GuardVecs {
    /// Registers them.
    pub(super) fn new(registry: &Registry) -> Result<Self, Error> {
        let counted = |family| counters(registry, family).map(|vec| Grid::new(&vec, family, None));
        Ok(Self {
            throttled: counted(&families::THROTTLED)?,
            messages: counters(registry, &families::SMS_MESSAGES)?,
            findings: counted(&families::SMS_GUARD)?,
            open: gauges(registry, &families::SMS_GUARD_OPEN)?,
        })
    }
}

impl Metrics {
    /// Counts a code that was not compared; `factor` is `FactorKind::as_str`.
    pub fn throttled(&self, factor: &'static str, by: ThrottledBy) {
        count(&self.guards.throttled, &[factor, by.as_str()]);
    }

    /// Counts a message to a phone; `country` is one of the configuration's, or `other`.
    pub fn sms_message(&self, country: &str, message: SmsMessage) {
        if let Ok(messages) = self.guards.messages.get_metric_with_label_values(&[country, message.as_str()]) {
            messages.inc();
        }
    }

    /// Counts what spoke against sending a code.
    pub fn sms_finding(&self, finding: SmsFinding, verdict: SmsVerdict) {
        count(&self.guards.findings, &[finding.as_str(), verdict.as_str()]);
    }

    /// Notes whether the breaker of a country, one of the configuration's, is open; whether that is new.
    #[must_use]
    pub fn sms_guard_open(&self, country: &str, is_open: bool) -> bool {
        let Ok(gauge) = self.guards.open.get_metric_with_label_values(&[country]) else { return false };
        let was_open = gauge.get() != 0;
        gauge.set(i64::from(is_open));
        was_open != is_open
    }
}
