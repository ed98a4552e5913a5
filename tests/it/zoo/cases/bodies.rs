//! Framing, and the fields that pick an action.

use super::{Case, Class, head, post};

const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn cases() -> Vec<Case> {
    [framing(), smuggled_bodies(), queries(), forms(), json()].concat()
}

/// A request hidden in what one side takes for a body and the other does not.
fn framing() -> Vec<Case> {
    let hidden = "GET /account/withdraw HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    let chunk = format!("{:x}\r\n{hidden}\r\n0\r\n\r\n", hidden.len());
    let length = hidden.len();
    let mut cases = Vec::new();
    for lines in [
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding:\tchunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: \x0bchunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked, identity\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: CHUNKED\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: \"chunked\"\r\nContent-Length: 4\r\n",
        "Transfer_Encoding: chunked\r\nContent-Length: 4\r\n",
        "Transfer.Encoding: chunked\r\nContent-Length: 4\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding\r\n: chunked\r\nContent-Length: 4\r\n",
        "Transfer-Encoding: chunked\r\nConnection: Content-Length\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nConnection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n",
    ] {
        for version in ["1.1", "1.0"] {
            let bytes = format!("POST /public HTTP/{version}\r\nHost: {{host}}\r\n{lines}\r\n0\r\n\r\n{hidden}");
            cases.push(Case::unfinished(Class::Framing, bytes));
            let bytes = format!("POST /public HTTP/{version}\r\nHost: {{host}}\r\n{lines}\r\n{chunk}");
            cases.push(Case::unfinished(Class::Framing, bytes));
        }
    }
    for lengths in [
        "0\r\nContent-Length: {n}",
        "{n}\r\nContent-Length: 0",
        "0, {n}",
        "{n}, 0",
        "+0",
        "-0",
        "00",
        "0x0",
        "0 0",
        "0;{n}",
        "\t0",
        "0_0",
        "18446744073709551616",
        "4294967296",
        "",
        "zero",
    ] {
        let lengths = lengths.replace("{n}", &length.to_string());
        let bytes = format!("POST /public HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: {lengths}\r\n\r\n{hidden}");
        cases.push(Case::unfinished(Class::Framing, bytes));
        let bytes = format!("GET /public HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: {lengths}\r\n\r\n{hidden}");
        cases.push(Case::unfinished(Class::Framing, bytes));
    }
    cases
}

/// The same inside of chunks, trailers and early answers.
fn smuggled_bodies() -> Vec<Case> {
    let hidden = "GET /account/withdraw HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    let length = hidden.len();
    let mut cases = Vec::new();
    for body in [
        format!("0;x={hidden}\r\n\r\n"),
        format!("0\n\n{hidden}"),
        format!("1\nx\n0\n\n{hidden}"),
        format!("1;\n\r\nx\r\n0\r\n\r\n{hidden}"),
        format!("0\r\nX: y\r\n\r\n{hidden}"),
        format!("0\r\n{hidden}"),
        format!("0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n{hidden}"),
        format!("-1\r\n{hidden}"),
        format!("0x0\r\n\r\n{hidden}"),
        format!(" 0\r\n\r\n{hidden}"),
        format!("0 \r\n\r\n{hidden}"),
        format!("10000000000000000\r\n{hidden}"),
        format!("00000000000000000\r\n\r\n{hidden}"),
        format!("1\r\nxy\r\n0\r\n\r\n{hidden}"),
        format!("1\r\nx0\r\n\r\n{hidden}"),
        format!("{length:x}\r\n{hidden}"),
        format!("\r\n0\r\n\r\n{hidden}"),
    ] {
        for target in ["/public", "/account/withdraw"] {
            let bytes = format!("POST {target} HTTP/1.1\r\nHost: {{host}}\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
            cases.push(Case::unfinished(Class::Framing, bytes));
        }
    }
    // An answer before the body was read must not turn the body into a request.
    for target in ["/account/withdraw", "/.stepgate/none", "/account/withdraw%00", "/public", "/.stepgate/settings"] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            for method in ["POST", "GET", "DELETE"] {
                let bytes = format!(
                    "{method} {target} HTTP/1.1\r\nHost: {{host}}\r\n{expect}Content-Length: {length}\r\n\r\n{hidden}"
                );
                cases.push(Case::unfinished(Class::Framing, bytes));
            }
        }
    }
    cases.push(Case::unfinished(Class::Framing, format!("GET /public HTTP/1.1\r\nHost: {{host}}\r\n\r\n{hidden}")));
    cases.push(Case::unfinished(Class::Framing, format!("HEAD /public HTTP/1.1\r\nHost: {{host}}\r\n\r\n{hidden}")));
    cases.push(Case::unfinished(
        Class::Framing,
        format!("GET /public HTTP/1.1\r\nHost: {{host}}\r\nX: y\r\n\r{hidden}"),
    ));
    cases
}

