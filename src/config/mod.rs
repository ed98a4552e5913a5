//! From what was typed to what will run, with every problem at once.
//!
//! [`parse`] goes in four steps: the text becomes a tree that knows positions (syntax, duplicate
//! keys); the tree is held against the schema of the raw structs (unknown keys, kinds); `serde_yaml`
//! makes the raw structs; `resolve` makes the [`Config`], reporting what cannot run at the place in the
//! tree where it stands. A step begins only if the one before found nothing.
//!
//! Adding a key: a documented field in `raw`, its meaning in `resolve`, a line in
//! `config/stepgate.yaml`, a mistake with it in `tests/config`.

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use secrecy::ExposeSecret;

use crate::{courier, edge, flow, identity, policy, secret::digest, store, words::Language};

mod drawn;
pub mod keys;
mod problem;
pub mod raw;
mod resolve;
mod schema;
mod tree;
mod value;
#[cfg(test)]
mod fuzz_tests;

pub use problem::{Problem, Problems, Severity};
pub use schema::schema;

/// The configuration in a text that is called `name` in messages. File names in it are relative to
/// `dir`; `environment` answers for `{ env: … }`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(
    name: &str,
    text: &str,
    dir: &Path,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Config, Problems> {
    parse_for(name, text, dir, &Surroundings { environment: &environment, purpose: Purpose::Run })
}

/// What a configuration is read in.
struct Surroundings<'s> {
    /// Answers for `{ env: … }`.
    environment: &'s dyn Fn(&str) -> Option<String>,
    /// For which command.
    purpose: Purpose,
}

/// What a configuration is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// To run, or to be checked.
    Run,
    /// `stepgate demo`, which alone may use some things.
    Demo,
    /// To look into it: its own `tests:` may fail.
    Explain,
}

/// As [`parse`], for a purpose.
fn parse_for(name: &str, text: &str, dir: &Path, around: &Surroundings<'_>) -> Result<Config, Problems> {
    let fail = |list| Problems::new(name, text, list);
    let (tree, duplicates) = tree::parse(text).map_err(|problem| fail(vec![problem]))?;
    let mut problems = schema::check(&tree);
    problems.extend(duplicates);
    if !problems.is_empty() {
        return Err(fail(problems));
    }
    let file = serde_yaml::from_str(text).map_err(|error| fail(vec![tree.place.problem(error.to_string(), None)]))?;
    let resolve::Resolved { mut config, warnings, failed_tests } =
        resolve::resolve(&file, &tree, dir, around).map_err(fail)?;
    if !failed_tests.is_empty() && around.purpose != Purpose::Explain {
        return Err(fail(failed_tests));
    }
    config.warnings = fail(warnings);
    config.hash = HEXLOWER.encode(&digest([text.as_bytes()])).chars().take(16).collect();
    Ok(config)
}

/// The configuration in a file.
///
/// # Errors
/// Everything that is wrong with it, or that it cannot be read.
pub fn load(path: &Path) -> Result<Config, Problems> {
    load_for(path, Purpose::Run)
}

/// The configuration in a file whose own `tests:` may fail, to look into it.
///
/// # Errors
/// Everything else that is wrong with it, or that it cannot be read.
pub fn load_to_explain(path: &Path) -> Result<Config, Problems> {
    load_for(path, Purpose::Explain)
}

/// The configuration of `stepgate demo` in a file: it may use the `outbox` courier (decisions 30).
///
/// # Errors
/// Everything that is wrong with it, or that it cannot be read.
pub fn load_demo(path: &Path) -> Result<Config, Problems> {
    load_for(path, Purpose::Demo)
}

fn load_for(path: &Path, purpose: Purpose) -> Result<Config, Problems> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|cause| Problems::unreadable(&name, &cause))?;
    let dir = path.parent().unwrap_or_else(|| Path::new(""));
    let environment = |variable: &str| std::env::var(variable).ok();
    let mut config = parse_for(&name, &text, dir, &Surroundings { environment: &environment, purpose })?;
    config.files.insert(0, path.to_owned());
    Ok(config)
}

