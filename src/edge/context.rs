//! What one request carries through the phases.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use pingora::protocols::l4::socket::SocketAddr;

use crate::{
    edge::{
        body::Tail, intake::Intake, live::Live, pace::Pace, patience::Underway, resumption::Opening, tunnel::Tunnel,
    },
    flow::{
        CookieNames, Flow, FlowError,
        gate::{Gated, Outcome, Passage},
    },
    identity::{IdentityError, Watches},
    policy,
    request::{Binding, Subject},
    web::{self, Problem},
};

/// The state of one request.
pub struct Context {
    /// The configuration that it began with.
    pub live: Arc<Live>,
    /// When its head had arrived.
    pub started: Instant,
    /// What the first look found out.
    pub intake: Option<Intake>,
    /// What it needs to be forwarded; `None` until the policy allowed it, and forwarding fails closed.
    pub passage: Option<Box<Passage>>,
    /// The held body that takes the place of our form's.
    pub swap: Option<Bytes>,
    /// The body of a log-in, kept for the moment of its answer.
    pub login_body: Option<Bytes>,
    /// How the session that a log-in presents is watched until its answer.
    pub watches: Watches,
    /// The end of the body, before which the session is looked at once more.
    pub tail: Option<Tail>,
    /// What is kept of a form that may be a resume post of unknown length.
    pub opening: Option<Opening>,
    /// The body of the site's answer, where it was read to be decided upon.
    pub answer_body: Option<Bytes>,
    /// Whether it was learned already who logged in by the answer.
    pub learned: bool,
    /// The log-in that a successful answer ends.
    pub ending: Option<Binding>,
    /// Set-Cookie lines and headers of ours for the answer.
    pub set_cookies: Vec<HeaderValue>,
    /// Whether it may be sent once only: no retry, and a lost answer is an unknown result.
    pub spent: bool,
    /// Whether it lands on a guarded route.
    pub guarded: bool,
    /// The server of the site that failed at the last try.
    pub tried: Option<SocketAddr>,
    /// Whether it was sent a second time.
    pub repeated: bool,
    /// What answers it if forwarding fails.
    pub failure: Option<Problem>,
    /// When it left for the site: until then the time is ours.
    pub sent_at: Option<Instant>,
    /// What the decision log says.
    pub record: Record,
    /// Says to its connection that it lasts.
    pub underway: Option<Underway>,
    /// How much time its body has left, while that streams to the site.
    pub pace: Option<Pace>,
    /// The watch over what stays open.
    pub tunnel: Option<Tunnel>,
    /// Whether it was counted, and its line written.
    pub concluded: bool,
    /// With what its end is written down.
    pub flow: Arc<Flow>,
}

/// What the decision log and the metrics say of a request.
#[derive(Debug, Default)]
pub struct Record {
    /// The route's name; `none` where no named one was landed on.
    pub route: Option<Arc<str>>,
    /// `allow`, `challenge`, `enrol`, `deny` or `observe`.
    pub decision: &'static str,
    /// Stable words.
    pub reasons: Vec<&'static str>,
    /// The challenge that was opened or answered.
    pub challenge_id: Option<String>,
    /// What routes in `observe` mode would have done.
    pub observed: Vec<Observed>,
    /// Who sent it, in which log-in, where that was found out.
    pub player: Option<(Subject, Binding)>,
    /// The status of the site's answer.
    pub upstream_status: Option<u16>,
}

/// What a route in `observe` mode would have done.
#[derive(Debug)]
pub struct Observed {
    /// The route's name.
    pub route: Arc<str>,
    /// `allow`, `challenge`, `enrol` or `deny`.
    pub would: &'static str,
    /// Why: a stable word.
    pub reason: &'static str,
}

