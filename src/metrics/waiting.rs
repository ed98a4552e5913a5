//! The numbers of what waits to be carried elsewhere: audit rows, notices.

use std::time::Duration;

use prometheus::{Error, IntGauge, IntGaugeVec, Registry};

use super::{Metrics, families, gauge, gauges, words::AuditSink};

/// The families of this file.
#[derive(Debug)]
pub(super) struct WaitingVecs {
    rows: IntGaugeVec,
    oldest_row: IntGaugeVec,
    notices: IntGauge,
    oldest_notice: IntGauge,
}

impl WaitingVecs {
    /// Registers them.
    pub(super) fn new(registry: &Registry) -> Result<Self, Error> {
        Ok(Self {
            rows: gauges(registry, &families::AUDIT_ROWS_WAITING)?,
            oldest_row: gauges(registry, &families::AUDIT_OLDEST_WAITING)?,
            notices: gauge(registry, &families::NOTICES_WAITING)?,
            oldest_notice: gauge(registry, &families::NOTICES_OLDEST_WAITING)?,
        })
    }
}

impl Metrics {
    /// Notes how many audit rows wait for a sink, and for how long the oldest does; `None`: there is no such
    /// sink, and nothing is shown of it.
    pub fn audit_waiting(&self, sink: AuditSink, waiting: Option<(u64, Duration)>) {
        let labels = [sink.as_str()];
        let Some((count, age)) = waiting else {
            for vec in [&self.waiting.rows, &self.waiting.oldest_row] {
                // An error: it was not shown.
                let _ = vec.remove_label_values(&labels);
            }
            return;
        };
        for (vec, number) in [(&self.waiting.rows, count), (&self.waiting.oldest_row, age.as_secs())] {
            if let Ok(gauge) = vec.get_metric_with_label_values(&labels) {
                gauge.set(shown(number));
            }
        }
    }

    /// Notes how many notices wait, and for how long the oldest does.
    pub fn notices_waiting(&self, count: u64, age: Duration) {
        self.waiting.notices.set(shown(count));
        self.waiting.oldest_notice.set(shown(age.as_secs()));
    }
}

fn shown(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::BuildInfo;

    #[test]
    fn a_sink_that_is_gone_from_the_configuration_is_shown_no_longer() {
        let metrics = Metrics::new(BuildInfo { version: "1", revision: "r" }).unwrap();
        metrics.audit_waiting(AuditSink::Syslog, Some((3, Duration::from_secs(70))));
        let text = metrics.render().unwrap();
        for line in ["audit_rows_waiting{sink=\"syslog\"} 3", "audit_oldest_waiting_seconds{sink=\"syslog\"} 70"] {
            assert!(text.contains(&format!("stepgate_{line}\n")), "{line}\n{text}");
        }
        metrics.audit_waiting(AuditSink::Syslog, None);
        assert!(!metrics.render().unwrap().contains("sink=\"syslog\""));
    }
}
