//! Readings of a request target: every way in which some framework might understand it
//! (security.md 3.2). Pure.
//!
//! A guarded route is matched against every reading; what is forwarded are the bytes as received.
//! [`BadTarget`] is refused for everyone; an [`Ambiguity`] only where a reading lands on a guarded
//! route.

use http::Method;

mod policy;
mod readings;
mod rewrites;
mod sessions;
#[cfg(test)]
mod fuzz_tests;

pub use policy::{Endings, OddForm, PathPolicy};

/// Bytes of a target at most.
const MAX_BYTES: usize = 8192;

/// Why a target is refused for everyone: no framework and no honest client means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Longer than 8 KiB.
    #[error("the request target is longer than 8192 bytes")]
    TooLong,
    /// Not `/…`, and not `*` with OPTIONS.
    #[error("the request target does not begin with a slash")]
    NotOriginForm,
    /// A control character, raw or percent-encoded.
    #[error("the request target has a control character")]
    Control,
    /// A byte above 127 that is not percent-encoded.
    #[error("the request target has a byte that is not ASCII")]
    NotAscii,
    /// A raw `#`, space, quote, `<` or `>`, or a raw `\` in the path.
    #[error("the request target has a character that must be percent-encoded")]
    RawDelimiter,
    /// A percent sign without two hex digits in the path.
    #[error("the request path has a malformed percent escape")]
    Escape,
    /// Escapes in the path that are not UTF-8 together.
    #[error("the request path is not UTF-8")]
    NotUtf8,
    /// So many odd forms in one path that it could be read in more than 128 ways, whatever its ending; 8 where it is 8 KiB
    /// long.
    #[error("the request path can be read in too many ways")]
    TooManyReadings,
}

/// A form that a guarded route refuses, though it may be harmless elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguity {
    /// `%2f` or `%5c` in the path.
    EncodedSlash,
    /// `%25` followed by two hex digits.
    DoubleEncoding,
    /// `.` or `..` as a segment, in any spelling.
    DotSegment,
    /// `;` in the path, raw or encoded.
    Semicolon,
    /// `//`.
    DoubleSlash,
}

impl Ambiguity {
    /// What it is, for a person.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EncodedSlash => "encoded slash",
            Self::DoubleEncoding => "double encoding",
            Self::DotSegment => "dot segment",
            Self::Semicolon => "semicolon",
            Self::DoubleSlash => "double slash",
        }
    }

    /// The key under `paths:` that allows it, if one can.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        match self {
            Self::EncodedSlash => Some("encoded_slash"),
            Self::Semicolon => Some("semicolon"),
            Self::DoubleSlash => Some("double_slash"),
            Self::DoubleEncoding | Self::DotSegment => None,
        }
    }
}

/// One reading of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    path: Box<str>,
    how: &'static str,
}

impl Reading {
    /// The path in this reading; starts with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last rewrite that led to it: `as received`, `decoded`, …
    #[must_use]
    pub const fn how(&self) -> &'static str {
        self.how
    }
}

/// A request target in origin form with all its readings.
#[derive(Clone, Debug)]
pub struct Target {
    raw: Box<str>,
    path_end: usize,
    readings: Vec<Reading>,
    ambiguities: Vec<Ambiguity>,
}

impl Target {
    /// Parses the bytes of a request line's target (HTTP/2: `:path`) for a request of this method.
    ///
    /// # Errors
    /// [`BadTarget`] for what is never legitimate.
    pub fn parse_for(method: &Method, raw: &[u8]) -> Result<Self, BadTarget> {
        if raw == b"*" && *method == Method::OPTIONS {
            let readings = vec![Reading { path: "*".into(), how: "as received" }];
            return Ok(Self { raw: "*".into(), path_end: 1, readings, ambiguities: Vec::new() });
        }
        Self::parse(raw)
    }

    /// Parses a target in origin form.
    ///
    /// # Errors
    /// [`BadTarget`] for what is never legitimate.
    pub fn parse(raw: &[u8]) -> Result<Self, BadTarget> {
        if raw.len() > MAX_BYTES {
            return Err(BadTarget::TooLong);
        }
        check_bytes(raw)?;
        let raw = std::str::from_utf8(raw).map_err(|_| BadTarget::NotAscii)?;
        if !raw.starts_with('/') {
            return Err(BadTarget::NotOriginForm);
        }
        let path_end = raw.find('?').unwrap_or(raw.len());
        let path = raw.get(..path_end).unwrap_or(raw);
        check_escapes(path)?;
        let readings = readings::of(path).ok_or(BadTarget::TooManyReadings)?;
        Ok(Self { raw: raw.into(), path_end, ambiguities: ambiguities(path, &readings), readings })
    }

