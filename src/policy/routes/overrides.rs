//! The methods that some framework may take a request for besides its own.

use http::{HeaderName, Method};

use super::BodyView;
use crate::{
    fields::{self, Body, Field, FieldName},
    request::{self, Head},
};

/// Headers by which some frameworks take another method (security.md 3.3).
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];
/// The field of a query, a form or a JSON object by which they do.
const OVERRIDE_FIELD: &str = "_method";

/// Methods of one request that are told apart: nobody who means well names more.
const MOST: usize = 8;
/// Stands for those beyond them: guarded routes take it, exceptions that list methods do not.
const ANY: &str = "ANY";

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
        let mut found = Self { methods: vec![head.method.clone()], hidden: false };
        for (name, value) in head.headers {
            if is_override(name) {
                // A byte beyond ASCII spoils no more than the name that it stands in.
                found.add(&String::from_utf8_lossy(value.as_bytes()));
            }
        }
        let query = head.target.query().filter(|query| !query.is_empty());
        if query.is_some() {
            let field = FieldName::Query(OVERRIDE_FIELD.into());
            fields::values(&field, query, None).iter().for_each(|names| found.add(names));
        }
        let is_seen = match body {
            BodyView::Unread => false,
            BodyView::Read(body) => found.add_those_in(body),
        };
        // Frameworks look for the field in posts only.
        found.hidden = !is_seen && *head.method == Method::POST;
        found
    }

    /// Whether the body could be read.
    fn add_those_in(&mut self, body: Body<'_>) -> bool {
        let field = if is_json(body.content_type) {
            FieldName::Json(format!("/{OVERRIDE_FIELD}"))
        } else {
            FieldName::Form(OVERRIDE_FIELD.into())
        };
        match fields::read(&field, None, Some(body)) {
            Field::Absent => {}
            Field::One(names) => self.add(&names),
            Field::Several(all) => all.iter().for_each(|names| self.add(names)),
            Field::Unreadable => return false,
        }
        true
    }

    /// Of several names in one value each framework takes another one.
    fn add(&mut self, names: &str) {
        for name in names.split(',') {
            let name = match self.methods.len() {
                ..MOST => name.trim(),
                MOST => ANY,
                _ => return,
            };
            if let Ok(method) = Method::from_bytes(name.to_ascii_uppercase().as_bytes())
                && !self.methods.contains(&method)
            {
                self.methods.push(method);
            }
        }
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
