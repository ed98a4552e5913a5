//! `stepgate explain METHOD URL`.

use std::{io::Write, net::Ipv4Addr};

use http::{HeaderMap, Method};

use crate::{
    config::Config,
    policy::{BodyView, Requirement, Routes, rule::Mode},
    request::{Head, Scheme},
    target::Target,
};

/// A request to explain.
#[derive(Clone, Debug, clap::Args)]
pub struct Explain {
    /// As in `POST`.
    pub method: String,
    /// A path with its query, or a whole address of the site.
    pub url: String,
}

/// Prints each reading, the route it lands on, its requirement and why.
///
/// # Errors
/// When nothing can be written.
pub fn run(asked: &Explain, config: Config, out: &mut impl Write) -> std::io::Result<()> {
    let Ok(method) = Method::from_bytes(asked.method.as_bytes()) else {
        return writeln!(out, "400: {:?} is no method", asked.method);
    };
    let raw = asked.url.strip_prefix(&config.site.origin).unwrap_or(&asked.url);
    let target = match Target::parse_for(&method, raw.as_bytes()) {
        Ok(target) => target,
        Err(bad) => return writeln!(out, "400 for everyone: {bad}"),
    };
    let routes = Routes::compile(config.routes, config.default_require);
    let headers = HeaderMap::new();
    let host = config.site.hosts.first().map_or("", String::as_str);
    let client = Ipv4Addr::LOCALHOST.into();
    let head =
        Head { method: &method, target: &target, host, scheme: Scheme::Https, headers: &headers, client, peer: client };
    for reading in target.readings() {
        let names: Vec<&str> = routes
            .all()
            .iter()
            .filter(|route| route.matches.iter().any(|m| m.path.matches(&reading.path().to_lowercase())))
            .map(|route| &*route.name)
            .collect();
        let paths = if names.is_empty() { "no route's path".to_owned() } else { names.join(", ") };
        writeln!(out, "reading  {:<40} {} -> {paths}", reading.path(), reading.how())?;
    }
    let landing = routes.land(&head, BodyView::Unread);
    for route in &landing.enforced {
        writeln!(out, "lands on {} (require: {})", route.name, route.require.as_str())?;
    }
    for route in &landing.observed {
        let mode = if route.mode == Mode::Observe { "observed only" } else { "enforced" };
        writeln!(out, "also     {} ({mode})", route.name)?;
    }
    let strictest = landing.enforced.first().map_or(Requirement::None, |route| route.require);
    if let Some(form) = target.ambiguity().filter(|_| strictest != Requirement::None) {
        writeln!(out, "400      a guarded route refuses this form: {}", form.as_str())?;
    }
    writeln!(out, "requires {}", strictest.as_str())
}
