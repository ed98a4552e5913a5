//! A post of our own empty form, which becomes the request that was held (decisions 16, 36).

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header};
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{
        body::{self, Read},
        context::Context,
        forward,
        gateway::Gateway,
        reply,
    },
    flow::{
        CookieNames, FlowError,
        resume::{self, Resumed},
    },
    request,
    secret::Token,
    web::Problem,
};

/// Bytes of a resume post at most (decisions 36); longer ones are not looked at.
const RESUME_BODY: u64 = 256;
/// The content type of our form, exactly.
const FORM: &str = "application/x-www-form-urlencoded";

/// What became of a post that may carry our field.
pub(super) enum Resume {
    /// It did, and was answered here.
    Answered,
    /// It became the request that was held, with this body.
    Held(Bytes),
    /// It did not; its body was read.
    Ordinary(Read),
}

impl Gateway {
    /// Lets a held request go on, if this short form is our own. Every other one with our field is
    /// answered here too, on any route: it never reaches the site.
    pub(super) async fn resume(&self, session: &mut Session, context: &mut Context) -> Result<Resume> {
        let read = body::read(session, RESUME_BODY as usize, context.live.timeouts.body).await;
        let Read::Whole(body) = read else {
            let problem = Problem::bad_request("the body did not arrive");
            return self.refuse(session, context, problem).await.map(|_| Resume::Answered);
        };
        if !resume::has_resume_field(&body) {
            return Ok(Resume::Ordinary(Read::Whole(body)));
        }
        context.guarded = true;
        let names = CookieNames::of(context.live.rules.site.secure);
        let token = resume::resume_token(&body).filter(|_| is_our_form(session, names));
        if let Some(token) = &token {
            match Box::pin(self.release(session, context, token)).await {
                Ok(None) => {}
                Ok(Some(kept)) => return reply::write_kept(session, kept).await.map(|()| Resume::Answered),
                Err(error) => return self.resume_refused(session, context, &error).await,
            }
        }
        let resumed = match token {
            Some(token) => self.resumed(session, context, &token).await,
            None => Err(FlowError::Gone),
        };
        match resumed {
            Ok(resumed) => go_on(session, context, resumed).map(Resume::Held),
            Err(error) => self.resume_refused(session, context, &error).await,
        }
    }

    async fn resume_refused(&self, session: &mut Session, context: &mut Context, error: &FlowError) -> Result<Resume> {
        context.record.reasons.push("resume-refused");
        self.refuse_for(session, context, error).await.map(|_| Resume::Answered)
    }

    async fn resumed(&self, session: &Session, context: &Context, token: &Token) -> Result<Resumed, FlowError> {
        let Some(intake) = &context.intake else { return Err(FlowError::Gone) };
        let parts = session.req_header();
        self.flow.resume(&context.live.rules, &intake.head(&parts.method, &parts.headers), token).await
    }
}

/// Makes the post the request that was held; its body.
fn go_on(session: &mut Session, context: &mut Context, resumed: Resumed) -> Result<Bytes> {
    context.record.route = Some(resumed.route.as_str().into());
    context.record.decision = "allow";
    context.record.reasons.push("resumed");
    context.record.challenge_id = resumed.passage.spend.as_ref().map(|(spend, _)| spend.challenge_id.clone());
    forward::become_held(session.req_header_mut(), resumed.method, &resumed.headers)?;
    let held = Bytes::from(resumed.body);
    context.swap = Some(held.clone());
    context.passage = Some(Box::new(resumed.passage));
    Ok(held)
}

/// Whether a request is a form so short that it may be a resume post; only then its body is read.
pub(super) fn may_have_field(session: &Session) -> bool {
    let parts = session.req_header();
    let is_form = |kind: &HeaderValue| {
        let essence = kind.as_bytes().split(|byte| matches!(byte, b';' | b',')).next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes())
    };
    let form = parts.headers.get_all(header::CONTENT_TYPE).iter().any(is_form);
    let short = body::declared_length(session).is_some_and(|length| (1..=RESUME_BODY).contains(&length));
    parts.method == Method::POST && form && short
}

/// Whether a post comes from our own page, as far as its head says.
fn is_our_form(session: &Session, names: CookieNames) -> bool {
    let headers = &session.req_header().headers;
    let exact = request::header_once(headers, header::CONTENT_TYPE.as_str()) == Some(FORM);
    let site = headers.get(HeaderName::from_static("sec-fetch-site"));
    let same_origin = site.is_none_or(|site| site == "same-origin");
    let browser = request::cookie(headers, names.challenge).is_ok_and(|cookie| cookie.is_some());
    exact && same_origin && browser
}
