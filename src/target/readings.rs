//! How a path may be read: decoded, cleaned and shortened as frameworks do it (security.md 3.1).

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use super::{Reading, sessions::without_sessions};

/// Distinct readings at most, those without their ending not counted. Ordinary paths have fewer than ten; what has
/// more is refused, since a reading that is dropped is a way around a route.
const MAX: usize = 32;

/// How a reading comes about whose last segment had an ending that is none of [`EXTENSIONS`].
pub(super) const WITHOUT_ENDING: &str = "without ending";

/// Extensions that frameworks take for a format of the same resource.
const EXTENSIONS: [&str; 7] = [".json", ".xml", ".html", ".php", ".do", ".action", ".aspx"];

/// Scripts that take the rest of the path as their own.
const FRONT_CONTROLLERS: [&str; 3] = ["/index.php", "/index.html", "/app.php"];

/// Every distinct reading, the path as received first; `None` when there are more than [`MAX`].
pub(super) fn of(path: &str) -> Option<Vec<Reading>> {
    let mut readings = vec![Reading { path: path.into(), how: "as received" }];
    if is_plain(path) {
        return Some(readings);
    }
    if is_clean(path) {
        shorten(&mut readings, path)?;
    } else {
        undo(&mut readings, path)?;
    }
    drop_endings(&mut readings);
    Some(readings)
}

/// Adds a path decoded and cleaned, in every order.
fn undo(readings: &mut Vec<Reading>, path: &str) -> Option<()> {
    let once = decode(path);
    let twice = decode(&once);
    for (base, how) in [
        (path, "cleaned"),
        (&*once, "decoded once"),
        (&*twice, "decoded twice"),
        (&*decode(&dots_first(path)), "cleaned, then decoded"),
        (&*decode(&without_dots(&with_dots(path))), "cleaned as browsers do it, then decoded"),
    ] {
        add(readings, base, how)?;
        // Who keeps an encoded slash sees no dots in `/pay.php/..%2f`, and runs the script.
        shorten(readings, &without_params(base))?;
        clean(readings, base, how)?;
        for bare in without_sessions(base).into_iter().flatten() {
            clean(readings, &bare, "without session")?;
        }
        if !base.is_ascii() {
            let folded: String = base.nfkc().collect();
            add(readings, &folded, "compatibility characters folded")?;
            clean(readings, &folded, "compatibility characters folded")?;
        }
    }
    Some(())
}

/// Adds each reading without its ending. These come last, so that without them the others are what they are.
fn drop_endings(readings: &mut Vec<Reading>) {
    for at in 0..readings.len() {
        let Some(stem) = readings.get(at).and_then(|reading| without_ending(&reading.path)) else { continue };
        if !readings.iter().any(|known| *known.path == *stem) {
            let path = stem.into();
            readings.push(Reading { path, how: WITHOUT_ENDING });
        }
    }
}

/// Only characters that no framework changes: the hot path.
fn is_plain(path: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    path.as_bytes().iter().all(plain) && !path.contains("//") && (path.len() == 1 || !path.ends_with('/'))
}

/// Nothing to decode or to clean: files with an extension.
fn is_clean(path: &str) -> bool {
    let odd = path.bytes().any(|byte| matches!(byte, b'%' | b';' | b'\\'));
    !odd && !["//", "/.", "/("].iter().any(|form| path.contains(form)) && !path.ends_with(['/', '.'])
}

fn add(readings: &mut Vec<Reading>, path: &str, how: &'static str) -> Option<()> {
    if !path.starts_with('/') || readings.iter().any(|known| *known.path == *path) {
        return Some(());
    }
    if readings.len() == MAX {
        return None;
    }
    readings.push(Reading { path: path.into(), how });
    Some(())
}

/// Adds a path as servers clean it, and what that is short for.
fn clean(readings: &mut Vec<Reading>, base: &str, how: &'static str) -> Option<()> {
    for cleaned in [slashes_first(base), dots_first(base)] {
        add(readings, &cleaned, how)?;
        shorten(readings, &cleaned)?;
    }
    // For who knows no params `..;x` is a name, which a later `..` takes away.
    if base.contains(';') {
        let cleaned = trim_end(&collapse(&without_dots(&base.replace('\\', "/"))));
        add(readings, &cleaned, how)?;
        let cleaned = dots_first(&cleaned);
        add(readings, &cleaned, how)?;
        shorten(readings, &cleaned)?;
    }
    Some(())
}

