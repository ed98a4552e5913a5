//! Asking for a code and checking it.
//!
//! A challenge is answered by the log-in and the browser that were asked, and by no other; everyone
//! else learns that it is gone. `prove` holds the order of the steps from a code to an answered
//! challenge, `grant` what that then gives.

mod counts;
mod grant;
pub(super) mod prove;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::{
    clock::UnixTime,
    flow::{CookieNames, Flow, FlowError, Granted, RuleSet},
    identity::{Freshness, Player, Who},
    policy::{FactorKind, rule::Route},
    request::{self, Carrier, Head},
    secret::{self, Token, TokenHash},
    store::{
        FactorRecord,
        shared::{Challenge, ChallengeState, Level},
    },
};

/// How long a challenge of a player lives who must enrol a factor before it can be answered.
const LIFETIME_WITH_ENROLMENT: Duration = Duration::from_secs(15 * 60);

/// What is asked of whom.
#[derive(Debug)]
pub struct NewChallenge<'a> {
    /// Who is asked.
    pub player: &'a Player,
    /// The browser secret that the client's challenge cookie holds already.
    pub browser: Option<&'a Token>,
    /// The route that asks.
    pub route: &'a Route,
    /// What a right answer is good for.
    pub level: Level,
    /// What the player is shown: label and value.
    pub details: Vec<(String, String)>,
    /// The digest of the request, where the proof is bound to one.
    pub digest: Option<[u8; 32]>,
    /// Path and query where a browser goes on.
    pub return_to: String,
    /// Whether a held request will wait under the challenge.
    pub holds: bool,
}

/// A challenge that was opened.
#[derive(Debug)]
pub struct Asked {
    /// The challenge.
    pub challenge: Challenge,
    /// A new browser secret for the challenge cookie, if the client keeps cookies and had none.
    pub browser: Option<Token>,
}

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
    /// By what the site knows the player: only a client that sends a header itself is told its stamp.
    pub carrier: Carrier,
}

/// The player behind a request to our own pages, asked anew, and the browser it came from.
#[derive(Debug)]
pub(super) struct Asker {
    /// The player.
    pub(super) player: Player,
    /// The hash of the browser secret in the challenge cookie.
    pub(super) browser: Option<TokenHash>,
}

impl Asker {
    /// Whether the challenge was put to this very log-in and browser.
    fn owns(&self, challenge: &Challenge) -> bool {
        let same_login = challenge.subject == self.player.subject && challenge.binding == self.player.binding;
        match challenge.carrier {
            Carrier::Cookie => same_login && challenge.browser.is_some() && challenge.browser == self.browser,
            Carrier::Header => same_login,
        }
    }
}

impl Flow {
    /// Opens a challenge. Beyond a log-in's limit its oldest challenge ends, so that a stranger who
    /// has the password cannot keep the owner from being asked.
    ///
    /// # Errors
    /// `Store`.
    pub async fn ask(&self, rules: &RuleSet, new: NewChallenge<'_>) -> Result<Asked, FlowError> {
        self.open_challenge(rules.second_factor.approval_lifetime, new).await
    }

    /// [`Flow::ask`] with the lifetime of a challenge that can be answered at once.
    async fn open_challenge(&self, lifetime: Duration, new: NewChallenge<'_>) -> Result<Asked, FlowError> {
        let now = self.clock.now();
        let state = self.stores.factors.player(&new.player.subject).await?;
        let lifetime = if state.factors.is_empty() { LIFETIME_WITH_ENROLMENT } else { lifetime };
        let drawn = match (new.player.carrier, new.browser) {
            (Carrier::Cookie, None) => Some(Token::random()),
            (Carrier::Cookie, Some(_)) | (Carrier::Header, _) => None,
        };
        let browser = match new.player.carrier {
            Carrier::Cookie => drawn.as_ref().or(new.browser).map(Token::hash),
            Carrier::Header => None,
        };
        let challenge = Challenge {
            id: secret::public_id(),
            browser,
            subject: new.player.subject.clone(),
            binding: new.player.binding,
            carrier: new.player.carrier,
            route: new.route.name.as_ref().to_owned(),
            level: new.level,
            methods: new.route.methods.clone(),
            details: new.details,
            digest: new.digest,
            return_to: new.return_to,
            holds: new.holds,
            created_at: now,
            expires_at: now.plus(lifetime),
            state: ChallengeState::Open,
        };
        self.stores.challenges.put(challenge.clone()).await?;
        self.count_asked(&challenge);
        Ok(Asked { challenge, browser: drawn })
    }

