//! From a request to its verdict.
//!
//! The order is that of design.md 4: on which routes does it land; is it a form that a guarded route
//! refuses; which stamp or approval does it bring; who sent it; the policy; and, where proof is
//! missing, the challenge that asks for it. Every error on this path closes the gate.

use std::sync::Arc;

use crate::{
    clock::UnixTime,
    fields::Body,
    flow::{
        CookieNames, Flow, FlowError, RuleSet,
        challenge::{Asked, NewChallenge},
        device::Exchanged,
        evidence::{Evidence, level},
        form::{body_view, check_form, check_tunnel, takes_no_body},
        hold::{self, HeldRequest},
    },
    identity::Player,
    metrics::words::HeldOutcome,
    policy::{
        self, Account, Decision, Enrolment, FactorKind, Facts, Landing, Permit, Reason, Requirement, Route, Verdict,
        rule::Respond,
    },
    request::{self, Binding, Head, Subject},
    secret::Token,
    stamp::Stamp,
    store::{PlayerState, shared::Level},
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
    /// Whose request it is.
    pub subject: Subject,
    /// The challenge that was answered.
    pub challenge_id: String,
    /// Until when its id must be remembered.
    pub expires_at: UnixTime,
    /// The kind that answered it.
    pub by: FactorKind,
    /// The player's epoch then: whatever ended the stamps since ended this too.
    pub epoch: i64,
}

/// What is known of a request that goes on.
#[derive(Debug)]
pub struct Passage {
    /// Forwarding needs it.
    pub permit: Permit,
    /// Who sent it, where that was asked.
    pub player: Option<Player>,
    /// The stamp by which it passes.
    pub stamp: Option<Arc<Stamp>>,
    /// The approval by which it passes, and the digest that it was bound to.
    pub spend: Option<(Spend, [u8; 32])>,
    /// What its approval showed.
    pub details: Vec<(String, String)>,
    /// Whether it goes on as nobody's: without identity cookies and Authorization.
    pub anonymous: bool,
}

impl Passage {
    /// A request that goes on as nobody's.
    #[must_use]
    pub const fn anonymous(permit: Permit) -> Self {
        Self { permit, player: None, stamp: None, spend: None, details: Vec::new(), anonymous: true }
    }
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
        /// The challenge, the kinds that may answer, and the browser secret, if it is new.
        asked: Box<Asked>,
        /// Whether a page is wanted.
        page: bool,
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
    /// What the routes in `observe` mode would have done.
    pub observed: Vec<Observed<'r>>,
    /// Who was found to have sent it, in which log-in.
    pub player: Option<(Subject, Binding)>,
    /// What a remembered device was exchanged for: whatever answers the request carries both cookies, since
    /// the old one counts no more.
    pub exchanged: Option<Exchanged>,
}

/// What a route in `observe` mode would have done, and why.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'r> {
    /// The route.
    pub route: &'r Route,
    /// `allow`, `challenge`, `enrol` or `deny`.
    pub would: &'static str,
    /// Why.
    pub reason: Reason,
}

impl Flow {
    /// Takes a request to its verdict.
    pub async fn gate<'r>(&self, rules: &'r RuleSet, arrival: Arrival<'_>) -> Gated<'r> {
        let landing = rules.routes.land(arrival.head, body_view(arrival.body));
        if let Some(gated) = self.unguarded(arrival, &landing) {
            return gated;
        }
        let route = landing.enforced.first().copied();
        // On the heap only now: it is large, and most requests are not guarded.
        let mut exchanged = None;
        let gated = match Box::pin(self.gate_landed(rules, arrival, &landing, &mut exchanged)).await {
            Ok(gated) => gated,
            Err(error) => gated(Outcome::Refuse(error), route),
        };
        self.count_unsupported(arrival, &gated);
        Gated { exchanged, ..gated }
    }

    /// Counts a form post that would be held if it could be read.
    fn count_unsupported(&self, arrival: Arrival<'_>, gated: &Gated<'_>) {
        let Outcome::Refuse(FlowError::UnreadableBody) = gated.outcome else { return };
        let page = gated.route.is_some_and(|route| (arrival.wants_page)(arrival.head, route.respond));
        if page && !arrival.head.method.is_safe() {
            self.metrics.held(HeldOutcome::Unsupported);
        }
    }

