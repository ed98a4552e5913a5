//! Whatever stands in a head: what is let in has one host, one boundary and one client, and what goes on
//! to the site has no name that a server could take for another.

use http::{HeaderName, HeaderValue};
use pingora::http::RequestHeader;

use super::*;
use crate::{
    edge::forward::{self, Passing},
    fuzz::{self, parts, text},
    identity::HeaderUse,
    request,
};

const HOSTS: [&str; 2] = ["play.example", "play.example:8443"];
const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

/// The first line says how the connection came (`s`: TLS, `t`: a trusted proxy, `2`: HTTP/2), then come the
/// method, the target, and the lines of the head.
#[test]
fn no_head_is_let_in_that_says_two_things() {
    let proxies: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
    let hosts = HOSTS.map(str::to_owned);
    let limits = Limits { header_bytes: 2048, headers: 16, ..tests::limits() };
    fuzz::hold("intake", 20_000, |input| {
        let [flags, method, target, lines] = parts(input);
        let [tls, trusted, second] = [b's', b't', b'2'].map(|flag| flags.contains(&flag));
        let Some(head) = head((method, second, tls), lines) else { return "no head".to_owned() };
        let connection = Connection {
            peer: PEER,
            tls,
            raw_head: Some(lines).filter(|_| head.headers.contains_key(header::TRANSFER_ENCODING)),
            trusted_proxies: if trusted { &proxies } else { &[] },
            hosts: &hosts,
            limits,
        };
        let intake = match examine(&head, target, connection) {
            Ok(intake) => intake,
            Err(problem) => return format!("{problem:?}"),
        };
        assert!(trusted || (intake.scheme == Scheme::Https) == tls);
        hold_for(&intake, &head, target);
        hold_for_outbound(&intake, &head, target);
        format!("{} {} {}", intake.trusted, intake.client == PEER, intake.scheme.as_str())
    });
}

fn head((method, second, tls): (&[u8], bool, bool), lines: &[u8]) -> Option<http::request::Parts> {
    let mut request = http::Request::new(());
    *request.method_mut() = Method::from_bytes(method).ok()?;
    if second {
        *request.version_mut() = Version::HTTP_2;
        let scheme = if tls { "https" } else { "http" };
        *request.uri_mut() = format!("{scheme}://play.example/").parse().unwrap();
    }
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (line.get(..at)?, line.get(at + 1..)?.trim_ascii());
        request.headers_mut().append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(request.into_parts().0)
}

fn hold_for(intake: &Intake, head: &http::request::Parts, target: &[u8]) {
    assert_eq!(intake.target.raw().as_bytes(), target);
    assert!(HOSTS.contains(&intake.host.as_str()), "{}", intake.host);
    assert!((1..=128).contains(&intake.request_id.len()));
    let lengths: Vec<_> = head.headers.get_all(header::CONTENT_LENGTH).iter().collect();
    let codings: Vec<_> = head.headers.get_all(header::TRANSFER_ENCODING).iter().collect();
    assert!(lengths.len() + codings.len() <= 1, "{lengths:?} {codings:?}");
    assert!(codings.iter().all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked")));
    let length = lengths.first().map(|length| text(length.as_bytes()).unwrap());
    assert!(length.is_none_or(|length| length.parse::<u64>().unwrap().to_string() == length), "{length:?}");
    let upgrades = head.headers.contains_key(header::UPGRADE);
    assert!(!upgrades || (head.method == Method::GET && codings.is_empty() && length.is_none_or(|it| it == "0")));
    if !intake.trusted {
        assert_eq!(intake.client, PEER);
    }
}

fn hold_for_outbound(intake: &Intake, head: &http::request::Parts, target: &[u8]) {
    // What the library does not take for a target, as a raw backtick, never comes so far.
    let Ok(mut outbound) = RequestHeader::build(head.method.clone(), target, None) else { return };
    for (name, value) in &head.headers {
        outbound.append_header(name.clone(), value.clone()).unwrap();
    }
    let use_of =
        |name: &str| if request::folds_alike(name, "x-player") { HeaderUse::Forged } else { HeaderUse::Unread };
    forward::clean(&mut outbound, Passing { trusted: intake.trusted, odd_headers: &[], use_of: &use_of }).unwrap();
    forward::introduce(&mut outbound, intake, None).unwrap();
    for name in ["host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", REQUEST_ID] {
        assert_eq!(outbound.headers.get_all(name).iter().count(), 1, "{name}");
    }
    assert_eq!(outbound.headers[header::HOST], intake.host);
    let said = outbound.headers["x-forwarded-for"].as_bytes();
    assert!(said == b"10.0.0.1" || said.ends_with(b", 10.0.0.1"), "{said:?}");
    for name in outbound.headers.keys().map(HeaderName::as_str) {
        assert_eq!(request::folded_name(name), name, "a server may take it for another");
        assert!(!name.starts_with("stepgate") && name != "x-player" && name != "forwarded", "{name}");
    }
}
