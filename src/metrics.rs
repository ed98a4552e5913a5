//! What is counted, and its names.

/// Every metric of the process, in a registry of its own.
#[derive(Debug)]
pub struct Metrics;