    /// The way of a request on which nothing depends: no identity, no stamp, no store (decisions 51).
    fn unguarded<'r>(&self, arrival: Arrival<'_>, landing: &Landing<'r>) -> Option<Gated<'r>> {
        let unread = matches!(arrival.body, BodyState::Unread);
        if !landing.is_unguarded() || !landing.observed.is_empty() || unread && landing.body_matters {
            return None;
        }
        let evidence = Evidence::default();
        let decision = policy::decide(landing, arrival.head, &evidence.facts(self.clock.now()));
        let Verdict::Allow(permit) = decision.verdict else { return None };
        let passage = Passage { anonymous: false, ..Passage::anonymous(permit) };
        Some(Gated { reason: Some(decision.reason), ..gated(Outcome::Pass(Box::new(passage)), decision.route) })
    }

    async fn gate_landed<'r>(
        &self,
        rules: &'r RuleSet,
        arrival: Arrival<'_>,
        landing: &Landing<'r>,
        exchanged: &mut Option<Exchanged>,
    ) -> Result<Gated<'r>, FlowError> {
        let guarded = !landing.is_unguarded();
        if guarded {
            check_form(arrival.head, arrival.body, rules.paths, landing)?;
            rules.identity.refuse_address(arrival.head)?;
            check_tunnel(rules, arrival.head, landing)?;
        }
        let unread = matches!(arrival.body, BodyState::Unread);
        let wants_once = landing.enforced.iter().any(|route| route.require == Requirement::Once);
        let must_be_empty = guarded && takes_no_body(arrival.head.method);
        if unread && (landing.body_matters || wants_once || must_be_empty) {
            return Ok(gated(Outcome::ReadBody, None));
        }
        let mut evidence = Evidence::default();
        if guarded || !landing.observed.is_empty() {
            evidence = self.evidence(rules, arrival, landing).await?;
        }
        let mut decision = self.decide(landing, arrival.head, &mut evidence).await?;
        if let Some(remembered) = self.remembered(rules, arrival.head, &decision, evidence.player.as_ref()).await? {
            evidence.stamp = Some(Arc::new(remembered.stamp.stamp.clone()));
            *exchanged = Some(remembered);
            decision = self.decide(landing, arrival.head, &mut evidence).await?;
        }
        let observed = self.observe(landing, &evidence).await;
        let (reason, route) = (Some(decision.reason), decision.route);
        let player = evidence.player.as_ref().map(|player| (player.subject.clone(), player.binding));
        // What was decided stays known where it cannot be carried out.
        let outcome = self.carry_out(rules, arrival, decision, evidence).await.unwrap_or_else(Outcome::Refuse);
        Ok(Gated { outcome, route, reason, observed, player, exchanged: None })
    }

    /// Decides; asks the store for the player's account only where the verdict depends on it.
    async fn decide<'r>(
        &self,
        landing: &Landing<'r>,
        head: &Head<'_>,
        evidence: &mut Evidence,
    ) -> Result<Decision<'r>, FlowError> {
        let now = self.clock.now();
        let decision = policy::decide(landing, head, &evidence.facts(now));
        if !matches!(decision.verdict, Verdict::AskAccount) {
            return Ok(decision);
        }
        let subject = evidence.subject().ok_or(FlowError::Anonymous)?;
        let state = self.stores.accounts.player(subject).await?;
        evidence.account = Some(account(&state));
        Ok(policy::decide(landing, head, &evidence.facts(now)))
    }

    /// Exchanges a remembered device where only a stamp for `session` is missing.
    async fn remembered(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        decision: &Decision<'_>,
        player: Option<&Player>,
    ) -> Result<Option<Exchanged>, FlowError> {
        let route = decision.route.filter(|route| route.require == Requirement::Session);
        let (Some(route), Some(player), Verdict::Challenge) = (route, player, &decision.verdict) else {
            return Ok(None);
        };
        self.exchange_device(rules, head, player, &route.methods).await
    }

    /// What the routes in `observe` mode would have done; a store that says no account would have closed them.
    async fn observe<'r>(&self, landing: &Landing<'r>, evidence: &Evidence) -> Vec<Observed<'r>> {
        let now = self.clock.now();
        let facts = evidence.facts(now);
        let says = |facts: &Facts<'_>| -> Vec<Observed<'r>> {
            let observed = landing.observed.iter().map(|route| {
                let (outcome, reason) = policy::decide::decide_one(route, facts);
                Observed { route, would: outcome.as_str(), reason }
            });
            observed.collect()
        };
        let undecided = |route: &&Route| policy::decide::decide_one(route, &facts).0 == Verdict::AskAccount;
        if let Some(player) = evidence.player.as_ref().filter(|_| landing.observed.iter().any(undecided))
            && let Ok(state) = self.stores.accounts.player(&player.subject).await
        {
            let account = account(&state);
            return says(&Facts { account: Some(&account), ..facts });
        }
        says(&facts)
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
                let Evidence { player, stamp, spend, details, anonymous, .. } = evidence;
                let passage = Passage { permit, player, stamp, spend, details, anonymous };
                Ok(Outcome::Pass(Box::new(passage)))
            }
            Verdict::Challenge | Verdict::Enrol => {
                let route = decision.route.ok_or(FlowError::Denied("this request is refused"))?;
                self.ask_for_proof(rules, arrival, route, evidence).await
            }
            Verdict::CoolDown { until } => Err(FlowError::CoolingDown { until }),
            Verdict::Deny if decision.reason == Reason::Anonymous => Err(FlowError::Anonymous),
            Verdict::Deny if decision.reason == Reason::Frozen => Err(FlowError::Frozen),
            // The account was asked for; a verdict that still wants it has no answer to give.
            Verdict::Deny | Verdict::AskAccount => Err(FlowError::Denied("this request is refused")),
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
        let is_held = page && changes;
        if is_held && body.is_none() {
            self.metrics.held(HeldOutcome::TooLarge);
        }
        if level == Level::Once && body.is_none() {
            return Err(FlowError::TooLarge);
        }
        let details = if body.is_some() { hold::details(route, head, body)? } else { Vec::new() };
        let digest = body.map(|body| hold::digest(route, &player, head, body, &details));
        let holds = is_held && body.is_some();
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
            asks: &route.name,
            methods: route.methods.clone(),
            level,
            details,
            digest,
            return_to,
            holds,
        };
        let asked = self.ask(rules, new).await?;
        if let Some(body) = body.filter(|_| holds) {
            if !self.keep(&asked.challenge, &HeldRequest::capture(head, body)).await? {
                self.metrics.held(HeldOutcome::NoRoom);
                self.stores.challenges.remove(&asked.challenge.id).await?;
                return Err(FlowError::TooLarge);
            }
            self.metrics.held(HeldOutcome::Held);
        }
        Ok(Outcome::Ask { asked: Box::new(asked), page })
    }
}

