//! `stepgate doctor` before sites that have what it looks for.

use std::{
    io,
    pin::Pin,
    process::{Command, Output},
    task::{Context, Poll},
};

use axum::response::Response;
use bytes::Bytes;
use futures_core::Stream;
use stepgate::cli::demo::journal::Recorded;

use crate::kit::{ScriptedSite, TestGate, answer};

/// A gateway with these identity sources and routes.
async fn gate(
    identity: &str,
    routes: &str,
    site: impl Fn(&Recorded) -> Response + Clone + Send + Sync + 'static,
) -> TestGate<ScriptedSite> {
    gate_before("127.0.0.1", identity, routes, site).await
}

/// The same, with another name for the site's address.
async fn gate_before(
    host: &str,
    identity: &str,
    routes: &str,
    site: impl Fn(&Recorded) -> Response + Clone + Send + Sync + 'static,
) -> TestGate<ScriptedSite> {
    let site = ScriptedSite::start(site).await;
    let address = site.address;
    let server = format!("{host}:{}", address.port());
    let (identity, routes) = (identity.replace("SITE", &address.to_string()), routes.to_owned());
    TestGate::before(site, address, |options, folder| {
        format!(
            "site: {{ name: Example Play, origin: \"http://{gateway}\", upstream: {{ servers: [\"{server}\"] }} }}\n\
             listen: [{{ address: \"{gateway}\" }}]\nops: {{ address: \"{ops}\" }}\n\
             identity:\n{identity}\n\
             second_factor: {{ methods: [app], first_enrolment: insecure_session_only }}\n\
             routes:\n{routes}\n\
             store: {{ durable: \"sqlite:{folder}/stepgate.db\" }}\nkeys: {{ file: \"{folder}/keys.yaml\" }}\n",
            gateway = options.gateway,
            ops = options.ops,
            folder = folder.display(),
        )
    })
    .await
}

