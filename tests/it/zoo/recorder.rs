//! A site that keeps the bytes of each request that it gets, and reads them strictly.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

/// A listener with what it got. It ends with the process.
pub struct Recorder {
    pub address: SocketAddr,
    /// Each request whole; at the end of a connection also what was left of it.
    pub received: Receiver<Vec<u8>>,
}

impl Recorder {
    /// Starts listening; every request gets the same answer, and an upgrade gets its bytes back.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, received) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                std::thread::spawn(move || serve(stream, &sender));
            }
        });
        Self { address, received }
    }
}

fn serve(mut stream: TcpStream, sender: &Sender<Vec<u8>>) {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut bytes = Vec::new();
    let mut piece = [0; 64 * 1024];
    loop {
        while let Some(length) = request_length(&bytes) {
            let request: Vec<u8> = bytes.drain(..length).collect();
            let switches = request.windows(8).any(|window| window.eq_ignore_ascii_case(b"upgrade:"));
            // Whoever listens may have heard enough.
            let _ = sender.send(request);
            if switches {
                return echo(&mut stream);
            }
            if stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
                return;
            }
        }
        match stream.read(&mut piece) {
            Ok(read @ 1..) => bytes.extend_from_slice(&piece[..read]),
            Ok(0) | Err(_) => break,
        }
    }
    if !bytes.is_empty() {
        let _ = sender.send(bytes);
    }
}

/// Switches, and sends back what follows as it is.
fn echo(stream: &mut TcpStream) {
    let head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let mut piece = [0; 1024];
    let mut sent = stream.write_all(head);
    while sent.is_ok() {
        match stream.read(&mut piece) {
            Ok(read @ 1..) => sent = stream.write_all(&piece[..read]),
            Ok(0) | Err(_) => return,
        }
    }
}

/// The bytes of the first request, once they are all there.
fn request_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    if head.contains("transfer-encoding: chunked") {
        return Some(end + chunks_length(&bytes[end..])?);
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    let whole = end + length.unwrap_or(0);
    (bytes.len() >= whole).then_some(whole)
}

fn chunks_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let line = bytes.get(at..)?.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).ok()?.trim(), 16).ok()?;
        let next = at + line + 2 + size + 2;
        bytes.get(..next)?;
        if size == 0 {
            return Some(next);
        }
        at = next;
    }
}
