//! What is wrong with a file, where, and what to do.

use std::{fmt, sync::LazyLock};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use regex::Regex;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The configuration cannot run.
    Error,
    /// It runs, and may leave open what was meant to be guarded.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong: lower case, no full stop, never a secret.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// Whether the configuration runs all the same.
    pub severity: Severity,
    /// The bytes of the text that are marked.
    pub(super) span: std::ops::Range<usize>,
}

/// Everything that is wrong with one file, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    /// The file as it was named.
    pub name: String,
    /// The text that the positions count in, secrets masked; empty when it could not be read.
    pub(super) text: String,
    /// At least one, where this is an error.
    pub list: Vec<Problem>,
}

impl Problems {
    /// These problems of this text, sorted by position.
    pub(super) fn new(name: &str, text: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| (problem.line, problem.column));
        list.dedup();
        Self { name: name.to_owned(), text: masked(text), list }
    }

    /// A file that cannot be read at all.
    pub(super) fn unreadable(name: &str, cause: &std::io::Error) -> Self {
        let problem = Problem {
            line: 1,
            column: 1,
            message: format!("cannot be read: {cause}"),
            help: Some("name the file with --config FILE".into()),
            severity: Severity::Error,
            span: 0..0,
        };
        Self::new(name, "", vec![problem])
    }
}

impl fmt::Display for Problems {
    /// Each problem with `file:line:column`, the line, a caret and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let renderer = Renderer::plain().decor_style(DecorStyle::Ascii);
        for problem in &self.list {
            let mark = AnnotationKind::Primary.span(problem.span.clone());
            let place = Snippet::source(&self.text).path(&self.name).annotation(mark);
            let level = match problem.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
            };
            let group: Group<'_> = level.primary_title(&problem.message).element(place);
            let group = match &problem.help {
                Some(help) => group.element(Level::HELP.message(help)),
                None => group,
            };
            writeln!(f, "{}\n", renderer.render(&[group]))?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What is written where a secret belongs, up to the end of its line, or as the password of an address: reports go to logs.
static SECRETS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    const VALUE: &str = r#"(?i)(?:secr|bearer|passw|token)[\w-]*["']?\s*:[ \t]+([^\s{][^\n]*)"#;
    const PASSWORD: &str = r"://[^/\s:@]*:([^\s@]+)@";
    #[expect(clippy::expect_used, reason = "constants, built by every test of this file")]
    [VALUE, PASSWORD].map(|typed| Regex::new(typed).expect("a good expression"))
});

/// The text with secrets replaced by as many bytes of stars, so that every position holds.
fn masked(text: &str) -> String {
    let mut text = text.to_owned();
    for secret in SECRETS.iter() {
        let spans: Vec<_> = secret.captures_iter(&text).filter_map(|found| found.get(1)).map(|m| m.range()).collect();
        for span in spans {
            text.replace_range(span.clone(), &"*".repeat(span.len()));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_positions_hold() {
        for (typed, shown) in [
            ("secret: hunter2\nname: a", "secret: *******\nname: a"),
            ("- { insecure_secret: 'é' }", "- { insecure_secret: ******"),
            ("durable: postgres://u:pw@db/x", "durable: postgres://u:**@db/x"),
            ("secret: { file: secrets/jwt }", "secret: { file: secrets/jwt }"),
        ] {
            assert_eq!(masked(typed), shown);
            assert_eq!(masked(typed).len(), typed.len());
        }
    }
}
