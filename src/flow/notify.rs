//! What a player is told and what the audit says: events, and the notices of them.

use std::time::Duration;

use crate::{
    clock::UnixTime,
    flow::{
        Flow, FlowError, RuleSet,
        account::uuid_v7,
        contacts::{Contact, Known},
    },
    identity::Player,
    notice::{self, Letter, Round},
    policy::FactorKind,
    request::Subject,
    secret::Token,
    store::{Edit, OutboxRecord, Tries},
    words::Language,
};

/// For how long the link of a notice can freeze the account (decisions 26).
const FREEZE_OFFER: Duration = Duration::from_secs(7 * 24 * 3600);
/// So many wrong codes in a row are told: one is a slip.
const TOLD_FROM: u32 = 3;
/// Contacts of a kind that are told.
const TOLD: usize = 5;
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
    /// Support forgot the failed codes.
    Unlocked,
    /// Support will reset the second factor.
    ResetApproved,
    /// That was called off.
    ResetCancelled,
    /// The second factor was reset.
    ResetDone,
    /// Support gave a temporary code.
    CodeIssued,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 22] = [
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
        Self::Unlocked,
        Self::ResetApproved,
        Self::ResetCancelled,
        Self::ResetDone,
        Self::CodeIssued,
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
            Self::Unlocked => "unlocked",
            Self::ResetApproved => "reset-approved",
            Self::ResetCancelled => "reset-cancelled",
            Self::ResetDone => "reset-done",
            Self::CodeIssued => "code-issued",
        }
    }

    /// Whether the notice lets its reader freeze the account; that of a reset has a link that calls it off.
    const fn offers_freeze(self) -> bool {
        !matches!(self, Self::Frozen | Self::ResetApproved)
    }

    /// Whether it is told by SMS as well where mail reaches the player: changes are, what a player
    /// does every day is not.
    const fn by_every_way(self) -> bool {
        !matches!(
            self,
            Self::Approved | Self::FailedCodes | Self::DevicesForgotten | Self::SessionsEnded | Self::Unlocked
        )
    }
}

impl Flow {
    /// Carries the notices that are due, each once: [`Round::carry`] with this flow's parts.
    ///
    /// # Errors
    /// `Store`; what was not carried stays due.
    pub async fn carry_notices(&self, rules: &RuleSet, http: &reqwest::Client) -> Result<usize, FlowError> {
        let round = Round {
            outbox: &*self.stores.outbox,
            sealer: &self.sealer,
            couriers: &rules.couriers,
            settings: &rules.notices,
            http,
            clock: &self.clock,
        };
        Ok(round.carry().await?)
    }

    /// The edits that tell a player of an event by every way that reaches them. They belong into the
    /// change itself, so that nothing happens untold. `at`: when it happened; a factor of that moment
    /// is not older than the event.
    pub(super) async fn told(
        &self,
        rules: &RuleSet,
        player: &Player,
        (event, detail): (Event, &str),
        at: UnixTime,
    ) -> Result<Vec<Edit>, FlowError> {
        self.see_contacts(rules, player).await?;
        let language = rules.language_of(player.claims.locale.as_deref());
        self.letters(rules, &player.subject, (event, detail, None), (language, at)).await
    }

    /// The same where no request of the player's is at hand: to the contacts that are known.
    pub(super) async fn told_known(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        event: Event,
    ) -> Result<Vec<Edit>, FlowError> {
        self.letters(rules, subject, (event, "", None), (rules.language_of(None), self.clock.now())).await
    }

    /// The same of what happens at that time, with a link that calls it off.
    pub(super) async fn told_with_link(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        (event, at): (Event, UnixTime),
        link: &str,
    ) -> Result<Vec<Edit>, FlowError> {
        let language = rules.language_of(None);
        let time = language.moment(at, &rules.site.time_zone);
        self.letters(rules, subject, (event, &time, Some(link)), (language, self.clock.now())).await
    }

