//! Bound fields: one named value out of a query, a form or a JSON body, in every reading that some
//! framework might give it (security.md 3.3).

mod form;
mod json;
mod multipart;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod property_tests;

/// Where a field stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldName {
    /// A parameter of the query.
    Query(String),
    /// A field of an urlencoded or multipart form.
    Form(String),
    /// A JSON Pointer (RFC 6901) into a JSON body.
    Json(String),
}

/// A request body that was read whole, with its one content type.
#[derive(Clone, Copy, Debug)]
pub struct Body<'b> {
    /// The one Content-Type; `None` when absent. Repeated ones are refused before.
    pub content_type: Option<&'b str>,
    /// The bytes as received, not decompressed.
    pub bytes: &'b [u8],
}

/// What a field holds over all readings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// No reading finds it.
    Absent,
    /// Every reading that finds it finds exactly this.
    One(String),
    /// Readings disagree, or it occurs more than once: each value found, in order.
    Several(Vec<String>),
    /// The place cannot be read: another content type, malformed, too deep.
    Unreadable,
}

/// Whether a field has a value: what cannot be read, and what readings disagree on, is unknown
/// (decisions 19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// In every reading.
    Yes,
    /// In no reading.
    No,
    /// In some, or it cannot be told.
    Unknown,
}

/// The body's media type, as far as fields can be read from it.
enum Media<'b> {
    Form,
    Json,
    Multipart { boundary: &'b str },
    Other,
}

/// Reads one field.
#[must_use]
pub fn read(name: &FieldName, query: Option<&str>, body: Option<Body<'_>>) -> Field {
    match name {
        FieldName::Query(name) => query_field(name, query, body),
        FieldName::Form(name) => form_field(name, query, body),
        FieldName::Json(pointer) => match body {
            None => Field::Absent,
            Some(body) if body.bytes.is_empty() => Field::Absent,
            Some(body) => match media(body) {
                Media::Json => json::read(pointer, body.bytes),
                Media::Form | Media::Multipart { .. } | Media::Other => Field::Unreadable,
            },
        },
    }
}

/// Whether some framework looks for form fields in a body of this type: also in one without a type.
#[must_use]
pub fn may_be_form(content_type: Option<&str>) -> bool {
    content_type.is_none_or(|text| text.to_ascii_lowercase().contains("form"))
}

/// Every value that some reading finds; empty also where the place cannot be read.
#[must_use]
pub fn values(name: &FieldName, query: Option<&str>, body: Option<Body<'_>>) -> Vec<String> {
    match read(name, query, body) {
        Field::Absent | Field::Unreadable => Vec::new(),
        Field::One(value) => vec![value],
        Field::Several(values) => values,
    }
}

/// Whether a field has this value.
#[must_use]
pub fn condition(name: &FieldName, query: Option<&str>, body: Option<Body<'_>>, expected: &str) -> Condition {
    match read(name, query, body) {
        Field::Absent => Condition::No,
        Field::One(value) if value == expected => Condition::Yes,
        // A framework that folds case or trims would see the expected value.
        Field::One(value) if value.trim().eq_ignore_ascii_case(expected.trim()) => Condition::Unknown,
        Field::One(_) => Condition::No,
        Field::Several(_) | Field::Unreadable => Condition::Unknown,
    }
}

/// A parameter of the query; one that a form has too, or may have, is ambiguous: some frameworks merge
/// both, and then the form's counts.
fn query_field(name: &str, query: Option<&str>, body: Option<Body<'_>>) -> Field {
    let mut found = form::values(name, query.unwrap_or_default().as_bytes());
    let in_form = match body.map(|body| (media(body), body.bytes)) {
        Some((Media::Form, bytes)) => form::values(name, bytes),
        Some((Media::Multipart { boundary }, bytes)) => match multipart::values(name, bytes, boundary) {
            Some(values) => values,
            None => return Field::Unreadable,
        },
        Some((Media::Other, bytes)) if !bytes.is_empty() && body.is_some_and(|body| may_be_form(body.content_type)) => {
            return Field::Unreadable;
        }
        None | Some((Media::Json | Media::Other, _)) => Vec::new(),
    };
    if in_form.is_empty() {
        return field(found);
    }
    found.extend(in_form);
    Field::Several(found.into_iter().map(|found| found.value).collect())
}

