//! Whatever is sent: what some framework reads is never told from what is there.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;

use super::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn ask(name: FieldName, content_type: Option<&str>, bytes: &[u8]) -> Condition {
    condition(&name, None, Some(Body { content_type, bytes }), "pay")
}

/// `text` with the characters that `bits` picks as escapes.
fn escaped(text: &str, bits: u32) -> String {
    text.char_indices()
        .map(|(at, c)| if bits >> (at % 32) & 1 == 1 { format!("%{:02X}", c as u32) } else { c.to_string() })
        .collect()
}

/// Ways in which some framework takes a name for `do`, none of them the plain one.
fn odd_name() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "%64o",
        "d%6F",
        "do[]",
        "do[a]",
        "DO",
        "Do",
        "+do",
        "do.x",
        "do%00",
        "%EF%BB%BFdo",
        "?do",
        "[do]",
        "do]",
        "do[",
        "[do",
        ".do",
        "%EF%BD%84o",
    ])
}

fn multipart(parts: &[(String, String)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in parts {
        body.push_str(&format!("--b0undary\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"));
    }
    format!("{body}--b0undary--\r\n").into_bytes()
}

/// What `do` holds in pairs of names and values, written as a query, a form and a multipart form.
fn in_every_form(pairs: &[(String, String)]) -> [Field; 3] {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let (in_form, in_query) = (FieldName::Form("do".into()), FieldName::Query("do".into()));
    let whole = multipart(pairs);
    let body = |content_type, bytes| Some(Body { content_type: Some(content_type), bytes });
    [
        read(&in_query, Some(&encoded), None),
        read(&in_form, None, body("application/x-www-form-urlencoded", encoded.as_bytes())),
        read(&in_form, None, body("multipart/form-data; boundary=b0undary", &whole)),
    ]
}

proptest! {
    #[test]
    fn what_a_library_writes_comes_back(
        before in proptest::collection::vec(("[a-c]{1,3}", "[^\\p{Cc}\u{fffd}\u{feff}]{0,8}"), 0..3), value in "[^\\p{Cc}\u{fffd}\u{feff}]{0,20}",
        after in proptest::collection::vec(("[e-z]{1,3}", "[^\\p{Cc}\u{fffd}\u{feff}]{0,8}"), 0..3),
    ) {
        let others = [before.clone(), after.clone()].concat();
        prop_assert_eq!(in_every_form(&others), [Field::Absent, Field::Absent, Field::Absent]);
        let pairs = [before, vec![("do".to_owned(), value.clone())], after].concat();
        prop_assert_eq!(in_every_form(&pairs), [(); 3].map(|()| Field::One(value.clone())));
    }

    #[test]
    fn what_a_json_library_writes_comes_back(
        others in proptest::collection::hash_map("[a-c\"\\\\/~\u{e9}]{0,4}", ".{0,8}", 0..4), value in "[^\\p{Cc}\u{fffd}\u{feff}]{0,20}", number in any::<i64>(), deep in 0_usize..8,
    ) {
        let mut document: serde_json::Map<String, serde_json::Value> =
            others.into_iter().map(|(key, value)| (key, value.into())).collect();
        document.insert("do".into(), value.clone().into());
        document.insert("no".into(), number.into());
        document.insert("is".into(), true.into());
        let mut json = serde_json::Value::from(document);
        for _ in 0..deep {
            json = serde_json::json!({ "in": [0, json] });
        }
        let at = |name: &str| {
            let text = serde_json::to_string_pretty(&json).unwrap();
            let body = Body { content_type: Some("application/json"), bytes: text.as_bytes() };
            read(&FieldName::Json(format!("{}/{name}", "/in/1".repeat(deep))), None, Some(body))
        };
        let expected = [Field::One(value), Field::One(number.to_string()), Field::One("true".into()), Field::Absent];
        prop_assert_eq!(["do", "no", "is", "or"].map(at), expected);
    }

    /// A second one, an odd one, one in the query besides, one that is split off: never one value.
    #[test]
    fn what_is_ambiguous_is_never_one_value(
        odd in odd_name(), one in "[a-z0-9]{0,3}", other in "[a-z0-9]{0,3}", noise in "(&[a-c]{1,2}=[a-z]{0,2}){0,2}", place in 0_u8..3,
    ) {
        let form = |query: Option<&str>, text: &str| {
            let body = Some(Body { content_type: FORM, bytes: text.as_bytes() });
            [FieldName::Form("do".into()), FieldName::Query("do".into())].map(|name| read(&name, query, body))
        };
        let pairs = match place {
            0 => format!("do={one}{noise}&{odd}={other}"),
            1 => format!("{odd}={other}{noise}&do={one}"),
            _ => format!("{odd}={other}{noise}"),
        };
        let twice = format!("do={one}{noise}&do={other}");
        let split = format!("x=1;do={one}{noise}");
        for (query, body) in [
            (None, pairs.as_str()), (None, &twice), (None, &split), (Some(pairs.as_str()), ""), (Some(&twice), ""), (Some(&split), ""),
            (Some("do=1"), &pairs), (Some("do=1"), "do=1"),
        ] {
            for field in form(query, body) {
                prop_assert!(!matches!(field, Field::One(_)), "{:?} {}: {:?}", query, body, field);
            }
        }
        let parts = [("do".to_owned(), one), ("DO".to_owned(), other)];
        let body = |parts: &[(String, String)]| {
            let bytes = multipart(parts);
            read(&FieldName::Form("do".into()), None, Some(Body { content_type: Some("multipart/form-data; boundary=b0undary"), bytes: &bytes }))
        };
        prop_assert!(!matches!(body(&parts), Field::One(_)));
        prop_assert!(!matches!(body(&parts[1..]), Field::One(_)));
    }

    #[test]
    fn a_form_field_counts_however_it_is_escaped(name in any::<u32>(), value in any::<u32>(), before in "[a-z]{1,3}=[a-z%+]{0,4}") {
        let pair = format!("{}={}", escaped("do", name), escaped("pay", value));
        for body in [pair.clone(), format!("{before}&{pair}"), format!("{pair}&{before}"), format!("do=look&{pair}")] {
            prop_assert_ne!(ask(FieldName::Form("do".into()), FORM, body.as_bytes()), Condition::No, "{}", body);
        }
    }

    /// Our reading of pairs is never narrower than the standard's (WHATWG URL, urlencoded parsing).
    #[test]
    fn what_the_standard_finds_in_a_form_is_found(bytes in "[do=pay&;%+\\[\\]0-9a-f\u{e9}]{0,40}") {
        let standard = form_urlencoded::parse(bytes.as_bytes()).any(|(name, value)| name == "do" && value == "pay");
        if standard {
            prop_assert_ne!(ask(FieldName::Form("do".into()), FORM, bytes.as_bytes()), Condition::No);
            let query = condition(&FieldName::Query("do".into()), Some(&bytes), None, "pay");
            prop_assert_ne!(query, Condition::No);
        }
    }

    /// A lenient parser keeps the last of two members; a strict one must not say that it is not there.
    #[test]
    fn what_a_json_parser_finds_is_found(text in "[{}\\[\\]:,\" \\\\op1aye]{0,30}", inside in any::<bool>()) {
        let text = if inside { format!("{{\"x\":0,{text}\"op\":\"pay\"}}") } else { text };
        let lenient = serde_json::from_str::<serde_json::Value>(&text).ok();
        if lenient.is_some_and(|value| value["op"] == "pay") {
            prop_assert_ne!(ask(FieldName::Json("/op".into()), Some("application/json"), text.as_bytes()), Condition::No);
        }
    }

    #[test]
    fn a_value_comes_back_as_it_was_written(value in "[^\\p{Cc}\u{fffd}\u{feff}]{0,30}") {
        let encoded = utf8_percent_encode(&value, NON_ALPHANUMERIC);
        let body = format!("to=x&amount={encoded}");
        let read = read(&FieldName::Form("amount".into()), None, Some(Body { content_type: FORM, bytes: body.as_bytes() }));
        prop_assert_eq!(read, Field::One(value));
    }

    #[test]
    fn no_body_is_too_odd_to_be_asked(bytes in proptest::collection::vec(any::<u8>(), 0..200), multipart in any::<bool>()) {
        let content_type = if multipart { Some("multipart/form-data; boundary=b") } else { FORM };
        let body = [b"--b\r\n".as_slice(), &bytes].concat();
        for name in [FieldName::Form("do".into()), FieldName::Json("/op".into()), FieldName::Query("do".into())] {
            ask(name, content_type, &body);
        }
    }
}
