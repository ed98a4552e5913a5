//! What is counted of a challenge: that it was opened, and how it went.

use crate::{
    flow::{Flow, FlowError},
    metrics::{
        ChallengeOutcome,
        words::{self, VerifyResult},
    },
    policy::FactorKind,
    store::Challenge,
};

impl Flow {
    /// Counts a challenge that was opened.
    pub(super) fn count_asked(&self, challenge: &Challenge) {
        self.metrics.challenge(&challenge.route, words::OTHER, ChallengeOutcome::Started);
    }

    /// Counts an answer to an open challenge.
    pub(super) fn count_answer(&self, open: &Challenge, kind: FactorKind, proven: Result<(), &FlowError>) {
        let outcome = match proven {
            Ok(()) => {
                let took = self.clock.now().since(open.created_at);
                self.metrics.challenge_passed(kind.as_str(), took);
                ChallengeOutcome::Passed
            }
            Err(FlowError::CodeRejected { .. }) => ChallengeOutcome::Failed,
            Err(FlowError::TooManyAttempts { .. } | FlowError::NetworkPaused { .. } | FlowError::Exhausted) => {
                ChallengeOutcome::Locked
            }
            // Another answer closed it first.
            Err(FlowError::Gone) => ChallengeOutcome::Expired,
            // Nothing was answered.
            Err(_) => return,
        };
        self.metrics.challenge(&open.route, kind.as_str(), outcome);
    }

    /// Counts an answer to a challenge that is not there for its sender; of which route it was cannot
    /// be told any more.
    pub(super) fn count_gone(&self, kind: FactorKind) {
        self.metrics.challenge("none", kind.as_str(), ChallengeOutcome::Expired);
    }

    /// Counts one code that was checked.
    pub(super) fn count_attempt(&self, kind: FactorKind, proven: Result<(), &FlowError>) {
        let result = match proven {
            Ok(()) => VerifyResult::Ok,
            Err(FlowError::CodeRejected { clock_is_slow: true }) => VerifyResult::Expired,
            Err(FlowError::CodeRejected { clock_is_slow: false }) => VerifyResult::Wrong,
            Err(FlowError::TooManyAttempts { .. } | FlowError::NetworkPaused { .. } | FlowError::Exhausted) => {
                VerifyResult::Throttled
            }
            // No code was compared.
            Err(_) => return,
        };
        self.metrics.verify_attempt(kind.as_str(), result);
    }
}
