//! Whatever a query and a body hold: a value that another reader finds is never told from what is
//! not there, and one that is told for certain is the value that the other reader finds.

use super::*;
use crate::fuzz::{self, parts, text};

/// The values that ordinary libraries find: the urlencoded parser of browsers, `serde_json`.
fn others(query: &str, content_type: &str, bytes: &[u8]) -> Vec<(FieldName, String)> {
    let named = |pairs: form_urlencoded::Parse<'_>| -> Vec<String> {
        pairs.filter(|(name, _)| name == "do").map(|(_, value)| value.into_owned()).collect()
    };
    let mut found: Vec<(FieldName, String)> = Vec::new();
    let at = |name: &FieldName, values: Vec<String>| values.into_iter().map(|value| (name.clone(), value)).collect();
    let (in_query, in_form, in_json) =
        (FieldName::Query("do".into()), FieldName::Form("do".into()), FieldName::Json("/do".into()));
    let pairs: Vec<_> = at(&in_query, named(form_urlencoded::parse(query.as_bytes())));
    found.extend(pairs);
    if content_type == "application/x-www-form-urlencoded" {
        let pairs: Vec<_> = at(&in_form, named(form_urlencoded::parse(bytes)));
        found.extend(pairs);
    }
    let document: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    let member = document.as_ref().and_then(|value| value.get("do")).and_then(|value| value.as_str());
    if content_type == "application/json" {
        found.extend(member.map(|value| (in_json, value.to_owned())));
    }
    found
}

#[test]
fn no_field_is_overlooked() {
    fuzz::hold("fields", 20_000, |input| {
        let [content_type, query, bytes] = parts(input);
        let (Some(content_type), Some(query)) = (text(content_type), text(query)) else { return "no text".to_owned() };
        let body = Some(Body { content_type: (!content_type.is_empty()).then_some(content_type), bytes });
        let names = [FieldName::Query("do".into()), FieldName::Form("do".into()), FieldName::Json("/do".into())];
        let fields = names.map(|name| {
            let field = read(&name, Some(query), body);
            assert_eq!(values(&name, Some(query), body).is_empty(), matches!(field, Field::Absent | Field::Unreadable));
            (name, field)
        });
        for (name, value) in others(query, content_type, bytes) {
            assert_ne!(condition(&name, Some(query), body, &value), Condition::No, "{name:?} {value:?}");
            let (_, field) = fields.iter().find(|(other, _)| *other == name).unwrap();
            if let Field::One(one) = field {
                assert_eq!(*one, value, "{name:?}");
            }
        }
        format!("{:?} {content_type}", fields.map(|(_, field)| std::mem::discriminant(&field)))
    });
}
