//! Multipart forms that servers split at different places. `/action` is guarded where the form says `do=pay`.

use super::{Case, Class, post};

const PARTS: &str = "multipart/form-data; boundary=b";
const DISPOSITION: &str = "Content-Disposition: form-data; name=";

pub(super) fn cases() -> Vec<Case> {
    [heads(), split_elsewhere()].concat()
}

fn action(content_type: &str, body: &str) -> Case {
    Case::raw(Class::Fields, post("/action", content_type, body))
}

fn part(lines: &str, value: &str) -> String {
    format!("--b\r\n{lines}\r\n\r\n{value}\r\n")
}

/// Names, heads and content types that servers read differently.
fn heads() -> Vec<Case> {
    let disposition = DISPOSITION;
    let bodies = [
        part(&format!("{disposition}\"do\""), "pay"),
        part(&format!("{disposition}do"), "pay"),
        part(&format!("{disposition}'do'"), "pay"),
        [part(&format!("{disposition}\"do\""), "look"), part(&format!("{disposition}\"do\""), "pay")].concat(),
        [part(&format!("{disposition}\"do\""), "pay"), part(&format!("{disposition}\"do\""), "look")].concat(),
        part("Content-Disposition: form-data; name*=UTF-8''do", "pay"),
        part("Content-Disposition: form-data; name*=utf-8''%64o", "pay"),
        part(&format!("{disposition}\"x\"; name=\"do\""), "pay"),
        part(&format!("{disposition}\"do\"; name=\"x\""), "pay"),
        part(&format!("{disposition}\"d\\o\""), "pay"),
        part(&format!("{disposition}\"do[]\""), "pay"),
        part("content-disposition: FORM-DATA; NAME=\"do\"", "pay"),
        part("Content-Disposition: attachment; name=\"do\"", "pay"),
        part(&format!("{disposition}\"do\"\r\nContent-Type: text/plain; charset=utf-16"), "pay"),
        part(&format!("{disposition}\"do\"\r\nContent-Transfer-Encoding: base64"), "cGF5"),
        part(&format!("{disposition}\"do\"\r\nContent-Transfer-Encoding: quoted-printable"), "p=61y"),
        part(&format!("{disposition}\"do\"; filename=\"\""), "pay"),
        part(&format!("{disposition}\"do\"; filename=x"), "pay"),
        part("Content-Disposition: form-data;\r\n name=\"do\"", "pay"),
        part("X: y\r\nContent-Disposition: form-data; name=\"do\"", "pay"),
        format!("junk\r\n{}", part(&format!("{disposition}\"do\""), "pay")),
        part(&format!("{disposition}\"do\""), "pay").replace("\r\n", "\n"),
        [part(&format!("{disposition}\"_charset_\""), "utf-16"), part(&format!("{disposition}\"do\""), "pay")].concat(),
    ];
    let mut cases = Vec::new();
    for body in &bodies {
        cases.push(action(PARTS, &format!("{body}--b--\r\n")));
        cases.push(action(PARTS, body));
    }
    let whole = format!("{}--b--\r\n", bodies[0]);
    for content_type in [
        "multipart/form-data; boundary=\"b\"",
        "multipart/form-data; boundary=x; boundary=b",
        "multipart/form-data; boundary=b; boundary=x",
        "Multipart/Form-Data; Boundary=b",
        "multipart/form-data;boundary=b;charset=utf-8",
        "multipart/form-data; charset=utf-8, boundary=b",
        "multipart/form-data; boundary=b, x",
        "multipart/mixed; boundary=b",
        "multipart/form-data; boundary*=utf-8''b",
        "multipart/form-data; boundary= b",
        "multipart/form-data",
        "application/x-www-form-urlencoded, multipart/form-data; boundary=b",
    ] {
        cases.push(action(content_type, &whole));
    }
    cases
}

/// Parts that look like another one, or like one more, to some.
fn split_elsewhere() -> Vec<Case> {
    let disposition = DISPOSITION;
    let bodies = [
        part(&format!("{disposition}\"[do]\""), "pay"),
        part(&format!("{disposition}\"do]\""), "pay"),
        part(&format!("{disposition}\"/do\""), "pay"),
        part(&format!("{disposition}\"x\"\r\n ; y=\":\"; name=\"do\""), "pay"),
        part(&format!("{disposition}\"x\"; filename=\"; name=do\""), "pay"),
        part(&format!("Content-Disposition : form-data; name=\"do\"\r\n{disposition}\"x\""), "pay"),
        part(&format!("X-{disposition}\"do\"\r\n{disposition}\"x\""), "pay"),
        part(&format!("{disposition}\"do\"\r\nContent-Type: text/plain; charset=utf-7"), "+AHAAYQB5-"),
        part(&format!("{disposition}\"do\"\r\nContent-Type: text/plain; charset=iso-2022-jp"), "pa\u{1b}(By"),
        part(&format!("{disposition}\"x\""), &format!("x\n--b\n{disposition}\"do\"\n\npay\n--b--\n")),
        part(&format!("{disposition}\"x\""), &format!("x\n--b\r\n{disposition}\"do\"\r\n\r\npay\n--b--\r\n")),
        part(&format!("{disposition}\"x\""), &format!("x--b\r\n{disposition}\"do\"\r\n\r\npay--b--\r\n")),
        part(&format!("{disposition}\"x\""), &format!("x\r--b\r\n{disposition}\"do\"\r\n\r\npay\r--b--\r\n")),
    ];
    let mut cases: Vec<Case> = bodies.iter().map(|body| action(PARTS, &format!("{body}--b--\r\n"))).collect();
    // Our boundary and theirs.
    for (written, ours, theirs) in [("a,b", "a,b", "a"), ("\"a\\\\b\"", "a\\\\b", "a\\b"), ("\"a b\"", "a b", "a")] {
        let split = |boundary: &str, name: &str| format!("--{boundary}\r\n{disposition}\"{name}\"\r\n\r\npay\r\n");
        let body = format!("{}{}--{theirs}--\r\n\r\n--{ours}--\r\n", split(ours, "x"), split(theirs, "do"));
        let content_type = format!("multipart/form-data; boundary={written}");
        cases.push(action(&content_type, &body));
    }
    cases
}
