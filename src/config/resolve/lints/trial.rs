//! Requests that fit a pattern, and where they land.

use std::sync::Arc;

use http::{HeaderValue, Method, header};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::Subject;
use crate::{
    config::resolve::expected::Expected,
    fields::FieldName,
    flow::Site,
    policy::{PathPattern, Requirement, Route, Routes, routes::strictness, rule::Match, sample::Sample},
    request::Scheme,
};

/// What stands for a `*` in a sample, and below a subtree.
const ANY: &str = "stepgate-sample";

/// What samples are tried on.
pub(super) struct Trial<'t> {
    pub(super) site: &'t Site,
    pub(super) routes: Routes,
    default: Requirement,
    tests: &'t [Expected],
}

/// The strictest route that a request lands on, by name; `None`: it lands on none.
pub(super) type Landed = Option<(Arc<str>, Requirement)>;

/// What a landing requires.
pub(super) fn required(landed: Landed) -> Requirement {
    landed.map_or(Requirement::None, |(_, require)| require)
}

/// Whether `one` asks for less than `other`.
pub(super) fn weaker(one: Requirement, other: Requirement) -> bool {
    strictness(one) < strictness(other)
}

impl<'t> Trial<'t> {
    pub(super) fn of(subject: &Subject<'t>) -> Self {
        let routes = Routes::compile(subject.routes.to_vec(), subject.default);
        Self { site: subject.site, routes, default: subject.default, tests: subject.tests }
    }

    /// Where a request of this pattern lands; the outer `None`: no sample can be made.
    pub(super) fn lands(&self, method: &Method, pattern: &Match, host: Option<&str>, below: &str) -> Option<Landed> {
        let path = format!("{}{below}", filled(&pattern.path));
        let sample = self.sample(method, &path, host.or(pattern.host.as_deref()), &pattern.fields)?;
        Some(self.land(&sample))
    }

    /// Where this request lands.
    pub(super) fn land(&self, sample: &Sample) -> Landed {
        strictest(&self.routes, sample)
    }

    /// Whether one of `tests:` is a request that this route observes: then somebody wrote down where it lands.
    pub(super) fn is_observed_in_tests(&self, route: &Route) -> bool {
        self.samples().any(|(_, sample)| {
            sample.read(|head, body| {
                self.routes.land(head, body).observed.iter().any(|observed| observed.name == route.name)
            })
        })
    }

    /// Whether one of `tests:` expects this route for a request that would need more without it: then the
    /// exception is meant.
    pub(super) fn is_exception_in_tests(&self, route: &Route) -> bool {
        let expected = || self.samples().filter(|(test, _)| test.lands_on(&route.name));
        if expected().next().is_none() {
            return false;
        }
        let others = self.routes.all().iter().filter(|other| other.name != route.name).cloned().collect();
        let others = Routes::compile(others, self.default);
        expected().any(|(_, sample)| weaker(route.require, required(strictest(&others, &sample))))
    }

    fn samples(&self) -> impl Iterator<Item = (&'t Expected, Sample)> {
        self.tests.iter().filter_map(|test| Some((test, test.sample(self.site).ok()?)))
    }

    /// A request with these fields: those of a form stand in the query where the method has no body. `None`
    /// for what no request has, as a document and a form.
    pub(super) fn sample(
        &self,
        method: &Method,
        path: &str,
        host: Option<&str>,
        fields: &[(FieldName, String)],
    ) -> Option<Sample> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let mut form = form_urlencoded::Serializer::new(String::new());
        let mut pointers = Vec::new();
        for (field, value) in fields {
            match field {
                FieldName::Query(name) => _ = query.append_pair(name, value),
                FieldName::Form(name) if method.is_safe() => _ = query.append_pair(name, value),
                FieldName::Form(name) => _ = form.append_pair(name, value),
                FieldName::Json(_) if method.is_safe() => return None,
                FieldName::Json(pointer) => pointers.push((pointer.as_str(), value.as_str())),
            }
        }
        let (query, form) = (query.finish(), form.finish());
        let (content_type, body) = match pointers.as_slice() {
            [] => ("application/x-www-form-urlencoded", form.into_bytes()),
            pointers if form.is_empty() => ("application/json", document(pointers)?),
            _ => return None,
        };
        let mark = if query.is_empty() { "" } else { "?" };
        let host = host.or(self.site.hosts.first().map(String::as_str))?;
        let scheme = if self.site.secure { Scheme::Https } else { Scheme::Http };
        let url = format!("{}://{host}{path}{mark}{query}", scheme.as_str());
        let mut sample = Sample::new(method.clone(), &url, &self.site.hosts, scheme).ok()?;
        sample.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        sample.body = Some(body);
        Some(sample)
    }
}

