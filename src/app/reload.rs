//! The configuration, read again while the process runs.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;

use super::{Load, Shared, StartError, sweep::Aging};
use crate::{
    config,
    edge::{live::Live, watch},
    metrics::words::ReloadResult,
};

/// Swaps the rules when the configuration changes; a bad one changes nothing.
pub(super) struct Reload {
    pub(super) load: Load,
    pub(super) path: PathBuf,
    pub(super) started_with: config::RestartOnly,
    pub(super) shared: Shared,
    pub(super) live: Arc<ArcSwap<Live>>,
    pub(super) aging: Aging,
}

impl Reload {
    pub(super) async fn run(self, mut changes: watch::Changes) {
        loop {
            let cause = changes.next().await;
            for (_, certificates) in &self.aging.certificates {
                let result = match certificates.reload() {
                    Ok(()) => ReloadResult::Applied,
                    Err(error) => {
                        tracing::error!(%error, "certificates not reloaded: the old ones stay");
                        ReloadResult::Rejected
                    }
                };
                self.shared.flow.metrics.certificate_reload(result);
            }
            let (metrics, now) = (&self.shared.flow.metrics, self.shared.flow.clock.now());
            self.aging.measure(metrics, now);
            self.aging.warn(now);
            match self.load() {
                Ok(live) => {
                    tracing::info!(?cause, config_hash = live.config_hash, "configuration reloaded");
                    metrics.config_applied(&live.config_hash, now);
                    let old = self.live.swap(Arc::new(live));
                    let new = self.live.load();
                    for gone in
                        old.rules.routes.all().iter().filter(|route| new.rules.routes.named(&route.name).is_none())
                    {
                        metrics.route_gone(&gone.name);
                    }
                }
                Err(error) => {
                    tracing::error!(?cause, %error, "configuration not reloaded: the old one stays");
                    metrics.config_rejected();
                }
            }
        }
    }

    fn load(&self) -> Result<Live, StartError> {
        let config = (self.load)(&self.path).map_err(|problems| StartError::Config(problems.to_string()))?;
        if let Some(key) = config.restart_only().differs(&self.started_with) {
            return Err(StartError::Config(format!("`{key}` changed: restart, or upgrade with `run --upgrade`")));
        }
        Live::build(config, &self.shared)
    }
}
