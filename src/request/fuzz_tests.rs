//! Whatever a Cookie line holds: every pair is seen, and one that is sent twice is refused.

use super::*;
use crate::fuzz;

#[test]
fn no_cookie_is_overlooked() {
    fuzz::hold("cookies", 20_000, |input| {
        let Ok(line) = HeaderValue::from_bytes(input) else { return (9, 0) };
        let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
        // Another reader: pieces that are the name and an equals sign, then anything.
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let sent = input.split(|byte| *byte == b';').filter(|piece| {
            let start = piece.iter().position(|byte| !blank(byte)).unwrap_or(piece.len());
            piece[start..].starts_with(b"sid=") && std::str::from_utf8(piece).is_ok()
        });
        let (sent, found) = (sent.count(), cookie(&headers, "sid"));
        match sent {
            0 => assert_eq!(found, Ok(None)),
            1 => assert!(found.is_ok_and(|value| value.is_some_and(|value| !value.contains(';')))),
            _ => assert_eq!(found, Err(DuplicateCookie("sid".to_owned()))),
        }
        (sent.min(3), cookies(&headers).count().min(8))
    });
}
