//! Urlencoded pairs, in every spelling of a name that some framework takes for it.

use std::borrow::Cow;

use super::name::Wanted;

/// One value that is found under a name.
pub(super) struct Found {
    /// The decoded value.
    pub(super) value: String,
    /// Whether the name was written exactly, and its value decodes to text that is [readable](is_readable):
    /// then every framework agrees.
    pub(super) plain: bool,
}

/// Every value under a name, and every one of which nobody knows whose it is. `&` separates; `;` does for some
/// frameworks.
pub(super) fn values(name: &str, encoded: &[u8]) -> Vec<Found> {
    let wanted = Wanted::of(name);
    let mut found = Vec::new();
    for pair in encoded.split(|byte| *byte == b'&') {
        found.extend(find(&wanted, pair, true));
        if pair.contains(&b';') {
            found.extend(pair.split(|byte| *byte == b';').skip(1).filter_map(|piece| find(&wanted, piece, false)));
        }
    }
    found
}

fn find(wanted: &Wanted<'_>, pair: &[u8], alone: bool) -> Option<Found> {
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    let (key, raw) = (halves.next()?, halves.next().unwrap_or_default());
    let bytes = decoded(key);
    let name = String::from_utf8_lossy(&bytes);
    let value = decoded(raw);
    let value = String::from_utf8_lossy(&value);
    if !wanted.may_be(&name) && !is_overlong(&bytes) && !changes_charset(&name, &value) {
        return None;
    }
    let exact = wanted.is(&name) && wanted.is_written(key);
    let plain = alone && exact && is_cut_here(raw) && is_readable(&value);
    Some(Found { plain, value: value.into_owned() })
}

/// Whether a value as it was sent is one to every parser. That of Express takes what is before `]=` for the
/// name wherever it stands, and decodes nothing of a value in which one escape is not whole.
fn is_cut_here(raw: &[u8]) -> bool {
    let ends_name =
        raw.windows(2).any(|two| two == b"]=") || raw.windows(4).any(|four| four.eq_ignore_ascii_case(b"%5D="));
    let mut escapes = raw.split(|byte| *byte == b'%').skip(1);
    let is_whole =
        escapes.all(|rest| matches!(rest, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()));
    !ends_name && is_whole && !raw.contains(&b';')
}

/// Percent escapes and `+`.
fn decoded(encoded: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::from(percent_encoding::percent_decode(&spaced)).into_owned()
}

/// Whether UTF-8 is written longer than it must be, which old decoders take for any letter.
fn is_overlong(bytes: &[u8]) -> bool {
    bytes.windows(2).any(|two| matches!(two, [0xc0 | 0xc1, 0x80..=0xbf] | [0xe0, 0x80..=0x9f] | [0xf0, 0x80..=0x8f]))
}

/// Whether this is the field by which some frameworks take the charset of a form, and it is not ours.
pub(super) fn changes_charset(name: &str, value: &str) -> bool {
    name.trim().eq_ignore_ascii_case("_charset_") && !value.trim().eq_ignore_ascii_case("utf-8")
}

/// Whether every framework gives on this text whole: nothing in it ends it, is left out at its ends, or could
/// not be decoded.
pub(super) fn is_readable(value: &str) -> bool {
    let is_odd = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
    !value.starts_with('\u{feff}') && !value.chars().any(|character| is_odd(character) || character == '\u{fffd}')
}
