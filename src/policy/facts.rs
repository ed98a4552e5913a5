//! What is known of a request and its player when the policy decides.

use crate::{
    clock::UnixTime,
    policy::{cooldown::Happened, rule::FactorKind},
};

/// Who sent the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// Nobody is logged in: no carrier, or the site positively says so.
    Anonymous,
    /// A player of the site.
    Player,
}

/// What a verified stamp says. Only of a stamp whose signature, lifetime, subject, session, epoch
/// and family were all found good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StampFacts {
    /// When a factor was last proven.
    pub auth_time: UnixTime,
    /// When a factor was last proven for a `fresh` challenge; never by one for `once` (decisions 11).
    pub fresh_time: Option<UnixTime>,
    /// The kind by which both were proven.
    pub by: FactorKind,
}

/// The player's second factor, as the durable store has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolment {
    /// Never had one, or switched it off with proof.
    Unenrolled,
    /// At least one is active.
    Active {
        /// The kinds that are enrolled, without repetition.
        kinds: Vec<FactorKind>,
        /// Until then the factors satisfy `session` only (decisions 8); past when it is over.
        cooling_until: Option<UnixTime>,
    },
    /// Had one and lost it other than by their own proven choice: never `allow` (decisions 7).
    MustBind,
}

/// What the durable store says of a player's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The second factor.
    pub enrolment: Enrolment,
    /// Whether guarded routes are frozen: "this was not me".
    pub frozen: bool,
    /// What lately happened that makes routes wait.
    pub happened: Happened,
}

/// Everything that the decision depends on, besides the routes.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// The present.
    pub now: UnixTime,
    /// Who.
    pub visitor: Visitor,
    /// The stamp, if a good one is there.
    pub stamp: Option<StampFacts>,
    /// The kind that answered, where an unspent approval of exactly this request is there.
    pub approved: Option<FactorKind>,
    /// `None` until somebody asked the store: then a verdict may be [`super::Verdict::AskAccount`].
    pub account: Option<&'f Account>,
}
