//! Resetting the second factor of a player who lost everything: asked for after an identity check,
//! approved by somebody else, told to the player with a link that calls it off, and carried out when
//! its time has come (security.md REQ-54, A32).

use std::sync::Arc;

use crate::{
    clock::UnixTime,
    flow::{
        Flow, FlowError, RuleSet,
        desk::{Agent, DeskError, Settings, Why, act::Order},
        notify::Event,
    },
    policy::{cooldown::Cause, desk::DeskAction},
    request::Subject,
    secret::{self, Token},
    store::{Applied, AuditRecord, Edit, ResetRecord, ResetState, ResetStep, Spared, audit::RESET_REQUESTED},
};

/// Who called it off, where no operator did.
pub(in crate::flow) const PLAYER: &str = "player";
/// Who carries it out.
const SYSTEM: &str = "system";
/// Resets that are listed, and that are carried out in one round.
const LISTED: u32 = 100;

impl Flow {
    /// Asks for a reset. It waits for its approval, or, where nobody else need approve, for its time.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`, `Unknown`, `Flow`; `BadInput` for evidence of no known kind; `Conflict`
    /// where another one is open.
    pub async fn desk_request_reset(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        order: Order<'_>,
        evidence: &str,
    ) -> Result<ResetRecord, DeskError> {
        if !settings.reset.evidence.iter().any(|known| known == evidence) {
            return Err(DeskError::BadInput("this is no kind of evidence"));
        }
        self.admit(settings, order.agent, (DeskAction::RequestReset, Some(order.subject))).await?;
        self.require_known(order.subject).await?;
        let now = self.clock.now();
        let mut record = ResetRecord {
            id: secret::public_id(),
            subject: order.subject.clone(),
            case: order.why.case.clone(),
            reason: order.why.reason.clone(),
            evidence: evidence.to_owned(),
            requested_by: order.agent.name.clone(),
            requested_at: now,
            expires_at: now.plus(settings.reset.expires),
            state: ResetState::Waiting,
            approved_by: None,
            due_at: None,
            cancel: None,
            ended_at: None,
            ended_by: None,
        };
        let line = format!("{} ({evidence})", order.why.line());
        let mut edits = vec![self.recorded_by(order.agent, order.subject, RESET_REQUESTED, &line)];
        if !settings.reset.needs_second {
            let (token, due_at) = (Token::random(), now.plus(settings.reset.delay));
            (record.state, record.due_at, record.cancel) = (ResetState::Approved, Some(due_at), Some(token.hash()));
            edits.extend(self.told_of_reset(rules, order.subject, due_at, &token).await?);
        }
        edits.insert(0, Edit::Reset(ResetStep::Request(record.clone())));
        match self.stores.accounts.apply(order.subject, &edits).await? {
            Applied::Done => Ok(record),
            Applied::Conflict => Err(DeskError::Conflict("a reset of this player is open already")),
        }
    }

    /// Approves a reset that somebody else asked for: the player is told, and the delay begins.
    ///
    /// # Errors
    /// `Forbidden`, also to whoever asked for it; `TooMany`, `Flow`; `Unknown` and `Conflict` where there is
    /// none that waits.
    pub async fn desk_approve_reset(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        (agent, id): (&Agent, &str),
        reason: &str,
    ) -> Result<ResetRecord, DeskError> {
        let why = Why::parse(DeskAction::ApproveReset, reason, "")?;
        self.admit(settings, agent, (DeskAction::ApproveReset, None)).await?;
        let record = self.waiting_reset(id).await?;
        if record.requested_by == agent.name {
            self.forbidden(agent, "approve: the own request", Some(&record.subject)).await?;
        }
        if record.state != ResetState::Waiting {
            return Err(DeskError::Conflict("this reset is approved already"));
        }
        let (now, token) = (self.clock.now(), Token::random());
        let due_at = now.plus(settings.reset.delay);
        let step =
            ResetStep::Approve { id: record.id.clone(), by: agent.name.clone(), at: now, due_at, cancel: token.hash() };
        let line = why_of(&record, &why);
        let event = Event::ResetApproved.as_str();
        let mut edits = vec![Edit::Reset(step), self.recorded_by(agent, &record.subject, event, &line)];
        edits.extend(self.told_of_reset(rules, &record.subject, due_at, &token).await?);
        self.changed(&record.subject, &edits).await?;
        Ok(ResetRecord {
            state: ResetState::Approved,
            approved_by: Some(agent.name.clone()),
            due_at: Some(due_at),
            cancel: Some(token.hash()),
            ..record
        })
    }

    /// Calls a reset off.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`, `Flow`; `Unknown` and `Conflict` where there is none that is open.
    pub async fn desk_cancel_reset(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        (agent, id): (&Agent, &str),
        reason: &str,
    ) -> Result<(), DeskError> {
        let why = Why::parse(DeskAction::CancelReset, reason, "")?;
        self.admit(settings, agent, (DeskAction::CancelReset, None)).await?;
        let record = self.waiting_reset(id).await?;
        let why = why_of(&record, &why);
        let line = AuditRecord { why, ..agent.record(self.clock.now(), Event::ResetCancelled.as_str()) };
        let edits = self.cancelled(rules, &record, &agent.name, line).await?;
        self.changed(&record.subject, &edits).await
    }

