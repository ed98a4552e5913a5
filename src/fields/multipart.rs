//! Multipart forms (RFC 7578), strictly: what browsers write, and nothing that some parser splits at
//! another place. Everything else cannot be read (docs/decisions/0029).

use super::{
    form::{self, Found},
    name::Wanted,
};

/// Parts at most.
const MAX_PARTS: usize = 200;

/// Whether a boundary is read alike wherever it stands. Unquoted it is a token (RFC 2045 section 5.1), and
/// what only quotes make possible is refused where some parser cuts or decodes it in spite of them.
pub(super) fn is_boundary(boundary: &str, quoted: bool) -> bool {
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"'+_.-".contains(&byte) || (quoted && b"()/:=?".contains(&byte));
    (1..=70).contains(&boundary.len()) && boundary.bytes().all(is_allowed) && !boundary.contains("=?")
}

/// Every value under a name; `None` where some framework may read the body otherwise.
pub(super) fn values(name: &str, body: &[u8], boundary: &str) -> Option<Vec<Found>> {
    let wanted = Wanted::of(name);
    let dashed = format!("--{boundary}");
    let mut rest = body.strip_prefix(dashed.as_bytes())?;
    let mut found = Vec::new();
    for _ in 0..MAX_PARTS {
        if let Some(end) = rest.strip_prefix(b"--") {
            return matches!(end, b"" | b"\r\n").then_some(found);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        // The next one ends the part, or else some parser ends it there and another does not.
        let (part, after) = rest.split_at_checked(position(rest, dashed.as_bytes())?)?;
        found.extend(value_of(&wanted, part.strip_suffix(b"\r\n")?)?);
        rest = after.get(dashed.len()..)?;
    }
    None
}

/// The value of a part if it may have this name; the outer `None` where its head is odd.
fn value_of(wanted: &Wanted<'_>, part: &[u8]) -> Option<Option<Found>> {
    let at = position(part, b"\r\n\r\n")?;
    let (head, content) = (std::str::from_utf8(part.get(..at)?).ok()?, part.get(at + 4..)?);
    let (mut named, mut media, mut length) = (None, None, None);
    for line in head.split("\r\n") {
        let (key, value) = line.split_once(':')?;
        let value = value.trim_matches(' ');
        if value.chars().any(char::is_control) {
            return None;
        }
        // Any other line may say how the content is packed, or be taken for one of these.
        let is_second = match key.to_ascii_lowercase().as_str() {
            "content-disposition" => named.replace(disposition(value)?).is_some(),
            "content-type" => media.replace(is_plain_media(value).then_some(())?).is_some(),
            "content-length" => length.replace((value == content.len().to_string()).then_some(())?).is_some(),
            _ => return None,
        };
        if is_second {
            return None;
        }
    }
    let (named, is_file) = named?;
    if form::changes_charset(named, &String::from_utf8_lossy(content)) {
        return None;
    }
    if !wanted.may_be(named) {
        return Some(None);
    }
    let value = std::str::from_utf8(content).ok()?.to_owned();
    // A file is no field to many.
    Some(Some(Found { plain: wanted.is(named) && !is_file && form::is_readable(&value), value }))
}

/// The name in `form-data; name="…"`, and whether a `filename="…"` is beside it.
fn disposition(value: &str) -> Option<(&str, bool)> {
    let (mut name, mut filename) = (None, None);
    let mut rest = value.strip_prefix("form-data")?;
    while !rest.is_empty() {
        let (key, after) = rest.trim_start_matches(' ').strip_prefix(';')?.trim_start_matches(' ').split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        // Of a backslash and a `;` in quotes some parsers know nothing.
        if value.contains(['\\', ';']) {
            return None;
        }
        let known = match key {
            "name" => &mut name,
            "filename" => &mut filename,
            _ => return None,
        };
        if known.replace(value).is_some() {
            return None;
        }
        rest = after;
    }
    Some((name?, filename.is_some()))
}

/// Whether a part's type leaves its bytes what they are: UTF-8, no parts in it, no second header in disguise.
fn is_plain_media(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let is_utf_8 =
        |piece: &str| !piece.contains("charset") || matches!(piece.trim(), "charset=utf-8" | "charset=\"utf-8\"");
    !["multipart", "message", ":"].iter().any(|odd| value.contains(odd)) && value.split(';').all(is_utf_8)
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
