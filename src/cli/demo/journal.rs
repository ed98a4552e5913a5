//! What the demo site received: every request as it arrived, in order, so that a test can say
//! "exactly once, byte for byte".

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::HeaderMap;

use super::site::Site;

/// Requests kept; the oldest goes first, so that a demo left running does not grow.
const KEPT: usize = 1_000;

/// The largest body that the site reads, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// One request as the site received it.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The method, as sent.
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Every header line in the order of arrival; names in lower case.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

/// The last requests that a site received, oldest first.
#[derive(Debug, Default)]
pub struct Journal(Mutex<VecDeque<Recorded>>);

impl Journal {
    /// Everything received so far, oldest first, at most the last 1000.
    #[must_use]
    pub fn all(&self) -> Vec<Recorded> {
        self.lock().iter().cloned().collect()
    }

    /// What was received under this method and this exact target.
    #[must_use]
    pub fn received(&self, method: &str, target: &str) -> Vec<Recorded> {
        self.lock().iter().filter(|entry| entry.method == method && entry.target == target).cloned().collect()
    }

    fn add(&self, entry: Recorded) {
        let mut entries = self.lock();
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// A panic elsewhere cannot leave the list half written, so a poisoned lock is used on.
    fn lock(&self) -> MutexGuard<'_, VecDeque<Recorded>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Records a request before the site looks at it; 413 for a body over 1 MiB.
pub(super) async fn record(State(site): State<Site>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    site.journal.add(Recorded {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or_else(|| parts.uri.to_string(), ToString::to_string),
        headers: parts.headers.clone(),
        body: body.clone(),
    });
    next.run(Request::from_parts(parts, Body::from(body))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(target: &str) -> Recorded {
        Recorded {
            method: "POST".to_owned(),
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"a=1"),
        }
    }

    #[test]
    fn only_the_exact_method_and_target_count() {
        let journal = Journal::default();
        journal.add(entry("/pay"));
        journal.add(entry("/pay?x"));
        assert_eq!(journal.received("POST", "/pay").len(), 1);
        assert!(journal.received("GET", "/pay").is_empty());
    }

    #[test]
    fn the_oldest_entry_goes_first() {
        let journal = Journal::default();
        for number in 0..=KEPT {
            journal.add(entry(&format!("/{number}")));
        }
        let all = journal.all();
        assert_eq!(all.len(), KEPT);
        assert_eq!(all[0].target, "/1");
    }
}
