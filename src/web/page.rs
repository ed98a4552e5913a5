//! The page shell: one small style, no script unless a page says so.

use askama::Template;
use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::{
    flow::RuleSet,
    web::{Reply, headers},
};

/// The style of every page.
pub const STYLE: &str = include_str!("page.css");

/// A page that says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    site: &'a str,
    title: &'a str,
    text: &'a str,
    style: &'a str,
}

/// A page of ours from its rendered HTML. `script` is the text of its one inline script.
#[must_use]
pub fn reply(status: StatusCode, html: String, script: Option<&str>) -> Reply {
    let mut reply = Reply::new(Bytes::from(html));
    *reply.status_mut() = status;
    let script = script.map(csp_hash);
    headers::page(reply.headers_mut(), &csp_hash(STYLE), script.as_deref());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    reply
}

/// A page that says one thing.
#[must_use]
pub fn message(rules: &RuleSet, status: StatusCode, title: &str, text: &str) -> Reply {
    let page = Message { site: &rules.site.name, title, text, style: STYLE };
    reply(status, page.render().unwrap_or_else(|_| title.to_owned()), None)
}

/// The CSP source of an inline text (CSP Level 3 §2.3.1).
fn csp_hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text.as_bytes())))
}
