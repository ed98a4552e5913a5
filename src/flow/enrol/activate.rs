//! The last step of an enrolment: from now on the factor counts.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    clock::UnixTime,
    factor::{
        app::{self, Checked},
        backup_code::BackupCode,
        code::Code,
    },
    flow::{
        FirstEnrolment, Flow, FlowError, RuleSet, SecondFactor,
        account::uuid_v7,
        challenge::{Asker, prove::unreadable},
        enrol::{may_enrol_first, phone::purpose_of},
        notify::Event,
        settings::FactorView,
    },
    metrics::words::EnrolmentOutcome,
    policy::{FactorKind, cooldown::Cause},
    request::{Carrier, Head, Subject},
    secret,
    stamp::Minted,
    store::{
        Edit, EnrolmentStep, FactorRecord, Grounds, PendingEnrolment, Place, PlayerState, ResetStep, Spared, Tries,
        TriesBy,
    },
};

/// What a confirmation gives.
#[derive(Debug)]
pub struct Activated {
    /// The new factor.
    pub factor: FactorView,
    /// The backup codes, for a client that did not look at them before.
    pub backup_codes: Vec<Zeroizing<String>>,
    /// The challenge to which the player goes on.
    pub return_to: Option<String>,
    /// This log-in's own stamp, where every other was ended.
    pub stamp: Option<Minted>,
    /// By what the site knows the player.
    pub carrier: Carrier,
}

impl Flow {
    /// Confirms with a code of the new factor: from now on it counts.
    ///
    /// # Errors
    /// `CodeRejected`, `TooManyAttempts`, `Denied`, `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn confirm_enrolment(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        id: &str,
        code: &str,
    ) -> Result<Activated, FlowError> {
        let asker = self.asker(rules, head).await?;
        let kind = self.own_pending(&asker, id).await?.kind;
        let confirmed = self.confirm(rules, &asker, id, code).await;
        let outcome = match &confirmed {
            Ok(_) => EnrolmentOutcome::Activated,
            Err(_) => EnrolmentOutcome::Rejected,
        };
        self.metrics.enrolment(kind.as_str(), outcome);
        if let Err(error) = &confirmed {
            let tries = Tries { kind, by: TriesBy::Enrolment };
            self.tell_of_failures(rules, &asker.player, tries, error).await;
        }
        let activated = confirmed?;
        let stamp = self.spared_stamp(rules, head, &asker).await;
        Ok(Activated { stamp, ..activated })
    }

    /// Activates the factor once its code is right. The secret moves as it was sealed, and the one
    /// transaction that makes the factor count is the last that can fail for the player.
    pub(in crate::flow) async fn confirm(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        id: &str,
        code: &str,
    ) -> Result<Activated, FlowError> {
        let pending = self.own_pending(asker, id).await?;
        if pending.step < EnrolmentStep::Secret {
            return Err(FlowError::Denied("an earlier step of this enrolment is not done"));
        }
        let last_step = match pending.kind {
            FactorKind::App => self.confirm_app(rules, asker, &pending, code).await?,
            FactorKind::Sms | FactorKind::BackupCode => {
                self.consume_sent_code(rules, asker, (tries_of(&pending), &purpose_of(&pending)), code).await?;
                -1
            }
        };
        let state = self.stores.accounts.player(&pending.subject).await?;
        if state.freeze.is_some() {
            return Err(FlowError::Frozen);
        }
        match pending.grounds {
            Grounds::First => {
                let on_file = self.see_contacts(rules, &asker.player).await?;
                may_enrol_first(&rules.second_factor, on_file.as_ref(), self.clock.now())?;
            }
            // Without an active factor it would be a first enrolment, which needs other grounds.
            Grounds::Proof(_) if state.factors.is_empty() => return Err(FlowError::Gone),
            // The code itself is spent with the activation.
            Grounds::Support(_) | Grounds::Proof(_) => {}
        }
        let pending = self.stores.enrolments.take(id, self.clock.now()).await?.ok_or(FlowError::Gone)?;
        self.activate(rules, asker, pending, (state, last_step)).await
    }

    /// Counts the attempt, then compares; the step, which cannot be used again.
    async fn confirm_app(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        pending: &PendingEnrolment,
        code: &str,
    ) -> Result<i64, FlowError> {
        let now = self.clock.now();
        let code = Code::parse(code).ok_or(FlowError::CodeRejected { clock_is_slow: false })?;
        self.reserve(rules, asker, tries_of(pending)).await?;
        let sealed = pending.secret.as_ref().ok_or_else(|| unreadable(None))?;
        let secret = self.app_secret(&pending.factor_id, &pending.subject, sealed)?;
        match app::check(&secret, &code, now, rules.second_factor.app_skew_steps, -1) {
            Checked::Step(step) => Ok(step),
            Checked::Late => Err(FlowError::CodeRejected { clock_is_slow: true }),
            Checked::Replayed | Checked::Wrong => Err(FlowError::CodeRejected { clock_is_slow: false }),
        }
    }

    async fn activate(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        pending: PendingEnrolment,
        (state, last_step): (PlayerState, i64),
    ) -> Result<Activated, FlowError> {
        let now = self.clock.now();
        let seen = self.codes_of(&pending)?;
        let shown = if seen.is_empty() { fresh_codes(rules.second_factor.backup_codes) } else { seen };
        let codes = shown.iter().filter_map(|code| BackupCode::parse(code)).collect();
        let tries = tries_of(&pending);
        let sealed = match pending.kind {
            FactorKind::App => pending.secret,
            FactorKind::Sms | FactorKind::BackupCode => pending.number,
        };
        let factor = FactorRecord {
            id: pending.factor_id,
            subject: pending.subject.clone(),
            kind: pending.kind,
            sealed: sealed.ok_or_else(|| unreadable(None))?,
            created_at: now,
            matures_at: now.plus(cooldown(&rules.second_factor, pending.grounds)),
            last_step,
        };
        let (event, mut edits) = grounds_edits(pending.grounds, &state, now);
        edits.push(Edit::Add(factor.clone()));
        edits.push(Edit::ReplaceBackupCodes(self.hash_codes(codes).await?));
        edits.push(Edit::Happened(Cause::Enroll, now));
        edits.push(self.recorded(&asker.player, event.as_str(), pending.kind.as_str()));
        edits.extend(self.told(rules, &asker.player, (event, pending.kind.as_str()), now).await?);
        let spared = match pending.grounds {
            Grounds::First | Grounds::Support(_) => Spared::LogIn(pending.binding),
            Grounds::Proof(_) => Spared::None,
        };
        self.change_account(&pending.subject, &edits, spared).await?;
        self.forget_failures(rules, asker, tries, &[Tries { by: TriesBy::Anyone, ..tries }]).await;
        let factor = FactorView::of(&factor, self.masked_number(&factor)?);
        Ok(Activated {
            factor,
            backup_codes: shown,
            return_to: pending.return_to,
            stamp: None,
            carrier: asker.player.carrier,
        })
    }

    /// Binds an app factor without asking anybody, ripe at once: for seeds such as the demo's. Returns
    /// its otpauth URI, the only place where the secret is told.
    ///
    /// # Errors
    /// `Store`; `BadRequest` where the subject is none.
    pub async fn seed_app_factor(&self, subject: &str, issuer: &str) -> Result<Zeroizing<String>, FlowError> {
        let secret = app::Secret::new(secret::random());
        let otpauth_uri = app::otpauth_uri(&secret, issuer, subject);
        self.seed(subject, FactorKind::App, secret.as_bytes()).await?;
        Ok(otpauth_uri)
    }

    /// The same with a number that codes are sent to.
    ///
    /// # Errors
    /// `Store`; `BadRequest` where the subject is none.
    pub async fn seed_sms_factor(&self, subject: &str, number: &str) -> Result<(), FlowError> {
        self.seed(subject, FactorKind::Sms, number.as_bytes()).await
    }

    async fn seed(&self, subject: &str, kind: FactorKind, plain: &[u8]) -> Result<(), FlowError> {
        let subject = Subject::parse(subject).map_err(|_| FlowError::BadRequest("this is no subject"))?;
        let now = self.clock.now();
        let id = uuid_v7(now);
        let sealed = self.seal_factor(&id, &subject, plain);
        let (created_at, matures_at, last_step) = (now, now, -1);
        let factor = FactorRecord { id, subject: subject.clone(), kind, sealed, created_at, matures_at, last_step };
        self.change_account(&subject, &[Edit::Add(factor)], Spared::None).await
    }
}

