//! Changes of an account: one transaction with what the player is told and what the audit says, then
//! what must end because of it.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{
    contact::PhoneNumber,
    factor::{app::Secret, backup_code::BackupCode},
    flow::{Flow, FlowError, RuleSet, challenge::prove::unreadable, notify::Event, send},
    identity::Player,
    policy::{Requirement, Route, cooldown::Cause},
    request::Subject,
    secret::Sealed,
    store::{
        Applied, AuditRecord, BackupCodeRecord, Edit, FactorRecord, Outcome, Spared, audit::origin, sealing::SealedKind,
    },
};

/// What a factor's secret is sealed for; its context is the factor's id and the subject.
const SEALED_FOR: &str = SealedKind::Factor.purpose();

impl Flow {
    /// Makes a change of an account, and ends the player's open challenges but what is spared, and every
    /// unconfirmed enrolment: nothing may go on by what was before (decisions 25).
    ///
    /// They end first, so that a store that fails changes nothing; and once more afterwards, for what was
    /// opened meanwhile. A failure of that hides no change that was made.
    ///
    /// # Errors
    /// `Gone` where the account is no longer as it was when the change was decided; `Store`.
    pub(super) async fn change_account(
        &self,
        subject: &Subject,
        edits: &[Edit],
        spared: Spared<'_>,
    ) -> Result<(), FlowError> {
        self.end_what_waits(subject, spared).await?;
        let applied = self.stores.accounts.apply(subject, edits).await;
        // Also where the answer was lost: it may be done.
        if edits.iter().any(|edit| matches!(edit, Edit::RaiseEpoch)) {
            self.epochs.forget_all();
        }
        match applied? {
            Applied::Conflict => Err(FlowError::Gone),
            Applied::Done => {
                noted("what waited was not ended again", self.end_what_waits(subject, spared).await);
                Ok(())
            }
        }
    }

    /// Ends the player's open challenges but what is spared, and every unconfirmed enrolment.
    pub(super) async fn end_what_waits(&self, subject: &Subject, spared: Spared<'_>) -> Result<(), FlowError> {
        self.stores.challenges.end_player(subject, spared).await?;
        Ok(self.stores.enrolments.void_all(subject).await?)
    }

    /// Notes what a request did that passed and that the site took: what other routes wait for, and a
    /// notice of what was approved.
    ///
    /// # Errors
    /// `Store`.
    pub async fn done(
        &self,
        rules: &RuleSet,
        player: &Player,
        route: &Route,
        details: &[(String, String)],
    ) -> Result<(), FlowError> {
        let mut edits = Vec::new();
        let now = self.clock.now();
        if let Some(cause) = route.changes {
            edits.push(Edit::Happened(cause, now));
            if cause == Cause::PasswordChange {
                edits.push(Edit::ForgetDevices);
            }
        }
        if route.require == Requirement::Once {
            let language = rules.language_of(player.claims.locale.as_deref());
            let line = send::shown(details, language);
            edits.push(self.recorded(player, Event::Approved.as_str(), &route.name));
            edits.extend(self.told(rules, player, (Event::Approved, &line), now).await?);
        }
        if route.changes.is_some() {
            return self.change_account(&player.subject, &edits, Spared::None).await;
        }
        if !edits.is_empty() {
            self.stores.accounts.apply(&player.subject, &edits).await?;
        }
        Ok(())
    }

    /// Tells the player that a request did what its route does.
    ///
    /// # Errors
    /// `Store`.
    pub async fn tell_of_change(&self, rules: &RuleSet, player: &Player, route: &Route) -> Result<(), FlowError> {
        let mut edits = self.told(rules, player, (Event::ChangeMade, &route.name), self.clock.now()).await?;
        edits.push(self.recorded(player, Event::ChangeMade.as_str(), &route.name));
        self.stores.accounts.apply(&player.subject, &edits).await?;
        Ok(())
    }

    /// Forgets a player's remembered devices.
    ///
    /// # Errors
    /// `Store`.
    pub async fn forget_devices(&self, subject: &Subject) -> Result<(), FlowError> {
        self.stores.accounts.apply(subject, &[Edit::ForgetDevices]).await?;
        Ok(())
    }

