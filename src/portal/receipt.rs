//! Where SMS providers say what became of a message.

use axum::extract::{Path, RawQuery};
use bytes::Bytes;
use http::StatusCode;

use super::{Answered, Call, plain};
use crate::{
    courier::receipt::{Claim, is_ours},
    metrics::words::Fate,
    web::Problem,
};

/// The fields in which providers name the state of a message: Twilio's, and `status` for all whose
/// callback address is ours to write.
const STATE: [&str; 2] = ["MessageStatus", "status"];

/// `GET` and `POST /courier/receipt/{courier}`: 204 once counted, 403 for an address that we did not make.
pub(super) async fn receive(
    call: Call,
    Path(courier): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Answered {
    let query = query.unwrap_or_default();
    let [id, mac] = ["id", "mac"].map(|name| field(query.as_bytes(), name).unwrap_or_default());
    if !is_ours(&call.flow.hasher, Claim { courier: &courier, id: &id, mac: &mac }) {
        return call.refuse(&Problem::denied("this address was not given to a provider"));
    }
    let state = STATE.iter().find_map(|name| field(&body, name).or_else(|| field(query.as_bytes(), name)));
    let fate = fate(&state.unwrap_or_default());
    call.flow.metrics.courier_receipt(&courier, fate);
    tracing::info!(courier, message_id = id, fate = fate.as_str(), "a provider sent a receipt");
    Answered(plain(StatusCode::NO_CONTENT))
}

/// The first value of a form's field.
fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// What a provider's word says: Twilio's words, and the numbers of Kannel's `%d`.
fn fate(word: &str) -> Fate {
    match word {
        "delivered" | "read" | "1" => Fate::Delivered,
        "undelivered" | "failed" | "canceled" | "2" | "16" => Fate::Failed,
        "accepted" | "scheduled" | "queued" | "sending" | "sent" | "4" | "8" => Fate::Underway,
        _ => Fate::Other,
    }
}
