//! Changes of an account that its player asks for: each needs a proof for exactly it (decisions 11).
//!
//! A change is asked for twice: without an approval it opens a challenge; with the approval that the
//! challenge gave it is made, once.

use http::HeaderMap;

use crate::{
    flow::{
        Flow, FlowError, RuleSet,
        account::noted,
        challenge::{Asker, NewChallenge},
        enrol::EnrolmentView,
        gate::{APPROVAL_HEADER, browser_secret},
        notify::Event,
    },
    policy::{FactorKind, cooldown::Cause},
    request::{self, Carrier, Head},
    secret::Token,
    stamp::{Minted, Proof},
    store::{ChallengeState, Change, Edit, PlayerState, Spared, shared::Level},
};

/// What a change led to.
#[derive(Debug)]
pub struct Changed {
    /// By what the site knows the player.
    pub carrier: Carrier,
    /// The enrolment that goes on.
    pub enrolment: Option<EnrolmentView>,
    /// The new backup codes, shown once.
    pub backup_codes: Vec<zeroize::Zeroizing<String>>,
    /// This log-in's own stamp, where every other was ended.
    pub stamp: Option<Minted>,
}

impl Changed {
    fn nothing(asker: &Asker) -> Self {
        Self { carrier: asker.player.carrier, enrolment: None, backup_codes: Vec::new(), stamp: None }
    }
}

impl Flow {
    /// Makes a change if an approval for exactly it is there: `approval`, or the one in the request's
    /// header. Else opens the challenge that gives one.
    ///
    /// # Errors
    /// `ProofRequired` with the challenge; `Gone` for an approval that is not this change's, is spent,
    /// or comes too late; `Denied`, `Frozen`, `CoolingDown`, `Identity`, `Anonymous`, `Store`.
    pub async fn change(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        change: Change,
        approval: Option<&Token>,
    ) -> Result<Changed, FlowError> {
        let asker = self.asker(rules, head).await?;
        self.change_by(rules, head, (&asker, change), approval).await
    }

    pub(super) async fn change_by(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        (asker, change): (&Asker, Change),
        approval: Option<&Token>,
    ) -> Result<Changed, FlowError> {
        let state = self.stores.accounts.player(&asker.player.subject).await?;
        is_possible(&change, &state)?;
        let by_header = presented(head.headers);
        let Some(approval) = approval.or(by_header.as_ref()) else {
            return self.ask_for(rules, head, (asker, change)).await;
        };
        self.spend_approval(asker, &change, approval).await?;
        self.make(rules, head, (asker, change), &state).await
    }

    /// Opens the challenge of a change.
    async fn ask_for(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        (asker, change): (&Asker, Change),
    ) -> Result<Changed, FlowError> {
        let prefix = &rules.portal_prefix;
        let return_to = match &change {
            Change::Bind { enrolment, .. } => format!("{prefix}/settings/enrol/{enrolment}"),
            Change::Remove { .. }
            | Change::Disable
            | Change::Enable
            | Change::BackupCodes
            | Change::ForgetDevices { .. }
            | Change::EndSessions
            | Change::Unfreeze => format!("{prefix}/settings"),
        };
        let browser = browser_secret(rules, head);
        let kinds = [FactorKind::App, FactorKind::Sms, FactorKind::BackupCode];
        let new = NewChallenge {
            player: &asker.player,
            browser: browser.as_ref(),
            asks: change.as_str(),
            methods: kinds.to_vec(),
            level: Level::Change(change.clone()),
            details: Vec::new(),
            digest: None,
            return_to,
            holds: false,
        };
        Err(FlowError::ProofRequired(Box::new(self.ask(rules, new).await?)))
    }

