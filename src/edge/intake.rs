//! The first look at a request: what nobody may send, which host is meant, who is on the line.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use http::{HeaderMap, HeaderValue, Method, Version, header};
use ipnet::IpNet;
use pingora::http::RequestHeader;

use crate::{
    edge::settings::Limits,
    request::{AnswerCookies, Head, Scheme},
    target::Target,
    web::Problem,
};

/// The header that names a request to proxies and the site.
pub const REQUEST_ID: &str = "x-request-id";

/// What the first look found out.
#[derive(Debug)]
pub struct Intake {
    /// The target with its readings.
    pub target: Target,
    /// The host as the configuration writes it.
    pub host: String,
    /// How the player came in.
    pub scheme: Scheme,
    /// The protocol of the request.
    pub version: Version,
    /// The player's address.
    pub client: IpAddr,
    /// The peer's address.
    pub peer: IpAddr,
    /// Whether the peer is a trusted proxy.
    pub trusted: bool,
    /// What whoever answers sets besides; the portal has it too.
    pub answer_cookies: Arc<AnswerCookies>,
    /// Names the request in our log and to the site: what a trusted proxy calls it, else a new
    /// public id. 1 to 128 letters, digits, `-`, `_`, `.`.
    pub request_id: String,
}

impl Intake {
    /// The head as data.
    #[must_use]
    pub fn head<'r>(&'r self, method: &'r Method, headers: &'r HeaderMap) -> Head<'r> {
        Head {
            method,
            target: &self.target,
            host: &self.host,
            scheme: self.scheme,
            version: self.version,
            headers,
            client: self.client,
            peer: self.peer,
            answer_cookies: &self.answer_cookies,
        }
    }
}

/// What the connection says.
#[derive(Clone, Copy, Debug)]
pub struct Connection<'a> {
    /// The peer's address.
    pub peer: IpAddr,
    /// Whether it came in over TLS.
    pub tls: bool,
    /// The head as it came over HTTP/1, where it has a Transfer-Encoding: the proxy library drops a
    /// Content-Length beside it.
    pub raw_head: Option<&'a [u8]>,
    /// Peers whose X-Forwarded-* is believed.
    pub trusted_proxies: &'a [IpNet],
    /// Accepted hosts.
    pub hosts: &'a [String],
    /// What may be sent.
    pub limits: Limits,
}

/// Looks at a request head. `raw_target` is the target as it stands in the request line or `:path`.
///
/// # Errors
/// The problem that answers it: 400, 405, 421 or 431.
pub fn examine(parts: &http::request::Parts, raw_target: &[u8], connection: Connection<'_>) -> Result<Intake, Problem> {
    check_size(&parts.headers, raw_target, connection.limits)?;
    check_method(&parts.method)?;
    check_scheme(parts, connection.tls)?;
    check_framing(&parts.headers, connection.raw_head)?;
    check_nominations(&parts.headers)?;
    check_expectation(&parts.headers)?;
    check_upgrade(&parts.method, &parts.headers)?;
    let target = Target::parse_for(&parts.method, raw_target).map_err(|bad| Problem::bad_request(bad.to_string()))?;
    let trusted = connection.trusted_proxies.iter().any(|net| net.contains(&connection.peer));
    let scheme = scheme(&parts.headers, connection.tls, trusted);
    let named = forwarded_host(&parts.headers, trusted)
        .or_else(|| parts.uri.authority().map(http::uri::Authority::as_str))
        .or_else(|| parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()))
        .ok_or_else(|| Problem::bad_request("the Host header is missing"))?;
    let host = accepted_host(named, scheme, connection.hosts).ok_or_else(Problem::misdirected)?;
    let client = client(&parts.headers, connection, trusted);
    let request_id = request_id(&parts.headers, trusted);
    Ok(Intake {
        target,
        host: host.to_owned(),
        scheme,
        version: parts.version,
        client,
        peer: connection.peer,
        trusted,
        answer_cookies: Arc::default(),
        request_id,
    })
}

