//! `tests:`: requests, and where each must land.

use http::{HeaderName, HeaderValue, Method};

use super::{Config, Node, Report, raw};
use crate::{
    config::{problem::Problem, tree::Place},
    flow::Site,
    policy::{
        Landing, Requirement, Routes,
        sample::{BadAddress, Sample},
    },
    request::Scheme,
};

/// One test, with the places of what it says.
pub(super) struct Expected {
    method: Method,
    url: String,
    headers: http::HeaderMap,
    body: Option<Vec<u8>>,
    url_place: Place,
    route: Option<(String, Place)>,
    require: Option<(raw::RequireWord, Place)>,
    refused: bool,
}

impl Report<'_> {
    /// The tests of the file.
    pub(super) fn expected(&mut self, typed: &[raw::Test], at: &Node) -> Vec<Expected> {
        typed.iter().enumerate().map(|(index, test)| self.one_expected(test, at.item(index))).collect()
    }

    fn one_expected(&mut self, typed: &raw::Test, at: &Node) -> Expected {
        let method = typed.method.as_deref().unwrap_or("GET");
        let known = Method::from_bytes(method.as_bytes()).ok().filter(|_| !method.chars().any(char::is_lowercase));
        if known.is_none() {
            self.push(at.at("method"), format!("`{method}` is no method"), "methods are written in capitals");
        }
        if typed.route.is_none() && typed.require.is_none() && typed.refused != Some(true) {
            self.push(at, "this test expects nothing", "add `route:`, `require:` or `refused: true`");
        }
        let mut headers = http::HeaderMap::new();
        for (name, value) in typed.headers.iter().flatten() {
            let (Ok(known), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) else {
                self.push(
                    at.at("headers").at(name),
                    format!("`{name}` is no header"),
                    "a name, and a text of one line",
                );
                continue;
            };
            headers.append(known, value);
        }
        Expected {
            method: known.unwrap_or_default(),
            url: typed.url.clone(),
            headers,
            body: typed.body.clone().map(String::into_bytes),
            url_place: at.at("url").place.clone(),
            route: typed.route.clone().map(|route| (route, at.at("route").place.clone())),
            require: typed.require.map(|require| (require, at.at("require").place.clone())),
            refused: typed.refused.unwrap_or(false),
        }
    }
}

/// Every expectation that does not hold.
pub(super) fn failures(expected: &[Expected], config: &Config) -> Vec<Problem> {
    if expected.is_empty() {
        return Vec::new();
    }
    let routes = Routes::compile(config.routes.clone(), config.default_require);
    expected.iter().flat_map(|test| test.failures(&routes, config)).collect()
}

impl Expected {
    /// Whether it expects this route.
    pub(super) fn lands_on(&self, route: &str) -> bool {
        self.route.as_ref().is_some_and(|(name, _)| name == route)
    }

    /// Its request.
    ///
    /// # Errors
    /// [`BadAddress`] of its `url`.
    pub(super) fn sample(&self, site: &Site) -> Result<Sample, BadAddress> {
        let scheme = if site.secure { Scheme::Https } else { Scheme::Http };
        let mut sample = Sample::new(self.method.clone(), &self.url, &site.hosts, scheme)?;
        sample.headers = self.headers.clone();
        sample.body = self.body.clone();
        Ok(sample)
    }

    fn failures(&self, routes: &Routes, config: &Config) -> Vec<Problem> {
        let sample = match self.sample(&config.site) {
            Ok(sample) => sample.with_endings(config.paths.endings),
            Err(BadAddress::Target(_)) if self.refused => return Vec::new(),
            Err(BadAddress::Target(bad)) => {
                let help = "write `refused: true` if that is meant";
                return vec![self.url_place.problem(format!("answered 400 for everybody: {bad}"), help.to_owned())];
            }
            Err(unknown @ BadAddress::UnknownHost(_)) => {
                let help = format!("one of: {}", config.site.hosts.join(", "));
                return vec![self.url_place.problem(unknown.to_string(), help)];
            }
        };
        sample.read(|head, body| self.compare(&routes.land(head, body), &sample, config))
    }

    fn compare(&self, landing: &Landing<'_>, sample: &Sample, config: &Config) -> Vec<Problem> {
        let explain = format!("`stepgate explain {} '{}'` shows each reading", self.method, self.url);
        let mut failed = Vec::new();
        let form = config.paths.refusal(&sample.target, landing.other_case).filter(|_| !landing.is_unguarded());
        match (form, self.refused) {
            (Some(form), false) => {
                let message = format!("answered 400 on a guarded route: {form}");
                failed.push(self.url_place.problem(message, "write `refused: true` if that is meant".to_owned()));
            }
            (None, true) => failed.push(self.url_place.problem("this request is not refused", explain.clone())),
            (Some(_), true) | (None, false) => {}
        }
        let strictest = landing.enforced.first();
        let lands = strictest.map_or("none", |route| &route.name);
        if let Some((wanted, place)) = self.route.as_ref().filter(|(wanted, _)| wanted != lands) {
            let observed = landing.observed.iter().any(|route| *route.name == **wanted);
            let note = if observed { format!("; `{wanted}` only observes") } else { String::new() };
            let named = config.routes.iter().any(|route| *route.name == **wanted) || wanted == "none";
            let note = if named { note } else { "; there is no route of that name".to_owned() };
            let message = format!("expected `{wanted}`, but it lands on `{lands}`{note}");
            failed.push(place.problem(message, explain.clone()));
        }
        let requires = strictest.map_or(Requirement::None, |route| route.require).as_str();
        if let Some((wanted, place)) = self.require.as_ref().filter(|(wanted, _)| wanted.as_str() != requires) {
            let message = format!("expected `{}`, but `{requires}` is required, by `{lands}`", wanted.as_str());
            failed.push(place.problem(message, explain));
        }
        failed
    }
}
