//! HTTP/2 frames made by hand, so that a case may say what no client library would send.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::CertificateDer};

/// How long to wait for the end of a stream.
const DEADLINE: Duration = Duration::from_secs(5);

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
pub const END_STREAM: u8 = 1;
const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// A client that trusts one certificate and speaks HTTP/2 only.
pub struct Client(Arc<ClientConfig>);

impl Client {
    /// A client of the server with this certificate.
    pub fn trusting(certificate: CertificateDer<'static>) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self(Arc::new(config))
    }

    /// Sends one request on a connection of its own; the answer's body, once its stream ended.
    pub fn exchange(&self, address: SocketAddr, fields: &[(String, String)], body: &[u8]) -> Option<Vec<u8>> {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        socket.set_nodelay(true).unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(&self.0), name).unwrap(), socket);
        // The server may end the connection at the first frame that it does not like.
        let _ = stream.write_all(&request(fields, body));
        read_stream(&mut stream)
    }

    /// Sends these bytes after the preface and reads nothing meanwhile; whether the server took them all.
    pub fn pour(&self, address: SocketAddr, bytes: &[u8]) -> bool {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_write_timeout(Some(DEADLINE)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(&self.0), name).unwrap(), socket);
        stream.write_all(&PREFACE).and_then(|()| stream.write_all(&frame(SETTINGS, 0, 0, &[]))).unwrap();
        stream.write_all(bytes).is_ok()
    }
}

/// What a client begins with (RFC 9113 §3.4).
const PREFACE: [u8; 24] = *b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The preface, our settings, and one stream.
fn request(fields: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    let flags = if body.is_empty() { END_HEADERS | END_STREAM } else { END_HEADERS };
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| literal(name, value)).collect();
    bytes.extend(frame(HEADERS, flags, 1, &block));
    if !body.is_empty() {
        bytes.extend(frame(DATA, END_STREAM, 1, body));
    }
    bytes
}

/// A frame (RFC 9113 §4.1).
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A field that is not indexed, in plain octets (RFC 7541 §6.2.2).
pub fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        bytes.extend(length(text.len()));
        bytes.extend(text.as_bytes());
    }
    bytes
}

/// An integer with a prefix of seven bits (RFC 7541 §5.1).
fn length(mut value: usize) -> Vec<u8> {
    if value < 127 {
        return vec![u8::try_from(value).unwrap()];
    }
    value -= 127;
    let mut bytes = vec![127];
    while value >= 128 {
        bytes.push(u8::try_from(value % 128).unwrap() | 128);
        value /= 128;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

/// The data of the stream; `None` when it was reset or the connection ended first.
fn read_stream(stream: &mut StreamOwned<ClientConnection, TcpStream>) -> Option<Vec<u8>> {
    let started = Instant::now();
    let mut body = Vec::new();
    while started.elapsed() < DEADLINE {
        let mut head = [0; 9];
        stream.read_exact(&mut head).ok()?;
        let size = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(size).unwrap()];
        stream.read_exact(&mut payload).ok()?;
        let (kind, flags) = (head[3], head[4]);
        match kind {
            SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).ok()?,
            DATA => body.extend(&payload),
            RST_STREAM | GOAWAY => return None,
            _ => {}
        }
        if matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            return Some(body);
        }
    }
    None
}