    /// The same where only these endings are read as none.
    #[must_use]
    pub fn with_endings(mut self, endings: Endings) -> Self {
        match endings {
            Endings::Any => {}
            Endings::Known => self.readings.retain(|reading| reading.how != readings::WITHOUT_ENDING),
        }
        self
    }

    /// Path and query as received: what is forwarded.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The path as received.
    #[must_use]
    pub fn path(&self) -> &str {
        self.raw.get(..self.path_end).unwrap_or(&self.raw)
    }

    /// The query as received, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.raw.get(self.path_end + 1..)
    }

    /// Every distinct reading of the path, the path as received first; at most 256. Case is kept;
    /// routes are matched without regard to it.
    pub fn readings(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter()
    }

    /// Every odd form in the path, once.
    pub fn ambiguities(&self) -> impl Iterator<Item = Ambiguity> {
        self.ambiguities.iter().copied()
    }
}

/// Browsers leave a `\` in a query as it is (URL standard, query percent-encode set).
fn check_bytes(raw: &[u8]) -> Result<(), BadTarget> {
    let mut is_query = false;
    for byte in raw {
        match byte {
            b'?' => is_query = true,
            b'\\' if is_query => {}
            0..=0x1f | 0x7f => return Err(BadTarget::Control),
            0x80.. => return Err(BadTarget::NotAscii),
            b'\\' | b'#' | b' ' | b'"' | b'<' | b'>' => return Err(BadTarget::RawDelimiter),
            _ => {}
        }
    }
    Ok(())
}

/// Escapes of the path only: queries of old sites carry Latin-1, line ends and lone percent signs.
fn check_escapes(path: &str) -> Result<(), BadTarget> {
    if !path.contains('%') {
        return Ok(());
    }
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            continue;
        }
        if !readings::is_hex_pair(after) {
            return Err(BadTarget::Escape);
        }
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8().map_err(|_| BadTarget::NotUtf8)?;
    if decoded.chars().any(char::is_control) {
        return Err(BadTarget::Control);
    }
    Ok(())
}

