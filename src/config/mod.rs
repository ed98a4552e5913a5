//! From what was typed to what will run, in two steps, with every problem at once.

use std::path::PathBuf;

use crate::{edge, flow, identity, policy, store};

/// A configuration that will run: resolved, nothing left to default, nothing wrong.
#[derive(Debug)]
pub struct Config {
    /// Listeners, upstream, limits.
    pub edge: edge::settings::Settings,
    /// The site as players know it.
    pub site: flow::Site,
    /// The path of our own pages.
    pub portal_prefix: String,
    /// Languages of our pages, the first is the default.
    pub languages: Vec<String>,
    /// Who is it: the sources in file order.
    pub identity: Vec<identity::settings::SourceSettings>,
    /// Requests that end the site session.
    pub session_end: Vec<policy::rule::Match>,
    /// Lifetimes of stamps.
    pub stamps: crate::stamp::Settings,
    /// The rules of factors.
    pub second_factor: flow::SecondFactor,
    /// The routes in file order.
    pub routes: Vec<policy::Route>,
    /// For requests that land on no route.
    pub default_require: policy::Requirement,
    /// Where things are remembered.
    pub store: store::Settings,
    /// The key file.
    pub keys: PathBuf,
    /// `error`, `warn`, `info`, `debug` or `trace`: our own lines; the proxy library's are capped at
    /// `warn`, since below it prints whole headers.
    pub log_level: String,
}
