//! The zoo: real frameworks behind the gateway, and every way of writing a request that any of them
//! might take for one to a guarded handler.
//!
//! The oracle is the site's own handler. If it ran, the gateway must have matched the request and had a
//! proof; no request here has one. Whatever a case does to the site directly, through the gateway it
//! reaches nothing.

#![expect(clippy::print_stdout, reason = "the table is what these tests have to say")]

mod benign;
mod cases;
mod frameworks;
mod gateway;
pub mod h2;
mod recorder;
mod smuggling;
mod table;
mod wire;

use cases::{Case, Wire};
use frameworks::{Framework, Offers, Site};
use gateway::{Gateway, OddPaths};
use table::Tally;
use wire::Ends;

/// Whether `script/zoo` runs it: with more mutations, and its figures are kept.
fn is_long() -> bool {
    std::env::var_os("STEPGATE_ZOO").is_some_and(|form| form == "long")
}

/// How many random mutations are tried.
fn mutations() -> usize {
    if is_long() { 5_000 } else { 150 }
}

/// Whether a guarded handler ran, as far as an answer or the journal shows.
struct Outcome {
    handled: bool,
    answer: Vec<u8>,
}

fn try_directly(site: &Site, case: &Case) -> Outcome {
    let before = site.handled();
    let (bytes, ends) = match &case.wire {
        Wire::Http1 { bytes, ends } => (bytes.clone(), *ends),
        // What a gateway would make of it.
        Wire::Http2 { fields, body } => (as_http1(fields, body), Ends::Answered),
    };
    let answer = wire::exchange(site.address, &filled(&bytes, &site.address.to_string()), ends);
    Outcome { handled: site.handled() > before || says_handled(&answer), answer }
}

fn try_through(gateway: &Gateway, site: &Site, case: &Case) -> Outcome {
    let before = site.handled();
    let answer = match &case.wire {
        Wire::Http1 { bytes, ends } => {
            wire::exchange(gateway.address, &filled(bytes, &gateway.address.to_string()), *ends)
        }
        Wire::Http2 { fields, body } => {
            let host = gateway.secure.to_string();
            let fill = |text: &String| String::from_utf8(filled(text.as_bytes(), &host)).unwrap();
            let fields: Vec<(String, String)> =
                fields.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
            gateway.client.exchange(gateway.secure, &fields, &filled(body, &host)).unwrap_or_default()
        }
    };
    Outcome { handled: site.handled() > before || says_handled(&answer), answer }
}

fn says_handled(answer: &[u8]) -> bool {
    answer.windows(11).any(|window| window == b"zoo-guarded")
}

/// The bytes with the host that is spoken to and a session in their places.
fn filled(bytes: &[u8], host: &str) -> Vec<u8> {
    let session = Gateway::session();
    let mut filled = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"{host}") {
            filled.extend_from_slice(host.as_bytes());
            rest = after;
        } else if let Some(after) = rest.strip_prefix(b"{session}") {
            filled.extend_from_slice(session.as_bytes());
            rest = after;
        } else {
            filled.push(*first);
            rest = after;
        }
    }
    filled
}

