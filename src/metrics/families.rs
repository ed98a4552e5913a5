//! The table of metric families: the names here are an interface, dashboards rely on them.

use super::words::{
    AuditSink, CODE_CLASSES, ChallengeOutcome, Channel, ConnectionEnd, Decision, EnrolmentOutcome, FACTORS, Fate,
    HeldOutcome, IdentityResult, KeyUse, METHODS, REASONS, ReloadResult, RequestRefusal, SendOutcome, SmsFinding,
    SmsMessage, SmsVerdict, Source, StampReject, StoreOperation, Success, ThrottledBy, UpstreamError, VerifyResult,
};

/// What kind of numbers a family holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows; starts at zero with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Seconds, with the upper bounds of its buckets.
    Histogram(&'static [f64]),
}

/// A label of a family.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its closed set of values; empty: values come from the configuration or the build.
    pub values: &'static [&'static str],
}

/// One family.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// With the prefix `stepgate_`.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// What kind of numbers.
    pub kind: Kind,
    /// What the number counts.
    pub unit: &'static str,
    /// In the order of the values; at most one comes from the configuration beside closed ones, and it stands first.
    pub labels: &'static [Label],
}

/// For what a request adds: from 50 microseconds to half a second.
const FAST: &[f64] = &[0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5];
/// For exchanges with the site: from 1 millisecond to 30 seconds.
const EXCHANGE: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// For people: from 1 second to 10 minutes.
const PEOPLE: &[f64] = &[1.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0];

