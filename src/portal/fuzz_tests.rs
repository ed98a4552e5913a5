//! Whatever is posted to our pages: a form gives what browsers wrote, a document exactly its members.

use serde::Deserialize;

use super::{form, input};
use crate::{fuzz, policy::FactorKind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(deserialize_with = "input::kind")]
    method: FactorKind,
    code: String,
}

#[test]
fn no_form_is_read_otherwise_than_it_was_written() {
    fuzz::hold("portal_form", 20_000, |body| {
        let pairs = || form_urlencoded::parse(body);
        let sent = |name: &'static str| pairs().filter(move |(known, _)| known == name).map(|(_, value)| value);
        let Ok([code, method]) = form::fields(body, ["code", "method"]) else { return (9, 9) };
        for (name, value) in [("code", &code), ("method", &method)] {
            let sent: Vec<_> = sent(name).collect();
            assert!(sent.len() <= 1 && sent.first().is_none_or(|sent| sent == value), "{name}: {sent:?}");
            assert!(value.chars().count() <= 200 && !value.chars().any(char::is_control), "{value:?}");
        }
        (code.len().min(8), method.len().min(8))
    });
}

#[test]
fn no_document_has_more_than_its_members() {
    fuzz::hold("portal_json", 20_000, |body| {
        let asked: Asked = match input::parse(body) {
            Ok(asked) => asked,
            Err(problem) => {
                assert_eq!(problem.status(), 400);
                return format!("{:?}", body.first());
            }
        };
        let other: serde_json::Value = serde_json::from_slice(body).unwrap();
        assert_eq!(other, serde_json::json!({"method": asked.method.as_str(), "code": asked.code}));
        asked.method.as_str().to_owned()
    });
}
