//! What is done again and again beside the requests: forgetting, measuring, looking at ages.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;

use crate::{
    audit::{self, sink},
    clock::{Shift, Shifts, UnixTime},
    config::keys::KeyFile,
    edge::{live::Live, ops::Readiness, tls::Certificates},
    flow::Flow,
    metrics::Metrics,
    store::{StoreError, audit::Selection},
};

/// Between two looks for notices.
const NOTICES: Duration = Duration::from_secs(1);
/// Between two looks for resets that are due.
const RESETS: Duration = Duration::from_secs(2);
/// Between two rounds.
const ROUND: Duration = Duration::from_secs(10);
/// Rounds of a second between two looks for audit rows that are old.
const SECONDS_A_PRUNING: u32 = 300;
/// How long it is known what was sent: as long as the longest limit looks back, and a little.
const SENDS_KEPT: Duration = Duration::from_secs(2 * 24 * 3600);
/// How long slots of messages are kept: as long as the breaker looks back, and a day.
const TALLIES_KEPT: Duration = Duration::from_secs(15 * 24 * 3600);
/// Rounds between two warnings over the same certificate, and over a route that nothing lands on: a day.
const ROUNDS_A_WARNING: u32 = 8640;
/// How far another node's clock may be ahead without a word.
const LEEWAY: Duration = Duration::from_secs(60);
/// How long before its end a certificate is warned about.
const WARNED_BEFORE: Duration = Duration::from_secs(14 * 24 * 3600);

/// What ages: keys and certificates.
#[derive(Clone)]
pub(super) struct Aging {
    pub(super) keys: Arc<ArcSwap<KeyFile>>,
    /// By the listener's address.
    pub(super) certificates: Vec<(String, Arc<Certificates>)>,
}

impl Aging {
    /// Notes the ages of everything.
    pub(super) fn measure(&self, metrics: &Metrics, now: UnixTime) {
        for (used, created_at) in &self.keys.load().newest {
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

/// Carries the notices that are due, again and again; those that a process left behind as well.
pub(super) async fn carry_notices(flow: Arc<Flow>, live: Arc<ArcSwap<Live>>, http: reqwest::Client) {
    let mut tick = tokio::time::interval(NOTICES);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let rules = Arc::clone(&live.load().rules);
        if let Err(error) = flow.carry_notices(&rules, &http).await {
            tracing::error!(%error, "notices wait");
        }
    }
}

/// Sends audit rows to where they also go, and lets go of what is old, again and again.
pub(super) async fn send_audit(flow: Arc<Flow>, live: Arc<ArcSwap<Live>>, http: reqwest::Client) {
    let mut tick = tokio::time::interval(NOTICES);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for round in (0..SECONDS_A_PRUNING).cycle() {
        tick.tick().await;
        let (rules, trail) = (Arc::clone(&live.load().rules), &*flow.stores.trail);
        let sending = sink::Round { trail, settings: &rules.audit, http: &http, clock: &flow.clock };
        if let Err(error) = sending.send().await {
            tracing::error!(%error, "audit rows wait");
        }
        if round > 0 {
            continue;
        }
        match audit::prune(trail, &rules.audit, flow.clock.now()).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "audit rows were older than they are kept"),
            Err(error) => tracing::error!(%error, "old audit rows stay"),
        }
    }
}

/// Carries out the resets of second factors whose time has come, again and again.
pub(super) async fn carry_out_resets(flow: Arc<Flow>, live: Arc<ArcSwap<Live>>) {
    let mut tick = tokio::time::interval(RESETS);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let rules = Arc::clone(&live.load().rules);
        if let Err(error) = flow.carry_out_resets(&rules).await {
            tracing::error!(%error, "resets wait");
        }
    }
}

