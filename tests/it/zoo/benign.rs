//! The other half: ordinary odd requests to public paths, which must pass as they are.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::{Ends, Gateway, Site, filled, recorder::Recorder, wire};

/// Targets that some site uses every day.
const TARGETS: [&str; 46] = [
    "/",
    "/public",
    "/public/",
    "/public/a%2fb",
    "/public/a%2Fb/c",
    "/public/a%5cb",
    "/public/a%20b",
    "/public/caf%c3%a9",
    "/public/%e6%97%a5%e6%9c%ac",
    "/public/%F0%9F%98%80",
    "/public/x;v=1",
    "/public/x;v=1;w=2/y",
    "/public//double",
    "/public/double//",
    "//public",
    "/public/./dot",
    "/public/x/../y",
    "/public/%25",
    "/public/100%25",
    "/public/a%252fb",
    "/public/report.final.pdf",
    "/public/archive.tar.gz",
    "/public/page.html",
    "/public/x.php/y",
    "/public/.well-known/x",
    "/~user/x",
    "/public/@x:y",
    "/public/a,b,c",
    "/public/$x!*'()",
    "/public/[x]/{y}|z^",
    "/public/a+b",
    "/public/a%2Bb",
    "/public/a=b&c",
    "/public/UPPER/Case",
    "/public/trailing.",
    "/public/x%20",
    "/search?",
    "/search?q=",
    "/search?q=a+b%20c&x=caf%E9",
    "/search?q=100%&r=%zz",
    "/search?a?b?c",
    "/search?url=https://x.example/y?z=1&w=//v",
    "/search?path=/account/withdraw&_method=",
    "/search?q={a}|b^c`d[0]=1",
    "/account/withdrawals",
    "/account/withdraw-history/2026",
];

/// Header lines that some client sends every day.
const LINES: [&str; 16] = [
    "Cookie: a=\"b c\"; d={\"x\":1}; e=f,g; h\r\n",
    "Cookie: x=caf\u{e9}; y=\u{65e5}\r\n",
    "Cookie: session=\r\n",
    "X_Custom: a\r\n",
    "X.Custom: a\r\n",
    "X-Empty:\r\n",
    "X-Utf8: caf\u{e9}\r\n",
    "X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
    "Accept: */*;q=0.1, text/html\r\nAccept-Encoding: gzip;q=0, identity\r\n",
    "Range: bytes=0-10\r\n",
    "If-None-Match: \"x\", W/\"y\"\r\nIf-Modified-Since: yesterday\r\n",
    "Referer: https://other.example/?x=1#y\r\nOrigin: https://other.example\r\n",
    "Authorization: Basic YXl1Og==\r\n",
    "X-Requested-With: XMLHttpRequest\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: cross-site\r\n",
    "X-HTTP-Method-Override: PUT\r\n",
    "TE: trailers\r\nDNT: 1\r\n",
];

/// The corpus, as HTTP/1.1 and, where marked, HTTP/1.0.
pub fn requests() -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for target in TARGETS {
        requests.push(head("GET", target, ""));
        requests.push(format!("GET {target} HTTP/1.0\r\nHost: {{host}}\r\n\r\n").into_bytes());
        requests.push(body(
            "POST",
            target,
            "Content-Type: application/x-www-form-urlencoded\r\n",
            b"a=b&_method=&c=%20",
        ));
    }
    requests.extend(LINES.iter().map(|lines| head("GET", "/public", lines)));
    for method in ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"] {
        requests.push(head(method, "/public", "Content-Length: 0\r\n"));
    }
    let long = format!("/search?q={}", "a%20b+".repeat(600));
    requests.push(head("GET", &long, ""));
    for (kind, bytes) in bodies() {
        requests.push(body("POST", "/public/upload", &format!("Content-Type: {kind}\r\n"), &bytes));
        requests.push(body("PUT", "/public/upload", &format!("Content-Type: {kind}\r\n"), &bytes));
    }
    requests.push(body("POST", "/public/upload", "", b"no type"));
    requests.push(body("POST", "/public/upload", "Expect: 100-continue\r\n", b"continued"));
    requests.push([head("POST", "/public/upload", "Transfer-Encoding: chunked\r\n"), chunked(300_000)].concat());
    requests
}

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let multipart =
        b"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\xc3\xa9.bin\"\r\n\r\n\0\xff\r\n--b--\r\n";
    vec![
        ("application/octet-stream", (0..=255).cycle().take(4_000_000).collect()),
        ("multipart/form-data; boundary=b", multipart.to_vec()),
        ("application/json", br#"{"a":1,"a":2,"b":[1e999]}"#.to_vec()),
        ("text/plain; charset=iso-8859-1", b"caf\xe9".to_vec()),
        ("application/x-www-form-urlencoded; charset=utf-16", b"a\0=\0b\0".to_vec()),
        ("application/grpc-web+proto", vec![0; 5]),
    ]
}

fn head(method: &str, target: &str, lines: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: {{host}}\r\nConnection: close\r\n{lines}\r\n").into_bytes()
}