    /// The audit's line of what a player did.
    pub(super) fn recorded(&self, player: &Player, event: &str, detail: &str) -> Edit {
        Edit::Record(AuditRecord { origin: origin(player.client), ..self.record(&player.subject, event, detail) })
    }

    /// The audit's line of what was done by whoever holds a link.
    pub(super) fn recorded_of(&self, subject: &Subject, event: &str) -> Edit {
        Edit::Record(self.record(subject, event, ""))
    }

    pub(super) fn record(&self, subject: &Subject, event: &str, detail: &str) -> AuditRecord {
        let at = self.clock.now();
        let is_failure = event == Event::FailedCodes.as_str();
        AuditRecord {
            subject: Some(subject.clone()),
            detail: detail.to_owned(),
            outcome: if is_failure { Outcome::Refused } else { Outcome::Done },
            ..AuditRecord::new(at, "player", event)
        }
    }

    /// Seals what a factor keeps.
    pub(super) fn seal_factor(&self, factor_id: &str, subject: &Subject, plain: &[u8]) -> Sealed {
        self.sealer.seal(SEALED_FOR, &[factor_id.as_bytes(), subject.as_str().as_bytes()], plain)
    }

    /// What was sealed for a factor.
    pub(super) fn open_factor(
        &self,
        factor_id: &str,
        subject: &Subject,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, FlowError> {
        let context = [factor_id.as_bytes(), subject.as_str().as_bytes()];
        self.sealer.open(SEALED_FOR, &context, sealed).map_err(|cause| unreadable(Some(cause)))
    }

    /// The secret of an app.
    pub(super) fn app_secret(&self, id: &str, subject: &Subject, sealed: &Sealed) -> Result<Secret, FlowError> {
        let opened = self.open_factor(id, subject, sealed)?;
        Secret::from_bytes(&opened).ok_or_else(|| unreadable(None))
    }

    /// The number that codes go to.
    pub(super) fn number(&self, id: &str, subject: &Subject, sealed: &Sealed) -> Result<PhoneNumber, FlowError> {
        let opened = self.open_factor(id, subject, sealed)?;
        let text = std::str::from_utf8(&opened).map_err(|_| unreadable(None))?;
        PhoneNumber::parse(text, None).map_err(|_| unreadable(None))
    }

    /// The number of a factor that codes are sent for.
    pub(super) fn number_of(&self, factor: &FactorRecord) -> Result<PhoneNumber, FlowError> {
        self.number(&factor.id, &factor.subject, &factor.sealed)
    }

    /// Backup codes as they are kept.
    pub(super) async fn hash_codes(&self, codes: Vec<BackupCode>) -> Result<Vec<BackupCodeRecord>, FlowError> {
        let (hasher, now) = (self.hasher.clone(), self.clock.now());
        self.hashed(move || {
            let record = |code: &BackupCode| {
                let hash = code.hash(&hasher)?;
                Some(BackupCodeRecord { id: uuid_v7(now), selector: code.selector().to_owned(), hash })
            };
            codes.iter().map(record).collect::<Option<Vec<_>>>()
        })
        .await?
        .ok_or_else(|| unreadable(None))
    }

    /// Whether a code is the one that was kept.
    pub(super) async fn is_code(&self, code: BackupCode, kept: String) -> Result<bool, FlowError> {
        let hasher = self.hasher.clone();
        self.hashed(move || code.is(&kept, &hasher)).await
    }

    /// Runs what takes time and memory where it holds up no request, a few at a time.
    pub(super) async fn hashed<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, FlowError> {
        let turn = Arc::clone(&self.hashing).acquire_owned().await.map_err(|_| unreadable(None))?;
        let done = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| unreadable(None))
    }
}

pub(super) use crate::store::audit::record_id as uuid_v7;

/// What an answer no longer depends on: `None` where it failed, which is logged.
pub(super) fn noted<T>(what: &str, done: Result<T, FlowError>) -> Option<T> {
    done.inspect_err(|error| tracing::error!(%error, "{what}")).ok()
}
