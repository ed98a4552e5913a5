//! From a request to its verdict.
//!
//! The order is that of design.md 4: on which routes does it land; is it a form that a guarded route
//! refuses; which stamp or approval does it bring; who sent it; the policy; and, where proof is
//! missing, the challenge that asks for it. Every error on this path closes the gate.

use http::header;

use crate::{
    clock::UnixTime,
    fields::Body,
    flow::{
        CookieNames, Flow, FlowError, RuleSet,
        challenge::{Asked, NewChallenge},
        evidence::Evidence,
        hold::{self, HeldRequest},
    },
    identity::Player,
    policy::{
        self, BodyView, Decision, Enrolment, FactorKind, Landing, Permit, Reason, Requirement, Route, Verdict,
        rule::Respond,
    },
    request::{self, Head},
    secret::Token,
    stamp::Stamp,
    store::{PlayerState, shared::Level},
    target::{OddForm, PathPolicy},
};

/// The request header with which a client without cookies sends its stamp.
pub const STAMP_HEADER: &str = "stepgate-stamp";
/// The request header with which a client sends an approval.
pub const APPROVAL_HEADER: &str = "stepgate-approval";

/// How much of a request's body is known.
#[derive(Clone, Copy, Debug)]
pub enum BodyState<'b> {
    /// It was not read; the gate may ask for it.
    Unread,
    /// Read whole. Empty, if the request has none.
    Read(Body<'b>),
    /// Too large to be read: conditions on it stay unknown, nothing of it can be held or approved.
    TooLarge,
}

/// One request at the gate.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// Its head.
    pub head: &'a Head<'a>,
    /// Its body, as far as it is known.
    pub body: BodyState<'a>,
    /// Whether the client wants a page, given a route's `respond`.
    pub wants_page: fn(&Head<'_>, Respond) -> bool,
}

/// What is consumed right before the first byte goes to the site (decisions 13, 38).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    /// The challenge that was answered.
    pub challenge_id: String,
    /// Until when its id must be remembered.
    pub expires_at: UnixTime,
}

/// What is known of a request that goes on.
#[derive(Debug)]
pub struct Passage {
    /// Forwarding needs it.
    pub permit: Permit,
    /// Who sent it, where that was asked.
    pub player: Option<Player>,
    /// The stamp by which it passes.
    pub stamp: Option<Stamp>,
    /// The approval by which it passes, and the digest that it was bound to.
    pub spend: Option<(Spend, [u8; 32])>,
    /// Whether it goes on as nobody's: without identity cookies and Authorization.
    pub anonymous: bool,
}

/// What happens to a request.
#[derive(Debug)]
pub enum Outcome {
    /// It is forwarded.
    Pass(Box<Passage>),
    /// The body must be read first; then the gate is asked again.
    ReadBody,
    /// The player is asked for a code.
    Ask {
        /// The challenge and the browser secret, if it is new.
        asked: Box<Asked>,
        /// Which kinds may answer now; empty where the player must enrol first.
        methods: Vec<FactorKind>,
        /// Whether a page is wanted.
        page: bool,
        /// A new value for our login cookie, where the log-in needs one.
        login_cookie: Option<Token>,
    },
    /// It is refused.
    Refuse(FlowError),
}

/// An outcome with what the decision log says of it.
#[derive(Debug)]
pub struct Gated<'r> {
    /// What happens.
    pub outcome: Outcome,
    /// The route that caused it.
    pub route: Option<&'r Route>,
    /// Why.
    pub reason: Option<Reason>,
    /// Routes in `observe` mode with what they would have done.
    pub observed: Vec<(&'r Route, &'static str)>,
}

impl Flow {
    /// Takes a request to its verdict.
    pub async fn gate<'r>(&self, rules: &'r RuleSet, arrival: Arrival<'_>) -> Gated<'r> {
        let landing = rules.routes.land(arrival.head, body_view(arrival.body));
        let route = landing.enforced.first().copied();
        match self.gate_landed(rules, arrival, &landing).await {
            Ok(gated) => gated,
            Err(error) => Gated { outcome: Outcome::Refuse(error), route, reason: None, observed: Vec::new() },
        }
    }

