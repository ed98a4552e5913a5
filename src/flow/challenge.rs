//! Asking for a code and checking it.
//!
//! A challenge is answered by the log-in and the browser that were asked, and by no other; everyone
//! else learns that it is gone. `prove` holds the order of the steps from a code to an answered
//! challenge, `grant` what that then gives.

mod answering;
mod counts;
mod grant;
pub(super) mod prove;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, time::Duration};

pub(super) use answering::may_answer;
use answering::{answers, provers};

use crate::{
    clock::UnixTime,
    flow::{CookieNames, Flow, FlowError, Granted, RuleSet, account::noted, device, send},
    identity::{Freshness, Player, Who},
    policy::FactorKind,
    request::{self, Carrier, Head},
    secret::{self, Token, TokenHash},
    store::{
        Tries, TriesBy,
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
    /// The name of the route that asks, or the word of the change.
    pub asks: &'a str,
    /// The kinds that may answer.
    pub methods: Vec<FactorKind>,
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
    /// The kinds that may answer it now; empty where the player must enrol first.
    pub methods: Vec<FactorKind>,
    /// A new browser secret for the challenge cookie, if the client keeps cookies and had none.
    pub browser: Option<Token>,
}

/// What a page or a JSON client is shown of an open challenge.
#[derive(Clone, Debug)]
pub struct ChallengeView {
    /// Its id.
    pub id: String,
    /// The name of the route that asks, or the word of the change.
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
    /// Until when codes of every kind are paused after too many wrong ones.
    pub paused_until: Option<UnixTime>,
    /// Where codes are sent, if they can be.
    pub sms: Option<SmsView>,
    /// Whether the browser may be remembered: only where `session` is required.
    pub can_remember: bool,
    /// The language that the site says.
    pub locale: Option<String>,
}

/// Where codes are sent, as its player sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsView {
    /// The number, masked.
    pub to: String,
    /// When the code was sent that counts now.
    pub sent_at: Option<UnixTime>,
    /// When another may be asked for.
    pub resend_at: Option<UnixTime>,
}

/// One answer.
#[derive(Debug)]
pub struct Answer<'a> {
    /// The factor kind.
    pub method: FactorKind,
    /// As typed.
    pub code: &'a str,
    /// Whether the browser is to be remembered, where that can be.
    pub remember: bool,
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
    /// What the proof was for.
    pub level: Level,
    /// The cookie of the browser that is remembered now.
    pub device: Option<device::DeviceCookie>,
    /// How many backup codes are left, if one was used.
    pub backup_codes_left: Option<u32>,
    /// The player's language, where the site knows it.
    pub locale: Option<String>,
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
    /// Whether the player has proven a factor in this browser before; known only where codes are tried.
    pub(super) known: bool,
    /// Where the request came from.
    pub(super) client: IpAddr,
}

impl Asker {
    /// Where this browser's tries of a kind are counted (decisions 29).
    pub(super) const fn tries(&self, kind: FactorKind) -> Tries {
        Tries { kind, by: if self.known { TriesBy::KnownBrowser } else { TriesBy::Anyone } }
    }

    /// Whether the challenge was put to this very log-in and browser.
    pub(super) fn owns(&self, challenge: &Challenge) -> bool {
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
        let state = self.stores.accounts.player(&new.player.subject).await?;
        let lifetime = if provers(&state, &new.level).is_empty() { LIFETIME_WITH_ENROLMENT } else { lifetime };
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
            route: new.asks.to_owned(),
            level: new.level,
            methods: new.methods,
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
        let answers = |kind: &FactorKind| answers(&state, *kind, &challenge.level, now);
        let methods = challenge.methods.iter().copied().filter(answers).collect();
        Ok(Asked { challenge, methods, browser: drawn })
    }

    /// What the player of this very log-in and browser may see of a challenge.
    ///
    /// # Errors
    /// `Gone` for every challenge that is not theirs; `Identity`, `Anonymous`, `Store`.
    pub async fn view_challenge(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<ChallengeView, FlowError> {
        let asker = self.known_asker(rules, head).await?;
        self.view(rules, &asker, id).await
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
        let asker = self.known_asker(rules, head).await?;
        let (kind, remember) = (answer.method, answer.remember);
        let proven = self.prove(rules, &asker, id, answer).await;
        self.count_attempt(kind, proven.as_ref().map(|_| ()));
        if let Err(error) = &proven {
            self.tell_of_failures(rules, &asker.player, asker.tries(kind), error).await;
        }
        let proven = proven?;
        let (subject, epoch) = (&asker.player.subject, proven.epoch);
        self.forget_failures(rules, &asker, asker.tries(kind), &[]).await;
        let remember = remember && proven.challenge.level == Level::Session;
        let answered = proven.challenge.clone();
        let granted = self.grant(rules, head, proven).await;
        if matches!(granted, Err(FlowError::Store(_))) {
            self.reopen(&answered).await;
        }
        let mut verified = granted?;
        verified.locale.clone_from(&asker.player.claims.locale);
        if remember {
            // What was proven counts: the browser that is not remembered is asked again, no more.
            let device = self.remember_device(rules, head, (&asker.player, epoch), kind).await;
            verified.device = noted("a browser is not remembered", device).flatten();
        }
        if kind == FactorKind::BackupCode {
            let state = self.stores.accounts.player(subject).await.map_err(FlowError::from);
            verified.backup_codes_left =
                noted("the codes left are not told", state).map(|state| state.backup_codes_left);
        }
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
        let browser = cookie.and_then(Token::parse).map(|token| token.hash());
        Ok(Asker { player, browser, known: false, client: head.client })
    }

    /// Who asks, and whether the browser is known.
    pub(super) async fn known_asker(&self, rules: &RuleSet, head: &Head<'_>) -> Result<Asker, FlowError> {
        let asker = self.asker(rules, head).await?;
        let known = self.is_known_browser(rules, head, &asker.player.subject).await?;
        Ok(Asker { known, ..asker })
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

    async fn view(&self, rules: &RuleSet, asker: &Asker, id: &str) -> Result<ChallengeView, FlowError> {
        let challenge = self.own_challenge(asker, id).await?;
        let now = self.clock.now();
        let state = self.stores.accounts.player(&challenge.subject).await?;
        let methods: Vec<FactorKind> =
            challenge.methods.iter().copied().filter(|kind| answers(&state, *kind, &challenge.level, now)).collect();
        let mut free = methods.is_empty();
        let mut paused_until = None;
        for kind in &methods {
            let until = self.paused_until(rules, asker, asker.tries(*kind)).await?;
            free |= until.is_none();
            paused_until = until.min(paused_until).or(until).or(paused_until);
        }
        let sms = match provers(&state, &challenge.level).iter().find(|factor| factor.kind == FactorKind::Sms) {
            Some(factor) if methods.contains(&FactorKind::Sms) => {
                Some(self.sms_view(rules, &self.number_of(factor)?, &send::purpose_of(&challenge)).await?)
            }
            _ => None,
        };
        Ok(ChallengeView {
            id: challenge.id,
            route: challenge.route,
            can_remember: challenge.level == Level::Session
                && challenge.carrier == Carrier::Cookie
                && rules.second_factor.devices.most > 0,
            level: challenge.level,
            methods,
            details: challenge.details,
            return_to: challenge.return_to,
            holds: challenge.holds,
            expires_at: challenge.expires_at,
            paused_until: paused_until.filter(|_| !free),
            sms,
            locale: asker.player.claims.locale.clone(),
        })
    }
}
