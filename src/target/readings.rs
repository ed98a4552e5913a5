//! How a path may be read: decoded, cleaned and shortened as frameworks do it (security.md 3.1).

use super::{
    Reading,
    rewrites::{self, DECODINGS},
};

/// Distinct readings at most, those without their ending not counted. Ordinary paths have fewer than ten, and odd ones
/// that are meant have fewer than a hundred; what has more is refused, since a reading that is dropped is a way around a
/// route.
const MAX: usize = 128;

/// As many bytes as all readings may have if each were as long as the path as received: a long path may have fewer of
/// them, so that its cost is bounded too.
const MAX_TEXT: usize = 64 * 1024;

/// How a reading comes about whose last segment had an ending that frameworks need not know.
pub(super) const WITHOUT_ENDING: &str = "without ending (paths.endings)";

/// Every distinct reading, the path as received first; `None` when there are more than [`MAX`], or than
/// [`MAX_TEXT`] has room for.
pub(super) fn of(path: &str) -> Option<Vec<Reading>> {
    let mut readings = vec![Reading { path: path.into(), how: "as received" }];
    if is_plain(path) {
        return Some(readings);
    }
    // Only folding makes a text longer, at most four times.
    let most = MAX.min(MAX_TEXT / path.len());
    rewrite_in_every_order(&mut readings, most)?;
    drop_endings(&mut readings, 2 * most)?;
    Some(readings)
}

/// Applies every rewrite to each reading, also to those that rewrites led to: in every order, each as often as it
/// changes something, until nothing is new or there are too many.
fn rewrite_in_every_order(readings: &mut Vec<Reading>, most: usize) -> Option<()> {
    let mut at = 0;
    while let Some(path) = readings.get(at).map(|reading| reading.path.clone()) {
        for rewrite in rewrites::all_for(&path) {
            for text in (rewrite.apply)(&path) {
                add(readings, text, rewrite.how, most)?;
            }
        }
        at += 1;
    }
    Some(())
}

/// Adds each reading without its ending, and what that decodes to. These come last, so that without them the others
/// are what they are.
fn drop_endings(readings: &mut Vec<Reading>, most: usize) -> Option<()> {
    let with_endings = readings.len();
    for at in 0..with_endings {
        let Some(stem) = readings.get(at).and_then(|reading| without_ending(&reading.path)) else { continue };
        let stem = stem.to_owned();
        add(readings, stem, WITHOUT_ENDING, most)?;
    }
    let mut at = with_endings;
    while let Some(path) = readings.get(at).map(|reading| reading.path.clone()) {
        for text in DECODINGS.iter().flat_map(|rewrite| (rewrite.apply)(&path)) {
            add(readings, text, WITHOUT_ENDING, most)?;
        }
        at += 1;
    }
    Some(())
}

fn add(readings: &mut Vec<Reading>, path: String, how: &'static str, most: usize) -> Option<()> {
    if !path.starts_with('/') || readings.iter().any(|known| *known.path == *path) {
        return Some(());
    }
    if readings.len() == most {
        return None;
    }
    readings.push(Reading { path: path.into(), how });
    Some(())
}

/// Only characters that no framework changes: the hot path.
fn is_plain(path: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    path.as_bytes().iter().all(plain) && !path.contains("//") && (path.len() == 1 || !path.ends_with('/'))
}

