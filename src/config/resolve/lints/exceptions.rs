//! Routes that take, from stricter ones below them, more than whoever wrote them may have seen.

use http::Method;

use super::{
    super::{Node, Report},
    guards::{is_for_reading, shadow},
    trial::{Trial, meet, weaker},
};
use crate::{
    fields::FieldName,
    policy::{
        Requirement, Route,
        rule::{Match, Mode},
    },
};

/// Why a weaker route above a stricter one is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It asks for a field, and the client chooses fields.
    Field,
    /// Neither pattern is a part of the other's: they cross.
    Crosses,
    /// It opens, also for writing, what lies inside a route for money.
    Inside,
}

/// A request that lands on the weaker of two routes.
struct Taken {
    why: Why,
    method: Method,
    path: String,
    fields: Vec<(FieldName, String)>,
}

impl Report<'_> {
    /// Every route that is weaker than one below it, one warning for each of its patterns.
    pub(super) fn lint_exceptions(&mut self, trial: &Trial<'_>, routes: &Node) {
        let acts = |route: &&Route| route.mode != Mode::Observe;
        for (index, open) in trial.routes.all().iter().enumerate().filter(|(_, route)| acts(route)) {
            let below = trial.routes.all().iter().skip(index + 1).filter(acts);
            let stricter: Vec<&Route> = below.filter(|route| weaker(open.require, route.require)).collect();
            // What it hides of a route as that one is written has a warning there.
            let hides = |guard: &&Route| {
                let shadows = guard.matches.iter().filter_map(|guarded| shadow(trial, guard, guarded));
                shadows.into_iter().any(|(_, name, _)| name == open.name)
            };
            if stricter.iter().any(hides) {
                continue;
            }
            let mut meant = None;
            for (at, pattern) in open.matches.iter().enumerate().filter(|(_, pattern)| !is_for_reading(pattern)) {
                let found = stricter.iter().find_map(|guard| Some((*guard, taken(trial, (open, pattern), guard)?)));
                let Some((guard, taken)) = found else { continue };
                if *meant.get_or_insert_with(|| trial.is_exception_in_tests(open)) {
                    break;
                }
                let at = routes.item(index).at("match").item(at);
                self.warn_of_exception(at, (open, guard), &taken);
            }
        }
    }

    fn warn_of_exception(&mut self, at: &Node, (open, guard): (&Route, &Route), taken: &Taken) {
        let Taken { method, path, .. } = taken;
        let (open_name, name, require) = (&open.name, &guard.name, open.require.as_str());
        let meant = format!("if it is meant, say so with a request under `tests:` that lands on `{open_name}`");
        let (message, help) = match taken.why {
            Why::Field => (
                format!(
                    "whoever adds {} to {method} {path} goes past `{name}`: it lands on `{open_name}`, which requires only \
                     `{require}`",
                    pairs(&taken.fields)
                ),
                format!("give what `{open_name}` opens an address of its own, or move `{name}` above it; {meant}"),
            ),
            Why::Crosses => (
                format!(
                    "{method} {path} goes past `{name}`: it lands on `{open_name}`, which requires only `{require}`"
                ),
                format!("move `{name}` above `{open_name}`; {meant}"),
            ),
            Why::Inside => (
                format!(
                    "{method} {path} goes past `{name}`: it lands on `{open_name}`, which requires only `{require}`"
                ),
                format!("open what is only read with `methods: [GET]`, or move `{name}` above; {meant}"),
            ),
        };
        self.warn(at, message, help);
    }
}

/// A request of both routes that lands on the weaker one, if there is a reason to doubt that it is meant.
fn taken(trial: &Trial<'_>, (open, pattern): (&Route, &Match), guard: &Route) -> Option<Taken> {
    guard.matches.iter().find_map(|guarded| {
        let path = meet(&pattern.path, &guarded.path)?;
        let host = match (&pattern.host, &guarded.host) {
            (Some(one), Some(other)) if one != other => return None,
            (Some(host), _) | (None, Some(host)) => Some(host.as_str()),
            (None, None) => None,
        };
        let fields = joined(&pattern.fields, &guarded.fields)?;
        let why = why((open, pattern), (guard, guarded))?;
        let method = pattern.methods.iter().find(|method| !method.is_safe()).unwrap_or(&Method::POST).clone();
        let landed = trial.land(&trial.sample(&method, &path, host, &fields)?);
        let takes = landed.is_some_and(|(name, _)| name == open.name);
        takes.then(|| Taken { why, method, path, fields: pattern.fields.clone() })
    })
}

fn why((open, pattern): (&Route, &Match), (guard, guarded): (&Route, &Match)) -> Option<Why> {
    if pattern.fields.iter().any(|field| !guarded.fields.contains(field)) {
        return Some(Why::Field);
    }
    if !guarded.path.covers(&pattern.path) && !pattern.path.covers(&guarded.path) {
        return Some(Why::Crosses);
    }
    let money = match guard.require {
        Requirement::Once | Requirement::Fresh { .. } => true,
        Requirement::Session | Requirement::None => false,
    };
    (money && open.require == Requirement::None).then_some(Why::Inside)
}

/// The fields of both; `None` where they want different values of one.
fn joined(one: &[(FieldName, String)], other: &[(FieldName, String)]) -> Option<Vec<(FieldName, String)>> {
    let mut all = other.to_vec();
    for (name, value) in one {
        match all.iter().find(|(known, _)| known == name) {
            Some((_, known)) if known != value => return None,
            Some(_) => {}
            None => all.push((name.clone(), value.clone())),
        }
    }
    Some(all)
}

fn pairs(fields: &[(FieldName, String)]) -> String {
    let pair = |(field, value): &(FieldName, String)| match field {
        FieldName::Query(name) | FieldName::Form(name) | FieldName::Json(name) => format!("`{name}={value}`"),
    };
    fields.iter().map(pair).collect::<Vec<_>>().join(" and ")
}
