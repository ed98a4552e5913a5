//! `openapi.json`: what the JSON API takes and answers (OpenAPI 3.1), out of the types that read the
//! requests and of one table of the calls.
//!
//! Adding a call: its line in [`CALLS`]; a test compares the table with the router.

use http::StatusCode;
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    Answered, Call,
    api::{self, challenges, enrolments},
};

mod answers;

/// One call as the document tells it.
struct Operation {
    method: &'static str,
    /// Below the portal's prefix.
    path: &'static str,
    /// What it does.
    about: &'static str,
    /// The schema of its body.
    body: Option<fn() -> Schema>,
    /// Its good answer: the status and the name of the schema in [`answers`].
    good: (u16, &'static str),
    /// The statuses of its problems.
    problems: &'static [u16],
}

/// Reading something of one's own.
const READ: &[u16] = &[400, 401, 503];
/// Reading something that has an id.
const READ_ONE: &[u16] = &[400, 401, 410, 503];
/// A change of the account.
const CHANGE: &[u16] = &[400, 401, 403, 410, 413, 415, 503];
/// Having a code sent, or giving one.
const CODE: &[u16] = &[400, 401, 403, 410, 413, 415, 422, 429, 503];

const fn call(method: &'static str, path: &'static str, about: &'static str) -> Operation {
    Operation { method, path, about, body: None, good: (200, ""), problems: &[] }
}

impl Operation {
    const fn takes(self, body: fn() -> Schema) -> Self {
        Self { body: Some(body), ..self }
    }

    const fn answers(self, status: u16, schema: &'static str) -> Self {
        Self { good: (status, schema), ..self }
    }

    const fn or(self, problems: &'static [u16]) -> Self {
        Self { problems, ..self }
    }
}

/// Every call, in the order of the router.
const CALLS: &[Operation] = &[
    call("get", "/api/challenges/{id}", "Shows an open challenge.").answers(200, "Challenge").or(READ_ONE),
    call("post", "/api/challenges/{id}/send", "Sends a code.")
        .takes(schema::<challenges::Send>)
        .answers(202, "Sent")
        .or(CODE),
    call("post", "/api/challenges/{id}/verify", "Answers a challenge with a code.")
        .takes(schema::<challenges::Verify>)
        .answers(200, "Granted")
        .or(CODE),
    call("post", "/api/enrolments", "Begins to bind a factor; a change where one is active.")
        .takes(schema::<enrolments::Begin>)
        .answers(201, "Enrolment")
        .or(CHANGE),
    call("get", "/api/enrolments/{id}", "Shows an enrolment.").answers(200, "Enrolment").or(READ_ONE),
    call("post", "/api/enrolments/{id}/phone/send", "Sends a code to the number on file.")
        .takes(schema::<Nothing>)
        .answers(202, "Sent")
        .or(CODE),
    call("post", "/api/enrolments/{id}/phone/verify", "Proves the number on file.")
        .takes(schema::<enrolments::Code>)
        .answers(200, "Enrolment")
        .or(CODE),
    call("post", "/api/enrolments/{id}/backup-codes", "Tells the backup codes that the confirmation activates.")
        .takes(schema::<Nothing>)
        .answers(200, "BackupCodes")
        .or(CHANGE),
    call("post", "/api/enrolments/{id}/confirm/send", "Sends the code that confirms a factor of kind `sms`.")
        .takes(schema::<Nothing>)
        .answers(202, "Sent")
        .or(CODE),
    call("post", "/api/enrolments/{id}/confirm", "Makes the factor count.")
        .takes(schema::<enrolments::Code>)
        .answers(200, "Activated")
        .or(CODE),
    call("get", "/api/factors", "The factors.").answers(200, "Factors").or(READ),
    call("delete", "/api/factors/{id}", "Removes a factor; a change.").answers(200, "Changed").or(CHANGE),
    call("post", "/api/factors/disable", "Switches the second factor off; a change.")
        .takes(schema::<Nothing>)
        .answers(200, "Changed")
        .or(CHANGE),
    call("post", "/api/factors/enable", "Switches it on again; a change.")
        .takes(schema::<Nothing>)
        .answers(200, "Changed")
        .or(CHANGE),
    call("post", "/api/factors/unfreeze", "Clears a freeze; a change.")
        .takes(schema::<Nothing>)
        .answers(200, "Changed")
        .or(CHANGE),
    call("get", "/api/backup-codes", "How many backup codes are left.").answers(200, "Left").or(READ),
    call("post", "/api/backup-codes", "Makes a fresh set; a change.")
        .takes(schema::<Nothing>)
        .answers(200, "Changed")
        .or(CHANGE),
    call("get", "/api/devices", "The remembered browsers.").answers(200, "Devices").or(READ),
    call("delete", "/api/devices", "Forgets all of them; a change.").answers(200, "Changed").or(CHANGE),
    call("delete", "/api/devices/{id}", "Forgets one; a change.").answers(200, "Changed").or(CHANGE),
    call("delete", "/api/stamps", "Ends the stamps of every other log-in; a change.")
        .answers(200, "Changed")
        .or(CHANGE),
    call("get", "/api/activity", "What happened lately.").answers(200, "Activity").or(READ),
    call("get", "/jwks.json", "The keys of the assertions.").answers(200, "Keys"),
    call("get", "/openapi.json", "This document.").answers(200, "Document"),
];

/// A call that takes no members.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Nothing {}

fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>()
}

