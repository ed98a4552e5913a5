//! Couriers carry codes and notices to players: SMS and mail.
//!
//! The couriers of a channel are tried in the order of the configuration, each with a deadline. One
//! that cannot be reached several times in a row is passed over for a growing while. A message whose
//! deadline passed may still have been carried: the next courier carries it again.

use std::sync::Arc;

use crate::{
    clock::Clock,
    contact::{MailAddress, PhoneNumber},
    metrics::Metrics,
};

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
#[derive(Debug, Default)]
pub struct Settings {}

/// What couriers need from the process.
#[derive(Clone)]
pub struct Ports {
    /// Asks providers.
    pub http: reqwest::Client,
    /// When a courier may be tried again.
    pub clock: Arc<dyn Clock>,
    /// What was carried.
    pub metrics: Arc<Metrics>,
}

/// A configuration's couriers cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BuildError(String);

/// The couriers in force.
#[derive(Debug)]
pub struct Couriers {}

impl Couriers {
    /// The couriers of a configuration.
    ///
    /// # Errors
    /// [`BuildError`] where a client cannot be made.
    pub fn build(settings: Settings, ports: &Ports) -> Result<Self, BuildError> {
        let _ = (settings, ports);
        Ok(Self {})
    }

    /// Whether an SMS can be sent at all.
    #[must_use]
    pub fn carries_sms(&self) -> bool {
        false
    }

    /// Whether a mail can be sent at all.
    #[must_use]
    pub fn carries_mail(&self) -> bool {
        false
    }

    /// Carries an SMS by the first courier that takes it.
    ///
    /// # Errors
    /// [`CourierError`] when none does.
    pub async fn sms(&self, sms: Sms<'_>) -> Result<Delivered, CourierError> {
        let _ = sms;
        Err(CourierError::NoCourier)
    }

    /// Carries a mail by the first courier that takes it.
    ///
    /// # Errors
    /// [`CourierError`] when none does.
    pub async fn mail(&self, mail: Mail<'_>) -> Result<Delivered, CourierError> {
        let _ = mail;
        Err(CourierError::NoCourier)
    }
}
