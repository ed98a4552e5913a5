//! `site:` and `portal:`.

use url::Url;

use super::{Node, Report, raw};
use crate::{edge::forward, flow::Site, identity::settings::SourceSettings, request, words::Language};

impl Report<'_> {
    /// The site as players know it.
    pub(super) fn site(&mut self, typed: &raw::Site, at: &Node) -> Site {
        let origin = self.origin(at.at("origin"), &typed.origin).unwrap_or_default();
        let secure = origin.starts_with("https://");
        let mut hosts: Vec<String> = origin.split_once("://").map(|(_, host)| host.to_owned()).into_iter().collect();
        for (index, host) in typed.hosts.iter().flatten().enumerate() {
            let place = at.at("hosts").item(index);
            if Url::parse(&format!("https://{host}/")).is_ok_and(|url| url.path() == "/" && url.username().is_empty()) {
                hosts.push(host.to_ascii_lowercase());
            } else {
                self.push(place, format!("`{host}` is no host"), "write name or name:port");
            }
        }
        let origins = typed.origins.iter().flatten().enumerate().filter_map(|(index, other)| {
            let place = at.at("origins").item(index);
            let other = self.origin(place, other)?;
            if !other.starts_with("https://") {
                self.push(place, "other origins must be https", "write https://…");
            }
            Some(other)
        });
        let origins = origins.collect();
        let look = self.look(typed.look.as_ref(), at.at("look"));
        let time_zone = self.time_zone(typed.time_zone.as_deref(), at.at("time_zone"));
        Site { name: typed.name.clone(), origin, hosts, origins, secure, look, time_zone }
    }

    /// Odd header names that reach the site, lower case: none that a server could take for a header that
    /// decides something.
    pub(super) fn odd_headers(
        &mut self,
        typed: Option<&[String]>,
        at: &Node,
        identity: &[SourceSettings],
    ) -> Vec<String> {
        let mut names = Vec::new();
        for (index, name) in typed.unwrap_or_default().iter().enumerate() {
            let place = at.item(index);
            let folded = request::folded_name(name);
            let is_read = |source: &SourceSettings| source.header().is_some_and(|own| request::folds_alike(own, name));
            if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                self.push(place, format!("`{name}` is no header name"), "write its name alone, as in X_App_Version");
            } else if !forward::is_odd(name) {
                let help = "remove it: only names with other characters than letters, digits and - need to be listed";
                self.push(place, format!("`{name}` goes on without this"), help);
            } else if forward::is_reserved(&folded) || identity.iter().any(is_read) {
                let help = "remove it, and let the site read another name";
                self.push(
                    place,
                    format!("some servers take `{name}` for `{folded}`, which a client may not say"),
                    help,
                );
            }
            names.push(name.to_ascii_lowercase());
        }
        names
    }

    /// Scheme and authority alone, in the one spelling that browsers send.
    fn origin(&mut self, at: &Node, typed: &str) -> Option<String> {
        let url = Url::parse(typed).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        let Some(url) = url else {
            self.push(at, format!("`{typed}` is no origin"), "write https://play.example");
            return None;
        };
        let origin = url.origin().ascii_serialization();
        if typed.trim_end_matches('/').to_ascii_lowercase() != origin {
            self.push(at, "an origin has no path, query or user", &format!("write {origin}"));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            let help = "use https; plain http is for development on 127.0.0.1 or localhost";
            self.push(at, "an http origin must be on loopback", help);
        }
        Some(origin)
    }

    /// The reserved prefix and the languages of our pages.
    pub(super) fn portal(&mut self, typed: Option<&raw::Portal>, at: &Node) -> (String, Vec<Language>) {
        self.reserved(at, "host");
        let prefix = typed.and_then(|portal| portal.prefix.clone()).unwrap_or_else(|| "/.stepgate".to_owned());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        let good = prefix
            .strip_prefix('/')
            .is_some_and(|name| !name.is_empty() && name.chars().all(plain) && name.chars().any(|c| c != '.'));
        if !good {
            let help = "one segment of a-z 0-9 . - _, as in /.stepgate, without a slash at its end";
            self.push(at.at("prefix"), format!("`{prefix}` cannot be the prefix"), help);
        }
        let languages = typed.and_then(|portal| portal.languages.as_deref());
        (prefix, languages.map_or_else(|| vec![Language::English], |typed| self.languages(typed, at.at("languages"))))
    }

    fn languages(&mut self, typed: &[String], at: &Node) -> Vec<Language> {
        if typed.is_empty() {
            self.push(at, "there is no language", "write [en]");
        }
        let mut languages = Vec::new();
        for (index, tag) in typed.iter().enumerate() {
            match Language::ALL.into_iter().find(|language| language.tag() == tag) {
                Some(language) if languages.contains(&language) => {
                    self.push(at.item(index), format!("`{tag}` stands twice"), "remove one");
                }
                Some(language) => languages.push(language),
                None => {
                    let known: Vec<&str> = Language::ALL.into_iter().map(Language::tag).collect();
                    let help = format!("one of: {}", known.join(", "));
                    self.push(at.item(index), format!("`{tag}` is none of our languages"), &help);
                }
            }
        }
        languages
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