fn check_size(headers: &HeaderMap, raw_target: &[u8], limits: Limits) -> Result<(), Problem> {
    // Four bytes a line for ": " and CRLF.
    let bytes: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > limits.headers || bytes + raw_target.len() > limits.header_bytes {
        return Err(Problem::header_too_large());
    }
    Ok(())
}

/// An upper-case token; never TRACE or CONNECT (security.md REQ-08).
fn check_method(method: &Method) -> Result<(), Problem> {
    let name = method.as_str();
    if !name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-') || name.len() > 24 {
        return Err(Problem::bad_request("the method is not an upper-case token"));
    }
    if matches!(name, "TRACE" | "TRACK" | "CONNECT") {
        return Err(Problem::method_refused());
    }
    Ok(())
}

/// Over HTTP/2 the client says how it reached us: that is how the connection came (RFC 9113 §8.3.1). Beside a Host in
/// place of the authority the library does not keep what it said, and nobody reads it.
fn check_scheme(parts: &http::request::Parts, tls: bool) -> Result<(), Problem> {
    let came = if tls { "https" } else { "http" };
    let is_kept = parts.uri.authority().is_some();
    if parts.version == Version::HTTP_2 && is_kept && parts.uri.scheme_str() != Some(came) {
        return Err(Problem::bad_request("the scheme is not that of the connection"));
    }
    Ok(())
}

