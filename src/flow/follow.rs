//! Stamps that move or are spared: a session that the site rotates, a change that ends all others.

use std::time::Duration;

use crate::{
    flow::{Flow, FlowError, RuleSet},
    identity::Player,
    request::Subject,
    stamp::{Minted, Proof, Stamp},
};

/// How long requests that were sent with the old session value may still be followed: those that were
/// on their way when the site rotated it.
const GRACE: Duration = Duration::from_secs(10);
/// How long a move is remembered: far past every stamp's hard end.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);

impl Flow {
    /// The stamp under the log-in's new session value: same proof, same hard end. `None` where the
    /// stamp no longer counts, or where the old value's stamp moved more than ten seconds ago: once an
    /// old value, but parallel requests get their answers in any order (decisions 6).
    pub async fn follow(&self, rules: &RuleSet, stamp: &Stamp, moved: &Player) -> Option<Minted> {
        if moved.subject != stamp.proof.subject || moved.binding == stamp.proof.binding {
            return None;
        }
        match self.open_moved(stamp, moved).await {
            Ok(true) => {
                let proof = Proof { binding: moved.binding, ..stamp.proof.clone() };
                Some(rules.stamps.mint(&proof, self.clock.now()))
            }
            Ok(false) => None,
            Err(error) => {
                tracing::warn!(%error, "a stamp could not follow its session");
                None
            }
        }
    }

    /// Opens the family of the new value; whether the old one's stamp may move there.
    pub(super) async fn open_moved(&self, stamp: &Stamp, moved: &Player) -> Result<bool, FlowError> {
        let now = self.clock.now();
        // Its log-in may have ended while the site answered.
        if self.check_revocation(stamp, false).await?.is_err() {
            return Ok(false);
        }
        let old = data_encoding::HEXLOWER.encode(&stamp.proof.binding.0);
        let (once, grace) = (format!("follow-{old}"), format!("follow-grace-{old}"));
        // The move is spent before the new stamp exists.
        if self.stores.spent.spend(&once, stamp.proof.auth_time.plus(REMEMBERED)).await? {
            self.stores.spent.spend(&grace, now.plus(GRACE)).await?;
        } else if !self.stores.spent.is_spent(&grace, now).await? {
            return Ok(false);
        }
        Ok(self.stores.families.open(moved.binding, &moved.subject, now).await?)
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
        Ok(spared.map(|stamp| rules.stamps.mint(&Proof { epoch, ..stamp.proof.clone() }, now)))
    }
}