/// `GET /openapi.json`.
pub(super) async fn show(call: Call) -> Answered {
    Answered(api::answer(StatusCode::OK, &document(&call.rules.portal_prefix)))
}

/// The document of a portal at this prefix.
fn document(prefix: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in CALLS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.to_owned(), told(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "stepgate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The second factor of a site. A call brings what the site knows the player by: its \
                session cookie, or its header. One that carries cookies comes from a page of the site, as its \
                Origin or Sec-Fetch-Site says. A change is answered 401 with a challenge, and repeated with the \
                approval that the challenge gave.",
        },
        "servers": [{ "url": prefix }],
        "paths": paths,
        "components": { "schemas": answers::schemas() },
    })
}

fn told(operation: &Operation) -> Value {
    let (status, schema) = operation.good;
    let mut responses = Map::new();
    responses.insert(status.to_string(), said("Done.", "application/json", schema));
    for problem in operation.problems {
        let about = answers::problem(*problem);
        responses.insert(problem.to_string(), said(about, "application/problem+json", "Problem"));
    }
    let mut told = json!({ "summary": operation.about, "responses": responses });
    let Some(members) = told.as_object_mut() else { return told };
    let mut parameters = Vec::new();
    if operation.path.contains("{id}") {
        parameters.push(json!({
            "name": "id", "in": "path", "required": true,
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" },
        }));
    }
    if operation.about.contains("a change") {
        parameters.push(json!({
            "name": "Stepgate-Approval", "in": "header", "required": false,
            "description": "What the challenge of this very change gave.",
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{43}$" },
        }));
    }
    members.insert("parameters".into(), json!(parameters));
    if let Some(body) = operation.body {
        let content = json!({ "application/json": { "schema": body() } });
        members.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    told
}

fn said(about: &str, media: &str, schema: &str) -> Value {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "description": about, "content": { media: { "schema": schema } } })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What a browser shows, and what providers and pages fetch: told elsewhere.
    const PAGES: [&str; 15] = [
        "/challenge/{id}",
        "/challenge/{id}/send",
        "/again",
        "/language",
        "/settings",
        "/settings/change",
        "/settings/enrol",
        "/settings/enrol/{id}",
        "/settings/enrol/{id}/send",
        "/settings/enrol/{id}/codes.txt",
        "/recover",
        "/freeze",
        "/cancel-reset",
        "/courier/receipt/{courier}",
        "/client.js",
    ];

    /// Method and path of every route but the pages', out of the router's source.
    fn routes() -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for route in include_str!("../mod.rs").split(".route(\"").skip(1) {
            let (path, rest) = route.split_once('"').unwrap();
            let (handlers, _) = rest.split_once('\n').unwrap();
            for method in ["get", "post", "put", "patch", "delete"] {
                if handlers.contains(&format!("{method}(")) && !PAGES.contains(&path) {
                    found.insert((method.to_owned(), path.to_owned()));
                }
            }
        }
        found
    }

    #[test]
    fn every_call_is_in_the_document_and_nothing_else() {
        let document = document("/.stepgate");
        let mut told = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            told.extend(methods.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
        }
        let routes = routes();
        assert!(routes.len() > 20, "the router is read: {routes:?}");
        assert_eq!(told, routes);
        assert_eq!(told.len(), CALLS.len(), "each once");
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document = document("/.stepgate");
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let named: BTreeSet<&str> =
            text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        let there: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
        assert_eq!(named, there);
    }
}
