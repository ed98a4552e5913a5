//! What a request proves: its stamp where that is enough, who sent it, and its approval.

use std::sync::Arc;

use crate::{
    clock::UnixTime,
    flow::{
        CookieNames, Flow, FlowError, RuleSet,
        epochs::Reading,
        gate::{APPROVAL_HEADER, Arrival, BodyState, STAMP_HEADER, Spend, browser_secret},
        hold,
    },
    identity::{Freshness, Player, Who},
    metrics::words::StampReject,
    policy::{self, Account, Facts, Landing, OnStoreError, Requirement, Verdict, Visitor},
    request::{self, Binding, Carrier, Head, Subject},
    secret::Token,
    stamp::{Reject, Stamp},
    store::shared::{ChallengeState, Level},
};

/// What was found out of a request's proofs.
#[derive(Default)]
pub(super) struct Evidence {
    pub(super) player: Option<Player>,
    pub(super) stamp: Option<Arc<Stamp>>,
    pub(super) spend: Option<(Spend, [u8; 32])>,
    pub(super) details: Vec<(String, String)>,
    pub(super) account: Option<Account>,
    pub(super) anonymous: bool,
}

impl Evidence {
    /// Whose request it is: what a source says, else the stamp.
    pub(super) fn subject(&self) -> Option<&Subject> {
        let stamped = self.stamp.as_ref().map(|stamp| &stamp.proof.subject);
        self.player.as_ref().map(|player| &player.subject).or(stamped)
    }

    /// What the policy reads of it.
    pub(super) fn facts(&self, now: UnixTime) -> Facts<'_> {
        Facts {
            now,
            visitor: if self.anonymous { Visitor::Anonymous } else { Visitor::Player },
            stamp: self.stamp.as_deref().map(Stamp::facts),
            approved: self.spend.as_ref().map(|(spend, _)| spend.by),
            account: self.account.as_ref(),
        }
    }
}

impl Flow {
    /// What a request proves: its stamp where that is enough, else who sent it, and its approval.
    pub(super) async fn evidence(
        &self,
        rules: &RuleSet,
        arrival: Arrival<'_>,
        landing: &Landing<'_>,
    ) -> Result<Evidence, FlowError> {
        let head = arrival.head;
        let strictest = landing.enforced.iter().chain(&landing.observed).map(|route| route.require);
        let (mut once, mut fresh) = (false, false);
        for requirement in strictest {
            once |= requirement == Requirement::Once;
            fresh |= matches!(requirement, Requirement::Fresh { .. });
        }
        // It can wait for the store, and so need not the request.
        if !self.epochs.is_unanswered() {
            self.note_device(rules, head).await;
        }
        let in_outage = |route: &&policy::Route| route.on_store_error == OnStoreError::AllowIfRecentStamp;
        let reading = match (fresh, landing.enforced.iter().all(in_outage)) {
            (true, _) => Reading::Anew,
            (false, false) => Reading::Late,
            (false, true) => Reading::LateInOutage,
        };
        let stamp = self.stamp_of(rules, head)?;
        // What a request changes is noted and told of by who sent it.
        let matters = |route: &&policy::Route| route.changes.is_some() || route.after_success.is_some();
        let asks = once || landing.enforced.iter().any(matters);
        let unasked = if asks { None } else { rules.identity.binding_unasked(head)? };
        if let Some(stamp) = stamp.as_ref().filter(|stamp| unasked == Some(stamp.proof.binding))
            && self.counts(stamp, reading).await?
        {
            let evidence = Evidence { stamp: Some(Arc::clone(stamp)), ..Evidence::default() };
            let now = self.clock.now();
            // A stamp that satisfies everything answers the subject as well (decisions 51).
            if matches!(policy::decide(landing, head, &evidence.facts(now)).verdict, Verdict::Allow(_)) {
                return Ok(evidence);
            }
        }
        let freshness = if once || fresh { Freshness::Anew } else { Freshness::Cached };
        let Who::Player(player) = rules.identity.who(head, freshness).await? else {
            return Ok(Evidence { anonymous: true, ..Evidence::default() });
        };
        let stamp = self.own_stamp(stamp, &player, reading).await?;
        let approval = if once { self.presented_approval(rules, arrival, landing, &player).await? } else { None };
        let (spend, details) =
            approval.map_or((None, Vec::new()), |(spend, digest, details)| (Some((spend, digest)), details));
        Ok(Evidence { player: Some(player), stamp, spend, details, ..Evidence::default() })
    }

