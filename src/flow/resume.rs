//! Continuing a held request: the post of our own empty form becomes the request that was held
//! (decisions 16, 17, 36).

use http::{HeaderMap, Method};

use crate::{
    flow::{
        Flow, FlowError, RuleSet,
        epochs::Reading,
        form::check_form,
        gate::{BodyState, Passage, Spend, browser_secret},
        hold::{self, HeldRequest},
    },
    identity::{Freshness, Player, Who},
    metrics::words::HeldOutcome,
    policy::{self, BodyView, Facts, Landing, Verdict, Visitor},
    request::Head,
    secret::Token,
    store::{Applied, ChallengeState, Edit, shared::Level},
};

/// The field of our form.
pub const RESUME_FIELD: &str = "stepgate_resume";

/// A held request, ready to go on.
#[derive(Debug)]
pub struct Resumed {
    /// What it needs to be forwarded; its `spend` is never empty.
    pub passage: Passage,
    /// The route under which it was held.
    pub route: String,
    /// Its method.
    pub method: Method,
    /// Its headers, with fresh cookies.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// The token of a resume post: the body is exactly our one field (decisions 36).
#[must_use]
pub fn resume_token(body: &[u8]) -> Option<Token> {
    let text = std::str::from_utf8(body).ok()?;
    Token::parse(text.strip_prefix(RESUME_FIELD)?.strip_prefix('=')?)
}

/// Whether a form body has our field, in whatever spelling a framework might read it: they drop, fold and nest by
/// brackets, dots and blanks, and no name of a site has ours in it.
#[must_use]
pub fn has_resume_field(body: &[u8]) -> bool {
    let bare = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let ours = bare(RESUME_FIELD);
    let mut pieces = body.split(|byte| matches!(byte, b'&' | b';'));
    pieces.any(|piece| form_urlencoded::parse(piece).any(|(name, _)| bare(&name).contains(&ours)))
}

impl Flow {
    /// The request held under an answered challenge, for the browser and log-in that it was asked
    /// of, checked as if it arrived now.
    ///
    /// # Errors
    /// `Gone` for every token that is not theirs, spent or unknown; whatever the gate would say now.
    pub async fn resume(&self, rules: &RuleSet, head: &Head<'_>, token: &Token) -> Result<Resumed, FlowError> {
        let resumed = self.take_up(rules, head, token).await;
        if let Err(FlowError::Gone) = &resumed {
            self.metrics.held(HeldOutcome::Gone);
        }
        resumed
    }

    async fn take_up(&self, rules: &RuleSet, head: &Head<'_>, token: &Token) -> Result<Resumed, FlowError> {
        let now = self.clock.now();
        let approval = self.stores.approvals.find(token.hash(), now).await?.ok_or(FlowError::Gone)?;
        let challenge = self.stores.challenges.find(&approval.challenge_id, now).await?.ok_or(FlowError::Gone)?;
        let browser = browser_secret(rules, head).map(|secret| secret.hash());
        if browser.is_none() || browser != challenge.browser {
            return Err(FlowError::Gone);
        }
        let ChallengeState::Answered { by, epoch, .. } = challenge.state else { return Err(FlowError::Gone) };
        let Who::Player(player) = rules.identity.who(head, Freshness::Anew).await? else {
            return Err(FlowError::Anonymous);
        };
        if player.subject != challenge.subject || player.binding != challenge.binding {
            return Err(FlowError::Gone);
        }
        let held = self.held(&challenge).await?;
        if held.target() != head.target.raw() || held.host() != head.host {
            return Err(FlowError::Gone);
        }
        let method = held.method()?;
        let headers = held.continued_headers(head.headers)?;
        let original = Head { method: &method, headers: &headers, ..*head };
        let landing = rules.routes.land(&original, BodyView::Read(held.body()));
        check_form(&original, BodyState::Read(held.body()), rules.paths, &landing)?;
        let digest = check_digest(&landing, &original, &held, (&player, challenge.digest))?;
        let stamp = self.own_stamp(self.stamp_of(rules, head)?, &player, Reading::Anew).await?;
        let state = self.stores.accounts.player(&player.subject).await?;
        let account = super::gate::account(&state);
        let facts = Facts {
            now,
            visitor: Visitor::Player,
            stamp: stamp.as_deref().map(crate::stamp::Stamp::facts),
            approved: (challenge.level == Level::Once).then_some(by),
            account: Some(&account),
        };
        let Verdict::Allow(permit) = policy::decide(&landing, &original, &facts).verdict else {
            return Err(FlowError::Gone);
        };
        if state.epoch != epoch {
            return Err(FlowError::Gone);
        }
        let (subject, challenge_id) = (challenge.subject, challenge.id);
        let spend = Spend { subject, challenge_id, expires_at: approval.expires_at, by, epoch };
        let passage = Passage {
            permit,
            player: Some(player),
            stamp,
            spend: Some((spend, digest)),
            details: challenge.details,
            anonymous: false,
        };
        let body = held.body().bytes.to_vec();
        Ok(Resumed { passage, route: challenge.route, method, headers, body })
    }

    /// Consumes what a request passes by, for good, before its first byte goes to the site. In turn with
    /// every change of the account: once its freeze, or the end of every stamp, is answered, nothing that was approved
    /// before goes on.
    ///
    /// # Errors
    /// `Gone` when it was consumed before, or the account was frozen or its stamps ended since; `Store`.
    pub async fn spend(&self, spend: &Spend) -> Result<(), FlowError> {
        let id = spend.challenge_id.clone();
        let edits =
            [Edit::RequireNotFrozen, Edit::RequireEpoch(spend.epoch), Edit::Spend { id, expires_at: spend.expires_at }];
        match self.stores.accounts.apply(&spend.subject, &edits).await? {
            Applied::Conflict => Err(FlowError::Gone),
            Applied::Done => {
                self.clear_spent(&spend.challenge_id).await;
                Ok(())
            }
        }
    }

    /// Removes what is left of a challenge whose id is spent: only litter, so that a failure opens nothing.
    pub(super) async fn clear_spent(&self, challenge_id: &str) {
        let _ = self.stores.held.remove(challenge_id).await;
        let _ = self.stores.challenges.remove(challenge_id).await;
    }
}

/// Recomputes the digest over the held bytes: what goes on is what was shown and approved.
fn check_digest(
    landing: &Landing<'_>,
    original: &Head<'_>,
    held: &HeldRequest,
    (player, bound): (&Player, Option<[u8; 32]>),
) -> Result<[u8; 32], FlowError> {
    for route in &landing.enforced {
        let details = hold::details(route, original, Some(held.body()))?;
        let digest = hold::digest(route, player, original, held.body(), &details);
        if bound == Some(digest) {
            return Ok(digest);
        }
    }
    Err(FlowError::Gone)
}
