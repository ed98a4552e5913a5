//! A log-in whose answer waits for the proof: kept, asked about, given out once (decisions 41).

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{
        answer::{drop_foreign_cookies, give_exchanged},
        context::Context,
        depart::received,
        exchange, forward,
        gateway::Gateway,
        reply,
    },
    fields::Body,
    flow::{
        FlowError, RuleSet,
        challenge::Asked,
        gate::APPROVAL_HEADER,
        withhold::{LoggedIn, WithheldAnswer},
    },
    identity::{LoginSeen, SiteAnswer, Standing},
    policy::rule::Respond,
    request::{self, Head, Subject},
    secret::Token,
    web::{self, Problem, Reply, Shell, Wants},
};

/// What a suspended session is told.
const SUSPENDED: FlowError = FlowError::Denied("this session is old: log in once more");

/// Who logged in by an answer.
enum Seen {
    /// Nobody.
    Nobody,
    /// A player whose session is new.
    Player(LoggedIn),
    /// One whose session is the old one: it is refused from now on.
    NotRenewed {
        /// The lines by which the browser forgets it.
        forget: Vec<HeaderValue>,
    },
}

/// Of our answers that give out what was kept: no cache may have them.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl Gateway {
    /// Whether the request is a log-in whose answer may have to wait.
    pub(super) fn withholds(session: &Session, context: &Context) -> bool {
        received(session, context).is_some_and(|head| context.live.rules.identity.withholds(&head))
    }

    /// Keeps the answer to a log-in that must wait, and asks the player (`true`); else it may go out.
    pub(super) async fn withhold(
        &self,
        session: &mut Session,
        context: &mut Context,
        (answer, body): (&mut ResponseHeader, Option<&Bytes>),
    ) -> Result<bool> {
        drop_foreign_cookies(answer)?;
        forward::drop_ours(answer);
        if body.is_none() {
            // Any of its cookies may log in: a session, or what the site remembers a browser by.
            tracing::warn!("an answer is too large to be withheld: it goes on without its cookies");
            answer.remove_header(&header::SET_COOKIE);
        }
        context.learned = true;
        match self.log_in(session, context, (answer, body)).await {
            Ok(Seen::Nobody | Seen::Player(LoggedIn::Delivered)) => Ok(false),
            Ok(Seen::Player(LoggedIn::Remembered(exchanged))) => {
                give_exchanged(context, &exchanged);
                Ok(false)
            }
            Ok(Seen::Player(LoggedIn::Withheld(asked))) => self.ask_for_login(session, context, &asked).await,
            Ok(Seen::NotRenewed { forget }) => self.refuse_suspended(session, context, forget).await,
            Err(error) => {
                tracing::warn!(%error, "a log-in could not be withheld and was not answered");
                if let Some(intake) = &context.intake {
                    intake.answer_cookies.take_site_lines();
                }
                self.refuse_for(session, context, &error).await
            }
        }
    }

    async fn ask_for_login(&self, session: &mut Session, context: &mut Context, asked: &Asked) -> Result<bool> {
        let rules = std::sync::Arc::clone(&context.live.rules);
        context.record.challenge_id = Some(asked.challenge.id.clone());
        let parts = session.req_header();
        let page = received(session, context).is_some_and(|head| web::wants_page(&head, Respond::Auto));
        let wants = if page { Wants::Page } else { web::wants_of(&parts.headers).without_pages() };
        let shell = Shell::of(&rules, &parts.headers, None);
        let mut reply = self.challenge_reply(context, asked, (wants, &shell));
        context.add_answer_cookies(reply.headers_mut());
        reply::write(session, context, reply).await?;
        Ok(true)
    }

    /// Who logged in, and what becomes of the answer.
    async fn log_in(
        &self,
        session: &Session,
        context: &Context,
        (answer, body): (&ResponseHeader, Option<&Bytes>),
    ) -> Result<Seen, FlowError> {
        let rules = std::sync::Arc::clone(&context.live.rules);
        let form = context.login_body.clone();
        let Some(head) = received(session, context) else { return Err(FlowError::Gone) };
        let content_type = request::header_once(head.headers, header::CONTENT_TYPE.as_str());
        let form = form.as_deref().map(|bytes| Body { content_type, bytes });
        let site =
            SiteAnswer { status: answer.status.as_u16(), headers: &answer.headers, body: body.map(AsRef::as_ref) };
        let Some(LoginSeen { subject, rotated }) =
            rules.identity.login_answered(&head, form, site, &context.watches).await?
        else {
            return Ok(Seen::Nobody);
        };
        if let Some(body) = body.filter(|_| rotated) {
            let headers = exchange::end_to_end(&answer.headers);
            let kept = WithheldAnswer::of(&head, answer.status.as_u16(), &headers, body.to_vec());
            return self.flow.withhold(&rules, &head, (&subject, kept)).await.map(Seen::Player);
        }
        self.flow.metrics.login_without_rotation();
        tracing::warn!("the site logged somebody in without a new session value: hold_session cannot withhold it");
        if let Some(forget) = self.suspend(&rules, &head, &subject).await? {
            return Ok(Seen::NotRenewed { forget });
        }
        rules.identity.lift_watches(&head, &context.watches).await?;
        Ok(Seen::Player(LoggedIn::Delivered))
    }

    /// Suspends a session that was not renewed; the lines by which its browser forgets it. `None` where its
    /// player needs no proof, and it may be used.
    async fn suspend(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        subject: &Subject,
    ) -> Result<Option<Vec<HeaderValue>>, FlowError> {
        if self.flow.stores.accounts.player(subject).await?.factors.is_empty() {
            return Ok(None);
        }
        rules.identity.suspend_session(head, subject).await?;
        Ok(Some(forget_session(rules, head)))
    }

    async fn refuse_suspended(
        &self,
        session: &mut Session,
        context: &mut Context,
        forget: Vec<HeaderValue>,
    ) -> Result<bool> {
        forget_with_answer(context, forget);
        self.refuse_for(session, context, &SUSPENDED).await
    }

    /// Before the last of a body is sent: its session may have come to be somebody's while it was held back.
    pub(super) async fn look_again(&self, session: &Session, context: &mut Context) -> Result<()> {
        let error = match self.suspension(session, context).await {
            Ok(None) => return Ok(()),
            Ok(Some(forget)) => {
                forget_with_answer(context, forget);
                SUSPENDED
            }
            Err(error) => error,
        };
        context.record.decision = "deny";
        context.failure = Some(Problem::of(&error, &context.live.rules, self.flow.clock.now()));
        Error::e_explain(HTTPStatus(403), "its session may not be used, or the store did not answer")
    }

    /// Before a log-in is sent: the session that it presents is watched from now on.
    pub(super) async fn watch(&self, session: &Session, context: &mut Context) -> Result<(), FlowError> {
        let Some(head) = received(session, context) else { return Err(FlowError::Gone) };
        let content_type = request::header_once(head.headers, header::CONTENT_TYPE.as_str());
        let form = context.login_body.as_deref().map(|bytes| Body { content_type, bytes });
        let watches = context.live.rules.identity.watch_session(&head, form).await?;
        context.watches = watches;
        Ok(())
    }

    /// Refuses every request of a session that logged in without being renewed.
    pub(super) async fn suspended(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        match self.suspension(session, context).await {
            Ok(None) => Ok(false),
            Ok(Some(forget)) => self.refuse_suspended(session, context, forget).await,
            Err(error) => self.refuse_for(session, context, &error).await,
        }
    }

    /// The lines by which a browser forgets a suspended session, which may have come to be somebody's only now.
    async fn suspension(&self, session: &Session, context: &Context) -> Result<Option<Vec<HeaderValue>>, FlowError> {
        let rules = &context.live.rules;
        let Some(head) = received(session, context) else { return Ok(None) };
        match rules.identity.standing(&head).await? {
            Standing::Free => Ok(None),
            Standing::Suspended => Ok(Some(forget_session(rules, &head))),
            Standing::Named(subject) => self.suspend(rules, &head, &subject).await,
        }
    }

    /// Answers the log-in that a client without pages repeats with its approval.
    pub(super) async fn released_by_approval(&self, session: &mut Session, context: &mut Context) -> Result<bool> {
        if !Self::withholds(session, context) {
            return Ok(false);
        }
        let sent = request::header_once(&session.req_header().headers, APPROVAL_HEADER);
        let Some(token) = sent.and_then(Token::parse) else { return Ok(false) };
        match self.release(session, context, &token).await {
            Ok(Some(kept)) => reply::write_kept(session, kept).await.map(|()| true),
            // Of something else, or spent: an ordinary log-in.
            Ok(None) => Ok(false),
            Err(error) => self.refuse_for(session, context, &error).await,
        }
    }

    /// The answer that was kept, as one of ours; `None` where the token is of something else.
    pub(super) async fn release(
        &self,
        session: &Session,
        context: &mut Context,
        token: &Token,
    ) -> Result<Option<Reply>, FlowError> {
        let rules = std::sync::Arc::clone(&context.live.rules);
        let Some(head) = received(session, context) else { return Ok(None) };
        let Some(kept) = self.flow.release_login(&rules, &head, token).await? else { return Ok(None) };
        context.record.reasons.push("resumed");
        context.record.decision = "allow";
        let mut reply = Reply::new(Bytes::from(kept.body.clone()));
        *reply.status_mut() = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
        *reply.headers_mut() = kept.headers();
        reply.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
        Ok(Some(reply))
    }

    /// The headers with which the pages of a challenge see a browser whose session is withheld.
    pub(super) async fn with_withheld_session(&self, context: &Context, headers: &HeaderMap) -> Option<HeaderMap> {
        let rules = &context.live.rules;
        let intake = context.intake.as_ref().filter(|_| rules.identity.withholds_sessions())?;
        let below = intake.target.path().strip_prefix(rules.portal_prefix.as_str())?;
        let id = below.strip_prefix("/challenge/").or_else(|| below.strip_prefix("/api/challenges/"))?;
        let id = id.split('/').next()?;
        match self.flow.with_withheld_session(rules, headers, id).await {
            Ok(merged) => merged,
            Err(error) => {
                // The pages then say themselves that nobody is recognised.
                tracing::warn!(%error, "a withheld log-in could not be read");
                None
            }
        }
    }
}

/// Lets the answer make the browser forget, and say nothing that the site said of that session while it was asked.
fn forget_with_answer(context: &Context, forget: Vec<HeaderValue>) {
    let Some(intake) = &context.intake else { return };
    intake.answer_cookies.take_site_lines();
    forget.into_iter().for_each(|line| intake.answer_cookies.hand_on(line));
}

/// The lines by which a browser forgets its session: without the old value the site must make a new one, which
/// then can be withheld.
fn forget_session(rules: &RuleSet, head: &Head<'_>) -> Vec<HeaderValue> {
    let own = request::cookies(head.headers).filter(|(name, _)| rules.identity.reads_cookie(name));
    own.map(|(name, _)| web::expire_cookie(name, rules.site.secure)).collect()
}
