//! `Accept-Language` (RFC 9110 §12.5.4).

use super::Language;

/// Elements that are looked at: real browsers send fewer than ten.
const MAX_RANGES: usize = 32;

/// The best of `offered` for a header's value: by quality, then by the order of the header. `*` finds
/// the first that is offered and not refused by `q=0`; elements that cannot be read are passed over.
#[must_use]
pub fn accepted(header: &str, offered: &[Language]) -> Option<Language> {
    let mut ranges: Vec<(&str, u16)> = header.split(',').take(MAX_RANGES).filter_map(range).collect();
    let refused = |language: Language| {
        ranges.iter().any(|(tag, quality)| *quality == 0 && Language::parse(tag) == Some(language))
    };
    let offered: Vec<Language> = offered.iter().copied().filter(|language| !refused(*language)).collect();
    ranges.retain(|(_, quality)| *quality > 0);
    // The sort keeps the order of the header among equals.
    ranges.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));
    ranges.into_iter().find_map(|(tag, _)| match tag {
        "*" => offered.first().copied(),
        tag => Language::parse(tag).filter(|language| offered.contains(language)),
    })
}

/// A language range and its quality in thousandths.
fn range(element: &str) -> Option<(&str, u16)> {
    let mut parts = element.split(';').map(str::trim);
    let tag = parts.next().filter(|tag| !tag.is_empty())?;
    let quality = match parts.next() {
        None => 1000,
        Some(weight) => quality(weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="))?)?,
    };
    Some((tag, quality))
}

/// `0`, `1`, or one of them with up to three digits after the point, at most 1.
fn quality(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{fraction:0<3}").parse().ok()?;
    let quality = if whole == "1" { 1000 + thousandths } else { thousandths };
    (quality <= 1000).then_some(quality)
}

#[cfg(test)]
mod tests {
    use super::{super::Language::*, *};

    #[test]
    fn the_best_offered_language_is_found() {
        let offered = [Indonesian, English, Chinese];
        for (header, expected) in [
            ("en", Some(English)),
            ("en-GB,en;q=0.9", Some(English)),
            ("id-ID,id;q=0.9,en-US;q=0.8,en;q=0.7", Some(Indonesian)),
            ("en;q=0.5, id;q=0.8", Some(Indonesian)),
            ("in-ID", Some(Indonesian)),
            ("zh-Hant-TW;q=0.3, fr", Some(Chinese)),
            ("fr, de;q=0.5", None),
            ("fr, *;q=0.1", Some(Indonesian)),
            ("id;q=0, *", Some(English)),
            ("en;q=0", None),
            ("th, ar", None),
            ("", None),
            (";q=1,,en;q=2, id;q=0.1234, EN;Q=0.2", Some(English)),
            ("\u{e9}\u{e9}, *;q=x", None),
        ] {
            assert_eq!(accepted(header, &offered), expected, "{header:?}");
        }
    }

    #[test]
    fn a_long_header_is_looked_at_only_so_far() {
        let header = format!("{}id", "fr,".repeat(MAX_RANGES));
        assert_eq!(accepted(&header, &[Indonesian]), None);
    }
}
