//! Mistakes in a configuration, and the words in which each is reported.
//!
//! `tests/config/NAME.edit` is a list of edits to `tests/config/base.yaml`: lines `- old` and `+ new`,
//! each pair replacing the first `old` of the base. `NAME.expected` is what an operator then reads.
//! `tests/config/warnings` is the same for what may leave something open, with a base of its own.
//! `STEPGATE_BLESS=1` writes the expected texts anew, to be read in the diff.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt, path::Path};

use serde_yaml::Value;
use stepgate::{
    config::{Problems, Severity, parse},
    identity::settings::SourceSettings,
};

const BASE: &str = include_str!("../config/base.yaml");

/// A folder with the secrets and certificates that the files name.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let good = "pXb4bJ0yqvOe2dXcA1h5uH3nV9rT6wZk";
    file("secrets/site-jwt", good, 0o600);
    file("secrets/metrics", good, 0o600);
    for name in ["sms-key", "kannel", "twilio", "mail", "webhook"] {
        file(&format!("secrets/{name}"), good, 0o600);
    }
    for name in ["desk", "desk-support", "desk-supervisor"] {
        file(&format!("secrets/{name}"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 0o600);
    }
    file("secrets/exposed", good, 0o644);
    file("secrets/short", "pXb4bJ0yqvOe2dXc", 0o600);
    file("secrets/example", "changeme-changeme-changeme-changeme", 0o600);
    file("tls/fullchain.pem", "certificate", 0o644);
    file("tls/key.pem", "key", 0o600);
    file("tls/logs-ca.pem", &crate::kit::certificates::Authority::new().pem(), 0o644);
    file("look/large.svg", &"-".repeat(2049), 0o644);
    dir
}

fn environment(variable: &str) -> Option<String> {
    (variable == "STORE_URL").then(|| "postgres://stepgate:8c1fW2@db/stepgate".to_owned())
}

fn problems(name: &str, text: &str, dir: &Path) -> Option<Problems> {
    parse(name, text, dir, environment).err()
}

/// A base with one file's edits.
fn edited(base: &str, edits: &str) -> String {
    let mut text = base.to_owned();
    let mut old = None;
    for line in edits.lines() {
        if let Some(line) = line.strip_prefix("- ") {
            assert!(text.contains(line), "the base has no `{line}`");
            old = Some(line);
        } else if let Some(line) = line.strip_prefix("+ ") {
            let old = old.take().expect("a new text follows an old one");
            text = text.replacen(old, &line.replace("\\n", "\n"), 1);
        }
    }
    text
}

