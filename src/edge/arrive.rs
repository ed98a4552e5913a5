//! The request phase: first look, our own pages, a held request that goes on, the gate.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{
        body::{self, Read},
        bridge,
        context::Context,
        forward,
        gateway::Gateway,
        intake::{self, Connection, Intake},
        reply,
    },
    fields::Body,
    flow::{
        CookieNames, FlowError,
        challenge::Asked,
        gate::{Arrival, BodyState, Gated, Outcome, Passage},
        resume,
    },
    policy::{BodyView, FactorKind, Permit},
    request::{self, Carrier, Scheme},
    web::{self, Problem, Reply, Wants},
};

/// Bytes of a resume post at most (decisions 36).
const RESUME_BODY: u64 = 256;
/// Bytes of a portal request at most.
const PORTAL_BODY: usize = 64 * 1024;

/// What became of a post that has the shape of our form's.
enum Resume {
    /// It was the resume; answered here, or it goes on.
    Done(bool),
    /// It was not; its body may have been read.
    Ordinary(Option<Read>),
}

impl Gateway {
    /// Answers the request itself (`true`) or lets it go on with a permit (`false`).
    pub(super) async fn arrive(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        let intake = match self.examine(session, context) {
            Ok(intake) => intake,
            Err(problem) => return self.refuse(session, context, problem).await,
        };
        context.intake = Some(intake);
        if let Some(reply) = to_https(session, context) {
            Box::pin(reply::write(session, reply)).await?;
            return Ok(true);
        }
        if self.is_portal(context) {
            // Here and below, what few requests need is on the heap only for them.
            return Box::pin(self.portal(session, context)).await;
        }
        if let Some(permit) = self.preflight(session, context) {
            context.passage = Some(Passage { permit, player: None, stamp: None, spend: None, anonymous: true });
            return Ok(false);
        }
        if !may_resume(session, CookieNames::of(context.live.rules.site.secure)) {
            return self.gate(session, context, None).await;
        }
        match Box::pin(self.resume(session, context)).await? {
            Resume::Done(answered) => Ok(answered),
            Resume::Ordinary(read) => self.gate(session, context, read).await,
        }
    }

    fn examine(&self, session: &Session, context: &Context) -> Result<Intake, Problem> {
        let live = &context.live;
        let peer = session.client_addr().and_then(|address| address.as_inet()).map(std::net::SocketAddr::ip);
        let connection = Connection {
            peer: peer.ok_or_else(|| Problem::bad_request("the connection has no address"))?,
            tls: session.digest().is_some_and(|digest| digest.ssl_digest.is_some()),
            trusted_proxies: &live.trusted_proxies,
            hosts: &live.rules.site.hosts,
            limits: live.limits,
        };
        let head = session.req_header();
        intake::examine(head, head.raw_path(), connection)
    }

    fn is_portal(&self, context: &Context) -> bool {
        let prefix = context.live.rules.portal_prefix.as_str();
        let Some(intake) = &context.intake else { return false };
        // Every reading: no spelling of our prefix ever reaches the site.
        intake.target.readings().any(|reading| {
            let folded = reading.path().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
            folded && matches!(reading.path().as_bytes().get(prefix.len()), None | Some(b'/'))
        })
    }

    async fn portal(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        let rules = std::sync::Arc::clone(&context.live.rules);
        context.record.route = Some("portal".into());
        context.record.decision = "allow";
        let Some(intake) = &context.intake else { return Ok(false) };
        let Some(request) = bridge::request(&rules, intake, session.req_header()) else {
            return self.refuse(session, context, Problem::bad_request("no page has this address")).await;
        };
        let read = body::read(session, PORTAL_BODY, context.live.timeouts.body).await;
        let reply = match read {
            Read::Whole(body) => bridge::call(&self.portal, request.map(|_| body)).await,
            Read::TooLarge { .. } => return self.refuse(session, context, Problem::too_large()).await,
            Read::Failed => {
                return self.refuse(session, context, Problem::bad_request("the body did not arrive")).await;
            }
        };
        reply::write(session, reply).await?;
        Ok(true)
    }

    /// A true preflight goes on unproven, without who it is (decisions 21).
    fn preflight(&self, session: &mut Session, context: &Context) -> Option<Permit> {
        if session.req_header().method != Method::OPTIONS || !session.is_body_empty() {
            return None;
        }
        let head = session.req_header();
        let intake = context.intake.as_ref()?;
        Permit::for_preflight(&intake.head(&head.method, &head.headers))
    }