impl Context {
    /// A new one, in flight for as long as it lives.
    #[must_use]
    pub fn new(live: Arc<Live>, flow: Arc<Flow>) -> Self {
        flow.metrics.in_flight.inc();
        Self {
            live,
            started: Instant::now(),
            intake: None,
            passage: None,
            swap: None,
            login_body: None,
            watches: Watches::default(),
            tail: None,
            opening: None,
            answer_body: None,
            learned: false,
            ending: None,
            set_cookies: Vec::new(),
            spent: false,
            guarded: false,
            tried: None,
            repeated: false,
            failure: None,
            sent_at: None,
            record: Record::default(),
            underway: None,
            pace: None,
            tunnel: None,
            concluded: false,
            flow,
        }
    }

    /// The cookies that came up while it was asked who sent the request, as Set-Cookie lines.
    pub fn answer_cookies(&self) -> Vec<HeaderValue> {
        let Some(cookies) = self.intake.as_ref().map(|intake| &intake.answer_cookies) else { return Vec::new() };
        let secure = self.live.rules.site.secure;
        let login = cookies
            .login()
            .filter(|_| self.ending.is_none())
            .map(|value| web::set_cookie(CookieNames::of(secure).login, value.reveal(), secure, None));
        cookies.take_site_lines().into_iter().chain(login).collect()
    }

    /// Adds them, and ours, to an answer of ours.
    pub fn add_answer_cookies(&mut self, headers: &mut HeaderMap) {
        for line in self.answer_cookies().into_iter().chain(std::mem::take(&mut self.set_cookies)) {
            headers.append(header::SET_COOKIE, line);
        }
    }

    /// Notes what the gate said, for the end of the request.
    pub(super) fn record_gated(&mut self, gated: &Gated<'_>) {
        self.guarded = gated.route.is_some_and(|route| route.require != policy::Requirement::None);
        self.record.route = gated.route.map(|route| Arc::clone(&route.name));
        self.record.player = gated.player.clone();
        self.record.reasons = gated.reason.map(policy::Reason::as_str).into_iter().collect();
        if let Outcome::Refuse(error) = &gated.outcome {
            self.record.reasons.extend(fault(error));
        }
        let observed = gated.observed.iter().map(|observed| Observed {
            route: Arc::clone(&observed.route.name),
            would: observed.would,
            reason: observed.reason.as_str(),
        });
        self.record.observed = observed.collect();
        self.record.decision = match &gated.outcome {
            Outcome::Pass(_) => "allow",
            Outcome::Ask { asked, .. } if asked.methods.is_empty() => "enrol",
            Outcome::Ask { .. } => "challenge",
            Outcome::ReadBody | Outcome::Refuse(_) => "deny",
        };
        if let Outcome::Ask { asked, .. } = &gated.outcome {
            self.record.challenge_id = Some(asked.challenge.id.clone());
        }
    }
}

/// The word of a refusal that the policy did not decide.
const fn fault(error: &FlowError) -> Option<&'static str> {
    match error {
        FlowError::Store(_) | FlowError::Identity(IdentityError::Unavailable { .. }) => Some("unavailable"),
        FlowError::Identity(IdentityError::Rejected { .. }) => Some("anonymous"),
        FlowError::Identity(IdentityError::Ambiguous(_))
        | FlowError::BadRequest(_)
        | FlowError::UnreadableBody
        | FlowError::MethodUnavailable => Some("bad-request"),
        FlowError::TooLarge => Some("too-large"),
        FlowError::Gone => Some("gone"),
        FlowError::NotSent(_) => Some("unavailable"),
        FlowError::Anonymous
        | FlowError::Denied(_)
        | FlowError::Frozen
        | FlowError::CoolingDown { .. }
        | FlowError::EnrolmentRequired
        | FlowError::CodeRejected { .. }
        | FlowError::ProofRequired(_)
        | FlowError::SendPaused { .. }
        | FlowError::SmsClosed { .. }
        | FlowError::NumberRefused
        | FlowError::NetworkPaused { .. }
        | FlowError::Exhausted
        | FlowError::TooManyAttempts { .. } => None,
    }
}
