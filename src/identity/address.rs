//! Session ids in addresses, which some frameworks take in place of a cookie (decisions 3).

use percent_encoding::percent_decode;

use super::carrier::matches_folded;

/// Names by which common frameworks take a session from an address, besides the names of the site's own cookies.
const WELL_KNOWN: [&str; 5] = ["jsessionid", "phpsessid", "aspsessionid*", "cfid", "cftoken"];
/// A token in an address (RFC 6750 section 2.3).
pub(super) const TOKEN: &str = "access_token";

/// Whether path parameters or the query of a raw target name a session: one of these names, which may
/// end in `*`, or a well-known one, before an equals sign; or a cookieless session of ASP.NET.
pub(super) fn carries_session<'n>(raw: &str, names: impl Iterator<Item = &'n str> + Clone) -> bool {
    let mut form = raw.as_bytes().to_vec();
    // What a server decodes once more than another one is seen too.
    for _ in 0..3 {
        let pieces = form.split(|byte| matches!(byte, b'/' | b'?' | b'&' | b';' | b','));
        if pieces.into_iter().any(|piece| is_session(piece, names.clone())) {
            return true;
        }
        let decoded: Vec<u8> = percent_decode(&form).collect();
        if decoded == form {
            return false;
        }
        form = decoded;
    }
    false
}

fn is_session<'n>(piece: &[u8], mut names: impl Iterator<Item = &'n str>) -> bool {
    // `(S(value))` and its like as a segment of the path.
    if let [b'(', kind, b'(', rest @ ..] = piece
        && kind.is_ascii_alphabetic()
        && rest.ends_with(b"))")
    {
        return true;
    }
    let Some(at) = piece.iter().position(|byte| *byte == b'=') else { return false };
    // PHP drops blanks before a name, and a plus is one.
    let name = piece.get(..at).unwrap_or_default();
    let first = name.iter().position(|byte| !matches!(byte, b'+' | b' ')).unwrap_or(at);
    let name = name.get(first..).unwrap_or_default();
    WELL_KNOWN.iter().any(|known| matches_folded(name, known)) || names.any(|known| matches_folded(name, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carries(raw: &str) -> bool {
        carries_session(raw, ["sid", "sess_*", TOKEN].into_iter())
    }

    #[test]
    fn sessions_are_seen_wherever_a_server_reads_them() {
        for raw in [
            "/a;jsessionid=1",
            "/a;JSESSIONID=1/b",
            "/a%3Bjsessionid=1",
            "/a%253bjsessionid%253d1",
            "/a?PHPSESSID=1",
            "/a?x=1&sid=2",
            "/a?x=1;SID=2",
            "/a?%73id=2",
            "/a?+sid=2",
            "/a?sess_8f=1",
            "/a?access_token=x",
            "/(S(lit3py55t21z5v55vlm25s55))/a",
        ] {
            assert!(carries(raw), "{raw}");
        }
    }

    #[test]
    fn other_addresses_are_left_alone() {
        for raw in
            ["/a", "/sid", "/a?sid", "/a?side=1", "/a?x=sid", "/a;v=1", "/a?q=(b)", "/wiki/(a_(b))", "/jsessionid/1"]
        {
            assert!(!carries(raw), "{raw}");
        }
    }
}
