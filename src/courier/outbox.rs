//! Keeps messages instead of carrying them: for the demo, which shows them on a page.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{Mail, Sms};
use crate::{clock::UnixTime, metrics::words::Channel};

/// Keeping a message takes no time.
pub(super) const DEADLINE: Duration = Duration::from_secs(1);

/// How many messages are kept; older ones are forgotten.
pub const KEPT: usize = 200;

/// The last [`KEPT`] messages, in memory alone.
#[derive(Default)]
pub struct Outbox(Mutex<VecDeque<Message>>);

/// A message that was kept.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub struct Message {
    /// Our name for it: 22 characters.
    pub id: String,
    /// When it came; in milliseconds.
    pub at: UnixTime,
    /// `sms` or `email`.
    pub channel: &'static str,
    /// Whom it is for, in full.
    pub to: String,
    /// Of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it says.
    pub text: String,
}

impl Outbox {
    /// Every message, newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        self.lock().iter().rev().cloned().collect()
    }

    /// Keeps an SMS; returns its name.
    pub(super) fn keep_sms(&self, sms: Sms<'_>, id: &str, at: UnixTime) -> String {
        self.keep(Message {
            id: id.to_owned(),
            at,
            channel: Channel::Sms.as_str(),
            to: sms.to.as_str().to_owned(),
            subject: None,
            text: sms.text.to_owned(),
        })
    }

    /// Keeps a mail; returns its name.
    pub(super) fn keep_mail(&self, mail: Mail<'_>, id: &str, at: UnixTime) -> String {
        self.keep(Message {
            id: id.to_owned(),
            at,
            channel: Channel::Email.as_str(),
            to: mail.to.as_str().to_owned(),
            subject: Some(mail.subject.to_owned()),
            text: mail.text.to_owned(),
        })
    }

    fn keep(&self, message: Message) -> String {
        let mut kept = self.lock();
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        let id = message.id.clone();
        kept.push_back(message);
        id
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox(…)")
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({})", self.id)
    }
}
