//! The one map from what went wrong at the desk to status and code (RFC 9457).

use std::borrow::Cow;

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::console;
use crate::{
    clock::UnixTime,
    flow::{FlowError, desk::DeskError},
    web::Problem,
};

/// In which form a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A page of the console.
    Page,
    /// A problem document.
    Document,
}

/// What is answered in place of what was asked.
#[derive(Debug)]
pub(super) struct Refusal {
    kind: &'static str,
    status: StatusCode,
    detail: Cow<'static, str>,
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(kind: &'static str, status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, status, detail: detail.into(), retry_after: None }
    }

    /// 404.
    pub(super) fn missing() -> Self {
        Self::new("not-found", StatusCode::NOT_FOUND, "there is no such page")
    }

    /// 405.
    pub(super) fn wrong_method() -> Self {
        Self::new("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "this method is not allowed")
    }

    /// 421: the request names a host that is not the desk's.
    pub(super) fn misdirected() -> Self {
        Self::new("misdirected", StatusCode::MISDIRECTED_REQUEST, "the desk is not served under this name")
    }

    /// 403: the request was made by another page.
    pub(super) fn foreign() -> Self {
        Self::new("denied", StatusCode::FORBIDDEN, "this request did not come from the desk's own page")
    }

    /// 400.
    pub(super) fn bad(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new("bad-request", StatusCode::BAD_REQUEST, detail)
    }

    /// The body is of another type, too long, or repeats a field.
    pub(super) fn of_problem(problem: &Problem) -> Self {
        let kind = if problem.status() == StatusCode::BAD_REQUEST { "bad-request" } else { "unsupported-media-type" };
        Self::new(kind, problem.status(), "the body of this request cannot be read")
    }

    /// The answer to an error of a use case; waits are counted from `now`.
    pub(super) fn of(error: &DeskError, now: UnixTime) -> Self {
        match error {
            DeskError::SignInRefused => {
                Self::new("sign-in-refused", StatusCode::UNAUTHORIZED, "Name, password and code do not fit together.")
            }
            DeskError::SignInPaused { until } => {
                Self::new("too-many-attempts", StatusCode::TOO_MANY_REQUESTS, "Too many failed sign-ins.")
                    .until(*until, now)
            }
            DeskError::SignedOut => Self::new("signed-out", StatusCode::UNAUTHORIZED, "Nobody is signed in."),
            DeskError::Forbidden => Self::new("forbidden", StatusCode::FORBIDDEN, "Your role may not do this."),
            DeskError::TooMany { until } => {
                Self::new("too-many-actions", StatusCode::TOO_MANY_REQUESTS, "You did too much within an hour.")
                    .until(*until, now)
            }
            DeskError::Unknown(detail) => Self::new("unknown", StatusCode::NOT_FOUND, *detail),
            DeskError::BadInput(detail) => Self::bad(*detail),
            DeskError::Conflict(detail) => Self::new("conflict", StatusCode::CONFLICT, *detail),
            DeskError::Flow(error) => Self::of_flow(error),
        }
    }

    fn of_flow(error: &FlowError) -> Self {
        tracing::error!(%error, "the desk could not do what was asked");
        let detail = "This is not possible right now. Please try again in a moment.";
        Self { retry_after: Some(5), ..Self::new("unavailable", StatusCode::SERVICE_UNAVAILABLE, detail) }
    }

    fn until(self, until: UnixTime, now: UnixTime) -> Self {
        Self { retry_after: Some(until.since(now).as_secs().max(1)), ..self }
    }

    /// Its status.
    pub(super) const fn status(&self) -> StatusCode {
        self.status
    }

    /// What a person reads.
    pub(super) fn text(&self) -> String {
        match self.retry_after {
            None => self.detail.to_string(),
            Some(wait) => format!("{} Please try again in {} minutes.", self.detail, wait.div_ceil(60)),
        }
    }

    /// The answer.
    pub(super) fn reply(&self, shape: Shape) -> Response {
        let mut answer = match shape {
            Shape::Page if self.kind == "signed-out" => return Redirect::to("/sign-in").into_response(),
            Shape::Page => console::message(self.status, "This was not done", &self.text()),
            Shape::Document => self.document(),
        };
        if let Some(wait) = self.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        answer
    }

    fn document(&self) -> Response {
        let document = json!({
            "type": format!("urn:stepgate:desk:{}", self.kind),
            "title": self.detail,
            "status": self.status.as_u16(),
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, kind, document.to_string()).into_response()
    }
}
