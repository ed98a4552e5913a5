//! Whether an answer of the site is the success that the configuration describes.

use super::{SiteAnswer, set_cookie::sets};
use crate::{
    clock::UnixTime,
    policy::rule::{AnswerCondition, LocationCondition},
    request,
};

impl SiteAnswer<'_> {
    /// Whether the answer is the success that the condition describes; a body that was not read is none.
    #[must_use]
    pub fn satisfies(&self, condition: &AnswerCondition, now: UnixTime) -> bool {
        let status_fits = match condition.status.as_slice() {
            [] => (200..400).contains(&self.status),
            listed => listed.contains(&self.status),
        };
        let location = request::header_once(self.headers, http::header::LOCATION.as_str());
        let location_fits = condition.location.as_ref().is_none_or(|wanted| {
            location.is_some_and(|location| match wanted {
                LocationCondition::Exact(path) => path_and_query(location) == path,
                LocationCondition::Regex(regex) => regex.is_match(path_and_query(location)),
            })
        });
        let body = || self.body.and_then(|body| std::str::from_utf8(body).ok());
        status_fits
            && location_fits
            && condition.sets_cookie.as_deref().is_none_or(|name| sets(self.headers, name, now))
            && condition.body.as_ref().is_none_or(|regex| body().is_some_and(|body| regex.is_match(body)))
    }
}

/// A location without scheme and host.
fn path_and_query(location: &str) -> &str {
    let Some((_, rest)) = location.split_once("://") else { return location };
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_compared_as_paths() {
        assert_eq!(path_and_query("https://play.example/home?x=1"), "/home?x=1");
        assert_eq!(path_and_query("/home"), "/home");
        assert_eq!(path_and_query("https://play.example"), "/");
    }
}
