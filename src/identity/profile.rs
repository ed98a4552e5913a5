//! What the site tells us of an account by its id, server to server: for log-ins that say no more than
//! who it was.

use std::sync::Arc;

use http::{HeaderMap, StatusCode, header};
use secrecy::ExposeSecret;

use super::{
    IdentityError, Ports, Testimony,
    extract::{Answer, Extracted},
    introspection::{describe, read_at_most},
    settings::ProfileSettings,
};
use crate::request::Subject;

/// A site that is asked about accounts.
pub(super) struct Profile {
    settings: ProfileSettings,
    ports: Arc<Ports>,
}

impl Profile {
    pub(super) const fn new(settings: ProfileSettings, ports: Arc<Ports>) -> Self {
        Self { settings, ports }
    }

    /// What the site says of this account: its id there, which is `of` itself where no place of the
    /// answer names one, and its claims. `None`: the site knows no such account.
    ///
    /// # Errors
    /// Where the site does not answer, or not as configured.
    pub(super) async fn ask(&self, of: &Subject) -> Result<Option<Testimony>, IdentityError> {
        let Some(url) = address(&self.settings.url, of) else { return Ok(None) };
        let mut request = self.ports.http.get(url).timeout(self.settings.deadline);
        request = request.header(header::ACCEPT, "application/json");
        if let Some(authorization) = &self.settings.authorization {
            request = request.header(header::AUTHORIZATION, authorization.expose_secret());
        }
        let response = request.send().await.map_err(|error| unavailable(describe(&error)))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !response.status().is_success() {
            return Err(unavailable(&format!("status {} from the profile", response.status().as_u16())));
        }
        let headers = response.headers().clone();
        let body = read_at_most(response, self.settings.max_answer).await.map_err(unavailable)?;
        self.said(of, &headers, &body)
    }

    fn said(&self, of: &Subject, headers: &HeaderMap, body: &[u8]) -> Result<Option<Testimony>, IdentityError> {
        let json = serde_json::from_slice(body).ok();
        let answer = Answer { headers, body, json, authorization: None };
        let subject = match self.settings.subject.as_ref().map(|place| answer.read(place)) {
            None => of.clone(),
            Some(Extracted::Text(subject)) => Subject::parse(&subject).map_err(|bad| unavailable(&bad.to_string()))?,
            Some(Extracted::Nothing) => return Ok(None),
            Some(Extracted::Odd(why)) => return Err(unavailable(why)),
        };
        Ok(Some(Testimony { subject, claims: answer.claims(&self.settings.claims) }))
    }
}

/// The address of an account. `None` for ids that would name another place whatever their encoding: a
/// path's `.` and `..` (WHATWG URL section 4.4 takes `%2e` for a dot).
fn address(template: &str, of: &Subject) -> Option<String> {
    if matches!(of.as_str(), "." | "..") {
        return None;
    }
    let encoded = percent_encoding::utf8_percent_encode(of.as_str(), percent_encoding::NON_ALPHANUMERIC);
    Some(template.replace(ProfileSettings::PLACE, &encoded.to_string()))
}

fn unavailable(detail: &str) -> IdentityError {
    IdentityError::Unavailable { source_name: "login", detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_part_of_the_address() {
        let of = |id: &str| address("http://site/players/{subject}/all", &Subject::parse(id).unwrap());
        assert_eq!(of("a/../b?x=1#y").unwrap(), "http://site/players/a%2F%2E%2E%2Fb%3Fx%3D1%23y/all");
        assert_eq!(of("ayu@mail.example").unwrap(), "http://site/players/ayu%40mail%2Eexample/all");
        assert_eq!((of("."), of("..")), (None, None));
    }

    #[test]
    fn the_place_of_the_id_is_in_path_or_query_and_once() {
        for good in ["http://site/{subject}", "http://site/p?id={subject}", "https://site:8/p/{subject}.json"] {
            assert!(ProfileSettings::has_one_place(good), "{good}");
        }
        for bad in [
            "http://site/players",
            "http://{subject}.site/",
            "http://{subject}@site/",
            "{subject}://site/",
            "http://site/#{subject}",
            "http://site/{subject}/{subject}",
            "/players/{subject}",
        ] {
            assert!(!ProfileSettings::has_one_place(bad), "{bad}");
        }
    }
}
