//! The last phase before bytes go to the site: nothing leaves without a permit for exactly it.

use std::time::Instant;

use http::{HeaderName, HeaderValue, Method, header};
use pingora::http::RequestHeader;
use pingora::prelude::*;
use pingora::proxy::Session;

use crate::{
    edge::{context::Context, forward, gateway::Gateway},
    flow::FlowError,
    metrics::words::HeldOutcome,
    policy::Requirement,
    request::Head,
    stamp::{Asserted, Assurance},
    web::Problem,
};

/// The one header by which the site can tell that a request passed the gate (decisions 32).
const ASSERTION: HeaderName = HeaderName::from_static("stepgate-assertion");

impl Gateway {
    /// Cleans, introduces, re-checks and, for what goes once, consumes.
    pub(super) async fn depart(
        &self,
        session: &Session,
        request: &mut RequestHeader,
        context: &mut Context,
    ) -> Result<()> {
        let live = std::sync::Arc::clone(&context.live);
        let Some(intake) = &context.intake else { return closed("no request was examined") };
        forward::clean(request)?;
        let Some(passage) = &context.passage else { return closed("no permit") };
        // What was matched is what is forwarded: the permit names it, byte for byte.
        let outbound = request.raw_path();
        let same = std::str::from_utf8(outbound)
            .is_ok_and(|target| passage.permit.covers(&request.method, &intake.host, target));
        if !same {
            return closed("the outbound request is not the one that was allowed");
        }
        if passage.anonymous {
            // A preflight has no cookies at all: one that no source knows may log in too (decisions 21).
            let is_preflight = request.method == Method::OPTIONS;
            forward::anonymise(request, |headers| {
                live.rules.identity.strip(headers);
                if is_preflight {
                    headers.remove(header::COOKIE);
                }
            })?;
        }
        forward::introduce(request, intake, live.upstream.host_header.as_deref())?;
        if let Some(assertion) = self.assertion(request, context) {
            request.insert_header(ASSERTION, assertion)?;
        }
        if session.req_header().version == http::Version::HTTP_2 {
            request.set_version(http::Version::HTTP_11);
        }
        if let Some(swap) = &context.swap {
            request.insert_header(header::CONTENT_LENGTH, HeaderValue::from(swap.len()))?;
        }
        if let Some((spend, _)) = &passage.spend {
            if let Err(error) = self.flow.spend(spend).await {
                let (reason, status) =
                    if matches!(error, FlowError::Gone) { ("spent", 410) } else { ("unavailable", 503) };
                context.record.decision = "deny";
                context.record.reasons.insert(0, reason);
                context.failure = Some(Problem::of(&error, &context.live.rules, self.flow.clock.now()));
                return Error::e_explain(HTTPStatus(status), "consumed before, or the store did not answer");
            }
            context.spent = true;
            if context.swap.is_some() {
                self.flow.metrics.held(HeldOutcome::Resumed);
            }
        }
        context.sent_at = Some(Instant::now());
        Ok(())
    }

    /// The signed statement for the site, on guarded routes and where a route asks for it.
    fn assertion(&self, request: &RequestHeader, context: &Context) -> Option<HeaderValue> {
        let rules = &context.live.rules;
        let passage = context.passage.as_ref()?;
        let name = context.record.route.as_ref()?;
        let route = rules.routes.named(name)?;
        if route.require == Requirement::None && !route.assert {
            return None;
        }
        let subject = match (&passage.player, &passage.stamp) {
            (Some(player), _) => Some((&player.subject, player.binding)),
            (None, Some(stamp)) => Some((&stamp.proof.subject, stamp.proof.binding)),
            (None, None) => None,
        }?;
        let intake = context.intake.as_ref()?;
        let digest = passage.spend.as_ref().map(|(_, digest)| *digest);
        let proof = match (route.require, &passage.stamp, digest) {
            (Requirement::Once, _, Some(digest)) => Assurance::Once { digest },
            (Requirement::Fresh { .. }, Some(_), _) => Assurance::Fresh,
            (Requirement::Session | Requirement::None, Some(_), _) => Assurance::Session,
            _ => Assurance::None,
        };
        let uri = format!("{}{}", rules.site.origin, intake.target.path());
        let facts = Asserted {
            subject: subject.0,
            binding: subject.1,
            amr: passage.stamp.as_ref().map(|stamp| stamp.proof.amr.as_slice()).unwrap_or_default(),
            auth_time: passage.stamp.as_ref().map(|stamp| stamp.proof.auth_time),
            route: &route.name,
            require: route.require,
            method: request.method.as_str(),
            uri: &uri,
            proof,
        };
        let token = rules.assertions.mint(&facts, self.flow.clock.now());
        HeaderValue::from_str(&token).ok()
    }
}

fn closed<T>(why: &'static str) -> Result<T> {
    Error::e_explain(HTTPStatus(503), why)
}

/// The head of a request as it was received, from the parts that a phase has.
#[must_use]
pub fn received<'r>(session: &'r Session, context: &'r Context) -> Option<Head<'r>> {
    let parts = session.req_header();
    context.intake.as_ref().map(|intake| intake.head(&parts.method, &parts.headers))
}
