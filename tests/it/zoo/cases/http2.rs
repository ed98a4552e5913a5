//! What only HTTP/2 can say: pseudo-header fields in wrong places and forms.

use super::{Case, Class};

type Field = (&'static str, &'static str);

const METHOD: Field = (":method", "GET");
const SCHEME: Field = (":scheme", "https");
const AUTHORITY: Field = (":authority", "{host}");
const PATH: Field = (":path", "/account/withdraw");
const PUBLIC: Field = (":path", "/public");

/// Heads, of which some are nothing but plain.
const HEADS: [&[Field]; 38] = [
    &[METHOD, SCHEME, AUTHORITY, PATH],
    &[METHOD, SCHEME, PATH, ("host", "{host}")],
    &[METHOD, SCHEME, AUTHORITY, PATH, ("host", "other.example")],
    &[METHOD, SCHEME, (":authority", "other.example"), PATH, ("host", "{host}")],
    &[METHOD, SCHEME, AUTHORITY, PATH, PUBLIC],
    &[METHOD, SCHEME, AUTHORITY, PUBLIC, PATH],
    &[METHOD, SCHEME, AUTHORITY, PUBLIC, ("x", "y"), PATH],
    &[METHOD, SCHEME, AUTHORITY, (":path", "/public HTTP/1.1\r\nHost: x\r\n\r\nGET /account/withdraw")],
    &[METHOD, SCHEME, AUTHORITY, (":path", "/account/withdraw HTTP/1.1")],
    &[METHOD, SCHEME, AUTHORITY, (":path", " /account/withdraw")],
    &[METHOD, SCHEME, AUTHORITY, (":path", "account/withdraw")],
    &[METHOD, SCHEME, AUTHORITY, (":path", "https://{host}/account/withdraw")],
    &[METHOD, SCHEME, AUTHORITY, (":path", "*")],
    &[METHOD, SCHEME, AUTHORITY, (":path", "")],
    &[METHOD, SCHEME, AUTHORITY],
    &[METHOD, (":scheme", "http"), AUTHORITY, PATH],
    &[METHOD, (":scheme", "https://x/?"), AUTHORITY, PATH],
    &[METHOD, (":scheme", "file"), AUTHORITY, PATH],
    &[METHOD, AUTHORITY, PATH],
    &[(":method", "GET /account/withdraw HTTP/1.1\r\nX: y\r\n\r\nGET"), SCHEME, AUTHORITY, PUBLIC],
    &[(":method", "get"), SCHEME, AUTHORITY, PATH],
    &[(":method", "GET\t"), SCHEME, AUTHORITY, PATH],
    &[(":method", "TRACE"), SCHEME, AUTHORITY, PATH],
    &[(":method", "CONNECT"), SCHEME, AUTHORITY, PATH],
    &[(":method", "CONNECT"), AUTHORITY],
    &[(":method", "CONNECT"), (":protocol", "websocket"), SCHEME, AUTHORITY, PATH],
    &[SCHEME, AUTHORITY, PATH],
    &[METHOD, METHOD, SCHEME, AUTHORITY, PATH],
    &[METHOD, SCHEME, AUTHORITY, PATH, (":status", "200")],
    &[METHOD, SCHEME, AUTHORITY, PATH, (":x", "y")],
    &[METHOD, SCHEME, AUTHORITY, PUBLIC, ("x", "y\r\n\r\nGET /account/withdraw HTTP/1.1\r\n")],
    &[METHOD, SCHEME, AUTHORITY, PUBLIC, ("x\r\n\r\nGET /account/withdraw HTTP/1.1\r\nx", "y")],
    &[METHOD, SCHEME, AUTHORITY, PATH, ("connection", "close")],
    &[METHOD, SCHEME, AUTHORITY, PATH, ("transfer-encoding", "chunked")],
    &[METHOD, SCHEME, AUTHORITY, PATH, ("upgrade", "websocket"), ("connection", "upgrade")],
    &[METHOD, SCHEME, AUTHORITY, PATH, ("te", "trailers")],
    &[METHOD, SCHEME, AUTHORITY, PATH, ("X-Upper", "y")],
    &[METHOD, SCHEME, (":authority", "user@{host}"), PATH],
];

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = HEADS.iter().map(|fields| Case::http2(Class::Http2, fields, b"")).collect();
    let hidden = b"GET /account/withdraw HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";
    for extra in [
        ("content-length", "0"),
        ("content-length", "4"),
        ("content-length", "0, 70"),
        ("content-length", "4000"),
        ("content-length", "+0"),
        ("x", "y\r\ncontent-length: 0"),
        ("x", "y\r\ntransfer-encoding: chunked"),
        ("x\r\ntransfer-encoding", "chunked"),
        ("te", "chunked"),
        ("connection", "content-length"),
        ("expect", "100-continue"),
        ("transfer-encoding", "chunked"),
        ("transfer_encoding", "chunked"),
        ("x", "y"),
    ] {
        let fields = [(":method", "POST"), SCHEME, AUTHORITY, PUBLIC, extra];
        cases.push(Case::http2(Class::Http2, &fields, hidden));
        cases.push(Case::http2(Class::Http2, &fields, &[b"0\r\n\r\n", hidden.as_slice()].concat()));
    }
    for body in [b"do=pay".as_slice(), b"do=look&do=pay", b"%64o=pay"] {
        for length in [None, Some("6"), Some("7")] {
            let mut fields = vec![(":method", "POST"), SCHEME, AUTHORITY, (":path", "/action")];
            fields.push(("content-type", "application/x-www-form-urlencoded"));
            fields.extend(length.map(|length| ("content-length", length)));
            cases.push(Case::http2(Class::Fields, &fields, body));
        }
    }
    for value in ["DELETE", "delete"] {
        for name in ["x-http-method-override", "x_http_method_override"] {
            let fields = [(":method", "POST"), SCHEME, AUTHORITY, (":path", "/account/close"), (name, value)];
            cases.push(Case::http2(Class::Overrides, &fields, b""));
        }
    }
    for name in ["stepgate-assertion", "stepgate_assertion", "stepgate.assertion"] {
        let fields = [METHOD, SCHEME, AUTHORITY, (":path", "/told"), (name, "forged")];
        cases.push(Case::http2(Class::Aliases, &fields, b""));
    }
    cases
}
