//! Who the site says it is for nobody, and for a wrong password.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use http::{HeaderMap, HeaderValue, Method, header};
use url::form_urlencoded;

use super::{Findings, site::Site};
use crate::{
    clock::SystemClock,
    config::{Config, keys::KeyFile},
    fields::{Body, FieldName},
    flow::CookieNames,
    identity::{
        Ports, SiteAnswer, Sources, Watches,
        settings::{LoginSettings, SourceSettings},
    },
    metrics::{BuildInfo, Metrics},
    request::{AnswerCookies, Head, Scheme},
    store::sql::Sql,
    target::Target,
};

/// A log-in that is tried.
struct Attempt {
    path: String,
    subject: String,
}

/// Asks each source without credentials, then logs in with a wrong password.
pub(super) async fn probe(config: Config, site: &Site, keys: &KeyFile, findings: &mut Findings<'_>) -> io::Result<()> {
    let logins = config.identity.iter().filter_map(|source| match source {
        SourceSettings::Login(login) => Some(attempt(login)),
        SourceSettings::Jwt(_) | SourceSettings::Introspection(_) | SourceSettings::Header(_) => None,
    });
    let logins: Vec<Option<Attempt>> = logins.collect();
    // What would be bound is bound in memory, and gone with this command.
    let (Ok(memory), Ok(http)) = (Sql::open("sqlite::memory:").await, super::site::client().build()) else {
        return findings.warning("the identity sources could not be asked", "try again");
    };
    let Ok(metrics) = Metrics::new(BuildInfo { version: "doctor", revision: "unknown" }) else { return Ok(()) };
    let ports = Ports {
        hasher: keys.hasher(),
        logins: Arc::new(memory),
        metrics: Arc::new(metrics),
        clock: Arc::new(SystemClock::default()),
        http,
        other_credentials: config.other_credentials,
        login_cookie: CookieNames::of(config.site.secure).login,
    };
    let sources = match Sources::build(config.identity, ports) {
        Ok(sources) => sources,
        Err(error) => return findings.problem(&format!("identity: {error}"), "look at identity"),
    };
    let host = config.site.hosts.first().map_or("", String::as_str);
    let scheme = if config.site.secure { Scheme::Https } else { Scheme::Http };
    let question = Question { host, scheme };
    nobody(&sources, question, findings).await?;
    for login in logins {
        wrong_password(&sources, site, (question, login), findings).await?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Question<'q> {
    host: &'q str,
    scheme: Scheme,
}

impl<'q> Question<'q> {
    fn head<'h>(
        self,
        method: &'h Method,
        target: &'h Target,
        (headers, answer_cookies): (&'h HeaderMap, &'h AnswerCookies),
    ) -> Head<'h>
    where
        'q: 'h,
    {
        let nowhere = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let Self { host, scheme } = self;
        let version = http::Version::HTTP_11;
        Head { method, target, host, scheme, version, headers, client: nowhere, peer: nowhere, answer_cookies }
    }
}

async fn nobody(sources: &Sources, question: Question<'_>, findings: &mut Findings<'_>) -> io::Result<()> {
    let Ok(target) = Target::parse(b"/") else { return Ok(()) };
    let (headers, cookies) = (HeaderMap::new(), AnswerCookies::default());
    let head = question.head(&Method::GET, &target, (&headers, &cookies));
    for (source, said) in sources.ask_without_credentials(&head).await {
        match said {
            Ok(None) => findings.ok(&format!("{source}: without a session the site names nobody"))?,
            Ok(Some(_)) => {
                let help = "`subject` reads something that every visitor has, or `anonymous:` misses the name of \
                            visitors: players would share one account";
                findings.problem(&format!("{source}: without a session the site names somebody"), help)?;
            }
            Err(error) => findings.problem(&format!("{source}: {error}"), "look at its `url` and `subject`")?,
        }
    }
    Ok(())
}

/// The form of a log-in; `None` where it is no form.
fn attempt(login: &LoginSettings) -> Option<Attempt> {
    let path = login.matches.first()?.path.as_str().to_owned();
    match &login.subject {
        FieldName::Form(subject) if !path.contains('*') => Some(Attempt { path, subject: subject.clone() }),
        FieldName::Form(_) | FieldName::Query(_) | FieldName::Json(_) => None,
    }
}

/// A log-in that failed must bind nothing (decisions 1).
async fn wrong_password(
    sources: &Sources,
    site: &Site,
    (question, attempt): (Question<'_>, Option<Attempt>),
    findings: &mut Findings<'_>,
) -> io::Result<()> {
    let Some(Attempt { path, subject }) = attempt.filter(|_| site.writes) else {
        let what = "login: a wrong password was not tried";
        return findings.warning(what, "`--write` sends one, where the log-in is a form");
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair(&subject, "stepgate-doctor");
    for field in ["password", "passwd", "pass", "pwd"] {
        form.append_pair(field, "this is not a password");
    }
    let form = form.finish();
    let (Some(answer), Ok(target)) = (site.post(&path, form.clone()).await, Target::parse(path.as_bytes())) else {
        return findings.warning(&format!("login: {path} gave no answer"), "look at `match`");
    };
    let urlencoded = HeaderValue::from_static("application/x-www-form-urlencoded");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, urlencoded)]);
    let cookies = AnswerCookies::default();
    let head = question.head(&Method::POST, &target, (&headers, &cookies));
    let body = Body { content_type: Some("application/x-www-form-urlencoded"), bytes: form.as_bytes() };
    let said = SiteAnswer { status: answer.status.as_u16(), headers: &answer.headers, body: Some(&answer.body) };
    match sources.login_answered(&head, Some(body), said, &Watches::default()).await {
        Ok(None) => findings.ok("login: a wrong password binds nothing"),
        Ok(Some(_)) => {
            let help = "name under `success:` what only a good log-in has, and add `confirm:`";
            findings.problem("login: a wrong password was taken for a log-in", help)
        }
        Err(error) => findings.warning(&format!("login: {error}"), "look at `confirm`"),
    }
}
