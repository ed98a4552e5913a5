//! What a configuration may leave open though it runs: the warnings of `stepgate check`.
//!
//! Each names a way around a guarded route that the file alone shows; what only the site knows is for
//! `stepgate doctor`. A warning that fires on what most good files say would not be read: so each has
//! a way to say that it is meant.
//!
//! Adding one: a function here, called in [`Report::lint`], and a mistake with it in
//! `tests/config/warnings`.

use std::net::IpAddr;

use http::{HeaderValue, Method, header};
use url::{Url, form_urlencoded};

use super::{Node, Report, raw};
use crate::{
    fields::FieldName,
    flow::Site,
    policy::{
        Requirement, Route, Routes,
        routes::strictness,
        rule::{Match, Mode},
        sample::Sample,
    },
    request::Scheme,
};

/// What stands for a `*` in a sample, and below a subtree.
const ANY: &str = "stepgate-sample";
/// Scripts of these kinds also run for addresses below their own (PATH_INFO, RFC 3875 section 4.1.5); those
/// of other kinds are among the readings.
const SCRIPTS: [&str; 5] = [".cgi", ".pl", ".fcgi", ".cfm", ".asp"];

/// What samples are tried on.
struct Trial<'t> {
    site: &'t Site,
    routes: &'t Routes,
}

