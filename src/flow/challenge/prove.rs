//! From a code to an answered challenge.

use crate::{
    clock::UnixTime,
    factor::{
        app::{self, Checked},
        backup_code::BackupCode,
        code::Code,
        sms,
    },
    flow::{
        Flow, FlowError, RuleSet, SecondFactor,
        account::noted,
        challenge::{Answer, Asker, may_answer},
        notify::Event,
        send::purpose_of,
    },
    policy::{FactorKind, cooldown::Cause},
    store::{
        Applied, Change, Edit, FactorRecord, Spared, StoreError, Tries,
        shared::{Challenge, ChallengeState, Level},
    },
};

const REJECTED: FlowError = FlowError::CodeRejected { clock_is_slow: false };

/// A challenge that was answered.
#[derive(Debug)]
pub(in crate::flow) struct Proven {
    pub(in crate::flow) challenge: Challenge,
    /// The player's epoch before the code was checked.
    pub(in crate::flow) epoch: i64,
}

impl Flow {
    /// The challenge, answered by this code, and the code consumed. Each step that can lose a race
    /// is one atomic change in a store, and the attempt stays counted whichever step fails.
    pub(in crate::flow) async fn prove(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        id: &str,
        answer: Answer<'_>,
    ) -> Result<Proven, FlowError> {
        let kind = answer.method;
        let open = match self.own_challenge(asker, id).await {
            Ok(open) => open,
            Err(error) => {
                if matches!(error, FlowError::Gone) {
                    self.count_gone(kind);
                }
                return Err(error);
            }
        };
        let proven = self.prove_open(rules, asker, &open, answer).await;
        self.count_answer(&open, kind, proven.as_ref().map(|_| ()));
        proven
    }

    async fn prove_open(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        open: &Challenge,
        answer: Answer<'_>,
    ) -> Result<Proven, FlowError> {
        let now = self.clock.now();
        let state = self.stores.accounts.player(&open.subject).await?;
        if state.freeze.is_some() && open.level != Level::Change(Change::Unfreeze) {
            return Err(FlowError::Frozen);
        }
        let factors = may_answer(open, &state, answer.method, now)?;
        let tries = asker.tries(answer.method);
        match answer.method {
            FactorKind::App => self.consume_app_code(rules, asker, &factors, answer.code).await?,
            FactorKind::Sms => {
                self.consume_sent_code(rules, asker, (tries, &purpose_of(open)), answer.code).await?;
            }
            FactorKind::BackupCode => self.consume_backup_code(rules, asker, &open.id, answer.code).await?,
        }
        let state_after = ChallengeState::Answered { at: now, by: answer.method, epoch: state.epoch };
        let answered = Challenge { state: state_after, ..open.clone() };
        match self.stores.challenges.replace(open, answered.clone()).await {
            Ok(true) => Ok(Proven { challenge: answered, epoch: state.epoch }),
            Ok(false) => Err(FlowError::Gone),
            Err(error) => {
                self.reopen(&answered).await;
                Err(error.into())
            }
        }
    }

    /// Lets a challenge be answered once more that was answered but gave nothing, since a store failed:
    /// what is held under it is not lost. The code that answered it stays consumed.
    pub(in crate::flow) async fn reopen(&self, answered: &Challenge) {
        let open = Challenge { state: ChallengeState::Open, ..answered.clone() };
        let replaced = self.stores.challenges.replace(answered, open).await;
        noted("a challenge stays answered", replaced.map_err(FlowError::from));
    }

    async fn consume_app_code(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        factors: &[&FactorRecord],
        typed: &str,
    ) -> Result<(), FlowError> {
        // What is no code at all is no guess either and need not count.
        let code = Code::parse(typed).ok_or(REJECTED)?;
        let now = self.clock.now();
        self.reserve(rules, asker, asker.tries(FactorKind::App)).await?;
        let (factor_id, step) = self.matching(factors, &code, now, &rules.second_factor)?;
        if self.stores.accounts.advance_step(factor_id, step).await? { Ok(()) } else { Err(REJECTED) }
    }