    /// Consumes the approval of exactly this change.
    async fn spend_approval(&self, asker: &Asker, change: &Change, approval: &Token) -> Result<(), FlowError> {
        let now = self.clock.now();
        let approval = self.stores.approvals.find(approval.hash(), now).await?.ok_or(FlowError::Gone)?;
        let challenge = self.stores.challenges.find(&approval.challenge_id, now).await?.ok_or(FlowError::Gone)?;
        if !asker.owns(&challenge) || challenge.level != Level::Change(change.clone()) {
            return Err(FlowError::Gone);
        }
        let answered = matches!(challenge.state, ChallengeState::Answered { .. });
        // Not in turn with a freeze, which is a change by itself: this may be the one that clears it.
        if !answered || !self.stores.spent.spend(&challenge.id, approval.expires_at).await? {
            return Err(FlowError::Gone);
        }
        self.clear_spent(&challenge.id).await;
        Ok(())
    }

    async fn make(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        (asker, change): (&Asker, Change),
        state: &PlayerState,
    ) -> Result<Changed, FlowError> {
        match change {
            Change::Bind { enrolment, .. } => {
                let enrolment = Some(self.proven(rules, asker, &enrolment).await?);
                Ok(Changed { enrolment, ..Changed::nothing(asker) })
            }
            Change::BackupCodes => self.replace_codes(rules, asker).await,
            other @ (Change::Remove { .. }
            | Change::Disable
            | Change::Enable
            | Change::ForgetDevices { .. }
            | Change::EndSessions
            | Change::Unfreeze) => {
                let (event, detail, mut edits) = self.edits(&other, state);
                if other != Change::Unfreeze {
                    edits.insert(0, Edit::RequireNotFrozen);
                }
                self.carry_through(rules, head, asker, (event, detail, edits)).await
            }
        }
    }

    /// What a change does, and which event it is.
    fn edits(&self, change: &Change, state: &PlayerState) -> (Event, &'static str, Vec<Edit>) {
        let now = self.clock.now();
        match change {
            Change::Remove { factor_id } => {
                let kind = state.factors.iter().find(|factor| factor.id == *factor_id).map(|factor| factor.kind);
                // Of two removals at once one must find the other's factor gone: the last one is only
                // ever switched off.
                let other = state.factors.iter().find(|factor| factor.id != *factor_id);
                let mut edits: Vec<Edit> =
                    other.map(|other| Edit::RequireFactor(other.id.clone())).into_iter().collect();
                edits.extend([Edit::Remove(factor_id.clone()), Edit::RaiseEpoch, Edit::ForgetDevices]);
                (Event::FactorRemoved, kind.map_or("", FactorKind::as_str), edits)
            }
            Change::Disable => {
                let mut edits: Vec<Edit> =
                    state.factors.iter().map(|factor| Edit::Suspend(factor.id.clone())).collect();
                edits.extend([Edit::RaiseEpoch, Edit::ForgetDevices]);
                (Event::FactorDisabled, "", edits)
            }
            Change::Enable => {
                let mut edits = vec![Edit::RequireNoFactor];
                edits.extend(state.suspended.iter().map(|factor| Edit::Resume(factor.id.clone())));
                edits.push(Edit::Happened(Cause::Enroll, now));
                (Event::FactorEnabled, "", edits)
            }
            Change::ForgetDevices { device_id: None } => (Event::DevicesForgotten, "", vec![Edit::ForgetDevices]),
            Change::ForgetDevices { device_id: Some(id) } => {
                (Event::DevicesForgotten, "", vec![Edit::ForgetDevice(id.clone())])
            }
            Change::Unfreeze => {
                // The proof was of a factor older than what it was frozen for: not than what the desk makes of it.
                let mut edits: Vec<Edit> = state.freeze.map(Edit::RequireFreeze).into_iter().collect();
                edits.extend([Edit::Unfreeze, Edit::RaiseEpoch]);
                (Event::Unfrozen, "", edits)
            }
            Change::EndSessions | Change::Bind { .. } | Change::BackupCodes => {
                // A remembered browser would have its stamp back at once.
                (Event::SessionsEnded, "", vec![Edit::RaiseEpoch, Edit::ForgetDevices])
            }
        }
    }

