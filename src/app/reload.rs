//! The configuration, read again while the process runs.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwap;

use super::{Load, Shared, StartError, sweep::Aging};
use crate::{
    clock::UnixTime,
    config::{self, keys::KeyFile},
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
                Ok((live, keys)) => {
                    self.take_over(keys, now);
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

    /// Seals and signs with these keys from now on, as far as they are published (decisions 32).
    fn take_over(&self, keys: KeyFile, now: UnixTime) {
        self.shared.flow.sealer.take_over(&keys.sealer_at(now));
        self.shared.sql.sign_with(keys.audit.clone());
        self.shared.keys.store(Arc::new(keys));
    }

    fn load(&self) -> Result<(Live, KeyFile), StartError> {
        let config = (self.load)(&self.path).map_err(|problems| StartError::Config(problems.to_string()))?;
        if let Some(key) = config.restart_only().differs(&self.started_with) {
            return Err(StartError::Config(format!("`{key}` changed: restart, or upgrade with `run --upgrade`")));
        }
        let keys = KeyFile::load(&config.keys).map_err(|problem| StartError::Config(problem.to_string()))?;
        if !keys.hashes_as(&self.shared.keys.load()) {
            return Err(StartError::Config("the hashing key changed: nothing would be found again".to_owned()));
        }
        Ok((Live::build(config, &self.shared, &keys)?, keys))
    }
}