/// `/menu` is guarded where the query says `do=pay`.
fn queries() -> Vec<Case> {
    let queries = [
        "do=pay",
        "do=look&do=pay",
        "do=pay&do=look",
        "%64o=pay",
        "do=%70ay",
        "d%6f=p%61y",
        "x&do=pay",
        "&&do=pay",
        "do=pay&",
        "do=pay#x",
        "do=pay;x=1",
        "x=1;do=pay",
        "do[]=pay",
        "do[0]=pay",
        "do%5b%5d=pay",
        "do%00=pay",
        "do%00x=pay",
        "do=pay%00",
        "Do=pay",
        "do=PAY",
        "do+=pay",
        "+do=pay",
        "%20do=pay",
        "do.=pay",
        "do=+pay",
        "do=pay+",
        "?do=pay",
        "a?do=pay",
        "do=x&%2564o=pay",
        "do==pay",
        "do=look%26do=pay",
        "do%3dpay",
        "x=%0a&do=pay",
        "x=%ff&do=pay",
        "x=%&do=pay",
        "%&do=pay",
        "do=pay%",
        "do%=pay",
        "[do]=pay",
        "%5Bdo%5D=pay",
        "do]=pay",
        "do[=pay",
        "[[do]]=pay",
        "[do][]=pay",
        ".do=pay",
        "do=pay]=x",
        "x]=y&do=pay",
    ];
    let mut cases: Vec<Case> =
        queries.iter().map(|query| Case::raw(Class::Fields, head("GET", &format!("/menu?{query}"), ""))).collect();
    for query in ["do=pay", "%64o=pay", "do[]=pay"] {
        cases.push(Case::raw(Class::Fields, post("/menu", FORM, query)));
        cases.push(Case::raw(Class::Fields, post(&format!("/menu?{query}"), FORM, "do=look")));
        cases.push(Case::raw(Class::Fields, head("GET", &format!("/menu/?{query}"), "")));
        cases.push(Case::raw(Class::Fields, head("GET", &format!("/%6denu?{query}"), "")));
    }
    cases
}

/// `/action` is guarded where the form says `do=pay`.
fn forms() -> Vec<Case> {
    let bodies = [
        "do=pay",
        "do=look&do=pay",
        "do=pay&do=look",
        "%64o=pay",
        "do=%70ay",
        "x&do=pay",
        "&&do=pay",
        "do=pay;x=1",
        "x=1;do=pay",
        "do[]=pay",
        "do[0]=pay",
        "do%5B%5D=pay",
        "do%00=pay",
        "do%00x=pay",
        "do%00[]=pay",
        "do[=pay",
        " do=pay",
        "+do=pay",
        "do+=pay",
        "do=pay\r\n",
        "\r\ndo=pay",
        "\u{feff}do=pay",
        "x=%&do=pay",
        "x=%ff&do=pay",
        "x=\u{e9}&do=pay",
        "Do=pay",
        "do==pay",
        "do=pay%0a",
        "?do=pay",
        "do=look\0&do=pay",
        "x=%u0000&do=pay",
        "%u0064o=pay",
        "[do]=pay",
        "do]=pay",
        "do[x=pay",
        "[do=pay",
        "%ef%bd%84o=pay",
        "%c1%a4o=pay",
    ];
    let types = [
        FORM,
        "APPLICATION/X-WWW-FORM-URLENCODED",
        "application/x-www-form-urlencoded; charset=utf-8",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded;",
        "application/x-www-form-urlencoded, text/plain",
        "text/plain, application/x-www-form-urlencoded",
        " application/x-www-form-urlencoded ",
        "application/x-www-form-urlencoded\r\nContent-Type: text/plain",
        "text/plain\r\nContent-Type: application/x-www-form-urlencoded",
        "text/plain",
        "application/json",
        "application/x-www-form-urlencoded+json",
        "",
        "x",
        "*/*",
    ];
    let mut cases = Vec::new();
    for body in bodies {
        cases.push(Case::raw(Class::Fields, post("/action", FORM, body)));
    }
    for content_type in types {
        for body in ["do=pay", "do=look&do=pay", "%64o=pay"] {
            cases.push(Case::raw(Class::Fields, post("/action", content_type, body)));
        }
    }
    let untyped = "Content-Length: 6\r\n\r\ndo=pay";
    cases.push(Case::raw(Class::Fields, head("POST", "/action", untyped).strip_suffix(b"\r\n").unwrap()));
    for target in ["/action?do=pay", "/action?do=look", "/action/", "/%61ction", "/ACTION"] {
        cases.push(Case::raw(Class::Fields, post(target, FORM, "do=pay")));
        cases.push(Case::raw(Class::Fields, post(target, FORM, "x=y")));
    }
    let large = format!("x={}&do=pay", "y".repeat(70_000));
    cases.push(Case::raw(Class::Fields, post("/action", FORM, &large)));
    let many = format!("{}do=pay", "x=y&".repeat(1_200));
    cases.push(Case::raw(Class::Fields, post("/action", FORM, &many)));
    for method in ["PUT", "PATCH", "GET", "DELETE"] {
        let lines = format!("Content-Type: {FORM}\r\nContent-Length: 6\r\n\r\ndo=pay");
        cases.push(Case::raw(Class::Fields, head(method, "/action", &lines).strip_suffix(b"\r\n").unwrap()));
    }
    for (chunks, more) in [
        ("6\r\ndo=pay\r\n0\r\n\r\n", ""),
        ("3\r\ndo=\r\n3\r\npay\r\n0\r\n\r\n", ""),
        ("6;x=y\r\ndo=pay\r\n0\r\n\r\n", ""),
        ("6\r\ndo=pay\r\n0\r\nX: y\r\n\r\n", "Trailer: X\r\n"),
    ] {
        let lines = format!("Content-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n{more}\r\n{chunks}");
        cases.push(Case::raw(Class::Fields, head("POST", "/action", &lines).strip_suffix(b"\r\n").unwrap()));
    }
    for coding in ["gzip", "deflate", "identity", "br", "x-gzip"] {
        let body = if coding == "identity" { b"do=pay".to_vec() } else { GZIPPED.to_vec() };
        let lines = format!("Content-Type: {FORM}\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n", body.len());
        cases.push(Case::raw(Class::Fields, [head("POST", "/action", &lines), body].concat()));
    }
    cases
}

