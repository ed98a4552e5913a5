//! Session cookies and credential headers, and what frameworks read differently.

use proptest::prelude::*;

use super::*;

fn headers(cookie: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookie).unwrap())])
}

fn find(cookie: &str, name: &str) -> Result<Option<String>, ()> {
    let headers = headers(cookie);
    let jar = Jar::parse(&headers).map_err(|_| ())?;
    Ok(jar.find(name).map_err(|_| ())?.map(|(_, value)| value.to_owned()))
}

#[test]
fn the_one_session_cookie_is_found() {
    assert_eq!(find("a=1; sid=x.y-z; b=2", "sid"), Ok(Some("x.y-z".into())));
    assert_eq!(find("sid_8080=x", "sid_*"), Ok(Some("x".into())));
    assert_eq!(find("a=1; b=\"q\"", "sid"), Ok(None));
    assert_eq!(find("sid=", "sid"), Ok(None));
    assert_eq!(find("side=1; xsid=2", "sid"), Ok(None));
}

#[test]
fn what_frameworks_read_differently_is_refused() {
    for cookie in [
        "sid=a; sid=b",
        "sid=a; sid=a",
        "sid=a; SID=b",
        "sid =a",
        "sid=a; sid =b",
        "sid=\"a\"",
        "sid=a b",
        "sid=a,b",
        "sid=a\\b",
        "x=1,sid=b",
        "sid=a; x=\"; y=1",
        "sid=a; x=1, sid=b",
    ] {
        assert_eq!(find(cookie, "sid"), Err(()), "{cookie}");
    }
    assert_eq!(find("sid_1=a; sid_2=b", "sid_*"), Err(()));
    assert_eq!(find("my.sid=a", "my_sid"), Err(()));
    assert_eq!(find(&format!("sid={}", "a".repeat(4097)), "sid"), Err(()));
}

/// Python trims Unicode's spaces from cookie names.
#[test]
fn a_second_session_cookie_behind_an_invisible_character_is_refused() {
    for name in ["\u{a0}sid", "sid\u{a0}", "\u{feff}sid", "\u{200b}sid", "\u{85}sid"] {
        let line = HeaderValue::from_bytes(format!("sid=a; {name}=b").as_bytes()).unwrap();
        let headers = HeaderMap::from_iter([(header::COOKIE, line)]);
        assert!(Jar::parse(&headers).unwrap().find("sid").is_err(), "{name:?}");
    }
}

#[test]
fn values_may_be_long_and_patterns_may_be_longer_than_their_cookie() {
    let longest = "a".repeat(4096);
    assert_eq!(find(&format!("sid={longest}"), "sid"), Ok(Some(longest)));
    assert_eq!(find("si=a; s=b", "sid_*"), Ok(None));
    assert_eq!(find("SID_1=a", "sid_*"), Err(()));
    assert_eq!(find("sid_1 =a", "sid_*"), Err(()));
    assert_eq!(find("sid[1=a", "sid_1"), Err(()));
    assert_eq!(find("sid=a; %73id=b", "sid"), Err(()), "old versions of PHP decode names");
    assert_eq!(find("x=\"a\"; sid=b", "sid"), Ok(Some("b".into())));
    assert_eq!(find("x=a\"; sid=b; y", "sid"), Ok(Some("b".into())));
    assert_eq!(find("x=\"; sid=b", "sid"), Err(()));
    for character in [".", "_", "~", "%", "+", "/", "=", ":", "!", "|", "-", "0", "Z"] {
        assert_eq!(find(&format!("sid=a{character}b"), "sid"), Ok(Some(format!("a{character}b"))));
    }
}

#[test]
fn a_token_is_the_one_value_or_what_follows_bearer() {
    for (presented, expected) in [
        (Presented::Cookies(vec![("sid", "a.b.c")]), Some("a.b.c")),
        (Presented::Cookies(vec![("sid", "a"), ("x", "b")]), None),
        (Presented::Header("a.b.c"), Some("a.b.c")),
        (Presented::Header("bEARER  a.b.c"), Some("a.b.c")),
        (Presented::Header("Basic YTpi"), None),
    ] {
        assert_eq!(presented.token(), expected, "{presented:?}");
    }
}

