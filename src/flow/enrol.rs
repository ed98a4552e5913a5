//! Binding a factor to a player: proof where there is an older factor, the number on file where the
//! operator wants it, then secret, backup codes, and a code of the new factor. Nothing counts before
//! that last step, and every step can be left, repeated, and looked at again.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    clock::UnixTime,
    contact::PhoneNumber,
    factor::{app, backup_code::BackupCode},
    flow::{
        FirstEnrolment, Flow, FlowError, RuleSet, SecondFactor,
        account::uuid_v7,
        challenge::{Asker, SmsView, prove::unreadable},
        change,
        contacts::OnFile,
    },
    policy::FactorKind,
    request::Head,
    secret::{self, Token},
    store::{Change, EnrolmentStep, Grounds, PendingEnrolment, Place, PlayerState, shared::Level},
};

mod activate;
mod phone;
mod support;
#[cfg(test)]
mod tests;

/// How long an enrolment waits for its confirmation.
const PENDING_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// What a player wants to bind.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The kind: `App` or `Sms`.
    pub kind: FactorKind,
    /// In place of what, where a factor is active.
    pub place: Place,
    /// For SMS the number as typed; absent: the one on file.
    pub number: Option<&'a str>,
    /// A temporary code from the support desk, in place of every other proof of a first enrolment.
    pub support_code: Option<&'a str>,
    /// The challenge to go on to afterwards; kept only if it is this log-in's.
    pub return_to: Option<&'a str>,
}

/// An enrolment that waits for its confirmation, as its own log-in sees it.
#[derive(Clone, Debug)]
pub struct EnrolmentView {
    /// Its id.
    pub id: String,
    /// The kind.
    pub kind: FactorKind,
    /// The step that it waits at.
    pub step: EnrolmentStep,
    /// Whether the number on file is one of its steps.
    pub proves_phone: bool,
    /// For an app, once every step before is done.
    pub app: Option<AppView>,
    /// Where the codes of this step go, at the steps that send one.
    pub sms: Option<SmsView>,
    /// The backup codes, from their step on.
    pub backup_codes: Vec<Zeroizing<String>>,
    /// The challenge to which the player goes on afterwards.
    pub return_to: Option<String>,
    /// When it is gone.
    pub expires_at: UnixTime,
    /// The account, masked, so that nobody binds to a stranger's.
    pub account: String,
    /// The language that the site says.
    pub locale: Option<String>,
}

/// What an authenticator app needs.
#[derive(Clone, Debug)]
pub struct AppView {
    /// The key to type into the app: base32 without padding, 32 characters.
    pub secret: Zeroizing<String>,
    /// `otpauth://totp/…` (the Key Uri Format of authenticator apps).
    pub otpauth_uri: Zeroizing<String>,
    /// The same as a QR code, an `<svg>` element.
    pub qr_svg: Zeroizing<String>,
}

impl Flow {
    /// Begins an enrolment; it takes the place of every other unconfirmed one of this log-in. With
    /// `approval`, or one in the request's header, the enrolment that it is for goes on.
    ///
    /// # Errors
    /// `ProofRequired` where a factor is active and must be proven; `Denied` where this log-in may not
    /// enrol now; `MethodUnavailable`, `BadRequest` for a number that is none; `Frozen`, `Gone`,
    /// `Identity`, `Anonymous`, `Store`.
    pub async fn begin_enrolment(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        wanted: Wanted<'_>,
        approval: Option<&Token>,
    ) -> Result<EnrolmentView, FlowError> {
        let asker = self.asker(rules, head).await?;
        if let Some(pending) = self.approved_pending(&asker, head, approval).await? {
            if pending.kind != wanted.kind || pending.grounds != Grounds::Proof(wanted.place) {
                return Err(FlowError::Gone);
            }
            let change = Change::Bind { enrolment: pending.id, place: wanted.place };
            let changed = self.change_by(rules, head, (&asker, change), approval).await?;
            return changed.enrolment.ok_or(FlowError::Gone);
        }
        let pending = self.begin(rules, &asker, wanted).await?;
        match pending.grounds {
            Grounds::First | Grounds::Support(_) => self.shown(rules, &asker, pending).await,
            Grounds::Proof(place) => {
                let change = Change::Bind { enrolment: pending.id, place };
                let changed = self.change_by(rules, head, (&asker, change), None).await?;
                changed.enrolment.ok_or(FlowError::Gone)
            }
        }
    }

