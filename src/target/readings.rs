//! How a path may be read: decoded, cleaned and shortened as frameworks do it (security.md 3.1).

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use super::Reading;

/// Readings that are kept at most; the ways below make fewer.
const MAX: usize = 32;

/// Extensions that frameworks take for a format of the same resource.
const EXTENSIONS: [&str; 7] = [".json", ".xml", ".html", ".php", ".do", ".action", ".aspx"];

/// Scripts that take the rest of the path as their own.
const FRONT_CONTROLLERS: [&str; 3] = ["/index.php", "/index.html", "/app.php"];

/// Every distinct reading, the path as received first.
pub(super) fn of(path: &str) -> Vec<Reading> {
    let mut readings = vec![Reading { path: path.into(), how: "as received" }];
    if is_plain(path) {
        return readings;
    }
    let once = decode(path);
    let twice = decode(&once);
    for (base, how) in [
        (path.to_owned(), "cleaned"),
        (decode(&dots_first(path)), "cleaned, then decoded"),
        (twice, "decoded twice"),
        (once, "decoded once"),
    ] {
        add(&mut readings, &base, how);
        for cleaned in [slashes_first(&base), dots_first(&base)] {
            add(&mut readings, &cleaned, how);
            add(&mut readings, &cleaned.nfkc().collect::<String>(), "compatibility characters folded");
            let bare = without_front_controller(&cleaned);
            add(&mut readings, bare, "without front controller");
            add(&mut readings, without_extension(&cleaned), "without extension");
            add(&mut readings, without_extension(bare), "without extension");
        }
    }
    readings
}

/// Only characters that no framework changes: the hot path.
fn is_plain(path: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    path.as_bytes().iter().all(plain) && !path.contains("//") && (path.len() == 1 || !path.ends_with('/'))
}

fn add(readings: &mut Vec<Reading>, path: &str, how: &'static str) {
    let rooted = path.starts_with('/');
    if rooted && readings.len() < MAX && readings.iter().all(|known| *known.path != *path) {
        readings.push(Reading { path: path.into(), how });
    }
}

fn decode(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// Slashes collapsed before dot segments are removed, as nginx does it.
fn slashes_first(path: &str) -> String {
    trim_end(&without_dots(&collapse(&without_params(path))))
}

/// Dot segments removed before slashes are collapsed, as RFC 3986 §5.2.4 does it.
fn dots_first(path: &str) -> String {
    trim_end(&collapse(&without_dots(&without_params(path))))
}

/// Without `;params` of each segment, a backslash read as a slash.
fn without_params(path: &str) -> String {
    let slashed = path.replace('\\', "/");
    let segments: Vec<&str> = slashed.split('/').map(|segment| segment.split(';').next().unwrap_or(segment)).collect();
    segments.join("/")
}

fn collapse(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !collapsed.ends_with('/') {
            collapsed.push(character);
        }
    }
    collapsed
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Without what some servers ignore at the end.
fn trim_end(path: &str) -> String {
    let trimmed = path.trim_end_matches(|c: char| matches!(c, '/' | '.' | ' ') || c.is_control());
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

fn without_extension(path: &str) -> &str {
    let strip = |extension: &&str| {
        let at = path.len().checked_sub(extension.len())?;
        let tail = path.get(at..)?;
        tail.eq_ignore_ascii_case(extension).then(|| path.get(..at)).flatten()
    };
    EXTENSIONS.iter().find_map(strip).unwrap_or(path)
}

fn without_front_controller(path: &str) -> &str {
    let strip = |prefix: &&str| {
        let head = path.get(..prefix.len())?;
        let rest = path.get(prefix.len()..)?;
        (head.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/')))
            .then_some(if rest.is_empty() { "/" } else { rest })
    };
    FRONT_CONTROLLERS.iter().find_map(strip).unwrap_or(path)
}

/// The byte that the first two hex digits name.
pub(super) fn hex_pair(rest: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (high, low) = (digit(rest.first()?)?, digit(rest.get(1)?)?);
    Some(high * 16 + low)
}
