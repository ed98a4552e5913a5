//! Requests as bytes on a socket. No HTTP client stands between a case and the wire.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// How long an exchange may take that never ends by itself.
const DEADLINE: Duration = Duration::from_secs(5);
/// For how long a server must be silent after a case that leaves its request unfinished. What comes later
/// than that is found in the site's journal at the end.
const SILENT: Duration = Duration::from_millis(150);

/// When an exchange is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// With the one answer.
    Answered,
    /// When the server closes or falls silent: there may be a second answer, or none.
    Silent,
}

/// Sends bytes and reads what comes back.
pub fn exchange(address: SocketAddr, request: &[u8], ends: Ends) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    // A server that refuses early may close before it took everything.
    let _ = stream.write_all(request);
    stream.set_read_timeout(Some(if ends == Ends::Answered { DEADLINE } else { SILENT })).unwrap();
    let started = Instant::now();
    let mut answer = Vec::new();
    let mut piece = [0; 16 * 1024];
    while started.elapsed() < DEADLINE {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
        if ends == Ends::Answered && is_complete(&answer, request.starts_with(b"HEAD ")) {
            break;
        }
    }
    answer
}

/// The status of the final answer; 0 without one.
pub fn status(answer: &[u8]) -> u16 {
    let line = after_continue(answer).split(|byte| *byte == b'\r').next().unwrap_or_default();
    let code = line.split(|byte| *byte == b' ').nth(1).and_then(|code| std::str::from_utf8(code).ok());
    code.and_then(|code| code.parse().ok()).unwrap_or(0)
}

/// The body of a complete answer, without its chunks' sizes.
pub fn body(answer: &[u8]) -> Vec<u8> {
    let Some((head, rest)) = split_head(after_continue(answer)) else { return Vec::new() };
    if head.contains("transfer-encoding: chunked") { unchunk(rest).unwrap_or_default() } else { rest.to_vec() }
}

/// What follows an interim answer.
fn after_continue(answer: &[u8]) -> &[u8] {
    match split_head(answer) {
        Some((head, rest)) if head.starts_with("http/1.1 100") => rest,
        _ => answer,
    }
}

fn split_head(answer: &[u8]) -> Option<(String, &[u8])> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, rest) = answer.split_at(end + 4);
    Some((String::from_utf8_lossy(head).to_lowercase(), rest))
}

fn is_complete(answer: &[u8], head_only: bool) -> bool {
    let Some((head, rest)) = split_head(after_continue(answer)) else { return false };
    if head_only || head.contains(" 204 ") || head.contains(" 304 ") {
        return true;
    }
    if head.contains("transfer-encoding: chunked") {
        return unchunk(rest).is_some();
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    length.and_then(|length| length.trim().parse::<usize>().ok()).is_some_and(|length| rest.len() >= length)
}

/// The bytes of complete chunks.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 4 + size..)?;
    }
}
