//! Binding a factor to a player. Nothing counts before the confirmation.

use std::time::Duration;

use zeroize::Zeroizing;

use crate::{
    clock::UnixTime,
    factor::app::{self, Checked, Code, Secret},
    flow::{
        FirstEnrolment, Flow, FlowError, RuleSet, SecondFactor,
        challenge::{
            Asker,
            prove::{SEALED_FOR, unreadable},
        },
    },
    metrics::words::EnrolmentOutcome,
    policy::FactorKind,
    request::{Head, Subject},
    secret,
    store::{FactorRecord, PendingEnrolment, PlayerState},
};

/// How long an enrolment waits for its confirmation.
const PENDING_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// An enrolment that waits for its confirmation, as its own log-in sees it.
#[derive(Clone, Debug)]
pub struct EnrolmentView {
    /// Its id.
    pub id: String,
    /// The kind.
    pub kind: FactorKind,
    /// The key to type into the app: base32 without padding, 32 characters.
    pub secret: zeroize::Zeroizing<String>,
    /// `otpauth://totp/…` (the Key Uri Format of authenticator apps).
    pub otpauth_uri: zeroize::Zeroizing<String>,
    /// The same as a QR code, an `<svg>` element.
    pub qr_svg: zeroize::Zeroizing<String>,
    /// The challenge to which the player goes on afterwards.
    pub return_to: Option<String>,
    /// When it is gone.
    pub expires_at: UnixTime,
    /// The player's language, where the site knows it.
    pub locale: Option<String>,
}

/// A factor as players see it.
#[derive(Clone, Debug)]
pub struct FactorView {
    /// Its id.
    pub id: String,
    /// The kind.
    pub kind: FactorKind,
    /// When it became active.
    pub created_at: UnixTime,
    /// From when on it satisfies more than `session`.
    pub matures_at: UnixTime,
}

/// What the settings page shows.
#[derive(Clone, Debug)]
pub struct SettingsView {
    /// The account, masked: first character and the last two.
    pub account: String,
    /// The active factors, oldest first.
    pub factors: Vec<FactorView>,
    /// The kinds that can be enrolled now by this log-in.
    pub can_enrol: Vec<FactorKind>,
    /// The player's language, where the site knows it.
    pub locale: Option<String>,
}

/// What a confirmation gives.
#[derive(Clone, Debug)]
pub struct Activated {
    /// The new factor.
    pub factor: FactorView,
    /// The challenge to which the player goes on.
    pub return_to: Option<String>,
}

impl Flow {
    /// The player's settings.
    ///
    /// # Errors
    /// `Identity`, `Anonymous`, `Store`.
    pub async fn settings(&self, rules: &RuleSet, head: &Head<'_>) -> Result<SettingsView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let state = self.stores.factors.player(&asker.player.subject).await?;
        let kinds = rules.second_factor.methods.iter().copied();
        Ok(SettingsView {
            account: masked(&asker.player.subject),
            locale: asker.player.claims.locale.clone(),
            can_enrol: kinds.filter(|kind| may_enrol(&rules.second_factor, &state, *kind).is_ok()).collect(),
            factors: state.factors.iter().map(FactorView::of).collect(),
        })
    }

