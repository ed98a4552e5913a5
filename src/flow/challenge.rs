//! Asking for a code and checking it.

use crate::{
    clock::UnixTime,
    flow::{Flow, FlowError, Granted, RuleSet},
    policy::FactorKind,
    request::Head,
    secret::Token,
    store::shared::Level,
};

/// What a page or a JSON client is shown of an open challenge.
#[derive(Clone, Debug)]
pub struct ChallengeView {
    /// Its id.
    pub id: String,
    /// The route's name.
    pub route: String,
    /// What the proof is for.
    pub level: Level,
    /// The kinds that may answer *and* are enrolled and ripe for this level, in the order offered;
    /// empty: the player must enrol first.
    pub methods: Vec<FactorKind>,
    /// Label and value, as bound.
    pub details: Vec<(String, String)>,
    /// Path and query where a browser goes on.
    pub return_to: String,
    /// Whether a held request waits: the browser goes on by posting to `return_to`.
    pub holds: bool,
    /// When it is gone.
    pub expires_at: UnixTime,
    /// Until when codes are paused after too many wrong ones.
    pub paused_until: Option<UnixTime>,
}

/// One answer.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The factor kind.
    pub method: FactorKind,
    /// As typed.
    pub code: &'a str,
}

/// What a right answer leads to.
#[derive(Debug)]
pub struct Verified {
    /// What is granted.
    pub granted: Granted,
    /// For a held request: the one-time token of the resume post. The same as the approval for `once`.
    pub resume: Option<Token>,
    /// Where the browser goes on.
    pub return_to: String,
}

impl Flow {
    /// What the player of this very log-in and browser may see of a challenge.
    ///
    /// # Errors
    /// `Gone` for every challenge that is not theirs; `Identity`, `Anonymous`, `Store`.
    pub async fn view_challenge(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<ChallengeView, FlowError> {
        let _ = (rules, head, id);
        unimplemented!()
    }

    /// Checks an answer: reserves the attempt, compares, consumes the code, closes the challenge,
    /// then grants. In this order, so that a fault at any point grants nothing.
    ///
    /// # Errors
    /// Every [`FlowError`] but `EnrolmentRequired`.
    pub async fn verify(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        id: &str,
        answer: Answer<'_>,
    ) -> Result<Verified, FlowError> {
        let _ = (rules, head, id, answer);
        unimplemented!()
    }
}