/// One unambiguous message boundary (security.md REQ-04): the proxy library accepts more.
fn check_framing(headers: &HeaderMap, raw_head: Option<&[u8]>) -> Result<(), Problem> {
    if raw_head.is_some_and(declares_length) {
        return Err(Problem::bad_request("the body's length is ambiguous"));
    }
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    if let Some(length) = lengths.next() {
        let digits = length.as_bytes();
        let canonical = !digits.is_empty()
            && digits.len() <= 10
            && digits.iter().all(u8::is_ascii_digit)
            && (digits.len() == 1 || digits.first() != Some(&b'0'));
        if lengths.next().is_some() || !canonical || headers.contains_key(header::TRANSFER_ENCODING) {
            return Err(Problem::bad_request("the body's length is ambiguous"));
        }
    }
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(coding) = codings.next()
        && (codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
    {
        return Err(Problem::bad_request("the transfer coding is not exactly chunked"));
    }
    Ok(())
}

/// Whether some line of a head is a Content-Length.
fn declares_length(head: &[u8]) -> bool {
    let names = head.split(|byte| *byte == b'\n').filter_map(|line| line.split(|byte| *byte == b':').next());
    names.map(<[u8]>::trim_ascii).any(|name| name.eq_ignore_ascii_case(b"content-length"))
}

/// `Connection` may nominate only what is hop by hop anyway: anything else would be checked here
/// and then removed before the site sees it (security.md 0.4).
fn check_nominations(headers: &HeaderMap) -> Result<(), Problem> {
    let known = ["close", "keep-alive", "upgrade", "te", "http2-settings"];
    for line in headers.get_all(header::CONNECTION) {
        let line = line.to_str().map_err(|_| Problem::bad_request("the Connection header is malformed"))?;
        for option in line.split(',').map(str::trim).filter(|option| !option.is_empty()) {
            if !known.iter().any(|name| option.eq_ignore_ascii_case(name)) {
                return Err(Problem::bad_request("the Connection header names a header that must not be removed"));
            }
        }
    }
    Ok(())
}

/// The one expectation that there is (RFC 9110 §10.1.1), said once.
fn check_expectation(headers: &HeaderMap) -> Result<(), Problem> {
    let mut lines = headers.get_all(header::EXPECT).iter();
    let known = lines.next().is_none_or(|line| line.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if !known || lines.next().is_some() {
        return Err(Problem::bad_request("the expectation is not exactly 100-continue"));
    }
    Ok(())
}

/// A server may ignore that a client would rather speak another protocol (RFC 9110 §7.8), as with `h2c`: only a
/// WebSocket is asked for on.
pub fn drop_other_protocols(head: &mut RequestHeader) {
    let is_websocket = |line: &HeaderValue| line.as_bytes().eq_ignore_ascii_case(b"websocket");
    let mut lines = head.headers.get_all(header::UPGRADE).iter();
    let Some(line) = lines.next() else { return };
    if !is_websocket(line) || lines.next().is_some() || !nominates_upgrade(&head.headers) {
        head.remove_header(&header::UPGRADE);
    }
}

/// Whoever asks for another protocol says that this holds for the next hop alone (RFC 9110 §7.8).
fn nominates_upgrade(headers: &HeaderMap) -> bool {
    let mut options = headers.get_all(header::CONNECTION).iter().flat_map(|line| line.as_bytes().split(|b| *b == b','));
    options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

/// Whoever asks for another protocol asks by a GET without a body (RFC 6455 §4.1): what follows the head
/// is then of the one protocol or of the other, and never a body.
fn check_upgrade(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(header::UPGRADE) {
        return Ok(());
    }
    if *method != Method::GET || crate::request::announces_body(headers) {
        return Err(Problem::bad_request("another protocol is asked for by a GET without a body"));
    }
    Ok(())
}

fn scheme(headers: &HeaderMap, tls: bool, trusted: bool) -> Scheme {
    let forwarded = headers.get("x-forwarded-proto").filter(|_| trusted);
    let https = match forwarded {
        Some(proto) => proto.as_bytes().eq_ignore_ascii_case(b"https"),
        None => tls,
    };
    if https { Scheme::Https } else { Scheme::Http }
}

fn request_id(headers: &HeaderMap, trusted: bool) -> String {
    let harmless = |id: &&str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=128).contains(&id.len()) && id.bytes().all(known)
    };
    let given = crate::request::header_once(headers, REQUEST_ID).filter(|_| trusted).filter(harmless);
    given.map_or_else(crate::secret::request_id, str::to_owned)
}

fn forwarded_host(headers: &HeaderMap, trusted: bool) -> Option<&str> {
    if !trusted {
        return None;
    }
    crate::request::header_once(headers, "x-forwarded-host")
}

/// The configured host that this names: case, a trailing dot and the scheme's own port aside.
fn accepted_host<'h>(named: &str, scheme: Scheme, hosts: &'h [String]) -> Option<&'h str> {
    let default_port = match scheme {
        Scheme::Http => ":80",
        Scheme::Https => ":443",
    };
    let bare = named.strip_suffix(default_port).unwrap_or(named);
    let same = |host: &&String| {
        let undotted = match bare.rsplit_once(':') {
            Some((name, port)) if !name.ends_with(']') && name.ends_with('.') => {
                return format!("{}:{port}", name.strip_suffix('.').unwrap_or(name)).eq_ignore_ascii_case(host);
            }
            _ => bare.strip_suffix('.').unwrap_or(bare),
        };
        undotted.eq_ignore_ascii_case(host)
    };
    hosts.iter().find(same).map(String::as_str)
}

/// An address as proxies write it, some in quotes, with a port or a zone behind.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(hop);
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    let address = bare.parse().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The last address that no trusted proxy vouches for (security.md REQ-07).
fn client(headers: &HeaderMap, connection: Connection<'_>, trusted: bool) -> IpAddr {
    let mut client = connection.peer;
    if !trusted {
        return client;
    }
    // A byte that is no text hides no hop behind it.
    let lines: Vec<&[u8]> = headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
        let Some(address) = std::str::from_utf8(hop).ok().and_then(|hop| hop_address(hop.trim())) else { break };
        client = address;
        if !connection.trusted_proxies.iter().any(|net| net.contains(&address)) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
pub(super) mod tests;