fn ambiguities(path: &str, readings: &[Reading]) -> Vec<Ambiguity> {
    // An ordinary path has none of these, and is not looked at again.
    if !path.bytes().any(|byte| matches!(byte, b'%' | b';')) && !path.contains("//") && !path.contains("/.") {
        return Vec::new();
    }
    let lower = path.to_ascii_lowercase();
    let double =
        lower.match_indices("%25").any(|(at, _)| lower.as_bytes().get(at + 3..).is_some_and(readings::is_hex_pair));
    let dotted = |path: &str| path.split('/').any(|segment| matches!(segment, "." | ".."));
    let forms = [
        (Ambiguity::EncodedSlash, lower.contains("%2f") || lower.contains("%5c")),
        (Ambiguity::DoubleEncoding, double),
        (Ambiguity::Semicolon, path.contains(';') || lower.contains("%3b")),
        (Ambiguity::DoubleSlash, path.contains("//")),
        (Ambiguity::DotSegment, readings.iter().any(|reading| dotted(&reading.path))),
    ];
    forms.into_iter().filter_map(|(form, present)| present.then_some(form)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readings(raw: &str) -> Vec<String> {
        Target::parse(raw.as_bytes()).unwrap().readings().map(|reading| reading.path().to_owned()).collect()
    }

    #[test]
    fn an_ordinary_path_has_one_reading() {
        assert_eq!(readings("/wallet/withdraw?next=/a%2fb"), ["/wallet/withdraw"]);
    }

    #[test]
    fn every_spelling_of_a_guarded_path_reads_as_it() {
        for spelling in [
            "/account/%77ithdraw",
            "/account/%2577ithdraw",
            "/account/./withdraw",
            "/account/x/../withdraw",
            "/account/%2e%2e/account/withdraw",
            "/x/%252e%252e/account/withdraw",
            "/account//withdraw",
            "//account/withdraw",
            "/account/x%2f../%2e./withdraw",
            "/account/..;x/../withdraw",
            "/account/withdraw/",
            "/account/withdraw;x=1",
            "/account;v=2/withdraw",
            "/x/..;/account/withdraw",
            "/account%2fwithdraw",
            "/account%252fwithdraw",
            "/account%5cwithdraw",
            "/account/withdraw.json",
            "/account/withdraw.php",
            "/account/withdraw.csv",
            "/account/withdraw.x;y=1",
            "/account/%77ithdraw.%63sv",
            "/account/withdraw.php/x",
            "/index.php/account/withdraw",
            "/index.php/account/withdraw.json",
            "/account/withdraw%20",
            "/account/withdraw.",
            "/account./withdraw",
            "/account%20/withdraw.%20.",
            "/account.%2f%2e%2e/account/withdraw",
            "/account/%ef%bd%97ithdraw",
            "/account/withdraw%3bx",
            "/x//../account/withdraw",
        ] {
            let readings = readings(spelling);
            assert!(readings.iter().any(|reading| reading == "/account/withdraw"), "{spelling}: {readings:?}");
        }
    }

    #[test]
    fn what_nobody_means_is_refused() {
        for (raw, why) in [
            (&b"/a%00"[..], BadTarget::Control),
            (b"/a%0a", BadTarget::Control),
            (b"/a\x01", BadTarget::Control),
            (b"/a%7f", BadTarget::Control),
            (b"/\xc3\xa9", BadTarget::NotAscii),
            (b"/a%zz", BadTarget::Escape),
            (b"/a%u0041", BadTarget::Escape),
            (b"/a%", BadTarget::Escape),
            (b"/a%c0%af", BadTarget::NotUtf8),
            (b"/a\\b", BadTarget::RawDelimiter),
            (b"/a#b", BadTarget::RawDelimiter),
            (b"http://x/a", BadTarget::NotOriginForm),
            (b"*", BadTarget::NotOriginForm),
            (b"", BadTarget::NotOriginForm),
        ] {
            assert_eq!(Target::parse(raw).map(|_| ()), Err(why), "{}", raw.escape_ascii());
        }
        let long = |bytes: usize| Target::parse(&[b"/".as_slice(), &vec![b'a'; bytes - 1]].concat()).map(|_| ());
        assert_eq!([8192, 8193].map(long), [Ok(()), Err(BadTarget::TooLong)]);
    }

    #[test]
    fn only_options_asks_about_the_whole_server() {
        let server = Target::parse_for(&Method::OPTIONS, b"*").unwrap();
        assert_eq!((server.raw(), server.path(), server.query()), ("*", "*", None));
        assert_eq!(server.readings().map(Reading::path).collect::<Vec<_>>(), ["*"]);
        assert_eq!(Target::parse_for(&Method::OPTIONS, b"/a?b").unwrap().raw(), "/a?b");
        assert_eq!(Target::parse_for(&Method::GET, b"/a?b").unwrap().raw(), "/a?b");
        assert_eq!(Target::parse_for(&Method::GET, b"*").map(|_| ()), Err(BadTarget::NotOriginForm));
    }

    #[test]
    fn a_reading_says_how_it_comes_about() {
        let target = Target::parse(b"/%61.json").unwrap();
        let read: Vec<_> = target.readings().map(|reading| (reading.path(), reading.how())).collect();
        let expected = [
            ("/%61.json", "as received"),
            ("/a.json", "decoded"),
            ("/%61", "without extension"),
            ("/a", "without extension"),
        ];
        assert_eq!(read, expected);
    }

    #[test]
    fn queries_of_old_sites_pass() {
        for raw in ["/s?q=caf%e9", "/s?q=a%0d%0ab", "/s?q=100%", "/s?q={a}|b^`c", "/s?q=a\\b\\"] {
            assert_eq!(Target::parse(raw.as_bytes()).unwrap().raw(), raw);
        }
    }

    #[test]
    fn ambiguous_forms_are_named() {
        for (raw, expected) in [
            ("/a/b", None),
            ("/a/b.c", None),
            ("/a%20b", None),
            ("/a%2Fb", Some(Ambiguity::EncodedSlash)),
            ("/a%252fb", Some(Ambiguity::DoubleEncoding)),
            ("/a;b", Some(Ambiguity::Semicolon)),
            ("/a//b", Some(Ambiguity::DoubleSlash)),
            ("/a/%2e%2E/b", Some(Ambiguity::DotSegment)),
            ("/a/./b", Some(Ambiguity::DotSegment)),
        ] {
            assert_eq!(Target::parse(raw.as_bytes()).unwrap().ambiguities().next(), expected, "{raw}");
        }
    }
}
