//! The couriers of one channel in their order: deadlines, breakers, failover.

use std::{pin::Pin, sync::Arc, time::Duration};

use super::{
    CourierError, Delivered,
    breaker::{Breaker, Patience},
    provider::Failure,
};
use crate::{
    clock::Clock,
    metrics::{CourierMetrics, Metrics, words::Channel, words::SendOutcome},
};

/// Asking one courier: the provider's name for the message, where it has one.
pub(super) type Asking<'a> = Pin<Box<dyn Future<Output = Result<Option<String>, Failure>> + Send + 'a>>;

/// The couriers of one channel, first to last.
#[derive(Debug)]
pub(super) struct Line<K>(Vec<Post<K>>);

/// One courier with what is known of it.
#[derive(Debug)]
struct Post<K> {
    courier: K,
    name: String,
    deadline: Duration,
    breaker: Breaker,
    metrics: CourierMetrics,
}

/// What a courier says of itself.
pub(super) trait Described {
    /// The kind's word.
    fn kind(&self) -> &'static str;
}

impl<K: Described> Line<K> {
    /// Couriers with their deadlines.
    pub(super) fn new(couriers: Vec<(K, Duration)>, channel: Channel, patience: Patience, metrics: &Metrics) -> Self {
        let post = |(position, (courier, deadline)): (usize, (K, Duration))| {
            let name = format!("{}-{position}", courier.kind());
            let metrics = metrics.courier(&name, channel);
            Post { courier, name, deadline, breaker: Breaker::new(patience), metrics }
        };
        Self(couriers.into_iter().enumerate().map(post).collect())
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Asks one after the other, each with its name, until one takes the message over.
    pub(super) async fn carry<'l>(
        &'l self,
        clock: &Arc<dyn Clock>,
        ask: impl Fn(&'l K, &'l str) -> Asking<'l> + Send + Sync,
    ) -> Result<Delivered, CourierError> {
        let mut refused = Vec::new();
        let mut unreachable = Vec::new();
        for (position, post) in self.0.iter().enumerate() {
            match post.ask(&**clock, &ask).await {
                Ok(reference) => return Ok(Delivered { courier: position, reference }),
                Err(Failure::Refused(why)) => refused.push(format!("{}: {why}", post.name)),
                Err(Failure::Unreachable(why)) => unreachable.push(format!("{}: {why}", post.name)),
            }
        }
        if self.0.is_empty() {
            return Err(CourierError::NoCourier);
        }
        // Somebody who could not be asked might have taken it.
        if unreachable.is_empty() {
            return Err(CourierError::Refused(refused.join("; ")));
        }
        unreachable.extend(refused);
        Err(CourierError::Unreachable(unreachable.join("; ")))
    }
}

impl<K> Post<K> {
    async fn ask<'l>(
        &'l self,
        clock: &dyn Clock,
        ask: &(impl Fn(&'l K, &'l str) -> Asking<'l> + Send + Sync),
    ) -> Result<Option<String>, Failure> {
        let began = clock.now();
        let Some(pass) = self.breaker.admit(began) else {
            self.metrics.skipped();
            return Err(Failure::Unreachable("passed over, since it did not answer before".to_owned()));
        };
        let answer = tokio::time::timeout(self.deadline, ask(&self.courier, &self.name)).await;
        let ended = clock.now();
        let (outcome, result) = match answer {
            Ok(Ok(reference)) => (SendOutcome::Taken, Ok(reference)),
            Ok(Err(failure @ Failure::Refused(_))) => (SendOutcome::Refused, Err(failure)),
            Ok(Err(failure @ Failure::Unreachable(_))) => (SendOutcome::Unreachable, Err(failure)),
            Err(_) => (SendOutcome::Late, Err(Failure::Unreachable("it did not answer in time".to_owned()))),
        };
        match outcome {
            SendOutcome::Taken | SendOutcome::Refused => pass.answered(),
            SendOutcome::Unreachable | SendOutcome::Late | SendOutcome::Skipped => pass.failed(ended),
        }
        self.metrics.asked(outcome, ended.since(began));
        self.metrics.paused(self.breaker.is_open());
        if let Err(Failure::Refused(why) | Failure::Unreachable(why)) = &result {
            tracing::warn!(courier = self.name, why, "a courier did not carry a message");
        }
        result
    }
}
