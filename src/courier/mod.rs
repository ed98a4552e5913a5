//! Couriers carry codes and notices to players: SMS and mail.
//!
//! The couriers of a channel are tried in the order of the configuration, each with a deadline. One
//! that cannot be reached several times in a row is passed over for a growing while. A message whose
//! deadline passed may still have been carried: the next courier carries it again.
//!
//! A failure is either a refusal of this message or a courier that could not be asked; only the second
//! counts against the courier, so that nobody can make it be passed over by typing bad numbers.
//!
//! Adding one: a file with its `Settings` and a `carry`; a variant of [`SmsSettings`] or
//! [`MailSettings`] and of what is built from it; its keys in `config/raw` and `config/resolve`.

use std::{borrow::Cow, sync::Arc, time::Duration};

use tokio::runtime::Handle;

use crate::{
    clock::Clock,
    contact::{MailAddress, PhoneNumber},
    metrics::{Metrics, words::Channel},
    secret::public_id,
};

mod breaker;
pub mod http;
mod line;
pub mod outbox;
mod provider;
pub mod receipt;
pub mod smtp;
pub mod template;
pub mod twilio;
#[cfg(test)]
mod fuzz_tests;

pub use breaker::Patience;
use line::{Described, Line};
use outbox::Outbox;
use provider::Failure;
use receipt::Receipts;

/// A short message to one phone.
#[derive(Clone, Copy)]
pub struct Sms<'a> {
    /// Whose phone.
    pub to: &'a PhoneNumber,
    /// What is read there.
    pub text: &'a str,
}

/// A mail to one address.
#[derive(Clone, Copy)]
pub struct Mail<'a> {
    /// Whose mailbox.
    pub to: &'a MailAddress,
    /// One line.
    pub subject: &'a str,
    /// Plain text.
    pub text: &'a str,
}

/// A message was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The courier's position in its list, from 0; its metric label is kind and position.
    pub courier: usize,
    /// The provider's name for the message.
    pub reference: Option<String>,
}

/// Why a message was not carried. No variant says whom it was for or what it said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CourierError {
    /// The configuration has none for this channel.
    #[error("no courier carries this")]
    NoCourier,
    /// Every courier that was asked said no to this message: asking again is of no use.
    #[error("every courier refused: {0}")]
    Refused(String),
    /// At least one could not be asked: it may go better later.
    #[error("no courier could be reached: {0}")]
    Unreachable(String),
}

/// The couriers of a configuration, in its order.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// For SMS.
    pub sms: Vec<SmsSettings>,
    /// For mail.
    pub mail: Vec<MailSettings>,
    /// How patient we are with each.
    pub patience: Patience,
    /// What an SMS costs by the dearest courier, in millionths of the operator's unit of money.
    pub price: u64,
}

/// A courier for SMS.
#[derive(Clone, Debug)]
pub enum SmsSettings {
    /// Any provider with an HTTP interface.
    Http(http::Settings),
    /// Twilio.
    Twilio(twilio::Settings),
    /// Keeps it.
    Outbox,
}

/// A courier for mail.
#[derive(Clone, Debug)]
pub enum MailSettings {
    /// A mail server.
    Smtp(smtp::Settings),
    /// Keeps it.
    Outbox,
}

/// What couriers need from the process.
#[derive(Clone)]
pub struct Ports {
    /// Asks providers; follows no redirects.
    pub http: reqwest::Client,
    /// When a courier may be tried again.
    pub clock: Arc<dyn Clock>,
    /// What was carried.
    pub metrics: Arc<Metrics>,
    /// Where the `outbox` kind keeps messages.
    pub outbox: Arc<Outbox>,
    /// Where providers say what became of a message.
    pub receipts: Receipts,
    /// Where messages are carried (decisions 46): whoever asked may leave, or its thread end.
    pub runtime: Handle,
}

/// A configuration's couriers cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(String);

/// The couriers in force.
#[derive(Debug)]
pub struct Couriers {
    lines: Arc<Lines>,
    runtime: Handle,
    price: u64,
}

struct Lines {
    sms: Line<SmsCourier>,
    mail: Line<MailCourier>,
    clock: Arc<dyn Clock>,
    receipts: Receipts,
}

#[derive(Debug)]
enum SmsCourier {
    Http(http::Http),
    Twilio(twilio::Twilio),
    Outbox(Arc<Outbox>),
}

#[derive(Debug)]
enum MailCourier {
    Smtp(Box<smtp::Smtp>),
    Outbox(Arc<Outbox>),
}

impl Couriers {
    /// The couriers of a configuration.
    ///
    /// # Errors
    /// [`BuildError`] where a client cannot be made.
    pub fn build(settings: Settings, ports: &Ports) -> Result<Self, BuildError> {
        let sms: Result<_, _> = settings.sms.into_iter().map(|one| SmsCourier::build(one, ports)).collect();
        let mail: Result<_, _> = settings.mail.into_iter().map(|one| MailCourier::build(one, ports)).collect();
        ports.metrics.couriers_begin();
        let lines = Lines {
            sms: Line::new(sms?, Channel::Sms, settings.patience, &ports.metrics),
            mail: Line::new(mail?, Channel::Email, settings.patience, &ports.metrics),
            clock: Arc::clone(&ports.clock),
            receipts: ports.receipts.clone(),
        };
        Ok(Self { lines: Arc::new(lines), runtime: ports.runtime.clone(), price: settings.price })
    }

