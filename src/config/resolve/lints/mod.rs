//! What a configuration may leave open though it runs: the warnings of `stepgate check`.
//!
//! Each names a way around a guarded route that the file alone shows; what only the site knows is for
//! `stepgate doctor`. A warning that fires on what most good files say would not be read: so each has
//! a way to say that it is meant.
//!
//! [`guards`] looks at each guarded route, [`exceptions`] at what stands above them, [`networks`] at who
//! reaches what, [`expressions`] at what matches more than it seems; [`trial`] makes the requests that
//! are tried.
//!
//! Adding one: a function in the file that it belongs to, called in [`Report::lint`], with a mistake in
//! `tests/config/warnings` and its harmless twin in `tests/config/warnings/silent`.

use super::{Node, Report, expected::Expected, raw};
use crate::{
    flow::Site,
    policy::{Requirement, Route},
};

mod exceptions;
mod expressions;
mod guards;
mod networks;
mod trial;

use trial::Trial;

/// What was read of the file.
pub(super) struct Subject<'s> {
    pub(super) site: &'s Site,
    pub(super) routes: &'s [Route],
    pub(super) default: Requirement,
    pub(super) tests: &'s [Expected],
}

impl Report<'_> {
    /// Collects every warning.
    pub(super) fn lint(&mut self, file: &raw::File, tree: &Node, subject: &Subject<'_>) {
        let trial = Trial::of(subject);
        self.lint_guards(&trial, tree.at("routes"));
        self.lint_exceptions(&trial, tree.at("routes"));
        self.lint_upstream(&file.site.upstream, tree.at("site").at("upstream"), subject.site);
        self.lint_listeners(&file.listen, tree.at("listen"), subject.site);
        self.lint_questions(file.identity.as_deref().unwrap_or_default(), tree.at("identity"), subject.site);
    }
}
