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
    /// What a client may send.
    pub limits: Limits,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// The numbers of each route by its name, with `none` and `portal`.
    pub numbers: HashMap<String, RouteMetrics>,
    /// Identifies the configuration in logs and metrics: 12 hex digits of its SHA-256.
    pub config_hash: String,
}