/// A configuration that will run: resolved, nothing left to default, nothing wrong.
#[derive(Debug)]
pub struct Config {
    /// Listeners, upstream, limits.
    pub edge: edge::settings::Settings,
    /// The support desk: where it listens, and its rules.
    pub desk: Option<(edge::settings::Desk, flow::desk::Settings)>,
    /// The site as players know it.
    pub site: flow::Site,
    /// The path of our own pages.
    pub portal_prefix: String,
    /// Languages of our pages, the first is the default.
    pub languages: Vec<Language>,
    /// Who is it: the sources in file order.
    pub identity: Vec<identity::settings::SourceSettings>,
    /// Requests that end the site session.
    pub session_end: Vec<policy::rule::Match>,
    /// Lifetimes of stamps.
    pub stamps: crate::stamp::Settings,
    /// The rules of factors.
    pub second_factor: flow::SecondFactor,
    /// The routes in file order.
    pub routes: Vec<policy::Route>,
    /// What guarded routes do with odd paths.
    pub paths: crate::target::PathPolicy,
    /// For requests that land on no route.
    pub default_require: policy::Requirement,
    /// Where notices go besides the player's own contacts.
    pub notices: crate::notice::Settings,
    /// How long audit rows are kept, and where else they go.
    pub audit: crate::audit::Settings,
    /// What pauses tries.
    pub throttle: policy::throttle::Throttle,
    /// Which codes are not sent.
    pub sms_guard: policy::sms_guard::SmsGuard,
    /// What carries codes and notices.
    pub couriers: courier::Settings,
    /// Where things are remembered.
    pub store: store::Settings,
    /// The key file.
    pub keys: PathBuf,
    /// `error`, `warn`, `info`, `debug` or `trace`: our own lines; the proxy library's are capped at
    /// `warn`, since below it prints whole headers.
    pub log_level: String,
    /// Cookies that are credentials too, though no source reads them: refused on guarded routes
    /// (decisions 3).
    pub other_credentials: Vec<String>,
    /// Header names with odd characters that reach the site, lower case.
    pub odd_headers: Vec<String>,
    /// What may leave open what was meant to be guarded, for `check` to print.
    pub warnings: Problems,
    /// How many `tests:` it has; all of them hold.
    pub tests: usize,
    /// Which text this was: SHA-256, the first 16 characters in hexadecimal. Tells nodes apart.
    pub hash: String,
    files: Vec<PathBuf>,
}

impl Config {
    /// Every file that this was made of, the configuration first if it came from a file: a change of
    /// any asks for a reload.
    #[must_use]
    pub fn watched_files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }

    /// What a reload cannot change (decisions 49).
    #[must_use]
    pub fn restart_only(&self) -> RestartOnly {
        let durable = self.store.durable.expose_secret();
        RestartOnly([
            ("listen", format!("{:?}", self.edge.listen)),
            ("ops", self.edge.ops.address.to_string()),
            (
                "desk",
                self.desk
                    .as_ref()
                    .map_or_else(String::new, |(listener, rules)| format!("{listener:?} {}", rules.fingerprint())),
            ),
            ("server", format!("{:?}", self.edge.server)),
            ("store", BASE64.encode(&digest([durable.as_bytes()]))),
            ("keys.file", self.keys.display().to_string()),
        ])
    }
}

/// The keys that need a restart, each with what it says; the store only as a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartOnly([(&'static str, String); 6]);

impl RestartOnly {
    /// The first key that says something else.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        self.0.iter().zip(&other.0).find(|(own, others)| own != others).map(|((key, _), _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_configuration_is_good() {
        let text = include_str!("../../config/demo.yaml");
        let config = parse_for(
            "config/demo.yaml",
            text,
            Path::new("config"),
            &Surroundings { environment: &|_| None, purpose: Purpose::Demo },
        );
        let config = config.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(config.site.hosts, ["127.0.0.1:8080"]);
        assert_eq!(config.routes.len(), 7);
        assert_eq!(config.routes[0].show[0].label, "Amount");
        assert_eq!(config.keys, Path::new("config/DEMO_DIR/keys.yaml"));
    }

    #[test]
    fn what_shows_every_code_is_refused_outside_of_the_demo() {
        let text = include_str!("../../config/demo.yaml");
        let problems = parse("config/demo.yaml", text, Path::new("config"), |_| None).unwrap_err();
        let outboxes = problems.list.iter().filter(|problem| problem.message.contains("`outbox`"));
        assert_eq!((outboxes.count(), problems.list.len()), (2, 2), "{problems}");
    }
}
