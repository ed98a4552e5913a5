//! The site's answer on its way back: what it changes for us, and what must not pass.

use http::{HeaderValue, StatusCode, header};
use pingora::http::ResponseHeader;
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{context::Context, depart::received, forward, gateway::Gateway},
    fields::Body,
    flow::{CookieNames, device::Exchanged},
    identity::SiteAnswer,
    policy::{
        Route,
        rule::{AfterSuccess, SuccessAction},
    },
    request::{self, Carrier},
    web,
};

impl Gateway {
    /// Learns from the answer, then adds what is ours.
    pub(super) async fn answered(
        &self,
        session: &mut Session,
        answer: &mut ResponseHeader,
        context: &mut Context,
    ) -> Result<()> {
        context.record.upstream_status = Some(answer.status.as_u16());
        drop_foreign_cookies(answer)?;
        forward::drop_ours(answer);
        context.tunnel = self.watch_tunnel(answer, context);
        if answer.status == StatusCode::SWITCHING_PROTOCOLS {
            // A silent client is none that is slow.
            session.as_downstream_mut().set_read_timeout(None);
            // The old cookie of a remembered browser counts no more, and no other answer follows.
            return add_cookies(answer, std::mem::take(&mut context.set_cookies));
        }
        if answer.status.is_informational() {
            return Ok(());
        }
        add_earlier_cookies(answer, context.answer_cookies())?;
        // Few answers change anything: the large futures of those that do are made only for them.
        if answer.headers.contains_key(header::SET_COOKIE) && !Box::pin(self.learn(session, answer, context)).await {
            let identity = &context.live.rules.identity;
            drop_cookies(answer, |line| identity.sets_session(line))?;
        }
        if context.ending.is_some() {
            Box::pin(self.end_session(answer, context)).await;
        }
        self.after_success(answer, context).await;
        self.renew(session, answer, context)?;
        // The site was asked once more, with a session that is new.
        let later = context.intake.as_ref().map(|intake| intake.answer_cookies.take_site_lines());
        let ours: Vec<HeaderValue> =
            later.into_iter().flatten().chain(std::mem::take(&mut context.set_cookies)).collect();
        if !ours.is_empty() {
            keep_private(answer)?;
        }
        add_cookies(answer, ours)
    }

    /// The log-in source, and sessions that the site rotates: of an answer that sets a cookie. Whether its session
    /// may go out: not where log-ins wait and nothing could be learned of it.
    async fn learn(&self, session: &Session, answer: &ResponseHeader, context: &mut Context) -> bool {
        let rules = std::sync::Arc::clone(&context.live.rules);
        let Some(head) = received(session, context) else { return true };
        let answer_body = context.answer_body.clone();
        let site =
            SiteAnswer { status: answer.status.as_u16(), headers: &answer.headers, body: answer_body.as_deref() };
        let content_type = request::header_once(head.headers, header::CONTENT_TYPE.as_str());
        let body = context.login_body.as_deref().map(|bytes| Body { content_type, bytes });
        if !context.learned
            && let Err(error) = rules.identity.login_answered(&head, body, site, &context.watches).await
        {
            // Nothing is bound: the player is asked to log in again where it matters.
            tracing::warn!(%error, "a log-in could not be bound");
            if rules.identity.withholds_sessions() {
                return false;
            }
        }
        if context.ending.is_some() {
            return true;
        }
        let Some(passage) = &context.passage else { return true };
        let Some(stamp) = &passage.stamp else { return true };
        // A good stamp says whose the old value was, also where no source was asked.
        let before = (&stamp.proof.subject, stamp.proof.binding);
        match rules.identity.rotated(&head, before, site).await {
            Ok(Some(moved)) => {
                if let Some(minted) = self.flow.follow(&rules, stamp, &moved).await {
                    context.set_cookies.push(stamp_cookie(context.live.rules.site.secure, &minted.token));
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "a rotated session could not be followed"),
        }
        true
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
        let Some(route) = rules.routes.named(name) else { return };
        let body = context.answer_body.as_deref();
        let site = SiteAnswer { status: answer.status.as_u16(), headers: &answer.headers, body };
        let now = self.flow.clock.now();
        let satisfied = route.after_success.as_ref().map(|after| (after, site.satisfies(&after.when, now)));
        // A body that was too large to be looked at says nothing: then the status alone counts.
        let is_unknown = |after: &AfterSuccess| after.when.body.is_some() && body.is_none();
        let succeeded = match satisfied {
            Some((after, satisfied)) if !is_unknown(after) => satisfied,
            Some(_) | None => answer.status.as_u16() < 400,
        };
        let approved = context.passage.as_ref().is_some_and(|passage| passage.spend.is_some());
        if succeeded && (approved || route.changes.is_some()) {
            Box::pin(self.happened(route, context)).await;
        }
        if let Some((after, true)) = satisfied {
            Box::pin(self.act(after, context)).await;
        }
    }

    /// Notes what a request did that the site took: what other routes wait for, and what the player is
    /// told of.
    async fn happened(&self, route: &Route, context: &Context) {
        let Some(player) = context.passage.as_ref().and_then(|passage| passage.player.as_ref()) else { return };
        let details = context.passage.as_ref().map(|passage| passage.details.as_slice()).unwrap_or_default();
        if let Err(error) = self.flow.done(&context.live.rules, player, route, details).await {
            tracing::error!(%error, "what a request did could not be noted");
        }
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
                    let spared = passage.stamp.as_deref();
                    match self.flow.end_other_stamps(&context.live.rules, &subject, spared).await {
                        Ok(Some(minted)) => {
                            context.set_cookies.push(stamp_cookie(context.live.rules.site.secure, &minted.token));
                        }
                        Ok(None) => {}
                        Err(error) => tracing::error!(%error, "stamps could not be ended"),
                    }
                }
                SuccessAction::ForgetDevices => {
                    if let Err(error) = self.flow.forget_devices(&subject).await {
                        tracing::error!(%error, "devices could not be forgotten");
                    }
                }
                SuccessAction::Notify => {
                    let Some(player) = &passage.player else { continue };
                    let Some(route) = context.record.route.as_deref() else { continue };
                    let Some(route) = context.live.rules.routes.named(route) else { continue };
                    if let Err(error) = self.flow.tell_of_change(&context.live.rules, player, route).await {
                        tracing::error!(%error, "a change could not be told");
                    }
                }
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
        keep_private(answer)?;
        let by_header = session.req_header().headers.contains_key(crate::flow::gate::STAMP_HEADER);
        let carrier = if by_header { Carrier::Header } else { Carrier::Cookie };
        match carrier {
            Carrier::Header => answer.insert_header("Stepgate-Stamp", minted.token)?,
            Carrier::Cookie => context.set_cookies.push(stamp_cookie(rules.site.secure, &minted.token)),
        }
        Ok(())
    }
}