    /// Consumes the code that was sent for a purpose to this log-in.
    pub(in crate::flow) async fn consume_sent_code(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        (tries, purpose): (Tries, &str),
        typed: &str,
    ) -> Result<(), FlowError> {
        let (subject, binding) = (&asker.player.subject, asker.player.binding);
        let code = Code::parse(typed).ok_or(REJECTED)?;
        let now = self.clock.now();
        self.reserve(rules, asker, tries).await?;
        let sent = self.stores.codes.find(purpose, now).await?.ok_or(REJECTED)?;
        let theirs = sent.subject == *subject && sent.binding == binding;
        if !theirs || !sms::is_code(&self.hasher, &sent.hash, (&sent.id, purpose), &code) {
            return Err(REJECTED);
        }
        if !self.stores.spent.spend(&format!("sms-{}", sent.id), sent.expires_at).await? {
            return Err(REJECTED);
        }
        // The code is spent: what follows neither makes it count again nor takes back that it counted.
        let removed = self.stores.codes.remove(purpose).await;
        noted("a spent code was not removed", removed.map_err(FlowError::from));
        noted("a used code stays counted as unused", self.note_used(&sent.id, now).await);
        Ok(())
    }

    /// Uses a backup code; every other open challenge of the player ends with it (decisions 25).
    async fn consume_backup_code(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        challenge: &str,
        typed: &str,
    ) -> Result<(), FlowError> {
        let subject = &asker.player.subject;
        let code = BackupCode::parse(typed).ok_or(REJECTED)?;
        let now = self.clock.now();
        self.reserve(rules, asker, asker.tries(FactorKind::BackupCode)).await?;
        let kept = self.stores.accounts.backup_code(subject, code.selector()).await?.ok_or(REJECTED)?;
        if !self.is_code(code, kept.hash).await? {
            return Err(REJECTED);
        }
        let mut edits = vec![
            Edit::RequireNotFrozen,
            Edit::SpendBackupCode { id: kept.id, at: now },
            Edit::Happened(Cause::BackupCode, now),
            self.recorded(&asker.player, Event::BackupCodeUsed.as_str(), ""),
        ];
        edits.extend(self.told(rules, &asker.player, (Event::BackupCodeUsed, ""), now).await?);
        // Before it is used, so that a store that fails uses up no code; and after, for what came meanwhile.
        let spared = Spared::Challenge(challenge);
        self.stores.challenges.end_player(subject, spared).await?;
        match self.stores.accounts.apply(subject, &edits).await? {
            Applied::Done => {
                let ended = self.stores.challenges.end_player(subject, spared).await;
                noted("other challenges were not ended again", ended.map_err(FlowError::from));
                Ok(())
            }
            Applied::Conflict => Err(REJECTED),
        }
    }

    /// The factor and the step that the code is of.
    fn matching<'f>(
        &self,
        factors: &[&'f FactorRecord],
        code: &Code,
        now: UnixTime,
        settings: &SecondFactor,
    ) -> Result<(&'f str, i64), FlowError> {
        let mut found = None;
        let mut clock_is_slow = false;
        for factor in factors {
            let secret = self.app_secret(&factor.id, &factor.subject, &factor.sealed)?;
            match app::check(&secret, code, now, settings.app_skew_steps, factor.last_step) {
                Checked::Step(step) => found = Some((factor.id.as_str(), step)),
                Checked::Late => clock_is_slow = true,
                Checked::Replayed | Checked::Wrong => {}
            }
        }
        found.ok_or(FlowError::CodeRejected { clock_is_slow })
    }
}

/// A kept secret that does not open: as if the store had not answered, since no code can be checked.
pub(in crate::flow) fn unreadable(cause: Option<crate::secret::Unopenable>) -> FlowError {
    FlowError::Store(StoreError {
        backend: "sealed",
        operation: "open_secret",
        cause: cause.map(|cause| Box::new(cause) as Box<dyn std::error::Error + Send + Sync>),
    })
}
