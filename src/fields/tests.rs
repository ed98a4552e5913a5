//! One field in every spelling that some framework reads.

use super::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

fn form(body: &str) -> Field {
    read(&FieldName::Form("amount".into()), None, Some(Body { content_type: FORM, bytes: body.as_bytes() }))
}

fn json(pointer: &str, body: &str) -> Field {
    let body = Body { content_type: Some("application/json"), bytes: body.as_bytes() };
    read(&FieldName::Json(pointer.into()), None, Some(body))
}

#[test]
fn one_plain_occurrence_is_one() {
    assert_eq!(form("amount=1+000&to=x"), Field::One("1 000".into()));
    assert_eq!(form("to=x"), Field::Absent);
}

#[test]
fn every_other_spelling_is_ambiguous() {
    for body in [
        "amount=1&amount=2",
        "amount=1&%61mount=2",
        "amount[]=1",
        "amount=1&amount[]=2",
        "Amount=1",
        "amount%00x=1",
        "amount.x=1&amount=2",
        "amount=1;amount=2",
        "to=x;amount=1",
        " amount=1",
        "\u{feff}amount=1",
        "?amount=1",
        "amount=1%00",
        "amount=%ff",
    ] {
        assert!(matches!(form(body), Field::Several(_)), "{body}: {:?}", form(body));
    }
}

#[test]
fn another_name_is_not_the_field() {
    for body in ["amount_x=1", "amounts.x=1", "am=1", "xamount=1", "amount%5fx=1"] {
        assert_eq!(form(body), Field::Absent, "{body}");
    }
}

#[test]
fn lines_and_tabs_are_part_of_a_value() {
    assert_eq!(form("amount=1%0d%0a2%093"), Field::One("1\r\n2\t3".into()));
}

#[test]
fn a_field_that_only_the_query_has_counts_for_the_form() {
    for body in [&b"to=x"[..], b""] {
        let body = Some(Body { content_type: FORM, bytes: body });
        let field = read(&FieldName::Form("amount".into()), Some("amount=1"), body);
        assert_eq!(field, Field::One("1".into()));
    }
}

#[test]
fn an_empty_body_has_no_field() {
    for content_type in [None, FORM, Some("application/json")] {
        let body = Some(Body { content_type, bytes: b"" });
        for name in [FieldName::Json("/a".into()), FieldName::Form("a".into()), FieldName::Query("a".into())] {
            assert_eq!(read(&name, None, body), Field::Absent, "{content_type:?} {name:?}");
        }
    }
}

#[test]
fn a_field_in_query_and_form_is_ambiguous() {
    let body = Some(Body { content_type: FORM, bytes: b"amount=1" });
    let field = read(&FieldName::Form("amount".into()), Some("amount=1"), body);
    assert!(matches!(field, Field::Several(_)));
}

/// Rack, PHP's `$_REQUEST` and servlets merge both.
#[test]
fn a_form_counts_for_the_query() {
    let ask = |content_type, body: &str, query| {
        let body = Some(Body { content_type, bytes: body.as_bytes() });
        condition(&FieldName::Query("do".into()), query, body, "pay")
    };
    assert_eq!(ask(FORM, "do=pay", None), Condition::Unknown);
    assert_eq!(ask(FORM, "do=pay", Some("do=look")), Condition::Unknown);
    assert_eq!(ask(None, "do=pay", Some("do=look")), Condition::Unknown);
    assert_eq!(ask(Some("image/png"), "do=pay", Some("do=look")), Condition::No);
    assert_eq!(ask(FORM, "x=y", Some("do=look")), Condition::No);
    assert_eq!(ask(Some("application/json"), "{}", Some("do=look")), Condition::No);
    assert_eq!(ask(None, "", Some("do=pay")), Condition::Yes);
}

