//! All routes, compiled: on which does a request land?

use crate::{
    fields::Body,
    policy::rule::{Requirement, Route},
    request::Head,
};

/// What is known of a request's body while routes with body conditions are matched.
#[derive(Clone, Copy, Debug)]
pub enum BodyView<'b> {
    /// Not read (yet): every condition on it is unknown.
    Unread,
    /// Read whole.
    Read(Body<'b>),
}

/// The routes that the readings of a request land on.
#[derive(Debug)]
pub struct Landing<'r> {
    /// What is decided over; without repetition, the strictest first.
    pub enforced: Vec<&'r Route>,
    /// Routes in `observe` mode that would have been landed on.
    pub observed: Vec<&'r Route>,
    /// Whether reading the body could change the answer: a condition was unknown.
    pub body_matters: bool,
}

/// The compiled routes.
#[derive(Debug)]
pub struct Routes {
    all: Vec<Route>,
    default: Requirement,
}

impl Routes {
    /// Compiles routes in file order; `default` is what a request that lands on none must have.
    #[must_use]
    pub fn compile(all: Vec<Route>, default: Requirement) -> Self {
        Self { all, default }
    }

    /// Every route, in file order.
    #[must_use]
    pub fn all(&self) -> &[Route] {
        &self.all
    }

    /// Where the request lands: first match wins per reading, in file order.
    #[must_use]
    pub fn land<'r>(&'r self, head: &Head<'_>, body: BodyView<'_>) -> Landing<'r> {
        let _ = (head, body, self.default);
        unimplemented!()
    }
}