fn body(method: &str, target: &str, lines: &str, body: &[u8]) -> Vec<u8> {
    [head(method, target, &format!("{lines}Content-Length: {}\r\n", body.len())), body.to_vec()].concat()
}

fn chunked(size: usize) -> Vec<u8> {
    let piece = [format!("{:x}\r\n", 10_000).into_bytes(), vec![b'x'; 10_000], b"\r\n".to_vec()].concat();
    [piece.repeat(size / 10_000), b"0\r\n\r\n".to_vec()].concat()
}

/// How many requests the site answers otherwise through the gateway, and which.
pub fn blocked(alone: &Site, gateway: &Gateway) -> (u32, Vec<String>) {
    let mut count = 0;
    let mut blocked = Vec::new();
    for request in requests() {
        let send = |address: SocketAddr| {
            let answer = wire::exchange(address, &filled(&request, &address.to_string()), Ends::Answered);
            // Some servers send a body with HEAD; that is theirs to mend.
            let body = if request.starts_with(b"HEAD") { Vec::new() } else { wire::body(&answer) };
            (wire::status(&answer), body)
        };
        let (direct, through) = (send(alone.address), send(gateway.address));
        count += 1;
        // What the site itself cannot answer says nothing of the gateway, unless that answers for it.
        if direct.0 != 0 && direct != through {
            let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default().escape_ascii();
            let show = |(status, body): &(u16, Vec<u8>)| {
                format!("{status} {}", body.get(..200.min(body.len())).unwrap_or(body).escape_ascii())
            };
            blocked.push(format!("{line}\n  alone   {}\n  through {}", show(&direct), show(&through)));
        }
    }
    for target in TARGETS {
        let fields =
            [(":method", "GET"), (":scheme", "https"), (":authority", &gateway.secure.to_string()), (":path", target)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let through = gateway.client.exchange(gateway.secure, &fields, b"");
        let direct = wire::exchange(
            alone.address,
            &filled(&head("GET", target, ""), &alone.address.to_string()),
            Ends::Answered,
        );
        count += 1;
        if wire::status(&direct) != 0 && through.as_deref() != Some(wire::body(&direct).as_slice()) {
            blocked.push(format!("HTTP/2 {target}: {:?}", through.map(|body| body.escape_ascii().to_string())));
        }
    }
    (count, blocked)
}

/// Lines that are hop by hop or that the gateway itself says.
fn is_the_gateways(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
    ["connection", "te", "expect", "host"].contains(&name.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn ordinary_odd_requests_pass_byte_for_byte() {
    let recorder = Recorder::start();
    let gateway = Gateway::before(recorder.address).await;
    tokio::task::spawn_blocking(move || {
        // What the gateway itself asked of the site while it started.
        recorder.received.try_iter().for_each(drop);
        for request in requests() {
            let sent = filled(&request, &gateway.address.to_string());
            let answer = wire::exchange(gateway.address, &sent, Ends::Answered);
            let name = sent[..sent.len().min(120)].escape_ascii().to_string();
            assert_eq!(wire::status(&answer), 200, "{name}: {}", String::from_utf8_lossy(&answer));
            let received = recorder.received.recv_timeout(Duration::from_secs(10)).unwrap();
            let split = |bytes: &[u8]| bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
            let (sent_head, sent_body) = sent.split_at(split(&sent));
            let (head, body) = received.split_at(split(&received));
            let (sent_head, head) = (String::from_utf8_lossy(sent_head), String::from_utf8_lossy(head));
            let target = |head: &str| head.split(' ').take(2).collect::<Vec<_>>().join(" ");
            assert_eq!(target(&head), target(&sent_head), "{name}");
            for line in sent_head.lines().skip(1).filter(|line| !is_the_gateways(line)) {
                let (key, value) = line.split_once(':').unwrap();
                let line = format!("{}: {}", key.to_lowercase(), value.trim());
                assert!(
                    head.lines().any(|got| got.to_lowercase().trim() == line.to_lowercase().trim()),
                    "{name}: {line:?} in {head}"
                );
            }
            let unframed = |body: &[u8]| body.iter().filter(|byte| **byte == b'x').count();
            let same =
                if sent_head.contains("chunked") { unframed(body) == unframed(sent_body) } else { body == sent_body };
            assert!(same, "{name}: the body");
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_passes_byte_for_byte() {
    let recorder = Recorder::start();
    let gateway = Gateway::before(recorder.address).await;
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(gateway.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let lines = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        write!(stream, "GET /public/live?x=1 HTTP/1.1\r\nHost: {}\r\n{lines}\r\n", gateway.address).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert_eq!(wire::status(&head), 101, "{}", String::from_utf8_lossy(&head));
        let frames: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        let mut writing = stream.try_clone().unwrap();
        let sent = frames.clone();
        let writer = std::thread::spawn(move || writing.write_all(&sent).unwrap());
        let mut back = vec![0; frames.len()];
        stream.read_exact(&mut back).unwrap();
        writer.join().unwrap();
        assert!(back == frames, "what came back is what was sent");
    })
    .await
    .unwrap();
}
