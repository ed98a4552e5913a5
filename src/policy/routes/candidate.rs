//! One way to read a request, and which patterns fit it.

use std::{
    borrow::Cow,
    cell::{OnceCell, RefCell},
};

use http::{Method, header};

use super::{BodyView, method_matches};
use crate::{
    fields::{self, Condition, FieldName},
    policy::rule::{Match, Requirement, Route},
    request::{self, Head},
};

/// A field and the value that a pattern wants of it.
type Wanted = (FieldName, String);

/// Whether a field has a value.
#[derive(Clone, Copy)]
struct Found {
    condition: Condition,
    /// Whether reading the body may tell otherwise, or make certain what is unknown.
    by_body: bool,
}

/// What the fields of a request hold: the same in each of its readings and for each method, so each is found out
/// once.
pub(super) struct Conditions<'a, 'r> {
    head: &'a Head<'a>,
    body: BodyView<'a>,
    known: RefCell<Vec<(&'r Wanted, Found)>>,
    texts: OnceCell<Vec<Cow<'a, str>>>,
}

impl<'a, 'r> Conditions<'a, 'r> {
    pub(super) fn of(head: &'a Head<'a>, body: BodyView<'a>) -> Self {
        Self { head, body, known: RefCell::default(), texts: OnceCell::new() }
    }

    /// How many fields were looked for.
    #[cfg(test)]
    pub(super) fn found_out(&self) -> usize {
        self.known.borrow().len()
    }

    fn find(&self, wanted: &'r Wanted) -> Found {
        let known = self.known.borrow().iter().find(|(known, _)| *known == wanted).map(|(_, found)| *found);
        known.unwrap_or_else(|| {
            let found = self.find_out(wanted);
            self.known.borrow_mut().push((wanted, found));
            found
        })
    }

    /// What the body says, unless something else that some framework takes for it says otherwise.
    fn find_out(&self, wanted: &Wanted) -> Found {
        let (name, expected) = wanted;
        let said: Vec<_> = self.texts().iter().filter_map(|text| fields::condition_in(text, name, expected)).collect();
        let says_otherwise = |outcome| said.iter().any(|said| *said != outcome);
        let in_body = self.find_in_body(wanted);
        let condition = if says_otherwise(in_body) { Condition::Unknown } else { in_body };
        let may_tell = match condition {
            Condition::Unknown => [Condition::Yes, Condition::No].into_iter().any(|certain| !says_otherwise(certain)),
            Condition::Yes => fields::may_have_fields(self.content_type()),
            Condition::No => false,
        };
        Found { condition, by_body: may_tell && matches!(self.body, BodyView::Unread) }
    }

    /// Some frameworks take for the query's what stands in a body.
    fn find_in_body(&self, (name, expected): &Wanted) -> Condition {
        let query = self.head.target.query();
        match (name, self.body) {
            (_, BodyView::Read(body)) => fields::condition(name, query, Some(body), expected),
            (FieldName::Query(_), BodyView::Unread) => match fields::condition(name, query, None, expected) {
                Condition::No if fields::may_have_fields(self.content_type()) => Condition::Unknown,
                known @ (Condition::Yes | Condition::No | Condition::Unknown) => known,
            },
            (FieldName::Form(_) | FieldName::Json(_), BodyView::Unread) => Condition::Unknown,
        }
    }

    /// What some framework reads as one with the body: the query, what stands behind a `;` of the path, and the
    /// cookies, each written as a query.
    fn texts(&self) -> &[Cow<'a, str>] {
        self.texts.get_or_init(|| {
            let query = self.head.target.query().map(Cow::Borrowed);
            let behind = self.head.target.path().split_once(';').map(|(_, rest)| Cow::Owned(rest.replace(';', "&")));
            query.into_iter().chain(behind).chain(self.cookies().map(Cow::Owned)).collect()
        })
    }

    fn cookies(&self) -> Option<String> {
        let lines = self.head.headers.get_all(header::COOKIE);
        let lines: Vec<Cow<'_, str>> = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
        (!lines.is_empty()).then(|| lines.join(";").replace("; ", "&").replace(';', "&"))
    }

    fn content_type(&self) -> Option<&str> {
        request::header_once(self.head.headers, header::CONTENT_TYPE.as_str())
    }
}

/// One way to read a request: a path and a method.
pub(super) struct Candidate<'a, 'h, 'r> {
    pub(super) conditions: &'a Conditions<'h, 'r>,
    pub(super) method: &'a Method,
    pub(super) hidden: bool,
    pub(super) path: &'a str,
}

impl<'r> Candidate<'_, '_, 'r> {
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
        let mut outcome = if self.may_be_overridden(route, pattern) { Condition::Unknown } else { Condition::Yes };
        for wanted in &pattern.fields {
            match self.conditions.find(wanted).condition {
                Condition::No => return Condition::No,
                Condition::Unknown => outcome = Condition::Unknown,
                Condition::Yes => {}
            }
        }
        outcome
    }

    /// Whether reading the body may tell otherwise, or make certain what is unknown.
    pub(super) fn depends_on_body(&self, route: &Route, pattern: &'r Match) -> bool {
        let by_body = |wanted| self.conditions.find(wanted).by_body;
        let is_unread = matches!(self.conditions.body, BodyView::Unread);
        is_unread && (self.may_be_overridden(route, pattern) || pattern.fields.iter().any(by_body))
    }

    /// An exception is for the methods that it lists, whatever the body may name.
    fn may_be_overridden(&self, route: &Route, pattern: &Match) -> bool {
        route.require == Requirement::None && self.hidden && !pattern.methods.is_empty()
    }
}