    /// The enrolment that an approval is for.
    async fn approved_pending(
        &self,
        asker: &Asker,
        head: &Head<'_>,
        approval: Option<&Token>,
    ) -> Result<Option<PendingEnrolment>, FlowError> {
        let by_header = change::presented(head.headers);
        let Some(token) = approval.or(by_header.as_ref()) else { return Ok(None) };
        let now = self.clock.now();
        let approval = self.stores.approvals.find(token.hash(), now).await?.ok_or(FlowError::Gone)?;
        let challenge = self.stores.challenges.find(&approval.challenge_id, now).await?.ok_or(FlowError::Gone)?;
        match challenge.level {
            Level::Change(Change::Bind { enrolment, .. }) => self.own_pending(asker, &enrolment).await.map(Some),
            Level::Change(_) | Level::Session | Level::Fresh | Level::Once => Err(FlowError::Gone),
        }
    }

    /// An unconfirmed enrolment, for its own log-in only.
    ///
    /// # Errors
    /// `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn view_enrolment(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<EnrolmentView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let pending = self.own_pending(&asker, id).await?;
        self.shown(rules, &asker, pending).await
    }

    /// Goes from the secret to the backup codes, and from them to the confirmation. At any other step
    /// nothing changes.
    ///
    /// # Errors
    /// `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn next_step(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<EnrolmentView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let pending = self.own_pending(&asker, id).await?;
        let next = match pending.step {
            EnrolmentStep::Secret => self.with_codes(rules, &pending),
            EnrolmentStep::BackupCodes => PendingEnrolment { step: EnrolmentStep::Confirm, ..pending.clone() },
            EnrolmentStep::Proof | EnrolmentStep::Phone | EnrolmentStep::Confirm => {
                return self.shown(rules, &asker, pending).await;
            }
        };
        self.moved(&pending, &next).await?;
        self.shown(rules, &asker, next).await
    }

    /// The backup codes, made now if nobody looked at them before; the step that waits is then the
    /// confirmation.
    ///
    /// # Errors
    /// `Denied` before their step; `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn look_at_codes(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<EnrolmentView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let pending = self.own_pending(&asker, id).await?;
        let next = match pending.step {
            EnrolmentStep::Proof | EnrolmentStep::Phone => {
                return Err(FlowError::Denied("an earlier step of this enrolment is not done"));
            }
            EnrolmentStep::Secret => {
                PendingEnrolment { step: EnrolmentStep::Confirm, ..self.with_codes(rules, &pending) }
            }
            EnrolmentStep::BackupCodes => PendingEnrolment { step: EnrolmentStep::Confirm, ..pending.clone() },
            EnrolmentStep::Confirm => return self.shown(rules, &asker, pending).await,
        };
        self.moved(&pending, &next).await?;
        self.shown(rules, &asker, next).await
    }

    pub(super) async fn begin(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        wanted: Wanted<'_>,
    ) -> Result<PendingEnrolment, FlowError> {
        let settings = &rules.second_factor;
        let enrollable = wanted.kind != FactorKind::BackupCode && settings.methods.contains(&wanted.kind);
        if !enrollable {
            return Err(FlowError::MethodUnavailable);
        }
        let subject = &asker.player.subject;
        let state = self.stores.accounts.player(subject).await?;
        let on_file = self.see_contacts(rules, &asker.player).await?;
        let (grounds, first_step) = match wanted.support_code {
            Some(code) => self.grounds_by_code(rules, asker, &state, code).await?,
            None => self.grounds(rules, &state, wanted.place, on_file.as_ref())?,
        };
        let now = self.clock.now();
        let factor_id = uuid_v7(now);
        let number = number_of(rules, wanted, (grounds, first_step), on_file)?;
        let return_to = match wanted.return_to {
            None => None,
            Some(id) => match self.own_challenge(asker, id).await {
                Ok(challenge) => Some(challenge.id),
                Err(FlowError::Gone) => None,
                Err(other) => return Err(other),
            },
        };
        let pending = PendingEnrolment {
            id: secret::public_id(),
            subject: subject.clone(),
            binding: asker.player.binding,
            kind: wanted.kind,
            grounds,
            step: first_step,
            number: number.map(|number| self.seal_factor(&factor_id, subject, number.as_str().as_bytes())),
            secret: None,
            codes: None,
            factor_id,
            return_to,
            created_at: now,
            expires_at: now.plus(PENDING_LIFETIME),
        };
        let pending = if first_step == EnrolmentStep::Secret { self.with_secret(rules, &pending) } else { pending };
        self.stores.enrolments.put(pending.clone()).await?;
        Ok(pending)
    }

    /// Whether a player in this state may enrol, on which grounds, and which step comes first. Any
    /// binding while no factor is active is a first enrolment (decisions 7).
    fn grounds(
        &self,
        rules: &RuleSet,
        state: &PlayerState,
        place: Place,
        on_file: Option<&OnFile>,
    ) -> Result<(Grounds, EnrolmentStep), FlowError> {
        if state.freeze.is_some() {
            return Err(FlowError::Frozen);
        }
        if !state.factors.is_empty() {
            return Ok((Grounds::Proof(place), EnrolmentStep::Proof));
        }
        may_enrol_first(&rules.second_factor, on_file, self.clock.now()).map(|step| (Grounds::First, step))
    }

    /// The enrolment with its app's secret, at the step that shows it; for SMS at the next one.
    pub(super) fn with_secret(&self, rules: &RuleSet, pending: &PendingEnrolment) -> PendingEnrolment {
        match pending.kind {
            FactorKind::App => {
                let secret = app::Secret::new(secret::random());
                let sealed = self.seal_factor(&pending.factor_id, &pending.subject, secret.as_bytes());
                PendingEnrolment { step: EnrolmentStep::Secret, secret: Some(sealed), ..pending.clone() }
            }
            FactorKind::Sms | FactorKind::BackupCode => self.with_codes(rules, pending),
        }
    }

    fn with_codes(&self, rules: &RuleSet, pending: &PendingEnrolment) -> PendingEnrolment {
        let set = BackupCode::draw_set(rules.second_factor.backup_codes);
        let shown: Vec<Zeroizing<String>> = set.iter().map(BackupCode::reveal).collect();
        let text = Zeroizing::new(shown.iter().map(|code| code.as_str()).collect::<Vec<_>>().join("\n"));
        let sealed = self.seal_factor(&pending.factor_id, &pending.subject, text.as_bytes());
        PendingEnrolment { step: EnrolmentStep::BackupCodes, codes: Some(sealed), ..pending.clone() }
    }

    /// The enrolment after its proof: what [`Flow::change`] makes of it.
    pub(super) async fn proven(&self, rules: &RuleSet, asker: &Asker, id: &str) -> Result<EnrolmentView, FlowError> {
        let pending = self.own_pending(asker, id).await?;
        if pending.step != EnrolmentStep::Proof {
            return Err(FlowError::Gone);
        }
        let next = self.with_secret(rules, &pending);
        self.moved(&pending, &next).await?;
        self.shown(rules, asker, next).await
    }

    async fn moved(&self, from: &PendingEnrolment, to: &PendingEnrolment) -> Result<(), FlowError> {
        if self.stores.enrolments.replace(from, to.clone()).await? { Ok(()) } else { Err(FlowError::Gone) }
    }

    pub(super) async fn own_pending(&self, asker: &Asker, id: &str) -> Result<PendingEnrolment, FlowError> {
        let pending = self.stores.enrolments.find(id, self.clock.now()).await?.ok_or(FlowError::Gone)?;
        let own = pending.subject == asker.player.subject && pending.binding == asker.player.binding;
        if own { Ok(pending) } else { Err(FlowError::Gone) }
    }

    /// The backup codes of an enrolment, as they are shown.
    fn codes_of(&self, pending: &PendingEnrolment) -> Result<Vec<Zeroizing<String>>, FlowError> {
        let Some(sealed) = &pending.codes else { return Ok(Vec::new()) };
        let opened = self.open_factor(&pending.factor_id, &pending.subject, sealed)?;
        let text = std::str::from_utf8(&opened).map_err(|_| unreadable(None))?;
        Ok(text.lines().map(|line| Zeroizing::new(line.to_owned())).collect())
    }

    /// The number that an enrolment proves.
    fn pending_number(&self, pending: &PendingEnrolment) -> Result<PhoneNumber, FlowError> {
        let sealed = pending.number.as_ref().ok_or_else(|| unreadable(None))?;
        self.number(&pending.factor_id, &pending.subject, sealed)
    }

    async fn shown(
        &self,
        rules: &RuleSet,
        asker: &Asker,
        pending: PendingEnrolment,
    ) -> Result<EnrolmentView, FlowError> {
        let app = match &pending.secret {
            None => None,
            Some(sealed) => {
                let secret = self.app_secret(&pending.factor_id, &pending.subject, sealed)?;
                let uri = app::otpauth_uri(&secret, &rules.second_factor.app_issuer, pending.subject.as_str());
                // An address too long for a code leaves the key to be typed.
                let qr_svg = app::qr_svg(&uri).unwrap_or_default();
                Some(AppView { secret: secret.base32(), qr_svg, otpauth_uri: uri })
            }
        };
        let sends = match pending.step {
            EnrolmentStep::Phone => true,
            EnrolmentStep::Confirm => pending.kind == FactorKind::Sms,
            EnrolmentStep::Proof | EnrolmentStep::Secret | EnrolmentStep::BackupCodes => false,
        };
        let sms = if sends {
            let purpose = phone::purpose_of(&pending);
            Some(self.sms_view(rules, &self.pending_number(&pending)?, &purpose).await?)
        } else {
            None
        };
        Ok(EnrolmentView {
            backup_codes: self.codes_of(&pending)?,
            account: super::settings::masked(&pending.subject),
            id: pending.id,
            kind: pending.kind,
            step: pending.step,
            proves_phone: pending.grounds == Grounds::First && pending.number.is_some(),
            app,
            sms,
            return_to: pending.return_to,
            expires_at: pending.expires_at,
            locale: asker.player.claims.locale.clone(),
        })
    }
}

