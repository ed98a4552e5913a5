//! What one request carries through the phases.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use http::HeaderValue;
use pingora::protocols::l4::socket::SocketAddr;

use crate::{
    edge::{intake::Intake, live::Live, tunnel::Tunnel},
    flow::gate::Passage,
    metrics::Metrics,
    request::Binding,
    web::Problem,
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
    pub passage: Option<Passage>,
    /// The held body that takes the place of our form's.
    pub swap: Option<Bytes>,
    /// The body of a log-in, kept for the moment of its answer.
    pub login_body: Option<Bytes>,
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
    /// What answers it if forwarding fails.
    pub failure: Option<Problem>,
    /// When it left for the site: until then the time is ours.
    pub sent_at: Option<Instant>,
    /// What the decision log says.
    pub record: Record,
    /// The watch over what stays open.
    pub tunnel: Option<Tunnel>,
    _in_flight: InFlight,
}

/// Counts a request as in flight for as long as it lives, however it ends.
struct InFlight(Arc<Metrics>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.dec();
    }
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
    /// Routes in `observe` mode and what they would have done.
    pub observed: Vec<(Arc<str>, &'static str)>,
    /// The status of the site's answer.
    pub upstream_status: Option<u16>,
}

impl Context {
    /// A new one.
    #[must_use]
    pub fn new(live: Arc<Live>, metrics: Arc<Metrics>) -> Self {
        metrics.in_flight.inc();
        Self {
            live,
            started: Instant::now(),
            intake: None,
            passage: None,
            swap: None,
            login_body: None,
            ending: None,
            set_cookies: Vec::new(),
            spent: false,
            guarded: false,
            tried: None,
            failure: None,
            sent_at: None,
            record: Record::default(),
            tunnel: None,
            _in_flight: InFlight(metrics),
        }
    }
}
