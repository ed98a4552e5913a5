//! What a player is told and what the audit says: events, and the notices of them.

use std::time::Duration;

use crate::{
    courier::Couriers,
    flow::{Flow, FlowError, RuleSet, account::uuid_v7, contacts::Contact},
    identity::Player,
    notice::{self, Letter},
    request::Subject,
    secret::Token,
    store::{Edit, OutboxRecord},
    words::Language,
};

/// For how long the link of a notice can freeze the account (decisions 26).
const FREEZE_OFFER: Duration = Duration::from_secs(7 * 24 * 3600);
/// Failures are told once in so long.
const FAILURES_EVERY: Duration = Duration::from_secs(3600);

/// Something that happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A factor became active.
    FactorAdded,
    /// A factor took the place of another.
    FactorChanged,
    /// A factor was removed.
    FactorRemoved,
    /// The second factor was switched off.
    FactorDisabled,
    /// It was switched on again.
    FactorEnabled,
    /// Codes go to another number.
    NumberChanged,
    /// A backup code was used.
    BackupCodeUsed,
    /// A fresh set of backup codes was made.
    BackupCodesMade,
    /// A browser is remembered.
    DeviceRemembered,
    /// Browsers were forgotten.
    DevicesForgotten,
    /// A remembered browser's cookie was used twice: somebody copied it.
    DeviceCopied,
    /// Every other log-in's stamps ended.
    SessionsEnded,
    /// Wrong codes after a good log-in.
    FailedCodes,
    /// A request was approved.
    Approved,
    /// A change was made that its route says the player is told of.
    ChangeMade,
    /// The account was frozen.
    Frozen,
    /// The freeze was cleared.
    Unfrozen,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 17] = [
        Self::FactorAdded,
        Self::FactorChanged,
        Self::FactorRemoved,
        Self::FactorDisabled,
        Self::FactorEnabled,
        Self::NumberChanged,
        Self::BackupCodeUsed,
        Self::BackupCodesMade,
        Self::DeviceRemembered,
        Self::DevicesForgotten,
        Self::DeviceCopied,
        Self::SessionsEnded,
        Self::FailedCodes,
        Self::Approved,
        Self::ChangeMade,
        Self::Frozen,
        Self::Unfrozen,
    ];

    /// The word in audit, metrics, webhooks, and at the end of message ids.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FactorAdded => "factor-added",
            Self::FactorChanged => "factor-changed",
            Self::FactorRemoved => "factor-removed",
            Self::FactorDisabled => "factor-disabled",
            Self::FactorEnabled => "factor-enabled",
            Self::NumberChanged => "number-changed",
            Self::BackupCodeUsed => "backup-code-used",
            Self::BackupCodesMade => "backup-codes-made",
            Self::DeviceRemembered => "device-remembered",
            Self::DevicesForgotten => "devices-forgotten",
            Self::DeviceCopied => "device-copied",
            Self::SessionsEnded => "sessions-ended",
            Self::FailedCodes => "failed-codes",
            Self::Approved => "approved",
            Self::ChangeMade => "change-made",
            Self::Frozen => "frozen",
            Self::Unfrozen => "unfrozen",
        }
    }

    /// Whether the notice lets its reader freeze the account.
    const fn offers_freeze(self) -> bool {
        !matches!(self, Self::Frozen)
    }

    /// Whether it is told by SMS as well where mail reaches the player: changes are, what a player
    /// does every day is not.
    const fn by_every_way(self) -> bool {
        !matches!(self, Self::Approved | Self::FailedCodes | Self::DevicesForgotten | Self::SessionsEnded)
    }
}

impl Flow {
    /// The edits that tell a player of an event by every way that reaches them. They belong into the
    /// change itself, so that nothing happens untold.
    pub(super) async fn told(
        &self,
        rules: &RuleSet,
        player: &Player,
        event: Event,
        detail: &str,
    ) -> Result<Vec<Edit>, FlowError> {
        self.see_contacts(rules, player).await?;
        let language = rules.language_of(player.claims.locale.as_deref());
        self.letters(rules, &player.subject, (event, detail), language).await
    }

