//! What goes past a guarded route: a weaker one above it, another host, method, address or form.

use std::sync::Arc;

use http::Method;

use super::{
    super::{Node, Report},
    trial::{Landed, Trial, filled, required, weaker},
};
use crate::{
    fields::FieldName,
    policy::{
        Requirement, Route,
        rule::{Match, Mode, Unenrolled},
    },
};

/// What a GraphQL client calls its operation (GraphQL over HTTP, section 5.1): a name, not the operation.
const OPERATION_NAME: &str = "operationName";

/// A guarded post whose GET is open.
struct OpenTwin<'a> {
    route: &'a str,
    path: &'a str,
    at: &'a Node,
}

impl Report<'_> {
    /// Each guarded route by itself.
    pub(super) fn lint_guards(&mut self, trial: &Trial<'_>, routes: &Node) {
        let mut open: Vec<OpenTwin<'_>> = Vec::new();
        for (index, route) in trial.routes.all().iter().enumerate() {
            let at = routes.item(index);
            if route.require == Requirement::None {
                continue;
            }
            if route.mode == Mode::Observe {
                self.lint_observe(trial, route, at);
                continue;
            }
            self.lint_unenrolled(route, at);
            for (index, pattern) in route.matches.iter().enumerate() {
                let at = at.at("match").item(index);
                self.lint_shadow(trial, route, pattern, at);
                self.lint_host(trial, route, pattern, at);
                if has_open_twin(trial, route, pattern) {
                    open.push(OpenTwin { route: &route.name, path: pattern.path.as_str(), at: at.at("methods") });
                }
                self.lint_operation_name(trial, route, pattern, at);
            }
        }
        self.lint_open_twins(&open);
    }

    /// A route for money that only counts, where nothing else asks for as much.
    fn lint_observe(&mut self, trial: &Trial<'_>, route: &Route, at: &Node) {
        if route.require != Requirement::Once {
            return;
        }
        let passes = |pattern: &&Match| {
            let method = pattern.methods.first().unwrap_or(&Method::POST);
            trial.lands(method, pattern, None, "").is_none_or(|landed| weaker(required(landed), route.require))
        };
        let Some(pattern) = route.matches.iter().find(passes) else { return };
        if trial.is_observed_in_tests(route) {
            return;
        }
        let message = format!("`{}` only observes: a payment at {} goes on unapproved", route.name, pattern.path);
        let help = "remove `mode: observe`; while it is meant, say so with a request of this route under `tests:`";
        self.warn(at.at("mode"), message, help);
    }

    /// An approval that whoever has a password only need not give.
    fn lint_unenrolled(&mut self, route: &Route, at: &Node) {
        if route.require == Requirement::Once && route.unenrolled == Unenrolled::Allow {
            let message = format!("`{}` goes on unapproved for every player without a factor", route.name);
            let help = "whoever steals such a player's password is asked for nothing more: write `unenrolled: enroll` \
                        or `deny`";
            self.warn(at.at("unenrolled"), message, help);
        }
    }

    /// An earlier route that requires less takes a part of this one's requests.
    fn lint_shadow(&mut self, trial: &Trial<'_>, route: &Route, pattern: &Match, at: &Node) {
        let Some((method, name, require)) = shadow(trial, route, pattern) else { return };
        let message =
            format!("{method} {} lands on `{name}`, which requires only `{}`", pattern.path, require.as_str());
        self.warn(at, message, format!("move `{}` above `{name}`", route.name));
    }

    /// The same request on another host of the site.
    fn lint_host(&mut self, trial: &Trial<'_>, route: &Route, pattern: &Match, at: &Node) {
        let Some(own) = &pattern.host else { return };
        let method = pattern.methods.first().unwrap_or(&Method::POST);
        for host in trial.site.hosts.iter().filter(|host| *host != own) {
            if trial.lands(method, pattern, Some(host), "").is_some_and(|other| weaker(required(other), route.require))
            {
                let message = format!("`{host}` is a host of the site too, and there `{}` does not hold", route.name);
                return self.warn(at.at("host"), message, "remove `host:`, or add a route for that host");
            }
        }
    }

    /// Guarded posts whose GET is open by nobody's word: one warning for all.
    fn lint_open_twins(&mut self, open: &[OpenTwin<'_>]) {
        let Some(OpenTwin { at, .. }) = open.first() else { return };
        let mut twins: Vec<String> = open.iter().map(|twin| format!("`{}` (`{}`)", twin.path, twin.route)).collect();
        twins.dedup();
        let message = format!("by GET this is open, and no route says so: {}", twins.join(", "));
        let help = "many sites do by GET what their form does by POST: leave `methods` out, or, where GET only shows \
                    the form, say so with a route for GET, of `require: session` or `none`";
        self.warn(at, message, help);
    }

    /// A name that the client chooses, and that need not be there for the site to do the same.
    fn lint_operation_name(&mut self, trial: &Trial<'_>, route: &Route, pattern: &Match, at: &Node) {
        let others: Vec<_> = pattern.fields.iter().filter(|(field, _)| !is_operation_name(field)).cloned().collect();
        if others.len() == pattern.fields.len() {
            return;
        }
        let other = trial.sample(&Method::POST, &filled(&pattern.path), pattern.host.as_deref(), &others);
        if other.is_some_and(|other| weaker(required(trial.land(&other)), route.require)) {
            let message = format!(
                "the client chooses `{OPERATION_NAME}`: the same operation under another name goes past `{}`",
                route.name
            );
            let help = format!("guard {} without it, or give the operation an address of its own", pattern.path);
            self.warn(at, message, help);
        }
    }
}

/// The method, and the weaker route that an earlier place in the file gives this pattern's requests to.
pub(super) fn shadow<'p>(
    trial: &Trial<'_>,
    route: &Route,
    pattern: &'p Match,
) -> Option<(&'p Method, Arc<str>, Requirement)> {
    const USUAL: &[Method] = &[Method::GET, Method::POST];
    let methods = if pattern.methods.is_empty() { USUAL } else { &pattern.methods };
    methods.iter().find_map(|method| {
        let landed: Landed = trial.lands(method, pattern, None, "")?;
        let (name, require) = landed.filter(|(_, require)| weaker(*require, route.require))?;
        let meant = *name == *route.name
            || trial.routes.named(&name).is_some_and(|earlier| {
                earlier.require == Requirement::None && earlier.matches.iter().all(is_for_reading)
            });
        (!meant).then_some((method, name, require))
    })
}

/// What is opened for reading alone was meant.
pub(super) fn is_for_reading(pattern: &Match) -> bool {
    !pattern.methods.is_empty() && pattern.methods.iter().all(Method::is_safe)
}

/// Whether no route says anything of a GET with the parameters of a guarded post. Of what needs no approval
/// and changes no account, only what a form can send is looked at: a GET beside a PUT or a DELETE is usual.
fn has_open_twin(trial: &Trial<'_>, route: &Route, pattern: &Match) -> bool {
    let sensitive = route.require == Requirement::Once || route.changes.is_some();
    !pattern.methods.is_empty()
        && !pattern.methods.contains(&Method::GET)
        && (sensitive || pattern.methods.contains(&Method::POST))
        && trial.lands(&Method::GET, pattern, None, "").is_some_and(|landed| landed.is_none())
}

fn is_operation_name(field: &FieldName) -> bool {
    let (FieldName::Query(name) | FieldName::Form(name) | FieldName::Json(name)) = field;
    name.rsplit('/').next() == Some(OPERATION_NAME)
}