fn as_http1(fields: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let pseudo = |wanted: &str| fields.iter().rfind(|(name, _)| name == wanted).map_or("", |(_, value)| value);
    let mut head = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", pseudo(":method"), pseudo(":path"));
    if !pseudo(":authority").is_empty() {
        head += &format!("Host: {}\r\n", pseudo(":authority"));
    }
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with(':')) {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() && !head.contains("content-length") {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

/// A site with nothing before it, and another one of its kind behind gateways: what the first does late is
/// then never taken for what came through.
struct Grounds {
    alone: Site,
    site: Site,
    gateway: Gateway,
    /// The same with every odd path that can be taken taken: then the readings alone hold.
    lenient: Gateway,
}

/// Every case against a site and against the gateway before it.
fn attack(framework: &Framework, grounds: &Grounds) -> Tally {
    let Grounds { alone, site, gateway, lenient } = grounds;
    let mut tally = Tally::of(framework.name);
    let mut reached = Vec::new();
    for case in cases::written().into_iter().chain(cases::mutations(mutations())) {
        let direct = try_directly(alone, &case);
        let mut through = try_through(gateway, site, &case);
        if case.class.is_of_paths() && !through.handled {
            through = try_through(lenient, site, &case);
        }
        tally.add(case.class, direct.handled, through.handled);
        if through.handled {
            reached.push(format!(
                "{}\n  -> {}",
                case.describe(),
                String::from_utf8_lossy(&through.answer).escape_debug()
            ));
        }
    }
    let (benign, blocked) = benign::blocked(alone, gateway);
    tally.benign(benign, u32::try_from(blocked.len()).unwrap());
    // Whatever came late, by a request hidden in another, is here by now: one more exchange has ended.
    let before = site.handled();
    gateway.assert_lets_through();
    assert_eq!(site.handled_since(before), "", "nothing arrives late");
    let plain = cases::written().into_iter().next().unwrap();
    assert!(try_directly(alone, &plain).handled, "the site is still there");
    tally.print();
    assert!(
        blocked.is_empty(),
        "{}: {} ordinary requests differ:\n{}",
        framework.name,
        blocked.len(),
        blocked.join("\n")
    );
    assert!(reached.is_empty(), "{}: {} cases reached it:\n{}", framework.name, reached.len(), reached.join("\n"));
    tally
}

async fn tour(name: &str, must_run: bool) {
    let framework = frameworks::named(name);
    if let Some(missing) = framework.missing() {
        assert!(!must_run, "{name} must be there; `script/bootstrap` installs it: {}", missing.display());
        println!("not run: {name}, since {} is not installed", missing.display());
        return;
    }
    let (alone, site) = tokio::task::spawn_blocking(|| (framework.start(), framework.start())).await.unwrap();
    let gateway = Gateway::before(site.address).await;
    let lenient = Gateway::with(site.address, OddPaths::Matched).await;
    tokio::task::spawn_blocking(move || {
        gateway.assert_lets_through();
        lenient.assert_lets_through();
        let tally = attack(framework, &Grounds { alone, site, gateway, lenient });
        assert!(tally.reached_directly() > 20, "the cases are about something: they reach the site itself");
        if framework.offers == Offers::Everything {
            tally.assert_the_documented_bites();
        }
    })
    .await
    .unwrap();
}

/// Whether `script/bootstrap --ci` was run before.
fn is_ci() -> bool {
    std::env::var_os("STEPGATE_CI").is_some()
}

/// One test a framework: those that `script/bootstrap --tests` and `--ci` install, and those that run where they are.
macro_rules! zoo {
    ($($must_run:expr => $($name:ident),*;)*) => {
        $($(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::tour(stringify!($name), $must_run).await;
            }
        )*)*
    };
}

mod nothing_guarded_is_reached_on {
    zoo! {
        true => express, django, flask, php, sinatra, rails, fastify, koa, gunicorn, starlette, aiohttp;
        super::is_ci() => tomcat, nginx;
        false => nginx_php, mojolicious, go, apache;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_paths_go_on_with_proof_where_the_policy_says_so() {
    let site = tokio::task::spawn_blocking(|| frameworks::named("express").start()).await.unwrap();
    let odd = ["/account//open", "/account%2fopen", "/account/open;x=1", "/account/OPEN"];
    for (paths, expected) in
        [(OddPaths::Default, [400, 400, 400, 200]), (OddPaths::Matched, [200; 4]), (OddPaths::Rejected, [400; 4])]
    {
        let gateway = Gateway::with(site.address, paths).await;
        let answers = tokio::task::spawn_blocking(move || odd.map(|target| gateway.opened(target))).await.unwrap();
        assert_eq!(answers, expected, "{paths:?}");
    }
}

/// The second half of `script/zoo`; at other times there is nothing to do.
#[test]
fn the_page_says_what_was_found() {
    if std::env::var_os("STEPGATE_ZOO").is_some_and(|form| form == "page") {
        table::write_page(&frameworks::ALL);
    }
}
