//! Counting tries: of the player, and of the network that they come from (security.md REQ-44, REQ-45).
//!
//! Whoever gets here is logged in at the site, so that nobody counts against a player whose password they
//! do not have. Each kind of factor is counted apart, and so are browsers in which the player has proven one:
//! what is paused is one way, never the account.

use crate::{
    clock::UnixTime,
    flow::{Flow, FlowError, RuleSet, account::noted, challenge::Asker},
    metrics::words::ThrottledBy,
    policy::throttle::{NETWORK_WINDOW, Network, Span},
    store::{NetworkTries, Reservation, Tries},
};

impl Flow {
    /// Counts the attempt as failed before anything is compared.
    pub(super) async fn reserve(&self, rules: &RuleSet, asker: &Asker, tries: Tries) -> Result<(), FlowError> {
        let now = self.clock.now();
        let (subject, factor) = (&asker.player.subject, tries.kind.as_str());
        let refused = match self.stores.attempts.reserve(subject, tries, now, rules.throttle.pauses).await? {
            Reservation::Reserved { .. } => None,
            Reservation::Paused { until } => Some((FlowError::TooManyAttempts { until }, ThrottledBy::Player)),
            Reservation::Exhausted => Some((FlowError::Exhausted, ThrottledBy::Exhausted)),
        };
        // Whoever waits for the end of a pause costs the neighbours nothing.
        if let Some((refusal, why)) = refused {
            self.metrics.throttled(factor, why);
            return Err(refusal);
        }
        let (networks, counted) = self.networks_of(rules, asker, tries);
        let paused = self.stores.networks.reserve_in_networks(&counted, now, now.plus(NETWORK_WINDOW)).await?;
        let Some(paused) = paused else { return Ok(()) };
        if let Some(network) = networks.get(paused.index) {
            self.metrics.throttled(factor, by(network.span));
        }
        // Nothing is compared: strangers in the same network cost the player no try.
        self.stores.attempts.release(subject, tries).await?;
        Err(FlowError::NetworkPaused { until: paused.until })
    }

    /// Forgets the failures after a right code; the network has this one try back.
    pub(super) async fn clear_tries(&self, rules: &RuleSet, asker: &Asker, tries: Tries) -> Result<(), FlowError> {
        self.stores.attempts.clear(&asker.player.subject, tries).await?;
        let (_, counted) = self.networks_of(rules, asker, tries);
        Ok(self.stores.networks.release_in_networks(&counted).await?)
    }

    /// The same for the count in which this code was reserved, forgets the player's failures in the others, and
    /// opens what was closed by too many: the player proved a factor, or bound one anew. What was proven counts
    /// also where they stay counted.
    pub(super) async fn forget_failures(&self, rules: &RuleSet, asker: &Asker, reserved: Tries, others: &[Tries]) {
        noted("failures stay counted", self.clear_tries(rules, asker, reserved).await);
        for tries in others {
            // Nothing of theirs was taken from the network now, and so nothing is given back.
            let cleared = self.stores.attempts.clear(&asker.player.subject, *tries).await;
            noted("failures stay counted", cleared.map_err(FlowError::from));
        }
        let rebind_after = rules.throttle.pauses.rebind_after;
        let opened = self.stores.attempts.clear_exhausted(&asker.player.subject, rebind_after).await;
        noted("exhausted tries stay counted", opened.map_err(FlowError::from));
    }

    /// Until when the asker's codes of a kind are not compared, if so; of the player's own failures
    /// and the network's the later.
    pub(super) async fn paused_until(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        tries: Tries,
    ) -> Result<Option<UnixTime>, FlowError> {
        let now = self.clock.now();
        let failed = self.stores.attempts.failed(&asker.player.subject, tries, now).await?;
        let (_, counted) = self.networks_of(rules, asker, tries);
        let network = self.stores.networks.paused_in_networks(&counted, now).await?;
        Ok(failed.paused_until.max(network.map(|paused| paused.until)))
    }

    /// The networks of an asker, and what is counted of each: apart by factor kind and by way, so that a
    /// paused network still has other ways.
    pub(super) fn networks_of(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        tries: Tries,
    ) -> (Vec<Network>, Vec<NetworkTries>) {
        let networks = rules.throttle.networks.networks_of(asker.client);
        let way = tries.word();
        let counted = |network: &Network| NetworkTries {
            network: self.hasher.hash("tries", &[network.span.as_str().as_bytes(), &network.bytes, way.as_bytes()]),
            most: network.most,
        };
        let counted = networks.iter().map(counted).collect();
        (networks, counted)
    }
}

const fn by(span: Span) -> ThrottledBy {
    match span {
        Span::Ipv4Of24 => ThrottledBy::Ipv4Of24,
        Span::Ipv6Of48 => ThrottledBy::Ipv6Of48,
        Span::Ipv6Of56 => ThrottledBy::Ipv6Of56,
        Span::Ipv6Of64 => ThrottledBy::Ipv6Of64,
    }
}