    /// The same where no request of the player's is at hand: to the contacts that are known.
    pub(super) async fn told_known(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        event: Event,
    ) -> Result<Vec<Edit>, FlowError> {
        self.letters(rules, subject, (event, ""), rules.language_of(None)).await
    }

    async fn letters(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        (event, detail): (Event, &str),
        language: Language,
    ) -> Result<Vec<Edit>, FlowError> {
        let now = self.clock.now();
        let contacts = reachable(self.contacts(subject).await?, &rules.couriers, event);
        let mut edits = Vec::with_capacity(contacts.len() + 2);
        let link = event.offers_freeze().then(|| {
            let token = Token::random();
            let link = format!("{}{}/freeze?t={}", rules.site.origin, rules.portal_prefix, token.reveal());
            edits.push(Edit::OfferFreeze { token: token.hash(), event_at: now, expires_at: now.plus(FREEZE_OFFER) });
            link
        });
        let text = text(rules, (event, detail), link.as_deref(), (language, now));
        let mut letters: Vec<Letter> = contacts
            .into_iter()
            .map(|contact| match contact {
                Contact::Phone(to) => Letter::Sms { to, text: text.clone() },
                Contact::Email(to) => {
                    let line = language.text_with("notice-subject", &[("site", rules.site.name.as_str().into())]);
                    Letter::Mail { to, subject: line, text: text.clone() }
                }
            })
            .collect();
        if rules.notices.webhook.is_some() {
            letters.push(Letter::webhook(subject, event.as_str(), detail, now));
        }
        for letter in letters {
            let id = uuid_v7(now);
            edits.push(Edit::Tell(OutboxRecord {
                sealed: notice::seal(&self.sealer, &id, subject, &letter),
                id,
                subject: subject.clone(),
                kind: event.as_str().to_owned(),
                channel: letter.channel().to_owned(),
                created_at: now,
                tries: 0,
            }));
        }
        Ok(edits)
    }

    /// Tells of wrong codes, once an hour. A failure here must not hide the answer to the player.
    pub(super) async fn tell_of_failures(&self, rules: &RuleSet, player: &Player, error: &FlowError) {
        if !matches!(error, FlowError::TooManyAttempts { .. }) {
            return;
        }
        if let Err(error) = self.failures_told(rules, player).await {
            tracing::error!(%error, "wrong codes could not be told");
        }
    }

    async fn failures_told(&self, rules: &RuleSet, player: &Player) -> Result<(), FlowError> {
        let now = self.clock.now();
        let hour = now.secs() / 3600;
        let owner = data_encoding::HEXLOWER.encode(player.subject.as_str().as_bytes());
        let id = format!("told-{}-{owner}-{hour}", Event::FailedCodes.as_str());
        if !self.stores.spent.spend(&id, now.plus(2 * FAILURES_EVERY)).await? {
            return Ok(());
        }
        let mut edits = self.told(rules, player, Event::FailedCodes, "").await?;
        edits.push(self.recorded(&player.subject, Event::FailedCodes.as_str(), ""));
        self.stores.accounts.apply(&player.subject, &edits).await?;
        Ok(())
    }
}

/// The ways that couriers serve, of those that reach the player.
fn reachable(contacts: Vec<Contact>, couriers: &Couriers, event: Event) -> Vec<Contact> {
    let by_mail = couriers.carries_mail() && contacts.iter().any(|contact| matches!(contact, Contact::Email(_)));
    let served = |contact: &Contact| match contact {
        Contact::Email(_) => couriers.carries_mail(),
        Contact::Phone(_) => couriers.carries_sms() && (event.by_every_way() || !by_mail),
    };
    contacts.into_iter().filter(served).collect()
}

fn text(
    rules: &RuleSet,
    (event, detail): (Event, &str),
    link: Option<&str>,
    (language, now): (Language, crate::clock::UnixTime),
) -> String {
    let time = language.moment(now, &rules.site.time_zone);
    let args = [("site", rules.site.name.as_str().into()), ("time", time.into()), ("details", detail.into())];
    let mut text = language.text_with(&format!("notice-{}", event.as_str()), &args);
    if let Some(link) = link {
        text.push(' ');
        text.push_str(&language.text_with("notice-freeze", &[("link", link.into())]));
    }
    text
}
