//! Expressions that match more than they seem to: tried on texts that have nothing in common.

use regex::Regex;

use super::super::{Node, Report};

/// Two pages of which nothing is alike but what every page has.
const PAGES: [&str; 2] = [
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>403</title></head>\n<body><p>No.</p></body></html>\n",
    "<!doctype html>\n<html lang=\"id\"><head><meta charset=\"utf-8\"><title>Masuk</title></head>\n<body><p>Halo!</p></body></html>\n",
];
/// Values of which no expression for a whole value should match two: places that a site redirects to, and
/// what accounts are called.
const VALUES: [[&str; 2]; 2] = [["/login?error=1", "/home/x"], ["1042", "ayu"]];

impl Report<'_> {
    /// What an expression that searches matches beyond what it seems to say.
    pub(in super::super) fn lint_expression(&mut self, at: &Node, typed: &str, regex: &Regex) {
        if is_found_anywhere(regex) {
            let message =
                "this expression is found in texts that have nothing in common: it tells no answer from another";
            return self.warn(at, message, "name a text that only the right answer has");
        }
        if let Some(dot) = loose_dot(typed) {
            let help = format!("write `{dot}` with `\\.` if a dot is meant");
            self.warn(at, format!("the dot in `{dot}` stands for any character"), help);
        }
    }

    /// The same of one that must match a whole value.
    pub(in super::super) fn lint_whole(&mut self, at: &Node, regex: &Regex) {
        let all = VALUES.iter().find(|values| values.iter().all(|value| regex.is_match(value)));
        if let Some(values) = all.filter(|_| !is_found_anywhere(regex)) {
            let message =
                format!("this expression matches values as different as {}", values.map(quoted).join(" and "));
            self.warn(at, message, "write out what it must match");
        }
    }
}

fn quoted(value: &str) -> String {
    format!("`{value}`")
}

/// Whether it is found in two texts that share no two letters in a row, or in any page.
fn is_found_anywhere(regex: &Regex) -> bool {
    let alphabets = [(37, 33), (59, 23)].map(|(step, first)| alphabet(step, first));
    alphabets.iter().all(|text| regex.is_match(text)) || PAGES.iter().all(|page| regex.is_match(page))
}

/// Every printable ASCII character once, each `step` after the one before it.
fn alphabet(step: u32, first: u32) -> String {
    (0..95).filter_map(|at| char::from_u32(0x20 + (first + at * step) % 95)).collect()
}

/// The word around a dot that is not escaped though it stands between letters, as in `play.example`.
fn loose_dot(expression: &str) -> Option<String> {
    let characters: Vec<char> = expression.chars().collect();
    let (mut class, mut escaped) = (false, false);
    for (at, c) in characters.iter().enumerate() {
        let letter = |at: Option<usize>| at.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_alphanumeric);
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => class = true,
            ']' => class = false,
            // The letter before may be a class such as `\d`.
            '.' if !class && letter(at.checked_sub(1)) && letter(Some(at + 1)) => {
                let mut before = characters.get(..at)?.iter().rev().take_while(|c| c.is_ascii_alphanumeric()).count();
                let backslashes = characters.get(..at - before)?.iter().rev().take_while(|c| **c == '\\').count();
                // Its first letter is then no letter of the word, as in `\bplay.example`.
                before -= backslashes % 2;
                if before == 0 {
                    continue;
                }
                let after = characters.get(at + 1..)?.iter().take_while(|c| c.is_ascii_alphanumeric()).count();
                return characters.get(at - before..=at + after).map(|word| word.iter().collect());
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_tried_and_not_read() {
        for (expression, anywhere) in [
            ("", true),
            (".*", true),
            (".+", true),
            ("^", true),
            ("^.*", true),
            ("(?s)^.*$", true),
            ("e", true),
            ("W|w", true),
            (r"\d+", true),
            ("(foo)?", true),
            ("[^x]", true),
            ("<html", true),
            ("ok", false),
            ("Welcome", false),
            ("^OK", false),
            ("^$", false),
            ("^[03]:", false),
            (r#""accepted""#, false),
            (r"id=(\w+)", false),
            (r"^(\w+)$", false),
            ("Hello ([a-z]+)", false),
            ("Signed in as <b>([^<]+)</b>", false),
        ] {
            assert_eq!(is_found_anywhere(&Regex::new(expression).unwrap()), anywhere, "{expression}");
        }
    }

    #[test]
    fn two_alphabets_have_every_letter_and_no_two_in_a_row() {
        let (one, other) = (alphabet(37, 33), alphabet(59, 23));
        for text in [&one, &other] {
            let mut letters: Vec<char> = text.chars().collect();
            letters.sort_unstable();
            assert_eq!(letters, (' '..='~').collect::<Vec<_>>());
        }
        let pairs = |text: &str| text.as_bytes().windows(2).map(<[u8]>::to_vec).collect::<Vec<_>>();
        let (one, other) = (pairs(&one), pairs(&other));
        assert!(one.iter().all(|pair| !other.contains(pair)));
    }

    #[test]
    fn a_dot_between_letters_is_loose() {
        for (expression, found) in [
            ("^https://play.example$", Some("play.example")),
            (r"^play\.example$", None),
            ("a.*b", None),
            (r"\d.\d", None),
            (r"\bfoo.bar", Some("foo.bar")),
            (r"\\foo.bar", Some("foo.bar")),
            (r"\\\bfoo.bar", Some("foo.bar")),
            (r"\bfoo\.bar", None),
            ("[a.b]", None),
            ("Welcome. Back", None),
        ] {
            assert_eq!(loose_dot(expression).as_deref(), found, "{expression}");
        }
    }
}