    /// Lets a held request go on, if this post of its shape is our own form's.
    async fn resume(&self, session: &mut Session, context: &mut Context) -> Result<Resume> {
        let read = body::read(session, RESUME_BODY as usize, context.live.timeouts.body).await;
        let Read::Whole(body) = read else {
            let problem = Problem::bad_request("the body did not arrive");
            return self.refuse(session, context, problem).await.map(Resume::Done);
        };
        let Some(token) = resume::resume_token(&body) else {
            if body.starts_with(resume::RESUME_FIELD.as_bytes()) {
                return self
                    .refuse(session, context, Problem::of(&FlowError::Gone, self.flow.clock.now()))
                    .await
                    .map(Resume::Done);
            }
            return Ok(Resume::Ordinary(Some(Read::Whole(body))));
        };
        let Some(intake) = &context.intake else { return Ok(Resume::Done(true)) };
        let rules = std::sync::Arc::clone(&context.live.rules);
        let (method, headers) = (session.req_header().method.clone(), session.req_header().headers.clone());
        let resumed = self.flow.resume(&rules, &intake.head(&method, &headers), &token).await;
        context.guarded = true;
        let resumed = match resumed {
            Ok(resumed) => resumed,
            Err(error) => {
                context.record.reasons.push("resume-refused");
                return self
                    .refuse(session, context, Problem::of(&error, self.flow.clock.now()))
                    .await
                    .map(Resume::Done);
            }
        };
        context.record.route = Some(resumed.route.as_str().into());
        context.record.decision = "allow";
        context.record.reasons.push("resumed");
        context.record.challenge_id = resumed.passage.spend.as_ref().map(|(spend, _)| spend.challenge_id.clone());
        forward::become_held(session.req_header_mut(), resumed.method, &resumed.headers)?;
        context.swap = Some(Bytes::from(resumed.body));
        context.passage = Some(resumed.passage);
        session.as_downstream_mut().set_abort_on_close(false);
        Ok(Resume::Done(false))
    }

    async fn gate(&self, session: &mut Session, context: &mut Context, mut read: Option<Read>) -> Result<bool> {
        if read.is_none() && body::is_absent(session) {
            read = Some(Read::Whole(Bytes::new()));
        }
        let rules = std::sync::Arc::clone(&context.live.rules);
        loop {
            let Some(intake) = &context.intake else { return Ok(true) };
            let parts = session.req_header();
            let head = intake.head(&parts.method, &parts.headers);
            let content_type = request::header_once(&parts.headers, header::CONTENT_TYPE.as_str());
            let body = match &read {
                None => BodyState::Unread,
                Some(Read::Whole(bytes)) => BodyState::Read(Body { content_type, bytes }),
                Some(Read::TooLarge { .. } | Read::Failed) => BodyState::TooLarge,
            };
            let arrival = Arrival { head: &head, body, wants_page: web::wants_page };
            let gated = self.flow.gate(&rules, arrival).await;
            context.record_gated(&gated);
            match gated.outcome {
                Outcome::Pass(passage) => {
                    context.passage = Some(*passage);
                    return self.passed(session, context, read).await;
                }
                Outcome::ReadBody => {
                    let (cap, deadline) = (context.live.limits.held_body, context.live.timeouts.body);
                    let got = body::read(session, cap, deadline).await;
                    if let Read::TooLarge { consumed: true } = got {
                        return self.refuse(session, context, Problem::too_large()).await;
                    }
                    if let Read::Failed = got {
                        return self.refuse(session, context, Problem::bad_request("the body did not arrive")).await;
                    }
                    read = Some(got);
                }
                Outcome::Ask { asked, methods, page, login_cookie } => {
                    let mut reply = self.challenge_reply(context, &asked, &methods, page);
                    if let Some(value) = login_cookie {
                        reply.headers_mut().append(header::SET_COOKIE, login_cookie_line(context, &value));
                    }
                    Box::pin(reply::write(session, reply)).await?;
                    return Ok(true);
                }
                Outcome::Refuse(error) => {
                    return self.refuse(session, context, Problem::of(&error, self.flow.clock.now())).await;
                }
            }
        }
    }

    /// The last things before a request goes on: what its answer will need.
    async fn passed(&self, session: &mut Session, context: &mut Context, read: Option<Read>) -> Result<bool> {
        let rules = std::sync::Arc::clone(&context.live.rules);
        let Some(intake) = &context.intake else { return Ok(true) };
        let parts = session.req_header();
        let head = intake.head(&parts.method, &parts.headers);
        let content_type = request::header_once(&parts.headers, header::CONTENT_TYPE.as_str());
        let view = match &read {
            Some(Read::Whole(bytes)) => BodyView::Read(Body { content_type, bytes }),
            Some(Read::TooLarge { .. } | Read::Failed) | None => BodyView::Unread,
        };
        let ends = !rules.session_end.land(&head, view).is_unguarded();
        let logs_in = rules.identity.is_login(&head);
        if ends {
            context.ending = Box::pin(self.flow.present_binding(&rules, &head)).await;
        }
        if logs_in {
            let cap = context.live.limits.held_body;
            let got = match read {
                Some(read) => read,
                None => body::read(session, cap, context.live.timeouts.body).await,
            };
            match got {
                Read::Whole(body) => context.login_body = Some(body),
                Read::TooLarge { consumed: false } => {}
                Read::TooLarge { consumed: true } => {
                    return self.refuse(session, context, Problem::too_large()).await;
                }
                Read::Failed => {
                    return self.refuse(session, context, Problem::bad_request("the body did not arrive")).await;
                }
            }
        }
        if context.guarded {
            session.as_downstream_mut().set_abort_on_close(false);
        }
        Ok(false)
    }

