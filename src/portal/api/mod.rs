//! The JSON API (design.md 7): the same use cases for clients that show their own pages.
//!
//! A change of the account answers 401 with a challenge; the client repeats its request with the
//! approval that the challenge gave, as with a guarded route of the site.

pub(super) mod account;
pub(super) mod challenges;
pub(super) mod enrolments;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::{Answered, Call};
use crate::{
    clock::UnixTime,
    flow::{challenge::SmsView, settings::FactorView},
    request::Carrier,
    stamp::Minted,
    web::{self, Reply},
};

pub(super) fn answer(status: StatusCode, document: &Value) -> Reply {
    let mut reply = Reply::new(Bytes::from(document.to_string()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

fn factor(view: &FactorView) -> Value {
    let mut document = json!({
        "id": view.id, "method": view.kind, "created_at": view.created_at.secs(), "matures_at": view.matures_at.secs(),
    });
    if let (Some(number), Some(members)) = (&view.number, document.as_object_mut()) {
        members.insert("sms_to".into(), json!(number));
    }
    document
}

/// Where a code went, and in how many seconds the next may be asked for.
fn sent(view: &SmsView, now: UnixTime) -> Value {
    json!({ "sms_to": view.to, "resend_in": view.resend_at.map_or(0, |at| at.since(now).as_secs()) })
}

/// A new stamp of this log-in: to the cookie, or into the document of a client that sends headers.
fn give_stamp(call: &Call, carrier: Carrier, minted: &Minted, document: &mut Value) -> Option<HeaderValue> {
    match carrier {
        Carrier::Header => {
            if let Some(members) = document.as_object_mut() {
                members.insert("stamp".into(), json!(minted.token));
            }
            None
        }
        // A browser's script never sees the stamp (decisions 37).
        Carrier::Cookie => Some(web::stamp_cookie(call.rules.site.secure, minted)),
    }
}

/// `GET /jwks.json`: the keys of the assertions, for the site.
pub(super) async fn jwks(call: Call) -> Answered {
    Answered(answer(StatusCode::OK, &call.rules.assertions.jwks()))
}
