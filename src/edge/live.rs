//! What a reload swaps as a whole: a request keeps the one it began with.

use std::{collections::HashMap, sync::Arc};

use ipnet::IpNet;

use crate::{
    edge::{
        settings::{Limits, Timeouts},
        upstream::Upstream,
    },
    flow::RuleSet,
    metrics::RouteMetrics,
};

/// One configuration, running.
pub struct Live {
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// The site's servers.
    pub upstream: Upstream,
    /// Peers whose X-Forwarded-* is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Odd header names that reach the site, lower case.
    pub odd_headers: Vec<String>,
    /// What a client may send.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// The numbers of each route by its name, with `none` and `portal`.
    pub numbers: HashMap<String, RouteMetrics>,
    /// Identifies the configuration in logs and metrics: 12 hex digits of its SHA-256.
    pub config_hash: String,
}

impl Live {
    /// The configuration's routes, in its order, on which nothing landed since the process began.
    #[must_use]
    pub fn unmatched(&self) -> Vec<&str> {
        let names = self.rules.routes.all().iter().map(|route| &*route.name);
        names.filter(|name| self.numbers.get(*name).is_some_and(RouteMetrics::is_unmatched)).collect()
    }

    /// One line with them, where there are any: a misspelt path guards nothing.
    pub fn log_unmatched(&self) {
        let routes = self.unmatched();
        if !routes.is_empty() {
            let routes = routes.join(" ");
            tracing::warn!(%routes, "no request landed on these routes since the process began: are their paths right?");
        }
    }
}
