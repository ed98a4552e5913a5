//! Notices on their way: letters, sealed while they wait in the outbox, and the round that carries
//! those that are due.

use std::{sync::Arc, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::{
    clock::{Clock, UnixTime},
    contact::{MailAddress, PhoneNumber},
    courier::{CourierError, Couriers, Mail, Sms},
    request::Subject,
    secret::{Sealed, Sealer},
    store::{Outbox, OutboxRecord, StoreError, sealing::SealedKind},
};

/// What a letter is sealed for; its context is the record's id and the subject.
const SEALED_FOR: &str = SealedKind::Notice.purpose();
/// Letters of one round.
const MOST: u32 = 20;
/// How long a round may take before another process may carry the same letter.
const LEASE: Duration = Duration::from_secs(120);
/// After so long a letter is given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);

/// Where notices go besides the player's own contacts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The site's own address for events.
    pub webhook: Option<Webhook>,
}

/// An address of the site that events are posted to.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where.
    pub url: String,
    /// Signs each post.
    pub secret: secrecy::SecretString,
}

/// One notice by one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Letter {
    /// To a phone.
    Sms {
        /// Whose.
        to: PhoneNumber,
        /// What is read.
        text: String,
    },
    /// To a mailbox.
    Mail {
        /// Whose.
        to: MailAddress,
        /// One line.
        subject: String,
        /// Plain text.
        text: String,
    },
    /// To the site.
    Webhook {
        /// A JSON document.
        document: String,
    },
}

impl Letter {
    /// An event as the site is told of it.
    #[must_use]
    pub fn webhook(subject: &Subject, event: &str, detail: &str, at: UnixTime) -> Self {
        let document = serde_json::json!({
            "event": event, "subject": subject.as_str(), "detail": detail, "at": at.secs(),
        });
        Self::Webhook { document: document.to_string() }
    }

    /// `sms`, `email` or `webhook`.
    #[must_use]
    pub const fn channel(&self) -> &'static str {
        match self {
            Self::Sms { .. } => "sms",
            Self::Mail { .. } => "email",
            Self::Webhook { .. } => "webhook",
        }
    }
}

/// Seals a letter for its record.
#[must_use]
pub fn seal(sealer: &Sealer, id: &str, subject: &Subject, letter: &Letter) -> Sealed {
    // A letter has only texts: it is always written.
    let plain = zeroize::Zeroizing::new(serde_json::to_vec(letter).unwrap_or_default());
    sealer.seal(SEALED_FOR, &[id.as_bytes(), subject.as_str().as_bytes()], &plain)
}

/// Why a letter was not carried.
#[derive(Debug, thiserror::Error)]
enum NotCarried {
    #[error("it cannot be opened")]
    Unreadable,
    #[error(transparent)]
    Courier(#[from] CourierError),
    #[error("the webhook did not take it: {0}")]
    Webhook(String),
}

/// Carries what is due.
pub struct Round<'a> {
    /// Where letters wait.
    pub outbox: &'a dyn Outbox,
    /// Opens them.
    pub sealer: &'a Sealer,
    /// Carry them.
    pub couriers: &'a Couriers,
    /// The site's address.
    pub settings: &'a Settings,
    /// Posts to it.
    pub http: &'a reqwest::Client,
    /// When.
    pub clock: &'a Arc<dyn Clock>,
}

impl Round<'_> {
    /// Carries what is due, each once; what fails is put off, longer each time. How many were carried.
    ///
    /// # Errors
    /// [`StoreError`]; what was not carried stays due.
    pub async fn carry(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let due = self.outbox.claim(now, now.plus(LEASE), MOST).await?;
        let mut carried = 0;
        for record in due {
            match self.deliver(&record).await {
                Ok(()) => {
                    carried += 1;
                    self.outbox.remove(&record.id).await?;
                }
                Err(error) => self.failed(&record, &error).await?,
            }
        }
        Ok(carried)
    }

    async fn deliver(&self, record: &OutboxRecord) -> Result<(), NotCarried> {
        let context = [record.id.as_bytes(), record.subject.as_str().as_bytes()];
        let opened = self.sealer.open(SEALED_FOR, &context, &record.sealed).map_err(|_| NotCarried::Unreadable)?;
        let letter: Letter = serde_json::from_slice(&opened).map_err(|_| NotCarried::Unreadable)?;
        match &letter {
            Letter::Sms { to, text } => self.couriers.sms(Sms { to, text }).await.map(|_| ())?,
            Letter::Mail { to, subject, text } => {
                self.couriers.mail(Mail { to, subject, text }).await.map(|_| ())?;
            }
            Letter::Webhook { document } => self.post(&record.id, document).await?,
        }
        Ok(())
    }

    async fn failed(&self, record: &OutboxRecord, error: &NotCarried) -> Result<(), StoreError> {
        let now = self.clock.now();
        let is_old = now.since(record.created_at) > GIVEN_UP_AFTER;
        let is_hopeless = matches!(error, NotCarried::Unreadable | NotCarried::Courier(CourierError::Refused(_)));
        if is_old || is_hopeless {
            tracing::error!(kind = record.kind, channel = record.channel, %error, "a notice is given up");
            return self.outbox.remove(&record.id).await;
        }
        tracing::warn!(kind = record.kind, channel = record.channel, tries = record.tries, %error, "a notice is put off");
        self.outbox.put_off(&record.id, now.plus(pause(record.tries))).await
    }

    /// Posts an event. The signature covers the time and the document, so that an old post cannot be
    /// played again.
    async fn post(&self, id: &str, document: &str) -> Result<(), NotCarried> {
        let Some(webhook) = &self.settings.webhook else { return Ok(()) };
        let time = self.clock.now().secs();
        let signature = sign(&webhook.secret, time, document);
        let request = self
            .http
            .post(&webhook.url)
            .timeout(Duration::from_secs(10))
            .header("Content-Type", "application/json")
            .header("Stepgate-Event-Id", id)
            .header("Stepgate-Signature", format!("t={time},v1={signature}"))
            .body(document.to_owned());
        let answer = request.send().await.map_err(|error| NotCarried::Webhook(error.without_url().to_string()))?;
        if answer.status().is_success() { Ok(()) } else { Err(NotCarried::Webhook(answer.status().to_string())) }
    }
}

/// HMAC-SHA-256 over `time.document` under the webhook's secret, in hex.
#[must_use]
pub fn sign(secret: &secrecy::SecretString, time: i64, document: &str) -> String {
    let key = secrecy::ExposeSecret::expose_secret(secret).as_bytes();
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{time}.{document}").as_bytes());
    data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// From a minute, doubling, to an hour.
fn pause(tries: u32) -> Duration {
    Duration::from_secs(60 << tries.min(6)).min(Duration::from_secs(3600))
}