    async fn gate_landed<'r>(
        &self,
        rules: &'r RuleSet,
        arrival: Arrival<'_>,
        landing: &Landing<'r>,
    ) -> Result<Gated<'r>, FlowError> {
        let guarded = !landing.is_unguarded();
        if guarded {
            check_form(arrival.head, rules.paths, landing)?;
        }
        let unread = matches!(arrival.body, BodyState::Unread);
        let wants_once = landing.enforced.iter().any(|route| route.require == Requirement::Once);
        if unread && (landing.body_matters || wants_once) {
            return Ok(gated(Outcome::ReadBody, None));
        }
        let mut evidence = Evidence::default();
        if guarded || !landing.observed.is_empty() {
            evidence = self.evidence(rules, arrival, landing).await?;
        }
        let decision = self.decide(landing, arrival.head, &mut evidence).await?;
        let observed = self.observe(landing, &evidence);
        let (reason, route) = (Some(decision.reason), decision.route);
        let outcome = self.carry_out(rules, arrival, decision, evidence).await?;
        Ok(Gated { outcome, route, reason, observed })
    }

    /// Decides; asks the store for the player's enrolment only where the verdict depends on it.
    async fn decide<'r>(
        &self,
        landing: &Landing<'r>,
        head: &Head<'_>,
        evidence: &mut Evidence,
    ) -> Result<Decision<'r>, FlowError> {
        let now = self.clock.now();
        let decision = policy::decide(landing, head, &evidence.facts(now));
        if !matches!(decision.verdict, Verdict::AskEnrolment) {
            return Ok(decision);
        }
        let Some(player) = &evidence.player else { return Err(FlowError::Anonymous) };
        let state = self.stores.factors.player(&player.subject).await?;
        evidence.enrolment = Some(enrolment(&state));
        Ok(policy::decide(landing, head, &evidence.facts(now)))
    }

    /// What the routes in `observe` mode would have done with the same facts.
    fn observe<'r>(&self, landing: &Landing<'r>, evidence: &Evidence) -> Vec<(&'r Route, &'static str)> {
        let facts = evidence.facts(self.clock.now());
        landing.observed.iter().map(|route| (*route, policy::decide::decide_one(route, &facts).0.as_str())).collect()
    }

    async fn carry_out<'r>(
        &self,
        rules: &RuleSet,
        arrival: Arrival<'_>,
        decision: Decision<'r>,
        evidence: Evidence,
    ) -> Result<Outcome, FlowError> {
        match decision.verdict {
            Verdict::Allow(permit) => {
                let Evidence { player, stamp, spend, anonymous, .. } = evidence;
                Ok(Outcome::Pass(Box::new(Passage { permit, player, stamp, spend, anonymous })))
            }
            Verdict::Challenge | Verdict::Enrol => {
                let route = decision.route.ok_or(FlowError::Denied("this request is refused"))?;
                self.ask_for_proof(rules, arrival, route, evidence).await
            }
            Verdict::CoolDown { until } => Err(FlowError::CoolingDown { until }),
            Verdict::Deny if decision.reason == Reason::Anonymous => Err(FlowError::Anonymous),
            Verdict::Deny => Err(FlowError::Denied("this request is refused")),
            // The enrolment was asked for; a verdict that still wants it has no answer to give.
            Verdict::AskEnrolment => Err(FlowError::Denied("this request is refused")),
        }
    }

    /// Opens a challenge; holds a page's form post under it.
    async fn ask_for_proof(
        &self,
        rules: &RuleSet,
        arrival: Arrival<'_>,
        route: &Route,
        evidence: Evidence,
    ) -> Result<Outcome, FlowError> {
        let head = arrival.head;
        let player = evidence.player.clone().ok_or(FlowError::Anonymous)?;
        let page = (arrival.wants_page)(head, route.respond);
        let changes = !head.method.is_safe();
        if page && changes && matches!(arrival.body, BodyState::Unread) {
            return Ok(Outcome::ReadBody);
        }
        let body = match arrival.body {
            BodyState::Read(body) => Some(body),
            BodyState::Unread | BodyState::TooLarge => None,
        };
        let level = level(route.require);
        if level == Level::Once && body.is_none() {
            return Err(FlowError::TooLarge);
        }
        let details = if body.is_some() { hold::details(route, head, body)? } else { Vec::new() };
        let digest = body.map(|body| hold::digest(route, &player, head, body, &details));
        let holds = page && changes && body.is_some();
        let return_to = if holds || head.method.is_safe() {
            head.target.raw().to_owned()
        } else {
            // What cannot be kept must be sent again, and a page says so.
            format!("{}/again", rules.portal_prefix)
        };
        let browser = browser_secret(rules, head);
        let new = NewChallenge {
            player: &player,
            browser: browser.as_ref(),
            route,
            level,
            details,
            digest,
            return_to,
            holds,
        };
        let asked = self.ask(rules, new).await?;
        if let Some(body) = body.filter(|_| holds)
            && !self.keep(&asked.challenge, &HeldRequest::capture(head, body)).await?
        {
            self.stores.challenges.remove(&asked.challenge.id).await?;
            return Err(FlowError::TooLarge);
        }
        let methods = match &evidence.enrolment {
            Some(Enrolment::Active { kinds, .. }) => {
                route.methods.iter().copied().filter(|kind| kinds.contains(kind)).collect()
            }
            Some(Enrolment::Unenrolled | Enrolment::MustBind) | None => Vec::new(),
        };
        Ok(Outcome::Ask { asked: Box::new(asked), methods, page, login_cookie: player.login_cookie })
    }
}

