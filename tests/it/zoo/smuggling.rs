//! One request in, at most one request out.

use std::{collections::HashMap, time::Duration};

use super::{
    Ends, Gateway,
    cases::{self, Class, Wire},
    filled,
    recorder::Recorder,
    wire,
};

/// For how long the closing request may be on its way.
const LAST: Duration = Duration::from_secs(20);

/// What stands in the query of each case, with its number.
const MARK: &str = "zoo-case";

/// A request line with the mark of a case, where it has a target that can have a query.
fn marked(bytes: &[u8], case: usize) -> Option<Vec<u8>> {
    let line = bytes.split(|byte| *byte == b'\r' || *byte == b'\n').next()?;
    let end = line.windows(6).position(|window| window == b" HTTP/")?;
    let target = line[..end].rsplit(|byte| *byte == b' ').next()?;
    if target == b"*" || target.contains(&b'#') {
        return None;
    }
    let sign = if target.contains(&b'?') { '&' } else { '?' };
    Some([&bytes[..end], format!("{sign}{MARK}={case}").as_bytes(), &bytes[end..]].concat())
}

/// The same over HTTP/2: a mark in each path.
fn marked_fields(fields: &[(String, String)], case: usize) -> Vec<(String, String)> {
    let mark = |name: &String, value: &String| {
        if name != ":path" || !value.starts_with('/') {
            return value.clone();
        }
        let (path, rest) = value.split_at(value.find(char::is_whitespace).unwrap_or(value.len()));
        format!("{path}?{MARK}={case}{rest}")
    };
    fields.iter().map(|(name, value)| (name.clone(), mark(name, value))).collect()
}

/// What the site received, by case.
#[derive(Default)]
struct Received(HashMap<usize, Vec<String>>);

impl Received {
    /// Notes a request, or what was left of one, before the case with this number is sent.
    fn note(&mut self, bytes: &[u8], next: usize) {
        let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line).into_owned();
        let number = line.split_once(&format!("{MARK}=")).and_then(|(_, rest)| {
            rest.split(|sign: char| !sign.is_ascii_digit()).next().and_then(|number| number.parse::<usize>().ok())
        });
        assert!(line.ends_with(" HTTP/1.1"), "no case has this line: {line}");
        // Of the few cases that cannot be marked nothing may arrive.
        let number = number.unwrap_or_else(|| panic!("no case has this line: {line}"));
        assert!(number < next, "{line}");
        self.0.entry(number).or_default().push(line);
    }
}

#[test]
fn a_mark_stands_in_the_query_of_the_first_line_only() {
    let hidden = b"POST /public HTTP/1.1\r\nHost: x\r\n\r\nGET /account/withdraw HTTP/1.1\r\n";
    let marked = marked(hidden, 7).unwrap();
    assert_eq!(marked, b"POST /public?zoo-case=7 HTTP/1.1\r\nHost: x\r\n\r\nGET /account/withdraw HTTP/1.1\r\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_in_is_at_most_one_request_out() {
    let recorder = Recorder::start();
    let gateway = Gateway::before(recorder.address).await;
    tokio::task::spawn_blocking(move || {
        let (host, secure) = (gateway.address.to_string(), gateway.secure.to_string());
        let classes = [Class::Framing, Class::Upgrades, Class::Hosts, Class::Http2];
        let corpus: Vec<_> = cases::written().into_iter().filter(|case| classes.contains(&case.class)).collect();
        let mut received = Received::default();
        for (number, case) in corpus.iter().enumerate() {
            match &case.wire {
                Wire::Http1 { bytes, .. } => {
                    let bytes = filled(bytes, &host);
                    let bytes = marked(&bytes, number).unwrap_or(bytes);
                    wire::exchange(gateway.address, &bytes, Ends::Silent);
                }
                Wire::Http2 { fields, body } => {
                    let fill = |text: &String| String::from_utf8(filled(text.as_bytes(), &secure)).unwrap();
                    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.clone(), fill(value))).collect();
                    let fields = marked_fields(&fields, number);
                    // Most end by a reset.
                    let _ = gateway.client.exchange(gateway.secure, &fields, &filled(body, &secure));
                }
            }
            recorder.received.try_iter().for_each(|bytes| received.note(&bytes, number + 1));
        }
        // The last of all is waited for: what came before it by the same way has arrived.
        let closing = corpus.len();
        let bytes = format!("GET /public?{MARK}={closing} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(wire::status(&wire::exchange(gateway.address, bytes.as_bytes(), Ends::Answered)), 200);
        while !received.0.contains_key(&closing) {
            received.note(&recorder.received.recv_timeout(LAST).expect("the closing request arrives"), closing + 1);
        }
        for (number, lines) in &received.0 {
            let case = corpus.get(*number).map_or_else(String::new, cases::Case::describe);
            assert_eq!(lines.len(), 1, "{case}\n  became {lines:#?}");
        }
        let over_http_2 =
            |number: &usize| matches!(corpus.get(*number).map(|case| &case.wire), Some(Wire::Http2 { .. }));
        let out = received.0.keys().filter(|number| over_http_2(number)).count();
        assert!(out > 0 && received.0.len() > out + 1, "some of either protocol are good requests");
        println!("{} requests in, {} out, {out} of them over HTTP/2", corpus.len(), received.0.len() - 1);
    })
    .await
    .unwrap();
}
