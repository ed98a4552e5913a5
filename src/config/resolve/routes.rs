//! `routes:` and `session_end:`.

use std::{sync::Arc, time::Duration};

use http::Method;

use super::{Node, Report, raw};
use crate::{
    fields::FieldName,
    flow::{SecondFactor, Site},
    policy::{
        OnStoreError, PathPattern, Requirement, Route,
        cooldown::{Cause, CoolDowns},
        rule::{
            AfterSuccess, Anonymous, AnswerCondition, BoundNames, LocationCondition, Match, Mode, Respond, Shown,
            Unenrolled,
        },
    },
};

impl Report<'_> {
    /// The routes in file order.
    pub(super) fn routes(
        &mut self,
        typed: &[raw::Route],
        at: &Node,
        site: &Site,
        factors: &SecondFactor,
    ) -> Vec<Route> {
        let mut routes: Vec<Route> = Vec::new();
        for (index, one) in typed.iter().enumerate() {
            let at = at.item(index);
            let route = self.route(one, at, factors);
            if routes.iter().any(|other| other.name == route.name) {
                self.push(at.at("name"), format!("a second route is called `{}`", route.name), "give it another name");
            }
            for (index, known) in route.matches.iter().enumerate() {
                if known.host.as_ref().is_some_and(|host| !site.hosts.contains(host)) {
                    let place = at.at("match").item(index).at("host");
                    self.push(place, "this host is not one of the site's", "add it to site.hosts");
                }
            }
            routes.push(route);
        }
        for (hidden, hiding) in crate::policy::routes::shadowed(&routes) {
            let name = |index: usize| routes.get(index).map_or("", |route| &*route.name);
            let (lower, upper) = (name(hidden), name(hiding));
            let help = format!("`{upper}` stands above it and matches all of its requests; move `{lower}` up");
            self.push(at.item(hidden).at("match"), format!("`{lower}` is never reached"), &help);
        }
        routes
    }

    fn route(&mut self, typed: &raw::Route, at: &Node, factors: &SecondFactor) -> Route {
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if !(1..=64).contains(&typed.name.len()) || !typed.name.chars().all(is_name) {
            let message = format!("`{}` cannot be a route's name", typed.name);
            self.push(at.at("name"), message, "1 to 64 characters of a-z 0-9 - _");
        }
        let require = self.requirement(typed, at);
        let unenrolled = typed.unenrolled.unwrap_or(Unenrolled::Enroll);
        if typed.changes.is_some() && (require == Requirement::None || unenrolled == Unenrolled::Allow) {
            let help = "require proof, with `unenrolled: enroll` or `deny`";
            self.push(at.at("changes"), "a route that changes a contact must be guarded for everybody", help);
        }
        let on_store_error = typed.on_store_error.unwrap_or_default();
        if on_store_error != OnStoreError::Deny && require != Requirement::Session {
            let help = "a proof that is new or of one request is the store's word alone; remove it";
            self.push(at.at("on_store_error"), "this acts only with `require: session`", help);
        }
        let methods = match typed.methods.as_deref() {
            Some(methods) => self.methods(methods, at.at("methods")),
            None => factors.methods.clone(),
        };
        Route {
            name: Arc::from(typed.name.as_str()),
            matches: self.matches(&typed.matches, at.at("match")),
            require,
            methods,
            unenrolled,
            anonymous: typed.anonymous.unwrap_or(Anonymous::Deny),
            mode: typed.mode.unwrap_or(Mode::Enforce),
            respond: typed.respond.unwrap_or(Respond::Auto),
            show: self.show(typed, at),
            bind: self.bound(typed.bind.as_ref(), at.at("bind")),
            assert: typed.assert.unwrap_or(false),
            after_success: typed.after_success.as_ref().map(|after| self.after(after, at.at("after_success"))),
            changes: typed.changes.and_then(|changes| match changes {
                raw::Changes::Phone => Some(Cause::PhoneChange),
                raw::Changes::Password => Some(Cause::PasswordChange),
                raw::Changes::Email => None,
            }),
            cool_downs: self.cool_downs(typed, require, at.at("cooldown_after")),
            on_store_error,
        }
    }

    /// A day after everything for `once`, nothing for the rest, unless it is set.
    fn cool_downs(&mut self, typed: &raw::Route, require: Requirement, at: &Node) -> CoolDowns {
        let default = if require == Requirement::Once { Duration::from_secs(24 * 3600) } else { Duration::ZERO };
        let typed = typed.cooldown_after.as_ref();
        let of = |cause: Cause| {
            typed.and_then(|typed| match cause {
                Cause::Enroll => typed.enroll.as_deref(),
                Cause::BackupCode => typed.backup_code.as_deref(),
                Cause::Reset => typed.reset.as_deref(),
                Cause::PhoneChange => typed.phone_change.as_deref(),
                Cause::PasswordChange => typed.password_change.as_deref(),
            })
        };
        let waits = Cause::ALL.map(|cause| (cause, self.duration(at, cause.as_str(), of(cause), default)));
        waits.into_iter().filter(|(_, wait)| !wait.is_zero()).collect()
    }

    fn requirement(&mut self, typed: &raw::Route, at: &Node) -> Requirement {
        if typed.max_age.is_some() && typed.require != raw::RequireWord::Fresh {
            self.push(at.at("max_age"), "`max_age` acts only with `require: fresh`", "remove one or change the other");
        }
        match typed.require {
            raw::RequireWord::None => Requirement::None,
            raw::RequireWord::Session => Requirement::Session,
            raw::RequireWord::Once => Requirement::Once,
            raw::RequireWord::Fresh => {
                let default = Duration::from_secs(300);
                let max_age = self.duration(at, "max_age", typed.max_age.as_deref(), default);
                if max_age.is_zero() {
                    self.push(at.at("max_age"), "`max_age` must be more than nothing", "use `require: once` instead");
                }
                Requirement::Fresh { max_age }
            }
        }
    }

    /// One or several patterns.
    pub(super) fn matches(&mut self, typed: &raw::OneOrMany<raw::Match>, at: &Node) -> Vec<Match> {
        match typed {
            raw::OneOrMany::One(one) => vec![self.one_match(one, at)],
            raw::OneOrMany::Many(many) => {
                if many.is_empty() {
                    self.push(at, "this matches nothing", "add - path: /…");
                }
                many.iter().enumerate().map(|(index, one)| self.one_match(one, at.item(index))).collect()
            }
        }
    }

    /// Requests that end the site session.
    pub(super) fn session_end(&mut self, typed: &[raw::Match], at: &Node) -> Vec<Match> {
        typed.iter().enumerate().map(|(index, one)| self.one_match(one, at.item(index))).collect()
    }

    fn one_match(&mut self, typed: &raw::Match, at: &Node) -> Match {
        let place = at.at("path");
        let path = PathPattern::parse(&typed.path).unwrap_or_else(|bad| {
            let help = "`/a/b` exactly, `*` for one segment, `/**` at the end for everything below, nothing encoded";
            self.push(place, format!("`{}` is no path pattern: {bad}", typed.path), help);
            PathPattern::everything()
        });
        let methods = typed.methods.iter().flatten().enumerate().filter_map(|(index, method)| {
            let known = Method::from_bytes(method.as_bytes()).ok().filter(|_| !method.chars().any(char::is_lowercase));
            if known.is_none() {
                let help = "methods are written in capitals, as in POST";
                self.push(at.at("methods").item(index), format!("`{method}` is no method"), help);
            }
            known
        });
        let methods = methods.collect();
        if typed.methods.as_ref().is_some_and(Vec::is_empty) {
            self.push(at.at("methods"), "there is no method", "remove the key to match every method");
        }
        let mut fields = Vec::new();
        fields.extend(pairs(typed.query.as_ref()).map(|(name, value)| (FieldName::Query(name), value)));
        fields.extend(pairs(typed.form.as_ref()).map(|(name, value)| (FieldName::Form(name), value)));
        for (pointer, value) in pairs(typed.json.as_ref()) {
            if self.pointer(at.at("json"), &pointer) {
                fields.push((FieldName::Json(pointer), value));
            }
        }
        Match { path, methods, host: typed.host.as_ref().map(|host| host.to_ascii_lowercase()), fields }
    }

    /// What is shown, in the order of the file.
    fn show(&mut self, typed: &raw::Route, at: &Node) -> Vec<Shown> {
        let place = at.at("show");
        match &typed.show {
            None if typed.require == raw::RequireWord::Once => {
                let help = "name what the player approves: `show: { Amount: { form: amount } }`, or `show: none`";
                self.push(at.at("require"), "`once` without `show` approves something unseen", help);
                Vec::new()
            }
            None | Some(raw::Show::Nothing(raw::Nothing::None)) => Vec::new(),
            Some(raw::Show::Fields(fields)) => {
                if typed.require != raw::RequireWord::Once {
                    self.push(place, "`show` acts only with `require: once`", "remove one or change the other");
                }
                let labels: Vec<&str> = place.keys().collect();
                let shown = labels.into_iter().filter_map(|label| {
                    let field = self.field(place.at(label), fields.get(label)?)?;
                    Some(Shown { label: label.to_owned(), field })
                });
                shown.collect()
            }
        }
    }

    fn bound(&mut self, typed: Option<&raw::BoundNames>, at: &Node) -> BoundNames {
        let Some(typed) = typed else { return BoundNames::default() };
        for (index, header) in typed.headers.iter().flatten().enumerate() {
            if http::HeaderName::from_bytes(header.as_bytes()).is_err() {
                self.push(
                    at.at("headers").item(index),
                    format!("`{header}` is no header name"),
                    "write its name alone",
                );
            }
        }
        BoundNames {
            headers: typed.headers.iter().flatten().map(|header| header.to_ascii_lowercase()).collect(),
            cookies: typed.cookies.clone().unwrap_or_default(),
        }
    }

    fn after(&mut self, typed: &raw::AfterSuccess, at: &Node) -> AfterSuccess {
        let when = self.when(typed.when.as_ref(), at.at("when"));
        AfterSuccess { when, actions: typed.actions.clone() }
    }

    /// Conditions on an answer.
    pub(super) fn when(&mut self, typed: Option<&raw::When>, at: &Node) -> AnswerCondition {
        let Some(typed) = typed else { return AnswerCondition::default() };
        for (index, status) in typed.status.iter().flatten().enumerate() {
            if !(100..600).contains(status) {
                self.push(at.at("status").item(index), format!("`{status}` is no status"), "write one as in 302");
            }
        }
        let location = match &typed.location {
            None => None,
            Some(raw::Location::Exact(path)) => Some(LocationCondition::Exact(path.clone())),
            Some(raw::Location::Regex(typed)) => {
                self.anchored(at.at("location").at("regex"), &typed.regex).map(LocationCondition::Regex)
            }
        };
        AnswerCondition {
            status: typed.status.clone().unwrap_or_default(),
            location,
            sets_cookie: typed.sets_cookie.clone(),
            body: typed.body.as_ref().and_then(|body| self.search(at.at("body"), body)),
        }
    }
}

fn pairs(
    typed: Option<&std::collections::BTreeMap<String, String>>,
) -> impl Iterator<Item = (String, String)> + use<'_> {
    typed.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()))
}
