//! One request in, at most one request out.

use super::{
    Ends, Gateway,
    cases::{self, Class, Wire},
    filled,
    recorder::Recorder,
    wire,
};

#[tokio::test(flavor = "multi_thread")]
async fn one_request_in_is_at_most_one_request_out() {
    let recorder = Recorder::start();
    let gateway = Gateway::before(recorder.address).await;
    tokio::task::spawn_blocking(move || {
        let host = gateway.address.to_string();
        let corpus: Vec<Vec<u8>> = cases::written()
            .into_iter()
            .filter(|case| matches!(case.class, Class::Framing | Class::Upgrades | Class::Hosts))
            .filter_map(|case| match case.wire {
                Wire::Http1 { bytes, .. } => Some(filled(&bytes, &host)),
                Wire::Http2 { .. } => None,
            })
            .collect();
        let mut out = 0;
        for bytes in &corpus {
            wire::exchange(gateway.address, bytes, Ends::Silent);
            for got in recorder.received.try_iter() {
                out += 1;
                let line = got.split(|byte| *byte == b'\r').next().unwrap_or_default();
                let line = String::from_utf8_lossy(line).into_owned();
                let known = ["/public", "/"].iter().any(|path| line.split(' ').nth(1) == Some(path));
                assert!(known && line.ends_with("HTTP/1.1"), "{}\n  became {line}", bytes.escape_ascii());
            }
        }
        assert!(out > 0 && out <= corpus.len(), "{} in, {out} out", corpus.len());
        println!("{} requests in, {out} out, none of them the hidden one", corpus.len());
    })
    .await
    .unwrap();
}
