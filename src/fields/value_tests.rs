//! What a site may take for the value that a condition names.

use super::{Condition::*, value::compare, *};

#[test]
fn a_number_in_another_spelling_may_be_the_number() {
    for text in [
        "2.0",
        "2e0",
        "20e-1",
        "2.00",
        "02",
        "+2",
        "2x",
        "2.5",
        " 2",
        "2 ",
        "\u{ff12}",
        "\u{662}",
        "0x2",
        "2_",
        "$2",
        "(2)",
        "2,0",
        "2\u{b}",
        "1.9999999999999999999",
        "1.99",
        "4294967298",
        "-4294967294",
        "18446744073709551618",
        "1e999",
        "2.",
        ".2e1",
    ] {
        assert_eq!(compare(text, "2"), Unknown, "{text}");
    }
    for text in ["1", "3", "20", "-2", "2000000000", "1732469980", "two", "card-2", "", "pay", "3e0", "true"] {
        assert_eq!(compare(text, "2"), No, "{text}");
    }
    assert_eq!(compare("2", "2"), Yes);
}

#[test]
fn words_and_empty_texts_are_numbers_to_some() {
    for (value, expected, outcome) in [
        ("true", "1", Unknown),
        ("1", "true", Unknown),
        ("on", "true", Unknown),
        ("TRUE", "true", Unknown),
        ("false", "true", No),
        ("", "0", Unknown),
        ("pay", "0", Unknown),
        ("1", "0", No),
        ("0.4", "0", Unknown),
        ("false", "0", Unknown),
        ("0", "false", Unknown),
        ("0", "no", Unknown),
        ("1", "off", No),
        ("9007199254740993", "9007199254740992", Unknown),
        ("9007199254740999", "9007199254740992", No),
        ("2", "pay", No),
        ("2024-01-01", "pay", No),
    ] {
        assert_eq!(compare(value, expected), outcome, "{value} for {expected}");
    }
}

#[test]
fn text_in_another_case_or_with_blanks_may_be_the_text() {
    for text in ["PAY", " pay", "pay\n", "\u{ff50}ay", "p\u{e1}y"] {
        assert_eq!(compare(text, "pay"), Unknown, "{text:?}");
    }
    for text in ["pays", "pa", "p-ay", ""] {
        assert_eq!(compare(text, "pay"), No, "{text:?}");
    }
    assert_eq!(compare("\u{17f}end", "send"), Unknown);
    assert_eq!(compare("W\u{130}THDRAW", "withdraw"), Unknown);
}

#[test]
fn json_numbers_are_compared_as_numbers() {
    let ask = |body: &str| {
        let body = Some(Body { content_type: Some("application/json"), bytes: body.as_bytes() });
        condition(&FieldName::Json("/type".into()), None, body, "2")
    };
    for body in [r#"{"type":2}"#, r#"{"type":"2"}"#] {
        assert_eq!(ask(body), Yes, "{body}");
    }
    for value in ["2.0", "2e0", "20e-1", "2.00", "\"02\"", "\"2x\"", "2.0000000000000000000001", "\"2\\u0000\"", "[2]"]
    {
        assert_eq!(ask(&format!(r#"{{"type":{value}}}"#)), Unknown, "{value}");
    }
    for value in ["3", "20", "\"two\"", "true", "null"] {
        assert_eq!(ask(&format!(r#"{{"type":{value}}}"#)), No, "{value}");
    }
}

/// Go folds U+017F and U+212A, Java both other kinds of `i`; gateways of protobuf know two spellings; text of C
/// ends at a NUL; Rails puts what is at the top under the controller's name besides.
#[test]
fn a_member_in_a_spelling_that_some_binder_takes_is_not_overlooked() {
    let read = |pointer: &str, body: &str| {
        let body = Body { content_type: Some("application/json"), bytes: body.as_bytes() };
        read(&FieldName::Json(pointer.into()), None, Some(body))
    };
    for key in [
        "de\u{17f}tination",
        "DESTINATION",
        "dest\u{131}nation",
        "dest\u{130}nation",
        "destination\\u0000x",
        "destination ",
        "dest_ination",
    ] {
        let twice = format!(r#"{{"destination":"alice","{key}":"mallory"}}"#);
        assert_eq!(read("/destination", &twice), Field::Unreadable, "{key:?}");
        assert_eq!(
            read("/destination", &format!(r#"{{"{key}":"mallory"}}"#)),
            Field::Several(vec!["mallory".into()]),
            "{key:?}"
        );
    }
    assert_eq!(read("/to_account", r#"{"toAccount":"x"}"#), Field::Several(vec!["x".into()]));
    assert_eq!(read("/ta\u{212a}e", r#"{"take":"x"}"#), Field::Several(vec!["x".into()]));
    assert_eq!(read("/order/amount", r#"{"amount":"9"}"#), Field::Unreadable);
    assert_eq!(read("/order/amount", r#"{"order":{"amount":"1"},"amount":"9"}"#), Field::One("1".into()));
    for key in ["destinations", "_destination", "$destination", "x.destination", "nation", "de"] {
        let beside = format!(r#"{{"destination":"alice","{key}":"mallory"}}"#);
        assert_eq!(read("/destination", &beside), Field::One("alice".into()), "{key:?}");
    }
}
