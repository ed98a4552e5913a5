//! Patterns by segments: what a path may land on, at a cost that does not grow with their number.

use std::collections::HashMap;

use crate::policy::pattern::{PathPattern, Segment};

/// Which match of which route.
pub(super) type Place = (usize, usize);

/// A node: the patterns that end here and those that go on. Literals are lower-cased.
#[derive(Debug, Default)]
pub(super) struct Trie {
    literals: HashMap<Box<str>, Trie>,
    any: Option<Box<Trie>>,
    here: Vec<Place>,
    below: Vec<Place>,
}

impl Trie {
    /// Adds a pattern, and its folder. An exception is held against the exact pattern again.
    pub(super) fn insert(&mut self, pattern: &PathPattern, place: Place) {
        self.insert_segments(&pattern.segments, pattern.subtree, place);
        match pattern.folder() {
            // A path is no shorter than its slash, after which the root has one empty segment.
            Some([]) => self.insert_segments(&[Segment::Literal("".into())], pattern.subtree, place),
            Some(folder) => self.insert_segments(folder, pattern.subtree, place),
            None => {}
        }
    }

    fn insert_segments(&mut self, segments: &[Segment], subtree: bool, place: Place) {
        let mut node = self;
        for segment in segments {
            node = match segment {
                Segment::Literal(text) => node.literals.entry(text.to_lowercase().into()).or_default(),
                Segment::Any => node.any.get_or_insert_default(),
            };
        }
        if subtree {
            node.below.push(place);
        } else {
            node.here.push(place);
        }
    }

    /// Adds every pattern's place that matches the lower-cased path without its leading slash.
    pub(super) fn find(&self, rest: &str, found: &mut Vec<Place>) {
        found.extend(&self.below);
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        if let Some(next) = self.literals.get(segment) {
            next.step(after, found);
        }
        // A router may take an empty segment for one, as Fastify does; a path that ends in a slash is of the route above.
        if let Some(next) = self.any.as_deref().filter(|_| !segment.is_empty() || after.is_some()) {
            next.step(after, found);
        }
    }

    fn step(&self, after: Option<&str>, found: &mut Vec<Place>) {
        match after {
            Some(after) => self.find(after, found),
            None => {
                found.extend(&self.here);
                found.extend(&self.below);
            }
        }
    }
}
