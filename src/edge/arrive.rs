//! The request phase: first look, our own pages, a held request that goes on, the gate.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{
        answer::give_exchanged,
        body::{self, Read},
        bridge,
        context::Context,
        depart::received,
        gateway::Gateway,
        intake::{self, Connection, Intake},
        reply,
        resumption::{Resume, may_have_field},
    },
    fields::Body,
    flow::{
        CookieNames, FlowError,
        challenge::Asked,
        gate::{Arrival, BodyState, Outcome, Passage},
    },
    policy::{BodyView, Permit},
    portal,
    request::{self, Carrier, Scheme},
    web::{self, Problem, Reply, Shell, Wants},
};

impl Gateway {
    /// Answers the request itself (`true`) or lets it go on with a permit (`false`).
    pub(super) async fn arrive(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        if let Some(underway) = &mut context.underway
            && let Err(refusal) = underway.serve(&context.live.limits, context.live.timeouts.upstream_connect).await
        {
            self.flow.metrics.request_refused(refusal);
            session.set_keepalive(None);
            return self.refuse(session, context, Problem::unavailable(Duration::from_secs(1))).await;
        }
        intake::drop_other_protocols(session.req_header_mut());
        let intake = match self.examine(session, context) {
            Ok(intake) => intake,
            Err(problem) => {
                // Where its body ends is not sure.
                session.set_keepalive(None);
                return self.refuse(session, context, problem).await;
            }
        };
        context.intake = Some(intake);
        if let Some(reply) = to_https(session, context) {
            Box::pin(reply::write(session, context, reply)).await?;
            return Ok(true);
        }
        if self.is_portal(context) {
            // Here and below, what few requests need is on the heap only for them.
            return Box::pin(self.portal(session, context)).await;
        }
        if context.live.rules.identity.withholds_sessions() {
            return Box::pin(self.arrive_where_log_ins_wait(session, context)).await;
        }
        let resume = self.resume_if_short(session, context).await?;
        self.go_on(session, context, resume).await
    }

    /// What was withheld goes out whatever its browser presents, which may be the session that the log-in left
    /// behind; nothing else goes on with one that is suspended.
    async fn arrive_where_log_ins_wait(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        context.tail = body::Tail::of(session);
        if self.released_by_approval(session, context).await? {
            return Ok(true);
        }
        let resume = self.resume_if_short(session, context).await?;
        if matches!(resume, Some(Resume::Answered)) {
            return Ok(true);
        }
        if self.suspended(session, context).await? {
            return Ok(true);
        }
        self.go_on(session, context, resume).await
    }

    async fn resume_if_short(&self, session: &mut Session, context: &mut Context) -> Result<Option<Resume>> {
        if !may_have_field(session) {
            return Ok(None);
        }
        Box::pin(self.resume(session, context)).await.map(Some)
    }

    /// A preflight, a request that was held, or one for the gate.
    async fn go_on(&self, session: &mut Session, context: &mut Context, resume: Option<Resume>) -> Result<bool> {
        if let Some(permit) = self.preflight(session, context) {
            context.passage = Some(Box::new(Passage::anonymous(permit)));
            if !Self::withholds(session, context) {
                return Ok(false);
            }
            // A site that takes it for a log-in gives no session out by it either.
            return self.passed(session, context, Some(Read::Whole(Bytes::new()))).await;
        }
        match resume {
            None => self.gate(session, context, None).await,
            Some(Resume::Answered) => Ok(true),
            Some(Resume::Held(body)) => self.passed(session, context, Some(Read::Whole(body))).await,
            Some(Resume::Ordinary(read)) => self.gate(session, context, Some(read)).await,
        }
    }

