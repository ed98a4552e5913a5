//! `explain`: how a request is read, where it lands, and what that requires.

use std::{
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use http::{HeaderName, HeaderValue, Method};

use super::{FAULT, USAGE, check::report};
use crate::{
    config,
    fields::FieldName,
    policy::{
        BodyView, Landing, Permit, Requirement, Route, Routes,
        routes::Step,
        rule::{Anonymous, Match, Unenrolled},
        sample::{BadAddress, Sample},
    },
    request::{Head, Scheme},
    target::{OddForm, PathPolicy, Target},
};

/// The request to explain.
#[derive(Clone, Debug, clap::Args)]
pub struct ExplainOptions {
    /// As in GET or POST.
    pub method: Method,
    /// A path with its query, or an address of the site.
    pub url: String,
    /// A header, as in `Accept: text/html`; may be repeated.
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(HeaderName, HeaderValue)>,
    /// A file with the body.
    #[arg(long, value_name = "FILE")]
    pub body: Option<PathBuf>,
    /// The body's Content-Type.
    #[arg(long, value_name = "TYPE", requires = "body")]
    pub content_type: Option<String>,
}

fn header(typed: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = typed.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = name.trim().parse().map_err(|_| "this is no header name")?;
    let value = value.trim().parse().map_err(|_| "this is no header value")?;
    Ok((name, value))
}

/// Prints the explanation.
///
/// # Errors
/// The output could not be written.
pub(super) fn explain(path: &Path, options: &ExplainOptions, out: &mut impl Write) -> io::Result<ExitCode> {
    let config = match config::load_to_explain(path) {
        Ok(config) => config,
        Err(problems) => return report(&problems, out),
    };
    let body = match options.body.as_ref().map(std::fs::read).transpose() {
        Ok(body) => body,
        Err(error) => {
            writeln!(out, "error: the body cannot be read: {error}")?;
            return Ok(ExitCode::from(FAULT));
        }
    };
    let scheme = if config.site.secure { Scheme::Https } else { Scheme::Http };
    let mut sample = match Sample::new(options.method.clone(), &options.url, &config.site.hosts, scheme) {
        Ok(sample) => sample.with_endings(config.paths.endings),
        Err(BadAddress::Target(bad)) => {
            writeln!(out, "answered 400 for everybody: {bad}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(unknown @ BadAddress::UnknownHost(_)) => {
            writeln!(out, "error: {unknown}: {}", config.site.hosts.join(", "))?;
            return Ok(ExitCode::from(USAGE));
        }
    };
    sample.headers = options.header.iter().cloned().collect();
    if let Some(content_type) = options.content_type.as_ref().and_then(|typed| HeaderValue::from_str(typed).ok()) {
        sample.headers.insert(http::header::CONTENT_TYPE, content_type);
    }
    sample.body = body;
    let routes = Routes::compile(config.routes, config.default_require);
    let rules = Rules { routes: &routes, default: config.default_require, paths: config.paths };
    sample.read(|head, body| print(&rules, head, body, out))?;
    Ok(ExitCode::SUCCESS)
}

/// What a request is held against.
struct Rules<'r> {
    routes: &'r Routes,
    default: Requirement,
    paths: PathPolicy,
}

fn print(rules: &Rules<'_>, head: &Head<'_>, body: BodyView<'_>, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} {} on {}\n", head.method, head.target.raw(), head.host)?;
    let steps = rules.routes.steps(head, body);
    let width = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
    let paths = width(&mut steps.iter().map(|step| step.method.as_str().len() + step.path.chars().count() + 1));
    let hows = width(&mut steps.iter().map(|step| step.how.len()));
    writeln!(out, "readings, each by itself:")?;
    for step in &steps {
        let request = format!("{} {}", step.method, step.path);
        writeln!(out, "  {request:paths$}  {:hows$}  {}", step.how, landed(step, rules))?;
    }
    let landing = rules.routes.land(head, body);
    print_forms(head.target, rules.paths, &landing, out)?;
    print_result(rules, &landing, out)?;
    let bodiless = matches!(body, BodyView::Read(body) if body.bytes.is_empty());
    let is_preflight = bodiless && Permit::for_preflight(head).is_some();
    let then = if is_preflight {
        "a true preflight: forwarded as nobody's, without cookies of identity and Authorization".to_owned()
    } else {
        outcome(rules, head, &landing)
    };
    writeln!(out, "then:     {then}")
}

/// Where one reading lands, and by which pattern.
fn landed(step: &Step<'_>, rules: &Rules<'_>) -> String {
    let mut parts: Vec<String> = step.observed.iter().map(|route| format!("`{}` only observes", route.name)).collect();
    let last = step.routes.len().saturating_sub(1);
    for (at, (route, pattern)) in step.routes.iter().enumerate() {
        let may = if at == last && step.certain { "" } else { "perhaps " };
        parts.push(format!("{may}`{}` ({}), by {}", route.name, route.require.as_str(), describe(pattern)));
    }
    if !step.certain {
        let or = if step.routes.is_empty() { "" } else { "else " };
        parts.push(format!("{or}no route (default_require: {})", rules.default.as_str()));
    }
    parts.join("; ")
}

/// What guarded routes do with the odd forms of this path, and which key says so.
fn print_forms(target: &Target, paths: PathPolicy, landing: &Landing<'_>, out: &mut impl Write) -> io::Result<()> {
    let odd = target.ambiguities().map(|form| (form.as_str(), paths.of(form), form.key()));
    let case = landing.other_case.then_some(("another case", paths.case_sensitive, Some("case_sensitive")));
    for (at, (form, policy, key)) in odd.chain(case).enumerate() {
        if at == 0 {
            writeln!(out, "\nodd forms of this path:")?;
        }
        let (does, word) = match policy {
            OddForm::Reject => ("refuses it", "reject"),
            OddForm::Match => ("takes it as the plain form", "match"),
        };
        let why = key.map_or_else(|| "always".to_owned(), |key| format!("paths.{key}: {word}"));
        writeln!(out, "  {form}: a guarded route {does} ({why})")?;
    }
    Ok(())
}

fn print_result(rules: &Rules<'_>, landing: &Landing<'_>, out: &mut impl Write) -> io::Result<()> {
    let strictest = landing.enforced.first();
    let name = strictest.map_or("no route", |route| &route.name);
    let require = strictest.map_or(Requirement::None, |route| route.require);
    writeln!(out, "\nlands on: {name}\nrequires: {}", requirement(require))?;
    let others: Vec<&str> = landing.enforced.iter().skip(1).map(|route| &*route.name).collect();
    let why = match (strictest, others.as_slice()) {
        (None, _) => format!("no route takes it, and default_require is {}", rules.default.as_str()),
        (Some(_), []) => format!("every reading that lands on a route lands on `{name}`"),
        (Some(_), others) => {
            format!(
                "of all readings the strictest counts, and all must let it pass: `{name}` and {}",
                others.join(", ")
            )
        }
    };
    writeln!(out, "why:      {why}")?;
    if landing.body_matters {
        writeln!(out, "          the body may decide otherwise: give it with --body and --content-type")?;
    }
    Ok(())
}

/// What happens to the request.
fn outcome(rules: &Rules<'_>, head: &Head<'_>, landing: &Landing<'_>) -> String {
    let refusal = rules.paths.refusal(head.target, landing.other_case).filter(|_| !landing.is_unguarded());
    if let Some(form) = refusal {
        return format!("answered 400 whoever asks, for its form: {form}");
    }
    let strictest = landing.enforced.first().filter(|_| !landing.is_unguarded());
    strictest.map_or_else(|| "forwarded without asking anybody".to_owned(), |route| unproven(route))
}

/// What happens to whoever has no proof yet.
fn unproven(route: &Route) -> String {
    let factors: Vec<&str> = route.methods.iter().map(|kind| kind.as_str()).collect();
    let unenrolled = match route.unenrolled {
        Unenrolled::Allow => "pass",
        Unenrolled::Enroll => "must enrol first",
        Unenrolled::Deny => "are refused",
    };
    let anonymous = match route.anonymous {
        Anonymous::Deny => "are refused",
        Anonymous::Forward => "pass without their cookies of identity",
    };
    format!(
        "a code by {}; players without a factor {unenrolled}; visitors who are not logged in {anonymous}",
        factors.join(", ")
    )
}

fn requirement(require: Requirement) -> String {
    match require {
        Requirement::Fresh { max_age } => format!("fresh, proven within {}", Written(max_age)),
        Requirement::None => "none".to_owned(),
        Requirement::Session => "session, a proof in this log-in".to_owned(),
        Requirement::Once => "once, a proof for exactly this request".to_owned(),
    }
}

/// A time as it is written in the configuration.
struct Written(Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, letter) = [(86_400, 'd'), (3_600, 'h'), (60, 'm'), (1, 's')]
            .into_iter()
            .find(|(unit, _)| seconds.is_multiple_of(*unit))
            .unwrap_or((1, 's'));
        write!(f, "{}{letter}", seconds / unit)
    }
}

