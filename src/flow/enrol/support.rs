//! A first enrolment with a temporary code of the support desk, after a reset (decisions 28).

use subtle::ConstantTimeEq;

use crate::{
    factor::backup_code::BackupCode,
    flow::{Flow, FlowError, RuleSet, challenge::Asker},
    policy::FactorKind,
    store::{EnrolmentStep, Grounds, PlayerState, Tries, TriesBy},
};

impl Flow {
    /// What a temporary code allows. It is used up only when the factor becomes active.
    pub(super) async fn grounds_by_code(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        state: &PlayerState,
        typed: &str,
    ) -> Result<(Grounds, EnrolmentStep), FlowError> {
        const REJECTED: FlowError = FlowError::CodeRejected { clock_is_slow: false };
        if state.freeze.is_some() {
            return Err(FlowError::Frozen);
        }
        if !state.factors.is_empty() {
            return Err(FlowError::Denied("a temporary code is for a first enrolment only"));
        }
        let (subject, now) = (&asker.player.subject, self.clock.now());
        let tries = Tries { kind: FactorKind::BackupCode, by: TriesBy::Enrolment };
        self.reserve(rules, asker, tries).await?;
        let code = BackupCode::parse(typed).ok_or(REJECTED)?;
        let given = self.temporary_code(&code);
        let live = self.stores.desk.live_code(subject, now).await?.ok_or(REJECTED)?;
        if !state.must_bind || !bool::from(given.ct_eq(&live)) {
            return Err(REJECTED);
        }
        self.clear_tries(rules, asker, tries).await?;
        Ok((Grounds::Support(given), EnrolmentStep::Secret))
    }
}