    fn examine(&self, session: &Session, context: &Context) -> Result<Intake, Problem> {
        let live = &context.live;
        let peer =
            session.client_addr().and_then(|address| address.as_inet()).map(|address| address.ip().to_canonical());
        let head = session.req_header();
        let coded = !session.is_http2() && head.headers.contains_key(header::TRANSFER_ENCODING);
        let raw_head = coded.then(|| session.as_downstream().to_h1_raw());
        let connection = Connection {
            peer: peer.ok_or_else(|| Problem::bad_request("the connection has no address"))?,
            tls: session.digest().is_some_and(|digest| digest.ssl_digest.is_some()),
            raw_head: raw_head.as_deref(),
            trusted_proxies: &live.trusted_proxies,
            hosts: &live.rules.site.hosts,
            limits: live.limits,
        };
        let mut intake = intake::examine(head, head.raw_path(), connection)?;
        intake.target = intake.target.with_endings(live.rules.paths.endings);
        Ok(intake)
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
        let Some(mut request) = bridge::request(&rules, intake, session.req_header()) else {
            return self.refuse(session, context, Problem::bad_request("no page has this address")).await;
        };
        let withheld = Box::pin(self.with_withheld_session(context, request.headers())).await;
        let is_withheld = withheld.is_some();
        if let Some(headers) = withheld {
            *request.headers_mut() = headers;
        }
        let mut reply = match body::read(session, portal::MAX_BODY, context.live.timeouts.body).await {
            Read::Whole(body) => bridge::call(&self.portal, request.map(|()| body)).await,
            Read::TooLarge { .. } => portal::refusal(&rules, &request.into_parts().0, &Problem::too_large()),
            Read::Failed => {
                let problem = Problem::bad_request("the body did not arrive");
                portal::refusal(&rules, &request.into_parts().0, &problem)
            }
        };
        if is_withheld {
            // What the site sets for that session is not for this browser yet.
            intake.answer_cookies.take_site_lines();
        }
        context.add_answer_cookies(reply.headers_mut());
        reply::write(session, context, reply).await?;
        Ok(true)
    }

    /// A true preflight goes on unproven, without who it is (decisions 21).
    fn preflight(&self, session: &mut Session, context: &Context) -> Option<Permit> {
        if session.req_header().method != Method::OPTIONS || !session.is_body_empty() {
            return None;
        }
        let head = received(session, context)?;
        context.live.rules.identity.refuse_address(&head).ok()?;
        Permit::for_preflight(&head)
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
            if let Some(exchanged) = &gated.exchanged {
                give_exchanged(context, exchanged);
            }
            match gated.outcome {
                Outcome::Pass(passage) => {
                    context.passage = Some(passage);
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
                Outcome::Ask { asked, page } => {
                    let wants = if page { Wants::Page } else { web::wants_of(&parts.headers).without_pages() };
                    let shell = Shell::of(&rules, &parts.headers, None);
                    let mut reply = self.challenge_reply(context, &asked, (wants, &shell));
                    context.add_answer_cookies(reply.headers_mut());
                    Box::pin(reply::write(session, context, reply)).await?;
                    return Ok(true);
                }
                Outcome::Refuse(error) => {
                    return self.refuse_for(session, context, &error).await;
                }
            }
        }
    }

    /// The last things before a request goes on: what its answer will need.
    async fn passed(&self, session: &mut Session, context: &mut Context, mut read: Option<Read>) -> Result<bool> {
        let rules = std::sync::Arc::clone(&context.live.rules);
        let logs_in = received(session, context).is_some_and(|head| rules.identity.is_login(&head));
        let decides = self.decides_by_body(session, context);
        let end = received(session, context).map(|head| rules.session_end.land(&head, BodyView::Unread));
        let may_end = end.as_ref().is_some_and(|landing| !landing.is_unguarded());
        let ends_by_body = end.is_some_and(|landing| landing.body_matters);
        if read.is_none() && (logs_in || decides || ends_by_body) {
            let got = body::read(session, context.live.limits.held_body, context.live.timeouts.body).await;
            match got {
                Read::Whole(_) | Read::TooLarge { consumed: false } => read = Some(got),
                Read::TooLarge { consumed: true } => {
                    return self.refuse(session, context, Problem::too_large()).await;
                }
                Read::Failed => {
                    return self.refuse(session, context, Problem::bad_request("the body did not arrive")).await;
                }
            }
        }
        if may_end {
            Box::pin(self.note_ending(session, context, read.as_ref())).await;
        }
        let whole = match read {
            Some(Read::Whole(bytes)) => Some(bytes),
            Some(Read::TooLarge { .. } | Read::Failed) | None => None,
        };
        if decides && context.tail.is_some() && Box::pin(self.suspended(session, context)).await? {
            return Ok(true);
        }
        let withholds = Self::withholds(session, context);
        if logs_in || withholds {
            context.login_body.clone_from(&whole);
        }
        if withholds
            && whole.is_some()
            && let Err(error) = Box::pin(self.watch(session, context)).await
        {
            return self.refuse_for(session, context, &error).await;
        }
        if context.guarded {
            session.as_downstream_mut().set_abort_on_close(false);
        }
        match whole {
            Some(body) if decides => Box::pin(self.exchange(session, context, body)).await,
            // Unread it could not be withheld.
            None if decides && withholds => self.refuse(session, context, Problem::too_large()).await,
            None if decides => {
                tracing::warn!("a request is too large for its answer to be recognised as a success");
                Ok(false)
            }
            Some(_) | None => Ok(false),
        }
    }

