//! What the desk does at once.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    clock::UnixTime,
    factor::backup_code::BackupCode,
    flow::{
        Flow, FlowError, RuleSet,
        desk::{Agent, DeskError, Settings, Why},
        notify::Event,
    },
    policy::{FactorKind, cooldown::Cause, desk::DeskAction},
    request::Subject,
    store::{AuditRecord, Edit, Freeze, PlayerState, ResetRecord, ResetState, ResetStep, Spared, Tries, TriesBy},
};

/// What a keyed hash of a temporary code is for.
const TEMPORARY_CODE: &str = "temporary-code";
/// How long after a reset a temporary code is given: for what is asked for later, who asks is checked anew.
const AFTER_RESET: Duration = Duration::from_secs(7 * 24 * 3600);

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
        let Order { agent, subject, why } = order;
        self.admit(settings, agent, (action, Some(subject))).await?;
        self.require_known(subject).await?;
        let (state, now) = (self.stores.accounts.player(subject).await?, self.clock.now());
        let (event, mut edits) = edits(action, &state, now)?;
        if action == DeskAction::Freeze {
            let called_off = agent.record(now, Event::ResetCancelled.as_str());
            let called_off = AuditRecord { subject: Some(subject.clone()), why: why.line(), ..called_off };
            edits.extend(self.calling_off(rules, subject, (&agent.name, called_off)).await?);
        }
        self.carried_out(rules, order, event, edits).await?;
        if action == DeskAction::Unlock {
            // After its audit line: what is not written down is not done.
            for tries in every_tries() {
                self.stores.attempts.clear(subject, tries).await?;
            }
        }
        if action == DeskAction::Freeze {
            self.stores.enrolments.void_all(subject).await?;
        }
        Ok(())
    }

    /// Gives a temporary code, good once, for a first enrolment after a reset (decisions 28). It takes the
    /// place of an earlier one; only its keyed hash is kept.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`, `Unknown`, `Flow`; `Conflict` where the player's second factor was not
    /// reset within the last seven days, or was bound again since, where a code of that reset was used, or
    /// the account is frozen.
    pub async fn desk_issue_code(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        order: Order<'_>,
    ) -> Result<(Zeroizing<String>, UnixTime), DeskError> {
        self.admit(settings, order.agent, (DeskAction::IssueCode, Some(order.subject))).await?;
        self.require_known(order.subject).await?;
        let (subject, now) = (order.subject, self.clock.now());
        let state = self.stores.accounts.player(subject).await?;
        let resets = self.stores.desk.resets_of(subject, 10).await?;
        let reset = reset_for_code(&state, &resets, now).map_err(DeskError::Conflict)?;
        let (code, expires_at) = (BackupCode::draw(), now.plus(settings.reset.code_lifetime));
        let (id, done_after) = (reset.id.clone(), now.minus(AFTER_RESET));
        let step = ResetStep::IssueCode { id, code: self.temporary_code(&code), expires_at, done_after };
        let edits = vec![Edit::RequireNoFactor, Edit::RequireNotFrozen, Edit::Reset(step)];
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
        edits.push(self.recorded_by(order.agent, order.subject, event.as_str(), &order.why.line()));
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

/// The reset after which a temporary code may be given now, of a player's newest ones; else why not.
pub(super) fn reset_for_code<'r>(
    state: &PlayerState,
    resets: &'r [ResetRecord],
    now: UnixTime,
) -> Result<&'r ResetRecord, &'static str> {
    const NO_RESET: &str = "a temporary code is given only after a reset";
    let happened = |cause| state.happened.of(cause);
    let was_bound = happened(Cause::Enroll) > happened(Cause::Reset);
    let reset = resets.iter().find(|reset| reset.state == ResetState::Done).ok_or(NO_RESET)?;
    if !state.must_bind || !state.factors.is_empty() || was_bound {
        return Err(NO_RESET);
    }
    if state.freeze.is_some() {
        return Err("the account is frozen: a code would not be taken");
    }
    if reset.ended_at.is_none_or(|done| done.plus(AFTER_RESET) <= now) {
        return Err("the reset was more than seven days ago: ask for another one");
    }
    Ok(reset)
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
        // Also where it is frozen already: a player's freeze becomes one that the desk alone clears.
        DeskAction::Freeze => {
            let freeze = Edit::Freeze(Freeze::by_desk(now));
            Ok((Event::Frozen, vec![freeze, Edit::RaiseEpoch, Edit::ForgetDevices]))
        }
        DeskAction::Unfreeze if state.freeze.is_none() => Err(DeskError::Conflict("the account is not frozen")),
        DeskAction::Unfreeze => Ok((Event::Unfrozen, vec![Edit::Unfreeze])),
        DeskAction::Look
        | DeskAction::IssueCode
        | DeskAction::RequestReset
        | DeskAction::ApproveReset
        | DeskAction::CancelReset
        | DeskAction::Export
        | DeskAction::Erase => Err(DeskError::BadInput("this is no action of this kind")),
    }
}
