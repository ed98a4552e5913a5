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
    policy::{Permit, Requirement},
    request::{self, Head},
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
        let Some(passage) = &context.passage else { return closed("no permit") };
        let passing = forward::Passing {
            trusted: intake.trusted,
            odd_headers: &live.odd_headers,
            use_of: &|name| live.rules.identity.use_of(name, intake.peer),
        };
        forward::clean(request, passing)?;
        if passage.anonymous {
            let is_preflight = request.method == Method::OPTIONS;
            forward::anonymise(request, |headers| {
                live.rules.identity.strip(headers);
                let unknown = |name: &&HeaderName| is_preflight && !forward::is_of_preflight(name.as_str());
                let unknown: Vec<HeaderName> = headers.keys().filter(unknown).cloned().collect();
                for name in unknown {
                    headers.remove(name);
                }
            })?;
        }
        let host_header = live.upstream.host_header.as_deref();
        forward::introduce(request, intake, host_header)?;
        if !is_allowed(request, &passage.permit, host_header) {
            return closed("the outbound request is not the one that was allowed");
        }
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

/// What was matched is what is forwarded: the permit names it, byte for byte. The host is the one that the
/// site is told, which is its Host as well unless the configuration says another.
fn is_allowed(outbound: &RequestHeader, permit: &Permit, host_header: Option<&str>) -> bool {
    let said = |name: &str| request::header_once(&outbound.headers, name);
    let (Some(host), Some(told)) = (said(header::HOST.as_str()), said("x-forwarded-host")) else { return false };
    let target = std::str::from_utf8(outbound.raw_path());
    host == host_header.unwrap_or(told) && target.is_ok_and(|target| permit.covers(&outbound.method, told, target))
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

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::{request::testing::with_head, target::Target};

    /// A preflight of this target, as it leaves.
    fn outbound(method: &str, target: &[u8], headers: &[(&'static str, &str)]) -> RequestHeader {
        let mut request = RequestHeader::build(method, target, None).unwrap();
        for (name, value) in headers {
            request.append_header(*name, *value).unwrap();
        }
        request
    }

    #[test]
    fn what_leaves_is_held_against_the_permit_by_what_it_says_itself() {
        let asks = [("origin", "https://play.example"), ("access-control-request-method", "POST")];
        let headers = outbound("OPTIONS", b"/a?b", &asks).headers.clone();
        let target = Target::parse(b"/a?b").unwrap();
        let permit = with_head(&Method::OPTIONS, &target, &headers, Permit::for_preflight).unwrap();
        let good = [("host", "play.example"), ("x-forwarded-host", "play.example")];
        let fixed = [("host", "site.internal"), ("x-forwarded-host", "play.example")];
        let allowed = |method, target, headers, fixed| is_allowed(&outbound(method, target, headers), &permit, fixed);
        assert!(allowed("OPTIONS", b"/a?b", &good, None));
        assert!(allowed("OPTIONS", b"/a?b", &fixed, Some("site.internal")));
        let other = [("host", "evil.example"), ("x-forwarded-host", "evil.example")];
        let twice = [("host", "play.example"), ("host", "evil.example"), ("x-forwarded-host", "play.example")];
        let elsewhere = [("host", "site.internal"), ("x-forwarded-host", "evil.example")];
        for (method, target, headers, host_header) in [
            ("DELETE", &b"/a?b"[..], &good[..], None),
            ("OPTIONS", b"/a", &good, None),
            ("OPTIONS", b"/a?B", &good, None),
            ("OPTIONS", b"/a?b&c", &good, None),
            ("OPTIONS", b"/a?b", &other, None),
            ("OPTIONS", b"/a?b", &fixed, None),
            ("OPTIONS", b"/a?b", &good, Some("site.internal")),
            ("OPTIONS", b"/a?b", &elsewhere, Some("site.internal")),
            ("OPTIONS", b"/a?b", &twice, None),
            ("OPTIONS", b"/a?b", &good[..1], None),
            ("OPTIONS", b"/a?b", &good[1..], None),
        ] {
            assert!(!allowed(method, target, headers, host_header), "{method} {headers:?} {host_header:?}");
        }
    }
}