    /// The stamp that a request carries, if its signature and lifetime are good. A bad one counts as
    /// none; two of them are ambiguous.
    pub(super) fn stamp_of(&self, rules: &RuleSet, head: &Head<'_>) -> Result<Option<Arc<Stamp>>, FlowError> {
        let names = CookieNames::of(rules.site.secure);
        let cookie = request::cookie(head.headers, names.stamp)
            .map_err(|_| FlowError::BadRequest("the stamp cookie occurs more than once"))?;
        let Some(token) = request::header_once(head.headers, STAMP_HEADER).or(cookie) else { return Ok(None) };
        match rules.stamps.verify(token, self.clock.now()) {
            Ok(stamp) => Ok(Some(stamp)),
            Err(reject) => {
                self.stamp_rejected(reject);
                Ok(None)
            }
        }
    }

    /// The log-in that a request belongs to, as far as it can be told; for what ends it.
    pub async fn present_binding(&self, rules: &RuleSet, head: &Head<'_>) -> Option<Binding> {
        if let Ok(Some(binding)) = rules.identity.binding_unasked(head) {
            return Some(binding);
        }
        match rules.identity.who(head, Freshness::Cached).await {
            Ok(Who::Player(player)) => Some(player.binding),
            Ok(Who::Nobody) | Err(_) => None,
        }
    }

    fn is_of(&self, stamp: &Stamp, player: &Player) -> bool {
        let bound = stamp.proof.subject == player.subject && stamp.proof.binding == player.binding;
        if !bound {
            self.stamp_rejected(Reject::BoundMismatch);
        }
        bound
    }

    fn stamp_rejected(&self, reject: Reject) {
        self.metrics.stamp_reject(match reject {
            Reject::Expired => StampReject::Expired,
            Reject::BoundMismatch => StampReject::BoundMismatch,
            Reject::BadSignature => StampReject::BadSignature,
            Reject::Revoked => StampReject::Revoked,
        });
    }

    /// The stamp, if it is of this player's log-in and was not revoked.
    pub(super) async fn own_stamp(
        &self,
        stamp: Option<Arc<Stamp>>,
        player: &Player,
        reading: Reading,
    ) -> Result<Option<Arc<Stamp>>, FlowError> {
        let Some(stamp) = stamp.filter(|stamp| self.is_of(stamp, player)) else { return Ok(None) };
        Ok(self.counts(&stamp, reading).await?.then_some(stamp))
    }

    async fn counts(&self, stamp: &Stamp, reading: Reading) -> Result<bool, FlowError> {
        let checked = self.check_revocation(stamp, reading).await?;
        if let Err(reject) = checked {
            self.stamp_rejected(reject);
        }
        Ok(checked.is_ok())
    }

    /// The approval that a request brings, if it is of exactly this request (decisions 12, 15).
    async fn presented_approval(
        &self,
        rules: &RuleSet,
        arrival: Arrival<'_>,
        landing: &Landing<'_>,
        player: &Player,
    ) -> Result<Option<(Spend, [u8; 32], Vec<(String, String)>)>, FlowError> {
        let Some(token) = request::header_once(arrival.head.headers, APPROVAL_HEADER).and_then(Token::parse) else {
            return Ok(None);
        };
        let BodyState::Read(body) = arrival.body else { return Ok(None) };
        let now = self.clock.now();
        let Some(approval) = self.stores.approvals.find(token.hash(), now).await? else { return Ok(None) };
        let Some(challenge) = self.stores.challenges.find(&approval.challenge_id, now).await? else { return Ok(None) };
        let ChallengeState::Answered { by, epoch, .. } = challenge.state else { return Ok(None) };
        let browser = browser_secret(rules, arrival.head).map(|secret| secret.hash());
        let same_browser = player.carrier == Carrier::Header || browser == challenge.browser;
        let Some(route) = landing.enforced.iter().find(|route| *route.name == *challenge.route) else {
            return Ok(None);
        };
        if challenge.subject != player.subject || challenge.binding != player.binding || !same_browser {
            return Ok(None);
        }
        let details = hold::details(route, arrival.head, Some(body))?;
        let digest = hold::digest(route, player, arrival.head, body, &details);
        if challenge.digest != Some(digest) || challenge.level != Level::Once {
            return Ok(None);
        }
        // What ended the player's stamps since, here or in another process, ended this too.
        if self.stores.accounts.player(&player.subject).await?.epoch != epoch {
            return Ok(None);
        }
        let (subject, challenge_id) = (challenge.subject, challenge.id);
        let spend = Spend { subject, challenge_id, expires_at: approval.expires_at, by, epoch };
        Ok(Some((spend, digest, details)))
    }
}

/// What a proof is good for that a requirement asks for.
pub(super) const fn level(requirement: Requirement) -> Level {
    match requirement {
        Requirement::None | Requirement::Session => Level::Session,
        Requirement::Fresh { .. } => Level::Fresh,
        Requirement::Once => Level::Once,
    }
}
