//! What is wrong with a file, where, and what to do.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};

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
    /// The bytes of the text that are marked.
    pub(super) span: std::ops::Range<usize>,
}

/// Everything that is wrong with one file, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file as it was named.
    pub name: String,
    /// The text that the positions count in; empty when it could not be read.
    pub(super) text: String,
    /// At least one.
    pub list: Vec<Problem>,
}

impl Problems {
    /// These problems of this text, sorted by position.
    pub(super) fn new(name: &str, text: &str, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| (problem.line, problem.column));
        list.dedup();
        Self { name: name.to_owned(), text: text.to_owned(), list }
    }

    /// A file that cannot be read at all.
    pub(super) fn unreadable(name: &str, cause: &std::io::Error) -> Self {
        let problem = Problem {
            line: 1,
            column: 1,
            message: format!("cannot be read: {cause}"),
            help: Some("name the file with --config FILE".into()),
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
            let group: Group<'_> = Level::ERROR.primary_title(&problem.message).element(place);
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
