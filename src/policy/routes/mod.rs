//! All routes, compiled: on which does a request land?
//!
//! For every reading of the path and every candidate method the routes are tried in file order and
//! the first match wins. A guarded route matches without regard to case; an exception
//! (`require: none`) only with it, so that it helps only where every reading lands on it. A condition
//! on a body that was not read is neither true nor false: then both the route and what follows it
//! are landed on (decisions 19). The same holds for an exception of some methods while the body may
//! hold a form that overrides the method.
//!
//! What lands on no route must have the default. A path that is written plainly and lands, as it was
//! received, on exceptions alone is what the operator opened by name: its other readings then count
//! where they land on a route, but not by landing nowhere. Else `/login.php` could not be opened
//! under a default that guards everything, since it may be read as `/login`.

use std::{collections::HashMap, sync::Arc};

use http::{Method, header};

use crate::{
    fields::{Body, Condition},
    policy::rule::{Match, Mode, Requirement, Route},
    request::Head,
};

mod candidate;
mod overrides;
mod steps;
mod trie;
#[cfg(test)]
mod bypasses;
#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod landing_tests;
#[cfg(test)]
mod parameter_tests;
#[cfg(test)]
mod tests;

use candidate::{Candidate, Conditions};
use overrides::Overrides;
pub use overrides::{is_override, may_change};
pub use steps::Step;
use trie::{Place, Trie};

/// What is known of a request's body while routes with body conditions are matched.
#[derive(Clone, Copy, Debug)]
pub enum BodyView<'b> {
    /// Not read (yet): every condition on it is unknown.
    Unread,
    /// Read whole.
    Read(Body<'b>),
}

/// The routes that the readings of a request land on.
#[derive(Debug, Default)]
pub struct Landing<'r> {
    /// What is decided over; without repetition, the strictest first.
    pub enforced: Vec<&'r Route>,
    /// Routes in `observe` mode that would have been landed on.
    pub observed: Vec<&'r Route>,
    /// Whether reading the body could change the answer: a condition was unknown.
    pub body_matters: bool,
    /// Whether a guarded route was landed on in another case than its own.
    pub other_case: bool,
}

impl Landing<'_> {
    /// Whether nothing is required and nothing depends on the body.
    #[must_use]
    pub fn is_unguarded(&self) -> bool {
        self.enforced.iter().all(|route| route.require == Requirement::None)
    }
}

/// The compiled routes.
#[derive(Debug)]
pub struct Routes {
    all: Vec<Route>,
    trie: Trie,
    default: Option<Route>,
    by_name: HashMap<Arc<str>, usize>,
}

impl Routes {
    /// Compiles routes in file order; `default` is what a request that lands on none must have.
    #[must_use]
    pub fn compile(all: Vec<Route>, default: Requirement) -> Self {
        let mut trie = Trie::default();
        for (route, place) in all.iter().zip(0..) {
            for (pattern, at) in route.matches.iter().zip(0..) {
                trie.insert(&pattern.path, (place, at));
            }
        }
        let default = (default != Requirement::None).then(|| Route::plain("default", Vec::new(), default));
        let by_name = all.iter().zip(0..).map(|(route, at)| (Arc::clone(&route.name), at)).collect();
        Self { all, trie, default, by_name }
    }

