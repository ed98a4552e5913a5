//! What the desk does at once.

use zeroize::Zeroizing;

use crate::{
    clock::UnixTime,
    factor::backup_code::BackupCode,
    flow::{
        Flow, FlowError, RuleSet,
        desk::{Agent, DeskError, Settings, Why, actor},
        notify::Event,
    },
    policy::{FactorKind, cooldown::Cause, desk::DeskAction},
    request::Subject,
    store::{Edit, Freeze, PlayerState, ResetState, ResetStep, Spared, Tries, TriesBy},
};

/// What a keyed hash of a temporary code is for.
const TEMPORARY_CODE: &str = "temporary-code";

/// Whose account, and why.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Who asks.
    pub agent: &'a Agent,
    /// Whose account.
    pub subject: &'a Subject,
    /// Why.
    pub why: &'a Why,
}

impl Flow {
    /// Does one of the actions that take effect at once and answer nothing: `Unlock`, `ForgetDevices`,
    /// `EndStamps`, `Freeze`, `Unfreeze`.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`, `Unknown`, `Conflict`, `Flow`; `BadInput` for every other action.
    pub async fn desk_act(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        action: DeskAction,
        order: Order<'_>,
    ) -> Result<(), DeskError> {
        self.admit(settings, order.agent, action).await?;
        self.require_known(order.subject).await?;
        let state = self.stores.accounts.player(order.subject).await?;
        let (event, edits) = edits(action, &state, self.clock.now())?;
        self.carried_out(rules, order, event, edits).await?;
        if action == DeskAction::Unlock {
            // After its audit line: what is not written down is not done.
            for tries in every_tries() {
                self.stores.attempts.clear(order.subject, tries).await?;
            }
        }
        if action == DeskAction::Freeze {
            self.stores.enrolments.void_all(order.subject).await?;
        }
        Ok(())
    }

    /// Gives a temporary code, good once, for a first enrolment after a reset (decisions 28). It takes the
    /// place of an earlier one; only its keyed hash is kept.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`, `Unknown`, `Flow`; `Conflict` where the player's second factor was not
    /// reset, or was bound again since, or a code of that reset was used.
    pub async fn desk_issue_code(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        order: Order<'_>,
    ) -> Result<(Zeroizing<String>, UnixTime), DeskError> {
        const NO_RESET: DeskError = DeskError::Conflict("a temporary code is given only after a reset");
        self.admit(settings, order.agent, DeskAction::IssueCode).await?;
        self.require_known(order.subject).await?;
        let (subject, now) = (order.subject, self.clock.now());
        let state = self.stores.accounts.player(subject).await?;
        let happened = |cause| state.happened.of(cause);
        let was_bound = happened(Cause::Enroll) > happened(Cause::Reset);
        let resets = self.stores.desk.resets_of(subject, 10).await?;
        let reset = resets.into_iter().find(|reset| reset.state == ResetState::Done).ok_or(NO_RESET)?;
        if !state.must_bind || !state.factors.is_empty() || was_bound {
            return Err(NO_RESET);
        }
        let (code, expires_at) = (BackupCode::draw(), now.plus(settings.reset.code_lifetime));
        let step = ResetStep::IssueCode { id: reset.id, code: self.temporary_code(&code), expires_at };
        let edits = vec![Edit::RequireNoFactor, Edit::Reset(step)];
        self.carried_out(rules, order, Event::CodeIssued, edits).await?;
        Ok((code.reveal(), expires_at))
    }

    /// What is kept of a temporary code: it has a hundred random bits.
    pub(in crate::flow) fn temporary_code(&self, code: &BackupCode) -> [u8; 32] {
        self.hasher.hash(TEMPORARY_CODE, &[code.reveal().as_bytes()])
    }

    /// Makes a change with its audit line and what the player is told of it.
    pub(super) async fn carried_out(
        &self,
        rules: &RuleSet,
        order: Order<'_>,
        event: Event,
        mut edits: Vec<Edit>,
    ) -> Result<(), DeskError> {
        edits.push(self.recorded_by(&actor(order.agent), order.subject, event.as_str(), &order.why.line()));
        edits.extend(self.told_known(rules, order.subject, event).await?);
        self.changed(order.subject, &edits).await
    }

    /// As [`Flow::change_account`], in the desk's words.
    pub(super) async fn changed(&self, subject: &Subject, edits: &[Edit]) -> Result<(), DeskError> {
        let changed = self.change_account(subject, edits, Spared::None).await;
        if let Err(FlowError::Gone) = changed {
            return Err(DeskError::Conflict("it is no longer as it was: look again"));
        }
        Ok(changed?)
    }
}

/// Everything that is counted of a player's codes.
pub(super) fn every_tries() -> impl Iterator<Item = Tries> {
    let kinds = [FactorKind::App, FactorKind::Sms, FactorKind::BackupCode];
    let by = [TriesBy::Anyone, TriesBy::KnownBrowser, TriesBy::Enrolment];
    kinds.into_iter().flat_map(move |kind| by.map(|by| Tries { kind, by }))
}

/// What an action does to an account in this state, and which event that is.
fn edits(action: DeskAction, state: &PlayerState, now: UnixTime) -> Result<(Event, Vec<Edit>), DeskError> {
    match action {
        DeskAction::Unlock => Ok((Event::Unlocked, Vec::new())),
        DeskAction::ForgetDevices => Ok((Event::DevicesForgotten, vec![Edit::ForgetDevices])),
        DeskAction::EndStamps => Ok((Event::SessionsEnded, vec![Edit::RaiseEpoch])),
        DeskAction::Freeze if state.freeze.is_some() => Err(DeskError::Conflict("the account is frozen already")),
        DeskAction::Freeze => {
            // No factor is older than this: only the desk clears it (decisions 26).
            let freeze = Freeze { at: now, event_at: UnixTime::from_secs(0) };
            let edits = vec![Edit::RequireNotFrozen, Edit::Freeze(freeze), Edit::RaiseEpoch, Edit::ForgetDevices];
            Ok((Event::Frozen, edits))
        }
        DeskAction::Unfreeze if state.freeze.is_none() => Err(DeskError::Conflict("the account is not frozen")),
        DeskAction::Unfreeze => Ok((Event::Unfrozen, vec![Edit::Unfreeze])),
        DeskAction::Look
        | DeskAction::IssueCode
        | DeskAction::RequestReset
        | DeskAction::ApproveReset
        | DeskAction::CancelReset => Err(DeskError::BadInput("this is no action of this kind")),
    }
}
