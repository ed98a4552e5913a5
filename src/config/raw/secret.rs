//! What is secret, as it is typed: a reference, never the value.

use schemars::JsonSchema;
use serde::Deserialize;

/// A secret, by reference.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// A file, readable by its owner alone; white space at its end is dropped.
    pub file: Option<String>,
    /// An environment variable.
    pub env: Option<String>,
}

/// A text, or a reference where it is secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Text {
    /// In the open.
    Plain(String),
    /// By reference.
    Secret(Secret),
}
