//! HTTP/1.1 as bytes on a socket, for what a client library would hide.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No single step of an exchange takes longer.
const STEP: Duration = Duration::from_secs(20);

/// A connection to a gateway.
pub struct Wire {
    stream: TcpStream,
    /// What was read beyond what was asked for.
    rest: Vec<u8>,
}

impl Wire {
    /// Connects.
    pub async fn to(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), rest: Vec::new() }
    }

    /// Sends these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// The next head, with its empty line.
    pub async fn head(&mut self) -> String {
        let until = self.read_until(head_end).await;
        String::from_utf8_lossy(&self.rest.drain(..until).collect::<Vec<_>>()).into_owned()
    }

    /// The next bytes, exactly so many.
    pub async fn take(&mut self, count: usize) -> Vec<u8> {
        self.read_until(|bytes| (bytes.len() >= count).then_some(count)).await;
        self.rest.drain(..count).collect()
    }

    /// What comes until this text has come, with it.
    pub async fn until(&mut self, text: &str) -> String {
        let end = self.read_until(|bytes| find(bytes, text.as_bytes()).map(|at| at + text.len())).await;
        String::from_utf8_lossy(&self.rest.drain(..end).collect::<Vec<_>>()).into_owned()
    }

    /// What comes until the other side closes, in whatever way.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut piece = [0; 4096];
        loop {
            match timeout(STEP, self.stream.read(&mut piece)).await.expect("the connection ends") {
                Ok(0) | Err(_) => return std::mem::take(&mut self.rest),
                Ok(read) => self.rest.extend_from_slice(&piece[..read]),
            }
        }
    }

    async fn read_until(&mut self, found: impl Fn(&[u8]) -> Option<usize>) -> usize {
        loop {
            if let Some(end) = found(&self.rest) {
                return end;
            }
            read_more(&mut self.stream, &mut self.rest).await;
        }
    }
}

async fn read_more(stream: &mut (impl AsyncRead + Unpin), rest: &mut Vec<u8>) {
    let read = timeout(STEP, stream.read_buf(rest)).await.expect("something arrives").unwrap();
    assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(rest));
}

/// Where the first head ends.
pub fn head_end(bytes: &[u8]) -> Option<usize> {
    find(bytes, b"\r\n\r\n").map(|at| at + 4)
}

/// Where a part begins.
pub fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// The value of a header line in a head, by its lower-case name.
pub fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