impl Report<'_> {
    /// Collects every warning.
    pub(super) fn lint(&mut self, file: &raw::File, tree: &Node, (site, all, default): (&Site, &[Route], Requirement)) {
        let routes = Routes::compile(all.to_vec(), default);
        let trial = Trial { site, routes: &routes };
        let mut open: Vec<(&str, &Node)> = Vec::new();
        for (index, route) in all.iter().enumerate() {
            if route.require == Requirement::None || route.mode == Mode::Observe {
                continue;
            }
            let at = tree.at("routes").item(index).at("match");
            for (index, pattern) in route.matches.iter().enumerate() {
                let at = at.item(index);
                self.lint_shadow(&trial, route, pattern, at);
                self.lint_host(&trial, route, pattern, at);
                if has_open_twin(&trial, route, pattern) {
                    open.push((pattern.path.as_str(), at.at("methods")));
                }
                self.lint_script(&trial, route, pattern, at);
            }
        }
        self.lint_open_twins(&open);
        self.lint_upstream(&file.site.upstream, tree.at("site").at("upstream"), site);
        self.lint_questions(file.identity.as_deref().unwrap_or_default(), tree.at("identity"), site);
    }

    /// An earlier route that requires less takes a part of this one's requests.
    fn lint_shadow(&mut self, trial: &Trial<'_>, route: &Route, pattern: &Match, at: &Node) {
        let methods = if pattern.methods.is_empty() { &[Method::GET, Method::POST][..] } else { &pattern.methods };
        for method in methods {
            let Some(found) = trial.lands(method, pattern, None, "") else { continue };
            let Some((name, require)) = found.filter(|(_, require)| weaker(*require, route.require)) else { continue };
            let by_name = |earlier: &Route| {
                // What is opened for reading alone was meant.
                earlier.require == Requirement::None
                    && earlier
                        .matches
                        .iter()
                        .all(|known| !known.methods.is_empty() && known.methods.iter().all(Method::is_safe))
            };
            if *name == *route.name || trial.routes.named(&name).is_some_and(by_name) {
                continue;
            }
            let message =
                format!("{method} {} lands on `{name}`, which requires only `{}`", pattern.path, require.as_str());
            let help = format!("move `{}` above `{name}`", route.name);
            return self.warn(at, message, help);
        }
    }

    /// The same request on another host of the site.
    fn lint_host(&mut self, trial: &Trial<'_>, route: &Route, pattern: &Match, at: &Node) {
        let Some(own) = &pattern.host else { return };
        let method = pattern.methods.first().unwrap_or(&Method::POST);
        for host in trial.site.hosts.iter().filter(|host| *host != own) {
            if trial.requires(method, pattern, Some(host), "").is_some_and(|other| weaker(other, route.require)) {
                let message = format!("`{host}` is a host of the site too, and there `{}` does not hold", route.name);
                return self.warn(at.at("host"), message, "remove `host:`, or add a route for that host");
            }
        }
    }

    /// Guarded posts whose GET is open by nobody's word: one warning for all.
    fn lint_open_twins(&mut self, open: &[(&str, &Node)]) {
        let Some((_, at)) = open.first() else { return };
        let mut paths: Vec<String> = open.iter().map(|(path, _)| format!("`{path}`")).collect();
        paths.dedup();
        let message = format!("by GET this is open, and no route says so: {}", paths.join(", "));
        let help = "many sites do by GET what their form does by POST: leave `methods` out, or, where GET only shows \
                    the form, say so with a route for GET, of `require: session` or `none`";
        self.warn(at, message, help);
    }

    /// A script that also runs for addresses below its own.
    fn lint_script(&mut self, trial: &Trial<'_>, route: &Route, pattern: &Match, at: &Node) {
        let path = pattern.path.as_str();
        if !SCRIPTS.iter().any(|ending| path.to_ascii_lowercase().ends_with(ending)) {
            return;
        }
        let method = pattern.methods.first().unwrap_or(&Method::POST);
        if trial.requires(method, pattern, None, "/x").is_some_and(|below| weaker(below, route.require)) {
            let message = format!("`{path}` is guarded exactly, but scripts also run for what is below, as `{path}/x`");
            self.warn(at.at("path"), message, format!("write `{path}/**`"));
        }
    }

    /// Servers of the site that others reach without stepgate.
    fn lint_upstream(&mut self, typed: &raw::Upstream, at: &Node, site: &Site) {
        for (index, server) in typed.servers.iter().enumerate() {
            let at = at.at("servers").item(index);
            let host = server.rsplit_once(':').map_or(server.as_str(), |(host, _)| host);
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            let public = bare.parse::<IpAddr>().is_ok_and(is_public);
            let own = site.hosts.iter().any(|known| known.split(':').next() == Some(host)) && !is_local(bare);
            if public || own {
                let what = if own { "the site's public name" } else { "a public address" };
                let message = format!("`{server}` is {what}: whoever reaches it goes past every route");
                let help = "let the site listen on loopback or in a private network, or refuse what has no valid \
                            Stepgate-Assertion; `stepgate doctor` tries it";
                self.warn(at, message, help);
            }
        }
    }

    /// Questions to the site that would come back through stepgate.
    fn lint_questions(&mut self, typed: &[raw::Source], at: &Node, site: &Site) {
        for (index, source) in typed.iter().enumerate() {
            let at = at.item(index);
            let ask = source.introspection.as_ref().map(|ask| (&ask.question.url, at.at("introspection")));
            let confirm = source.login.as_ref().and_then(|login| login.confirm.as_ref());
            let confirm = confirm.map(|ask| (&ask.url, at.at("login").at("confirm")));
            for (typed, at) in ask.into_iter().chain(confirm) {
                let Ok(url) = Url::parse(typed) else { continue };
                let authority = url.port().map_or_else(
                    || url.host_str().unwrap_or_default().to_owned(),
                    |port| format!("{}:{port}", url.host_str().unwrap_or_default()),
                );
                if site.hosts.contains(&authority) {
                    let message = "the site is asked through stepgate itself";
                    let help = "name the site's own server, as in http://127.0.0.1:3000/…: a route that guards this \
                                address, or a limit, would leave nobody recognised";
                    self.warn(at.at("url"), message, help);
                }
            }
        }
    }

    /// What an expression matches beyond what it seems to say.
    pub(super) fn lint_expression(&mut self, at: &Node, typed: &str, regex: &regex::Regex) {
        if regex.is_match("") && !typed.starts_with('^') {
            let help = "name a text that only the right answer has";
            return self.warn(at, "this expression is found in every text, also in an empty one", help);
        }
        if let Some(dot) = loose_dot(typed) {
            let help = format!("write `{dot}` with `\\.` if a dot is meant");
            self.warn(at, format!("the dot in `{dot}` stands for any character"), help);
        }
    }
}

