//! Handshakes of TLS that nobody should speak any more, as bytes (RFC 5246 §7.4.1.2, security.md REQ-11).

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::held;

const HANDSHAKE: u8 = 22;
const ALERT: u8 = 21;
const FATAL: u8 = 2;
const PROTOCOL_VERSION: u8 = 70;

/// A ClientHello that offers this version at most, with suites of every version, and nothing that only
/// TLS 1.3 knows.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    // ECDHE with ECDSA and RSA: GCM of TLS 1.2, then CBC as of TLS 1.0.
    let suites: [u16; 6] = [0xc02b, 0xc02f, 0xc009, 0xc013, 0xc00a, 0xc014];
    let mut extensions = Vec::new();
    for (kind, body) in [
        // Groups: x25519 and P-256.
        (10_u16, vec![0, 4, 0, 29, 0, 23]),
        // Points: uncompressed.
        (11, vec![1, 0]),
        // Signatures: ECDSA and RSA with SHA-256.
        (13, vec![0, 6, 4, 3, 8, 4, 4, 1]),
        // The extended master secret, and a safe renegotiation.
        (23, Vec::new()),
        (0xff01, vec![0]),
    ] {
        extensions.extend(kind.to_be_bytes());
        extensions.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        extensions.extend(body);
    }
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend(u16::try_from(2 * suites.len()).unwrap().to_be_bytes());
    hello.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
    hello.extend([1, 0]);
    hello.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    hello.extend(extensions);
    let length = u32::try_from(hello.len()).unwrap().to_be_bytes();
    let message = [&[1][..], &length[1..], &hello].concat();
    let record = [HANDSHAKE, 3, 1];
    [&record[..], &u16::try_from(message.len()).unwrap().to_be_bytes(), &message].concat()
}

/// The first record of the answer: its type, and how its body begins.
fn answered(address: SocketAddr, hello: &[u8]) -> (u8, [u8; 2]) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(hello).unwrap();
    let mut record = [0; 7];
    stream.read_exact(&mut record).unwrap();
    (record[0], [record[5], record[6]])
}

#[tokio::test]
async fn no_handshake_of_tls_1_1_or_older_comes_about() {
    let (gate, _jar, _files) = held::over_http2().await;
    let address = gate.address;
    tokio::task::spawn_blocking(move || {
        for (version, name) in [([3, 2], "TLS 1.1"), ([3, 1], "TLS 1.0"), ([3, 0], "SSL 3")] {
            assert_eq!(answered(address, &client_hello(version)), (ALERT, [FATAL, PROTOCOL_VERSION]), "{name}");
        }
        // The same bytes with another version are a good beginning.
        let (kind, _) = answered(address, &client_hello([3, 3]));
        assert_eq!(kind, HANDSHAKE, "TLS 1.2");
    })
    .await
    .unwrap();
}
