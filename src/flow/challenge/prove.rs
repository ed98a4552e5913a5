//! From a code to an answered challenge.

use crate::{
    clock::UnixTime,
    factor::app::{self, Checked, Code, Secret},
    flow::{
        Flow, FlowError, SecondFactor,
        challenge::{Answer, Asker, is_ripe},
    },
    policy::{FactorKind, throttle},
    request::Subject,
    store::{
        FactorRecord, Reservation, StoreError,
        shared::{Challenge, ChallengeState},
    },
};

/// What a factor's secret is sealed for; its context is the factor's id and the subject.
pub(in crate::flow) const SEALED_FOR: &str = "factor";

impl Flow {
    /// The challenge, answered by this code, and the code consumed. Each step that can lose a race
    /// is one atomic change in a store, and the attempt stays counted whichever step fails.
    pub(super) async fn prove(
        &self,
        settings: &SecondFactor,
        asker: &Asker,
        id: &str,
        answer: Answer<'_>,
    ) -> Result<Challenge, FlowError> {
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
        let proven = self.prove_open(settings, &open, answer).await;
        self.count_answer(&open, kind, proven.as_ref().map(|_| ()));
        proven
    }

    async fn prove_open(
        &self,
        settings: &SecondFactor,
        open: &Challenge,
        answer: Answer<'_>,
    ) -> Result<Challenge, FlowError> {
        let now = self.clock.now();
        let factors = self.candidates(open, answer.method, now).await?;
        // What is no code at all is no guess either and need not count.
        let code = Code::parse(answer.code).ok_or(FlowError::CodeRejected { clock_is_slow: false })?;
        self.reserve(&open.subject, answer.method, now).await?;
        let (factor_id, step) = self.matching(&factors, &code, now, settings)?;
        if !self.stores.factors.advance_step(factor_id, step).await? {
            return Err(FlowError::CodeRejected { clock_is_slow: false });
        }
        let answered = Challenge { state: ChallengeState::Answered { at: now, by: answer.method }, ..open.clone() };
        if !self.stores.challenges.replace(open, answered.clone()).await? {
            return Err(FlowError::Gone);
        }
        Ok(answered)
    }

    /// The player's factors of a kind that may answer the challenge; never none.
    async fn candidates(
        &self,
        challenge: &Challenge,
        kind: FactorKind,
        now: UnixTime,
    ) -> Result<Vec<FactorRecord>, FlowError> {
        let checkable = match kind {
            FactorKind::App => true,
            FactorKind::Sms | FactorKind::BackupCode => false,
        };
        if !checkable || !challenge.methods.contains(&kind) {
            return Err(FlowError::MethodUnavailable);
        }
        let mut factors = self.stores.factors.player(&challenge.subject).await?.factors;
        factors.retain(|factor| factor.kind == kind);
        let matures_at = factors.iter().map(|factor| factor.matures_at).min();
        let until = matures_at.ok_or(FlowError::MethodUnavailable)?;
        factors.retain(|factor| is_ripe(factor, challenge.level, now));
        if factors.is_empty() {
            return Err(FlowError::CoolingDown { until });
        }
        Ok(factors)
    }

    /// Counts the attempt as failed before anything is compared (security.md REQ-44).
    pub(in crate::flow) async fn reserve(
        &self,
        subject: &Subject,
        kind: FactorKind,
        now: UnixTime,
    ) -> Result<(), FlowError> {
        match self.stores.attempts.reserve(subject, kind, now, throttle::pause_after).await? {
            Reservation::Reserved { .. } => Ok(()),
            Reservation::Paused { until } => Err(FlowError::TooManyAttempts { until }),
            Reservation::Exhausted => {
                Err(FlowError::Denied("too many wrong codes: the second factor must be bound anew"))
            }
        }
    }

    /// The factor and the step that the code is of.
    fn matching<'f>(
        &self,
        factors: &'f [FactorRecord],
        code: &Code,
        now: UnixTime,
        settings: &SecondFactor,
    ) -> Result<(&'f str, i64), FlowError> {
        let mut found = None;
        let mut clock_is_slow = false;
        for factor in factors {
            let secret = self.open_secret(factor)?;
            match app::check(&secret, code, now, settings.app_skew_steps, factor.last_step) {
                Checked::Step(step) => found = Some((factor.id.as_str(), step)),
                Checked::Late => clock_is_slow = true,
                Checked::Replayed | Checked::Wrong => {}
            }
        }
        found.ok_or(FlowError::CodeRejected { clock_is_slow })
    }

    fn open_secret(&self, factor: &FactorRecord) -> Result<Secret, FlowError> {
        let context = [factor.id.as_bytes(), factor.subject.as_str().as_bytes()];
        let opened = self.sealer.open(SEALED_FOR, &context, &factor.sealed).map_err(|cause| unreadable(Some(cause)))?;
        Secret::from_bytes(&opened).ok_or_else(|| unreadable(None))
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