const fn label(name: &'static str, values: &'static [&'static str]) -> Label {
    Label { name, values }
}

const ROUTE: Label = label("route", &[]);
const COUNTRY: Label = label("country", &[]);
const COURIER: Label = label("courier", &[]);
const FACTOR: Label = label("factor", FACTORS);
const RELOAD: &[Label] = &[label("result", ReloadResult::WORDS)];

/// Declares the families as constants, and `ALL` of them in the order of the file.
macro_rules! families {
    ($($id:ident: $kind:expr, $name:literal, $unit:literal, $labels:expr, $help:literal;)+) => {
        $(
            #[doc = $help]
            pub const $id: Family =
                Family { name: concat!("stepgate_", $name), help: $help, kind: $kind, unit: $unit, labels: $labels };
        )+
        /// Every family of ours; the process's own (`process_*`) come beside them.
        pub const ALL: &[Family] = &[$($id),+];
    };
}

families! {
    BUILD_INFO: Kind::Gauge, "build_info", "always 1", &[label("version", &[]), label("revision", &[])],
        "The build that runs.";
    HTTP_REQUESTS: Kind::Counter, "http_requests_total", "requests",
        &[ROUTE, label("method", METHODS), label("code_class", CODE_CLASSES)],
        "Requests that were answered, by the route they landed on.";
    HTTP_DURATION: Kind::Histogram(EXCHANGE), "http_request_duration_seconds", "seconds", &[ROUTE],
        "From a request's head to the end of its answer.";
    OVERHEAD: Kind::Histogram(FAST), "overhead_seconds", "seconds", &[ROUTE],
        "What the gateway itself added to a request, the site's time not counted.";
    IN_FLIGHT: Kind::Gauge, "requests_in_flight", "requests", &[],
        "Requests whose answer has not ended.";
    CONNECTIONS: Kind::Gauge, "connections", "connections", &[],
        "Connections of players that are open.";
    DESK_CONNECTIONS: Kind::Gauge, "desk_connections", "connections", &[],
        "Connections to the support desk that are open.";
    CONNECTIONS_ENDED: Kind::Counter, "connections_ended_total", "connections",
        &[label("reason", ConnectionEnd::WORDS)],
        "Connections of players and to the desk that were refused, or ended because nothing came in time.";
    REQUESTS_REFUSED: Kind::Counter, "requests_refused_total", "requests",
        &[label("reason", RequestRefusal::WORDS)],
        "Requests of players that were answered 503 because as many were served as may be, of all or of their client.";
    DECISIONS: Kind::Counter, "decisions_total", "decisions",
        &[ROUTE, label("decision", Decision::WORDS), label("reason", REASONS)],
        "Decisions over requests to guarded routes.";
    ROUTE_MATCHED: Kind::Gauge, "route_matched", "0 or 1", &[ROUTE],
        "Whether any request landed on a route of the configuration since the process began; 0: perhaps it guards nothing.";
    CHALLENGES: Kind::Counter, "challenges_total", "challenges",
        &[ROUTE, FACTOR, label("outcome", ChallengeOutcome::WORDS)],
        "Challenges by how they went; one that is started has the factor `other`, one that is gone when answered the route `none`.";
    CHALLENGE_DURATION: Kind::Histogram(PEOPLE), "challenge_duration_seconds", "seconds", &[FACTOR],
        "From opening a challenge to its right answer.";
    VERIFY_ATTEMPTS: Kind::Counter, "verify_attempts_total", "codes",
        &[FACTOR, label("result", VerifyResult::WORDS)],
        "Codes that were checked.";
    THROTTLED: Kind::Counter, "throttled_total", "codes", &[FACTOR, label("by", ThrottledBy::WORDS)],
        "Codes that were not compared after too many wrong ones, of the player or of a network.";
    STAMP_REJECTS: Kind::Counter, "stamp_rejects_total", "stamps", &[label("reason", StampReject::WORDS)],
        "Stamps that were presented and not accepted.";
    STAMPS_IN_OUTAGE: Kind::Counter, "stamps_in_outage_total", "requests", &[],
        "Requests that passed by `on_store_error`, on a stamp that the store could not be asked about.";
    HELD_REQUESTS: Kind::Gauge, "held_requests", "requests", &[],
        "Requests held now by this process.";
    HELD_BYTES: Kind::Gauge, "held_bytes", "bytes", &[],
        "Bytes of the requests held now by this process.";
    HELD_TOTAL: Kind::Counter, "held_requests_total", "requests", &[label("outcome", HeldOutcome::WORDS)],
        "Requests to be held, by what became of them.";
    ENROLMENTS: Kind::Counter, "enrolments_total", "enrolments",
        &[FACTOR, label("outcome", EnrolmentOutcome::WORDS)],
        "Enrolments by how they went.";
    STORE_DURATION: Kind::Histogram(FAST), "store_operation_duration_seconds", "seconds",
        &[label("operation", StoreOperation::WORDS), label("result", Success::WORDS)],
        "Calls to the stores.";
    STORE_ERRORS: Kind::Counter, "store_errors_total", "calls", &[label("operation", StoreOperation::WORDS)],
        "Calls to the stores that failed; guarded routes are closed meanwhile.";
    CONFIG_RELOADS: Kind::Counter, "config_reloads_total", "reloads", RELOAD,
        "Reloads of the configuration.";
    CONFIG_SUCCESSFUL: Kind::Gauge, "config_last_reload_successful", "0 or 1", &[],
        "Whether the last load of the configuration was applied.";
    CONFIG_TIMESTAMP: Kind::Gauge, "config_last_reload_success_timestamp_seconds", "seconds since 1970", &[],
        "When the configuration in force was loaded.";
    CONFIG_INFO: Kind::Gauge, "config_info", "always 1", &[label("hash", &[])],
        "The configuration in force, by its hash.";
    KEY_AGE: Kind::Gauge, "key_age_seconds", "seconds", &[label("use", KeyUse::WORDS)],
        "Age of the newest key of each use.";
    CLOCK_AHEAD: Kind::Gauge, "clock_ahead_seconds", "seconds", &[],
        "How far the gateway's time is ahead of the machine's clock; above 0 after that was set back.";
    LOGIN_WITHOUT_ROTATION: Kind::Counter, "login_without_rotation_total", "log-ins", &[],
        "Log-ins that the site answered without a new session value, so that `hold_session` could withhold nothing.";
    IDENTITY_CHECKS: Kind::Counter, "identity_checks_total", "checks",
        &[label("source", Source::WORDS), label("result", IdentityResult::WORDS)],
        "Answers to the question who sent a request.";
    IDENTITY_DURATION: Kind::Histogram(EXCHANGE), "identity_check_duration_seconds", "seconds",
        &[label("source", Source::WORDS)],
        "How long that answer took.";
    UPSTREAM_ERRORS: Kind::Counter, "upstream_errors_total", "requests", &[label("kind", UpstreamError::WORDS)],
        "Requests that the site did not answer.";
    CERTIFICATE_EXPIRY: Kind::Gauge, "certificate_expiry_seconds", "seconds since 1970", &[label("listener", &[])],
        "When the certificate of a listener, by its address in the configuration, ends.";
    CERTIFICATE_RELOADS: Kind::Counter, "certificate_reloads_total", "reloads", RELOAD,
        "Reloads of a listener's certificate.";
    COURIER_SENDS: Kind::Counter, "courier_send_total", "messages",
        &[COURIER, label("channel", Channel::WORDS), label("outcome", SendOutcome::WORDS)],
        "Messages that a courier was asked to carry, by how it went.";
    COURIER_DURATION: Kind::Histogram(EXCHANGE), "courier_send_duration_seconds", "seconds",
        &[COURIER, label("channel", Channel::WORDS)],
        "How long a courier that was asked took.";
    COURIER_PAUSED: Kind::Gauge, "courier_paused", "0 or 1", &[COURIER, label("channel", Channel::WORDS)],
        "Whether a courier is passed over, since it does not answer.";
    COURIER_RECEIPTS: Kind::Counter, "courier_receipts_total", "receipts", &[COURIER, label("fate", Fate::WORDS)],
        "What providers said later of messages that they took over.";
    SMS_MESSAGES: Kind::Counter, "sms_messages_total", "messages",
        &[COUNTRY, label("message", SmsMessage::WORDS)],
        "Codes and notices by SMS; countries that the configuration does not name are `other`.";
    SMS_GUARD: Kind::Counter, "sms_guard_total", "codes",
        &[label("finding", SmsFinding::WORDS), label("verdict", SmsVerdict::WORDS)],
        "Codes that something spoke against, and whether they were sent all the same.";
    SMS_GUARD_OPEN: Kind::Gauge, "sms_guard_open", "0 or 1", &[COUNTRY],
        "Whether too many codes to a country were not used, at the last one.";
    AUDIT_ROWS_WAITING: Kind::Gauge, "audit_rows_waiting", "rows", &[label("sink", AuditSink::WORDS)],
        "Rows of the audit that a sink of the configuration does not have yet.";
    AUDIT_OLDEST_WAITING: Kind::Gauge, "audit_oldest_waiting_seconds", "seconds", &[label("sink", AuditSink::WORDS)],
        "Age of the oldest of them; 0 where none waits.";
    NOTICES_WAITING: Kind::Gauge, "notices_waiting", "notices", &[],
        "Notices to players that no courier or webhook has taken yet.";
    NOTICES_OLDEST_WAITING: Kind::Gauge, "notices_oldest_waiting_seconds", "seconds", &[],
        "Age of the oldest of them; 0 where none waits.";
}
