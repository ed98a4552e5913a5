//! How servers and frameworks rewrite the path of a request before they route by it (security.md 3.1). Which of these
//! rewrites one applies, and in which order, differs: [`super::readings`] applies them in every order.
//!
//! What a rewrite looks for, it also finds where its letters are written as escapes: else a script could be hidden from
//! it until the path is decoded, when other rewrites may have taken the script away.

use percent_encoding::percent_decode_str;
use unicode_normalization::UnicodeNormalization;

use super::sessions::without_sessions;

/// One rewrite: every text that it makes of a path. Those that do not begin with a slash, or are the path itself,
/// count for nothing.
pub(super) struct Rewrite {
    /// What it does, for a person.
    pub(super) how: &'static str,
    pub(super) apply: fn(&str) -> Vec<String>,
}

/// What escapes are read as, where a path ends up.
pub(super) const DECODINGS: [Rewrite; 2] = [
    Rewrite { how: "decoded", apply: decoded },
    Rewrite { how: "decoded, but for slashes", apply: decoded_but_for_slashes },
];

/// What a path that [`is_clean`] is still short for.
const SHORTENINGS: [Rewrite; 3] = [
    Rewrite { how: "without front controller", apply: without_front_controller },
    Rewrite { how: "without path info", apply: without_path_info },
    Rewrite { how: "without extension", apply: without_extension },
];

/// The other rewrites.
const CLEANINGS: [Rewrite; 10] = [
    Rewrite { how: "encoded dots as dots", apply: with_dots },
    Rewrite { how: "backslashes as slashes", apply: with_slashes },
    Rewrite { how: "without parameters", apply: without_params },
    Rewrite { how: "without query", apply: without_query },
    Rewrite { how: "without session", apply: without_sessions },
    Rewrite { how: "dot segments removed", apply: without_dots },
    Rewrite { how: "slashes collapsed", apply: collapsed },
    Rewrite { how: "end trimmed", apply: trimmed },
    Rewrite { how: "segments trimmed", apply: segments_trimmed },
    Rewrite { how: "compatibility characters folded", apply: folded },
];

/// Extensions that frameworks take for a format of the same resource.
const EXTENSIONS: [&str; 7] = [".json", ".xml", ".html", ".php", ".do", ".action", ".aspx"];

/// Ends of the names of scripts and pages that servers run where more of a path follows, besides [`EXTENSIONS`].
const SCRIPTS: [&str; 14] = [
    ".cgi", ".fcgi", ".pl", ".py", ".rb", ".phtml", ".asp", ".ashx", ".asmx", ".svc", ".jsp", ".jspx", ".cfm", ".xhtml",
];

/// Scripts and pages that servers run for their folder, and for what follows in it.
const FRONT_CONTROLLERS: [&str; 7] =
    ["index.php", "index.html", "index.htm", "index.cgi", "index.jsp", "app.php", "app_dev.php"];

/// Every rewrite that may change a path, or what it is rewritten to.
pub(super) fn all_for(path: &str) -> impl Iterator<Item = &'static Rewrite> + use<> {
    let others = if is_clean(path) { None } else { Some(DECODINGS.iter().chain(&CLEANINGS)) };
    others.into_iter().flatten().chain(&SHORTENINGS)
}

/// Nothing to decode or to clean: files with an extension, which most requests are for.
fn is_clean(path: &str) -> bool {
    let odd = path.bytes().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'%' | b';' | b'?' | b'#' | b'\\'));
    !odd && !["//", "/.", "./", "/("].iter().any(|form| path.contains(form)) && !path.ends_with(['/', '.'])
}

fn decoded(path: &str) -> Vec<String> {
    one_if(path.contains('%'), || percent_decode_str(path).decode_utf8_lossy().into_owned())
}

/// As who splits a path into segments before these are decoded: no slash comes out of an escape.
fn decoded_but_for_slashes(path: &str) -> Vec<String> {
    one_if(path.contains('%'), || {
        let kept = ["%2f", "%2F", "%5c", "%5C"]
            .iter()
            .fold(path.to_owned(), |kept, slash| kept.replace(slash, &slash.replace('%', "%25")));
        percent_decode_str(&kept).decode_utf8_lossy().into_owned()
    })
}

/// The URL standard takes encoded dots as dots in a path, and decodes nothing else.
fn with_dots(path: &str) -> Vec<String> {
    one_if(path.contains("%2"), || path.replace("%2e", ".").replace("%2E", "."))
}

fn with_slashes(path: &str) -> Vec<String> {
    one_if(path.contains('\\'), || path.replace('\\', "/"))
}

/// Without `;params` of each segment (RFC 3986 §3.3).
fn without_params(path: &str) -> Vec<String> {
    one_if(path.contains(';'), || {
        let segments: Vec<&str> = path.split('/').map(|segment| segment.split(';').next().unwrap_or(segment)).collect();
        segments.join("/")
    })
}