    /// The route of this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Route> {
        self.by_name.get(name).and_then(|at| self.all.get(*at))
    }

    /// Every route, in file order.
    #[must_use]
    pub fn all(&self) -> &[Route] {
        &self.all
    }

    /// Where the request lands: first match wins per reading, in file order.
    #[must_use]
    pub fn land<'r>(&'r self, head: &Head<'_>, body: BodyView<'_>) -> Landing<'r> {
        let body = if is_legible(head) { body } else { BodyView::Unread };
        let conditions = Conditions::of(head, body);
        let mut landing = Landing::default();
        let mut found: Vec<Place> = Vec::new();
        let (mut overrides, mut opened, mut nowhere, mut exception_open) = (None, false, false, false);
        for (at, reading) in head.target.readings().enumerate() {
            found.clear();
            self.find(reading.path(), &mut found);
            found.sort_unstable();
            let mut lands = !found.is_empty();
            if lands {
                let overrides = overrides.get_or_insert_with(|| Overrides::of(head, body));
                for method in &overrides.methods {
                    let (hidden, path) = (overrides.hidden, reading.path());
                    let request = Candidate { conditions: &conditions, method, hidden, path };
                    let landed = self.land_reading(&request, &found, &mut landing);
                    lands &= landed.somewhere;
                    exception_open |= landed.exception_open;
                }
            }
            if at == 0 {
                opened = lands && landing.is_unguarded() && head.target.ambiguities().next().is_none();
            }
            nowhere |= !lands && !opened;
        }
        if let Some(default) = self.default.as_ref().filter(|_| nowhere) {
            add(&mut landing.enforced, default);
        }
        // Whether an exception holds matters only where something else is landed on besides.
        landing.body_matters |= exception_open && !landing.is_unguarded();
        landing.enforced.sort_by_key(|route| std::cmp::Reverse(strictness(route.require)));
        landing
    }

    fn find(&self, path: &str, found: &mut Vec<Place>) {
        let rest = path.strip_prefix('/').unwrap_or(path);
        if rest.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
            return self.trie.find(rest, found);
        }
        self.trie.find(&rest.to_lowercase(), found);
    }

    fn land_reading<'r>(
        &'r self,
        request: &Candidate<'_, '_, 'r>,
        found: &[Place],
        landing: &mut Landing<'r>,
    ) -> Landed {
        let mut landed = Landed { somewhere: false, exception_open: false };
        for (place, (route, at)) in found.iter().enumerate() {
            let Some(route) = self.all.get(*route) else { continue };
            let Some(pattern) = route.matches.get(*at) else { continue };
            let condition = request.matches(route, pattern);
            if condition == Condition::No {
                continue;
            }
            let by_body = request.depends_on_body(route, pattern);
            // What a query opens, a body may say otherwise.
            let certain = condition == Condition::Yes && !(by_body && self.is_stricter(found.get(place..), route));
            if !certain && by_body {
                let exception = route.require == Requirement::None;
                landed.exception_open |= exception;
                landing.body_matters |= !exception;
            }
            if route.mode == Mode::Observe {
                add(&mut landing.observed, route);
                continue;
            }
            add(&mut landing.enforced, route);
            landing.other_case |= pattern.path.differs_in_case(request.path);
            if certain {
                landed.somewhere = true;
                return landed;
            }
        }
        landed
    }

    /// Whether what follows is stricter than a route: others that were found, or the default.
    fn is_stricter(&self, others: Option<&[Place]>, route: &Route) -> bool {
        let others = others.into_iter().flatten().filter_map(|(other, _)| self.all.get(*other));
        others.chain(&self.default).any(|other| strictness(other.require) > strictness(route.require))
    }
}

/// What became of one reading with one method.
struct Landed {
    /// Whether a route certainly takes it.
    somewhere: bool,
    /// Whether the body could tell whether an exception takes it.
    exception_open: bool,
}

fn add<'r>(routes: &mut Vec<&'r Route>, route: &'r Route) {
    if !routes.iter().any(|known| std::ptr::eq(*known, route)) {
        routes.push(route);
    }
}

/// Whether the bytes of a body are what its one Content-Type says, and not packed besides.
fn is_legible(head: &Head<'_>) -> bool {
    let types = head.headers.get_all(header::CONTENT_TYPE);
    !head.headers.contains_key(header::CONTENT_ENCODING) && types.iter().nth(1).is_none()
}

/// Guarded: the listed ones, HEAD with GET, and every other method than these two. OPTIONS is no exception,
/// since many handlers run for whatever method they are not told of; a true preflight never comes here
/// (decisions 21). An exception: the listed ones only.
fn method_matches(method: &Method, listed: &[Method], exception: bool) -> bool {
    if listed.is_empty() || listed.contains(method) {
        return true;
    }
    if *method == Method::HEAD {
        return listed.contains(&Method::GET);
    }
    !exception && *method != Method::GET
}

/// Orders requirements: the larger, the stricter.
#[must_use]
pub const fn strictness(requirement: Requirement) -> (u8, u64) {
    match requirement {
        Requirement::None => (0, 0),
        Requirement::Session => (1, 0),
        Requirement::Fresh { max_age } => (2, u64::MAX - max_age.as_secs()),
        Requirement::Once => (3, 0),
    }
}

/// Pairs of a route that an earlier one hides completely and the one that hides it, by index. Only
/// certain cases: what is named is hidden, not everything that is hidden is named.
#[must_use]
pub fn shadowed(all: &[Route]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for (route, at) in all.iter().zip(0..) {
        let hiding = all.iter().take(at).position(|earlier| hides(earlier, route));
        pairs.extend(hiding.map(|hiding| (at, hiding)));
    }
    pairs
}

fn hides(earlier: &Route, later: &Route) -> bool {
    if earlier.mode == Mode::Observe {
        return false;
    }
    let exception = earlier.require == Requirement::None;
    later.matches.iter().all(|hidden| {
        earlier.matches.iter().any(|hiding| {
            let methods = hiding.methods.is_empty()
                || (!hidden.methods.is_empty()
                    && hidden.methods.iter().all(|method| method_matches(method, &hiding.methods, exception))
                    // A guarded route also takes every other method than GET and HEAD.
                    && (!exception || later.require == Requirement::None));
            let host = hiding.host.is_none() || hiding.host == hidden.host;
            methods && host && hiding.fields.is_empty() && hiding.path.covers(&hidden.path)
        })
    })
}
