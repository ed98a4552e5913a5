//! A browser with a log-in at the site: the cookies that it keeps, and what it asks.

use std::collections::BTreeMap;

use http::{HeaderMap, Method, header};

use super::*;
use crate::{
    fields::Body,
    flow::{
        challenge::Verified,
        change::Changed,
        gate::{APPROVAL_HEADER, Arrival, BodyState, Outcome},
        testing::SITE_SECRET,
        withhold::{LoggedIn, WithheldAnswer},
    },
    request::{AnswerCookies, Head, Scheme, Subject},
    target::Target,
};

/// A player's browser.
#[derive(Clone)]
pub(super) struct Browser {
    cookies: BTreeMap<&'static str, String>,
}

/// A request of it, for as long as it is looked at.
pub(super) struct Request {
    method: Method,
    target: Target,
    headers: HeaderMap,
    answer_cookies: AnswerCookies,
}

impl Request {
    pub(super) fn head(&self) -> Head<'_> {
        let client = std::net::Ipv4Addr::LOCALHOST.into();
        Head {
            method: &self.method,
            target: &self.target,
            host: "play.example",
            scheme: Scheme::Https,
            version: http::Version::HTTP_11,
            headers: &self.headers,
            client,
            peer: client,
            answer_cookies: &self.answer_cookies,
        }
    }

    fn with_approval(mut self, approval: &Token) -> Self {
        self.headers.insert(APPROVAL_HEADER, approval.reveal().parse().unwrap());
        self
    }
}

const NAMES: CookieNames = CookieNames::of(true);

impl Browser {
    /// One in which a player has logged in.
    pub(super) fn of(subject: &str, login: &str) -> Self {
        let mut browser = Self { cookies: BTreeMap::new() };
        browser.log_in(subject, login);
        browser
    }

