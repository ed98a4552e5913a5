//! Binding a factor to a player. Nothing counts before the confirmation.

use crate::{
    clock::UnixTime,
    flow::{Flow, FlowError, RuleSet},
    policy::FactorKind,
    request::Head,
};

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
        let _ = (rules, head);
        unimplemented!()
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
        let _ = (rules, head, kind, return_to);
        unimplemented!()
    }

    /// An unconfirmed enrolment, for its own log-in only.
    ///
    /// # Errors
    /// `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn view_enrolment(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<EnrolmentView, FlowError> {
        let _ = (rules, head, id);
        unimplemented!()
    }

    /// Confirms with a code of the new factor: from now on it counts.
    ///
    /// # Errors
    /// `CodeRejected`, `TooManyAttempts`, `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn confirm_enrolment(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        id: &str,
        code: &str,
    ) -> Result<Activated, FlowError> {
        let _ = (rules, head, id, code);
        unimplemented!()
    }
}
