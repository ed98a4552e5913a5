//! Log-ins whose answer waits for the proof of a second factor (decisions 23, 41).
//!
//! The site's whole answer to a good log-in is kept sealed under a challenge: the new session exists
//! nowhere outside of us until the player has proven a factor, and then goes to the browser that was
//! asked, once. Meanwhile that browser's requests to the pages of this one challenge are read as if they
//! carried the session, so that everything there knows whom it asks and what a stamp will be bound to.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::{
    flow::{
        CookieNames, Flow, FlowError, RuleSet,
        challenge::{Asked, NewChallenge},
        device::Exchanged,
        gate::{Spend, account, browser_secret},
    },
    identity::{Freshness, Who},
    policy::Enrolment,
    request::{self, Head, Subject},
    secret::Token,
    store::{Challenge, ChallengeState, shared::Level},
};

/// What such a challenge is asked for, where others name their route.
const ASKS: &str = "login";
/// How many are kept of one player: whoever has a password and logs in again and again takes no more room.
const KEPT_OF_ONE: usize = 3;
/// How long an answer is kept at most.
const KEPT: Duration = Duration::from_secs(5 * 60);

/// An answer of the site, whole.
#[derive(Debug, Serialize, Deserialize)]
pub struct WithheldAnswer {
    /// Its status.
    pub status: u16,
    /// Every header, in order; nothing of framing.
    headers: Vec<(String, Vec<u8>)>,
    /// Where the log-in was sent, and where its answer is given out.
    target: String,
    host: String,
    /// Apart from the rest, since text of it would be several times as long.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// What becomes of the answer to a good log-in.
#[derive(Debug)]
pub enum LoggedIn {
    /// No proof is needed: it goes out as it is.
    Delivered,
    /// The browser is remembered: it goes out with these cookies.
    Remembered(Box<Exchanged>),
    /// It is kept, and the player is asked.
    Withheld(Box<Asked>),
}

impl WithheldAnswer {
    /// The answer of this status, headers and body to a request of this head.
    #[must_use]
    pub fn of(head: &Head<'_>, status: u16, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()));
        Self {
            status,
            headers: headers.collect(),
            target: head.target.raw().to_owned(),
            host: head.host.to_owned(),
            body,
        }
    }

    /// Its headers.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let pair = |(name, value): &(String, Vec<u8>)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_bytes(value).ok()?))
        };
        self.headers.iter().filter_map(pair).collect()
    }

    /// The length of the head as 4 bytes, the head as JSON, the body.
    fn to_bytes(&self) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let head = zeroize::Zeroizing::new(serde_json::to_vec(self).ok()?);
        let length = u32::try_from(head.len()).ok()?.to_be_bytes();
        Some(zeroize::Zeroizing::new([&length, head.as_slice(), &self.body].concat()))
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (head, body) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        let head: Self = serde_json::from_slice(head).ok()?;
        Some(Self { body: body.to_vec(), ..head })
    }
}

impl Flow {
    /// What becomes of the answer to the log-in of `subject`. Where it waits it is kept, and may not be
    /// given out.
    ///
    /// # Errors
    /// Whatever hinders to find out: then it may not be given out either.
    pub async fn withhold(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        (subject, mut answer): (&Subject, WithheldAnswer),
    ) -> Result<LoggedIn, FlowError> {
        let headers = rules.identity.with_session(head.headers, &answer.headers());
        let after = Head { headers: &headers, ..*head };
        let Who::Player(player) = rules.identity.who(&after, Freshness::Anew).await? else {
            return Err(FlowError::Anonymous);
        };
        if player.subject != *subject {
            return Err(FlowError::Denied("the site names two players for one log-in"));
        }
        let state = self.stores.accounts.player(subject).await?;
        match account(&state).enrolment {
            // Who lost it binds a new one behind the log-in; guarded routes ask for that.
            Enrolment::Unenrolled | Enrolment::MustBind => {
                rules.identity.release_session(&after, subject).await?;
                return Ok(LoggedIn::Delivered);
            }
            Enrolment::Active { .. } => {}
        }
        let methods = &rules.second_factor.methods;
        if let Some(exchanged) = self.exchange_device(rules, &after, &player, methods).await? {
            rules.identity.release_session(&after, subject).await?;
            return Ok(LoggedIn::Remembered(Box::new(exchanged)));
        }
        let browser = browser_secret(rules, head);
        let new = NewChallenge {
            player: &player,
            browser: browser.as_ref(),
            asks: ASKS,
            methods: methods.clone(),
            level: Level::Session,
            details: Vec::new(),
            digest: None,
            return_to: head.target.raw().to_owned(),
            holds: true,
        };
        let asked = self.ask(rules, new).await?;
        // What the site set while it was asked who this is may be the session itself.
        for line in head.answer_cookies.take_site_lines() {
            answer.headers.push((header::SET_COOKIE.as_str().to_owned(), line.as_bytes().to_vec()));
        }
        let plain = answer.to_bytes().ok_or(FlowError::TooLarge)?;
        let sealed = self.sealer.seal("login", &context(&asked.challenge), &plain);
        let until = asked.challenge.expires_at.min(self.clock.now().plus(KEPT));
        let id = key(&asked.challenge.id);
        if !self.stores.held.put_of((subject, KEPT_OF_ONE), &id, sealed, until).await? {
            self.stores.challenges.remove(&asked.challenge.id).await?;
            return Err(FlowError::TooLarge);
        }
        Ok(LoggedIn::Withheld(Box::new(asked)))
    }

