//! `second_factor:` and `notices:` as typed.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Secret;

/// The rules of factors, stamps and approvals.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// Kinds that a player may use, in the order offered; default `[app, backup_code]`.
    pub methods: Option<Vec<crate::policy::FactorKind>>,
    /// What a first enrolment needs besides the site session; default `support`, the closed one.
    pub first_enrolment: Option<crate::flow::FirstEnrolment>,
    /// How long a factor bound without further proof satisfies `session` only; default `24h`.
    pub cooldown: Option<String>,
    /// Lifetimes of stamps.
    pub stamp: Option<Stamp>,
    /// Lifetime of challenges and approvals.
    pub approval: Option<Approval>,
    /// The app factor.
    pub app: Option<App>,
    /// Codes by SMS.
    pub sms: Option<Sms>,
    /// Backup codes.
    pub backup_codes: Option<BackupCodes>,
    /// Browsers that may skip the challenge where `session` is required, once in each log-in at the site.
    pub remember_device: Option<RememberDevice>,
}

/// Where notices go besides the player's own contacts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    /// An address of the site that every event is posted to, signed.
    pub webhook: Option<Webhook>,
}

/// An address of the site that events are posted to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// `https://…`, or `http://` on loopback.
    pub url: String,
    /// Signs each post (HMAC-SHA-256), as `{ file: … }` or `{ env: … }`.
    pub secret: Secret,
}

/// Codes by SMS.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// How long a code counts; default `5m`, at most `10m` (ASVS 6.5.5).
    pub code_lifetime: Option<String>,
    /// Before another may be sent, unless the last was used; default `30s`.
    pub resend_after: Option<String>,
    /// Countries that are sent to, ISO 3166-1 alpha-2; the first completes numbers that are written
    /// without their country. Must be set where `sms` is a method.
    pub countries: Option<Vec<String>>,
    /// To one number, and to one player, within an hour, of those that were not used; default 5.
    pub per_hour: Option<u32>,
    /// To one number, and to one player, within a day; default 10.
    pub per_day: Option<u32>,
}

/// Backup codes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupCodes {
    /// How many a set has: 5 to 20; default 10.
    pub count: Option<usize>,
}

/// Browsers that may skip the challenge where `session` is required, once in each log-in at the site.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RememberDevice {
    /// From the proof on, never moved; default `30d`, at most `90d`.
    pub lifetime: Option<String>,
    /// Beyond it the longest unused is forgotten; default 5.
    pub max_per_player: Option<u32>,
}

/// Lifetimes of stamps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// From the proof to the hard end; default `12h`.
    pub lifetime: Option<String>,
    /// Without a request of a guarded route; default `30m`.
    pub idle: Option<String>,
}

/// Lifetime of challenges and approvals.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// Default `5m`, at most `15m`.
    pub lifetime: Option<String>,
}

/// The app factor (TOTP, RFC 6238).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// As the app shows it; default: the site's name.
    pub issuer: Option<String>,
    /// How many steps a code may be early or late: 0 or 1; default 1.
    pub skew_steps: Option<u32>,
}
