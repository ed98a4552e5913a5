//! Forms of a request that servers read differently, at addresses that are guarded and at others.

use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::{
    held,
    kit::{Answer, Sender, TestGate, wire::Wire},
    zoo::h2::Client,
};

const ASKS: (&str, &str) = ("access-control-request-method", "POST");

fn received(gate: &TestGate, method: &str) -> usize {
    gate.site.everything().iter().filter(|request| request.method == method && request.target != "/api/me").count()
}

fn is_bad(answer: &Answer, detail: &str) {
    assert_eq!((answer.status, answer.problem().as_str()), (400, "bad-request"), "{answer:?}");
    assert!(answer.body.contains(detail), "{answer:?}");
}

#[tokio::test]
async fn options_reaches_a_guarded_address_only_as_a_true_preflight_of_nobody() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let cookies = format!("{}; remember_me=1", sender.log_in("ayu").await);
    let (origin, cookie) = (("origin", sender.base.as_str()), ("cookie", cookies.as_str()));
    // Both are guarded for POST.
    for target in ["/wallet/withdraw", "/account/password"] {
        for lines in [&[cookie][..], &[cookie, origin], &[cookie, ASKS], &[origin], &[]] {
            let refused = sender.send("OPTIONS", target, lines, "").await;
            assert!((400..500).contains(&refused.status), "{target} {lines:?}: {refused:?}");
        }
        let overridden = [cookie, origin, ASKS, ("x-http-method-override", "POST")];
        assert!((400..500).contains(&sender.send("OPTIONS", target, &overridden, "").await.status), "{target}");
        is_bad(&sender.send("OPTIONS", target, &[cookie, origin, ASKS], "a=1").await, "takes no body");
        for session in [";jsessionid=1", "?access_token=1", "?demo_session=1"] {
            let refused = sender.send("OPTIONS", &format!("{target}{session}"), &[origin, ASKS], "").await;
            assert!((400..500).contains(&refused.status), "{target}{session}: {refused:?}");
        }
    }
    assert_eq!(received(&gate, "OPTIONS"), 0);
    let lines =
        [cookie, origin, ASKS, ("authorization", "Basic YXl1OmF5dQ=="), ("x-api-key", "1"), ("x-auth-token", "1")];
    sender.send("OPTIONS", "/wallet/withdraw", &lines, "").await;
    let preflights = gate.site.received("OPTIONS", "/wallet/withdraw");
    assert_eq!(preflights.len(), 1);
    for name in ["cookie", "authorization", "x-api-key", "x-auth-token"] {
        assert!(!preflights[0].headers.contains_key(name), "{:?}", preflights[0]);
    }
    assert!(preflights[0].headers.contains_key("access-control-request-method"));
    // Where nothing is guarded it is the site's to answer.
    sender.send("OPTIONS", "/assets/site.css", &[cookie], "").await;
    assert_eq!(received(&gate, "OPTIONS"), 2);
}

#[tokio::test]
async fn http_1_0_is_refused_where_an_address_is_guarded_and_goes_on_elsewhere() {
    let gate = TestGate::start().await;
    let session = Sender::of(&gate).log_in("ayu").await;
    let ask = async |line: &str| {
        let mut wire = Wire::to(gate.address).await;
        wire.send(format!("{line}\r\nHost: {}\r\nCookie: {session}\r\nConnection: close\r\n\r\n", gate.address)).await;
        String::from_utf8_lossy(&wire.rest().await).into_owned()
    };
    for line in ["GET /account HTTP/1.0", "POST /wallet/withdraw HTTP/1.0"] {
        let refused = ask(line).await;
        assert_eq!(refused.split(' ').nth(1), Some("400"), "{line}: {refused}");
        assert!(refused.contains("HTTP/1.0 is refused here"), "{line}: {refused}");
    }
    assert_eq!(ask("GET /account HTTP/1.1").await.split(' ').nth(1), Some("200"));
    assert_eq!(ask("GET /assets/site.css HTTP/1.0").await.split(' ').nth(1), Some("200"));
    assert_eq!((gate.site.received("GET", "/account").len(), received(&gate, "POST")), (1, 1), "the log-in alone");
}

/// As Envoy does for HTTP/3.
#[tokio::test]
async fn a_get_whose_proxy_announces_chunks_and_sends_none_goes_on() {
    let gate = TestGate::start().await;
    let session = Sender::of(&gate).log_in("ayu").await;
    for (chunks, status) in [("0\r\n\r\n", "200"), ("1\r\na\r\n0\r\n\r\n", "400")] {
        let mut wire = Wire::to(gate.address).await;
        let lines = format!("Host: {}\r\nCookie: {session}\r\nConnection: close", gate.address);
        wire.send(format!("GET /account HTTP/1.1\r\n{lines}\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}")).await;
        let answer = String::from_utf8_lossy(&wire.rest().await).into_owned();
        assert_eq!(answer.split(' ').nth(1), Some(status), "{chunks:?}: {answer}");
    }
    assert_eq!(gate.site.received("GET", "/account").len(), 1);
}

#[tokio::test]
async fn delete_with_a_body_is_refused_where_an_address_is_guarded() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let lines = [("cookie", session.as_str()), ("origin", &sender.base)];
    for method in ["DELETE", "GET", "HEAD"] {
        let refused = sender.send(method, "/account", &lines, "a=1").await;
        assert_eq!(refused.status, 400, "{method}: {refused:?}");
    }
    is_bad(&sender.send("DELETE", "/account", &lines, "a=1").await, "takes no body");
    assert_eq!(received(&gate, "DELETE"), 0);
    // A player who never enrolled may pass here.
    sender.send("DELETE", "/account", &lines, "").await;
    sender.send("DELETE", "/assets/site.css", &lines, "a=1").await;
    assert_eq!(received(&gate, "DELETE"), 2);
}

/// No header speaks of a body over HTTP/2: only its frames do.
#[tokio::test]
async fn a_body_that_no_header_speaks_of_is_refused_over_http_2() {
    let (gate, _jar, files) = held::over_http2().await;
    let certificate = CertificateDer::from_pem_file(files.path().join("cert.pem")).unwrap();
    let (address, client) = (gate.address, Client::trusting(certificate));
    let answers = tokio::task::spawn_blocking(move || {
        let fields = |method: &str, path: &str| {
            [(":method", method), (":scheme", "https"), (":authority", &address.to_string()), (":path", path)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let ask = |method: &str, path: &str, body: &[u8]| {
            let answer = client.exchange(address, &fields(method, path), body);
            String::from_utf8_lossy(&answer.unwrap_or_default()).into_owned()
        };
        ["GET", "DELETE", "OPTIONS"].map(|method| (ask(method, "/account", b"a=1"), ask(method, "/account", b"")))
    });
    for (with, without) in answers.await.unwrap() {
        assert!(with.contains("takes no body"), "{with}");
        assert!(without.contains("anonymous"), "{without}");
    }
    assert_eq!(received(&gate, "DELETE") + received(&gate, "GET"), 0);
}
