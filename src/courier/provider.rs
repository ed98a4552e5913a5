//! Asking a provider over HTTP: one request, a bounded answer, and what it means.

use http::StatusCode;

/// Why a courier did not carry a message. The text is for operators: never a receiver or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It was asked and said no to this message.
    Refused(String),
    /// It could not be asked, or is in no state to answer: says nothing of the message.
    Unreachable(String),
}

/// What a provider answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// Of an answer: providers say little.
const LONGEST_ANSWER: usize = 64 << 10;

/// Sends a request and reads its answer, whatever its status.
pub(super) async fn ask(http: &reqwest::Client, request: reqwest::Request) -> Result<Answer, Failure> {
    let mut response = http.execute(request).await.map_err(|error| unreachable(&error))?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(Failure::Unreachable("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}

impl Answer {
    /// The failure in an answer that is no success. A provider that does not know us (401, 403), is
    /// asked too often (429) or broken (5xx) says nothing of the message.
    pub(super) fn failure(&self) -> Failure {
        let text = format!("it answered {}", self.status.as_u16());
        match self.status.as_u16() {
            401 | 403 | 404 | 407 | 408 | 425 | 429 | 500.. => Failure::Unreachable(text),
            300..=399 => Failure::Unreachable(text),
            _ => Failure::Refused(text),
        }
    }
}

/// A provider's name for a message, if it is fit to be stored and logged: up to 128 visible characters
/// of ASCII.
pub(super) fn reference(text: &str) -> Option<String> {
    let good = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    good.then(|| text.to_owned())
}

/// The address is left out: its query may hold the message.
fn unreachable(error: &reqwest::Error) -> Failure {
    let what = if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the exchange broke off"
    };
    Failure::Unreachable(what.to_owned())
}