/// What it says, and its exit code.
async fn doctor(gate: &TestGate<ScriptedSite>, more: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
    command.arg("doctor").arg("--config").arg(&gate.config).args(more);
    // The site answers on this test's own thread meanwhile. Each request has a deadline, and there are few.
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let Output { status, stdout, stderr } = output.unwrap();
    let said = [stdout, stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    (said, status.code())
}

const ASKS: &str = "- introspection: { cookie: sid, url: 'http://SITE/me', subject: { json: /id } }";

/// The site knows `/pay` and `/account` and what is below it, says who is logged in, and 404 else.
fn good(request: &Recorded) -> Response {
    match request.target.as_str() {
        "/" | "/account" => answer(200, &[("content-type", "text/html")], "page"),
        "/me" => answer(401, &[], ""),
        "/pay" => answer(302, &[("location", "/login")], ""),
        _ => answer(404, &[("content-type", "text/html")], "no page"),
    }
}

const ROUTES: &str = "- { name: pay, match: { path: /pay }, require: once, show: none }\n\
                      - { name: account, match: { path: '/account/**' }, require: session }";

#[tokio::test]
async fn a_good_site_has_no_problems_and_is_only_read() {
    let gate = gate(ASKS, ROUTES, good).await;
    let (said, code) = doctor(&gate, &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("\n0 problems, 0 warnings\n"), "{said}");
    for line in [
        "the durable store answers",
        "leads to stepgate",
        "`pay`: /pay is known to the site",
        "`account`: no other spelling of /account goes past it",
        "introspection: without a session the site names nobody",
        "the clocks of",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let asked = gate.site.everything();
    assert!(asked.iter().all(|request| request.method == "GET"), "nothing is changed");
    assert!(asked.len() < 60, "{} requests", asked.len());
}

#[tokio::test]
async fn a_path_that_the_site_does_not_have_and_a_twin_are_problems() {
    let routes = "- { name: pay, match: { path: /pya }, require: session }\n\
                  - { name: form, match: { path: /wihtdraw, methods: [POST] }, require: session }\n\
                  - { name: exact, match: { path: /account }, require: session }";
    let gate = gate(ASKS, routes, |request| match request.target.as_str() {
        "/account/x" | "/api/account" => answer(200, &[("content-type", "text/html")], "page"),
        _ => good(request),
    })
    .await;
    let (said, code) = doctor(&gate, &[]).await;
    assert_eq!(code, Some(70), "{said}");
    assert!(said.contains("problem  `pay`: /pya is not found on the site"), "{said}");
    assert!(said.contains("warning  `form`: /wihtdraw is not found by GET"), "{said}");
    let twins = "problem  `exact`: the site answers as /account also at /account/x (below), /api/account (API)";
    assert!(said.contains(twins), "{said}");
    let (said, _) = doctor(&gate, &["--write"]).await;
    assert!(said.contains("problem  `form`: /wihtdraw is not found on the site"), "{said}");
}

#[tokio::test]
async fn a_name_for_nobody_and_a_log_in_with_a_wrong_password_are_problems() {
    let identity = format!(
        "{ASKS}\n- login: {{ cookie: sid, match: {{ path: /login, methods: [POST] }}, subject: {{ form: name }}, \
         insecure_unconfirmed_login: true }}"
    );
    let gate = gate(&identity, ROUTES, |request| match request.target.as_str() {
        "/me" => answer(200, &[], "{\"id\":\"visitor\"}"),
        "/login" => answer(200, &[("set-cookie", "sid=v1; Path=/")], "wrong"),
        _ => good(request),
    })
    .await;
    let (said, code) = doctor(&gate, &[]).await;
    assert_eq!(code, Some(70), "{said}");
    assert!(said.contains("problem  introspection: without a session the site names somebody"), "{said}");
    assert!(said.contains("warning  login: a wrong password was not tried"), "{said}");
    assert!(gate.site.received("POST", "/login").is_empty(), "{said}");
    let (said, _) = doctor(&gate, &["--write"]).await;
    assert!(said.contains("problem  login: a wrong password was taken for a log-in"), "{said}");
    assert_eq!(gate.site.received("POST", "/login").len(), 1);
}

#[tokio::test]
async fn a_site_that_answers_every_address_alike_is_said_to_tell_nothing() {
    let gate = gate(ASKS, ROUTES, |request| match request.target.as_str() {
        "/me" => answer(401, &[], ""),
        _ => answer(302, &[("location", "/login")], ""),
    })
    .await;
    let (said, code) = doctor(&gate, &[]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("warning  `pay`: the site answers /pay as it answers any address"), "{said}");
}

/// 127.0.0.2 stands for the address by which others see this machine.
#[tokio::test]
async fn a_server_that_answers_at_another_address_too_is_a_problem() {
    for host in ["127.0.0.1", "localhost"] {
        let gate = gate_before(host, ASKS, ROUTES, good).await;
        let (name, port) = (format!("{host}:{}", gate.site.address.port()), gate.site.address.port());
        let also = ["--also-at", "127.0.0.2"];
        let (said, code) = doctor(&gate, &also).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("ok       {name} does not answer at 127.0.0.2")), "{said}");
        // The system takes the connection; nobody need answer on it.
        let other = std::net::TcpListener::bind(("127.0.0.2", port)).unwrap();
        let (said, code) = doctor(&gate, &also).await;
        assert_eq!(code, Some(70), "{said}");
        let found = format!("problem  {name} answers at 127.0.0.2:{port} too, from here: it may listen at every");
        assert!(said.contains(&found), "{said}");
        assert!(said.contains("let the site listen on loopback alone"), "{said}");
        drop(other);
        let (said, code) = doctor(&gate, &["--also-at", "127.0.0.1"]).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(&format!("ok       127.0.0.1 is where {name} itself is reached, from here")), "{said}");
    }
}

#[tokio::test]
async fn an_address_that_stands_for_all_is_no_address_to_try() {
    let gate = gate(ASKS, ROUTES, good).await;
    for address in ["0.0.0.0", "::", "::ffff:0.0.0.0"] {
        let (said, code) = doctor(&gate, &["--also-at", address]).await;
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains("it stands for every address and is none"), "{said}");
    }
    assert_eq!(gate.site.everything().len(), 0);
}

/// An answer that breaks off.
struct Broken;

impl Stream for Broken {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(Err(io::Error::other("broken"))))
    }
}

/// The unspecified address leads to loopback, and is not named as such.
#[tokio::test]
async fn of_a_server_off_loopback_no_more_is_said_than_a_visitor_sees() {
    for (status, expected) in [
        (Some(401), "ok       NAME, /pay: no answer without a session (401)\n         let the site listen"),
        (Some(403), "ok       NAME, /pay: no answer without a session (403)\n         let the site listen"),
        (Some(200), "warning  NAME answers /pay to whoever reaches it past stepgate\n         let the site listen"),
        (None, "warning  NAME gave no answer for /pay: whom it refuses is not known\n         let the site listen"),
    ] {
        let gate = gate_before("0.0.0.0", ASKS, ROUTES, move |request| match request.target.as_str() {
            "/pay" => status.map_or_else(
                || answer(200, &[], axum::body::Body::from_stream(Broken)),
                |status| answer(status, &[("content-type", "text/html")], "pay"),
            ),
            _ => good(request),
        })
        .await;
        let (said, _) = doctor(&gate, &[]).await;
        let expected = expected.replace("NAME", &format!("0.0.0.0:{}", gate.site.address.port()));
        assert!(said.contains(&expected), "{expected}\n{said}");
    }
}
