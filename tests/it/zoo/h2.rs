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

    /// Begins a stream whose body comes so slowly, until the server ends it; then the body of the answer to another
    /// on the same connection. `None` where one of them does not end.
    pub fn slowly(&self, address: SocketAddr, target: &str, slowly: Slowly) -> Option<Vec<u8>> {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        let name = "127.0.0.1".try_into().unwrap();
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(&self.0), name).unwrap(), socket);
        let host = address.to_string();
        let head = |method, target| {
            let fields = [(":method", method), (":scheme", "https"), (":path", target), (":authority", &host)];
            fields.iter().flat_map(|(name, value)| literal(name, value)).collect::<Vec<u8>>()
        };
        let opened =
            [&PREFACE[..], &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, END_HEADERS, 1, &head("POST", target))];
        stream.write_all(&opened.concat()).unwrap();
        stream.sock.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let (started, mut got) = (Instant::now(), Vec::new());
        while !frames(&got).any(|(kind, flags, stream, _)| stream == 1 && ends(kind, flags)) {
            if started.elapsed() > 4 * DEADLINE {
                return None;
            }
            let mut piece = [0; 4096];
            match stream.read(&mut piece) {
                Ok(0) => return None,
                Ok(read) => got.extend_from_slice(&piece[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return None,
            }
            if slowly == Slowly::AByte {
                stream.write_all(&frame(DATA, 0, 1, b"a")).ok()?;
            }
        }
        stream.write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 3, &head("GET", "/beside"))).ok()?;
        stream.sock.set_read_timeout(Some(DEADLINE)).unwrap();
        while !frames(&got).any(|(kind, flags, stream, _)| stream == 3 && ends(kind, flags)) {
            let mut piece = [0; 4096];
            let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
            got.extend_from_slice(&piece[..read]);
        }
        let body = frames(&got).filter(|(kind, _, stream, _)| (*kind, *stream) == (DATA, 3));
        Some(body.flat_map(|(_, _, _, payload)| payload.to_vec()).collect())
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

/// How the body of a stream comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slowly {
    /// A byte in each frame, now and then.
    AByte,
    /// Not at all.
    Nothing,
}

/// The whole frames: kind, flags, stream, payload.
fn frames(mut bytes: &[u8]) -> impl Iterator<Item = (u8, u8, u32, &[u8])> {
    std::iter::from_fn(move || {
        let (head, rest) = bytes.split_at_checked(9)?;
        let size = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
        let (payload, rest) = rest.split_at_checked(size)?;
        bytes = rest;
        Some((head[3], head[4], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    })
}

/// Whether a stream ends with this frame.
const fn ends(kind: u8, flags: u8) -> bool {
    kind == RST_STREAM || (matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0)
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
