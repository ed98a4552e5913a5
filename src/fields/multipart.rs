//! Multipart forms (RFC 7578), strictly: one part a name, no `name*`, whole to the last boundary.

use super::form::{Found, folds_into};

/// Parts at most.
const MAX_PARTS: usize = 200;

/// Every value under a name; `None` where some framework may read the body otherwise.
pub(super) fn values(name: &str, body: &[u8], boundary: &str) -> Option<Vec<Found>> {
    if boundary.is_empty() || boundary.len() > 70 {
        return None;
    }
    let first = format!("--{boundary}");
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(first.as_bytes())?;
    let mut found = Vec::new();
    for _ in 0..MAX_PARTS {
        if let Some(end) = rest.strip_prefix(b"--") {
            return matches!(end, b"" | b"\r\n").then_some(found);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let at = position(rest, delimiter.as_bytes())?;
        let (part, after) = rest.split_at_checked(at)?;
        found.extend(value_of(name, part)?);
        rest = after.get(delimiter.len()..)?;
    }
    None
}

/// The value of a part if it has this name; the outer `None` where its head is odd.
fn value_of(name: &str, part: &[u8]) -> Option<Option<Found>> {
    let at = position(part, b"\r\n\r\n")?;
    let (head, content) = (std::str::from_utf8(part.get(..at)?).ok()?, part.get(at + 4..)?);
    let mut disposition = None;
    for line in head.split("\r\n") {
        let (key, value) = line.split_once(':')?;
        if key.eq_ignore_ascii_case("content-transfer-encoding") {
            return None;
        }
        if key.eq_ignore_ascii_case("content-disposition") && disposition.replace(value.trim()).is_some() {
            return None;
        }
    }
    let parameters = disposition?.strip_prefix("form-data")?;
    if parameters.to_ascii_lowercase().contains("name*") {
        return None;
    }
    let mut named = None;
    for parameter in parameters.split(';').map(str::trim).filter(|parameter| !parameter.is_empty()) {
        let (key, value) = parameter.split_once('=')?;
        if key == "name" {
            let value = value.strip_prefix('"')?.strip_suffix('"')?;
            if value.contains(['"', '\\']) || named.replace(value).is_some() {
                return None;
            }
        } else if key != "filename" {
            // `Name=` is the name for frameworks that fold case.
            return None;
        }
    }
    let named = named?;
    if !folds_into(named, name) {
        return Some(None);
    }
    let value = std::str::from_utf8(content).ok()?.to_owned();
    Some(Some(Found { plain: named == name && !value.contains('\0'), value }))
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