/// The stamp of a remembered device and its next cookie: for whatever answers the request.
pub(super) fn give_exchanged(context: &mut Context, exchanged: &Exchanged) {
    let secure = context.live.rules.site.secure;
    context.set_cookies.push(stamp_cookie(secure, &exchanged.stamp.token));
    context.set_cookies.extend(exchanged.cookie.as_ref().map(|cookie| web::device_cookie(secure, cookie)));
}

fn add_cookies(answer: &mut ResponseHeader, lines: Vec<HeaderValue>) -> Result<()> {
    for line in lines {
        answer.append_header(header::SET_COOKIE, line)?;
    }
    Ok(())
}

fn stamp_cookie(secure: bool, token: &str) -> HeaderValue {
    web::set_cookie(CookieNames::of(secure).stamp, token, secure, None)
}

/// Keeps an answer with a player's cookie out of shared caches; what the site says more strictly stays. What caches
/// of others read first is taken away.
fn keep_private(answer: &mut ResponseHeader) -> Result<()> {
    for name in ["cdn-cache-control", "surrogate-control"] {
        answer.remove_header(name);
    }
    // `private=\"x\"` is of one header only.
    let is_strict = |line: &HeaderValue| {
        let said = line.to_str().unwrap_or_default().to_ascii_lowercase();
        said.split(',').any(|directive| matches!(directive.trim(), "no-store" | "private"))
    };
    if answer.headers.get_all(header::CACHE_CONTROL).iter().any(is_strict) {
        return Ok(());
    }
    answer.insert_header(header::CACHE_CONTROL, "private")
}

/// Adds what the site set when it was asked who this is: before its answer's own, which came later.
fn add_earlier_cookies(answer: &mut ResponseHeader, earlier: Vec<HeaderValue>) -> Result<()> {
    if earlier.is_empty() {
        return Ok(());
    }
    keep_private(answer)?;
    let own: Vec<HeaderValue> = answer.headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    answer.remove_header(&header::SET_COOKIE);
    for line in earlier.into_iter().chain(own) {
        answer.append_header(header::SET_COOKIE, line)?;
    }
    Ok(())
}

/// The site must not set cookies with our names (decisions 32).
pub(super) fn drop_foreign_cookies(answer: &mut ResponseHeader) -> Result<()> {
    drop_cookies(answer, |line| {
        let name = line.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
        std::str::from_utf8(name).is_ok_and(|name| CookieNames::owns(name.trim()))
    })
}

/// Takes these Set-Cookie lines out.
fn drop_cookies(answer: &mut ResponseHeader, drops: impl Fn(&HeaderValue) -> bool) -> Result<()> {
    if !answer.headers.get_all(header::SET_COOKIE).iter().any(&drops) {
        return Ok(());
    }
    let kept: Vec<HeaderValue> =
        answer.headers.get_all(header::SET_COOKIE).iter().filter(|value| !drops(value)).cloned().collect();
    answer.remove_header(&header::SET_COOKIE);
    for value in kept {
        answer.append_header(header::SET_COOKIE, value)?;
    }
    Ok(())
}
