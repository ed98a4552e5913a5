//! Finding a player, and the state of their second factor: never a secret, numbers masked.

use crate::{
    clock::UnixTime,
    contact::PhoneNumber,
    flow::{
        Flow, RuleSet,
        contacts::Contact,
        desk::{
            Agent, DeskError, Settings,
            act::{every_tries, reset_for_code},
        },
        settings::{DeviceView, FactorView},
    },
    policy::{cooldown::Cause, desk::DeskAction},
    request::Subject,
    store::{
        self, AuditRecord, ContactKind, Freeze, Outcome, PlayerState, ResetRecord, Tries,
        audit::{SEARCHED, VIEWED},
    },
};

/// Lines of the activity that are shown.
const ACTIVITY: u32 = 50;
/// Resets of a player that are shown.
const RESETS: u32 = 10;
/// Players that a number finds at most.
const FOUND: u32 = 20;

const UNKNOWN: DeskError = DeskError::Unknown("nothing is known of this player");

/// By what a player is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Search<'a> {
    /// The site's id.
    Id(&'a str),
    /// A phone number, as typed.
    Phone(&'a str),
}

/// What the desk sees of a player.
#[derive(Clone, Debug)]
pub struct PlayerView {
    /// Who.
    pub subject: Subject,
    /// The active factors.
    pub factors: Vec<FactorView>,
    /// How many factors are switched off.
    pub suspended: usize,
    /// Backup codes that are not used.
    pub backup_codes_left: u32,
    /// Whether a factor was lost otherwise than by the player's own choice.
    pub must_bind: bool,
    /// How often every stamp was ended.
    pub epoch: i64,
    /// The freeze, if there is one.
    pub freeze: Option<Freeze>,
    /// What routes wait for, and when it happened.
    pub happened: Vec<(Cause, UnixTime)>,
    /// The codes that are paused, and until when.
    pub paused: Vec<(Tries, UnixTime)>,
    /// Remembered browsers.
    pub devices: Vec<DeviceView>,
    /// Numbers and addresses of the last thirty days, masked.
    pub contacts: Vec<String>,
    /// What happened lately, newest first, with who did it and why.
    pub activity: Vec<AuditRecord>,
    /// Resets, newest first.
    pub resets: Vec<ResetRecord>,
    /// Whether a temporary code may be given now.
    pub takes_code: bool,
}

impl Flow {
    /// The players that a search finds.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`; `BadInput` for what is no id or number; `Flow`.
    pub async fn desk_find(
        &self,
        rules: &RuleSet,
        settings: &Settings,
        agent: &Agent,
        search: Search<'_>,
    ) -> Result<Vec<Subject>, DeskError> {
        self.admit(settings, agent, (DeskAction::Look, None)).await?;
        let (by, found) = match search {
            Search::Id(id) => {
                let subject = Subject::parse(id.trim()).map_err(|_| DeskError::BadInput("this is no player's id"))?;
                ("id", if self.is_known(&subject).await? { vec![subject] } else { Vec::new() })
            }
            Search::Phone(typed) => {
                let home = rules.second_factor.sms.countries.first().copied();
                let number =
                    PhoneNumber::parse(typed, home).map_err(|_| DeskError::BadInput("this is no phone number"))?;
                let lookup = self.lookup(ContactKind::Phone, number.as_str());
                ("number", self.stores.desk.players_by_contact(ContactKind::Phone, lookup, FOUND).await?)
            }
        };
        self.looked(agent, (SEARCHED, by), &found).await?;
        Ok(found)
    }

    /// Writes down whom an agent looked for or at, before anything is shown; also that it was nobody.
    async fn looked(&self, agent: &Agent, (event, by): (&str, &str), at: &[Subject]) -> Result<(), DeskError> {
        let record = AuditRecord { detail: by.to_owned(), ..agent.record(self.clock.now(), event) };
        let of = |subject: &Subject| AuditRecord {
            id: store::audit::record_id(record.at),
            subject: Some(subject.clone()),
            ..record.clone()
        };
        let mut records: Vec<AuditRecord> = at.iter().map(of).collect();
        if records.is_empty() {
            records.push(AuditRecord { outcome: Outcome::Refused, ..record });
        }
        Ok(self.stores.trail.write(&records).await?)
    }

    /// A player's state.
    ///
    /// # Errors
    /// `Forbidden`, `TooMany`; `Unknown` where nothing is known of the player; `Flow`.
    pub async fn desk_player(
        &self,
        settings: &Settings,
        agent: &Agent,
        subject: &Subject,
    ) -> Result<PlayerView, DeskError> {
        self.admit(settings, agent, (DeskAction::Look, Some(subject))).await?;
        if !self.is_known(subject).await? {
            self.looked(agent, (VIEWED, ""), &[]).await?;
            return Err(UNKNOWN);
        }
        self.looked(agent, (VIEWED, ""), std::slice::from_ref(subject)).await?;
        let now = self.clock.now();
        let state = self.stores.accounts.player(subject).await?;
        let mut paused = Vec::new();
        for tries in every_tries() {
            let failed = self.stores.attempts.failed(subject, tries, now).await?;
            paused.extend(failed.paused_until.map(|until| (tries, until)));
        }
        let device = |device: store::DeviceRecord| DeviceView {
            is_this: false,
            id: device.id,
            name: device.name,
            used_at: device.used_at,
            expires_at: device.expires_at,
        };
        let devices = self.stores.devices.of_player(subject, now).await?;
        let resets = self.stores.desk.resets_of(subject, RESETS).await?;
        Ok(PlayerView {
            takes_code: reset_for_code(&state, &resets, now).is_ok(),
            subject: subject.clone(),
            factors: self.factor_views(&state.factors)?,
            suspended: state.suspended.len(),
            backup_codes_left: state.backup_codes_left,
            must_bind: state.must_bind,
            epoch: state.epoch,
            freeze: state.freeze,
            happened: Cause::ALL.into_iter().filter_map(|cause| Some((cause, state.happened.of(cause)?))).collect(),
            paused,
            devices: devices.into_iter().map(device).collect(),
            contacts: self.contacts(subject).await?.iter().map(|known| masked(&known.contact)).collect(),
            activity: self.stores.accounts.activity(subject, ACTIVITY).await?,
            resets,
        })
    }

    /// Fails for a player of whom nothing is known: a mistyped id.
    pub(super) async fn require_known(&self, subject: &Subject) -> Result<(), DeskError> {
        if self.is_known(subject).await? { Ok(()) } else { Err(UNKNOWN) }
    }

    async fn is_known(&self, subject: &Subject) -> Result<bool, DeskError> {
        if self.stores.accounts.player(subject).await? != PlayerState::default() {
            return Ok(true);
        }
        if !self.stores.contacts.contacts(subject, UnixTime::from_secs(0)).await?.is_empty() {
            return Ok(true);
        }
        Ok(!self.stores.accounts.activity(subject, 1).await?.is_empty())
    }
}

fn masked(contact: &Contact) -> String {
    match contact {
        Contact::Phone(number) => number.masked(),
        Contact::Email(address) => address.masked(),
    }
}
