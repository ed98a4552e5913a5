//! The steps of an enrolment that send a code: the number on file, and the confirmation by SMS.

use crate::{
    flow::{Flow, FlowError, RuleSet, account::noted, challenge::SmsView, enrol::EnrolmentView, send::Sending},
    policy::FactorKind,
    request::Head,
    store::{EnrolmentStep, PendingEnrolment, Tries, TriesBy},
    words::CodeFor,
};

/// What a code at the enrolment's step answers: a code of one step is none of another.
pub(super) fn purpose_of(pending: &PendingEnrolment) -> String {
    let step = if pending.step == EnrolmentStep::Phone { "phone" } else { "confirm" };
    format!("enrolment:{}:{step}", pending.id)
}

impl Flow {
    /// Sends the code of the step that the enrolment waits at. Before its own step, the confirmation's
    /// too: a client may skip the look at the backup codes.
    ///
    /// # Errors
    /// `MethodUnavailable` where the step sends none; `SendPaused`, `NotSent`, `Gone`, `Denied`,
    /// `Identity`, `Anonymous`, `Store`.
    pub async fn send_enrolment_code(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<SmsView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let pending = self.own_pending(&asker, id).await?;
        let is_for = match (pending.step, pending.kind) {
            (EnrolmentStep::Phone, _) => CodeFor::Enrolment,
            (EnrolmentStep::BackupCodes | EnrolmentStep::Confirm, FactorKind::Sms) => CodeFor::Number,
            _ => return Err(FlowError::MethodUnavailable),
        };
        let sending = Sending {
            asker: &asker,
            number: &self.pending_number(&pending)?,
            purpose: purpose_of(&pending),
            is_for,
            language: rules.language(Some(&asker.player), head.headers),
            is_bound: false,
        };
        self.send(rules, sending).await
    }

    /// Proves the number on file; the next step follows.
    ///
    /// # Errors
    /// `CodeRejected`, `TooManyAttempts`, `Gone`, `Identity`, `Anonymous`, `Store`.
    pub async fn verify_enrolment_phone(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        id: &str,
        code: &str,
    ) -> Result<EnrolmentView, FlowError> {
        let asker = self.asker(rules, head).await?;
        let pending = self.own_pending(&asker, id).await?;
        if pending.step != EnrolmentStep::Phone {
            return Err(FlowError::Gone);
        }
        let player = &asker.player;
        let tries = Tries { kind: FactorKind::Sms, by: TriesBy::Enrolment };
        let proven = self.consume_sent_code(rules, &asker, (tries, &purpose_of(&pending)), code).await;
        if let Err(error) = &proven {
            self.tell_of_failures(rules, player, tries, error).await;
        }
        proven?;
        noted("failures stay counted", self.clear_tries(rules, &asker, tries).await);
        let next = self.with_secret(rules, &pending);
        self.moved(&pending, &next).await?;
        self.shown(rules, &asker, next).await
    }
}
