//! Whatever the bytes of a target: what is forwarded is what was read, and nothing is read less than
//! a browser's parser reads it.

use std::collections::HashSet;

use percent_encoding::percent_decode_str;

use super::*;
use crate::fuzz;

#[test]
fn no_target_is_read_otherwise_than_it_is_forwarded() {
    fuzz::hold("target", 20_000, |input| {
        let target = match Target::parse(input) {
            Ok(target) => target,
            Err(bad) => return format!("{bad:?}"),
        };
        assert_eq!(target.raw().as_bytes(), input);
        let query = target.query().map(|query| format!("?{query}")).unwrap_or_default();
        assert_eq!(format!("{}{query}", target.path()), target.raw());
        let readings: Vec<&str> = target.readings().map(Reading::path).collect();
        assert_eq!(readings.first(), Some(&target.path()));
        assert_eq!(readings.iter().collect::<HashSet<_>>().len(), readings.len(), "{readings:?}");
        assert!(readings.len() <= 256 && readings.iter().all(|path| path.starts_with('/')), "{readings:?}");
        for other in other_readers(&target) {
            assert!(readings.contains(&other.as_str()), "{other:?} is not among {readings:?}");
        }
        format!("{} {:?}", readings.len(), target.ambiguities)
    });
}

/// The path as others read it: decoded, and as the URL standard cleans it, before and after decoding.
fn other_readers(target: &Target) -> Vec<String> {
    let decoded = |path: &str| percent_decode_str(path).decode_utf8().unwrap().into_owned();
    // A path that begins with two slashes is a host's name to this parser.
    let url = url::Url::parse(&format!("http://site.example{}", target.path())).unwrap();
    let cleaned = decoded(url.path());
    // What is only ended by a slash or a dot is the same resource; readings are without.
    // It keeps what looks like a drive of Windows, `x:`, before dots, also where no file is meant.
    let ends_plain =
        !cleaned.ends_with(['/', '.', ' ']) && !cleaned.contains("//") && !cleaned.contains(['\\', ';', ':', '|']);
    let plain = ends_plain.then_some(cleaned).filter(|path| !path.split('/').any(|part| matches!(part, "." | "..")));
    std::iter::once(decoded(target.path())).chain(plain).collect()
}