    /// Another log-in; our cookies stay.
    pub(super) fn log_in(&mut self, subject: &str, login: &str) {
        let claims = serde_json::json!({
            "sub": subject, "sid": login, "exp": START.plus(365 * DAY).secs(),
            "phone": NUMBER, "phone_since": "2020-01-01T00:00:00Z", "email": format!("{subject}@play.example"),
        });
        let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let message = format!("{}.{}", part(r#"{"alg":"HS256","typ":"JWT"}"#), part(&claims.to_string()));
        crate::stamp::provider::install();
        let key = jsonwebtoken::EncodingKey::from_secret(SITE_SECRET.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
        self.cookies.insert("session", format!("{message}.{signature}"));
    }

    /// Logs in where the answer waits, at `/login`; the challenge that is asked.
    pub(super) async fn log_in_held(&mut self, world: &World, subject: &str, login: &str) -> String {
        self.log_in(subject, login);
        let session = self.cookies.remove("session").unwrap();
        let set = format!("session={session}; Path=/");
        let answer = [(header::SET_COOKIE, set.parse().unwrap())].into_iter().collect();
        let request = self.request(Method::POST, "/login");
        let kept = WithheldAnswer::of(&request.head(), 302, &answer, b"welcome".to_vec());
        let subject = Subject::parse(subject).unwrap();
        let logged_in = world.flow.withhold(&world.rules, &request.head(), (&subject, kept)).await.unwrap();
        let LoggedIn::Withheld(asked) = logged_in else { panic!("it does not wait: {logged_in:?}") };
        self.keep(asked.browser.as_ref());
        asked.challenge.id
    }

    /// Answers such a challenge with the app; the token by which the answer is given out.
    pub(super) async fn prove_held(&self, account: &Account, id: &str) -> Result<Token, FlowError> {
        account.world.clock.advance(STEP);
        let (flow, rules) = (&account.world.flow, &account.world.rules);
        let mut request = self.call();
        let headers = flow.with_withheld_session(rules, &request.headers, id).await?;
        request.headers = headers.ok_or(FlowError::Gone)?;
        let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember: false };
        Ok(flow.verify(rules, &request.head(), id, answer).await?.resume.expect("what waits"))
    }

    /// Asks for the answer that was withheld.
    pub(super) async fn release(&self, world: &World, token: &Token) -> Result<Option<WithheldAnswer>, FlowError> {
        let request = self.request(Method::POST, "/login");
        world.flow.release_login(&world.rules, &request.head(), token).await
    }

    pub(super) fn forget_stamp(&mut self) {
        self.cookies.remove(NAMES.stamp);
    }

    /// The values of both cookies.
    pub(super) fn stamp_and_device(&self) -> [String; 2] {
        [NAMES.stamp, NAMES.device].map(|name| self.cookies[name].clone())
    }

    pub(super) fn device(&self) -> &str {
        &self.cookies[NAMES.device]
    }

    pub(super) fn set_device(&mut self, value: &str) {
        self.cookies.insert(NAMES.device, value.to_owned());
    }

    pub(super) fn request(&self, method: Method, path: &str) -> Request {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = [(header::COOKIE, cookies.join("; ").parse().unwrap())].into_iter().collect();
        let target = Target::parse(path.as_bytes()).unwrap();
        Request { method, target, headers, answer_cookies: AnswerCookies::default() }
    }

    /// A POST to our own pages.
    pub(super) fn call(&self) -> Request {
        self.request(Method::POST, "/.stepgate/api")
    }

    /// What the gate does with a GET.
    pub(super) async fn visit(&mut self, world: &World, path: &str) -> Outcome {
        self.arrive(world, &self.request(Method::GET, path)).await
    }

    /// What it does with a POST.
    pub(super) async fn post(&mut self, world: &World, path: &str) -> Outcome {
        self.arrive(world, &self.request(Method::POST, path)).await
    }

    /// What it does with a POST that brings an approval.
    pub(super) async fn post_with(&mut self, world: &World, path: &str, approval: &Token) -> Outcome {
        self.arrive(world, &self.request(Method::POST, path).with_approval(approval)).await
    }

    async fn arrive(&mut self, world: &World, request: &Request) -> Outcome {
        let head = request.head();
        let body = BodyState::Read(Body { content_type: None, bytes: b"" });
        let gated = world.flow.gate(&world.rules, Arrival { head: &head, body, wants_page: |_, _| false }).await;
        if let Some(exchanged) = &gated.exchanged {
            self.cookies.insert(NAMES.stamp, exchanged.stamp.token.clone());
            if let Some(device) = &exchanged.cookie {
                self.cookies.insert(NAMES.device, device.value.clone());
            }
        }
        if let Outcome::Ask { asked, .. } = &gated.outcome {
            self.keep(asked.browser.as_ref());
        }
        gated.outcome
    }

    fn keep(&mut self, browser: Option<&Token>) {
        if let Some(secret) = browser {
            self.cookies.insert(NAMES.challenge, secret.reveal().to_string());
        }
    }

    /// Has the code of a challenge sent; the code.
    pub(super) async fn sent_code(&self, world: &World, id: &str) -> String {
        world.flow.send_code(&world.rules, &self.call().head(), id).await.unwrap();
        world.code_sent_to(NUMBER)
    }

    pub(super) async fn answer(&mut self, world: &World, id: &str, answer: Answer<'_>) -> Result<Verified, FlowError> {
        let verified = world.flow.verify(&world.rules, &self.call().head(), id, answer).await?;
        if let Some(minted) = &verified.granted.stamp {
            self.cookies.insert(NAMES.stamp, minted.token.clone());
        }
        if let Some(device) = &verified.device {
            self.cookies.insert(NAMES.device, device.value.clone());
        }
        Ok(verified)
    }

    /// Logs in with the app, up to the stamp.
    pub(super) async fn prove(&mut self, account: &Account, remember: bool) {
        account.world.clock.advance(STEP);
        let id = asked(self.visit(&account.world, "/account").await);
        let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember };
        self.answer(&account.world, &id, answer).await.unwrap();
    }

    pub(super) async fn change(
        &mut self,
        world: &World,
        change: &Change,
        approval: Option<&Token>,
    ) -> Result<Changed, FlowError> {
        let changed = world.flow.change(&world.rules, &self.call().head(), change.clone(), approval).await;
        if let Err(FlowError::ProofRequired(asked)) = &changed {
            self.keep(asked.browser.as_ref());
        }
        changed
    }

    /// Opens the challenge of a change and answers it with the app; the approval.
    pub(super) async fn approve(&mut self, account: &Account, change: &Change) -> Token {
        account.world.clock.advance(STEP);
        let asked = self.change(&account.world, change, None).await;
        let Err(FlowError::ProofRequired(asked)) = asked else { panic!("{change:?} needs a proof: {asked:?}") };
        let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember: false };
        let verified = self.answer(&account.world, &asked.challenge.id, answer).await.unwrap();
        verified.granted.approval.expect("an approval of the change")
    }

    /// Who asks, as the use cases see it.
    pub(super) async fn asker(&self, world: &World) -> Asker {
        world.flow.asker(&world.rules, &self.call().head()).await.unwrap()
    }
}

/// The challenge that an outcome opens.
pub(super) fn asked(outcome: Outcome) -> String {
    let Outcome::Ask { asked, .. } = outcome else { panic!("no challenge: {outcome:?}") };
    asked.challenge.id
}

pub(super) fn passes(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Pass(_))
}
