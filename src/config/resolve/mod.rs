//! From raw to [`Config`]: what cannot run is reported where it stands, and reading goes on.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use regex::Regex;

use super::{
    Config, Surroundings,
    problem::{Problem, Problems},
    raw,
    tree::Node,
    value,
};
use crate::{
    fields::FieldName,
    policy::{Requirement, Route},
    store,
    target::PathPolicy,
};

mod audit;
mod couriers;
mod desk;
mod edge;
mod expected;
mod guards;
mod identity;
mod lints;
mod login;
mod look;
mod routes;
mod second_factor;
mod secrets;
mod site;

/// Where problems are collected while values with defaults go on being read.
struct Report<'c> {
    dir: &'c Path,
    around: &'c Surroundings<'c>,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    files: Vec<PathBuf>,
}

/// A configuration that can run, and what else there is to say of it.
pub(super) struct Resolved {
    pub(super) config: Config,
    /// What may leave open what was meant to be guarded.
    pub(super) warnings: Vec<Problem>,
    /// Each of `tests:` that does not hold.
    pub(super) failed_tests: Vec<Problem>,
}

/// The configuration of a raw file and its tree.
///
/// # Errors
/// Every problem; never an empty list.
pub(super) fn resolve(
    file: &raw::File,
    tree: &Node,
    dir: &Path,
    around: &Surroundings<'_>,
) -> Result<Resolved, Vec<Problem>> {
    let mut report = Report { dir, around, problems: Vec::new(), warnings: Vec::new(), files: Vec::new() };
    let site = report.site(&file.site, tree.at("site"));
    let (prefix, languages) = report.portal(file.portal.as_ref(), tree.at("portal"));
    let edge = report.edge(file, tree, &site);
    let desk = report.desk(file.desk.as_ref(), tree.at("desk"), &edge);
    let identity = report.identity(file.identity.as_deref().unwrap_or_default(), tree.at("identity"));
    let odd_headers =
        report.odd_headers(file.site.odd_headers.as_deref(), tree.at("site").at("odd_headers"), &identity);
    let sources = file.identity.as_ref().map_or(0, Vec::len);
    // A source that could not be read may have had a contact: then its own problem says enough.
    let contact = identity.len() < sources || identity.iter().any(second_factor::knows_contact);
    let (second_factor, stamps) =
        report.second_factor(file.second_factor.as_ref(), tree.at("second_factor"), &site, contact);
    let routes = report.routes(file.routes.as_deref().unwrap_or_default(), tree.at("routes"), &site, &second_factor);
    let default_require = report.default_require(file.default_require, tree);
    report.guards_need_identity(file, tree, (&routes, default_require));
    let session_end = report.session_end(file.session_end.as_deref().unwrap_or_default(), tree.at("session_end"));
    let couriers = report.couriers(file.couriers.as_ref(), tree.at("couriers"));
    let store = report.store(&file.store, tree.at("store"));
    let throttle = report.throttle(file.throttle.as_ref(), tree.at("throttle"));
    let sms_guard = report.sms_sends(file, &second_factor, tree);
    let notices = report.notices(file.notices.as_ref(), tree.at("notices"));
    let audit = report.audit(file.audit.as_ref(), tree.at("audit"));
    let keys = dir.join(&file.keys.file);
    let expected = report.expected(file.tests.as_deref().unwrap_or_default(), tree.at("tests"));
    if !report.problems.is_empty() {
        return Err(report.problems);
    }
    let subject = lints::Subject { site: &site, routes: &routes, default: default_require, tests: &expected };
    report.lint(file, tree, &subject);
    let Report { warnings, files, .. } = report;
    let config = Config {
        desk,
        edge,
        site,
        portal_prefix: prefix,
        languages,
        identity,
        session_end,
        stamps,
        second_factor,
        routes,
        paths: paths(file.paths.as_ref()),
        default_require,
        notices,
        audit,
        throttle,
        sms_guard,
        couriers,
        store,
        keys,
        log_level: log_level(file.log.as_ref()).to_owned(),
        other_credentials: file.site.other_credentials.clone().unwrap_or_default(),
        odd_headers,
        warnings: Problems::default(),
        tests: expected.len(),
        hash: String::new(),
        files,
    };
    let failed_tests = expected::failures(&expected, &config);
    Ok(Resolved { config, warnings, failed_tests })
}

fn paths(typed: Option<&raw::Paths>) -> PathPolicy {
    let default = PathPolicy::default();
    let Some(typed) = typed else { return default };
    PathPolicy {
        encoded_slash: typed.encoded_slash.unwrap_or(default.encoded_slash),
        semicolon: typed.semicolon.unwrap_or(default.semicolon),
        double_slash: typed.double_slash.unwrap_or(default.double_slash),
        case_sensitive: typed.case_sensitive.unwrap_or(default.case_sensitive),
        endings: typed.endings.unwrap_or(default.endings),
    }
}

fn log_level(log: Option<&raw::Log>) -> &'static str {
    match log.and_then(|log| log.level).unwrap_or(raw::LogLevel::Info) {
        raw::LogLevel::Error => "error",
        raw::LogLevel::Warn => "warn",
        raw::LogLevel::Info => "info",
        raw::LogLevel::Debug => "debug",
        raw::LogLevel::Trace => "trace",
    }
}

