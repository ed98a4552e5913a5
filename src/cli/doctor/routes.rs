//! The guarded addresses: does the site know them, and does it answer as them elsewhere?

use std::io;

use http::{Method, StatusCode};

use super::{
    Findings,
    site::{Answer, Site},
};
use crate::{
    config::Config,
    policy::{
        Requirement, Routes,
        routes::strictness,
        rule::{Match, Mode},
        sample::{BadAddress, Sample},
    },
    request::Scheme,
};

/// An address that no site has.
const UNKNOWN: &str = "/stepgate-doctor-asks-for-nothing";

/// A guarded address that can be asked for: without `*`.
struct Guarded<'c> {
    route: &'c str,
    require: Requirement,
    pattern: &'c Match,
    path: String,
}

/// Every guarded address of the configuration, once.
fn guarded(config: &Config) -> Vec<Guarded<'_>> {
    let mut all: Vec<Guarded<'_>> = Vec::new();
    for route in &config.routes {
        if route.require == Requirement::None || route.mode == Mode::Observe {
            continue;
        }
        for pattern in &route.matches {
            let text = pattern.path.as_str();
            let path = text.strip_suffix("/**").unwrap_or(text);
            if path.is_empty() || path.contains('*') || all.iter().any(|known| known.path == path) {
                continue;
            }
            let path = path.to_owned();
            all.push(Guarded { route: &route.name, require: route.require, pattern, path });
        }
    }
    all
}

/// Whether the site has each guarded address: a misspelt path guards nothing.
pub(super) async fn known(config: &Config, site: &Site, findings: &mut Findings<'_>) -> io::Result<()> {
    for one in guarded(config) {
        let mut tried = vec![Method::GET];
        let listed = &one.pattern.methods;
        tried.extend(
            listed.iter().filter(|method| **method != Method::GET && (site.writes || method.is_safe())).cloned(),
        );
        let mut seen = Vec::new();
        for method in &tried {
            seen.extend(site.ask(method, &one.path).await.map(|answer| answer.status));
        }
        let name = format!("`{}`: {}", one.route, one.path);
        if seen.is_empty() {
            findings.warning(&format!("{name} gave no answer"), "ask the site for it by hand")?;
        } else if seen.iter().any(|status| !matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE)) {
            findings.ok(&format!("{name} is known to the site"))?;
        } else if listed.iter().any(|method| !method.is_safe()) && !site.writes {
            let help = "it may answer other methods only: look for a misspelt path, or let `--write` post to it";
            findings.warning(&format!("{name} is not found by GET"), help)?;
        } else {
            let help = "a misspelt path guards nothing: compare it with the site's own addresses";
            findings.problem(&format!("{name} is not found on the site"), help)?;
        }
    }
    Ok(())
}

/// Other addresses that the site answers as a guarded one, and that no route guards as strictly.
pub(super) async fn twins(config: &Config, site: &Site, findings: &mut Findings<'_>) -> io::Result<()> {
    let routes = Routes::compile(config.routes.clone(), config.default_require);
    let unknown = site.ask(&Method::GET, UNKNOWN).await.map(|answer| answer.kind());
    for one in guarded(config) {
        let Some(own) = site.ask(&Method::GET, &one.path).await else { continue };
        if own.status == StatusCode::NOT_FOUND {
            continue;
        }
        if unknown.as_ref() == Some(&own.kind()) {
            let what = format!("`{}`: the site answers {} as it answers any address", one.route, one.path);
            let help = "whether it has other addresses cannot be told from outside: try with a log-in by hand";
            findings.warning(&what, help)?;
            continue;
        }
        let mut open = Vec::new();
        for (twin, how) in spellings(&one.path) {
            if is_guarded(config, &routes, &one, &twin) {
                continue;
            }
            if site.ask(&Method::GET, &twin).await.is_some_and(|answer| is_same(&answer, &own)) {
                open.push(format!("{twin} ({how})"));
            }
        }
        if open.is_empty() {
            findings.ok(&format!("`{}`: no other spelling of {} goes past it", one.route, one.path))?;
            continue;
        }
        let what = format!("`{}`: the site answers as {} also at {}", one.route, one.path, open.join(", "));
        let help = format!("guard them too: `path: \"{}/**\"`, or a list of paths under `match`", one.path);
        findings.problem(&what, &help)?;
    }
    Ok(())
}

fn is_same(one: &Answer, other: &Answer) -> bool {
    one.kind() == other.kind()
}

/// Whether a spelling is refused, or needs at least as much as the plain one.
fn is_guarded(config: &Config, routes: &Routes, one: &Guarded<'_>, twin: &str) -> bool {
    let scheme = if config.site.secure { Scheme::Https } else { Scheme::Http };
    let method = one.pattern.methods.first().cloned().unwrap_or(Method::POST);
    let sample = match Sample::new(method, twin, &config.site.hosts, scheme) {
        Ok(sample) => sample.with_endings(config.paths.endings),
        Err(BadAddress::Target(_) | BadAddress::UnknownHost(_)) => return true,
    };
    let required = sample
        .read(|head, body| routes.land(head, body).enforced.first().map_or(Requirement::None, |route| route.require));
    strictness(required) >= strictness(one.require)
}

/// Ways to write an address that some frameworks take for it.
fn spellings(path: &str) -> Vec<(String, &'static str)> {
    let encoded = path.char_indices().find(|(_, c)| *c != '/').map(|(at, c)| {
        let (before, after) = (path.get(..at).unwrap_or_default(), path.get(at + c.len_utf8()..).unwrap_or_default());
        let mut bytes = [0; 4];
        let encoded: String = c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("{before}{encoded}{after}")
    });
    let mut all = vec![
        (format!("{path}/"), "trailing slash"),
        (path.to_ascii_uppercase(), "case"),
        (format!("{path}.json"), "format"),
        (format!("{path}.html"), "format"),
        (format!("{path}.csv"), "format"),
        (format!("/?{path}"), "query as path"),
        (format!("/(S(x)){path}"), "session in the path"),
        (format!("/index.php{path}"), "front controller"),
        (format!("/{path}"), "double slash"),
        (format!("{path};x=1"), "matrix parameter"),
        (format!("{path}/x"), "below"),
        (format!("/api{path}"), "API"),
        (format!("/api/v1{path}"), "API"),
    ];
    all.extend(encoded.map(|encoded| (encoded, "percent-encoded")));
    all.retain(|(twin, _)| twin != path);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_spellings_of_its_own() {
        let all = spellings("/pay");
        assert!(all.iter().any(|(twin, _)| twin == "/%70ay") && all.iter().any(|(twin, _)| twin == "//pay"));
        assert!(all.iter().all(|(twin, _)| twin != "/pay"));
    }
}
