//! Stamps that move or are spared: a session that the site rotates, a change that ends all others.

use std::time::Duration;

use crate::{
    flow::{Flow, FlowError, RuleSet, account::noted, epochs::Reading},
    identity::Player,
    request::Subject,
    stamp::{Minted, Proof, Stamp},
    store::Spared,
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
        if self.check_revocation(stamp, Reading::Anew).await?.is_err() {
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

    /// Ends every stamp of a player but one, which is minted anew under the new epoch; and what waits for a proof
    /// in other log-ins, or was proven and not used yet.
    ///
    /// # Errors
    /// `Store`; then none was ended.
    pub async fn end_other_stamps(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        spared: Option<&Stamp>,
    ) -> Result<Option<Minted>, FlowError> {
        let login = spared.map_or(Spared::None, |stamp| Spared::LogIn(stamp.proof.binding));
        self.stores.challenges.end_player(subject, login).await?;
        let epoch = self.end_stamps(subject).await?;
        // Once more, for what was asked meanwhile.
        let ended = self.stores.challenges.end_player(subject, login).await.map_err(FlowError::from);
        noted("what waited was not ended again", ended);
        let now = self.clock.now();
        // One that ended before this is not revived by it.
        let spared = spared.filter(|stamp| stamp.proof.epoch + 1 == epoch);
        Ok(spared.map(|stamp| rules.stamps.mint(&Proof { epoch, ..stamp.proof.clone() }, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        flow::testing::{DAY, START, World, asker},
        request::Binding,
        secret::Token,
    };

    #[tokio::test]
    async fn a_stamp_follows_once_an_old_value_and_for_ten_seconds_to_parallel_answers() {
        let (world, browser) = (World::new().await, Token::random());
        let proof = Proof {
            subject: Subject::parse("ayu").unwrap(),
            binding: Binding([1; 32]),
            epoch: 0,
            amr: Vec::new(),
            by: crate::policy::FactorKind::App,
            auth_time: START,
            fresh_time: None,
            began: START,
        };
        world.flow.stores.families.open(Binding([1; 32]), &proof.subject, START).await.unwrap();
        let stamp = Stamp { proof, id: "j".to_owned(), issued_at: START, expires_at: START.plus(DAY) };
        let moves =
            async |login: u8| world.flow.open_moved(&stamp, &asker("ayu", login, &browser).player).await.unwrap();
        assert!(moves(2).await);
        world.clock.advance(Duration::from_secs(10) - Duration::from_millis(1));
        assert!(moves(3).await, "it was on its way at the same time");
        let elsewhere = Stamp { proof: Proof { binding: Binding([9; 32]), ..stamp.proof.clone() }, ..stamp.clone() };
        let ended = world.flow.open_moved(&elsewhere, &asker("ayu", 6, &browser).player).await.unwrap();
        assert!(!ended, "a log-in that is not open moves nothing");
        world.clock.advance(Duration::from_millis(1));
        assert!(!moves(4).await);
        world.flow.stores.spent.sweep(world.clock.now().plus(DAY)).await.unwrap();
        assert!(!moves(5).await, "the end of the grace is no new beginning");
    }
}