/// A pattern in one line.
fn describe(pattern: &Match) -> String {
    let methods: Vec<&str> = pattern.methods.iter().map(Method::as_str).collect();
    let mut parts = vec![if methods.is_empty() { "any method".to_owned() } else { methods.join(" ") }];
    parts.extend(pattern.host.clone());
    parts.push(pattern.path.to_string());
    parts.extend(pattern.fields.iter().map(|(field, value)| match field {
        FieldName::Query(name) => format!("query {name}={value}"),
        FieldName::Form(name) => format!("form {name}={value}"),
        FieldName::Json(pointer) => format!("json {pointer}={value}"),
    }));
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_described_with_its_conditions() {
        let fields = vec![(FieldName::Form("do".into()), "pay".into())];
        let pattern = Match {
            path: crate::policy::PathPattern::parse("/a/**").unwrap(),
            methods: vec![Method::POST],
            host: None,
            fields,
        };
        assert_eq!(describe(&pattern), "POST /a/** form do=pay");
    }

    /// What is said of a request where `/pay` takes an approval and `/pay/help` nothing.
    fn explained(method: Method, url: &str, paths: PathPolicy) -> String {
        explained_with(method, url, paths, &[])
    }

    fn explained_with(method: Method, url: &str, paths: PathPolicy, lines: &[(&'static str, &'static str)]) -> String {
        let route = |name, path, require| {
            let path = crate::policy::PathPattern::parse(path).unwrap();
            Route::plain(name, vec![Match { path, methods: Vec::new(), host: None, fields: Vec::new() }], require)
        };
        let all = vec![route("help", "/pay/help", Requirement::None), route("pay", "/pay/**", Requirement::Once)];
        let routes = Routes::compile(all, Requirement::None);
        let rules = Rules { routes: &routes, default: Requirement::None, paths };
        let mut sample = Sample::new(method, url, &["h".to_owned()], Scheme::Https).unwrap();
        let line = |(name, value): &(&'static str, &'static str)| header(&format!("{name}: {value}")).unwrap();
        sample.headers = lines.iter().map(line).collect();
        let mut out = Vec::new();
        sample.read(|head, body| print(&rules, head, body, &mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_reading_is_shown_with_its_route_and_what_counts() {
        let said = explained(Method::GET, "/pay/x/../help", PathPolicy::default());
        assert!(said.starts_with("GET /pay/x/../help on h\n"), "{said}");
        assert!(said.contains("GET /pay/x/../help  as received"), "{said}");
        assert!(said.contains("`help` (none), by any method /pay/help"), "{said}");
        assert!(said.contains("lands on: pay\nrequires: once, a proof for exactly this request\n"), "{said}");
        assert!(said.contains("the strictest counts, and all must let it pass: `pay` and help"), "{said}");
        assert!(said.contains("then:     answered 400 whoever asks, for its form: dot segment"), "{said}");
        let plain = explained(Method::GET, "/pay/help", PathPolicy::default());
        assert!(plain.ends_with("then:     forwarded without asking anybody\n"), "{plain}");
        let none = explained(Method::GET, "/other", PathPolicy::default());
        assert!(none.contains("lands on: no route\nrequires: none\nwhy:      no route takes it"), "{none}");
        let post = explained(Method::POST, "/pay", PathPolicy::default());
        assert!(post.contains("then:     a code by app, sms, backup_code; players without a factor must"), "{post}");
    }

    #[test]
    fn options_is_guarded_but_for_a_true_preflight() {
        let said = |lines: &[(&'static str, &'static str)]| {
            explained_with(Method::OPTIONS, "/pay", PathPolicy::default(), lines)
        };
        let (origin, asks) = (("Origin", "https://h"), ("Access-Control-Request-Method", "POST"));
        for lines in [&[][..], &[origin], &[asks], &[origin, asks, ("X-HTTP-Method-Override", "POST")]] {
            let guarded = said(lines);
            assert!(guarded.contains("lands on: pay\n") && guarded.contains("then:     a code by app"), "{guarded}");
        }
        let preflight = said(&[origin, asks]);
        assert!(preflight.contains("then:     a true preflight: forwarded as nobody's"), "{preflight}");
    }

    #[test]
    fn an_odd_form_is_explained_with_its_key() {
        let default = PathPolicy::default();
        assert!(!explained(Method::GET, "/pay", default).contains("odd forms"));
        let semicolon = explained(Method::GET, "/pay;x", default);
        assert!(
            semicolon.contains("  semicolon: a guarded route refuses it (paths.semicolon: reject)\n"),
            "{semicolon}"
        );
        let taken = explained(Method::GET, "/pay;x", PathPolicy { semicolon: OddForm::Match, ..default });
        assert!(taken.contains("takes it as the plain form (paths.semicolon: match)\n"), "{taken}");
        assert!(!taken.contains("answered 400"), "{taken}");
        assert!(
            explained(Method::GET, "/x/../pay", default).contains("dot segment: a guarded route refuses it (always)")
        );
        assert!(explained(Method::GET, "/PAY", default).contains("another case: a guarded route takes it"));
    }

    /// A script beside a guarded page: the key that lets it pass is named.
    #[test]
    fn a_path_that_is_guarded_for_its_ending_is_explained_with_the_key() {
        let said = explained(Method::GET, "/pay.js", PathPolicy::default());
        assert!(said.contains("GET /pay     without ending (paths.endings)  `pay` (once)"), "{said}");
        assert!(said.contains("lands on: pay\n"), "{said}");
    }

    #[test]
    fn times_are_written_as_in_the_file() {
        for (seconds, written) in [(300, "5m"), (90, "90s"), (7200, "2h"), (86_400, "1d")] {
            assert_eq!(Written(Duration::from_secs(seconds)).to_string(), written);
        }
    }

    #[test]
    fn a_header_needs_its_colon() {
        assert!(header("Accept: text/html").is_ok());
        assert!(header("Accept").is_err() && header("A b: c").is_err());
    }
}
