//! The text as a tree that knows where everything stands.

use std::ops::Range;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::problem::{Problem, Severity};

/// A place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    line: usize,
    column: usize,
    span: Range<usize>,
}

impl Place {
    /// A problem here.
    pub(super) fn problem(&self, message: impl Into<String>, help: impl Into<Option<String>>) -> Problem {
        Problem {
            line: self.line,
            column: self.column,
            message: message.into(),
            help: help.into(),
            severity: Severity::Error,
            span: self.span.clone(),
        }
    }

    /// A warning here.
    pub(super) fn warning(&self, message: impl Into<String>, help: impl Into<Option<String>>) -> Problem {
        Problem { severity: Severity::Warning, ..self.problem(message, help) }
    }
}

/// A value with its place.
#[derive(Debug)]
pub(super) struct Node {
    /// Of the value; of a mapping or list: its first line.
    pub(super) place: Place,
    /// The value.
    pub(super) value: Value,
}

/// What a node is.
#[derive(Debug)]
pub(super) enum Value {
    /// A word, and whether it is unquoted, so that `true`, `12` and `null` mean what they say.
    Scalar {
        /// Without quotes.
        text: String,
        /// Unquoted.
        plain: bool,
    },
    /// `[…]` or `- …`.
    List(Vec<Node>),
    /// `{…}` or `key: …`.
    Map(Vec<Entry>),
}

/// One key of a mapping.
#[derive(Debug)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// Where the key stands.
    pub(super) place: Place,
    /// Its value.
    pub(super) node: Node,
}

impl Node {
    /// The entry of this key, if this is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|entry| entry.key == key)
    }

    /// The value of this key; this node itself where it is absent, so that a problem with a default
    /// points at the mapping that lacks it.
    pub(super) fn at(&self, key: &str) -> &Self {
        self.entry(key).map_or(self, |entry| &entry.node)
    }

    /// The item of this index; this node itself if it is no list.
    pub(super) fn item(&self, index: usize) -> &Self {
        let Value::List(items) = &self.value else { return self };
        items.get(index).unwrap_or(self)
    }

    /// The keys of a mapping in the order of the file.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = if let Value::Map(entries) = &self.value { entries.as_slice() } else { &[] };
        entries.iter().map(|entry| entry.key.as_str())
    }
}

/// How deep a file may nest: far more than any key needs.
const MAX_DEPTH: usize = 16;

/// The tree of a text, with the duplicate keys, tags and anchors found on the way as problems.
///
/// # Errors
/// The one problem after which nothing can be read: a syntax error, an alias, no mapping at all.
pub(super) fn parse(text: &str) -> Result<(Node, Vec<Problem>), Problem> {
    let mut reader = Reader { parser: Parser::new_from_str(text), offsets: offsets(text), problems: Vec::new() };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd | Event::DocumentEnd => {
                return Err(reader.place(span).problem("the file is empty", "see config/stepgate.yaml".to_owned()));
            }
            Event::Alias(_)
            | Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::SequenceEnd
            | Event::MappingStart(..)
            | Event::MappingEnd => {
                let node = reader.node(event, span, 0)?;
                reader.end()?;
                return Ok((node, reader.problems));
            }
        }
    }
}

/// The byte offset of each character, and of the end.
fn offsets(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    offsets: Vec<usize>,
    problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => {
                let place = self.place(Span::empty(*error.marker()));
                Err(place.problem(format!("not valid YAML: {}", error.info()), None))
            }
            None => {
                let start = Marker::new(0, 1, 0);
                Err(self.place(Span::empty(start)).problem("the file ends too early", None))
            }
        }
    }

    /// Nothing may follow the one document.
    fn end(&mut self) -> Result<(), Problem> {
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::StreamEnd) {
                return Ok(());
            }
            if matches!(event, Event::DocumentStart(_)) {
                return Err(self.place(span).problem("a second document begins here", "keep one document".to_owned()));
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Problem> {
        let place = self.place(span);
        if depth > MAX_DEPTH {
            return Err(place.problem(format!("nested deeper than {MAX_DEPTH} levels"), None));
        }
        let (value, anchor, tagged) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                (Value::Scalar { text: text.into_owned(), plain }, anchor, tag.is_some())
            }
            Event::SequenceStart(anchor, tag) => (self.list(depth)?, anchor, tag.is_some()),
            Event::MappingStart(anchor, tag) => (self.map(depth)?, anchor, tag.is_some()),
            Event::Alias(_)
            | Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                return Err(place.problem("aliases are not accepted", "write the value out".to_owned()));
            }
        };
        if anchor != 0 || tagged {
            self.problems.push(place.problem("anchors and tags are not accepted", "write the value out".to_owned()));
        }
        Ok(Node { place, value })
    }

    fn list(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Value::List(items));
            }
            items.push(self.node(event, span, depth + 1)?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Value, Problem> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(Value::Map(entries));
            }
            let key = self.node(event, span, depth + 1)?;
            let Value::Scalar { text, .. } = key.value else {
                return Err(key.place.problem("a key must be a word", None));
            };
            let (event, span) = self.next()?;
            let node = self.node(event, span, depth + 1)?;
            if let Some(first) = entries.iter().find(|entry| entry.key == text) {
                let message = format!("`{text}` stands here a second time, first on line {}", first.place.line);
                self.problems.push(key.place.problem(message, "keep one of them".to_owned()));
                continue;
            }
            entries.push(Entry { key: text, place: key.place, node });
        }
    }

    /// The place of a span, cut at the end of its first line.
    fn place(&self, span: Span) -> Place {
        let end = self.offsets.last().copied().unwrap_or_default();
        let byte = |at: usize| self.offsets.get(at).copied().unwrap_or(end);
        let from = byte(span.start.index());
        let to = if span.end.line() == span.start.line() { byte(span.end.index()) } else { from };
        let to = to.max(byte(span.start.index() + 1));
        Place { line: span.start.line(), column: span.start.col() + 1, span: from..to }
    }
}
