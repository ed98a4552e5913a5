//! `tests:` as typed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::RequireWord;

/// A request, and what must become of it: at least one of `route`, `require` and `refused`. Over all
/// readings of the request the strictest route counts, as it does for players.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// Default `GET`.
    pub method: Option<String>,
    /// A path with its query, or an address of one of the site's hosts.
    pub url: String,
    /// Headers by name.
    pub headers: Option<BTreeMap<String, String>>,
    /// Of the type that `headers` names. Without it: none with GET, HEAD and OPTIONS, and with other
    /// methods any that there may be.
    pub body: Option<String>,
    /// The name of the route, or `none`.
    pub route: Option<String>,
    /// What is required.
    pub require: Option<RequireWord>,
    /// `true`: it is answered 400, whoever asks, for its form (`paths:`); default `false`.
    pub refused: Option<bool>,
}
