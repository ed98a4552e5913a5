//! Every way of writing a request to a guarded handler that is tried, by class. `{host}` stands for the
//! host of whoever the case is sent to. No case carries a proof.

mod bodies;
mod heads;
mod http2;
mod multipart;
mod mutations;
mod rails;
mod targets;

pub use mutations::mutations;

use super::wire::Ends;

/// What a case plays with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Plain,
    Encoding,
    DoubleEncoding,
    DotSegments,
    Slashes,
    Parameters,
    Case,
    Endings,
    Bytes,
    Forms,
    Query,
    Exceptions,
    Wildcards,
    Methods,
    Overrides,
    Hosts,
    Rerouting,
    Aliases,
    Framing,
    Upgrades,
    Http2,
    Cookies,
    Fields,
    Mutations,
}

impl Class {
    /// The row of the table.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Plain => "as documented",
            Self::Encoding => "percent encoding",
            Self::DoubleEncoding => "double encoding",
            Self::DotSegments => "dot segments",
            Self::Slashes => "slashes and backslashes",
            Self::Parameters => "path parameters",
            Self::Case => "case",
            Self::Endings => "trailing characters",
            Self::Bytes => "NUL, controls, UTF-8",
            Self::Forms => "absolute form, authority, fragment",
            Self::Query => "query tricks",
            Self::Exceptions => "public exceptions",
            Self::Wildcards => "segments that a pattern leaves open",
            Self::Methods => "methods",
            Self::Overrides => "method overrides",
            Self::Hosts => "Host",
            Self::Rerouting => "rewrite and forwarding headers",
            Self::Aliases => "header aliases",
            Self::Framing => "framing and smuggling",
            Self::Upgrades => "upgrades",
            Self::Http2 => "HTTP/2 fields",
            Self::Cookies => "cookies",
            Self::Fields => "fields of query, form, JSON",
            Self::Mutations => "random mutations",
        }
    }
}

impl Class {
    /// Whether its cases are about the path, and so about the policy for odd ones.
    pub fn is_of_paths(self) -> bool {
        self <= Self::Wildcards || self == Self::Mutations
    }
}

/// How a case looks on the wire.
#[derive(Clone, Debug)]
pub enum Wire {
    Http1 { bytes: Vec<u8>, ends: Ends },
    Http2 { fields: Vec<(String, String)>, body: Vec<u8> },
}

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    pub class: Class,
    pub wire: Wire,
}

/// The written cases.
pub fn written() -> Vec<Case> {
    [targets::cases(), heads::cases(), bodies::cases(), multipart::cases(), http2::cases(), rails::cases()].concat()
}

impl Case {
    fn raw(class: Class, bytes: impl AsRef<[u8]>) -> Self {
        Self { class, wire: Wire::Http1 { bytes: bytes.as_ref().to_vec(), ends: Ends::Answered } }
    }

    /// A case after whose first answer a second may come, or that leaves its request unfinished.
    fn unfinished(class: Class, bytes: impl AsRef<[u8]>) -> Self {
        Self { class, wire: Wire::Http1 { bytes: bytes.as_ref().to_vec(), ends: Ends::Silent } }
    }

    fn http2(class: Class, fields: &[(&str, &str)], body: &[u8]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { class, wire: Wire::Http2 { fields, body: body.to_vec() } }
    }

    /// One line that tells the case from others.
    pub fn describe(&self) -> String {
        match &self.wire {
            Wire::Http1 { bytes, .. } => bytes.escape_ascii().to_string(),
            Wire::Http2 { fields, .. } => format!("HTTP/2 {fields:?}"),
        }
    }
}

/// A head of HTTP/1.1 that ends its connection, with more lines before its end.
fn head(method: &str, target: &str, lines: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n{lines}\r\n").into_bytes()
}

/// A post with a body of this type.
fn post(target: &str, content_type: &str, body: &str) -> Vec<u8> {
    head("POST", target, &format!("Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
        .strip_suffix(b"\r\n")
        .unwrap()
        .to_vec()
}