/// Where the tries of an enrolment's steps are counted.
pub(super) fn tries_of(pending: &PendingEnrolment) -> Tries {
    Tries { kind: pending.kind, by: TriesBy::Enrolment }
}

fn fresh_codes(count: usize) -> Vec<Zeroizing<String>> {
    BackupCode::draw_set(count).iter().map(BackupCode::reveal).collect()
}

/// What an activation presumes of the account, what of it goes, and which event that is.
fn grounds_edits(grounds: Grounds, state: &PlayerState, now: UnixTime) -> (Event, Vec<Edit>) {
    let remove = |kinds: &[FactorKind]| -> Vec<Edit> {
        let gone = state.factors.iter().filter(|factor| kinds.contains(&factor.kind));
        gone.map(|factor| Edit::Remove(factor.id.clone())).collect()
    };
    let mut edits = vec![Edit::RequireNotFrozen];
    if let (Grounds::Proof(_), Some(factor)) = (grounds, state.factors.first()) {
        edits.push(Edit::RequireFactor(factor.id.clone()));
    }
    let event = match grounds {
        Grounds::First => {
            edits.extend([Edit::RequireNoFactor, Edit::RemoveSuspended]);
            Event::FactorAdded
        }
        Grounds::Support(code) => {
            let spend = Edit::Reset(ResetStep::SpendCode { code, at: now });
            edits.extend([Edit::RequireNoFactor, Edit::RemoveSuspended, spend]);
            Event::FactorAdded
        }
        Grounds::Proof(Place::Beside) => {
            edits.push(Edit::RaiseEpoch);
            Event::FactorAdded
        }
        Grounds::Proof(Place::OfAll) => {
            edits.extend(remove(&[FactorKind::App, FactorKind::Sms]));
            edits.push(Edit::RaiseEpoch);
            Event::FactorChanged
        }
        Grounds::Proof(Place::OfNumber) => {
            edits.extend(remove(&[FactorKind::Sms]));
            edits.extend([Edit::RaiseEpoch, Edit::Happened(Cause::PhoneChange, now)]);
            Event::NumberChanged
        }
    };
    edits.push(Edit::ForgetDevices);
    (event, edits)
}

/// How long a factor that is bound now must mature (decisions 8).
fn cooldown(settings: &SecondFactor, grounds: Grounds) -> Duration {
    match (grounds, settings.first_enrolment) {
        (Grounds::First, FirstEnrolment::Cooldown | FirstEnrolment::Support) => settings.cooldown,
        (Grounds::First, FirstEnrolment::PhoneOnFile | FirstEnrolment::InsecureSessionOnly)
        | (Grounds::Support(_) | Grounds::Proof(_), _) => Duration::ZERO,
    }
}
