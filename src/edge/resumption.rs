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
    let short = body::declared_length(session).is_some_and(|length| (1..=RESUME_BODY).contains(&length));
    is_posted_form(session) && short
}

fn is_posted_form(session: &Session) -> bool {
    let parts = session.req_header();
    let is_form = |kind: &HeaderValue| {
        let essence = kind.as_bytes().split(|byte| matches!(byte, b';' | b',')).next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes())
    };
    parts.method == Method::POST && parts.headers.get_all(header::CONTENT_TYPE).iter().any(is_form)
}

/// The beginning of a form that does not say how long it is: it goes to the site once it is longer than a resume
/// post, or over without our field. No browser sends our form so.
#[derive(Debug)]
pub struct Opening(Vec<u8>);

impl Opening {
    /// That of this request, where it is such a form.
    pub(super) fn of(session: &Session) -> Option<Self> {
        (is_posted_form(session) && body::declared_length(session).is_none()).then(|| Self(Vec::new()))
    }

    /// Keeps this piece, or gives it on with what was kept.
    fn keep(&mut self, piece: &mut Option<Bytes>, end: bool) -> Kept {
        self.0.extend(piece.take().into_iter().flatten());
        let is_short = self.0.len() as u64 <= RESUME_BODY;
        if is_short && !end {
            // The library takes no piece at all for the end of the body.
            *piece = Some(Bytes::new());
            return Kept::Whole;
        }
        if is_short && resume::has_resume_field(&self.0) {
            return Kept::Ours;
        }
        *piece = Some(std::mem::take(&mut self.0).into());
        Kept::Nothing
    }
}

/// What is kept of a form's beginning.
#[derive(Debug, PartialEq, Eq)]
enum Kept {
    /// All that came.
    Whole,
    /// A form with our field.
    Ours,
    /// It goes on, and all that follows.
    Nothing,
}

/// Keeps our field from the site in a form that streams.
pub(super) fn look_for_field(context: &mut Context, piece: &mut Option<Bytes>, end: bool) -> Result<()> {
    match context.opening.as_mut().map(|opening| opening.keep(piece, end)) {
        None | Some(Kept::Whole) => Ok(()),
        Some(Kept::Nothing) => {
            context.opening = None;
            Ok(())
        }
        Some(Kept::Ours) => {
            context.record.reasons.push("resume-refused");
            context.failure = Some(Problem::bad_request("our field needs a form of declared length"));
            Error::e_explain(HTTPStatus(400), "a resume post without a length")
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(pieces: &[&str]) -> (Kept, String) {
        let (mut opening, mut sent, mut last) = (Opening(Vec::new()), String::new(), Kept::Whole);
        for (at, piece) in pieces.iter().enumerate() {
            let mut piece = Some(Bytes::copy_from_slice(piece.as_bytes()));
            last = opening.keep(&mut piece, at + 1 == pieces.len());
            sent.extend(piece.map(|piece| String::from_utf8(piece.to_vec()).unwrap()));
        }
        (last, sent)
    }

    #[test]
    fn a_form_of_unknown_length_goes_on_whole_unless_it_has_our_field() {
        assert_eq!(kept(&["a=", "b", ""]), (Kept::Nothing, "a=b".to_owned()));
        assert_eq!(kept(&[""]), (Kept::Nothing, String::new()));
        assert_eq!(kept(&["stepgate_", "resume=x", ""]), (Kept::Ours, String::new()));
        let long = format!("a={}", "b".repeat(300));
        assert_eq!(kept(&[&long]), (Kept::Nothing, long.clone()));
    }
}
