//! What an answered challenge gives.

use std::sync::Arc;

use crate::{
    clock::UnixTime,
    flow::{
        CookieNames, Flow, FlowError, Granted, RuleSet,
        challenge::{Verified, prove::Proven},
    },
    policy::FactorKind,
    request::{self, Carrier, Head},
    secret::Token,
    stamp::{Proof, Stamp},
    store::{
        Approval,
        shared::{Challenge, ChallengeState, Level},
    },
};

/// How a client without cookies sends its stamp.
const STAMP_HEADER: &str = "stepgate-stamp";

impl Flow {
    /// Grants what the answered challenge was for.
    pub(super) async fn grant(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        Proven { challenge, epoch }: Proven,
    ) -> Result<Verified, FlowError> {
        let now = self.clock.now();
        let granted = match challenge.level {
            Level::Once | Level::Change(_) => {
                let (approval, expires_at) = self.approve(rules, &challenge, now).await?;
                Granted { stamp: None, approval: Some(approval), expires_at }
            }
            Level::Session | Level::Fresh => {
                let earlier = presented_stamp(rules, head, challenge.carrier, now);
                let minted = rules.stamps.mint(&self.proof(&challenge, epoch, earlier.as_deref(), now).await?, now);
                Granted { expires_at: minted.stamp.expires_at, stamp: Some(minted), approval: None }
            }
        };
        let resume = match (&granted.approval, challenge.holds) {
            (_, false) => None,
            (Some(approval), true) => Some(approval.clone()),
            (None, true) => Some(self.approve(rules, &challenge, now).await?.0),
        };
        let Challenge { return_to, level, carrier, .. } = challenge;
        let (locale, device, backup_codes_left) = (None, None, None);
        Ok(Verified { granted, resume, return_to, level, carrier, locale, device, backup_codes_left })
    }

    /// Keeps a new approval of the challenge's request; its token and when it ends.
    async fn approve(
        &self,
        rules: &RuleSet,
        challenge: &Challenge,
        now: UnixTime,
    ) -> Result<(Token, UnixTime), FlowError> {
        let expires_at = challenge.expires_at.min(now.plus(rules.second_factor.approval_lifetime));
        self.keep_approval(challenge, expires_at).await.map(|token| (token, expires_at))
    }

    pub(super) async fn keep_approval(&self, challenge: &Challenge, expires_at: UnixTime) -> Result<Token, FlowError> {
        let token = Token::random();
        let approval = Approval { challenge_id: challenge.id.clone(), expires_at };
        self.stores.approvals.put(token.hash(), approval).await?;
        Ok(token)
    }

    /// What the answered challenge proves in the epoch in which it was answered; opens the stamp family
    /// of the log-in. A `session` proof keeps the `fresh_time` of the stamp that it takes the place of,
    /// if both are by the same kind, and never makes one (decisions 11).
    pub(in crate::flow) async fn proof(
        &self,
        challenge: &Challenge,
        epoch: i64,
        earlier: Option<&Stamp>,
        now: UnixTime,
    ) -> Result<Proof, FlowError> {
        let (binding, subject) = (challenge.binding, &challenge.subject);
        if !self.stores.families.open(binding, subject, now).await? {
            return Err(FlowError::Gone);
        }
        // What ended every stamp since the code was checked ended this proof as well.
        if self.stores.families.epoch_if_open(binding, subject).await? != Some(epoch) {
            return Err(FlowError::Gone);
        }
        let ChallengeState::Answered { by, .. } = challenge.state else { return Err(FlowError::Gone) };
        let fresh_time = match challenge.level {
            Level::Fresh => Some(now),
            Level::Session | Level::Once | Level::Change(_) => earlier
                .map(|stamp| &stamp.proof)
                .filter(|proof| proof.subject == *subject && proof.binding == binding && proof.epoch == epoch)
                .filter(|proof| proof.by == by)
                .and_then(|proof| proof.fresh_time),
        };
        let amr = amr(by).into_iter().map(str::to_owned).collect();
        Ok(Proof { subject: subject.clone(), binding, epoch, amr, by, auth_time: now, fresh_time, began: now })
    }
}

/// What answered, in the words of RFC 8176 §2.
const fn amr(by: FactorKind) -> [&'static str; 2] {
    match by {
        FactorKind::Sms => ["sms", "mfa"],
        FactorKind::App | FactorKind::BackupCode => ["otp", "mfa"],
    }
}

/// The stamp that came with the request, if its signature and lifetime are good.
fn presented_stamp(rules: &RuleSet, head: &Head<'_>, carrier: Carrier, now: UnixTime) -> Option<Arc<Stamp>> {
    let token = match carrier {
        Carrier::Cookie => request::cookie(head.headers, CookieNames::of(rules.site.secure).stamp).ok()??,
        Carrier::Header => request::header_once(head.headers, STAMP_HEADER)?,
    };
    rules.stamps.verify(token, now).ok()
}
