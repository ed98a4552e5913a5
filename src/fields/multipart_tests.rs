//! Multipart bodies that real parsers split elsewhere, and those of browsers.

use super::*;

const INNER: &str = "Content-Disposition: form-data; name=\"do\"";

fn asked(content_type: &str, body: impl AsRef<[u8]>) -> Field {
    read(&FieldName::Form("do".into()), None, Some(Body { content_type: Some(content_type), bytes: body.as_ref() }))
}

fn part(head: &str, content: &str) -> String {
    format!("--b\r\n{head}\r\n\r\n{content}\r\n--b--\r\n")
}

#[test]
fn a_body_that_some_parser_splits_elsewhere_cannot_be_read() {
    let harmless = "Content-Disposition: form-data; name=\"x\"";
    for content in [
        format!("x\n--b\n{INNER}\n\npay\n--b--\n"),
        format!("x\n--b\r\n{INNER}\r\n\r\npay\n--b--\r\n"),
        format!("x--b\r\n{INNER}\r\n\r\npay--b--\r\n"),
        format!("x\r--b\r\n{INNER}\r\n\r\npay\r--b--\r\n"),
        format!("x\r\n\t--b\r\n{INNER}\r\n\r\npay"),
        format!("x\r\n--b \r\n{INNER}\r\n\r\npay"),
        "--b".to_owned(),
    ] {
        assert_eq!(
            asked("multipart/form-data; boundary=b", part(harmless, &content)),
            Field::Unreadable,
            "{content:?}"
        );
    }
    for (content_type, boundary, other) in [
        ("multipart/form-data; boundary=a,b", "a,b", "a"),
        ("multipart/form-data; boundary=\"a\\\\b\"", "a\\\\b", "a\\b"),
        ("multipart/form-data; boundary=\"a b\"", "a b", "a"),
        ("multipart/form-data; boundary=a/b", "a/b", "a"),
        ("multipart/form-data; boundary=\"b", "b", "\"b"),
        ("multipart/form-data; boundary=\"=?utf-8?q?b?=\"", "=?utf-8?q?b?=", "b"),
    ] {
        let body = format!(
            "--{boundary}\r\n{harmless}\r\n\r\n\r\n--{other}\r\n{INNER}\r\n\r\npay\r\n--{other}--\r\n\r\n--{boundary}--\r\n"
        );
        assert_eq!(asked(content_type, body), Field::Unreadable, "{content_type}");
    }
}

#[test]
fn a_head_that_some_parser_reads_otherwise_cannot_be_read() {
    let harmless = "Content-Disposition: form-data; name=\"x\"";
    for head in [
        format!("{harmless}\r\n ; y=\":\"; name=\"do\""),
        format!("{harmless}\n{INNER}"),
        format!("{harmless}\r{INNER}"),
        format!("Content-Disposition : form-data; name=\"do\"\r\n{harmless}"),
        format!(" {INNER}\r\n{harmless}"),
        format!("X-{INNER}\r\n{harmless}"),
        format!("Content-Type: text/plain; x=\"{INNER}\r\n{harmless}"),
        format!("Content-Type: text/plain; Content-Disposition: form-data; name=do\r\n{harmless}"),
        format!("{harmless}; filename=\"; name=do\""),
        format!("{harmless}; filename=\"a\\\"; name=\"do\""),
        format!("{harmless}; filename=x"),
        format!("{harmless};"),
        format!("{harmless} name=\"do\""),
        format!("{harmless}; name =\"do\""),
        format!("{harmless}\r\nContent-Length: 0"),
        format!("{harmless}\r\nContent-Encoding: gzip"),
        format!("{harmless}\r\nContent-Type: multipart/mixed; boundary=c"),
        format!("{harmless}\r\nContent-Type: text/plain\r\nContent-Type: text/plain"),
        format!("{INNER}\r\nContent-Type: text/plain; charset=utf-7"),
        format!("{INNER}\r\nContent-Type: text/plain; charset=iso-2022-jp"),
        format!("{INNER}\r\nContent-Type: text/plain; charset =utf-7"),
        format!("{INNER}\r\nContent-Type: text/plain, charset=utf-7"),
        "Content-Disposition: form-data; name=\"_charset_\"".to_owned(),
    ] {
        assert_eq!(asked("multipart/form-data; boundary=b", part(&head, "+AHAAYQB5-")), Field::Unreadable, "{head:?}");
    }
}

/// A form with a text, no file, a file and another text, as each client writes it.
#[test]
fn what_browsers_and_clients_write_is_read() {
    let file = "; filename=\"caf\u{e9} (1).png\"\r\nContent-Type: image/png";
    let none = "; filename=\"\"\r\nContent-Type: application/octet-stream";
    for (boundary, quoted, typed) in [
        ("----WebKitFormBoundary7MA4YWxkTrZu0gW", false, ""),
        ("---------------------------9051914041544843365972754266", false, ""),
        ("----geckoformboundary2c1f0a7b5e", false, ""),
        ("------------------------d74496d66958873e", false, ""),
        ("0f3c2b5e9d7a4e6f8a1b2c3d4e5f6071", false, ""),
        ("5f2c4d6e-1b3a-4c8d-9e0f-a1b2c3d4e5f6", true, "\r\nContent-Type: text/plain; charset=utf-8"),
        ("dart-http-boundary-xYz_+.1", false, ""),
        ("----=_Part_3_1804.17242", true, "\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: 3"),
        ("===============7330845974216740156==", true, ""),
    ] {
        let mut body = Vec::new();
        for (head, content) in [
            (format!("name=\"do\"{typed}"), &b"pay"[..]),
            (format!("name=\"first\"{none}"), b""),
            (format!("name=\"second[]\"{file}"), b"\x89PNG\r\n\x1a\n\0\r\n--\r\n-\xff"),
            ("name=\"third\"; filename=\"blob\"\r\nContent-Type: audio/webm;codecs=\"opus\"".to_owned(), b"\r\n"),
            ("name=\"user[name]\"".to_owned(), "caf\u{e9}\r\n".as_bytes()),
        ] {
            body.extend(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").into_bytes());
            body.extend(content);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{boundary}--\r\n").into_bytes());
        let written = if quoted { format!("\"{boundary}\"") } else { boundary.to_owned() };
        assert_eq!(
            asked(&format!("multipart/form-data; boundary={written}"), &body),
            Field::One("pay".into()),
            "{boundary}"
        );
    }
    assert_eq!(asked("multipart/form-data; boundary=b", "--b--\r\n"), Field::Absent);
}