    /// 303 to the challenge page, or the problem document.
    fn challenge_reply(&self, context: &Context, asked: &Asked, methods: &[FactorKind], page: bool) -> Reply {
        let rules = &context.live.rules;
        let challenge = &asked.challenge;
        let mut reply = if page {
            let mut reply = reply::empty(StatusCode::SEE_OTHER);
            let location = format!("{}/challenge/{}", rules.portal_prefix, challenge.id);
            if let Ok(location) = HeaderValue::from_str(&location) {
                reply.headers_mut().insert(header::LOCATION, location);
            }
            reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            reply
        } else if methods.is_empty() {
            Problem::of(&FlowError::EnrolmentRequired, self.flow.clock.now()).reply(Wants::Json, rules)
        } else {
            Problem::challenge(rules, challenge, methods, self.flow.clock.now()).reply(Wants::Json, rules)
        };
        if let Some(secret) = asked.browser.as_ref().filter(|_| challenge.carrier == Carrier::Cookie) {
            let name = CookieNames::of(rules.site.secure).challenge;
            let cookie = web::set_cookie(name, secret.reveal(), rules.site.secure, None);
            reply.headers_mut().append(header::SET_COOKIE, cookie);
        }
        reply
    }

    /// Answers with a problem, in the form that the client wants.
    pub(super) async fn refuse(&self, session: &mut Session, context: &mut Context, problem: Problem) -> Result<bool> {
        if context.record.decision.is_empty() {
            context.record.decision = "deny";
        }
        let reply = self.problem_reply(session, context, &problem);
        Box::pin(reply::write(session, reply)).await?;
        Ok(true)
    }

    pub(super) fn problem_reply(&self, session: &Session, context: &Context, problem: &Problem) -> Reply {
        let parts = session.req_header();
        let wants = web::wants_of(&parts.headers);
        let mut reply = problem.reply(wants, &context.live.rules);
        web::allow_origin(&parts.headers, &context.live.rules.site, reply.headers_mut());
        reply
    }
}

/// A site on https is never spoken to without it: a navigation is sent there, everything else refused.
fn to_https(session: &Session, context: &Context) -> Option<Reply> {
    let rules = &context.live.rules;
    let intake = context.intake.as_ref()?;
    if !rules.site.secure || intake.scheme == Scheme::Https {
        return None;
    }
    if !session.req_header().method.is_safe() {
        return Some(Problem::misdirected().reply(Wants::Json, rules));
    }
    let mut reply = reply::empty(StatusCode::PERMANENT_REDIRECT);
    let location = HeaderValue::from_str(&format!("{}{}", rules.site.origin, intake.target.raw())).ok()?;
    reply.headers_mut().insert(header::LOCATION, location);
    Some(reply)
}

/// Our login cookie with a new value.
fn login_cookie_line(context: &Context, value: &crate::secret::Token) -> HeaderValue {
    let secure = context.live.rules.site.secure;
    web::set_cookie(CookieNames::of(secure).login, value.reveal(), secure, None)
}

/// Whether a request has the shape of our form's post (decisions 36), before its body is read.
fn may_resume(session: &Session, names: CookieNames) -> bool {
    let parts = session.req_header();
    let form = request::header_once(&parts.headers, header::CONTENT_TYPE.as_str())
        == Some("application/x-www-form-urlencoded");
    let short = body::declared_length(session).is_some_and(|length| length <= RESUME_BODY);
    let site = parts.headers.get(HeaderName::from_static("sec-fetch-site"));
    let same_origin = site.is_none_or(|site| site == "same-origin");
    let browser = request::cookie(&parts.headers, names.challenge).is_ok_and(|cookie| cookie.is_some());
    parts.method == Method::POST && form && short && same_origin && browser
}

impl Context {
    fn record_gated(&mut self, gated: &Gated<'_>) {
        self.guarded = gated.route.is_some_and(|route| route.require != crate::policy::Requirement::None);
        self.record.route = gated.route.map(|route| std::sync::Arc::clone(&route.name));
        self.record.reasons = gated.reason.map(crate::policy::Reason::as_str).into_iter().collect();
        self.record.observed =
            gated.observed.iter().map(|(route, would)| (std::sync::Arc::clone(&route.name), *would)).collect();
        self.record.decision = match &gated.outcome {
            Outcome::Pass(_) => "allow",
            Outcome::Ask { methods, .. } if methods.is_empty() => "enrol",
            Outcome::Ask { .. } => "challenge",
            Outcome::ReadBody | Outcome::Refuse(_) => "deny",
        };
        if let Outcome::Ask { asked, .. } = &gated.outcome {
            self.record.challenge_id = Some(asked.challenge.id.clone());
        }
    }
}