    /// Whether an SMS can be sent at all.
    #[must_use]
    pub fn carries_sms(&self) -> bool {
        !self.lines.sms.is_empty()
    }

    /// What an SMS costs at most, in millionths of the operator's unit of money: which courier will take it
    /// is not known before.
    #[must_use]
    pub const fn price(&self) -> u64 {
        self.price
    }

    /// Sets it, for tests.
    #[cfg(test)]
    pub(crate) const fn set_price(&mut self, price: u64) {
        self.price = price;
    }

    /// Whether a mail can be sent at all.
    #[must_use]
    pub fn carries_mail(&self) -> bool {
        !self.lines.mail.is_empty()
    }

    /// Carries an SMS by the first courier that takes it. Control characters of its text but line feeds
    /// become spaces.
    ///
    /// # Errors
    /// [`CourierError`] when none does.
    pub async fn sms(&self, sms: Sms<'_>) -> Result<Delivered, CourierError> {
        let (to, text) = (sms.to.clone(), printable(sms.text, true).into_owned());
        let lines = Arc::clone(&self.lines);
        self.carried(async move { lines.sms(Sms { to: &to, text: &text }).await }).await
    }

    /// Carries a mail by the first courier that takes it. Control characters of its text but line feeds
    /// become spaces, of its subject all.
    ///
    /// # Errors
    /// [`CourierError`] when none does.
    pub async fn mail(&self, mail: Mail<'_>) -> Result<Delivered, CourierError> {
        let (subject, text) = (printable(mail.subject, false).into_owned(), printable(mail.text, true).into_owned());
        let (to, lines) = (mail.to.clone(), Arc::clone(&self.lines));
        self.carried(async move { lines.mail(Mail { to: &to, subject: &subject, text: &text }).await }).await
    }

    async fn carried(
        &self,
        carrying: impl Future<Output = Result<Delivered, CourierError>> + Send + 'static,
    ) -> Result<Delivered, CourierError> {
        let ended = |_| Err(CourierError::Unreachable("the process is ending".to_owned()));
        self.runtime.spawn(carrying).await.unwrap_or_else(ended)
    }
}

impl Lines {
    async fn sms(&self, sms: Sms<'_>) -> Result<Delivered, CourierError> {
        let id = public_id();
        self.sms.carry(&self.clock, |courier, name| Box::pin(courier.carry(sms, (name, &id), self))).await
    }

    async fn mail(&self, mail: Mail<'_>) -> Result<Delivered, CourierError> {
        let id = public_id();
        self.mail.carry(&self.clock, |courier, _| Box::pin(courier.carry(mail, &id, &*self.clock))).await
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("sms", &self.sms).field("mail", &self.mail).finish_non_exhaustive()
    }
}

/// A text without control characters, line feeds spared where `lines` may be.
fn printable(text: &str, lines: bool) -> Cow<'_, str> {
    let bad = |c: char| c.is_control() && !(lines && c == '\n');
    if text.contains(bad) { Cow::Owned(text.replace(bad, " ")) } else { Cow::Borrowed(text) }
}

impl SmsCourier {
    fn build(settings: SmsSettings, ports: &Ports) -> Result<(Self, Duration), BuildError> {
        Ok(match settings {
            SmsSettings::Http(settings) => {
                let deadline = settings.deadline;
                (Self::Http(http::Http::new(settings, ports.http.clone())), deadline)
            }
            SmsSettings::Twilio(settings) => {
                let deadline = settings.deadline;
                (Self::Twilio(twilio::Twilio::new(settings, ports.http.clone())?), deadline)
            }
            SmsSettings::Outbox => (Self::Outbox(Arc::clone(&ports.outbox)), outbox::DEADLINE),
        })
    }

    async fn carry(&self, sms: Sms<'_>, (name, id): (&str, &str), of: &Lines) -> Result<Option<String>, Failure> {
        match self {
            Self::Http(http) => http.carry(sms, id, &of.receipts.address(name, id)).await,
            Self::Twilio(twilio) => twilio.carry(sms, &of.receipts.address(name, id)).await,
            Self::Outbox(outbox) => Ok(Some(outbox.keep_sms(sms, id, of.clock.now()))),
        }
    }
}

impl MailCourier {
    fn build(settings: MailSettings, ports: &Ports) -> Result<(Self, Duration), BuildError> {
        Ok(match settings {
            MailSettings::Smtp(settings) => {
                let deadline = settings.deadline;
                (Self::Smtp(Box::new(smtp::Smtp::new(settings)?)), deadline)
            }
            MailSettings::Outbox => (Self::Outbox(Arc::clone(&ports.outbox)), outbox::DEADLINE),
        })
    }

    async fn carry(&self, mail: Mail<'_>, id: &str, clock: &dyn Clock) -> Result<Option<String>, Failure> {
        match self {
            Self::Smtp(smtp) => smtp.carry(mail, id, clock.now()).await,
            Self::Outbox(outbox) => Ok(Some(outbox.keep_mail(mail, id, clock.now()))),
        }
    }
}

impl Described for SmsCourier {
    fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Twilio(_) => "twilio",
            Self::Outbox(_) => "outbox",
        }
    }
}

impl Described for MailCourier {
    fn kind(&self) -> &'static str {
        match self {
            Self::Smtp(_) => "smtp",
            Self::Outbox(_) => "outbox",
        }
    }
}
