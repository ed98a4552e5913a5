//! Urlencoded pairs, in every spelling of a name that some framework folds into it.

/// One value that is found under a name.
pub(super) struct Found {
    /// The decoded value.
    pub(super) value: String,
    /// Whether the name was written exactly, and its value decodes to UTF-8 without control
    /// characters: then every framework agrees.
    pub(super) plain: bool,
}

/// Every value under a name. `&` separates; `;` does for some frameworks.
pub(super) fn values(name: &str, encoded: &[u8]) -> Vec<Found> {
    let mut found = Vec::new();
    for pair in encoded.split(|byte| *byte == b'&') {
        find(name, pair, true, &mut found);
        if pair.contains(&b';') {
            pair.split(|byte| *byte == b';').skip(1).for_each(|piece| find(name, piece, false, &mut found));
        }
    }
    found
}

fn find(name: &str, pair: &[u8], alone: bool, found: &mut Vec<Found>) {
    let Some((key, value)) = form_urlencoded::parse(pair).next() else { return };
    if !folds_into(&key, name) {
        return;
    }
    let exact = pair.get(..name.len()) == Some(name.as_bytes()) && matches!(pair.get(name.len()), None | Some(b'='));
    let readable = !value.chars().any(|c| (c.is_control() && !matches!(c, '\t' | '\n' | '\r')) || c == '\u{fffd}');
    let split = pair.contains(&b';');
    found.push(Found { value: value.into_owned(), plain: alone && exact && readable && !split });
}

/// Whether some framework takes `key` for `name`: without `[…]`, `.…` and what follows a NUL, trimmed
/// (of a byte order mark and of the question mark of a query too), case folded, with spaces and dots as underscores.
pub(super) fn folds_into(key: &str, name: &str) -> bool {
    if key == name {
        return true;
    }
    let cut = key.split(['[', '\0']).next().unwrap_or(key);
    let fold = |text: &str| text.trim_matches(is_trimmed).to_lowercase().replace([' ', '.'], "_");
    let (folded, wanted) = (fold(cut), fold(name));
    folded == wanted || folded.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('_') && key.contains('.'))
}

fn is_trimmed(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{feff}' | '?')
}