/// Up to where a server may begin the query: at a `;`, or at a `?` or `#` that was decoded before it looks for one.
fn without_query(path: &str) -> Vec<String> {
    let cuts = [path.find(';'), path.find(['?', '#'])];
    cuts.into_iter().flatten().filter_map(|at| path.get(..at)).map(str::to_owned).collect()
}

/// Dot segments removed as RFC 3986 §5.2.4 does it: an empty segment is one that a `..` takes away.
fn without_dots(path: &str) -> Vec<String> {
    one_if(path.contains("/."), || {
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
    })
}

fn collapsed(path: &str) -> Vec<String> {
    one_if(path.contains("//"), || {
        let mut collapsed = String::with_capacity(path.len());
        for character in path.chars() {
            if character != '/' || !collapsed.ends_with('/') {
                collapsed.push(character);
            }
        }
        collapsed
    })
}

/// Without what some servers ignore at the end.
fn trimmed(path: &str) -> Vec<String> {
    let trimmed = path.trim_end_matches(|c: char| matches!(c, '/' | '.' | ' ') || c.is_control());
    one_if(trimmed != path, || if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() })
}

/// Windows takes a name with dots or spaces at its end for the one without, in the middle of a path too.
fn segments_trimmed(path: &str) -> Vec<String> {
    one_if(path.contains("./") || path.contains(" /"), || {
        let segments = path.split('/').map(|segment| match segment.trim_end_matches(['.', ' ']) {
            "" => segment.trim_end_matches(' '),
            name => name,
        });
        segments.collect::<Vec<_>>().join("/")
    })
}

fn folded(path: &str) -> Vec<String> {
    one_if(!path.is_ascii(), || path.nfkc().collect())
}

/// The folder of each front controller, and what follows it.
fn without_front_controller(path: &str) -> Vec<String> {
    let split = |(at, _)| path.split_at_checked(at).map(|(folder, rest)| (folder, rest.get(1..).unwrap_or_default()));
    let places = path.match_indices('/').filter_map(split).filter(|(_, rest)| begins_like_a_script(rest));
    let without = places.filter_map(|(folder, rest)| {
        let after = FRONT_CONTROLLERS.iter().find_map(|script| after(rest, script))?;
        (after.is_empty() || after.starts_with('/')).then(|| format!("{folder}{after}"))
    });
    without.map(|path| if path.is_empty() { "/".to_owned() } else { path }).collect()
}

/// Up to each segment that is a script by its name: `/pay.php/x` runs `/pay.php` (PATH_INFO, RFC 3875 §4.1.5).
fn without_path_info(path: &str) -> Vec<String> {
    let scripts = path.match_indices('/').skip(1).filter_map(|(at, _)| path.get(..at));
    scripts.filter(|script| is_script(script)).map(str::to_owned).collect()
}

/// Whether a front controller may begin here; there may be thousands of places.
fn begins_like_a_script(rest: &str) -> bool {
    rest.bytes().next().is_some_and(|first| matches!(first.to_ascii_lowercase(), b'i' | b'a' | b'%'))
}

/// Whether the last segment has an ending of a script. One without a dot has none.
fn is_script(path: &str) -> bool {
    let has_dot = path.rsplit('/').next().is_some_and(|name| name.contains(['.', '%']));
    has_dot && (stem(path).is_some() || SCRIPTS.iter().any(|ending| before(path, ending).is_some()))
}

/// A resource without its format.
fn without_extension(path: &str) -> Vec<String> {
    stem(path).map(str::to_owned).into_iter().collect()
}

/// What a known extension follows.
fn stem(path: &str) -> Option<&str> {
    EXTENSIONS.iter().find_map(|extension| before(path, extension))
}

fn one_if(changes: bool, change: impl FnOnce() -> String) -> Vec<String> {
    if changes { vec![change()] } else { Vec::new() }
}

/// What precedes this ending, whatever the case of its letters, and whichever of them are escapes.
fn before<'p>(path: &'p str, ending: &str) -> Option<&'p str> {
    ending.bytes().rev().try_fold(path, |rest, letter| {
        let ends_in = |bytes: usize| rest.split_at_checked(rest.len().checked_sub(bytes)?);
        let plain = ends_in(1).filter(|(_, last)| last.as_bytes().eq_ignore_ascii_case(&[letter]));
        let (before, _) = plain.or_else(|| ends_in(3).filter(|(_, escape)| is_escape_of(escape, letter)))?;
        Some(before)
    })
}

/// What follows this beginning, likewise.
fn after<'p>(path: &'p str, beginning: &str) -> Option<&'p str> {
    beginning.bytes().try_fold(path, |rest, letter| {
        let plain = rest.split_at_checked(1).filter(|(first, _)| first.as_bytes().eq_ignore_ascii_case(&[letter]));
        let (_, after) =
            plain.or_else(|| rest.split_at_checked(3).filter(|(escape, _)| is_escape_of(escape, letter)))?;
        Some(after)
    })
}

fn is_escape_of(escape: &str, letter: u8) -> bool {
    let mut bytes = percent_decode_str(escape);
    bytes.next().is_some_and(|byte| byte.eq_ignore_ascii_case(&letter)) && bytes.next().is_none()
}