/// The browser secret in the challenge cookie.
#[must_use]
pub fn browser_secret(rules: &RuleSet, head: &Head<'_>) -> Option<Token> {
    let name = CookieNames::of(rules.site.secure).challenge;
    request::cookie(head.headers, name).ok().flatten().and_then(Token::parse)
}

/// What the store says of a player, as the policy reads it.
#[must_use]
pub fn account(state: &PlayerState) -> Account {
    Account { enrolment: enrolment(state), frozen: state.freeze.is_some(), happened: state.happened.clone() }
}

fn enrolment(state: &PlayerState) -> Enrolment {
    if state.factors.is_empty() {
        return if state.must_bind { Enrolment::MustBind } else { Enrolment::Unenrolled };
    }
    let mut kinds: Vec<FactorKind> = state.factors.iter().map(|factor| factor.kind).collect();
    if state.backup_codes_left > 0 {
        kinds.push(FactorKind::BackupCode);
    }
    kinds.sort_unstable();
    kinds.dedup();
    // One ripe factor is enough.
    let cooling_until = state.factors.iter().map(|factor| factor.matures_at).min();
    Enrolment::Active { kinds, cooling_until }
}

fn gated<'r>(outcome: Outcome, route: Option<&'r Route>) -> Gated<'r> {
    Gated { outcome, route, reason: None, observed: Vec::new(), player: None, exchanged: None }
}
