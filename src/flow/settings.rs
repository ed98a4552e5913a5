//! What a player sees of the own account.

use crate::{
    clock::UnixTime,
    flow::{Flow, FlowError, RuleSet, enrol::may_enrol_first},
    policy::FactorKind,
    request::{Head, Subject},
    store::{AuditRecord, FactorRecord, PlayerState},
};

/// Lines of the activity that are shown.
const ACTIVITY: u32 = 20;

/// A factor as players see it.
#[derive(Clone, Debug)]
pub struct FactorView {
    /// Its id.
    pub id: String,
    /// The kind.
    pub kind: FactorKind,
    /// Where codes go, masked; for SMS.
    pub number: Option<String>,
    /// When it became active.
    pub created_at: UnixTime,
    /// From when on it satisfies more than `session`.
    pub matures_at: UnixTime,
}

/// A remembered browser as its player sees it.
#[derive(Clone, Debug)]
pub struct DeviceView {
    /// Its id.
    pub id: String,
    /// Browser and system.
    pub name: String,
    /// When it was last used.
    pub used_at: UnixTime,
    /// When it is forgotten.
    pub expires_at: UnixTime,
    /// Whether it is the browser that asks.
    pub is_this: bool,
}

/// How a temporary code of the support desk stands beside other ways to a first factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakesCode {
    /// There is another way.
    Also,
    /// There is none.
    Only,
}

/// What the settings page shows.
#[derive(Clone, Debug)]
pub struct SettingsView {
    /// The account, masked: first character and the last two.
    pub account: String,
    /// The active factors, oldest first.
    pub factors: Vec<FactorView>,
    /// Factors that were switched off.
    pub suspended: Vec<FactorView>,
    /// Backup codes that are not used.
    pub backup_codes_left: u32,
    /// Remembered browsers, the last used first.
    pub devices: Vec<DeviceView>,
    /// What happened lately, newest first.
    pub activity: Vec<AuditRecord>,
    /// Whether the account is frozen.
    pub frozen: bool,
    /// The kinds that can be enrolled now: as a first factor with this log-in alone, or with a proof.
    pub can_enrol: Vec<FactorKind>,
    /// Why a first factor cannot be enrolled, where that is so.
    pub cannot_enrol: Option<&'static str>,
    /// The number that the site has on file, masked.
    pub number_on_file: Option<String>,
    /// Whether a temporary code of the support desk lets a first factor be enrolled.
    pub takes_code: Option<TakesCode>,
    /// The language that the site says.
    pub locale: Option<String>,
}

impl Flow {
    /// The player's settings.
    ///
    /// # Errors
    /// `Identity`, `Anonymous`, `Store`.
    pub async fn settings(&self, rules: &RuleSet, head: &Head<'_>) -> Result<SettingsView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let (subject, now) = (&asker.player.subject, self.clock.now());
        let on_file = self.see_contacts(rules, &asker.player).await?;
        let state = self.stores.accounts.player(subject).await?;
        let cannot_enrol = if state.factors.is_empty() {
            match may_enrol_first(&rules.second_factor, on_file.as_ref(), now) {
                Err(FlowError::Denied(why)) => Some(why),
                Ok(_) | Err(_) => None,
            }
        } else {
            None
        };
        let kinds = rules.second_factor.methods.iter().copied().filter(|kind| *kind != FactorKind::BackupCode);
        let takes_code = self.takes_code(subject, &state, cannot_enrol).await?;
        let cannot_enrol = cannot_enrol.filter(|_| takes_code.is_none());
        let can_enrol = if cannot_enrol.is_some() || state.freeze.is_some() { Vec::new() } else { kinds.collect() };
        let this = Self::device_id(rules, head);
        let devices = self.stores.devices.of_player(subject, now).await?;
        let device = |device: crate::store::DeviceRecord| DeviceView {
            is_this: this.as_deref() == Some(device.id.as_str()),
            id: device.id,
            name: device.name,
            used_at: device.used_at,
            expires_at: device.expires_at,
        };
        Ok(SettingsView {
            account: masked(subject),
            factors: self.factor_views(&state.factors)?,
            suspended: self.factor_views(&state.suspended)?,
            backup_codes_left: state.backup_codes_left,
            devices: devices.into_iter().map(device).collect(),
            activity: own_view(self.stores.accounts.activity(subject, ACTIVITY).await?),
            frozen: state.freeze.is_some(),
            can_enrol,
            cannot_enrol,
            number_on_file: on_file.map(|on_file| on_file.number.masked()),
            takes_code,
            locale: asker.player.claims.locale,
        })
    }

    async fn takes_code(
        &self,
        subject: &Subject,
        state: &PlayerState,
        cannot_enrol: Option<&str>,
    ) -> Result<Option<TakesCode>, FlowError> {
        if !state.must_bind || !state.factors.is_empty() || state.freeze.is_some() {
            return Ok(None);
        }
        let live = self.stores.desk.live_code(subject, self.clock.now()).await?;
        Ok(live.map(|_| if cannot_enrol.is_some() { TakesCode::Only } else { TakesCode::Also }))
    }

    pub(super) fn factor_views(&self, factors: &[FactorRecord]) -> Result<Vec<FactorView>, FlowError> {
        factors.iter().map(|factor| Ok(FactorView::of(factor, self.masked_number(factor)?))).collect()
    }

    /// Where a factor's codes go, for its player's eyes.
    pub(super) fn masked_number(&self, factor: &FactorRecord) -> Result<Option<String>, FlowError> {
        match factor.kind {
            FactorKind::Sms => self.number_of(factor).map(|number| Some(number.masked())),
            FactorKind::App | FactorKind::BackupCode => Ok(None),
        }
    }
}

/// The activity for its player: why support did something is between them and support.
pub(super) fn own_view(mut activity: Vec<AuditRecord>) -> Vec<AuditRecord> {
    for record in activity.iter_mut().filter(|record| record.actor != "player") {
        record.detail.clear();
    }
    activity
}

impl FactorView {
    pub(super) fn of(factor: &FactorRecord, number: Option<String>) -> Self {
        Self {
            id: factor.id.clone(),
            kind: factor.kind,
            number,
            created_at: factor.created_at,
            matures_at: factor.matures_at,
        }
    }
}

/// The account as pages show it: its first character and the last two; only the first of a short one.
pub(super) fn masked(subject: &Subject) -> String {
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
