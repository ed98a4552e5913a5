//! An SMS provider's HTTP interface inside the test process: it takes, refuses, breaks or keeps silent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode};
use tokio::{net::TcpListener, task::JoinHandle};

/// How a provider answers.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// With this status and body.
    Answer(u16, &'static str),
    /// Not at all.
    Silent,
}

/// A request as the provider got it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Asked {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The fields of a form or, where the body is none, of the query.
    pub fn fields(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let text = if self.body.is_empty() { query.as_bytes() } else { &self.body };
        form_urlencoded::parse(text).into_owned().collect()
    }
}

/// What it does, and what it was asked.
type Shared = Arc<Mutex<(Behaviour, Vec<Asked>)>>;

/// A provider on a loopback port; it ends with its value.
pub struct Provider {
    pub address: SocketAddr,
    state: Shared,
    server: JoinHandle<()>,
}

impl Provider {
    /// A provider that answers 200 with `{"id":"m-1"}`.
    pub async fn start() -> Self {
        Self::that(Behaviour::Answer(200, r#"{"id":"m-1"}"#)).await
    }

    /// A provider that behaves so.
    pub async fn that(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new((behaviour, Vec::new())));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&state));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, state, server }
    }

    /// From now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.state.lock().unwrap().0 = behaviour;
    }

    /// Every request so far, oldest first.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.lock().unwrap().1.clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(state): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let target = parts.uri.path_and_query().unwrap().to_string();
    let asked = Asked { method: parts.method.to_string(), target, headers: parts.headers, body };
    let behaviour = {
        let mut state = state.lock().unwrap();
        state.1.push(asked);
        state.0.clone()
    };
    match behaviour {
        Behaviour::Answer(status, body) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Behaviour::Silent => std::future::pending().await,
    }
}