    /// What the player of this very log-in and browser may see of a challenge.
    ///
    /// # Errors
    /// `Gone` for every challenge that is not theirs; `Identity`, `Anonymous`, `Store`.
    pub async fn view_challenge(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<ChallengeView, FlowError> {
        let asker = self.asker(rules, head).await?;
        self.view(&asker, id).await
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
        let asker = self.asker(rules, head).await?;
        let kind = answer.method;
        let proven = self.prove(&rules.second_factor, &asker, id, answer).await;
        self.count_attempt(kind, proven.as_ref().map(|_| ()));
        let challenge = proven?;
        let verified = self.grant(rules, head, challenge).await?;
        self.stores.attempts.clear(&asker.player.subject, kind).await?;
        Ok(verified)
    }

    /// Who asks, resolved anew (decisions 5).
    pub(super) async fn asker(&self, rules: &RuleSet, head: &Head<'_>) -> Result<Asker, FlowError> {
        let player = match rules.identity.who(head, Freshness::Anew).await? {
            Who::Nobody => return Err(FlowError::Anonymous),
            Who::Player(player) => player,
        };
        // A cookie that is repeated or malformed is none: its challenges are gone.
        let cookie = request::cookie(head.headers, CookieNames::of(rules.site.secure).challenge).ok().flatten();
        Ok(Asker { player, browser: cookie.and_then(Token::parse).map(|token| token.hash()) })
    }

    /// The challenge with this id if it is open and the asker's.
    pub(super) async fn own_challenge(&self, asker: &Asker, id: &str) -> Result<Challenge, FlowError> {
        let challenge = self.stores.challenges.find(id, self.clock.now()).await?.ok_or(FlowError::Gone)?;
        if !asker.owns(&challenge) {
            return Err(FlowError::Gone);
        }
        match challenge.state {
            ChallengeState::Open => Ok(challenge),
            ChallengeState::Answered { .. } => Err(FlowError::Gone),
        }
    }

    async fn view(&self, asker: &Asker, id: &str) -> Result<ChallengeView, FlowError> {
        let challenge = self.own_challenge(asker, id).await?;
        let now = self.clock.now();
        let state = self.stores.factors.player(&challenge.subject).await?;
        let answers = |kind: &FactorKind| {
            state.factors.iter().any(|factor| factor.kind == *kind && is_ripe(factor, challenge.level, now))
        };
        let methods: Vec<FactorKind> = challenge.methods.iter().copied().filter(answers).collect();
        let mut paused_until = None;
        for kind in &methods {
            let until = self.stores.attempts.paused_until(&challenge.subject, *kind, now).await?;
            paused_until = paused_until.max(until);
        }
        Ok(ChallengeView {
            id: challenge.id,
            route: challenge.route,
            level: challenge.level,
            methods,
            details: challenge.details,
            return_to: challenge.return_to,
            holds: challenge.holds,
            expires_at: challenge.expires_at,
            paused_until,
        })
    }
}

/// Whether a factor may answer at this level now: a new one answers for `session` only (decisions 8).
fn is_ripe(factor: &FactorRecord, level: Level, now: UnixTime) -> bool {
    match level {
        Level::Session => true,
        Level::Fresh | Level::Once => factor.matures_at <= now,
    }
}
