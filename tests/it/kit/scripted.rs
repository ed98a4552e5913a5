//! A site that answers as its test says and remembers what it received.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
};
use stepgate::cli::demo::journal::Recorded;
use tokio::{net::TcpListener, task::JoinHandle};

/// The largest request that it reads.
const LARGEST: usize = 4 << 20;

/// A site of its own for one test.
pub struct ScriptedSite {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Recorded>>>,
    server: JoinHandle<()>,
}

impl ScriptedSite {
    /// Listens; every request is answered by `answer`.
    pub async fn start(answer: impl Fn(&Recorded) -> Response + Clone + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let journal = Arc::clone(&received);
        let app = Router::new().fallback(move |request: Request| {
            let (answer, journal) = (answer.clone(), Arc::clone(&journal));
            async move {
                let Some(recorded) = read(request).await else { return crate::kit::answer(400, &[], "") };
                journal.lock().unwrap().push(recorded.clone());
                answer(&recorded)
            }
        });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, received, server }
    }

    /// Every request under this method and exact target, oldest first.
    pub fn received(&self, method: &str, target: &str) -> Vec<Recorded> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|one| one.method == method && one.target == target).cloned().collect()
    }

    /// Every request, oldest first.
    pub fn everything(&self) -> Vec<Recorded> {
        self.received.lock().unwrap().clone()
    }
}

/// The whole request; `None` where its body breaks off, and nothing then happens at the site.
async fn read(request: Request) -> Option<Recorded> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.ok()?;
    let target = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    Some(Recorded { method: parts.method.to_string(), target, headers: parts.headers, body })
}

impl Drop for ScriptedSite {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An answer with this status, these header lines and this body.
pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let mut answer = Response::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(body.into()).unwrap()
}