/// The number that an enrolment proves: on file before a first enrolment that wants it, else typed.
fn number_of(
    rules: &RuleSet,
    wanted: Wanted<'_>,
    (grounds, step): (Grounds, EnrolmentStep),
    on_file: Option<OnFile>,
) -> Result<Option<PhoneNumber>, FlowError> {
    let on_file = on_file.map(|on_file| on_file.number);
    if grounds == Grounds::First && step == EnrolmentStep::Phone {
        return Ok(on_file);
    }
    if wanted.kind != FactorKind::Sms {
        return Ok(None);
    }
    let home = rules.second_factor.sms.countries.first().copied();
    let number = match wanted.number.map(str::trim).filter(|typed| !typed.is_empty()) {
        Some(typed) => PhoneNumber::parse(typed, home).map_err(|_| FlowError::BadRequest("this is no phone number"))?,
        None => on_file.ok_or(FlowError::BadRequest("a phone number is needed"))?,
    };
    Ok(Some(number))
}

/// Whether a first enrolment may begin, and its first step.
pub(super) fn may_enrol_first(
    settings: &SecondFactor,
    on_file: Option<&OnFile>,
    now: UnixTime,
) -> Result<EnrolmentStep, FlowError> {
    match settings.first_enrolment {
        FirstEnrolment::Cooldown | FirstEnrolment::InsecureSessionOnly => Ok(EnrolmentStep::Secret),
        FirstEnrolment::PhoneOnFile => {
            // A number proves something only when it is older than who may just have typed it.
            let aged = on_file.is_some_and(|on_file| now.since(on_file.since) >= settings.cooldown);
            if aged {
                return Ok(EnrolmentStep::Phone);
            }
            Err(FlowError::Denied("a first enrolment needs a number that the site has had on file for a while"))
        }
        FirstEnrolment::Support => Err(FlowError::Denied("a first enrolment needs a code from the support desk")),
    }
}
