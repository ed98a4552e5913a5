//! Bound fields: one named value out of a query, a form or a JSON body, in every reading that some
//! framework might give it.

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

/// Reads one field.
#[must_use]
pub fn read(name: &FieldName, query: Option<&str>, body: Option<Body<'_>>) -> Field {
    let _ = (name, query, body);
    unimplemented!()
}
