//! What of a request tells the site who the player is: who may say it, and a request without it.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header};

use super::{
    HeaderUse, Sources,
    carrier::{matches_folded, retain_cookies},
    source::Source,
};
use crate::request;

impl Sources {
    /// What a header of this name is to the sources, from this peer.
    #[must_use]
    pub fn use_of(&self, name: &str, peer: IpAddr) -> HeaderUse {
        let mut found = HeaderUse::Unread;
        for source in &self.sources {
            match source.use_of(name, peer) {
                HeaderUse::Carrier => return HeaderUse::Carrier,
                HeaderUse::Forged => found = HeaderUse::Forged,
                HeaderUse::Unread => {}
            }
        }
        found
    }

    /// Removes what tells the site who the player is: identity cookies, credential headers with every
    /// twin of their names, and Authorization (decisions 4).
    pub fn strip(&self, headers: &mut HeaderMap) {
        headers.remove(header::AUTHORIZATION);
        let own = |name: &HeaderName| {
            let mut read = self.sources.iter().filter_map(Source::header);
            read.any(|read| request::folds_alike(read, name.as_str()))
        };
        let names: Vec<HeaderName> = headers.keys().filter(|name| own(name)).cloned().collect();
        for name in names {
            headers.remove(name);
        }
        let others = self.ports.other_credentials.iter().map(String::as_str);
        let names: Vec<&str> = self.identity_cookies().chain(others).collect();
        retain_cookies(headers, |cookie| names.iter().any(|name| matches_folded(cookie, name)));
    }
}