impl Report<'_> {
    /// For requests that land on no route.
    fn default_require(&mut self, typed: Option<raw::RequireWord>, tree: &Node) -> Requirement {
        match typed {
            None | Some(raw::RequireWord::None) => Requirement::None,
            Some(raw::RequireWord::Session) => Requirement::Session,
            Some(raw::RequireWord::Fresh | raw::RequireWord::Once) => {
                let help = "use `none` or `session`, and routes for what is stricter";
                self.push(tree.at("default_require"), "`default_require` cannot be this strict", help);
                Requirement::Session
            }
        }
    }

    /// Records a problem.
    fn push(&mut self, at: &Node, message: impl Into<String>, help: &str) {
        self.problems.push(at.place.problem(message, help.to_owned()));
    }

    /// Records what may be meant, and may leave something open.
    fn warn(&mut self, at: &Node, message: impl Into<String>, help: impl Into<String>) {
        self.warnings.push(at.place.warning(message, help.into()));
    }

    /// Whoever guards something must be able to tell players apart.
    fn guards_need_identity(&mut self, file: &raw::File, tree: &Node, (routes, default): (&[Route], Requirement)) {
        let guards = default != Requirement::None || routes.iter().any(|route| route.require != Requirement::None);
        if guards && file.identity.as_ref().is_none_or(Vec::is_empty) {
            let help = "describe under `identity:` how the site's session is recognised";
            self.push(tree.at("identity"), "a route requires proof, but there is no identity source", help);
        }
    }

    /// Reports a key whose part does not act yet, so that nobody relies on it.
    fn reserved(&mut self, at: &Node, key: &str) {
        if let Some(entry) = at.entry(key) {
            let help = "remove it".to_owned();
            self.problems.push(entry.place.problem(format!("`{key}` is not supported yet"), help));
        }
    }

    /// The time under a key of `at`, or the default.
    fn duration(&mut self, at: &Node, key: &str, typed: Option<&str>, default: Duration) -> Duration {
        let Some(text) = typed else { return default };
        value::duration(text).unwrap_or_else(|| {
            self.push(at.at(key), format!("`{key}` is no time"), "write 12h, 30m, 2s, 500ms or 30d");
            default
        })
    }

    /// The size under a key of `at`, or the default.
    fn size(&mut self, at: &Node, key: &str, typed: Option<&str>, default: usize) -> usize {
        let Some(text) = typed else { return default };
        value::size(text).unwrap_or_else(|| {
            self.push(at.at(key), format!("`{key}` is no size"), "write 512B, 64KiB or 4MiB");
            default
        })
    }

    /// A file name, relative to the configuration file.
    fn path(&self, typed: &str) -> PathBuf {
        self.dir.join(typed)
    }

    /// A value that must parse, or a problem.
    fn parsed<T: std::str::FromStr>(&mut self, at: &Node, typed: &str, help: &str) -> Option<T> {
        let value = typed.parse().ok();
        if value.is_none() {
            self.push(at, format!("`{typed}` cannot be read"), help);
        }
        value
    }

    /// An expression that searches.
    fn search(&mut self, at: &Node, typed: &str) -> Option<Regex> {
        match Regex::new(typed) {
            Ok(regex) => {
                self.lint_expression(at, typed, &regex);
                Some(regex)
            }
            Err(error) => {
                let last = error.to_string().lines().last().unwrap_or_default().to_owned();
                self.push(at, "this expression cannot be read", &last);
                None
            }
        }
    }

    /// An expression that must match the whole value: anchored at both ends, also where it has
    /// alternatives (`^a|b$` is not).
    fn anchored(&mut self, at: &Node, typed: &str) -> Option<Regex> {
        let regex = self.search(at, typed)?;
        let inner = typed.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
        if inner.is_none_or(|inner| inner.ends_with('\\') || splits(inner)) {
            self.push(at, "this expression is not anchored", "begin it with ^( and end it with )$");
            return None;
        }
        self.lint_whole(at, &regex);
        Some(regex)
    }

    /// The one field that is named.
    fn field(&mut self, at: &Node, typed: &raw::Field) -> Option<FieldName> {
        match (&typed.query, &typed.form, &typed.json) {
            (Some(name), None, None) => Some(FieldName::Query(name.clone())),
            (None, Some(name), None) => Some(FieldName::Form(name.clone())),
            (None, None, Some(pointer)) => {
                self.pointer(at.at("json"), pointer).then(|| FieldName::Json(pointer.clone()))
            }
            _ => {
                self.push(at, "a field needs exactly one place", "one of: query, form, json");
                None
            }
        }
    }

    /// Whether a text is a JSON Pointer (RFC 6901 §3) to something inside the document.
    fn pointer(&mut self, at: &Node, typed: &str) -> bool {
        let good = typed.starts_with('/');
        if !good {
            self.push(at, format!("`{typed}` is no JSON Pointer"), "begin it with a slash: /user/id");
        }
        good
    }

    fn store(&mut self, typed: &raw::Store, at: &Node) -> store::Settings {
        let durable = self.text(at.at("durable"), &typed.durable);
        let scheme = secrecy::ExposeSecret::expose_secret(&durable);
        if !scheme.is_empty() && !["sqlite:", "postgres://", "postgresql://"].iter().any(|s| scheme.starts_with(s)) {
            self.push(at.at("durable"), "this store is unknown", "sqlite:/path/to.db or postgres://…");
        }
        if typed.shared.as_deref().is_some_and(|shared| shared != "memory") {
            self.push(at.at("shared"), "this shared store is not supported yet", "use `memory`: one node");
        }
        store::Settings { durable, shared: store::Shared::Memory }
    }
}

/// Whether an expression has an alternative outside of every group, which anchors at its ends would
/// not hold.
fn splits(expression: &str) -> bool {
    let (mut depth, mut class, mut escaped) = (0_i32, false, false);
    for c in expression.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth -= 1,
            '|' if !class && depth == 0 => return true,
            _ => {}
        }
    }
    false
}
