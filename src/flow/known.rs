//! Browsers in which a player has proven a factor before. Whoever has only the password has none, so
//! that their wrong codes pause nobody there (decisions 29).

use std::time::Duration;

use crate::{
    flow::{CookieNames, Flow, FlowError, RuleSet},
    request::{self, Head, Subject},
};

/// How long ago the proof of an earlier stamp may be.
const KNOWN_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

impl Flow {
    /// Whether a request comes from a browser with a device of this player that counts, or with an
    /// earlier stamp of theirs, however long it is idle, that nothing ended.
    pub(super) async fn is_known_browser(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        subject: &Subject,
    ) -> Result<bool, FlowError> {
        if self.has_device(rules, head, subject).await? {
            return Ok(true);
        }
        let cookie = request::cookie(head.headers, CookieNames::of(rules.site.secure).stamp).ok().flatten();
        let Some(stamp) = cookie.and_then(|token| rules.stamps.open(token)) else { return Ok(false) };
        let proof = &stamp.proof;
        let is_late = self.clock.now().since(proof.auth_time) > KNOWN_FOR;
        if proof.subject != *subject || is_late {
            return Ok(false);
        }
        Ok(self.stores.accounts.player(subject).await?.epoch == proof.epoch)
    }
}