    async fn carry_through(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        asker: &Asker,
        (event, detail, mut edits): (Event, &str, Vec<Edit>),
    ) -> Result<Changed, FlowError> {
        let player = &asker.player;
        edits.push(self.recorded(player, event.as_str(), detail));
        edits.extend(self.told(rules, player, (event, detail), self.clock.now()).await?);
        self.change_account(&player.subject, &edits, Spared::None).await?;
        if !edits.iter().any(|edit| matches!(edit, Edit::RaiseEpoch)) {
            return Ok(Changed::nothing(asker));
        }
        let stamp = self.spared_stamp(rules, head, asker).await;
        Ok(Changed { stamp, ..Changed::nothing(asker) })
    }

    /// This log-in's stamp under the epoch that is now: whoever proved a factor for a change is not
    /// asked again because of it, unless a store fails. The change is made either way.
    pub(super) async fn spared_stamp(&self, rules: &RuleSet, head: &Head<'_>, asker: &Asker) -> Option<Minted> {
        noted("a stamp ends with the others", self.stamp_anew(rules, head, asker).await).flatten()
    }

    async fn stamp_anew(&self, rules: &RuleSet, head: &Head<'_>, asker: &Asker) -> Result<Option<Minted>, FlowError> {
        let (subject, binding) = (&asker.player.subject, asker.player.binding);
        let stamp = self.stamp_of(rules, head)?;
        let Some(stamp) = stamp.filter(|stamp| stamp.proof.subject == *subject && stamp.proof.binding == binding)
        else {
            return Ok(None);
        };
        let Some(epoch) = self.stores.families.epoch_if_open(binding, subject).await? else { return Ok(None) };
        // It must have counted right before the change.
        if stamp.proof.epoch + 1 != epoch {
            return Ok(None);
        }
        let now = self.clock.now();
        Ok(Some(rules.stamps.mint(&Proof { epoch, ..stamp.proof.clone() }, now)))
    }

    async fn replace_codes(&self, rules: &RuleSet, asker: &Asker) -> Result<Changed, FlowError> {
        let set = crate::factor::backup_code::BackupCode::draw_set(rules.second_factor.backup_codes);
        let shown = set.iter().map(crate::factor::backup_code::BackupCode::reveal).collect();
        let player = &asker.player;
        let event = Event::BackupCodesMade;
        let mut edits = vec![Edit::RequireNotFrozen, Edit::ReplaceBackupCodes(self.hash_codes(set).await?)];
        edits.push(self.recorded(player, event.as_str(), ""));
        edits.extend(self.told(rules, player, (event, ""), self.clock.now()).await?);
        self.change_account(&player.subject, &edits, Spared::None).await?;
        Ok(Changed { backup_codes: shown, ..Changed::nothing(asker) })
    }
}

/// The approval that a client sends in its header.
pub(super) fn presented(headers: &HeaderMap) -> Option<Token> {
    request::header_once(headers, APPROVAL_HEADER).and_then(Token::parse)
}

/// Whether an account in this state can be changed so at all.
fn is_possible(change: &Change, state: &PlayerState) -> Result<(), FlowError> {
    let unfreezes = matches!(change, Change::Unfreeze);
    if state.freeze.is_some() && !unfreezes {
        return Err(FlowError::Frozen);
    }
    let possible = match change {
        Change::Enable => state.factors.is_empty() && !state.suspended.is_empty(),
        Change::Remove { factor_id } => {
            state.factors.len() > 1 && state.factors.iter().any(|factor| factor.id == *factor_id)
        }
        Change::Unfreeze => state.freeze.is_some_and(|freeze| !freeze.is_of_desk()) && !state.factors.is_empty(),
        Change::Bind { .. }
        | Change::Disable
        | Change::BackupCodes
        | Change::ForgetDevices { .. }
        | Change::EndSessions => !state.factors.is_empty(),
    };
    if possible { Ok(()) } else { Err(FlowError::Denied("the account is not in a state for this change")) }
}
