//! The site's answer on its way back: what it changes for us, and what must not pass.

use http::{HeaderValue, StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{context::Context, depart::received, gateway::Gateway},
    fields::Body,
    flow::CookieNames,
    identity::SiteAnswer,
    policy::rule::{AfterSuccess, SuccessAction},
    request::{self, Carrier},
    web,
};

impl Gateway {
    /// Learns from the answer, then adds what is ours.
    pub(super) async fn answered(
        &self,
        session: &Session,
        answer: &mut ResponseHeader,
        context: &mut Context,
    ) -> Result<()> {
        context.record.upstream_status = Some(answer.status.as_u16());
        drop_foreign_cookies(answer)?;
        if answer.status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(());
        }
        // Few answers change anything: the large futures of those that do are made only for them.
        if answer.headers.contains_key(header::SET_COOKIE) {
            Box::pin(self.learn(session, answer, context)).await;
        }
        if context.ending.is_some() {
            Box::pin(self.end_session(answer, context)).await;
        }
        self.after_success(answer, context).await;
        self.renew(session, answer, context)?;
        for cookie in context.set_cookies.drain(..) {
            answer.append_header(header::SET_COOKIE, cookie)?;
        }
        Ok(())
    }

    /// The log-in source, and sessions that the site rotates: of an answer that sets a cookie.
    async fn learn(&self, session: &Session, answer: &ResponseHeader, context: &mut Context) {
        let rules = std::sync::Arc::clone(&context.live.rules);
        let Some(head) = received(session, context) else { return };
        let site = SiteAnswer { status: answer.status.as_u16(), headers: &answer.headers, body: None };
        let content_type = request::header_once(head.headers, header::CONTENT_TYPE.as_str());
        let body = context.login_body.as_deref().map(|bytes| Body { content_type, bytes });
        if let Err(error) = rules.identity.login_answered(&head, body, site).await {
            // Nothing is bound: the player is asked to log in again where it matters.
            tracing::warn!(%error, "a log-in could not be bound");
        }
        if context.ending.is_some() {
            return;
        }
        let Some(passage) = &context.passage else { return };
        let (Some(player), Some(stamp)) = (&passage.player, &passage.stamp) else { return };
        match rules.identity.rotated(&head, player, site).await {
            Ok(Some(moved)) => {
                if let Some(minted) = self.flow.follow(&rules, stamp, &moved).await {
                    context.set_cookies.push(stamp_cookie(context.live.rules.site.secure, &minted.token));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a rotated session could not be followed"),
        }
    }

    async fn end_session(&self, answer: &ResponseHeader, context: &mut Context) {
        let Some(binding) = context.ending.filter(|_| answer.status.as_u16() < 400) else { return };
        let secure = context.live.rules.site.secure;
        let names = CookieNames::of(secure);
        for name in [names.stamp, names.login] {
            context.set_cookies.push(web::expire_cookie(name, secure));
        }
        if let Err(error) = self.flow.end_session(binding).await {
            tracing::error!(%error, "a log-out could not be recorded");
        }
    }

    async fn after_success(&self, answer: &ResponseHeader, context: &mut Context) {
        let Some(name) = &context.record.route else { return };
        let rules = std::sync::Arc::clone(&context.live.rules);
        let Some(after) = rules.routes.named(name).and_then(|route| route.after_success.as_ref()) else {
            return;
        };
        let site = SiteAnswer { status: answer.status.as_u16(), headers: &answer.headers, body: None };
        if !site.satisfies(&after.when) {
            return;
        }
        Box::pin(self.act(after, context)).await;
    }

    async fn act(&self, after: &AfterSuccess, context: &mut Context) {
        let Some(passage) = &context.passage else { return };
        let subject = match (&passage.player, &passage.stamp) {
            (Some(player), _) => player.subject.clone(),
            (None, Some(stamp)) => stamp.proof.subject.clone(),
            (None, None) => return,
        };
        for action in &after.actions {
            match action {
                SuccessAction::EndStamps => {
                    // Spares the one that did it: it gets a stamp of the new epoch.
                    let spared = passage.stamp.as_ref();
                    match self.flow.end_other_stamps(&context.live.rules, &subject, spared).await {
                        Ok(Some(minted)) => {
                            context.set_cookies.push(stamp_cookie(context.live.rules.site.secure, &minted.token));
                        }
                        Ok(None) => {}
                        Err(error) => tracing::error!(%error, "stamps could not be ended"),
                    }
                }
                SuccessAction::ForgetDevices | SuccessAction::Notify => {}
            }
        }
    }

    /// Slides the stamp (decisions 56).
    fn renew(&self, session: &Session, answer: &mut ResponseHeader, context: &mut Context) -> Result<()> {
        let rules = &context.live.rules;
        let ends = context.ending.is_some();
        let Some(stamp) = context.passage.as_ref().and_then(|passage| passage.stamp.as_ref()).filter(|_| !ends) else {
            return Ok(());
        };
        let now = self.flow.clock.now();
        if !context.set_cookies.is_empty() || !rules.stamps.is_due_for_renewal(stamp, now) {
            return Ok(());
        }
        let minted = rules.stamps.mint(&stamp.proof, now);
        answer.insert_header(header::CACHE_CONTROL, "private")?;
        let by_header = session.req_header().headers.contains_key(crate::flow::gate::STAMP_HEADER);
        let carrier = if by_header { Carrier::Header } else { Carrier::Cookie };
        match carrier {
            Carrier::Header => answer.insert_header("Stepgate-Stamp", minted.token)?,
            Carrier::Cookie => context.set_cookies.push(stamp_cookie(rules.site.secure, &minted.token)),
        }
        Ok(())
    }
}

fn stamp_cookie(secure: bool, token: &str) -> HeaderValue {
    web::set_cookie(CookieNames::of(secure).stamp, token, secure, None)
}

/// The site must not set cookies with our names (decisions 32).
fn drop_foreign_cookies(answer: &mut ResponseHeader) -> Result<()> {
    let names_ours = |value: &HeaderValue| {
        let name = value.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
        std::str::from_utf8(name).is_ok_and(|name| CookieNames::owns(name.trim()))
    };
    if !answer.headers.get_all(header::SET_COOKIE).iter().any(names_ours) {
        return Ok(());
    }
    let kept: Vec<HeaderValue> =
        answer.headers.get_all(header::SET_COOKIE).iter().filter(|value| !names_ours(value)).cloned().collect();
    answer.remove_header(&header::SET_COOKIE);
    for value in kept {
        answer.append_header(header::SET_COOKIE, value)?;
    }
    Ok(())
}
