//! Whatever a language tag or an `Accept-Language` says: only what is offered and not refused is found.

use super::*;
use crate::fuzz;

#[test]
fn no_language_is_found_that_is_not_offered() {
    fuzz::hold("languages", 20_000, |input| {
        let Some(text) = fuzz::text(input) else { return "no text".to_owned() };
        let offered = [Language::Indonesian, Language::English];
        let found = accepted(text, &offered);
        assert!(found.is_none_or(|language| offered.contains(&language)));
        let tag = Language::parse(text);
        assert!(tag.is_none_or(|language| Language::parse(language.tag()) == Some(language)));
        if let Some(language) = tag.filter(|language| offered.contains(language) && !text.contains([',', ';', ' '])) {
            assert_eq!(found, Some(language), "{text}");
        }
        format!("{found:?} {tag:?}")
    });
}
