//! The methods that some framework may take a request for besides its own.

use http::{HeaderName, Method, header};

use super::BodyView;
use crate::{
    fields::{self, Field, FieldName},
    request::{self, Head},
};

/// Headers by which some frameworks take another method (security.md 3.3).
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];
/// The field of a query or form by which they do.
const OVERRIDE_FIELD: &str = "_method";

/// Whether some framework takes another method by a header of this name, however it is spelled.
#[must_use]
pub fn is_override(name: &HeaderName) -> bool {
    OVERRIDES.iter().any(|own| request::folds_alike(own, name.as_str()))
}

/// Whether some framework may take a request for one that changes something: by its method, or by one that an
/// override names.
#[must_use]
pub fn may_change(head: &Head<'_>, body: BodyView<'_>) -> bool {
    Overrides::of(head, body).methods.iter().any(|method| !method.is_safe())
}

/// The methods that some framework may take a request for.
pub(super) struct Overrides {
    /// The request's own first, then those that an override names.
    pub(super) methods: Vec<Method>,
    /// Whether the body may name another one that cannot be seen.
    pub(super) hidden: bool,
}

impl Overrides {
    pub(super) fn of(head: &Head<'_>, body: BodyView<'_>) -> Self {
        let mut methods = vec![head.method.clone()];
        let mut also = |names: &str| {
            // Of several names in one value each framework takes another one.
            for name in names.split(',') {
                if let Ok(method) = Method::from_bytes(name.trim().to_ascii_uppercase().as_bytes())
                    && !methods.contains(&method)
                {
                    methods.push(method);
                }
            }
        };
        for (name, value) in head.headers {
            if is_override(name) {
                value.to_str().into_iter().for_each(&mut also);
            }
        }
        let query = head.target.query().filter(|query| !query.is_empty());
        if query.is_some() {
            fields::values(&FieldName::Query(OVERRIDE_FIELD.into()), query, None).iter().for_each(|value| also(value));
        }
        let hidden = match body {
            BodyView::Unread => !is_json(request::header_once(head.headers, header::CONTENT_TYPE.as_str())),
            BodyView::Read(body) => match fields::read(&FieldName::Form(OVERRIDE_FIELD.into()), None, Some(body)) {
                Field::Absent => false,
                Field::One(value) => {
                    also(&value);
                    false
                }
                Field::Several(values) => {
                    values.iter().for_each(|value| also(value));
                    false
                }
                Field::Unreadable => !is_json(body.content_type),
            },
        };
        // Frameworks look for the field in posts only.
        Self { methods, hidden: hidden && *head.method == Method::POST }
    }
}

/// No framework looks for form fields in JSON.
fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