/// A form field; one that the query repeats is ambiguous, since some frameworks merge both.
fn form_field(name: &str, query: Option<&str>, body: Option<Body<'_>>) -> Field {
    let in_query = form::values(name, query.unwrap_or_default().as_bytes());
    let Some(body) = body.filter(|body| !body.bytes.is_empty()) else { return field(in_query) };
    let mut found = match media(body) {
        Media::Form => form::values(name, body.bytes),
        Media::Multipart { boundary } => match multipart::values(name, body.bytes, boundary) {
            Some(values) => values,
            None => return Field::Unreadable,
        },
        Media::Json | Media::Other => return Field::Unreadable,
    };
    let ambiguous = !in_query.is_empty() && !found.is_empty();
    found.extend(in_query);
    let read = field(found);
    if let (Field::One(value), true) = (&read, ambiguous) {
        return Field::Several(vec![value.clone()]);
    }
    read
}

/// Values with whether the name was written plainly; several, or one under an odd name, is ambiguous.
fn field(found: Vec<form::Found>) -> Field {
    match found.as_slice() {
        [] => Field::Absent,
        [one] if one.plain => Field::One(one.value.clone()),
        _ => Field::Several(found.into_iter().map(|found| found.value).collect()),
    }
}

/// Exact media types; the only parameter besides a boundary is `charset=utf-8`.
fn media<'b>(body: Body<'b>) -> Media<'b> {
    let Some(content_type) = body.content_type else { return Media::Other };
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let mut boundary = None;
    for parameter in parts {
        let Some((name, value)) = parameter.split_once('=') else { return Media::Other };
        if name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8") {
            continue;
        }
        if !name.eq_ignore_ascii_case("boundary") || boundary.is_some() {
            return Media::Other;
        }
        boundary = Some(value.trim_matches('"'));
    }
    match (essence, boundary) {
        (form, None) if form.eq_ignore_ascii_case("application/x-www-form-urlencoded") => Media::Form,
        (json, None) if json.eq_ignore_ascii_case("application/json") => Media::Json,
        (multipart, Some(boundary)) if multipart.eq_ignore_ascii_case("multipart/form-data") => {
            Media::Multipart { boundary }
        }
        _ => Media::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    fn form(body: &str) -> Field {
        read(&FieldName::Form("amount".into()), None, Some(Body { content_type: FORM, bytes: body.as_bytes() }))
    }

    fn json(pointer: &str, body: &str) -> Field {
        let body = Body { content_type: Some("application/json"), bytes: body.as_bytes() };
        read(&FieldName::Json(pointer.into()), None, Some(body))
    }

    #[test]
    fn one_plain_occurrence_is_one() {
        assert_eq!(form("amount=1+000&to=x"), Field::One("1 000".into()));
        assert_eq!(form("to=x"), Field::Absent);
    }

    #[test]
    fn every_other_spelling_is_ambiguous() {
        for body in [
            "amount=1&amount=2",
            "amount=1&%61mount=2",
            "amount[]=1",
            "amount=1&amount[]=2",
            "Amount=1",
            "amount%00x=1",
            "amount.x=1&amount=2",
            "amount=1;amount=2",
            " amount=1",
            "\u{feff}amount=1",
            "?amount=1",
        ] {
            assert!(matches!(form(body), Field::Several(_)), "{body}: {:?}", form(body));
        }
    }

    #[test]
    fn a_field_in_query_and_form_is_ambiguous() {
        let body = Some(Body { content_type: FORM, bytes: b"amount=1" });
        let field = read(&FieldName::Form("amount".into()), Some("amount=1"), body);
        assert!(matches!(field, Field::Several(_)));
    }

    /// Rack, PHP's `$_REQUEST` and servlets merge both.
    #[test]
    fn a_form_counts_for_the_query() {
        let ask = |content_type, body: &str, query| {
            let body = Some(Body { content_type, bytes: body.as_bytes() });
            condition(&FieldName::Query("do".into()), query, body, "pay")
        };
        assert_eq!(ask(FORM, "do=pay", None), Condition::Unknown);
        assert_eq!(ask(FORM, "do=pay", Some("do=look")), Condition::Unknown);
        assert_eq!(ask(None, "do=pay", Some("do=look")), Condition::Unknown);
        assert_eq!(ask(Some("image/png"), "do=pay", Some("do=look")), Condition::No);
        assert_eq!(ask(FORM, "x=y", Some("do=look")), Condition::No);
        assert_eq!(ask(Some("application/json"), "{}", Some("do=look")), Condition::No);
        assert_eq!(ask(None, "", Some("do=pay")), Condition::Yes);
    }

    #[test]
    fn other_content_types_are_unreadable() {
        for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded; charset=utf-16")] {
            let body = Some(Body { content_type, bytes: b"amount=1" });
            assert_eq!(read(&FieldName::Form("amount".into()), None, body), Field::Unreadable);
        }
    }

    #[test]
    fn json_is_read_strictly() {
        assert_eq!(json("/a/b", r#"{"a":{"b":"x"}}"#), Field::One("x".into()));
        assert_eq!(json("/a/1", r#"{"a":[1,2.50]}"#), Field::One("2.50".into()));
        assert_eq!(json("/a", r#"{"b":1}"#), Field::Absent);
        assert_eq!(json("/a", r#"{"a":12345678901234567890123}"#), Field::One("12345678901234567890123".into()));
        for broken in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":1} x"#,
            r#"{"a":NaN}"#,
            r#"{"a":1,}"#,
            "\u{feff}{\"a\":1}",
            r#"{"a":{"x":1,"x":2}}"#,
        ] {
            assert_eq!(json("/a", broken), Field::Unreadable, "{broken}");
        }
        assert_eq!(json("/a", &format!("{}{}", "[".repeat(64), "]".repeat(64))), Field::Unreadable);
        assert_eq!(json("/a", r#"{"a":{}}"#), Field::Unreadable);
    }

    #[test]
    fn multipart_is_read_strictly() {
        let content_type = Some("multipart/form-data; boundary=xYz");
        let read_part = |body: &str| {
            read(&FieldName::Form("amount".into()), None, Some(Body { content_type, bytes: body.as_bytes() }))
        };
        let part = |headers: &str, value: &str| format!("--xYz\r\n{headers}\r\n\r\n{value}\r\n");
        let plain = part("Content-Disposition: form-data; name=\"amount\"", "5");
        assert_eq!(read_part(&format!("{plain}--xYz--\r\n")), Field::One("5".into()));
        let twice = format!("{plain}{plain}--xYz--\r\n");
        assert!(matches!(read_part(&twice), Field::Several(_)));
        let starred = part("Content-Disposition: form-data; name=\"a\"; name*=UTF-8''amount", "5");
        assert_eq!(read_part(&format!("{starred}--xYz--\r\n")), Field::Unreadable);
        let shouted = part("Content-Disposition: form-data; name=\"a\"; NAME=\"amount\"", "5");
        assert_eq!(read_part(&format!("{shouted}--xYz--\r\n")), Field::Unreadable);
        assert_eq!(read_part(&plain), Field::Unreadable);
    }

    #[test]
    fn conditions_have_three_outcomes() {
        let ask = |body: &str| {
            let body = Some(Body { content_type: FORM, bytes: body.as_bytes() });
            condition(&FieldName::Form("do".into()), None, body, "pay")
        };
        assert_eq!(ask("do=pay"), Condition::Yes);
        assert_eq!(ask("do=other"), Condition::No);
        assert_eq!(ask("x=1"), Condition::No);
        assert_eq!(ask("do=other&do=pay"), Condition::Unknown);
        assert_eq!(ask("do=PAY"), Condition::Unknown);
    }
}