fn strictest(routes: &Routes, sample: &Sample) -> Landed {
    sample.read(|head, body| {
        let landing = routes.land(head, body);
        landing.enforced.first().map(|route| (Arc::clone(&route.name), route.require))
    })
}

/// A path of this pattern.
pub(super) fn filled(pattern: &PathPattern) -> String {
    let parts: Vec<&str> =
        pattern.as_str().split('/').map(|part| if part.starts_with('*') { ANY } else { part }).collect();
    parts.join("/")
}

/// A path that both patterns match.
pub(super) fn meet(one: &PathPattern, other: &PathPattern) -> Option<String> {
    let (one, other): (Vec<&str>, Vec<&str>) = (one.as_str().split('/').collect(), other.as_str().split('/').collect());
    Some(meet_parts(&one, &other)?.join("/"))
}

fn meet_parts<'p>(one: &[&'p str], other: &[&'p str]) -> Option<Vec<&'p str>> {
    match (one, other) {
        ([], []) => Some(Vec::new()),
        (["**"], rest) | (rest, ["**"]) => {
            Some(rest.iter().map(|part| if part.starts_with('*') { ANY } else { *part }).collect())
        }
        ([one, ones @ ..], [other, others @ ..]) => {
            let part = match (*one, *other) {
                ("*", "*") => ANY,
                ("*", part) | (part, "*") if !part.is_empty() => part,
                (one, other) if one == other => one,
                _ => return None,
            };
            let mut parts = vec![part];
            parts.extend(meet_parts(ones, others)?);
            Some(parts)
        }
        ([], [_, ..]) | ([_, ..], []) => None,
    }
}

/// A JSON document with these texts at these pointers (RFC 6901); `None` where one stands inside another.
fn document(pointers: &[(&str, &str)]) -> Option<Vec<u8>> {
    let mut document = Value::Object(Map::new());
    for (pointer, value) in pointers {
        let mut at = &mut document;
        for part in pointer.split('/').skip(1) {
            let key = part.replace("~1", "/").replace("~0", "~");
            at = at.as_object_mut()?.entry(key).or_insert_with(|| Value::Object(Map::new()));
        }
        *at = Value::String((*value).to_owned());
    }
    serde_json::to_vec(&document).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_patterns_meet_where_a_path_is_both_of_theirs() {
        for (one, other, path) in [
            ("/a/b", "/a/b", Some("/a/b")),
            ("/a/b", "/a/c", None),
            ("/*/b", "/a/**", Some("/a/b")),
            ("/*/b", "/a/*", Some("/a/b")),
            ("/*/*", "/a/**", Some("/a/stepgate-sample")),
            ("/a/**", "/a", Some("/a")),
            ("/a/**", "/**", Some("/a/stepgate-sample")),
            ("/a/**", "/b/**", None),
            ("/a/b/c", "/a/b", None),
            ("/a/", "/a/*", None),
        ] {
            let of = |text| PathPattern::parse(text).unwrap();
            for (one, other) in [(one, other), (other, one)] {
                assert_eq!(meet(&of(one), &of(other)).as_deref(), path, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_document_has_what_the_pointers_say() {
        let made = document(&[("/a/b", "1"), ("/a/c~1d", "x"), ("/e", "y")]).unwrap();
        let made: Value = serde_json::from_slice(&made).unwrap();
        assert_eq!(made, serde_json::json!({ "a": { "b": "1", "c/d": "x" }, "e": "y" }));
        assert_eq!(document(&[("/a", "1"), ("/a/b", "2")]), None);
    }
}