#[test]
fn other_content_types_are_unreadable() {
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded; charset=utf-16"),
        Some("application/x-www-form-urlencoded; q=1"),
        Some("application/x-www-form-urlencoded; charset"),
        Some("application/json"),
    ] {
        let body = Some(Body { content_type, bytes: b"amount=1" });
        assert_eq!(read(&FieldName::Form("amount".into()), None, body), Field::Unreadable, "{content_type:?}");
    }
    let usual = Some("Application/X-WWW-Form-Urlencoded; Charset=\"UTF-8\"");
    let body = Some(Body { content_type: usual, bytes: b"amount=1" });
    assert_eq!(read(&FieldName::Form("amount".into()), None, body), Field::One("1".into()));
    for content_type in [None, FORM, Some("text/json"), Some("application/json; charset=utf-16")] {
        let body = Some(Body { content_type, bytes: br#"{"a":1}"# });
        assert_eq!(read(&FieldName::Json("/a".into()), None, body), Field::Unreadable, "{content_type:?}");
    }
}

#[test]
fn json_is_read_strictly() {
    assert_eq!(json("/a/b", r#"{"a":{"b":"x"}}"#), Field::One("x".into()));
    assert_eq!(json("/a/1", r#"{"a":[1,2.50]}"#), Field::One("2.50".into()));
    for absent in [r#"{"b":1}"#, r#"{"a":null}"#, r#"{"A":null}"#, "[1]"] {
        assert_eq!(json("/a", absent), Field::Absent, "{absent}");
    }
    assert_eq!(json("/a", "1"), Field::Unreadable);
    assert_eq!(json("/a~1b~0", r#"{"a/b~":true}"#), Field::One("true".into()));
    // Some frameworks bind names without regard to case.
    assert_eq!(json("/a", r#"{"A":"x"}"#), Field::Several(vec!["x".into()]));
    assert_eq!(json("/a", r#"{"a":"x","A":"x"}"#), Field::Unreadable);
    assert_eq!(json("/a", r#"{"a":12345678901234567890123}"#), Field::One("12345678901234567890123".into()));
    for broken in [
        r#"{"a":1,"a":2}"#,
        r#"{"a":1} x"#,
        r#"{"a":NaN}"#,
        r#"{"a":1,}"#,
        "\u{feff}{\"a\":1}",
        r#"{"a":{"x":1,"x":2}}"#,
        r#"{"a":1,"b":{"x":1,"x":2}}"#,
        r#"{"a":1,"b":[{"x":1,"x":2}]}"#,
    ] {
        assert_eq!(json("/a", broken), Field::Unreadable, "{broken}");
    }
    assert_eq!(json("/a", &format!("{}{}", "[".repeat(64), "]".repeat(64))), Field::Unreadable);
    for (depth, expected) in [(31, Field::One("1".into())), (32, Field::Unreadable)] {
        let deep = format!("{}0{}", r#"{"b":"#.repeat(depth - 1), "}".repeat(depth - 1));
        assert_eq!(json("/a", &format!(r#"{{"a":1,"b":{deep}}}"#)), expected, "{depth}");
    }
    assert_eq!(json("/a", r#"{"a":{}}"#), Field::Unreadable);
}

#[test]
fn multipart_is_read_strictly() {
    let content_type = Some("multipart/form-data; boundary=xYz");
    let read_part =
        |body: &str| read(&FieldName::Form("amount".into()), None, Some(Body { content_type, bytes: body.as_bytes() }));
    let part = |headers: &str, value: &str| format!("--xYz\r\n{headers}\r\n\r\n{value}\r\n");
    let plain = part("Content-Disposition: form-data; name=\"amount\"", "5");
    assert_eq!(read_part(&format!("{plain}--xYz--\r\n")), Field::One("5".into()));
    let twice = format!("{plain}{plain}--xYz--\r\n");
    assert!(matches!(read_part(&twice), Field::Several(_)));
    let starred = part("Content-Disposition: form-data; name=\"a\"; name*=UTF-8''amount", "5");
    assert_eq!(read_part(&format!("{starred}--xYz--\r\n")), Field::Unreadable);
    let shouted = part("Content-Disposition: form-data; name=\"a\"; NAME=\"amount\"", "5");
    assert_eq!(read_part(&format!("{shouted}--xYz--\r\n")), Field::Unreadable);
    assert_eq!(read_part(&plain), Field::Unreadable);
    for (headers, value, expected) in [
        ("Content-Disposition: form-data; name=\"amount\"; filename=\"a.txt\"", "5", Field::Several(vec!["5".into()])),
        ("Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"amount\"", "", Field::One("".into())),
        ("Content-Disposition: form-data; name=\"to\"", "5", Field::Absent),
        ("Content-Disposition: form-data; name=\"Amount\"", "5", Field::Several(vec!["5".into()])),
        ("Content-Disposition: form-data; name=\"amount\"", "5\0", Field::Several(vec!["5\0".into()])),
        ("Content-Disposition: form-data; name=\"am\\ount\"", "5", Field::Unreadable),
        ("Content-Disposition: form-data; name=\"to\"; name=\"amount\"", "5", Field::Unreadable),
        ("Content-Disposition: form-data; name=amount", "5", Field::Unreadable),
        ("Content-Disposition: form-data", "5", Field::Unreadable),
        ("Content-Disposition: attachment; name=\"amount\"", "5", Field::Unreadable),
        ("Content-Type: text/plain", "5", Field::Unreadable),
        (
            "Content-Disposition: form-data; name=\"amount\"\r\nContent-Transfer-Encoding: base64",
            "NQ==",
            Field::Unreadable,
        ),
        (
            "Content-Disposition: form-data; name=\"to\"\r\nContent-Disposition: form-data; name=\"amount\"",
            "5",
            Field::Unreadable,
        ),
    ] {
        let body = format!("{}--xYz--", part(headers, value));
        assert_eq!(read_part(&body), expected, "{headers} {value}");
        assert_eq!(read_part(&format!("{body}x")), Field::Unreadable, "something follows");
    }
}

/// RFC 2046 section 5.1.1: 1 to 70 characters.
#[test]
fn a_boundary_is_what_the_standard_says() {
    let read_with = |parameters: &str, boundary: &str| {
        let content_type = format!("multipart/form-data; {parameters}");
        let head = "Content-Disposition: form-data; name=\"amount\"";
        let bytes = format!("--{boundary}\r\n{head}\r\n\r\n5\r\n--{boundary}--\r\n");
        let body = Body { content_type: Some(&content_type), bytes: bytes.as_bytes() };
        read(&FieldName::Form("amount".into()), None, Some(body))
    };
    for (boundary, expected) in [
        ("b".to_owned(), Field::One("5".into())),
        ("b".repeat(70), Field::One("5".into())),
        ("b".repeat(71), Field::Unreadable),
        (String::new(), Field::Unreadable),
    ] {
        assert_eq!(read_with(&format!("boundary={boundary}"), &boundary), expected, "{boundary}");
    }
    for parameters in ["boundary=b; boundary=b", "limit=b", "boundary=b; limit=1", "boundary"] {
        assert_eq!(read_with(parameters, "b"), Field::Unreadable, "{parameters}");
    }
    let typed = Body { content_type: Some("multipart/mixed; boundary=b"), bytes: b"--b--" };
    assert_eq!(read(&FieldName::Form("amount".into()), None, Some(typed)), Field::Unreadable);
}

#[test]
fn conditions_have_three_outcomes() {
    let ask = |body: &str| {
        let body = Some(Body { content_type: FORM, bytes: body.as_bytes() });
        condition(&FieldName::Form("do".into()), None, body, "pay")
    };
    assert_eq!(ask("do=pay"), Condition::Yes);
    assert_eq!(ask("do=other"), Condition::No);
    assert_eq!(ask("x=1"), Condition::No);
    assert_eq!(ask("do=other&do=pay"), Condition::Unknown);
    assert_eq!(ask("do=PAY"), Condition::Unknown);
}

#[test]
fn what_is_read_as_a_query_may_have_a_field_of_any_kind() {
    let (form, query) = (FieldName::Form("op".into()), FieldName::Query("op".into()));
    let json = |pointer: &str| FieldName::Json(pointer.into());
    for (text, name, found) in [
        ("op=pay", form, Some(Condition::Yes)),
        ("op=look", query, Some(Condition::No)),
        ("op=pay", json("/op"), Some(Condition::Yes)),
        ("a[b]=pay", json("/a/b"), Some(Condition::Yes)),
        ("a/b=pay", json("/a~1b"), Some(Condition::Yes)),
        ("op=pay&op=look", json("/op"), Some(Condition::Unknown)),
        ("b=pay&a[c]=pay", json("/a/b"), None),
        ("", json("/op"), None),
    ] {
        assert_eq!(condition_in(text, &name, "pay"), found, "{text}");
        assert_eq!(stands_in(text, &name), found.is_some(), "{text}");
    }
}
