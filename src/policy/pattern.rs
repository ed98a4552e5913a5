//! Path patterns as operators write them.

use std::fmt;

/// `/a/b` exactly; `*` as a segment: any one; `**` as the last: the path before it and all below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: Box<str>,
    pub(super) segments: Vec<Segment>,
    pub(super) subtree: bool,
}

/// One segment of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// This text.
    Literal(Box<str>),
    /// Any one segment.
    Any,
}

/// A text that is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// It does not begin with a slash.
    #[error("a path pattern begins with `/`")]
    NoSlash,
    /// `**` somewhere else than as the last segment, or part of one.
    #[error("`**` stands only as the last segment")]
    Subtree,
    /// `*` as a part of a segment.
    #[error("`*` stands for a whole segment")]
    PartialStar,
    /// `//`, `.` or `..`.
    #[error("a path pattern has no empty segments, `.` or `..`")]
    EmptySegment,
    /// A query, a percent escape, a space or another character that a decoded path is not written with.
    #[error("a path pattern is written decoded, without a query")]
    Character,
}

impl PathPattern {
    /// The pattern of this text.
    ///
    /// # Errors
    /// [`BadPattern`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let rest = text.strip_prefix('/').ok_or(BadPattern::NoSlash)?;
        if text.chars().any(|c| c.is_control() || matches!(c, '?' | '#' | '%' | '\\' | ' ' | ';')) {
            return Err(BadPattern::Character);
        }
        let mut segments = Vec::new();
        let mut subtree = false;
        let count = rest.split('/').count();
        for (at, segment) in rest.split('/').enumerate() {
            match segment {
                "**" if at + 1 == count => subtree = true,
                "*" => segments.push(Segment::Any),
                "" if at + 1 < count => return Err(BadPattern::EmptySegment),
                "." | ".." => return Err(BadPattern::EmptySegment),
                other if other.contains("**") => return Err(BadPattern::Subtree),
                other if other.contains('*') => return Err(BadPattern::PartialStar),
                other => segments.push(Segment::Literal(other.into())),
            }
        }
        Ok(Self { text: text.into(), segments, subtree })
    }

    /// `/**`.
    #[must_use]
    pub fn everything() -> Self {
        Self { text: "/**".into(), segments: Vec::new(), subtree: true }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it matches a path with regard to case, and `*` no empty segment: what an exception opens.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.matches_by(&self.segments, path, |segment, part, _| match segment {
            Segment::Literal(text) => **text == *part,
            Segment::Any => !part.is_empty(),
        })
    }

    /// Whether it matches a path without regard to case, and `*` also an empty segment that others follow, as the
    /// routers of some frameworks have it: what is guarded.
    #[must_use]
    pub fn matches_folded(&self, path: &str) -> bool {
        let fits = |segment: &Segment, part: &str, is_last: bool| match segment {
            Segment::Literal(text) => text.to_lowercase() == part.to_lowercase(),
            Segment::Any => !part.is_empty() || !is_last,
        };
        let folder = || self.folder().is_some_and(|folder| self.matches_by(folder, path, fits));
        self.matches_by(&self.segments, path, fits) || folder()
    }

    /// What is guarded besides: the path without its slash at the end, which many frameworks take for the same, or the
    /// folder whose index it names, as `/wallet` and `/` of `/wallet/index.php` and `/index.php`.
    pub(super) fn folder(&self) -> Option<&[Segment]> {
        let (Segment::Literal(last), before) = self.segments.split_last()? else { return None };
        let is_index = last.to_lowercase().starts_with("index.");
        (is_index || (last.is_empty() && !before.is_empty())).then_some(before)
    }

    fn matches_by(&self, segments: &[Segment], path: &str, fits: impl Fn(&Segment, &str, bool) -> bool) -> bool {
        let mut given = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
        for segment in segments {
            let Some(part) = given.next() else { return false };
            let fits = fits(segment, part, given.peek().is_none());
            if !fits {
                return false;
            }
        }
        self.subtree || given.next().is_none()
    }

    /// Whether a path that matches without regard to case is written in another case.
    #[must_use]
    pub fn differs_in_case(&self, path: &str) -> bool {
        let given = path.strip_prefix('/').unwrap_or(path).split('/');
        self.segments.iter().zip(given).any(|(segment, part)| match segment {
            Segment::Literal(text) => **text != *part && text.to_lowercase() == part.to_lowercase(),
            Segment::Any => false,
        })
    }

    /// Whether every path of `other` is one of this pattern's.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let longer_is_fine = self.subtree || (!other.subtree && self.segments.len() == other.segments.len());
        longer_is_fine
            && self.segments.len() <= other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|(mine, theirs)| *mine == Segment::Any || mine == theirs)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_segments() {
        for (pattern, path, expected) in [
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/b/", false),
            ("/a/b", "/a/bc", false),
            ("/a/b", "/A/b", false),
            ("/a/*", "/a/x", true),
            ("/a/*", "/a/", false),
            ("/a/*", "/a/x/y", false),
            ("/a/**", "/a", true),
            ("/a/**", "/a/", true),
            ("/a/**", "/a/x/y", true),
            ("/a/**", "/ab", false),
            ("/**", "/", true),
            ("/**", "/x", true),
            ("/", "/", true),
            ("/", "/x", false),
        ] {
            assert_eq!(PathPattern::parse(pattern).unwrap().matches(path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn an_empty_segment_in_the_middle_is_guarded_and_not_opened() {
        for (pattern, path, guarded) in [
            ("/a/*/b", "/a//b", true),
            ("/a/*/**", "/a//b", true),
            ("/*/b", "//b", true),
            ("/a/*", "/a/", false),
            ("/a/*/**", "/a/", false),
            ("/a/*/*", "/a//", false),
        ] {
            let pattern = PathPattern::parse(pattern).unwrap();
            assert_eq!((pattern.matches(path), pattern.matches_folded(path)), (false, guarded), "{pattern} {path}");
        }
    }

    #[test]
    fn another_case_is_noticed() {
        for (path, expected) in
            [("/a/B/x", false), ("/A/B/x", true), ("/a/b/x", true), ("/a/B/X", false), ("/a", false)]
        {
            assert_eq!(PathPattern::parse("/a/B/**").unwrap().differs_in_case(path), expected, "{path}");
        }
    }

    #[test]
    fn a_pattern_covers_what_it_matches_all_of() {
        for (pattern, other, expected) in [
            ("/a", "/a", true),
            ("/a/b", "/a/c", false),
            ("/a/*", "/a/b", true),
            ("/a/b", "/a/*", false),
            ("/a/b", "/a/b/c", false),
            ("/a/b/c", "/a/b", false),
            ("/a/**", "/a", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**", "/b/**", false),
            ("/**", "/a/**", true),
            ("/a/**", "/a/**", true),
            ("/a", "/a/**", false),
            ("/a/b/**", "/a/**", false),
            ("/a/*", "/a/**", false),
        ] {
            let covers = PathPattern::parse(pattern).unwrap().covers(&PathPattern::parse(other).unwrap());
            assert_eq!(covers, expected, "{pattern} {other}");
        }
    }

    #[test]
    fn a_pattern_is_shown_as_it_was_written() {
        for text in ["/a/*/B/**", "/a/", "/**", "/"] {
            let pattern = PathPattern::parse(text).unwrap();
            assert_eq!((pattern.as_str(), pattern.to_string()), (text, text.to_owned()));
        }
        assert_eq!(PathPattern::everything(), PathPattern::parse("/**").unwrap());
    }

    #[test]
    fn case_matters_only_where_it_is_asked_for() {
        let pattern = PathPattern::parse("/a/B").unwrap();
        for (path, exactly, folded) in [("/a/B", true, true), ("/A/b", false, true), ("/a/c", false, false)] {
            assert_eq!((pattern.matches(path), pattern.matches_folded(path)), (exactly, folded), "{path}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (text, why) in [
            ("a", BadPattern::NoSlash),
            ("/a/**/b", BadPattern::Subtree),
            ("/a**", BadPattern::Subtree),
            ("/a*", BadPattern::PartialStar),
            ("/a//b", BadPattern::EmptySegment),
            ("/a/../b", BadPattern::EmptySegment),
            ("/a?b", BadPattern::Character),
            ("/a%20b", BadPattern::Character),
            ("/a\tb", BadPattern::Character),
            ("/a/./b", BadPattern::EmptySegment),
        ] {
            assert_eq!(PathPattern::parse(text), Err(why), "{text}");
        }
    }
}