/// `do=pay`, compressed.
const GZIPPED: [u8; 26] =
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x4b, 0xc9, 0xb7, 0x2d, 0x48, 0xac, 4, 0, 0x21, 0xd7, 0x4a, 0x3a, 6, 0, 0, 0];

/// `/rpc` is guarded where the document says `{"op": "pay"}`.
fn json() -> Vec<Case> {
    let bodies = [
        r#"{"op":"pay"}"#,
        r#"{"op":"look","op":"pay"}"#,
        r#"{"op":"pay","op":"look"}"#,
        r#"{"\u006fp":"pay"}"#,
        r#"{"op":"\u0070ay"}"#,
        r#"{"Op":"pay"}"#,
        r#"{"op":"pay",}"#,
        r#"{op:"pay"}"#,
        r#"{'op':'pay'}"#,
        "{\"op\":\"pay\"}\0",
        "\u{feff}{\"op\":\"pay\"}",
        r#"{"op":"pay"} x"#,
        r#"/**/{"op":"pay"}"#,
        r#"{"op":/**/"pay"}"#,
        r#"{"x":NaN,"op":"pay"}"#,
        r#"{"x":1e999,"op":"pay"}"#,
        r#"{"x":"\ud800","op":"pay"}"#,
        "{\"x\":\"\t\",\"op\":\"pay\"}",
        r#"{"x":01,"op":"pay"}"#,
        r#"[{"op":"pay"}]"#,
        r#"{"__proto__":{"op":"pay"}}"#,
        r#"{"op":["pay"]}"#,
        "\n\n {\n\"op\" :\t\"pay\"\n}\n",
        r#"{"x":{"op":"pay"},"op":"pay"}"#,
        r#"{"":1,"op":"pay"}"#,
        r#"{"op\u0000":"pay"}"#,
        r#"{"x":"\xff","op":"pay"}"#,
        r#"{"x":18446744073709551617,"op":"pay"}"#,
    ];
    let types = [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json; charset=utf-16",
        "application/vnd.api+json",
        "text/json",
        "text/plain",
        FORM,
        "",
        "application/json, text/plain",
        "application/json\r\nContent-Type: text/plain",
        "application/problem+json",
    ];
    let mut cases: Vec<Case> =
        bodies.iter().map(|body| Case::raw(Class::Fields, post("/rpc", "application/json", body))).collect();
    for content_type in types {
        cases.push(Case::raw(Class::Fields, post("/rpc", content_type, bodies[0])));
        cases.push(Case::raw(Class::Fields, post("/rpc", content_type, bodies[1])));
    }
    let deep = format!("{{\"x\":{}{},\"op\":\"pay\"}}", "[".repeat(300), "]".repeat(300));
    cases.push(Case::raw(Class::Fields, post("/rpc", "application/json", &deep)));
    let wide: Vec<u8> = "{\"op\":\"pay\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", wide.len());
    cases.push(Case::raw(Class::Fields, [head("POST", "/rpc", &lines), wide].concat()));
    cases
}