/// Adds what a clean path is short for: a script's path without what follows it, a resource without
/// its format.
fn shorten(readings: &mut Vec<Reading>, path: &str) -> Option<()> {
    for path in std::iter::once(path).chain(without_front_controller(path)) {
        add(readings, path, "without front controller")?;
        if let Some(stem) = without_extension(path) {
            add(readings, stem, "without extension")?;
        }
        if let Some((script, stem)) = without_path_info(path) {
            add(readings, script, "without path info")?;
            add(readings, stem, "without extension")?;
        }
    }
    Some(())
}

fn decode(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// With encoded dots as dots: the URL standard takes them as such in a path, and decodes nothing else.
fn with_dots(path: &str) -> String {
    path.replace("%2e", ".").replace("%2E", ".")
}

/// Slashes collapsed before dot segments are removed, as nginx does it.
fn slashes_first(path: &str) -> String {
    trim_end(&without_dots(&collapse(&without_params(path))))
}

/// Dot segments removed before slashes are collapsed, as RFC 3986 §5.2.4 does it.
fn dots_first(path: &str) -> String {
    trim_end(&collapse(&without_dots(&without_params(path))))
}

/// Without `;params` of each segment, a backslash read as a slash.
pub(super) fn without_params(path: &str) -> String {
    let slashed = path.replace('\\', "/");
    let segments: Vec<&str> = slashed.split('/').map(|segment| segment.split(';').next().unwrap_or(segment)).collect();
    segments.join("/")
}

fn collapse(path: &str) -> String {
    let mut collapsed = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !collapsed.ends_with('/') {
            collapsed.push(character);
        }
    }
    collapsed
}

fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Without what some servers ignore at the end.
fn trim_end(path: &str) -> String {
    let trimmed = path.trim_end_matches(|c: char| matches!(c, '/' | '.' | ' ') || c.is_control());
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

/// What a known extension follows.
fn without_extension(path: &str) -> Option<&str> {
    let (stem, tail) = path.split_at_checked(path.rfind('.')?)?;
    EXTENSIONS.iter().any(|extension| tail.eq_ignore_ascii_case(extension)).then_some(stem)
}

/// What the last dot of the last segment follows, and something precedes: Rails takes the rest for a format,
/// whatever it is.
fn without_ending(path: &str) -> Option<&str> {
    let (stem, ending) = path.rsplit_once('.')?;
    (!stem.ends_with('/') && !ending.is_empty() && !ending.contains('/')).then_some(stem)
}

/// Up to the first segment with a known extension, and that without it: `/pay.php/x` runs `/pay.php`.
fn without_path_info(path: &str) -> Option<(&str, &str)> {
    let mut inner = path.match_indices('/').skip(1).filter_map(|(at, _)| path.get(..at));
    inner.find_map(|script| Some((script, without_extension(script)?)))
}

/// What follows a front controller.
fn without_front_controller(path: &str) -> Option<&str> {
    let strip = |prefix: &&str| {
        let head = path.get(..prefix.len())?;
        let rest = path.get(prefix.len()..)?;
        (head.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/')))
            .then_some(if rest.is_empty() { "/" } else { rest })
    };
    FRONT_CONTROLLERS.iter().find_map(strip)
}

/// Whether two hex digits follow.
pub(super) fn is_hex_pair(rest: &[u8]) -> bool {
    rest.first_chunk::<2>().is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::target::{Endings, Target};

    fn piece() -> impl Strategy<Value = &'static str> {
        proptest::sample::select(vec![
            "a",
            "//",
            "/..",
            "/./",
            "/../",
            ";p",
            "%2f",
            "%252f",
            "%2e",
            "%252e%252e",
            "%5c",
            "%20",
            "%25ef%25bd%2597",
            "%ef%bd%97",
            ".php",
            ".json",
            "/index.php",
            "/(S(x))",
            "%3b",
            "%253b",
        ])
    }

    #[test]
    fn ordinary_paths_are_never_refused() {
        for (path, most) in [
            ("/wallet/withdraw", 1),
            ("/assets/app.min.css", 2),
            ("/news/page.html", 2),
            ("/", 1),
            ("/caf%c3%a9/menu.html", 6),
            ("/a%20b/c.php/d", 10),
            ("/%ef%bd%97iki/%e2%84%a2.json", 10),
        ] {
            assert!(of(path).is_some_and(|readings| readings.len() <= most), "{path}: {:?}", of(path));
        }
    }

    /// Every request is looked at so: what makes it slower is seen in the benchmarks only.
    #[test]
    fn ordinary_paths_are_neither_decoded_nor_cleaned() {
        for plain in ["/", "/wallet/withdraw-2_B"] {
            assert!(is_plain(plain), "{plain}");
        }
        for clean in ["/assets/app.min.css", "/wallet/@ayu"] {
            assert!(!is_plain(clean) && is_clean(clean), "{clean}");
        }
        for odd in ["/a/", "/a//b", "/a/./b", "/.a", "/a.", "/a%20b", "/a;b"] {
            assert!(!is_plain(odd) && !is_clean(odd), "{odd}");
        }
    }

    #[test]
    fn only_a_front_controller_is_taken_for_one() {
        let read = |path: &str| of(path).unwrap().iter().map(|reading| reading.path.to_string()).collect::<Vec<_>>();
        assert_eq!(read("/index.php"), ["/index.php", "/index", "/"]);
        assert_eq!(
            read("/INDEX.html/a.b"),
            ["/INDEX.html/a.b", "/INDEX.html", "/INDEX", "/a.b", "/INDEX.html/a", "/a"]
        );
        assert_eq!(read("/accountss/a.b"), ["/accountss/a.b", "/accountss/a"]);
        assert_eq!(read("/index.phpx/a.b"), ["/index.phpx/a.b", "/index.phpx/a"]);
    }

    /// Rails takes whatever follows the last dot for a format.
    #[test]
    fn an_ending_is_dropped_whatever_it_is_unless_only_known_ones_are_and_so_is_a_session() {
        let read = |target: &Target| target.readings().map(|reading| reading.path().to_owned()).collect::<Vec<_>>();
        for (raw, any, known) in [
            ("/(S(x))/pay", vec!["/(S(x))/pay", "/pay"], vec!["/(S(x))/pay", "/pay"]),
            ("/(S(x))", vec!["/(S(x))", "/"], vec!["/(S(x))", "/"]),
            ("/(a)/b", vec!["/(a)/b"], vec!["/(a)/b"]),
            ("/pay.csv", vec!["/pay.csv", "/pay"], vec!["/pay.csv"]),
            ("/pay.json", vec!["/pay.json", "/pay"], vec!["/pay.json", "/pay"]),
            ("/pay.a.b", vec!["/pay.a.b", "/pay.a"], vec!["/pay.a.b"]),
            ("/v1.2/pay", vec!["/v1.2/pay"], vec!["/v1.2/pay"]),
            ("/a/.env", vec!["/a/.env"], vec!["/a/.env"]),
        ] {
            let target = Target::parse(raw.as_bytes()).unwrap();
            assert_eq!(read(&target), any, "{raw}");
            assert_eq!(read(&target.with_endings(Endings::Known)), known, "{raw}");
        }
    }

    #[test]
    fn more_readings_than_can_be_matched_are_refused() {
        let piled = "/index.php/a%ef%bd%97//%2f%20///../%253b//%20%2f/../index.php";
        assert_eq!(of(piled), None);
    }

    proptest! {
        /// What was cleaned is clean, so that one more proxy on the way changes nothing.
        #[test]
        fn cleaning_twice_is_cleaning_once(pieces in proptest::collection::vec(piece(), 1..16)) {
            let path = format!("/a{}", pieces.concat());
            for clean in [slashes_first, dots_first] {
                let once = clean(&path);
                prop_assert_eq!(slashes_first(&clean(&once)), slashes_first(&once), "{}", path);
            }
        }

        /// However many odd forms are piled up, the readings that sites take are not crowded out.
        #[test]
        fn no_reading_is_crowded_out(pieces in proptest::collection::vec(piece(), 1..16), front in any::<bool>()) {
            let path = format!("{}/a{}", if front { "/index.php" } else { "" }, pieces.concat());
            let Some(readings) = of(&path) else { return Ok(()) };
            let once = decode(&path);
            for expected in [slashes_first(&once), dots_first(&once), slashes_first(&decode(&once)), once] {
                prop_assert!(readings.iter().any(|reading| *reading.path == *expected), "{path}: {expected}: {readings:?}");
            }
        }
    }
}