    /// The resets that are open, oldest first.
    ///
    /// # Errors
    /// `Forbidden`, `Flow`.
    pub async fn desk_open_resets(&self, agent: &Agent) -> Result<Vec<ResetRecord>, DeskError> {
        if !agent.may(DeskAction::Look) {
            return Err(DeskError::Forbidden);
        }
        Ok(self.stores.desk.open_resets(self.clock.now(), LISTED).await?)
    }

    /// Whether a link still calls a reset off; reveals nothing about the account.
    ///
    /// # Errors
    /// `Gone` for an unknown one, or when the reset was called off or carried out; `Store`.
    pub async fn view_reset(&self, token: &str) -> Result<(), FlowError> {
        self.reset_of_link(token).await.map(|_| ())
    }

    /// Calls the reset of a link off.
    ///
    /// # Errors
    /// `Gone`, `Store`.
    pub async fn cancel_reset(&self, rules: &RuleSet, token: &str) -> Result<(), FlowError> {
        let record = self.reset_of_link(token).await?;
        let line = AuditRecord::new(self.clock.now(), PLAYER, Event::ResetCancelled.as_str());
        let edits = self.cancelled(rules, &record, PLAYER, line).await?;
        match self.stores.accounts.apply(&record.subject, &edits).await? {
            Applied::Done => Ok(()),
            Applied::Conflict => Err(FlowError::Gone),
        }
    }

    /// Carries out every reset whose time has come. One that fails is tried again in the next round.
    ///
    /// # Errors
    /// `Store`, where not even their list can be read.
    pub async fn carry_out_resets(&self, rules: &Arc<RuleSet>) -> Result<(), FlowError> {
        for record in self.stores.desk.due_resets(self.clock.now(), LISTED).await? {
            if let Err(error) = self.reset_now(rules, &record).await {
                tracing::error!(%error, "a reset waits for the next round");
            }
        }
        Ok(())
    }

    async fn reset_now(&self, rules: &RuleSet, record: &ResetRecord) -> Result<(), FlowError> {
        let (subject, now) = (&record.subject, self.clock.now());
        let state = self.stores.accounts.player(subject).await?;
        let done = AuditRecord {
            subject: Some(subject.clone()),
            why: format!("[{}]", record.case),
            ..AuditRecord::new(now, SYSTEM, Event::ResetDone.as_str())
        };
        let mut edits = vec![Edit::Reset(ResetStep::Finish { id: record.id.clone(), at: now })];
        edits.extend(state.factors.iter().map(|factor| Edit::Remove(factor.id.clone())));
        edits.extend([
            Edit::RequireNoFactor,
            Edit::RemoveSuspended,
            Edit::ReplaceBackupCodes(Vec::new()),
            Edit::MustBind,
            Edit::RaiseEpoch,
            Edit::ForgetDevices,
            Edit::Happened(Cause::Reset, now),
            Edit::Record(done),
        ]);
        edits.extend(self.told_known(rules, subject, Event::ResetDone).await?);
        self.change_account(subject, &edits, Spared::None).await?;
        Ok(self.stores.enrolments.void_all(subject).await?)
    }

    async fn waiting_reset(&self, id: &str) -> Result<ResetRecord, DeskError> {
        let record = self.stores.desk.reset(id).await?.ok_or(DeskError::Unknown("there is no such reset"))?;
        if record.is_open(self.clock.now()) { Ok(record) } else { Err(DeskError::Conflict("this reset is over")) }
    }

    async fn reset_of_link(&self, token: &str) -> Result<ResetRecord, FlowError> {
        let token = Token::parse(token).ok_or(FlowError::Gone)?;
        self.stores.desk.reset_of_link(token.hash()).await?.ok_or(FlowError::Gone)
    }

    /// The edits of a reset that is called off.
    async fn cancelled(
        &self,
        rules: &RuleSet,
        record: &ResetRecord,
        by: &str,
        line: AuditRecord,
    ) -> Result<Vec<Edit>, FlowError> {
        let subject = &record.subject;
        let step = ResetStep::Cancel { id: record.id.clone(), by: by.to_owned(), at: self.clock.now() };
        let mut edits = vec![Edit::Reset(step), Edit::Record(AuditRecord { subject: Some(subject.clone()), ..line })];
        // A player who never heard of it is not frightened by its end.
        if record.state == ResetState::Approved {
            edits.extend(self.told_known(rules, subject, Event::ResetCancelled).await?);
        }
        Ok(edits)
    }

    /// The edits that call a player's open reset off, if there is one when they are made: `line` is the
    /// audit's, by whom the account is frozen.
    pub(in crate::flow) async fn calling_off(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        (by, line): (&str, AuditRecord),
    ) -> Result<Vec<Edit>, FlowError> {
        let mut edits = vec![Edit::CallOffResets { by: by.to_owned(), at: self.clock.now(), record: line }];
        // The newest is the only one that can be open.
        let resets = self.stores.desk.resets_of(subject, 1).await?;
        if resets.iter().any(|reset| reset.state == ResetState::Approved) {
            edits.extend(self.told_known(rules, subject, Event::ResetCancelled).await?);
        }
        Ok(edits)
    }

    async fn told_of_reset(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        due_at: UnixTime,
        token: &Token,
    ) -> Result<Vec<Edit>, FlowError> {
        let link = format!("{}{}/cancel-reset?t={}", rules.site.origin, rules.portal_prefix, token.reveal());
        self.told_with_link(rules, subject, (Event::ResetApproved, due_at), &link).await
    }
}

fn why_of(record: &ResetRecord, why: &Why) -> String {
    format!("[{}] {}", record.case, why.reason)
}
