//! Which names some parser takes for another one, in queries, forms and JSON (docs/decisions/0029).
//!
//! A name is ordinary when every parser cuts it at the same places: letters, digits and the marks of
//! [`is_mark`], then groups in brackets, each of them closed, and behind them at most a dot and more. An
//! ordinary name counts for a wanted one by its parts, of which a number is a place in a list. Any other name
//! is cut, bent or dropped differently from one parser to the next, but none of them adds a letter: it counts
//! for each wanted name whose letters it holds.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Where parsers cut a name into parts: at brackets, or at dots as well.
const CUTS: [&[char]; 2] = [&['[', ']'], &['[', ']', '.']];

/// A name that is looked for.
pub(super) struct Wanted<'n> {
    name: &'n str,
    /// Those of its first part: whoever sets that sets the rest.
    letters: String,
    /// Its parts at each of [`CUTS`].
    parts: [Vec<String>; 2],
}

impl<'n> Wanted<'n> {
    pub(super) fn of(name: &'n str) -> Self {
        let parts = CUTS.map(|cuts| parts_of(name, cuts).map(|part| bent(part).collect()).collect());
        let [_, dots] = CUTS;
        let first = parts_of(name, dots).next();
        Self { name, letters: letters(first.unwrap_or(name)), parts }
    }

    /// Whether the name is this one, as it was written.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Whether these bytes are the name as it was written, or as browsers escape it.
    pub(super) fn is_written(&self, encoded: &[u8]) -> bool {
        let escaped: String = form_urlencoded::byte_serialize(self.name.as_bytes()).collect();
        // Some clients write hexadecimal digits in lower case. Letters are compared where it is decoded.
        encoded == self.name.as_bytes() || encoded.eq_ignore_ascii_case(escaped.as_bytes())
    }

    /// Whether some parser takes a name of a query or form for this one, for what it is a part of, or for
    /// a part of it.
    pub(super) fn may_be(&self, name: &str) -> bool {
        if self.is(name) || is_escaped_twice(name) {
            return true;
        }
        if !is_ordinary(name) {
            return letters(name).contains(&self.letters);
        }
        CUTS.iter().zip(&self.parts).any(|(cuts, wanted)| begins_or_continues(parts_of(name, cuts), wanted))
    }

    /// Whether some parser takes a member of a JSON object for this one. Text may end at a NUL.
    pub(super) fn may_be_member(&self, key: &str) -> bool {
        self.is(key) || bent(key).eq(bent(self.name)) || (key.contains('\0') && letters(key).contains(&self.letters))
    }
}

/// Text as whoever compares least strictly sees it: in one case, by every rule for it (U+017F is `s`, U+212A
/// `k`, `i` with and without its dot one letter), without accents, of one width.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> {
    text.nfkd()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .filter(|character| !is_combining_mark(*character))
}

/// Marks that no parser cuts at, but for the dot, or leaves out, but for blanks at the ends.
const fn is_mark(character: char) -> bool {
    matches!(character, '_' | '-' | '.' | ':' | '$' | '@' | '~' | '*' | ' ')
}

/// Text behind a group is left out by some parsers, with a group behind it or without; a dot may begin it once.
fn is_ordinary(name: &str) -> bool {
    let (mut has_stem, mut is_open, mut is_closed, mut is_behind) = (false, false, false, false);
    for character in name.chars() {
        match character {
            '[' if has_stem && !is_open && !is_behind => is_open = true,
            ']' if is_open => (is_open, is_closed) = (false, true),
            '.' if is_closed && !is_open => is_behind = true,
            _ if is_closed && !is_open && !is_behind => return false,
            _ if character.is_alphanumeric() || is_mark(character) => has_stem |= !matches!(character, ' ' | '.'),
            _ => return false,
        }
    }
    has_stem && !is_open
}

/// Whether something in it may be decoded once more: `%64`, `%u0064`, an encoded word of a header.
fn is_escaped_twice(name: &str) -> bool {
    let escapes = name.split('%').skip(1).any(|rest| match rest.as_bytes() {
        [b'u' | b'U', ..] => true,
        [high, low, ..] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        [] | [_] => false,
    });
    escapes || name.contains("=?")
}

fn letters(name: &str) -> String {
    folded(name).filter(|character| character.is_alphanumeric()).collect()
}

fn parts_of<'n>(name: &'n str, cuts: &'static [char]) -> impl Iterator<Item = &'n str> {
    name.split(cuts).filter(|part| bent(part).next().is_some())
}

/// Whether the parts of a name are the wanted ones, or begin or continue them. `items[0][id]` is also written as
/// `items[][id]`, and `items[7][id]` is the same to who closes the gaps of a list.
fn begins_or_continues<'n>(parts: impl Iterator<Item = &'n str>, wanted: &[String]) -> bool {
    let mut parts = parts.peekable();
    if parts.peek().is_none() || wanted.is_empty() {
        return false;
    }
    for (at, wanted) in wanted.iter().enumerate() {
        let Some(part) = parts.peek() else { return true };
        if at > 0 && is_number(wanted.chars()) {
            parts.next_if(|part| is_number(bent(part)));
            continue;
        }
        if !bent(part).eq(wanted.chars()) {
            return false;
        }
        parts.next();
    }
    true
}

fn is_number(mut part: impl Iterator<Item = char>) -> bool {
    part.all(char::is_numeric)
}

/// A part of a name as whoever bends it most sees it. `to.account`, `to account`, `to_account` and `toAccount`
/// are one name to some parser, `.account` and `_account` as well; `_account` and `account` are two.
fn bent(part: &str) -> impl Iterator<Item = char> {
    folded(part)
        .scan(false, |has_begun, character| {
            *has_begun |= character.is_alphanumeric();
            Some(match character {
                '.' if !*has_begun => Some('_'),
                _ if character.is_alphanumeric() || (!*has_begun && character.is_ascii_punctuation()) => {
                    Some(character)
                }
                _ => None,
            })
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_ordinary_where_every_parser_cuts_it_at_the_same_places() {
        for name in ["a", "a b", "a.b", "a[b]", "a[]", "a[b][c]", "a.b[c]", "a[b].c", "ctl00$Main$x", "user_name"] {
            assert!(is_ordinary(name), "{name}");
        }
        for name in
            ["", " ", ".", "[a]", "[", "a]", "a]b", "a[b", "a[[b]]", "a[b[c]", "a[b]x", "a[b].c[d]", "a[b]x[c]", "a&b"]
        {
            assert!(!is_ordinary(name), "{name}");
        }
    }

    #[test]
    fn a_number_is_a_place_only_behind_a_name() {
        for (wanted, name, may_be) in [
            ("items[0][id]", "items[7][id]", true),
            ("items[0][id]", "items[][id]", true),
            ("items[0][id]", "items[x][id]", false),
            ("items[0][id]", "items[7][name]", false),
            ("0[id]", "7[id]", false),
        ] {
            assert_eq!(Wanted::of(wanted).may_be(name), may_be, "{wanted} {name}");
        }
    }
}
