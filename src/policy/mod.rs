//! The rules and the decision: pure, synchronous, without I/O, time or randomness of its own.
//!
//! [`rule`] is a route as it was resolved from the configuration; [`routes`] compiles all of them
//! and says on which of them a request lands; [`facts`] is what is known of the request and its
//! player; [`mod@decide`] turns both into a [`Verdict`]; [`permit`] is what forwarding needs and only a
//! verdict makes; [`cooldown`] says how long a route waits after a change; [`sample`] is a request that
//! nobody sent; [`throttle`] says how long failed codes pause a factor; [`sms_guard`] whether a code may be
//! sent; [`desk`] who may do what at the support desk.
//!
//! A request *passes only if every route that some reading of it lands on lets it pass*; among those
//! that do not, the strictest answers.

pub mod cooldown;
pub mod decide;
pub mod desk;
pub mod facts;
pub mod pattern;
pub mod permit;
pub mod routes;
pub mod rule;
pub mod sample;
pub mod sms_guard;
pub mod throttle;

pub use decide::{Decision, Reason, Verdict, decide};
pub use facts::{Account, Enrolment, Facts, StampFacts, Visitor};
pub use pattern::PathPattern;
pub use permit::Permit;
pub use routes::{BodyView, Landing, Routes, is_override, may_change};
pub use rule::{FactorKind, OnStoreError, Requirement, Route};
