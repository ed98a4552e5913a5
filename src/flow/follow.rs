//! Stamps that move or are spared: a session that the site rotates, a change that ends all others.

use crate::{
    flow::{Flow, FlowError, RuleSet},
    identity::Player,
    request::Subject,
    stamp::{Minted, Proof, Stamp},
};

impl Flow {
    /// The stamp under the log-in's new session value: same proof, same hard end. `None` where the
    /// old value's stamp was moved before or no longer counts (decisions 6).
    pub async fn follow(&self, rules: &RuleSet, stamp: &Stamp, moved: &Player) -> Option<Minted> {
        if moved.subject != stamp.proof.subject || moved.binding == stamp.proof.binding {
            return None;
        }
        let now = self.clock.now();
        // Once an old value: the id of the move is spent before the new stamp exists.
        let id = format!("follow-{}", data_encoding::HEXLOWER.encode(&stamp.proof.binding.0));
        // Far past every stamp's hard end.
        let kept_until = stamp.proof.auth_time.plus(std::time::Duration::from_secs(30 * 86_400));
        let first = self.stores.spent.spend(&id, kept_until).await;
        let opened = match first {
            Ok(true) => self.stores.families.open(moved.binding, &moved.subject, now).await,
            Ok(false) => return None,
            Err(error) => Err(error),
        };
        match opened {
            Ok(true) => {
                let proof = Proof { binding: moved.binding, ..stamp.proof.clone() };
                Some(rules.stamps.mint(&proof, now))
            }
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(%error, "a stamp could not follow its session");
                None
            }
        }
    }

    /// Ends every stamp of a player but one, which is minted anew under the new epoch.
    ///
    /// # Errors
    /// `Store`; then none was ended.
    pub async fn end_other_stamps(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        spared: Option<&Stamp>,
    ) -> Result<Option<Minted>, FlowError> {
        let epoch = self.end_stamps(subject).await?;
        let now = self.clock.now();
        // One that ended before this is not revived by it.
        let spared = spared.filter(|stamp| stamp.proof.epoch + 1 == epoch);
        Ok(spared.map(|stamp| rules.stamps.mint(&Proof { epoch, ..stamp.proof.clone() }, now)))
    }
}