impl Trial<'_> {
    /// The strictest route, by name, that a request of this pattern lands on, `None` where it lands on
    /// none; the outer `None`: no sample can be made.
    fn lands(
        &self,
        method: &Method,
        pattern: &Match,
        host: Option<&str>,
        below: &str,
    ) -> Option<Option<(std::sync::Arc<str>, Requirement)>> {
        let sample = self.sample(method, pattern, host, below)?;
        sample.read(|head, body| {
            let landing = self.routes.land(head, body);
            Some(landing.enforced.first().map(|route| (std::sync::Arc::clone(&route.name), route.require)))
        })
    }

    fn requires(&self, method: &Method, pattern: &Match, host: Option<&str>, below: &str) -> Option<Requirement> {
        let found = self.lands(method, pattern, host, below)?;
        Some(found.map_or(Requirement::None, |(_, require)| require))
    }

    /// A request that fits the pattern: fields of a form stand in the query where the method has no body.
    fn sample(&self, method: &Method, pattern: &Match, host: Option<&str>, below: &str) -> Option<Sample> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (field, value) in &pattern.fields {
            match field {
                FieldName::Query(name) => query.append_pair(name, value),
                FieldName::Form(name) if method.is_safe() => query.append_pair(name, value),
                FieldName::Form(name) => form.append_pair(name, value),
                // A document for a pointer would have to be invented.
                FieldName::Json(_) => return None,
            };
        }
        let path: Vec<&str> =
            pattern.path.as_str().split('/').map(|part| if part.starts_with('*') { ANY } else { part }).collect();
        let (path, query, form) = (path.join("/"), query.finish(), form.finish());
        let mark = if query.is_empty() { "" } else { "?" };
        let host = host.or(pattern.host.as_deref()).or(self.site.hosts.first().map(String::as_str))?;
        let scheme = if self.site.secure { Scheme::Https } else { Scheme::Http };
        let url = format!("{}://{host}{path}{below}{mark}{query}", scheme.as_str());
        let mut sample = Sample::new(method.clone(), &url, &self.site.hosts, scheme).ok()?;
        let urlencoded = HeaderValue::from_static("application/x-www-form-urlencoded");
        sample.headers.insert(header::CONTENT_TYPE, urlencoded);
        sample.body = Some(form.into_bytes());
        Some(sample)
    }
}

/// Whether no route says anything of a GET with the parameters of a post that is sensitive.
fn has_open_twin(trial: &Trial<'_>, route: &Route, pattern: &Match) -> bool {
    let sensitive = route.require == Requirement::Once || route.changes.is_some();
    sensitive
        && !pattern.methods.is_empty()
        && !pattern.methods.contains(&Method::GET)
        && trial.lands(&Method::GET, pattern, None, "").is_some_and(|found| found.is_none())
}

fn weaker(one: Requirement, other: Requirement) -> bool {
    strictness(one) < strictness(other)
}

/// Whether an address is one that the whole internet may reach.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets().first() == Some(&100) && v4.octets().get(1).is_some_and(|b| (64..128).contains(b));
            !(v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified() || shared)
        }
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified()),
            |v4| is_public(IpAddr::V4(v4)),
        ),
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| !is_public(address))
}

/// The word around a dot that is not escaped though it stands between letters, as in `play.example`.
fn loose_dot(expression: &str) -> Option<String> {
    let characters: Vec<char> = expression.chars().collect();
    let (mut class, mut escaped) = (false, false);
    for (at, c) in characters.iter().enumerate() {
        let letter = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_alphanumeric);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            // The letter before may be a class such as `\d`.
            '.' if !class && letter(at.checked_sub(1)) && letter(Some(at + 1)) => {
                let before = characters.get(..at)?.iter().rev().take_while(|c| c.is_ascii_alphanumeric()).count();
                let shorthand = at.checked_sub(before + 1).and_then(|at| characters.get(at)) == Some(&'\\');
                if shorthand && before == 1 {
                    continue;
                }
                let after = characters.get(at + 1..)?.iter().take_while(|c| c.is_ascii_alphanumeric()).count();
                return characters.get(at - before..=at + after).map(|word| word.iter().collect());
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_between_letters_is_loose() {
        for (expression, found) in [
            ("^https://play.example$", Some("play.example")),
            (r"^play\.example$", None),
            ("a.*b", None),
            (r"\d.\d", None),
            ("[a.b]", None),
            ("Welcome. Back", None),
        ] {
            assert_eq!(loose_dot(expression).as_deref(), found, "{expression}");
        }
    }

    #[test]
    fn public_addresses_are_told_from_private_ones() {
        for (address, public) in [
            ("127.0.0.1", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("203.0.113.9", true),
            ("::1", false),
            ("fd00::1", false),
            ("::ffff:10.0.0.1", false),
            ("2001:db8::1", true),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
