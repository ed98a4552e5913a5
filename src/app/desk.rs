//! The support desk's parts, put together.

use std::sync::Arc;

use super::StartError;
use crate::{
    desk,
    edge::{desk::DeskParts, settings, tls::Certificates},
    flow::{self, Flow},
};

/// The support desk, which lives as long as the process.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) listener: settings::Desk,
    pub(super) settings: flow::desk::Settings,
    pub(super) certificates: Option<Arc<Certificates>>,
}

impl Desk {
    pub(super) fn load((listener, settings): (settings::Desk, flow::desk::Settings)) -> Result<Self, StartError> {
        let pair = listener.tls.as_ref().map(Certificates::load).transpose();
        let certificates = pair.map_err(|error| StartError::Config(error.to_string()))?.map(Arc::new);
        Ok(Self { listener, settings, certificates })
    }

    pub(super) fn parts(self, flow: &Arc<Flow>) -> DeskParts {
        let parameters = desk::Parameters {
            settings: self.settings,
            hosts: self.listener.hosts.clone(),
            secure: self.listener.tls.is_some(),
        };
        let router = desk::router(Arc::clone(flow), parameters);
        DeskParts { listener: self.listener, certificates: self.certificates, router }
    }
}