    /// Begins an enrolment; it takes the place of every other unconfirmed one of this log-in.
    /// `return_to` is a challenge's id, kept only if that challenge is this log-in's.
    ///
    /// # Errors
    /// `Denied` where this log-in may not enrol now (a factor is active already, or
    /// `first_enrolment` wants more than a session), `MethodUnavailable`, `Identity`, `Anonymous`,
    /// `Store`.
    pub async fn begin_enrolment(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        kind: FactorKind,
        return_to: Option<&str>,
    ) -> Result<EnrolmentView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let pending = self.begin(&rules.second_factor, &asker, kind, return_to).await?;
        self.shown(&rules.second_factor, &asker, pending)
    }

    /// An unconfirmed enrolment, for its own log-in only.
    ///
    /// # Errors
    /// `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn view_enrolment(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<EnrolmentView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let pending = self.own_pending(&asker, id).await?;
        self.shown(&rules.second_factor, &asker, pending)
    }

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
        let confirmed = self.confirm(&rules.second_factor, &asker, id, code).await;
        let outcome = match &confirmed {
            Ok(_) => EnrolmentOutcome::Activated,
            Err(_) => EnrolmentOutcome::Rejected,
        };
        self.metrics.enrolment(FactorKind::App.as_str(), outcome);
        confirmed
    }

    /// Binds an app factor without asking anybody, ripe at once: for seeds such as the demo's. Returns
    /// its otpauth URI, the only place where the secret is told.
    ///
    /// # Errors
    /// `Store`; `BadRequest` where the subject is none.
    pub async fn seed_app_factor(&self, subject: &str, issuer: &str) -> Result<Zeroizing<String>, FlowError> {
        let subject = Subject::parse(subject).map_err(|_| FlowError::BadRequest("this is no subject"))?;
        let now = self.clock.now();
        let secret = Secret::new(secret::random());
        let id = uuid_v7(now);
        let sealed = self.sealer.seal(SEALED_FOR, &[id.as_bytes(), subject.as_str().as_bytes()], secret.as_bytes());
        let otpauth_uri = app::otpauth_uri(&secret, issuer, subject.as_str());
        let kind = FactorKind::App;
        let factor = FactorRecord { id, subject, kind, sealed, created_at: now, matures_at: now, last_step: -1 };
        self.stores.factors.activate(&factor).await?;
        Ok(otpauth_uri)
    }

    pub(super) async fn begin(
        &self,
        settings: &SecondFactor,
        asker: &Asker,
        kind: FactorKind,
        return_to: Option<&str>,
    ) -> Result<PendingEnrolment, FlowError> {
        let subject = &asker.player.subject;
        may_enrol(settings, &self.stores.factors.player(subject).await?, kind)?;
        let return_to = match return_to {
            None => None,
            Some(id) => match self.own_challenge(asker, id).await {
                Ok(challenge) => Some(challenge.id),
                Err(FlowError::Gone) => None,
                Err(other) => return Err(other),
            },
        };
        let now = self.clock.now();
        let factor_id = uuid_v7(now);
        let secret = Secret::new(secret::random());
        let context = [factor_id.as_bytes(), subject.as_str().as_bytes()];
        let pending = PendingEnrolment {
            id: secret::public_id(),
            subject: subject.clone(),
            binding: asker.player.binding,
            kind,
            sealed: self.sealer.seal(SEALED_FOR, &context, secret.as_bytes()),
            factor_id,
            return_to,
            created_at: now,
            expires_at: now.plus(PENDING_LIFETIME),
        };
        self.stores.enrolments.put(pending.clone()).await?;
        Ok(pending)
    }

    /// Activates the factor once its code is right. The secret moves as it was sealed, and the one
    /// step that makes the factor count is the last that can fail for the player.
    pub(super) async fn confirm(
        &self,
        settings: &SecondFactor,
        asker: &Asker,
        id: &str,
        code: &str,
    ) -> Result<Activated, FlowError> {
        let pending = self.own_pending(asker, id).await?;
        let now = self.clock.now();
        let code = Code::parse(code).ok_or(FlowError::CodeRejected { clock_is_slow: false })?;
        self.reserve(&pending.subject, pending.kind, now).await?;
        let secret = self.pending_secret(&pending)?;
        let last_step = match app::check(&secret, &code, now, settings.app_skew_steps, -1) {
            Checked::Step(step) => step,
            Checked::Late => return Err(FlowError::CodeRejected { clock_is_slow: true }),
            Checked::Replayed | Checked::Wrong => return Err(FlowError::CodeRejected { clock_is_slow: false }),
        };
        // Another log-in of the account may have bound a factor since this one began.
        may_enrol(settings, &self.stores.factors.player(&pending.subject).await?, pending.kind)?;
        let pending = self.stores.enrolments.take(id, now).await?.ok_or(FlowError::Gone)?;
        let factor = FactorRecord {
            id: pending.factor_id,
            subject: pending.subject,
            kind: pending.kind,
            sealed: pending.sealed,
            created_at: now,
            matures_at: now.plus(cooldown(settings)),
            // The confirming code cannot be used again.
            last_step,
        };
        self.stores.factors.activate(&factor).await?;
        self.stores.enrolments.void_all(&factor.subject).await?;
        self.stores.attempts.clear(&factor.subject, factor.kind).await?;
        Ok(Activated { factor: FactorView::of(&factor), return_to: pending.return_to })
    }

    async fn own_pending(&self, asker: &Asker, id: &str) -> Result<PendingEnrolment, FlowError> {
        let pending = self.stores.enrolments.find(id, self.clock.now()).await?.ok_or(FlowError::Gone)?;
        let own = pending.subject == asker.player.subject && pending.binding == asker.player.binding;
        if own { Ok(pending) } else { Err(FlowError::Gone) }
    }

    pub(super) fn pending_secret(&self, pending: &PendingEnrolment) -> Result<Secret, FlowError> {
        let context = [pending.factor_id.as_bytes(), pending.subject.as_str().as_bytes()];
        let opened = self.sealer.open(SEALED_FOR, &context, &pending.sealed);
        let opened = opened.map_err(|cause| unreadable(Some(cause)))?;
        Secret::from_bytes(&opened).ok_or_else(|| unreadable(None))
    }

    fn shown(
        &self,
        settings: &SecondFactor,
        asker: &Asker,
        pending: PendingEnrolment,
    ) -> Result<EnrolmentView, FlowError> {
        let secret = self.pending_secret(&pending)?;
        let otpauth_uri = app::otpauth_uri(&secret, &settings.app_issuer, pending.subject.as_str());
        Ok(EnrolmentView {
            id: pending.id,
            kind: pending.kind,
            secret: secret.base32(),
            // An address too long for a code leaves the key to be typed.
            qr_svg: app::qr_svg(&otpauth_uri).unwrap_or_else(|| Zeroizing::new(String::new())),
            otpauth_uri,
            return_to: pending.return_to,
            expires_at: pending.expires_at,
            locale: asker.player.claims.locale.clone(),
        })
    }
}