/// What the last dot of the last segment follows, and something precedes: Rails takes the rest for a format,
/// whatever it is.
fn without_ending(path: &str) -> Option<&str> {
    let (stem, ending) = path.rsplit_once('.')?;
    let stem = stem.trim_end_matches('.');
    (!stem.ends_with('/') && !ending.is_empty() && !ending.contains('/')).then_some(stem)
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
            ("/files/50%25%20off%20(1).pdf", 4),
            ("/shop/item.do;jsessionid=0A1B.node1", 5),
            ("/x;a=b%3Bc;d=e%2Ff/y.html/", 24),
            ("/to/https%3A%2F%2Fx.example%2F..%2Fy%3Fa%3Db%253Dc", 19),
            ("/image/fetch/https%3A%2F%2Fx.example%2Fa%2520b//d;e.jpg/", 60),
            ("/bucket/photos//2020//a%2Fb%2F%2Fc;d%20/e.php/f.json", 73),
            ("/index.php/Special:Redirect/https%3A%2F%2Fx%2Fy//a%3Bb.php/z.html/", 113),
            ("/wiki/C%2B%2B%2FFoo%3A_bar//x;y=%20z/", 24),
            ("/index.php/wiki/A%2FB;c//", 27),
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
            assert!(!is_plain(clean), "{clean}");
            assert_eq!(rewrites::all_for(clean).count(), 3, "{clean}");
        }
        for odd in ["/a/", "/a//b", "/a/./b", "/a./b", "/.a", "/a.", "/a%20b", "/a;b", "/a b", "/\u{e9}"] {
            assert!(!is_plain(odd), "{odd}");
            assert_eq!(rewrites::all_for(odd).count(), 15, "{odd}");
        }
    }

    #[test]
    fn a_long_path_has_fewer_readings() {
        let odd = |letters: usize| of(&format!("/{}%2f;b//c/", "a".repeat(letters))).is_some();
        assert_eq!([8, 1_000, 8_000].map(odd), [true, true, false]);
    }

    #[test]
    fn only_a_front_controller_is_taken_for_one() {
        let read = |path: &str| of(path).unwrap().iter().map(|reading| reading.path.to_string()).collect::<Vec<_>>();
        assert_eq!(read("/index.php"), ["/index.php", "/", "/index"]);
        assert_eq!(
            read("/INDEX.html/a.b"),
            ["/INDEX.html/a.b", "/a.b", "/INDEX.html", "/", "/INDEX", "/INDEX.html/a", "/a"]
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

    /// Decoding leaves slashes, or all but dots, as they were written; a script is found under escapes.
    #[test]
    fn a_path_is_decoded_in_part_too() {
        for (path, part) in [
            ("/a%2fb%5Cc/%64", "/a%2fb%5Cc/d"),
            ("/a/%2e%2E/b%3bc", "/b%3bc"),
            ("/%70.ph%70/..%2f/x", "/%70.ph%70"),
            ("/%70.ph%70/..%2f/x", "/p"),
            ("/inde%78.php/%2e%2e%2fb", "/%2e%2e%2fb"),
        ] {
            assert!(of(path).unwrap().iter().any(|reading| *reading.path == *part), "{path}: {:?}", of(path));
        }
    }

    #[test]
    fn each_of_many_readings_is_also_read_without_its_ending() {
        let readings = of("/index.php/a%2f%2562;c//%64 b.x/%5cf.x").unwrap();
        let stems = readings.iter().filter(|reading| reading.how == WITHOUT_ENDING).count();
        assert!(readings.len() > MAX + 2 && stems == 64, "{} and {stems}", readings.len() - stems);
    }

    #[test]
    fn more_readings_than_can_be_matched_are_refused() {
        let piled = "/index.php/a%ef%bd%97//%2f%20///../%253b//%20%2f/../index.php";
        assert_eq!(of(piled), None);
    }

    proptest! {
        /// Whichever rewrites a site applies, in whatever order, and however many proxies do so before it: what it
        /// comes to is a reading.
        #[test]
        fn reading_a_reading_again_adds_nothing(pieces in proptest::collection::vec(piece(), 1..16), front in any::<bool>()) {
            let path = format!("{}/a{}", if front { "/index.php" } else { "" }, pieces.concat());
            let Some(readings) = of(&path) else { return Ok(()) };
            for reading in readings.iter().filter(|reading| reading.how != WITHOUT_ENDING) {
                for text in rewrites::all_for(";").flat_map(|rewrite| (rewrite.apply)(&reading.path)) {
                    let known = !text.starts_with('/') || readings.iter().any(|reading| *reading.path == *text);
                    prop_assert!(known, "{path}: {text}: {readings:?}");
                }
            }
        }
    }
}
