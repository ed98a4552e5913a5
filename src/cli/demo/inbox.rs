//! The demo's inbox: what the `outbox` couriers were given, newest first, on a page and as JSON.
//!
//! It shows every code, so it answers to loopback names only: a page on the web whose name was rebound
//! to 127.0.0.1 gets nothing (decisions 30).

use std::{
    future::{Future, IntoFuture},
    io,
    sync::Arc,
};

use askama::Template;
use axum::{
    Json, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use http::{StatusCode, header};
use tokio::net::TcpListener;

use crate::courier::outbox::{Message, Outbox};

/// The page: reloads itself every two seconds.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="2">
<title>Demo inbox</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 1rem auto; padding: 0 1rem; }
article { border: 1px solid #bbb; border-radius: .5rem; padding: .5rem 1rem; margin: 1rem 0; }
h2 { font-size: 1rem; margin: 0; }
time { color: #555; font-weight: normal; }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0 0; }
</style>
<h1>Demo inbox</h1>
<p>Every message that the demo's players got, newest first. No real phone or mailbox is involved.</p>
{% for message in messages %}<article id="{{ message.id }}" class="{{ message.channel }}">
<h2>{% if message.channel == "sms" %}SMS{% else %}Mail{% endif %} to {{ message.to }} <time>{{ message.at }}</time></h2>
{% if let Some(subject) = message.subject %}<p><strong>{{ subject }}</strong></p>{% endif %}
<pre>{{ message.text }}</pre>
</article>
{% else %}<p id="empty">Nothing yet.</p>
{% endfor %}</html>
"#
)]
struct Page {
    messages: Vec<Message>,
}

/// The inbox of one outbox.
pub fn router(outbox: Arc<Outbox>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/messages.json", get(messages))
        .layer(middleware::from_fn(only_local_names))
        .with_state(outbox)
}

/// Serves the inbox until the future is dropped.
///
/// # Errors
/// When the listener fails.
pub fn serve(listener: TcpListener, outbox: Arc<Outbox>) -> impl Future<Output = io::Result<()>> + Send {
    axum::serve(listener, router(outbox)).into_future()
}

async fn page(State(outbox): State<Arc<Outbox>>) -> Response {
    let page = Page { messages: outbox.messages() };
    match page.render() {
        Ok(html) => ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn messages(State(outbox): State<Arc<Outbox>>) -> Json<Vec<Message>> {
    Json(outbox.messages())
}

/// Nothing of a message can run or load anything.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

async fn only_local_names(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !crate::request::names_loopback(host) {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}
