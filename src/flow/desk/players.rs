//! Finding a player, and the state of their second factor: never a secret, numbers masked.

use crate::{
    clock::UnixTime,
    contact::PhoneNumber,
    flow::{
        Flow, RuleSet,
        contacts::Contact,
        desk::{Agent, DeskError, act::every_tries},
        settings::{DeviceView, FactorView},
    },
    policy::{cooldown::Cause, desk::DeskAction},
    request::Subject,
    store::{self, AuditRecord, ContactKind, Freeze, PlayerState, ResetRecord, Tries},
};

/// Lines of the activity that are shown.
const ACTIVITY: u32 = 50;
/// Resets of a player that are shown.
const RESETS: u32 = 10;
/// Players that a number finds at most.
const FOUND: u32 = 20;

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
}

impl Flow {
    /// The players that a search finds.
    ///
    /// # Errors
    /// `Forbidden`; `BadInput` for what is no id or number; `Flow`.
    pub async fn desk_find(
        &self,
        rules: &RuleSet,
        agent: &Agent,
        search: Search<'_>,
    ) -> Result<Vec<Subject>, DeskError> {
        looks(agent)?;
        match search {
            Search::Id(id) => {
                let subject = Subject::parse(id.trim()).map_err(|_| DeskError::BadInput("this is no player's id"))?;
                tracing::info!(operator = %agent.name, "a player was looked for by id");
                Ok(if self.is_known(&subject).await? { vec![subject] } else { Vec::new() })
            }
            Search::Phone(typed) => {
                let home = rules.second_factor.sms.countries.first().copied();
                let number =
                    PhoneNumber::parse(typed, home).map_err(|_| DeskError::BadInput("this is no phone number"))?;
                tracing::info!(operator = %agent.name, "a player was looked for by number");
                let lookup = self.lookup(ContactKind::Phone, number.as_str());
                Ok(self.stores.desk.players_by_contact(ContactKind::Phone, lookup, FOUND).await?)
            }
        }
    }

    /// A player's state.
    ///
    /// # Errors
    /// `Forbidden`; `Unknown` where nothing is known of the player; `Flow`.
    pub async fn desk_player(&self, agent: &Agent, subject: &Subject) -> Result<PlayerView, DeskError> {
        looks(agent)?;
        self.require_known(subject).await?;
        tracing::info!(operator = %agent.name, "a player was looked at");
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
        Ok(PlayerView {
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
            resets: self.stores.desk.resets_of(subject, RESETS).await?,
        })
    }

    /// Fails for a player of whom nothing is known: a mistyped id.
    pub(super) async fn require_known(&self, subject: &Subject) -> Result<(), DeskError> {
        if self.is_known(subject).await? { Ok(()) } else { Err(DeskError::Unknown("nothing is known of this player")) }
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

fn looks(agent: &Agent) -> Result<(), DeskError> {
    if agent.may(DeskAction::Look) { Ok(()) } else { Err(DeskError::Forbidden) }
}

fn masked(contact: &Contact) -> String {
    match contact {
        Contact::Phone(number) => number.masked(),
        Contact::Email(address) => address.masked(),
    }
}
