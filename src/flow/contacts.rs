//! Where a player can be reached, and which number may prove who they are (decisions 9, 27).

use std::time::Duration;

use crate::{
    clock::UnixTime,
    contact::{MailAddress, PhoneNumber},
    flow::{Flow, FlowError, RuleSet, challenge::prove::unreadable},
    identity::Player,
    request::Subject,
    store::{ContactKind, ContactRecord, sealing::SealedKind},
};

/// What a contact is sealed for.
const SEALED_FOR: &str = SealedKind::Contact.purpose();
/// How long a contact that the site no longer names is still told of changes.
const TOLD_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// A number or address, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    Phone(PhoneNumber),
    Email(MailAddress),
}

/// A contact that notices go to, and since when the site names it without a break.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) contact: Contact,
    pub(super) since: UnixTime,
}

/// The number that the site has on file, and since when.
#[derive(Clone, Debug)]
pub(super) struct OnFile {
    pub(super) number: PhoneNumber,
    pub(super) since: UnixTime,
}

impl Flow {
    /// Remembers the contacts that the site names for this player now; the number with its age. A
    /// text that is no number or address is none.
    pub(super) async fn see_contacts(&self, rules: &RuleSet, player: &Player) -> Result<Option<OnFile>, FlowError> {
        let claims = &player.claims;
        if let Some(address) = claims.email.as_deref().and_then(|text| MailAddress::parse(text).ok()) {
            self.see(&player.subject, ContactKind::Email, address.as_str()).await?;
        }
        let home = rules.second_factor.sms.countries.first().copied();
        let Some(number) = claims.phone.as_deref().and_then(|text| PhoneNumber::parse(text, home).ok()) else {
            return Ok(None);
        };
        let seen = self.see(&player.subject, ContactKind::Phone, number.as_str()).await?;
        let said = claims.phone_since.as_deref().and_then(UnixTime::parse);
        let since = said.unwrap_or(seen);
        Ok(Some(OnFile { number, since }))
    }

    async fn see(&self, subject: &Subject, kind: ContactKind, text: &str) -> Result<UnixTime, FlowError> {
        let now = self.clock.now();
        let contact = ContactRecord {
            kind,
            lookup: self.lookup(kind, text),
            sealed: self.sealer.seal(
                SEALED_FOR,
                &[subject.as_str().as_bytes(), kind.as_str().as_bytes()],
                text.as_bytes(),
            ),
            first_seen: now,
            last_seen: now,
        };
        Ok(self.stores.contacts.seen(subject, &contact).await?)
    }

    /// Every contact that was named within thirty days, the last named first.
    pub(super) async fn contacts(&self, subject: &Subject) -> Result<Vec<Known>, FlowError> {
        let since = self.clock.now().minus(TOLD_FOR);
        let mut contacts = Vec::new();
        for record in self.stores.contacts.contacts(subject, since).await? {
            let context = [subject.as_str().as_bytes(), record.kind.as_str().as_bytes()];
            let opened = self.sealer.open(SEALED_FOR, &context, &record.sealed);
            let opened = opened.map_err(|cause| unreadable(Some(cause)))?;
            let text = std::str::from_utf8(&opened).map_err(|_| unreadable(None))?;
            let contact = match record.kind {
                ContactKind::Phone => PhoneNumber::parse(text, None).ok().map(Contact::Phone),
                ContactKind::Email => MailAddress::parse(text).ok().map(Contact::Email),
            };
            contacts.extend(contact.map(|contact| Known { contact, since: record.first_seen }));
        }
        Ok(contacts)
    }

    /// The keyed hash by which a contact is found again.
    pub(super) fn lookup(&self, kind: ContactKind, text: &str) -> [u8; 32] {
        self.hasher.hash("contact", &[kind.as_str().as_bytes(), text.as_bytes()])
    }
}
