//! A site that says exactly what a script lets it say, byte by byte; it knows who is logged in and
//! nothing else.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_core::future::BoxFuture;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::wire;

/// One request and the connection that it came on.
pub struct Exchange {
    /// The request's head, with its empty line.
    pub head: String,
    pub stream: TcpStream,
    /// What was read beyond the head.
    rest: Vec<u8>,
    bytes: Arc<AtomicUsize>,
}

/// What a site does with a request; the exchange it returns goes on with the next one.
pub type Script = dyn Fn(Exchange) -> BoxFuture<'static, Option<Exchange>> + Send + Sync;

/// A site of one script.
pub struct RawSite {
    pub address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    bytes: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

/// A cookie by which the site takes the client for budi.
pub const SESSION: &str = "demo_session=a-session-of-budi";

impl RawSite {
    /// Starts listening. `/api/me` and `/healthz` are answered without the script and not recorded.
    pub async fn start<F>(script: impl Fn(Exchange) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Option<Exchange>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(move |exchange| Box::pin(script(exchange)));
        let bytes = Arc::new(AtomicUsize::new(0));
        let (seen, read) = (Arc::clone(&heads), Arc::clone(&bytes));
        let server = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let exchange = Exchange { head: String::new(), stream, rest: Vec::new(), bytes: Arc::clone(&read) };
                connections.spawn(converse(exchange, Arc::clone(&script), Arc::clone(&seen)));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, heads, bytes, server }
    }

    /// The heads of all requests for this target, in the order of arrival.
    pub fn received(&self, target: &str) -> Vec<String> {
        let named = format!(" {target} HTTP/1.1\r\n");
        self.heads.lock().unwrap().iter().filter(|head| head.contains(&named)).cloned().collect()
    }

    /// Every head.
    pub fn everything(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// How many bytes it was sent by anybody.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Stops listening and drops every connection.
    pub async fn stop(&mut self) {
        self.server.abort();
        let _ = (&mut self.server).await;
    }
}

impl Drop for RawSite {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Exchange {
    /// The method and the target.
    pub fn asked(&self) -> &str {
        self.head.split(" HTTP/").next().unwrap()
    }

    /// Sends these bytes; a client that is gone is nobody's fault.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Answers 200 with this text.
    pub async fn answer(&mut self, text: &str) {
        self.say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len())).await;
    }

    /// Reads the body, handing on each piece without its framing; how many bytes it had. Trailers of
    /// a chunked body are read and dropped.
    pub async fn body(&mut self, mut piece: impl FnMut(&[u8])) -> usize {
        if let Some(length) = wire::header(&self.head, "content-length") {
            let length = length.parse().unwrap();
            return self.take(length, &mut piece).await;
        }
        let mut total = 0;
        if wire::header(&self.head, "transfer-encoding").is_none() {
            return total;
        }
        loop {
            let line = self.line().await;
            let size = usize::from_str_radix(line.split(';').next().unwrap().trim(), 16).unwrap();
            if size == 0 {
                while !self.line().await.is_empty() {}
                return total;
            }
            total += self.take(size, &mut piece).await;
            self.line().await;
        }
    }

    async fn take(&mut self, count: usize, piece: &mut impl FnMut(&[u8])) -> usize {
        let mut left = count;
        while left > 0 {
            if self.rest.is_empty() && !self.read_more().await {
                return count - left;
            }
            let now = left.min(self.rest.len());
            piece(&self.rest[..now]);
            self.rest.drain(..now);
            left -= now;
        }
        count
    }

    async fn line(&mut self) -> String {
        loop {
            if let Some(end) = wire::find(&self.rest, b"\r\n") {
                let line = self.rest.drain(..end + 2).collect::<Vec<_>>();
                return String::from_utf8_lossy(&line[..end]).into_owned();
            }
            assert!(self.read_more().await, "the body ended early");
        }
    }

    async fn read_more(&mut self) -> bool {
        let mut piece = vec![0; 64 * 1024];
        match self.stream.read(&mut piece).await {
            Ok(0) | Err(_) => false,
            Ok(read) => {
                self.bytes.fetch_add(read, Ordering::SeqCst);
                self.rest.extend_from_slice(&piece[..read]);
                true
            }
        }
    }
}

async fn converse(mut exchange: Exchange, script: Arc<Script>, heads: Arc<Mutex<Vec<String>>>) {
    loop {
        let end = loop {
            if let Some(end) = wire::head_end(&exchange.rest) {
                break end;
            }
            if !exchange.read_more().await {
                return;
            }
        };
        exchange.head = String::from_utf8_lossy(&exchange.rest.drain(..end).collect::<Vec<_>>()).into_owned();
        if exchange.asked() == "GET /api/me" {
            let known = exchange.head.contains(SESSION);
            exchange.answer(if known { r#"{"user":{"id":"budi"}}"# } else { r#"{"user":null}"# }).await;
            continue;
        }
        if exchange.asked() == "GET /healthz" {
            exchange.answer("well").await;
            continue;
        }
        heads.lock().unwrap().push(exchange.head.clone());
        match script(exchange).await {
            Some(next) => exchange = next,
            None => return,
        }
    }
}
