//! A request that nobody sent: what `explain`, `tests:` and the lints of a configuration ask about.

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, Method, Version, header};

use crate::{
    fields::Body,
    policy::BodyView,
    request::{self, AnswerCookies, Head, Scheme},
    target::{BadTarget, Endings, Target},
};

/// A request in full.
#[derive(Debug)]
pub struct Sample {
    /// Of the site's hosts, as the configuration writes it.
    pub host: String,
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: Target,
    /// Every header.
    pub headers: HeaderMap,
    /// `None`: a safe method has none, and of every other it may be anything.
    pub body: Option<Vec<u8>>,
    scheme: Scheme,
}

/// An address that no request can be made of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Of another host.
    #[error("`{0}` is not one of the site's hosts")]
    UnknownHost(String),
    /// Refused for everybody.
    #[error(transparent)]
    Target(#[from] BadTarget),
}

impl Sample {
    /// A request without headers and body. A `url` that is a path is one of the first of `hosts`.
    ///
    /// # Errors
    /// [`BadAddress`] where it is of another host or never legitimate.
    pub fn new(method: Method, url: &str, hosts: &[String], scheme: Scheme) -> Result<Self, BadAddress> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let first = hosts.first().map_or("", String::as_str);
        let (host, target) = match rest {
            None => (first, url),
            Some(rest) => match rest.find(['/', '?']).and_then(|at| rest.split_at_checked(at)) {
                Some((host, target)) => (host, target),
                None => (rest, "/"),
            },
        };
        let known = hosts.iter().find(|known| known.eq_ignore_ascii_case(host));
        let host = known.ok_or_else(|| BadAddress::UnknownHost(host.to_owned()))?.clone();
        let target = Target::parse_for(&method, target.as_bytes())?;
        Ok(Self { host, method, target, headers: HeaderMap::new(), body: None, scheme })
    }

    /// The same where only these endings of a path are read as none.
    #[must_use]
    pub fn with_endings(self, endings: Endings) -> Self {
        Self { target: self.target.with_endings(endings), ..self }
    }

    /// What is said of its head and its body.
    pub fn read<T>(&self, reader: impl FnOnce(&Head<'_>, BodyView<'_>) -> T) -> T {
        let nowhere = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let head = Head {
            method: &self.method,
            target: &self.target,
            host: &self.host,
            scheme: self.scheme,
            version: Version::HTTP_11,
            headers: &self.headers,
            client: nowhere,
            peer: nowhere,
            answer_cookies: &AnswerCookies::default(),
        };
        let content_type = request::header_once(&self.headers, header::CONTENT_TYPE.as_str());
        let body = match &self.body {
            Some(bytes) => BodyView::Read(Body { content_type, bytes }),
            None if self.method.is_safe() => BodyView::Read(Body { content_type, bytes: b"" }),
            None => BodyView::Unread,
        };
        reader(&head, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not said of a body may be anything, where there may be one.
    #[test]
    fn only_a_safe_method_has_no_body() {
        let read = |method: Method, typed: Option<&[u8]>| {
            let mut sample = Sample::new(method, "/a", &["play.example".to_owned()], Scheme::Https).unwrap();
            sample.headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
            sample.body = typed.map(<[u8]>::to_vec);
            sample.read(|_, body| match body {
                BodyView::Unread => None,
                BodyView::Read(body) => Some((body.content_type == Some("text/plain"), body.bytes.to_vec())),
            })
        };
        assert_eq!(read(Method::GET, None), Some((true, vec![])));
        assert_eq!(read(Method::POST, None), None);
        for method in [Method::GET, Method::POST] {
            assert_eq!(read(method, Some(b"a")), Some((true, b"a".to_vec())));
        }
    }

    #[test]
    fn an_address_is_one_of_the_sites_hosts() {
        let hosts = ["play.example".to_owned(), "www.play.example".to_owned()];
        let read = |url| Sample::new(Method::GET, url, &hosts, Scheme::Https);
        for (url, host, target) in [
            ("/a?b", "play.example", "/a?b"),
            ("https://WWW.play.example/a", "www.play.example", "/a"),
            ("https://play.example", "play.example", "/"),
        ] {
            let sample = read(url).unwrap();
            assert_eq!((sample.host.as_str(), sample.target.raw()), (host, target), "{url}");
        }
        assert_eq!(read("https://evil.example/").unwrap_err(), BadAddress::UnknownHost("evil.example".into()));
        assert_eq!(read("/a%00").unwrap_err(), BadAddress::Target(BadTarget::Control));
        assert_eq!(read("a").unwrap_err(), BadAddress::Target(BadTarget::NotOriginForm));
    }
}
