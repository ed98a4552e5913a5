//! A target of the site as an address in our answers.

use std::borrow::Cow;

/// A target as a reference by which a browser stays on this host and asks for exactly it. One that
/// begins with two slashes would name another host (RFC 3986 §4.2); the `/.` before it is dropped by
/// whoever follows the reference (§5.2.4).
#[must_use]
pub fn reference(target: &str) -> Cow<'_, str> {
    if target.starts_with("//") { Cow::Owned(format!("/.{target}")) } else { Cow::Borrowed(target) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_followed_to_this_host_and_to_itself() {
        let base = url::Url::parse("https://play.example/.stepgate/challenge/x").unwrap();
        for target in [
            "/account?a=b",
            "//evil.example/account",
            "///evil.example/",
            "//evil.example:443//x?y=//z",
            "//@evil.example/",
            "/%2f/evil.example",
            "/.//evil.example/",
            "//",
            "/https:evil.example",
        ] {
            let followed = base.join(&reference(target)).unwrap();
            assert_eq!(followed.origin(), base.origin(), "{target}");
            let query = followed.query().map(|query| format!("?{query}")).unwrap_or_default();
            let asked = format!("{}{query}", followed.path());
            // What a browser makes of dots and slashes it makes of every link; it stays here.
            let same = asked == target || target.contains("/.");
            assert!(same, "{target} is followed to {asked}");
        }
    }
}
