//! What is done again and again beside the requests: forgetting, measuring, looking at ages.

use std::{sync::Arc, time::Duration};

use crate::{
    clock::UnixTime,
    config::keys::KeyFile,
    edge::{ops::Readiness, tls::Certificates},
    flow::Flow,
    metrics::Metrics,
};

/// Between two rounds.
const ROUND: Duration = Duration::from_secs(10);
/// Rounds between two warnings over the same certificate: a day.
const ROUNDS_A_WARNING: u32 = 8640;
/// How long before its end a certificate is warned about.
const WARNED_BEFORE: Duration = Duration::from_secs(14 * 24 * 3600);

/// What ages: keys and certificates.
#[derive(Clone)]
pub(super) struct Aging {
    pub(super) keys: Arc<KeyFile>,
    /// By the listener's address.
    pub(super) certificates: Vec<(String, Arc<Certificates>)>,
}

impl Aging {
    /// Notes the ages of everything.
    pub(super) fn measure(&self, metrics: &Metrics, now: UnixTime) {
        for (used, created_at) in &self.keys.newest {
            metrics.key_age(*used, now.since(*created_at));
        }
        for (listener, certificates) in &self.certificates {
            if let Some(ends_at) = certificates.ends_at() {
                metrics.certificate_expiry(listener, ends_at);
            }
        }
    }

    /// Writes a line for each certificate that ends within 14 days, or has ended.
    pub(super) fn warn(&self, now: UnixTime) {
        for (listener, certificates) in &self.certificates {
            match certificates.ends_at() {
                Some(ends_at) if ends_at <= now.plus(WARNED_BEFORE) => {
                    tracing::warn!(%listener, %ends_at, "a certificate ends soon, or has ended: renew it");
                }
                Some(_) => {}
                None => tracing::warn!(%listener, "when the certificate ends cannot be read"),
            }
        }
    }
}

/// Forgets what expired, measures what is held and what ages, asks the store whether it is there.
pub(super) async fn sweep(flow: Arc<Flow>, readiness: Arc<Readiness>, aging: Aging) {
    let mut tick = tokio::time::interval(ROUND);
    for round in (0..ROUNDS_A_WARNING).cycle() {
        tick.tick().await;
        let now = flow.clock.now();
        let swept = flow.stores.spent.sweep(now).await;
        readiness.set_store(swept.is_ok());
        if let Ok((count, bytes)) = flow.stores.held.usage().await {
            flow.metrics.held_requests.set(i64::try_from(count).unwrap_or(i64::MAX));
            flow.metrics.held_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        aging.measure(&flow.metrics, now);
        if round == 0 {
            aging.warn(now);
        }
    }
}
