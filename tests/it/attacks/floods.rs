//! Floods over HTTP/2, small enough for every run (security.md A44): whoever is beside them is served, and
//! the memory of the process stays where it was. `script/soak` has the large ones.

use std::fs;

use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::{
    held,
    kit::TestGate,
    zoo::h2::{Client, DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, SETTINGS, frame, literal},
};

const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// What a flood may leave behind, in KiB.
const GROWTH: u64 = 64 * 1024;

/// A good request as a block of headers.
fn head(host: &str) -> Vec<u8> {
    let fields = [(":method", "POST"), (":scheme", "https"), (":path", "/assets/site.css"), (":authority", host)];
    fields.iter().flat_map(|(name, value)| literal(name, value)).collect()
}

/// The client's streams: odd numbers.
fn streams(count: u32) -> impl Iterator<Item = u32> {
    (0..count).map(|number| 2 * number + 1)
}

/// What each flood is called, and its bytes.
fn floods(host: &str) -> Vec<(&'static str, Vec<u8>)> {
    let (head, cancel) = (head(host), 8_u32.to_be_bytes());
    let reset = |stream| [frame(HEADERS, END_HEADERS, stream, &head), frame(RST_STREAM, 0, stream, &cancel)].concat();
    let opened = frame(HEADERS, END_HEADERS, 1, &head);
    let begun = frame(HEADERS, END_STREAM, 1, &head);
    // One large field into the table (RFC 7541 §6.2.1), then named again and again, a byte each.
    let mut bomb = literal("x-bomb", &"b".repeat(3_900));
    bomb[0] = 0x40;
    let bomb = [head.clone(), bomb, vec![0xbe; 12_000]].concat();
    vec![
        ("resets", streams(20_000).flat_map(reset).collect()),
        ("open streams", streams(20_000).flat_map(|stream| frame(HEADERS, END_HEADERS, stream, &head)).collect()),
        ("empty data", [opened, frame(DATA, 0, 1, &[]).repeat(100_000)].concat()),
        ("a head without end", [begun, frame(CONTINUATION, 0, 1, &literal("x-a", "b")).repeat(50_000)].concat()),
        ("a bomb of headers", frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb)),
        ("pings", frame(PING, 0, 0, &[7; 8]).repeat(100_000)),
        ("room for nothing", frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()).repeat(100_000)),
        ("settings", frame(SETTINGS, 0, 0, &[]).repeat(100_000)),
    ]
}

/// KiB that the gateway has in memory (`proc_pid_status(5)`).
fn resident(gate: &TestGate) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gate.process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it runs");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_flood_of_http_2_frames_costs_no_memory_and_nobody_beside_it() {
    let (gate, jar, files) = held::over_http2().await;
    let certificate = CertificateDer::from_pem_file(files.path().join("cert.pem")).unwrap();
    let client = std::sync::Arc::new(Client::trusting(certificate));
    assert_eq!(jar.get("/assets/site.css").await.status(), 200);
    for (name, bytes) in floods(&gate.address.to_string()) {
        let (before, address, client) = (resident(&gate), gate.address, std::sync::Arc::clone(&client));
        let pouring = tokio::task::spawn_blocking(move || client.pour(address, &bytes));
        // While it pours, and after it.
        assert_eq!(jar.get("/assets/site.css").await.status(), 200, "{name}");
        pouring.await.unwrap();
        assert_eq!(jar.get("/assets/site.css").await.status(), 200, "{name}");
        let after = resident(&gate);
        assert!(after < before + GROWTH, "{name}: from {before} to {after} KiB");
    }
}
