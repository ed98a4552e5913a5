//! `explain`: how a request is read, where it lands, and what that requires.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::{FAULT, USAGE, check::report};
use crate::{
    config::{self, Config},
    fields::{Body, FieldName},
    policy::{BodyView, Landing, Requirement, Route, Routes, rule::Match},
    request::{AnswerCookies, Head, Scheme},
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
    let config = match config::load(path) {
        Ok(config) => config,
        Err(problems) => return report(&problems, out),
    };
    let bytes = match options.body.as_ref().map(std::fs::read).transpose() {
        Ok(bytes) => bytes,
        Err(error) => {
            writeln!(out, "error: the body cannot be read: {error}")?;
            return Ok(ExitCode::from(FAULT));
        }
    };
    let body = match &bytes {
        Some(bytes) => BodyView::Read(Body { content_type: options.content_type.as_deref(), bytes }),
        // A GET has none unless it is given.
        None if options.method.is_safe() => BodyView::Read(Body { content_type: None, bytes: b"" }),
        None => BodyView::Unread,
    };
    let (host, target) = split(&options.url, &config);
    let Some(host) = config.site.hosts.iter().find(|known| known.eq_ignore_ascii_case(&host)) else {
        writeln!(out, "error: `{host}` is not one of the site's hosts: {}", config.site.hosts.join(", "))?;
        return Ok(ExitCode::from(USAGE));
    };
    let parsed = match Target::parse_for(&options.method, target.as_bytes()) {
        Ok(parsed) => parsed,
        Err(error) => {
            writeln!(out, "answered 400 for everybody: {error}")?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let headers: HeaderMap = options.header.iter().cloned().collect();
    let head = Head {
        method: &options.method,
        target: &parsed,
        host,
        scheme: if config.site.secure { Scheme::Https } else { Scheme::Http },
        headers: &headers,
        client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        answer_cookies: &AnswerCookies::default(),
    };
    let routes = Routes::compile(config.routes, config.default_require);
    let landing = routes.land(&head, body);
    print_readings(&parsed, out)?;
    print_forms(&parsed, config.paths, &landing, out)?;
    print_landing(&landing, config.default_require, out)?;
    Ok(ExitCode::SUCCESS)
}

/// Host and target of an address; a path alone is one of the origin's host.
fn split(url: &str, config: &Config) -> (String, String) {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else {
        return (config.site.hosts.first().cloned().unwrap_or_default(), url.to_owned());
    };
    match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
        Some((host, target)) => (host.to_owned(), target.to_owned()),
        None => (rest.to_owned(), "/".to_owned()),
    }
}

fn print_readings(target: &Target, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "readings of the path:")?;
    for reading in target.readings() {
        writeln!(out, "  {:<40} {}", reading.path(), reading.how())?;
    }
    Ok(())
}

/// What guarded routes do with the odd forms of this path, and which key says so.
fn print_forms(target: &Target, paths: PathPolicy, landing: &Landing<'_>, out: &mut impl Write) -> io::Result<()> {
    let odd = target.ambiguities().map(|form| (form.as_str(), paths.of(form), form.key()));
    let case = (landing.other_case && !landing.is_unguarded()).then_some((
        "another case",
        paths.case_sensitive,
        Some("case_sensitive"),
    ));
    for (form, policy, key) in odd.chain(case) {
        let does = match policy {
            OddForm::Reject => "refuses",
            OddForm::Match => "takes",
        };
        let why = key.map_or_else(|| "always".to_owned(), |key| format!("paths.{key}"));
        writeln!(out, "  a guarded route {does} this form: {form} ({why})")?;
    }
    Ok(())
}

fn print_landing(landing: &Landing<'_>, default: Requirement, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "lands on:")?;
    for route in &landing.enforced {
        print_route(route, "", out)?;
    }
    for route in &landing.observed {
        print_route(route, " (only observed)", out)?;
    }
    if landing.enforced.is_empty() {
        writeln!(out, "  no route: default_require")?;
    }
    if landing.body_matters {
        writeln!(out, "  the body may decide otherwise: give it with --body and --content-type")?;
    }
    let strictest = landing.enforced.first().map_or(default, |route| route.require);
    writeln!(out, "requires: {}", requirement(strictest))
}

fn print_route(route: &Route, note: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "  {}{note}: requires {}", route.name, requirement(route.require))?;
    for pattern in &route.matches {
        writeln!(out, "    matches {}", describe(pattern))?;
    }
    Ok(())
}

fn requirement(require: Requirement) -> String {
    match require {
        Requirement::Fresh { max_age } => format!("fresh, proven within {max_age:?}"),
        Requirement::None | Requirement::Session | Requirement::Once => require.as_str().to_owned(),
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

    #[test]
    fn an_odd_form_is_explained_with_its_key() {
        let explained = |raw: &[u8], paths| {
            let pattern = crate::policy::PathPattern::parse("/pay").unwrap();
            let plain = Match { path: pattern, methods: Vec::new(), host: None, fields: Vec::new() };
            let routes = Routes::compile(vec![Route::plain("pay", vec![plain], Requirement::Once)], Requirement::None);
            let (target, client) = (Target::parse(raw).unwrap(), IpAddr::V4(Ipv4Addr::LOCALHOST));
            let (method, headers) = (&Method::GET, &HeaderMap::new());
            let (scheme, peer) = (Scheme::Https, client);
            let answer_cookies = &AnswerCookies::default();
            let head = Head { method, target: &target, host: "h", scheme, headers, client, peer, answer_cookies };
            let mut out = Vec::new();
            print_forms(&target, paths, &routes.land(&head, BodyView::Unread), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let default = PathPolicy::default();
        assert_eq!(explained(b"/pay", default), "");
        let semicolon = explained(b"/pay;x", default);
        assert_eq!(semicolon, "  a guarded route refuses this form: semicolon (paths.semicolon)\n");
        let taken = explained(b"/pay;x", PathPolicy { semicolon: OddForm::Match, ..default });
        assert_eq!(taken, "  a guarded route takes this form: semicolon (paths.semicolon)\n");
        assert!(explained(b"/x/../pay", default).ends_with("dot segment (always)\n"));
        assert!(explained(b"/PAY", default).contains("takes this form: another case (paths.case_sensitive)"));
    }

    #[test]
    fn a_header_needs_its_colon() {
        assert!(header("Accept: text/html").is_ok());
        assert!(header("Accept").is_err() && header("A b: c").is_err());
    }
}
