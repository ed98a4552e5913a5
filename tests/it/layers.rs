//! The order of the modules, and which of them may name which crate, read from the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The longest file that is allowed, in lines.
const LONGEST: usize = 400;

/// A crate that only some files may name, by their path prefix under `src`.
const FENCED: [(&str, &[&str]); 4] = [
    ("pingora", &["edge", "app.rs"]),
    ("sqlx", &["store/sql"]),
    ("serde_yaml", &["config"]),
    ("saphyr_parser", &["config"]),
];

/// One source file.
struct Source {
    /// Relative to `src`.
    path: String,
    text: String,
}

impl Source {
    /// The top-level module it belongs to.
    fn module(&self) -> &str {
        let first = self.path.split('/').next().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// The lines that are code: no comments, nothing from the tests at the end of the file on.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"));
        lines.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// A file of tests may look at anything.
    fn is_tests(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap();
        name == "tests.rs" || name.ends_with("_tests.rs") || self.path.contains("/tests/")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 20, "the walk found the tree");
    let read = |file: PathBuf| Source {
        path: file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
        text: fs::read_to_string(&file).unwrap(),
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules in the order of `src/lib.rs`, top first.
fn order(sources: &[Source]) -> Vec<&str> {
    let lib = sources.iter().find(|source| source.path == "lib.rs").unwrap();
    let declared = lib.text.lines().filter_map(|line| line.strip_prefix("pub mod "));
    declared.map(|line| line.trim_end_matches(';')).collect()
}

/// The top-level modules that a line names after `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        rest.get(..end).filter(|name| !name.is_empty())
    })
}

/// Every `crate::{…}` group as one line, since it may run over several.
fn flattened(source: &Source) -> Vec<String> {
    let code: Vec<&str> = source.code().map(|(_, line)| line).collect();
    let joined = code.join("\n");
    let mut found: Vec<String> = joined.lines().flat_map(named).map(ToOwned::to_owned).collect();
    for group in joined.split("crate::{").skip(1) {
        found.extend(top_level_names(group));
    }
    found
}

/// The first segments of the entries of a `use` group whose opening brace was just passed.
fn top_level_names(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut entries = vec![String::new()];
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => entries.push(String::new()),
            other if depth == 0 => entries.last_mut().unwrap().push(other),
            _ => {}
        }
    }
    let first = |entry: String| entry.trim().split("::").next().unwrap().trim().to_owned();
    entries.into_iter().map(first).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_module_uses_only_modules_below_it() {
    let sources = sources();
    let order = order(&sources);
    let position = |module: &str| order.iter().position(|name| *name == module);
    let mut wrong = Vec::new();
    for source in sources.iter().filter(|source| !source.is_tests()) {
        let Some(own) = position(source.module()) else { continue };
        for name in flattened(source) {
            if position(&name).is_some_and(|used| used < own) {
                wrong.push(format!("src/{} uses crate::{name}, which stands above it", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_in_the_map() {
    let sources = sources();
    let order = order(&sources);
    let in_map = |module: &str| module == "lib" || module == "main" || order.contains(&module);
    let lost: Vec<&str> = sources.iter().map(Source::module).filter(|module| !in_map(module)).collect();
    assert!(lost.is_empty(), "not declared in src/lib.rs: {lost:?}");
}

#[test]
fn a_fenced_crate_is_named_only_inside_its_fence() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (name, allowed) in FENCED {
            if allowed.iter().any(|prefix| source.path.starts_with(prefix)) {
                continue;
            }
            // `pingora` also stands for pingora_http and its other parts.
            let uses = |line: &str| line.contains(&format!("{name}::")) || line.contains(&format!("{name}_"));
            let lines = source.code().filter(|(_, line)| uses(line));
            wrong.extend(lines.map(|(number, _)| format!("src/{}:{} names {name}", source.path, number + 1)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_says_what_it_is_for_and_stays_short() {
    let mut wrong = Vec::new();
    for source in sources() {
        if !source.text.starts_with("//!") {
            wrong.push(format!("src/{} does not begin with its purpose", source.path));
        }
        let lines = source.text.lines().count();
        if lines >= LONGEST {
            wrong.push(format!("src/{} has {lines} lines, {LONGEST} is the limit", source.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn groups_are_read_by_their_first_segments() {
    let names =
        top_level_names("\n    clock::{Clock, UnixTime},\n    policy,\n    store::sql::{self, Pool},\n};\nuse x::{y};");
    assert_eq!(names, ["clock", "policy", "store"]);
    assert_eq!(named("fn a(b: crate::web::Page) -> crate::clock").collect::<Vec<_>>(), ["web", "clock"]);
}
