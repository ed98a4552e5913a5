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

proptest! {
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
    fn a_value_comes_back_as_it_was_written(value in "[^\\p{Cc}\u{fffd}]{0,30}") {
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
