//! The support desk, as it is typed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Secret, Text, Tls};
use crate::policy::desk::Role;

/// The support desk: a console for those who help players, on a listener of its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// `address:port`; never the players' port.
    pub address: String,
    /// With TLS; must be set off loopback.
    pub tls: Option<Tls>,
    /// The names under which operators open it, as `desk.play.example` or with a port; every other is
    /// answered 421. Must be set off loopback; default on loopback: its address, and `localhost` with its port.
    pub hosts: Option<Vec<String>>,
    /// Who may sign in; `stepgate user operator` makes an entry.
    pub operators: Vec<Operator>,
    /// How a second factor is reset.
    pub reset: Option<DeskReset>,
    /// Actions of one operator within an hour, looking not counted; default 20.
    pub actions_per_hour: Option<u32>,
    /// How often one operator may look for a player or at one within an hour, by whatever way; default 60. Each
    /// look is a row of the audit.
    pub looks_per_hour: Option<u32>,
}

/// Somebody who may sign in at the desk.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Of `a-z 0-9 . _ -`, 1 to 32 characters; stands in the audit.
    pub name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Argon2id as a PHC string, or `{ file: … }`, `{ env: … }` of one.
    pub password_hash: Text,
    /// Of their authenticator app, in base32, as `{ file: … }` or `{ env: … }`.
    pub app_secret: Secret,
}

/// How a second factor is reset.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskReset {
    /// How the player can have been identified, a word each; default `[document, video_call, in_person]`.
    pub evidence: Option<Vec<String>>,
    /// Persons that a reset takes, the one who asks included; 2 (default) or 1.
    pub approvals: Option<u32>,
    /// Between the approval and the reset, for the player to call it off; default `24h`. Less than `1h` only
    /// where the desk is on loopback.
    pub delay: Option<String>,
    /// How long a reset waits for its approval; default `24h`.
    pub expires: Option<String>,
    /// How long a temporary code counts; default `1h`, at most `24h`.
    pub code_lifetime: Option<String>,
}
