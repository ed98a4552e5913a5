//! "This was not me": whoever holds the link of a notice freezes the account's guarded routes, until
//! support or a factor that is older than what the notice told of clears it (decisions 26).

use crate::{
    clock::UnixTime,
    flow::{Flow, FlowError, RuleSet, account::noted, desk::reset::PLAYER, notify::Event},
    request::Subject,
    secret::Token,
    store::{Applied, Edit, Freeze, Spared},
};

impl Flow {
    /// Whether a link still freezes; reveals nothing about the account.
    ///
    /// # Errors
    /// `Gone` for an unknown or expired one; `Store`.
    pub async fn view_freeze(&self, token: &str) -> Result<(), FlowError> {
        self.offered(token).await.map(|_| ())
    }

    /// Freezes the account of a link. A second time changes nothing of the freeze and says the same.
    ///
    /// # Errors
    /// `Gone`, `Store`.
    pub async fn freeze(&self, rules: &RuleSet, token: &str) -> Result<(), FlowError> {
        let (subject, event_at) = self.offered(token).await?;
        self.freeze_account(rules, &subject, event_at).await
    }

    /// Freezes an account for an event of that time, and calls its open reset off, also where it is frozen
    /// already: who lost control would have the reset done by talking.
    ///
    /// # Errors
    /// `Store`.
    pub async fn freeze_account(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        event_at: UnixTime,
    ) -> Result<(), FlowError> {
        // First, and also where it is frozen already: an earlier press may have got no further.
        self.end_what_waits(subject, Spared::None).await?;
        let state = self.stores.accounts.player(subject).await?;
        let called_off = self.record(subject, Event::ResetCancelled.as_str(), "");
        let mut edits = self.calling_off(rules, subject, (PLAYER, called_off)).await?;
        // A notice of something earlier tells more: what came after it must not clear the freeze.
        if state.freeze.is_none_or(|freeze| freeze.event_at > event_at) {
            edits.extend([
                Edit::Freeze(Freeze { at: self.clock.now(), event_at }),
                Edit::RaiseEpoch,
                Edit::ForgetDevices,
                self.recorded_of(subject, Event::Frozen.as_str()),
            ]);
            edits.extend(self.told_known(rules, subject, Event::Frozen).await?);
        }
        let applied = self.stores.accounts.apply(subject, &edits).await;
        // Also where the answer was lost: it may be done.
        self.epochs.forget_all();
        let applied = applied?;
        noted("what waited was not ended again", self.end_what_waits(subject, Spared::None).await);
        match applied {
            Applied::Done => Ok(()),
            Applied::Conflict => Err(FlowError::Gone),
        }
    }

    async fn offered(&self, token: &str) -> Result<(Subject, UnixTime), FlowError> {
        let token = Token::parse(token).ok_or(FlowError::Gone)?;
        self.stores.accounts.freeze_offer(token.hash(), self.clock.now()).await?.ok_or(FlowError::Gone)
    }
}