    /// Whether the request ends the site session: a condition on a body counts where it holds or the
    /// body cannot be read.
    async fn note_ending(&self, session: &Session, context: &mut Context, read: Option<&Read>) {
        let rules = std::sync::Arc::clone(&context.live.rules);
        let Some(head) = received(session, context) else { return };
        let content_type = request::header_once(head.headers, header::CONTENT_TYPE.as_str());
        let view = match read {
            Some(Read::Whole(bytes)) => BodyView::Read(Body { content_type, bytes }),
            Some(Read::TooLarge { .. } | Read::Failed) | None => BodyView::Unread,
        };
        if rules.session_end.land(&head, view).is_unguarded() {
            return;
        }
        context.ending = self.flow.present_binding(&rules, &head).await;
    }

    /// 303 to the challenge page, the problem document, or a bare status.
    pub(super) fn challenge_reply(
        &self,
        context: &Context,
        asked: &Asked,
        (wants, shell): (Wants, &Shell<'_>),
    ) -> Reply {
        let rules = &context.live.rules;
        let challenge = &asked.challenge;
        let mut reply = if wants == Wants::Page {
            let mut reply = reply::empty(StatusCode::SEE_OTHER);
            let location = format!("{}/challenge/{}", rules.portal_prefix, challenge.id);
            if let Ok(location) = HeaderValue::from_str(&location) {
                reply.headers_mut().insert(header::LOCATION, location);
            }
            reply
        } else if asked.methods.is_empty() {
            Problem::of(&FlowError::EnrolmentRequired, rules, self.flow.clock.now()).reply(wants, shell)
        } else {
            Problem::challenge(rules, challenge, &asked.methods, self.flow.clock.now()).reply(wants, shell)
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
        let mut reply = self.problem_reply(session, context, &problem);
        context.add_answer_cookies(reply.headers_mut());
        Box::pin(reply::write(session, context, reply)).await?;
        Ok(true)
    }

    /// The same with the problem that an error is.
    pub(super) async fn refuse_for(
        &self,
        session: &mut Session,
        context: &mut Context,
        error: &FlowError,
    ) -> Result<bool> {
        let problem = Problem::of(error, &context.live.rules, self.flow.clock.now());
        self.refuse(session, context, problem).await
    }

    pub(super) fn problem_reply(&self, session: &Session, context: &Context, problem: &Problem) -> Reply {
        let parts = session.req_header();
        let wants = web::wants_of(&parts.headers);
        let shell = Shell::of(&context.live.rules, &parts.headers, None);
        let mut reply = problem.reply(wants, &shell);
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
    if !session.req_header().method.is_safe() || !intake.target.raw().starts_with('/') {
        return Some(Problem::misdirected().json());
    }
    let mut reply = reply::empty(StatusCode::PERMANENT_REDIRECT);
    let location = HeaderValue::from_str(&format!("{}{}", rules.site.origin, intake.target.raw())).ok()?;
    reply.headers_mut().insert(header::LOCATION, location);
    Some(reply)
}