#[test]
fn every_part_of_a_session_counts_for_its_hash() {
    let hasher = Hasher::new(crate::secret::SymmetricKey { id: "k".into(), bytes: [7; 32].into() });
    let all = [
        Presented::Cookies(vec![("a", "b")]),
        Presented::Cookies(vec![("a", "c")]),
        Presented::Cookies(vec![("b", "b")]),
        Presented::Cookies(vec![("a", "b"), ("a", "b")]),
        Presented::Header("b"),
        Presented::Header("c"),
    ];
    let hashes: std::collections::HashSet<_> = all.iter().map(|one| one.hash(&hasher)).collect();
    assert_eq!(hashes.len(), all.len());
    assert_eq!(Presented::Header("b").hash(&hasher), all[4].hash(&hasher));
}

#[test]
fn a_credential_header_stands_alone() {
    let of = |values: &[&str]| {
        let lines = values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_str(value).unwrap()));
        let headers: HeaderMap = lines.collect();
        let jar = Jar::parse(&headers).unwrap();
        match present(&Credential::Header("authorization".into()), &headers, &jar) {
            Ok(Some(Presented::Header(value))) => Ok(Some(value.to_owned())),
            Ok(None) => Ok(None),
            Ok(Some(Presented::Cookies(_))) | Err(_) => Err(()),
        }
    };
    let long = |bytes: usize| "a".repeat(bytes);
    assert_eq!(of(&[]), Ok(None));
    assert_eq!(of(&[" Bearer x "]), Ok(Some("Bearer x".into())));
    assert_eq!(of(&[&long(8192)]), Ok(Some(long(8192))));
    assert_eq!([of(&[""]), of(&["a", "a"]), of(&[&long(8193)])], [Err(()), Err(()), Err(())]);
}

#[test]
fn the_cookies_of_a_credential_come_in_its_order() {
    let headers = headers("b=2; a=1; c=3");
    let jar = Jar::parse(&headers).unwrap();
    let of = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        match present(&Credential::Cookies(names), &headers, &jar).unwrap() {
            Some(Presented::Cookies(cookies)) => cookies,
            Some(Presented::Header(_)) | None => Vec::new(),
        }
    };
    assert_eq!(of(&["a", "b", "x"]), [("a", "1"), ("b", "2")]);
    assert_eq!(of(&["x"]), []);
}

proptest! {
    /// Two of them are refused whatever stands between, and one that is taken is the one that was sent.
    #[test]
    fn no_second_session_cookie_goes_unseen(
        blanks in proptest::array::uniform4("[ \t]{0,2}"), between in "[ -:<-~]{0,12}", name in "[sS][iI][dD]", value in "[a-z]{0,3}",
    ) {
        let [a, b, c, d] = blanks;
        let twice = format!("x={between};{a}sid=one{b};y={between};{c}{name}{d}={value}");
        prop_assert_eq!(find(&twice, "sid"), Err(()), "{}", twice);
        let once = format!("x={between};{a}sid=one{b}");
        let found = find(&once, "sid");
        prop_assert!(found == Ok(Some("one".into())) || (found == Err(()) && between.contains(['"', ','])), "{}: {:?}", once, found);
    }

    /// Reading what is left of a rewritten header finds every cookie but the dropped ones.
    #[test]
    fn a_rewritten_header_holds_the_other_cookies(pairs in proptest::collection::vec(("[a-d]{1,2}", "[a-z=\" ]{0,4}"), 0..6)) {
        let sent = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";  ");
        let mut all = headers(&sent);
        let before = crate::request::cookies(&all).map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        let expected: Vec<_> = before.filter(|(name, _)| !name.starts_with('a')).collect();
        retain_cookies(&mut all, |name| name.starts_with(b"a"));
        let left = crate::request::cookies(&all).map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        prop_assert_eq!(left.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn two_cookie_lines_are_refused() {
    let mut two = headers("sid=a");
    two.append(header::COOKIE, HeaderValue::from_static("x=1"));
    assert!(Jar::parse(&two).is_err());
}

#[test]
fn dropped_cookies_leave_the_others_as_they_were() {
    let mut all = headers("a=1; sid=x; b=\"2\"");
    retain_cookies(&mut all, |name| name == b"sid");
    assert_eq!(all[header::COOKIE], "a=1; b=\"2\"");
    retain_cookies(&mut all, |_| true);
    assert!(!all.contains_key(header::COOKIE));
}
