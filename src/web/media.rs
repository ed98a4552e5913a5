//! The media type of a body, read strictly (RFC 9110 §8.3.1).

use http::{HeaderMap, header};

use crate::{request, web::Problem};

/// What our own pages and calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// A JSON document.
    Json,
    /// The form of a page.
    Form,
}

impl Media {
    /// Its name, lower case and without parameters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    /// Passes a request that says exactly once that its body is of this type (decisions 31).
    /// Parameters may follow, but a charset only if it is UTF-8; an encoded body is none of ours.
    ///
    /// # Errors
    /// 415 `unsupported-media-type`.
    pub fn check(self, headers: &HeaderMap) -> Result<(), Problem> {
        let said = request::header_once(headers, header::CONTENT_TYPE.as_str());
        let plain = !headers.contains_key(header::CONTENT_ENCODING);
        if plain && said.is_some_and(|said| self.is_named_by(said)) {
            return Ok(());
        }
        Err(Problem::media_type(self.as_str()))
    }

    fn is_named_by(self, said: &str) -> bool {
        let mut parts = said.split(';').map(|part| part.trim_matches([' ', '\t']));
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(self.as_str()));
        named && parts.filter(|part| !part.is_empty()).all(is_harmless)
    }
}

/// Whether a parameter leaves the body what it is.
fn is_harmless(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_type_passes_with_harmless_parameters() {
        for (said, passes) in [
            ("application/json", true),
            ("Application/JSON", true),
            ("application/json; charset=utf-8", true),
            ("application/json;charset=\"UTF-8\"", true),
            ("application/json; v=1;", true),
            ("application/json; charset=utf-16", false),
            ("application/json; charset", false),
            ("application/jsonx", false),
            ("application/problem+json", false),
            ("text/plain; application/json", false),
            ("application/json, text/plain", false),
            ("text/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, said.parse().unwrap());
            assert_eq!(Media::Json.check(&headers).is_ok(), passes, "{said}");
            headers.append(header::CONTENT_TYPE, "application/json".parse().unwrap());
            assert!(Media::Json.check(&headers).is_err(), "{said}, twice");
        }
    }

    #[test]
    fn no_type_and_an_encoded_body_are_refused() {
        let mut headers = HeaderMap::new();
        assert!(Media::Form.check(&headers).is_err());
        headers.insert(header::CONTENT_TYPE, "application/x-www-form-urlencoded".parse().unwrap());
        assert!(Media::Form.check(&headers).is_ok() && Media::Json.check(&headers).is_err());
        headers.insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
        assert!(Media::Form.check(&headers).is_err());
    }
}
