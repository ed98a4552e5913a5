//! The schemas of what is answered. They are open: members may be added.

use serde_json::{Map, Value, json};

/// Every schema by its name.
pub(super) fn schemas() -> Map<String, Value> {
    let named = [
        ("Problem", problem_document()),
        ("Challenge", challenge()),
        ("Sent", object(&[("sms_to", text()), ("resend_in", number())], &[])),
        ("Granted", granted()),
        ("Enrolment", enrolment()),
        ("BackupCodes", object(&[("backup_codes", list(text()))], &[])),
        ("Factor", factor()),
        ("Activated", object(&[("factor", of("Factor")), ("backup_codes", list(text()))], &[("stamp", text())])),
        ("Factors", factors()),
        ("Changed", object(&[], &[("backup_codes", list(text())), ("stamp", text())])),
        ("Left", object(&[("left", number())], &[])),
        ("Devices", object(&[("devices", list(device()))], &[])),
        ("Activity", object(&[("activity", list(activity()))], &[])),
        ("Keys", object(&[("keys", list(json!({ "type": "object" })))], &[])),
        ("Document", object(&[("openapi", text()), ("paths", json!({ "type": "object" }))], &[])),
    ];
    named.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// What a status of a problem says.
pub(super) const fn problem(status: u16) -> &'static str {
    match status {
        400 => "It cannot be understood, or this cannot be done here.",
        401 => "Nobody is logged in, or a change needs a proof: then `challenge` is there.",
        403 => "Refused: not from a page of the site, frozen, cooling down, or not in this state of the account.",
        410 => "Answered, expired, unknown, or another log-in's.",
        413 => "More than 64 KiB.",
        415 => "Another media type, or an encoded body.",
        422 => "The code was not accepted.",
        429 => "Too many codes: `Retry-After` says when the next is free.",
        _ => "A part does not answer: `Retry-After`.",
    }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn kind() -> Value {
    json!({ "enum": ["app", "sms", "backup_code"] })
}

/// An object with these members, and these that may be absent.
fn object(always: &[(&str, Value)], sometimes: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = always.iter().map(|(name, _)| *name).collect();
    let members = always.iter().chain(sometimes).map(|(name, schema)| ((*name).to_owned(), schema.clone()));
    json!({ "type": "object", "required": required, "properties": members.collect::<Map<_, _>>() })
}

fn details() -> Value {
    list(object(&[("label", text()), ("value", text())], &[]))
}

fn problem_document() -> Value {
    let asked = object(
        &[
            ("id", text()),
            ("verify", text()),
            ("methods", list(kind())),
            ("expires_in", number()),
            ("details", details()),
        ],
        &[("sms_to", text())],
    );
    object(
        &[
            ("type", json!({ "type": "string", "pattern": "^urn:stepgate:" })),
            ("title", text()),
            ("status", json!({ "type": "integer" })),
        ],
        &[
            ("detail", text()),
            ("route", text()),
            ("require", json!({ "enum": ["session", "fresh", "once"] })),
            ("challenge", asked),
        ],
    )
}

fn challenge() -> Value {
    object(
        &[
            ("id", text()),
            ("route", text()),
            ("verify", text()),
            ("methods", list(kind())),
            ("expires_in", number()),
            ("details", details()),
        ],
        &[("sms_to", text())],
    )
}

fn granted() -> Value {
    object(&[("expires_at", number())], &[("approval", text()), ("stamp", text()), ("backup_codes_left", number())])
}

fn enrolment() -> Value {
    object(
        &[("id", text()), ("method", kind()), ("next", list(json!({ "enum": ["proof", "phone", "confirm"] })))],
        &[("secret", text()), ("otpauth_uri", text()), ("qr_svg", text()), ("sms_to", text())],
    )
}

fn factor() -> Value {
    object(
        &[("id", text()), ("method", kind()), ("created_at", number()), ("matures_at", number())],
        &[("sms_to", text())],
    )
}

fn factors() -> Value {
    let frozen = json!({ "type": "boolean" });
    object(
        &[
            ("factors", list(of("Factor"))),
            ("suspended", list(of("Factor"))),
            ("can_enrol", list(kind())),
            ("frozen", frozen),
        ],
        &[],
    )
}

fn device() -> Value {
    object(
        &[
            ("id", text()),
            ("name", text()),
            ("used_at", number()),
            ("expires_at", number()),
            ("this", json!({ "type": "boolean" })),
        ],
        &[],
    )
}

fn activity() -> Value {
    object(&[("at", number()), ("event", text()), ("detail", text())], &[])
}
