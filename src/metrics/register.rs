//! Families of the table, as the registry has them.

use prometheus::{
    Error, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
};

use super::families::{Family, Kind};

/// The label names of a family.
fn names(family: &Family) -> Vec<&'static str> {
    family.labels.iter().map(|label| label.name).collect()
}

/// A registered family of counters.
pub(super) fn counters(registry: &Registry, family: &Family) -> Result<IntCounterVec, Error> {
    let vec = IntCounterVec::new(Opts::new(family.name, family.help), &names(family))?;
    registry.register(Box::new(vec.clone()))?;
    Ok(vec)
}

/// A registered counter without labels.
pub(super) fn counter(registry: &Registry, family: &Family) -> Result<IntCounter, Error> {
    let counter = IntCounter::new(family.name, family.help)?;
    registry.register(Box::new(counter.clone()))?;
    Ok(counter)
}

/// A registered family of gauges.
pub(super) fn gauges(registry: &Registry, family: &Family) -> Result<IntGaugeVec, Error> {
    let vec = IntGaugeVec::new(Opts::new(family.name, family.help), &names(family))?;
    registry.register(Box::new(vec.clone()))?;
    Ok(vec)
}

/// A registered gauge without labels.
pub(super) fn gauge(registry: &Registry, family: &Family) -> Result<IntGauge, Error> {
    let gauge = IntGauge::new(family.name, family.help)?;
    registry.register(Box::new(gauge.clone()))?;
    Ok(gauge)
}

/// A registered family of histograms.
pub(super) fn histograms(registry: &Registry, family: &Family) -> Result<HistogramVec, Error> {
    let buckets = match family.kind {
        Kind::Histogram(buckets) => buckets.to_vec(),
        Kind::Counter | Kind::Gauge => Vec::new(),
    };
    let vec = HistogramVec::new(HistogramOpts::new(family.name, family.help).buckets(buckets), &names(family))?;
    registry.register(Box::new(vec.clone()))?;
    Ok(vec)
}