/// Forgets what expired, until the store does not answer: what is left longer harms nothing.
async fn forget(flow: &Flow, now: UnixTime) -> Result<(), StoreError> {
    flow.stores.desk.sweep_desk(now).await?;
    flow.stores.devices.sweep_devices(now).await?;
    flow.stores.logins.sweep_logins(now).await?;
    flow.stores.accounts.sweep_freeze_offers(now).await?;
    flow.stores.sends.sweep_sends(now.minus(SENDS_KEPT)).await?;
    flow.stores.sends.sweep_tallies(now.minus(TALLIES_KEPT)).await?;
    flow.stores.networks.sweep_networks(now).await?;
    Ok(())
}

/// Notes how much waits for sinks and couriers; beside those who carry it, so that one who hangs is seen.
async fn measure_waiting(flow: &Flow, audit: &audit::Settings, now: UnixTime) {
    if let Ok(notices) = flow.stores.outbox.waiting().await {
        flow.metrics.notices_waiting(notices.count, notices.age(now));
    }
    if let Err(error) = sink::measure(&*flow.stores.trail, audit, &flow.metrics, now).await {
        tracing::error!(%error, "how many audit rows wait is not known");
    }
}

/// Says in the log when the machine's clock was set, and in a metric how far it is behind.
fn look_at_the_clock(shifts: &mut Shifts, flow: &Flow) {
    let look = shifts.look(&*flow.clock);
    flow.metrics.clock_ahead.set(i64::try_from(look.ahead.as_secs()).unwrap_or(i64::MAX));
    match look.shift {
        None => {}
        Some(Shift::Back(by)) => tracing::warn!(
            by_seconds = by.as_secs(),
            ahead_seconds = look.ahead.as_secs(),
            "the machine's clock was set back: nothing that ended is valid again; codes of apps may be refused until \
             it has caught up, or until a restart"
        ),
        Some(Shift::Forward(by)) => tracing::warn!(
            by_seconds = by.as_secs(),
            "the machine's clock was set forward, or the machine slept: what was to end meanwhile has ended"
        ),
    }
}

/// Says in the log when the audit has rows of the future: a process that begins has only the machine's clock to
/// go by.
async fn compare_with_the_audit(flow: &Flow, now: UnixTime) {
    let later = Selection { since: Some(now.plus(LEEWAY)), ..Selection::default() };
    match flow.stores.trail.select(&later, 1).await {
        Ok(rows) if rows.is_empty() => {}
        Ok(_) => tracing::warn!(
            %now,
            "the audit has rows that are later than the machine's clock: that is behind, or one was ahead before"
        ),
        Err(error) => tracing::warn!(%error, "whether the machine's clock is behind is not known"),
    }
}

/// Forgets what expired, measures what is held and what ages, asks the store whether it is there.
pub(super) async fn sweep(flow: Arc<Flow>, live: Arc<ArcSwap<Live>>, readiness: Arc<Readiness>, aging: Aging) {
    let mut tick = tokio::time::interval(ROUND);
    let (mut days, mut shifts) = (0_u32, Shifts::default());
    for round in (0..ROUNDS_A_WARNING).cycle() {
        tick.tick().await;
        look_at_the_clock(&mut shifts, &flow);
        let now = flow.clock.now();
        let swept = flow.stores.spent.sweep(now).await;
        readiness.set_store(swept.is_ok());
        // A store that hangs is not asked for more, so that the next round is soon.
        if swept.is_ok()
            && let Err(error) = forget(&flow, now).await
        {
            tracing::warn!(%error, "what expired is forgotten later");
        }
        if let Ok((count, bytes)) = flow.stores.held.usage().await {
            flow.metrics.held_requests.set(i64::try_from(count).unwrap_or(i64::MAX));
            flow.metrics.held_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
        measure_waiting(&flow, &live.load().rules.audit, now).await;
        aging.measure(&flow.metrics, now);
        // A key that every node has by now begins to seal.
        flow.sealer.take_over(&aging.keys.load().sealer_at(now));
        if round == 0 {
            aging.warn(now);
            if days == 0 {
                compare_with_the_audit(&flow, now).await;
            }
            // A day after the start, and once only: what is quiet then is shown by its metric.
            if days == 1 {
                live.load().log_unmatched();
            }
            days = days.saturating_add(1);
        }
    }
}
