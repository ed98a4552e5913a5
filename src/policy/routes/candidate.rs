//! One way to read a request, and which patterns fit it.

use std::{borrow::Cow, cell::RefCell};

use http::{Method, header};

use super::{BodyView, method_matches};
use crate::{
    fields::{self, Condition, Field, FieldName},
    policy::rule::{Match, Requirement, Route},
    request::{self, Head},
};

/// A field and the value that a pattern wants of it.
type Wanted = (FieldName, String);

/// What the fields of a request hold: the same in each of its readings and for each method, so each is found out
/// once.
pub(super) struct Conditions<'a, 'r> {
    head: &'a Head<'a>,
    body: BodyView<'a>,
    known: RefCell<Vec<(&'r Wanted, Condition)>>,
}

impl<'a, 'r> Conditions<'a, 'r> {
    pub(super) fn of(head: &'a Head<'a>, body: BodyView<'a>) -> Self {
        Self { head, body, known: RefCell::default() }
    }

    /// How many fields were looked for.
    #[cfg(test)]
    pub(super) fn found_out(&self) -> usize {
        self.known.borrow().len()
    }

    fn holds(&self, wanted: &'r Wanted) -> Condition {
        let known = self.known.borrow().iter().find(|(known, _)| *known == wanted).map(|(_, condition)| *condition);
        known.unwrap_or_else(|| {
            let condition = self.find_out(wanted);
            self.known.borrow_mut().push((wanted, condition));
            condition
        })
    }

    fn find_out(&self, (name, expected): &Wanted) -> Condition {
        let query = self.head.target.query();
        let found = match (name, self.body) {
            (FieldName::Query(_), body) => self.find_in_query(name, expected, body),
            (FieldName::Form(_) | FieldName::Json(_), BodyView::Read(body)) => {
                fields::condition(name, query, Some(body), expected)
            }
            (FieldName::Form(_) | FieldName::Json(_), BodyView::Unread) => Condition::Unknown,
        };
        match (name, self.cookies()) {
            (FieldName::Query(_) | FieldName::Form(_), Some(cookies))
                if says_otherwise(name, expected, &cookies, found) =>
            {
                Condition::Unknown
            }
            (FieldName::Query(_) | FieldName::Form(_) | FieldName::Json(_), _) => found,
        }
    }

    /// Some frameworks take for the query's what stands in a body or behind a `;` of the path; some, as for a form's,
    /// what stands in a cookie.
    fn find_in_query(&self, name: &FieldName, expected: &str, body: BodyView<'_>) -> Condition {
        let query = self.head.target.query();
        let found = match body {
            BodyView::Read(body) => fields::condition(name, query, Some(body), expected),
            BodyView::Unread => match fields::condition(name, query, None, expected) {
                Condition::No if fields::may_have_fields(self.content_type()) => Condition::Unknown,
                known @ (Condition::Yes | Condition::No | Condition::Unknown) => known,
            },
        };
        match self.head.target.path().split_once(';') {
            Some((_, rest)) if says_otherwise(name, expected, &rest.replace(';', "&"), found) => Condition::Unknown,
            Some(_) | None => found,
        }
    }

    /// The cookies, written as a query.
    fn cookies(&self) -> Option<String> {
        let lines = self.head.headers.get_all(header::COOKIE);
        let lines: Vec<Cow<'_, str>> = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        (!lines.is_empty()).then(|| lines.join(";").replace("; ", "&").replace(';', "&"))
    }

    fn content_type(&self) -> Option<&str> {
        request::header_once(self.head.headers, header::CONTENT_TYPE.as_str())
    }
}

/// Whether a text that some framework reads as a query has the field, and with another outcome.
fn says_otherwise(name: &FieldName, expected: &str, text: &str, found: Condition) -> bool {
    fields::read(name, Some(text), None) != Field::Absent
        && fields::condition(name, Some(text), None, expected) != found
}

/// One way to read a request: a path and a method.
pub(super) struct Candidate<'a, 'r> {
    pub(super) conditions: &'a Conditions<'a, 'r>,
    pub(super) method: &'a Method,
    pub(super) hidden: bool,
    pub(super) path: &'a str,
}

impl<'r> Candidate<'_, 'r> {
    pub(super) fn matches(&self, route: &Route, pattern: &'r Match) -> Condition {
        let exception = route.require == Requirement::None;
        if exception && !pattern.path.matches(self.path) {
            return Condition::No;
        }
        if !method_matches(self.method, &pattern.methods, exception) {
            return Condition::No;
        }
        if pattern.host.as_ref().is_some_and(|host| *host != *self.conditions.head.host) {
            return Condition::No;
        }
        let maybe_overridden = exception && self.hidden && !pattern.methods.is_empty();
        let mut outcome = if maybe_overridden { Condition::Unknown } else { Condition::Yes };
        for wanted in &pattern.fields {
            match self.conditions.holds(wanted) {
                Condition::No => return Condition::No,
                Condition::Unknown => outcome = Condition::Unknown,
                Condition::Yes => {}
            }
        }
        outcome
    }

    /// Whether reading the body may make certain what is unknown.
    pub(super) fn depends_on_body(&self, pattern: &Match) -> bool {
        matches!(self.conditions.body, BodyView::Unread) && (!pattern.fields.is_empty() || self.hidden)
    }
}
