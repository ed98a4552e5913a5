//! Where each reading lands by itself: what `explain` shows.

use http::Method;

use super::{
    BodyView, Candidate, Condition, Conditions, Head, Landing, Match, Overrides, Place, Route, Routes, is_legible,
};

/// One reading with one method that the request may be taken for.
#[derive(Debug)]
pub struct Step<'r> {
    /// The path in this reading.
    pub path: String,
    /// How the reading comes about.
    pub how: &'static str,
    /// The request's own, or one that an override names.
    pub method: Method,
    /// The first route that certainly takes it, after those that may, in file order; each with the pattern
    /// that fits.
    pub routes: Vec<(&'r Route, &'r Match)>,
    /// The routes on the way that only observe.
    pub observed: Vec<&'r Route>,
    /// Whether the last of `routes` certainly takes it; else it may land on none.
    pub certain: bool,
}

impl Routes {
    /// Each reading by itself, in the order in which they are tried.
    #[must_use]
    pub fn steps<'r>(&'r self, head: &Head<'_>, body: BodyView<'_>) -> Vec<Step<'r>> {
        let body = if is_legible(head) { body } else { BodyView::Unread };
        let overrides = Overrides::of(head, body);
        let conditions = Conditions::of(head, body);
        let mut found: Vec<Place> = Vec::new();
        let mut steps = Vec::new();
        for reading in head.target.readings() {
            found.clear();
            self.find(reading.path(), &mut found);
            found.sort_unstable();
            for method in &overrides.methods {
                let (hidden, path) = (overrides.hidden, reading.path());
                let request = Candidate { conditions: &conditions, method, hidden, path };
                let mut landing = Landing::default();
                let landed = self.land_reading(&request, &found, &mut landing);
                let fits = |route: &'r Route| {
                    let pattern = route.matches.iter().find(|pattern| {
                        pattern.path.matches_folded(reading.path()) && request.matches(route, pattern) != Condition::No
                    });
                    pattern.map(|pattern| (route, pattern))
                };
                steps.push(Step {
                    path: reading.path().to_owned(),
                    how: reading.how(),
                    method: method.clone(),
                    routes: landing.enforced.into_iter().filter_map(fits).collect(),
                    observed: landing.observed,
                    certain: landed.somewhere,
                });
            }
        }
        steps
    }
}