fn names(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "edit"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

/// Holds what is said of each edit of a folder against what is written beside it.
fn compare(folder: &str, base: &str, at_least: usize, said: impl Fn(&str) -> Option<String>) {
    let bless = std::env::var_os("STEPGATE_BLESS").is_some();
    let names = names(folder);
    assert!(names.len() >= at_least, "only {} mistakes", names.len());
    let mut wrong = String::new();
    for name in names {
        let edits = fs::read_to_string(format!("{folder}/{name}.edit")).unwrap();
        let Some(said) = said(&edited(base, &edits)) else {
            wrong.push_str(&format!("{name}: accepted\n"));
            continue;
        };
        let path = format!("{folder}/{name}.expected");
        if bless {
            fs::write(&path, &said).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if said != expected {
            wrong.push_str(&format!("{name}: expected\n{expected}said\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn each_mistake_is_reported_as_written_beside_it() {
    let dir = folder();
    compare("tests/config", BASE, 35, |text| {
        let problems = problems("stepgate.yaml", text, dir.path())?;
        Some(problems.to_string().replace(&dir.path().display().to_string(), "DIR"))
    });
}

#[test]
fn each_warning_is_given_as_written_beside_it() {
    let dir = folder();
    let warnings = |text: &str| match parse("stepgate.yaml", text, dir.path(), environment) {
        Ok(config) => config.warnings,
        Err(problems) => panic!("an error: {problems}"),
    };
    let base = include_str!("../config/warnings/base.yaml");
    assert_eq!(warnings(base).to_string(), "");
    compare("tests/config/warnings", base, 36, |text| {
        let warnings = warnings(text);
        assert!(warnings.list.iter().all(|warning| warning.severity == Severity::Warning));
        (!warnings.list.is_empty()).then(|| warnings.to_string())
    });
}

/// `tests/config/warnings/silent` has what looks like a mistake of the folder above, and is none.
#[test]
fn a_harmless_twin_of_a_mistake_is_not_warned_of() {
    let dir = folder();
    let folder = "tests/config/warnings/silent";
    let base = include_str!("../config/warnings/base.yaml");
    let names = names(folder);
    assert!(names.len() >= 24, "only {} twins", names.len());
    let mut wrong = String::new();
    for name in names {
        let edits = fs::read_to_string(format!("{folder}/{name}.edit")).unwrap();
        match parse("stepgate.yaml", &edited(base, &edits), dir.path(), environment) {
            Ok(config) if config.warnings.list.is_empty() => {}
            Ok(config) => wrong.push_str(&format!("{name}: {}", config.warnings)),
            Err(problems) => wrong.push_str(&format!("{name}: {problems}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn the_example_of_the_readme_and_the_demo_are_not_warned_of() {
    let dir = folder();
    let readme = fs::read_to_string("README.md").unwrap();
    let (_, rest) = readme.split_once("```yaml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let demo = fs::read_to_string("config/demo.yaml").unwrap();
    // Only `stepgate demo` takes its couriers.
    let demo = demo.replace(
        "  sms: [{ outbox: {} }]\n  email: { outbox: {} }\n",
        "  sms: [{ http: { url: \"http://127.0.0.1:9/\", json: { to: \"{to}\", text: \"{text}\" } } }]\n",
    );
    for text in [example, &demo] {
        match parse("stepgate.yaml", text, dir.path(), environment) {
            Ok(config) => assert_eq!(config.warnings.to_string(), ""),
            Err(problems) => panic!("{problems}"),
        }
    }
}

#[test]
fn the_base_of_all_mistakes_is_good() {
    let dir = folder();
    if let Some(problems) = problems("base.yaml", BASE, dir.path()) {
        panic!("{problems}");
    }
}

/// A peer of a listener of both versions is read as IPv4.
#[test]
fn networks_of_mapped_addresses_are_kept_as_ipv4() {
    let dir = folder();
    for (typed, kept) in [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:192.0.2.7/128", "192.0.2.7/32"),
        ("2001:db8::/32", "2001:db8::/32"),
    ] {
        let text = BASE.replacen("10.0.0.0/8", typed, 1).replacen("192.0.2.0/24", typed, 1);
        let config = parse("stepgate.yaml", &text, dir.path(), environment).unwrap();
        let names = config.identity.iter().find_map(|source| match source {
            SourceSettings::Header(header) => Some(&header.from),
            SourceSettings::Jwt(_) | SourceSettings::Introspection(_) | SourceSettings::Login(_) => None,
        });
        for networks in [&config.edge.trusted_proxies, names.unwrap()] {
            assert_eq!(networks.iter().map(ToString::to_string).collect::<Vec<_>>(), [kept], "{typed}");
        }
    }
}

#[test]
fn the_sample_is_good_once_its_files_are_there() {
    let dir = folder();
    let text = fs::read_to_string("config/stepgate.yaml").unwrap();
    match parse("config/stepgate.yaml", &text, dir.path(), environment) {
        Ok(config) => assert_eq!(config.warnings.to_string(), ""),
        Err(problems) => panic!("{problems}"),
    }
}

/// Every key of the schema that acts is shown in the sample, at least in a comment.
#[test]
fn the_sample_shows_every_key() {
    let text = fs::read_to_string("config/stepgate.yaml").unwrap();
    let missing: BTreeSet<String> =
        acting_keys().into_iter().filter(|key| !text.contains(&format!("{key}:"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn acting_keys() -> BTreeSet<String> {
    let schema = stepgate::config::schema();
    let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    definitions
        .filter_map(|definition| definition["properties"].as_object())
        .flatten()
        .filter(|(_, key)| !key["description"].as_str().is_some_and(|text| text.starts_with("Reserved")))
        .map(|(name, _)| name.clone())
        .collect()
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let dir = folder();
    let text = edited(BASE, "- name: Example Play\n+ nmae: Example Play\n- require: session\n+ require: sesion\n");
    let problems = problems("stepgate.yaml", &text, dir.path()).unwrap();
    let lines: Vec<usize> = problems.list.iter().map(|problem| problem.line).collect();
    assert_eq!(lines.len(), 3, "{problems}");
    assert!(lines.is_sorted());
}

#[test]
fn no_text_makes_it_panic() {
    let dir = folder();
    for end in (0..BASE.len()).filter(|end| BASE.is_char_boundary(*end)) {
        let _ = problems("stepgate.yaml", &BASE[..end], dir.path());
    }
    for text in
        ["", "\u{feff}", "é: ö", "[", "- a", "a", "? [a]\n: b", "a: *b", "a: &b c", "\t", "---\n---\n", "a: |\n é"]
    {
        let problems = problems("stepgate.yaml", text, dir.path());
        assert!(problems.is_some_and(|problems| !problems.to_string().is_empty()), "{text:?}");
    }
}

#[test]
fn a_message_never_shows_a_secret() {
    let dir = folder();
    for secret in ["secrets/exposed", "secrets/short", "secrets/example"] {
        let text = BASE.replacen("secrets/site-jwt", secret, 1);
        let value = fs::read_to_string(dir.path().join(secret)).unwrap();
        let said = problems("stepgate.yaml", &text, dir.path()).unwrap().to_string();
        assert!(!said.contains(&value), "{said}");
    }
    for (typed, value) in [
        ("secret: hunter2", "hunter2"),
        ("secret: [hunter2", "hunter2"),
        ("insecure_secret: hunter2", "hunter2"),
        ("jwks: { url: 'ftp://user:hunter2@keys.example/' }", "hunter2"),
    ] {
        let text = BASE.replacen("secret: { file: secrets/site-jwt }", typed, 1);
        let said = problems("stepgate.yaml", &text, dir.path()).unwrap().to_string();
        assert!(!said.contains(value), "{said}");
    }
}

#[test]
fn a_guarded_route_without_an_identity_source_is_refused() {
    let dir = folder();
    let text = "site: { name: A, origin: http://localhost:1, upstream: { servers: ['h:1'] } }
listen: [{ address: '127.0.0.1:1' }]
store: { durable: 'sqlite:a' }
keys: { file: k }
routes: [{ name: a, match: { path: /a }, require: session }]";
    let problems = problems("stepgate.yaml", text, dir.path()).unwrap();
    assert!(problems.to_string().contains("there is no identity source"), "{problems}");
    assert!(parse("stepgate.yaml", &text.replace("session", "none"), dir.path(), environment).is_ok());
}

/// What a text means: everything but where it stands; or what is wrong with it, each within the text.
fn meaning(text: &str, dir: &Path) -> Result<String, Vec<String>> {
    let messages = |problems: &Problems| problems.list.iter().map(|problem| problem.message.clone()).collect();
    match parse("stepgate.yaml", text, dir, environment) {
        Ok(mut config) => {
            let warnings: Vec<String> = messages(&std::mem::take(&mut config.warnings));
            config.hash.clear();
            Ok(format!("{config:#?} {warnings:#?}"))
        }
        Err(problems) => {
            assert_places_are_within(&problems, text);
            Err(messages(&problems))
        }
    }
}

fn assert_places_are_within(problems: &Problems, text: &str) {
    let lines: Vec<&str> = text.split('\n').collect();
    assert!(!problems.list.is_empty());
    for problem in &problems.list {
        assert!((1..=lines.len()).contains(&problem.line), "{}: {problem:?}", lines.len());
        let longest = lines[problem.line - 1].chars().count() + 1;
        assert!((1..=longest).contains(&problem.column), "{longest}: {problem:?}");
    }
}

/// Leaves out the `at`-th key or item, counted from the top; `false` where there are fewer.
fn leave_out(node: &mut Value, at: &mut usize) -> bool {
    if let Value::Mapping(map) = node {
        for key in map.keys().cloned().collect::<Vec<_>>() {
            if *at == 0 {
                map.remove(&key);
                return true;
            }
            *at -= 1;
            if leave_out(&mut map[&key], at) {
                return true;
            }
        }
    }
    if let Value::Sequence(items) = node {
        for index in 0..items.len() {
            if *at == 0 {
                items.remove(index);
                return true;
            }
            *at -= 1;
            if leave_out(&mut items[index], at) {
                return true;
            }
        }
    }
    false
}

/// In blocks, and on one line as JSON.
fn assert_means_the_same_however_it_is_written(value: &Value, dir: &Path) -> bool {
    let blocks = serde_yaml::to_string(value).unwrap();
    let meant = meaning(&blocks, dir);
    assert_eq!(meaning(&serde_json::to_string(value).unwrap(), dir), meant, "{blocks}");
    assert_eq!(meaning(&serde_json::to_string_pretty(value).unwrap(), dir), meant, "{blocks}");
    meant.is_ok()
}

#[test]
fn a_configuration_means_the_same_however_it_is_written() {
    let dir = folder();
    let whole: Value = serde_yaml::from_str(BASE).unwrap();
    assert_eq!(meaning(&serde_yaml::to_string(&whole).unwrap(), dir.path()), meaning(BASE, dir.path()));
    let (mut good, mut bad) = (0, 0);
    for at in 0.. {
        let mut value = whole.clone();
        if !leave_out(&mut value, &mut { at }) {
            break;
        }
        match assert_means_the_same_however_it_is_written(&value, dir.path()) {
            true => good += 1,
            false => bad += 1,
        }
    }
    assert!(good > 50 && bad > 50, "{good} good ones and {bad} others were compared");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    /// The same with several parts left out.
    #[test]
    fn a_shortened_configuration_means_the_same_however_it_is_written(places in proptest::collection::vec(0_usize..400, 1..5)) {
        let dir = folder();
        let mut value: Value = serde_yaml::from_str(BASE).unwrap();
        for place in places {
            leave_out(&mut value, &mut { place });
        }
        assert_means_the_same_however_it_is_written(&value, dir.path());
    }

    /// Any text is a configuration or a list of problems, each at a place in the text.
    #[test]
    fn no_text_is_too_odd_for_a_report(at in 0_usize..2_000, cut in 0_usize..40, put in "[a-z:{}\\[\\],\"'&*!|>%#\n \t-]{0,12}") {
        let at = at % BASE.len();
        let end = (at + cut).min(BASE.len());
        let text = format!("{}{put}{}", BASE.get(..at).unwrap_or(BASE), BASE.get(end..).unwrap_or_default());
        if let Some(problems) = problems("stepgate.yaml", &text, Path::new("/nowhere")) {
            assert!(!problems.to_string().is_empty());
            assert_places_are_within(&problems, &text);
        }
    }
}
