//! What a request to our pages says, read strictly: the id in its path, a form, a JSON document.
//!
//! Every refusal is a problem of ours, in the form that the address asks for.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error};
use serde_json::error::Category;

use super::{Answered, Call};
use crate::{
    flow::Flow,
    policy::FactorKind,
    web::{Problem, media::Media},
};

/// Bytes of a body at most; the edge reads no more.
pub const MAX_BODY: usize = 64 * 1024;

/// The one variable segment of a path, decoded.
pub(super) struct Path<T>(pub(super) T);

impl FromRequestParts<Arc<Flow>> for Path<String> {
    type Rejection = Answered;

    async fn from_request_parts(parts: &mut Parts, flow: &Arc<Flow>) -> Result<Self, Answered> {
        if let Ok(axum::extract::Path(id)) = axum::extract::Path::<String>::from_request_parts(parts, flow).await {
            return Ok(Self(id));
        }
        let call = Call::from_request_parts(parts, flow).await?;
        Err(call.refuse(&Problem::bad_request("the address is not UTF-8")))
    }
}

/// The body of a form of ours; its fields are read by [`super::form::fields`].
pub(super) struct Form(Bytes);

impl std::ops::Deref for Form {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl FromRequest<Arc<Flow>> for Form {
    type Rejection = Answered;

    async fn from_request(request: Request, flow: &Arc<Flow>) -> Result<Self, Answered> {
        let (_, body) = read(request, flow, Media::Form).await?;
        Ok(Self(body))
    }
}

/// No members at all: an empty object, or no body.
pub(super) struct Empty;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoMembers {}

impl FromRequest<Arc<Flow>> for Empty {
    type Rejection = Answered;

    async fn from_request(request: Request, flow: &Arc<Flow>) -> Result<Self, Answered> {
        let (call, body) = read(request, flow, Media::Json).await?;
        if body.is_empty() {
            return Ok(Self);
        }
        parse::<NoMembers>(&body).map(|NoMembers {}| Self).map_err(|problem| call.refuse(&problem))
    }
}

/// A JSON object with exactly the members of `T`.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Flow>> for Json<T> {
    type Rejection = Answered;

    async fn from_request(request: Request, flow: &Arc<Flow>) -> Result<Self, Answered> {
        let (call, body) = read(request, flow, Media::Json).await?;
        parse(&body).map(Self).map_err(|problem| call.refuse(&problem))
    }
}

/// Checks where a request comes from and what it says its body is; then the body.
async fn read(request: Request, flow: &Arc<Flow>, media: Media) -> Result<(Call, Bytes), Answered> {
    let (mut parts, body) = request.into_parts();
    let call = Call::from_request_parts(&mut parts, flow).await?;
    media.check(&call.parts.headers).map_err(|problem| call.refuse(&problem))?;
    match axum::body::to_bytes(body, MAX_BODY).await {
        Ok(body) => Ok((call, body)),
        Err(_) => Err(call.refuse(&Problem::too_large())),
    }
}

/// A document out of its text. The parser's own words may quote a code, so they are not told.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    const NO_OBJECT: &str = "the body is no JSON object";
    // An array would be taken as the members in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::bad_request(NO_OBJECT));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Problem::bad_request("the JSON members are not those that this call takes"),
        Category::Io | Category::Syntax | Category::Eof => Problem::bad_request(NO_OBJECT),
    })
}

/// A factor kind by its name, written as a string and not otherwise.
pub(super) fn kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FactorKind, D::Error> {
    let name = String::deserialize(deserializer)?;
    FactorKind::parse(&name).ok_or_else(|| D::Error::custom("no factor kind"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        #[serde(deserialize_with = "kind")]
        method: FactorKind,
        code: String,
    }

    #[test]
    fn a_document_has_exactly_its_members() {
        let asked: Asked = parse(br#" {"method":"app","code":"123456"}"#).unwrap();
        assert_eq!((asked.method, asked.code.as_str()), (FactorKind::App, "123456"));
        for bad in [
            r#"["app","123456"]"#,
            r#"{"method":{"app":null},"code":"123456"}"#,
            r#"{"method":"app","code":123456}"#,
            r#"{"method":"app","code":"123456","code":"123456"}"#,
            r#"{"method":"app","code":"123456"} {}"#,
            r#"{"method":"app","code":"123456","x":1}"#,
            "",
        ] {
            let problem = parse::<Asked>(bad.as_bytes()).unwrap_err();
            let said = format!("{problem:?}");
            assert!(problem.status() == 400 && !said.contains("123456"), "{bad}: {said}");
        }
    }
}
