//! Whether a value may be taken for the expected one: text by whoever folds case or trims, numbers in any
//! spelling (docs/decisions/0029).

use super::{Condition, name::folded};

/// Where whole numbers of 32 bits begin anew.
const WRAP: f64 = 4_294_967_296.0;
/// From here on a double does not hold every whole number.
const INEXACT: f64 = 9_007_199_254_740_992.0;

/// Whether a value that every reading finds is the expected one.
pub(super) fn compare(value: &str, expected: &str) -> Condition {
    if value == expected {
        return Condition::Yes;
    }
    let is_alike = folded(value.trim()).eq(folded(expected.trim()));
    if is_alike || may_be_number(value, expected) {
        return Condition::Unknown;
    }
    Condition::No
}

/// A number, and whether it was written as a word.
struct Number {
    is: f64,
    is_word: bool,
}

/// The number that a text is for certain: as JSON writes it, or one of the words that stand for 1 and 0.
fn number(text: &str) -> Option<Number> {
    let word: String = folded(text.trim()).collect();
    let is = match word.as_str() {
        "true" | "on" | "yes" => return Some(Number { is: 1.0, is_word: true }),
        "false" | "off" | "no" => return Some(Number { is: 0.0, is_word: true }),
        _ => serde_json::from_str(text).ok()?,
    };
    Some(Number { is, is_word: false })
}

/// Whether some reader makes the same number of both: it may round, keep 32 bits, or take no more of a text than
/// begins as a number. Text without any is 0 to some.
fn may_be_number(value: &str, expected: &str) -> bool {
    let Some(wanted) = number(expected) else { return false };
    let Some(found) = number(value) else {
        return !wanted.is_word && (begins_as_number(value) || wanted.is.abs() < 1.0);
    };
    if found.is.abs().max(wanted.is.abs()) < INEXACT {
        let apart = (found.is - wanted.is).abs() % WRAP;
        return !(1.0..=WRAP - 1.0).contains(&apart);
    }
    match (value.parse::<i128>(), expected.parse::<i128>()) {
        (Ok(value), Ok(expected)) => found.is == wanted.is || value.wrapping_sub(expected) % (1 << 32) == 0,
        (Err(_), _) | (_, Err(_)) => true,
    }
}

fn begins_as_number(text: &str) -> bool {
    let begins_as_word = text.trim().starts_with(char::is_alphabetic);
    !begins_as_word && text.contains(char::is_numeric)
}
