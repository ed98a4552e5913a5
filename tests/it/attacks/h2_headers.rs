//! Headers that HTTP/2 forbids, one a case, as raw frames (RFC 9113 §8.2, §8.3, security.md REQ-05).

use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::{held, kit::TestGate, zoo::h2::Client};

type Fields<'f> = Vec<(&'f str, &'f str)>;

const METHOD: (&str, &str) = (":method", "GET");
const SCHEME: (&str, &str) = (":scheme", "https");
const PATH: (&str, &str) = (":path", "/forbidden");
const AUTHORITY: &str = ":authority";

/// A request with a header more than the good one.
fn with<'f>(host: &'f str, name: &'f str, value: &'f str) -> Fields<'f> {
    vec![METHOD, SCHEME, (AUTHORITY, host), PATH, (name, value)]
}

/// What is wrong, and the fields of the request.
fn cases(host: &str) -> Vec<(&'static str, Fields<'_>)> {
    let own = (AUTHORITY, host);
    vec![
        ("connection", with(host, "connection", "close")),
        ("connection that names a header", with(host, "connection", "cookie")),
        ("keep-alive", with(host, "keep-alive", "timeout=5")),
        ("proxy-connection", with(host, "proxy-connection", "keep-alive")),
        ("transfer-encoding", with(host, "transfer-encoding", "chunked")),
        ("upgrade", with(host, "upgrade", "websocket")),
        ("te other than trailers", with(host, "te", "gzip")),
        ("te with more than trailers", with(host, "te", "trailers, deflate")),
        ("an upper-case name", with(host, "X-Upper", "a")),
        ("an empty name", with(host, "", "a")),
        ("a space in a name", with(host, "x y", "a")),
        ("a line break in a name", with(host, "x\r\ny", "a")),
        ("CR and LF in a value", with(host, "x-a", "b\r\nX-Injected: c")),
        ("LF in a value", with(host, "x-a", "b\nX-Injected: c")),
        ("CR in a value", with(host, "x-a", "b\rc")),
        ("NUL in a value", with(host, "x-a", "b\0c")),
        ("a colon in a name", with(host, "x:y", "a")),
        ("CR and LF in the path", vec![METHOD, SCHEME, own, (":path", "/forbidden HTTP/1.1\r\nX-Injected: c")]),
        ("CR and LF in the method", vec![(":method", "GET /\r\nX-Injected: c"), SCHEME, own, PATH]),
        ("CR and LF in the authority", vec![METHOD, SCHEME, (AUTHORITY, "play.example\r\nX-Injected: c"), PATH]),
        ("two methods", vec![METHOD, (":method", "POST"), SCHEME, own, PATH]),
        ("two paths", vec![METHOD, SCHEME, own, PATH, (":path", "/account")]),
        ("two schemes", vec![METHOD, SCHEME, (":scheme", "http"), own, PATH]),
        ("two authorities", vec![METHOD, SCHEME, own, (AUTHORITY, "evil.example"), PATH]),
        ("another host beside the authority", with(host, "host", "evil.example")),
        ("no method", vec![SCHEME, own, PATH]),
        ("no path", vec![METHOD, SCHEME, own]),
        ("the scheme of another connection", vec![METHOD, (":scheme", "http"), own, PATH]),
        ("a scheme of another kind", vec![METHOD, (":scheme", "ftp"), own, PATH]),
        ("a scheme in capitals", vec![METHOD, (":scheme", "HTTPS"), own, PATH]),
        ("no scheme", vec![METHOD, own, PATH]),
        ("an empty path", vec![METHOD, SCHEME, own, (":path", "")]),
        ("a status", vec![METHOD, SCHEME, own, PATH, (":status", "200")]),
        ("an unknown pseudo header", vec![METHOD, SCHEME, own, PATH, (":unknown", "a")]),
        ("a pseudo header after a header", vec![METHOD, SCHEME, own, ("x-a", "b"), PATH]),
    ]
}

#[tokio::test]
async fn no_forbidden_header_of_http_2_reaches_the_site() {
    let (gate, _jar, files) = held::over_http2().await;
    let certificate = CertificateDer::from_pem_file(files.path().join("cert.pem")).unwrap();
    let (address, client) = (gate.address, Client::trusting(certificate));
    let reached = |gate: &TestGate| {
        let site = gate.site.everything();
        site.iter().filter(|one| one.target.contains("forbidden") || one.headers.contains_key("x-injected")).count()
    };
    let exchange = tokio::task::spawn_blocking(move || {
        let host = address.to_string();
        let owned = |fields: &Fields<'_>| -> Vec<(String, String)> {
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let cases = cases(&host);
        for (_, fields) in &cases {
            // Most end by a reset; whatever is answered comes from us.
            let _ = client.exchange(address, &owned(fields), b"");
        }
        // The same frames without anything forbidden are a good request; `te: trailers` is allowed.
        for good in [with(&host, "x-a", "b"), with(&host, "te", "trailers")] {
            assert!(client.exchange(address, &owned(&good), b"").is_some());
        }
        cases.len()
    });
    let tried = exchange.await.unwrap();
    assert!(tried > 30);
    assert_eq!(reached(&gate), 2, "{:?}", gate.site.everything());
}

/// A browser may send a cookie a line (RFC 9113 §8.2.3); they are one to whoever looks at them, and to the site.
#[tokio::test]
async fn cookies_in_crumbs_are_one_line_to_the_gate_and_to_the_site() {
    let (gate, _jar, files) = held::over_http2().await;
    let certificate = CertificateDer::from_pem_file(files.path().join("cert.pem")).unwrap();
    let (address, client) = (gate.address, Client::trusting(certificate));
    let exchange = tokio::task::spawn_blocking(move || {
        let host = address.to_string();
        let crumbs = [METHOD, SCHEME, (AUTHORITY, &*host), (":path", "/crumbs"), ("cookie", "a=1"), ("x-a", "b")];
        let mut fields: Vec<(&str, &str)> = crumbs.to_vec();
        fields.extend([("cookie", "stepgate-device=x; c=3"), ("cookie", "d=4")]);
        let owned = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert!(client.exchange(address, &owned(&fields), b"").is_some());
        // A session in a crumb is a session, and one that stands twice is refused.
        let guarded = |last: &'static str| {
            let fields =
                [METHOD, SCHEME, (AUTHORITY, &*host), (":path", "/account"), ("cookie", "a=1"), ("cookie", last)];
            let fields = [&fields[..], &[("cookie", "demo_session=x"), ("accept", "application/json")]].concat();
            String::from_utf8(client.exchange(address, &owned(&fields), b"").unwrap()).unwrap()
        };
        assert!(guarded("demo_session=y").contains("bad-request"));
        assert!(!guarded("b=2").contains("bad-request"));
    });
    exchange.await.unwrap();
    let received = gate.site.received("GET", "/crumbs").remove(0);
    let lines: Vec<_> = received.headers.get_all("cookie").iter().collect();
    assert_eq!(lines, ["a=1; c=3; d=4"]);
}