impl FactorView {
    fn of(factor: &FactorRecord) -> Self {
        Self { id: factor.id.clone(), kind: factor.kind, created_at: factor.created_at, matures_at: factor.matures_at }
    }
}

/// Whether a player in this state may enrol a factor of the kind with the site session alone. Any
/// binding while no factor is active is a first enrolment (decisions 7).
fn may_enrol(settings: &SecondFactor, state: &PlayerState, kind: FactorKind) -> Result<(), FlowError> {
    let enrollable = match kind {
        FactorKind::App => settings.methods.contains(&kind),
        FactorKind::Sms | FactorKind::BackupCode => false,
    };
    if !enrollable {
        return Err(FlowError::MethodUnavailable);
    }
    if !state.factors.is_empty() {
        return Err(FlowError::Denied("a second factor is active already"));
    }
    match settings.first_enrolment {
        FirstEnrolment::Cooldown | FirstEnrolment::InsecureSessionOnly => Ok(()),
        FirstEnrolment::PhoneOnFile => {
            Err(FlowError::Denied("a first enrolment needs a code sent to the number on file"))
        }
        FirstEnrolment::Support => Err(FlowError::Denied("a first enrolment needs a code from the support desk")),
    }
}

/// How long a factor that is bound now must mature.
fn cooldown(settings: &SecondFactor) -> Duration {
    match settings.first_enrolment {
        FirstEnrolment::InsecureSessionOnly => Duration::ZERO,
        FirstEnrolment::Cooldown | FirstEnrolment::PhoneOnFile | FirstEnrolment::Support => settings.cooldown,
    }
}

/// A UUID v7 (RFC 9562 §5.7) of the moment.
fn uuid_v7(now: UnixTime) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &secret::random()).into_uuid().to_string()
}

/// The account as pages show it: its first character and the last two; only the first of a short one.
fn masked(subject: &Subject) -> String {
    let characters: Vec<char> = subject.as_str().chars().collect();
    match characters.as_slice() {
        [first, _, _, .., before, last] => format!("{first}…{before}{last}"),
        [first, ..] => format!("{first}…"),
        [] => "…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_masked() {
        let shown = ["ayu.lestari", "abcde", "abcd", "a", "名前は五字"].map(|id| masked(&Subject::parse(id).unwrap()));
        assert_eq!(shown, ["a…ri", "a…de", "a…", "a…", "名…五字"]);
    }
}
