//! The links in the documents lead somewhere, and the tests that they name exist.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found
}

/// The targets of the `[text](target)` links in a document.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

#[test]
fn links_to_files_resolve() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let file = link.split('#').next().unwrap();
            if !document.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn the_links_of_a_text_are_found() {
    assert_eq!(links("a [b](c.md) and [d](e#f)").collect::<Vec<_>>(), ["c.md", "e#f"]);
}

/// The pages that answer a list of requirements, row by row.
const ANSWERS: [&str; 2] = ["docs/threat-model.md", "docs/asvs.md"];
/// What a row says that names no test.
const WITHOUT_TEST: [&str; 3] = ["Not there", "Does not apply", "No test"];

fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The file and the name of each test that a text names as `file.rs::name`.
fn tests_named(text: &str) -> impl Iterator<Item = (String, &str)> {
    let code = text.split('`').skip(1).step_by(2);
    code.filter_map(|code| code.split_once(".rs::")).map(|(file, name)| (format!("{file}.rs"), name))
}

/// The first and the last cell of every row whose first is a number of a list.
fn rows(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = cells.filter_map(|row| Some((row.split_once(" | ")?.0, row.rsplit_once(" | ")?.1)));
    rows.filter(|(number, _)| number.ends_with(|last: char| last.is_ascii_digit()))
}

#[test]
fn every_test_that_an_answer_names_exists() {
    let mut named = 0;
    for path in ANSWERS {
        let text = page(path);
        for (file, name) in tests_named(&text) {
            named += 1;
            let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file)).unwrap_or_default();
            assert!(source.contains(&format!("fn {name}(")), "{path} names {file}::{name}, which is not there");
        }
    }
    assert!(named > 200, "{named} tests are named");
}

#[test]
fn every_number_is_answered_once_by_a_test_or_plainly() {
    let text = page("docs/threat-model.md");
    let answered: Vec<&str> = rows(&text).map(|(number, _)| number).collect();
    let asked = (1..=72).map(|number| format!("REQ-{number:02}")).chain((1..=55).map(|number| format!("A{number}")));
    let asked: Vec<String> = asked.collect();
    assert_eq!(answered, asked, "in order, each once");
    for path in ANSWERS {
        let text = page(path);
        for (number, answer) in rows(&text) {
            let is_plain = WITHOUT_TEST.iter().any(|words| answer.contains(words));
            assert!(is_plain || tests_named(answer).next().is_some(), "{path}: {number}: {answer}");
        }
    }
}