/// Forms that a guarded route refuses, though they may be harmless elsewhere (security.md 3.3).
fn check_form(head: &Head<'_>, paths: PathPolicy, landing: &Landing<'_>) -> Result<(), FlowError> {
    let other_case = landing.other_case && paths.case_sensitive == OddForm::Reject;
    if other_case || paths.refused(head.target).is_some() {
        return Err(FlowError::BadRequest("this address is written in a form that is refused here"));
    }
    if head.headers.get_all(header::CONTENT_TYPE).iter().nth(1).is_some() {
        return Err(FlowError::BadRequest("the Content-Type occurs more than once"));
    }
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(FlowError::UnreadableBody);
    }
    let has_body = head.headers.contains_key(header::TRANSFER_ENCODING)
        || head.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    if has_body && head.method.is_safe() {
        return Err(FlowError::BadRequest("this method takes no body here"));
    }
    Ok(())
}

/// The browser secret in the challenge cookie.
#[must_use]
pub fn browser_secret(rules: &RuleSet, head: &Head<'_>) -> Option<Token> {
    let name = CookieNames::of(rules.site.secure).challenge;
    request::cookie(head.headers, name).ok().flatten().and_then(Token::parse)
}

/// What the store says of a player, as the policy reads it.
#[must_use]
pub fn enrolment(state: &PlayerState) -> Enrolment {
    if state.factors.is_empty() {
        return if state.must_bind { Enrolment::MustBind } else { Enrolment::Unenrolled };
    }
    let mut kinds: Vec<FactorKind> = state.factors.iter().map(|factor| factor.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    // One ripe factor is enough.
    let cooling_until = state.factors.iter().map(|factor| factor.matures_at).min();
    Enrolment::Active { kinds, cooling_until }
}

fn body_view(body: BodyState<'_>) -> BodyView<'_> {
    match body {
        BodyState::Read(body) => BodyView::Read(body),
        BodyState::Unread | BodyState::TooLarge => BodyView::Unread,
    }
}

fn gated<'r>(outcome: Outcome, route: Option<&'r Route>) -> Gated<'r> {
    Gated { outcome, route, reason: None, observed: Vec::new() }
}

fn level(requirement: Requirement) -> Level {
    match requirement {
        Requirement::None | Requirement::Session => Level::Session,
        Requirement::Fresh { .. } => Level::Fresh,
        Requirement::Once => Level::Once,
    }
}