    async fn letters(
        &self,
        rules: &RuleSet,
        subject: &Subject,
        (event, detail, cancel): (Event, &str, Option<&str>),
        (language, now): (Language, UnixTime),
    ) -> Result<Vec<Edit>, FlowError> {
        let contacts = reachable(self.known_contacts(subject).await?, rules, event);
        let mut edits = Vec::with_capacity(contacts.len() + 2);
        let link = event.offers_freeze().then(|| {
            let token = Token::random();
            let link = format!("{}{}/freeze?t={}", rules.site.origin, rules.portal_prefix, token.reveal());
            edits.push(Edit::OfferFreeze { token: token.hash(), event_at: now, expires_at: now.plus(FREEZE_OFFER) });
            link
        });
        let text = text(
            rules,
            (event, detail),
            [("notice-freeze", link.as_deref()), ("notice-cancel", cancel)],
            (language, now),
        );
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
            if let Letter::Sms { to, .. } = &letter {
                self.count_notice(rules, to, now).await?;
            }
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

    /// The player's contacts, and the numbers that codes go to.
    async fn known_contacts(&self, subject: &Subject) -> Result<Vec<Known>, FlowError> {
        let mut known = self.contacts(subject).await?;
        let state = self.stores.accounts.player(subject).await?;
        for factor in state.factors.iter().chain(&state.suspended).filter(|factor| factor.kind == FactorKind::Sms) {
            let contact = Contact::Phone(self.number_of(factor)?);
            if !known.iter().any(|other| other.contact == contact) {
                known.push(Known { contact, since: factor.created_at });
            }
        }
        Ok(known)
    }

    /// Tells of wrong codes, from the third in a row on, once an hour. A failure here must not hide the
    /// answer to the player.
    pub(super) async fn tell_of_failures(&self, rules: &RuleSet, player: &Player, tries: Tries, error: &FlowError) {
        let told = if matches!(error, FlowError::TooManyAttempts { .. }) {
            self.failures_told(rules, player).await
        } else if matches!(error, FlowError::CodeRejected { .. }) {
            self.told_if_many(rules, player, tries).await
        } else {
            return;
        };
        if let Err(error) = told {
            tracing::error!(%error, "wrong codes could not be told");
        }
    }

    async fn told_if_many(&self, rules: &RuleSet, player: &Player, tries: Tries) -> Result<(), FlowError> {
        let failed = self.stores.attempts.failed(&player.subject, tries, self.clock.now()).await?;
        if failed.count < TOLD_FROM {
            return Ok(());
        }
        self.failures_told(rules, player).await
    }

    async fn failures_told(&self, rules: &RuleSet, player: &Player) -> Result<(), FlowError> {
        let now = self.clock.now();
        let hour = now.secs() / 3600;
        let owner = data_encoding::HEXLOWER.encode(player.subject.as_str().as_bytes());
        let id = format!("told-{}-{owner}-{hour}", Event::FailedCodes.as_str());
        let expires_at = now.plus(2 * FAILURES_EVERY);
        if self.stores.spent.is_spent(&id, now).await? {
            return Ok(());
        }
        let mut edits = self.told(rules, player, (Event::FailedCodes, ""), now).await?;
        // Spent together with the notice: a write that fails leaves the hour to the next failure.
        edits.insert(0, Edit::Spend { id, expires_at });
        edits.push(self.recorded(player, Event::FailedCodes.as_str(), ""));
        self.stores.accounts.apply(&player.subject, &edits).await?;
        Ok(())
    }
}

/// The ways that couriers serve, of those that reach the player.
fn reachable(known: Vec<Known>, rules: &RuleSet, event: Event) -> Vec<Contact> {
    let countries = &rules.second_factor.sms.countries;
    let (mut phones, mut mails) = (Vec::new(), Vec::new());
    for one in known {
        match &one.contact {
            // Nobody makes us write to expensive numbers by naming them as their own.
            Contact::Phone(number) => {
                let allowed = countries.is_empty() || number.country().is_some_and(|c| countries.contains(&c));
                if allowed && rules.sms_guard.takes(number) && rules.couriers.carries_sms() {
                    phones.push(one);
                }
            }
            Contact::Email(_) if rules.couriers.carries_mail() => mails.push(one),
            Contact::Email(_) => {}
        }
    }
    // Mail stands in for SMS only where it is known as long: a thief's own address keeps nothing from
    // the owner's phone.
    let since = |contacts: &[Known]| contacts.iter().map(|one| one.since).min();
    let mail_is_older = since(&mails).is_some_and(|mail| since(&phones).is_none_or(|phone| mail <= phone));
    if !event.by_every_way() && mail_is_older {
        phones.clear();
    }
    bounded(phones).into_iter().chain(bounded(mails)).map(|one| one.contact).collect()
}

/// The last named, and those that are known longest: whoever names many crowds nobody out.
fn bounded(known: Vec<Known>) -> Vec<Known> {
    let mut known = known.into_iter();
    let mut told: Vec<Known> = known.next().into_iter().collect();
    let mut rest: Vec<Known> = known.collect();
    rest.sort_by_key(|one| one.since);
    told.extend(rest.into_iter().take(TOLD - 1));
    told
}

fn text(
    rules: &RuleSet,
    (event, detail): (Event, &str),
    links: [(&str, Option<&str>); 2],
    (language, now): (Language, UnixTime),
) -> String {
    let time = language.moment(now, &rules.site.time_zone);
    let args = [("site", rules.site.name.as_str().into()), ("time", time.into()), ("details", detail.into())];
    let mut text = language.text_with(&format!("notice-{}", event.as_str()), &args);
    for (message, link) in links {
        if let Some(link) = link {
            text.push(' ');
            text.push_str(&language.text_with(message, &[("link", link.into())]));
        }
    }
    text
}
