//! Bound fields: one named value out of a query, a form or a JSON body, in every reading that some
//! framework might give it (security.md 3.3).

mod form;
mod json;
mod multipart;
mod name;
mod value;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod multipart_tests;
#[cfg(test)]
mod name_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod value_tests;

use std::borrow::Cow;

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

/// Types of bodies in which no framework looks for fields.
const WITHOUT_FIELDS: [&str; 5] = ["image/", "audio/", "video/", "font/", "application/octet-stream"];

/// Whether some framework looks for fields in a body of this type, of a form or of JSON: also in one without a type.
#[must_use]
pub fn may_have_fields(content_type: Option<&str>) -> bool {
    content_type.is_none_or(|text| {
        let essence = text.trim_start().to_ascii_lowercase();
        !WITHOUT_FIELDS.iter().any(|without| essence.starts_with(without))
    })
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
    outcome(&read(name, query, body), expected)
}

/// The same of what a text has under the field's name that some framework reads as a query, a field of a document as
/// `a[b]`; `None` where it has nothing.
#[must_use]
pub fn condition_in(text: &str, name: &FieldName, expected: &str) -> Option<Condition> {
    let found = read_in(text, name);
    (found != Field::Absent).then(|| outcome(&found, expected))
}

/// Whether such a text has the field.
#[must_use]
pub fn stands_in(text: &str, name: &FieldName) -> bool {
    read_in(text, name) != Field::Absent
}

fn read_in(text: &str, name: &FieldName) -> Field {
    let name = match name {
        FieldName::Query(name) | FieldName::Form(name) => Cow::Borrowed(name.as_str()),
        FieldName::Json(pointer) => Cow::Owned(json::parameter(pointer)),
    };
    field(form::values(&name, text.as_bytes()))
}

fn outcome(found: &Field, expected: &str) -> Condition {
    match found {
        Field::Absent => Condition::No,
        Field::One(value) => value::compare(value, expected),
        Field::Several(_) | Field::Unreadable => Condition::Unknown,
    }
}

/// A parameter of the query; one that a form or a JSON object has too, or may have, is ambiguous: some frameworks
/// merge both, and then the body's counts.
fn query_field(name: &str, query: Option<&str>, body: Option<Body<'_>>) -> Field {
    let mut found = form::values(name, query.unwrap_or_default().as_bytes());
    let in_body = match body.map(|body| (media(body), body.bytes)) {
        Some((Media::Form, bytes)) => form::values(name, bytes),
        Some((Media::Multipart { boundary }, bytes)) => match multipart::values(name, bytes, boundary) {
            Some(values) => values,
            None => return Field::Unreadable,
        },
        None => Vec::new(),
        Some((_, [])) => Vec::new(),
        Some((Media::Json, bytes)) => match json::read(&json::pointer(name), bytes) {
            Field::Absent => Vec::new(),
            Field::One(value) => vec![form::Found { value, plain: false }],
            Field::Several(values) => values.into_iter().map(|value| form::Found { value, plain: false }).collect(),
            Field::Unreadable => return Field::Unreadable,
        },
        Some((Media::Other, _)) if body.is_some_and(|body| may_have_fields(body.content_type)) => {
            return Field::Unreadable;
        }
        Some((Media::Other, _)) => Vec::new(),
    };
    if in_body.is_empty() {
        return field(found);
    }
    found.extend(in_body);
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
    found.extend(in_query);
    field(found)
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
        let Some((name, written)) = parameter.split_once('=') else { return Media::Other };
        let inner = written.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = inner.unwrap_or(written);
        if name.eq_ignore_ascii_case("charset") && value.eq_ignore_ascii_case("utf-8") {
            continue;
        }
        let is_boundary = name.eq_ignore_ascii_case("boundary") && multipart::is_boundary(value, inner.is_some());
        if !is_boundary || boundary.replace(value).is_some() {
            return Media::Other;
        }
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