    /// The headers of a request to the pages of a challenge with the session that is withheld under it;
    /// `None` where there is none, or the request is of another browser.
    ///
    /// # Errors
    /// `Store`.
    pub async fn with_withheld_session(
        &self,
        rules: &RuleSet,
        headers: &HeaderMap,
        id: &str,
    ) -> Result<Option<HeaderMap>, FlowError> {
        let name = CookieNames::of(rules.site.secure).challenge;
        let Some(browser) = request::cookie(headers, name).ok().flatten().and_then(Token::parse) else {
            return Ok(None);
        };
        let Some(challenge) = self.stores.challenges.find(id, self.clock.now()).await? else { return Ok(None) };
        if challenge.browser != Some(browser.hash()) {
            return Ok(None);
        }
        let Some(answer) = self.withheld(&challenge).await? else { return Ok(None) };
        Ok(Some(rules.identity.with_session(headers, &answer.headers())))
    }

    /// The answer that a proven log-in gives out, once; `None` where the token is of something else.
    ///
    /// # Errors
    /// `Gone` for every browser but the one that was asked, and before the proof; `Frozen`; `Store`.
    pub async fn release_login(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        token: &Token,
    ) -> Result<Option<WithheldAnswer>, FlowError> {
        let now = self.clock.now();
        let Some(approval) = self.stores.approvals.find(token.hash(), now).await? else { return Ok(None) };
        let Some(challenge) = self.stores.challenges.find(&approval.challenge_id, now).await? else { return Ok(None) };
        let Some(answer) = self.withheld(&challenge).await? else { return Ok(None) };
        let browser = browser_secret(rules, head).map(|secret| secret.hash());
        let here = answer.target == head.target.raw() && answer.host == head.host;
        if !here || browser.is_none() || browser != challenge.browser {
            return Err(FlowError::Gone);
        }
        let ChallengeState::Answered { by, epoch, .. } = challenge.state else { return Err(FlowError::Gone) };
        // What ended the log-in or the player's stamps since its proof, or froze the account, ends this too.
        let (binding, subject) = (challenge.binding, &challenge.subject);
        if self.stores.families.epoch_if_open(binding, subject).await? != Some(epoch) {
            return Err(FlowError::Gone);
        }
        if self.stores.accounts.player(subject).await?.freeze.is_some() {
            return Err(FlowError::Frozen);
        }
        let spend = Spend {
            subject: challenge.subject.clone(),
            challenge_id: challenge.id.clone(),
            expires_at: approval.expires_at,
            by,
            epoch,
        };
        // Before it is consumed: where this fails, the player may try again.
        let headers = rules.identity.with_session(head.headers, &answer.headers());
        rules.identity.release_session(&Head { headers: &headers, ..*head }, &challenge.subject).await?;
        self.spend(&spend).await?;
        // What remains is only litter: the id is spent.
        let _ = self.stores.held.remove(&key(&challenge.id)).await;
        Ok(Some(answer))
    }

    async fn withheld(&self, challenge: &Challenge) -> Result<Option<WithheldAnswer>, FlowError> {
        let kept = self.stores.held.find(&key(&challenge.id), self.clock.now()).await?;
        let opened = kept.and_then(|sealed| self.sealer.open("login", &context(challenge), &sealed).ok());
        Ok(opened.and_then(|plain| WithheldAnswer::from_bytes(&plain)))
    }
}

/// Beside held requests, which stand under the id alone.
fn key(challenge_id: &str) -> String {
    format!("login-{challenge_id}")
}

/// What an answer is bound to besides its key.
fn context(challenge: &Challenge) -> [&[u8]; 3] {
    [challenge.id.as_bytes(), challenge.subject.as_str().as_bytes(), &challenge.binding.0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_back_byte_for_byte() {
        let headers = vec![("set-cookie".to_owned(), b"a=\xff".to_vec()), ("set-cookie".to_owned(), b"b=2".to_vec())];
        let body = vec![0, 255, 10];
        let kept = WithheldAnswer { status: 302, headers, target: "/login".into(), host: "h".into(), body };
        let bytes = kept.to_bytes().unwrap();
        let back = WithheldAnswer::from_bytes(&bytes).unwrap();
        assert_eq!((back.status, &back.body), (302, &kept.body));
        assert_eq!(back.headers().get_all("set-cookie").iter().count(), 2);
        assert!(WithheldAnswer::from_bytes(&bytes[..8]).is_none());
    }
}
