//! Remembered devices: a browser that its player wants remembered gets a stamp for `session` without
//! a code, for thirty days from the proof on, and never more than that (decisions 18).
//!
//! The cookie holds the device's id and a secret that changes with every exchange. A secret that is not
//! the newest any more was copied: then the device is forgotten, whoever of the two comes second. Only the
//! one before the newest still counts, for some minutes, until a browser was seen with the newest: the answer
//! that carried it may have been lost on the way.

use std::time::Duration;

use moka::sync::Cache;

use crate::{
    clock::UnixTime,
    flow::{CookieNames, Flow, FlowError, RuleSet, account::noted, notify::Event},
    identity::Player,
    policy::FactorKind,
    request::{self, Head, Subject},
    secret::{self, Token, TokenHash},
    stamp::{Minted, Proof},
    store::{DeviceRecord, Edit},
};

/// How long the secret before the newest still counts for the log-in that it was exchanged in: a page
/// loads its parts in parallel.
const GRACE: Duration = Duration::from_secs(30);
/// How long it counts for every log-in of the player, while no browser was seen with the newest.
const UNSEEN: Duration = Duration::from_secs(10 * 60);
/// Exchanges that are remembered at most.
const CAPACITY: u64 = 100_000;

/// The newest secrets of devices that this process exchanged and has not seen since, by the device's id: so
/// that only what follows an exchange is looked up, and that each answer within the grace carries them.
#[derive(Debug)]
pub struct Unseen(Cache<String, Token>);

impl Default for Unseen {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

/// The cookie of a remembered device.
#[derive(Clone, Debug)]
pub struct DeviceCookie {
    /// Its value.
    pub value: String,
    /// How long the browser keeps it.
    pub max_age: Duration,
}

/// What a device was exchanged for.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// A stamp for `session`, with the time of the proof by which the device is remembered.
    pub stamp: Minted,
    /// The new secret; `None` within the grace, where another node gave it.
    pub cookie: Option<DeviceCookie>,
}

impl Flow {
    /// Remembers the browser that has just proven a factor of this kind in this epoch, in place of what
    /// it was remembered as before.
    pub(super) async fn remember_device(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        (player, epoch): (&Player, i64),
        proven_by: FactorKind,
    ) -> Result<Option<DeviceCookie>, FlowError> {
        let settings = rules.second_factor.devices;
        if settings.most == 0 {
            return Ok(None);
        }
        let (now, secret) = (self.clock.now(), Token::random());
        let device = DeviceRecord {
            id: secret::public_id(),
            subject: player.subject.clone(),
            name: name_of(request::header_once(head.headers, "user-agent").unwrap_or_default()),
            token: secret.hash(),
            previous_token: None,
            is_seen: true,
            rotated_at: now,
            rotated_for: Some(player.binding),
            rotated_epoch: epoch,
            auth_time: now,
            proven_by,
            created_at: now,
            used_at: now,
            expires_at: now.plus(settings.lifetime),
        };
        if let Some((earlier, _)) = presented(rules, head) {
            self.stores.accounts.apply(&player.subject, &[Edit::ForgetDevice(earlier)]).await?;
        }
        let kept = self.keep_device(rules, (player, epoch), &device, settings.most).await;
        if !matches!(kept, Ok(true)) {
            // No browser has its secret.
            let forgotten = self.stores.accounts.apply(&player.subject, &[Edit::ForgetDevice(device.id.clone())]).await;
            noted("a device stays that no browser has", forgotten.map_err(FlowError::from));
        }
        Ok(kept?.then(|| cookie(&device, &secret, now)))
    }

    /// Keeps a device and tells its player; `false` where what it was proven by has ended meanwhile.
    async fn keep_device(
        &self,
        rules: &RuleSet,
        (player, epoch): (&Player, i64),
        device: &DeviceRecord,
        most: u32,
    ) -> Result<bool, FlowError> {
        self.stores.devices.remember(device, most).await?;
        // What ended the proof meanwhile forgot the devices that were there then.
        if self.stores.families.epoch_if_open(player.binding, &player.subject).await? != Some(epoch) {
            return Ok(false);
        }
        let mut edits = self.told(rules, player, (Event::DeviceRemembered, &device.name), self.clock.now()).await?;
        edits.push(self.recorded(player, Event::DeviceRemembered.as_str(), &device.name));
        self.stores.accounts.apply(&player.subject, &edits).await?;
        Ok(true)
    }

    /// Exchanges the browser's device for a stamp of this log-in, unless the stamps of this log-in were
    /// ended since (decision record 0005). `None` where it brings none that counts, or one that was
    /// proven by none of these kinds.
    pub(super) async fn exchange_device(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        player: &Player,
        methods: &[FactorKind],
    ) -> Result<Option<Exchanged>, FlowError> {
        let Some((id, secret)) = presented(rules, head) else { return Ok(None) };
        if rules.second_factor.devices.most == 0 {
            return Ok(None);
        }
        let now = self.clock.now();
        let Some(device) = self.stores.devices.find(&id, now).await? else { return Ok(None) };
        if device.subject != player.subject || !methods.contains(&device.proven_by) {
            return Ok(None);
        }
        let presented = secret.hash();
        // Read before the exchange: what ends every stamp meanwhile ends this one as well.
        let Some(epoch) = self.epoch_of(player, now).await? else { return Ok(None) };
        let is_parallel = device.token != presented && in_grace(&device, presented, player, now);
        let counts = device.token == presented || is_previous(&device, presented, now);
        if counts && !is_parallel && !is_ended(&device, player, epoch) {
            let next = Token::random();
            let rotated = rotated(&device, (presented, &next), (player, epoch), now);
            if self.rotate_device(device.token, &rotated, now).await? {
                self.unseen.0.insert(rotated.id.clone(), next.clone());
                let stamp = device_stamp(rules, &device, (player, epoch), now);
                return Ok(Some(Exchanged { stamp, cookie: Some(cookie(&rotated, &next, now)) }));
            }
        }
        // Another request of the same page was first, or may have been.
        let device = self.stores.devices.find(&id, now).await?;
        let Some(device) = device else { return Ok(None) };
        if in_grace(&device, presented, player, now) && !is_ended(&device, player, epoch) {
            let stamp = device_stamp(rules, &device, (player, epoch), now);
            // The answer that carried it may be the one that the browser gave up.
            let newest = self.unseen.0.get(&id).filter(|newest| newest.hash() == device.token);
            return Ok(Some(Exchanged { stamp, cookie: newest.map(|newest| cookie(&device, &newest, now)) }));
        }
        if device.token == presented || is_previous(&device, presented, now) {
            // What ended this log-in's stamps is answered by a code only.
            return Ok(None);
        }
        self.device_copied(rules, player, &device).await?;
        Ok(None)
    }

    /// Exchanges a device's secret. An answer of the store that is lost is asked for once more: only this
    /// request knows the new secret, and were that lost, the player's own cookie would look copied at the
    /// next log-in.
    async fn rotate_device(&self, old: TokenHash, new: &DeviceRecord, now: UnixTime) -> Result<bool, FlowError> {
        match self.stores.devices.rotate(old, new).await {
            Ok(is_done) => Ok(is_done),
            Err(error) => match self.stores.devices.find(&new.id, now).await? {
                Some(found) if found.token == new.token => Ok(true),
                _ => Err(error.into()),
            },
        }
    }

    /// Whether a request comes from a device of this player that counts.
    pub(super) async fn has_device(
        &self,
        rules: &RuleSet,
        head: &Head<'_>,
        subject: &Subject,
    ) -> Result<bool, FlowError> {
        let Some((id, secret)) = presented(rules, head) else { return Ok(false) };
        let Some(device) = self.stores.devices.find(&id, self.clock.now()).await? else { return Ok(false) };
        let is_newest = device.token == secret.hash();
        if is_newest && !device.is_seen {
            self.seen_device(&device.id, device.token).await;
        }
        Ok(device.subject == *subject && is_newest)
    }

    /// Notes that a request brings the newest secret of a device that was exchanged of late: from now on the
    /// one before is a copy.
    pub(super) async fn note_device(&self, rules: &RuleSet, head: &Head<'_>) {
        let Some((id, secret)) = presented(rules, head) else { return };
        if self.unseen.0.get(&id).is_some_and(|newest| newest.hash() == secret.hash()) {
            self.seen_device(&id, secret.hash()).await;
        }
    }

    async fn seen_device(&self, id: &str, token: TokenHash) {
        let seen = self.stores.devices.seen_device(id, token).await.map_err(FlowError::from);
        if noted("a copied device may count for some minutes", seen).is_some() {
            self.unseen.0.invalidate(id);
        }
    }

    async fn epoch_of(&self, player: &Player, now: UnixTime) -> Result<Option<i64>, FlowError> {
        if !self.stores.families.open(player.binding, &player.subject, now).await? {
            return Ok(None);
        }
        Ok(self.stores.families.epoch_if_open(player.binding, &player.subject).await?)
    }

    /// Forgets a device whose secret came twice, and tells its player.
    async fn device_copied(&self, rules: &RuleSet, player: &Player, device: &DeviceRecord) -> Result<(), FlowError> {
        let event = Event::DeviceCopied;
        let mut edits = vec![Edit::ForgetDevice(device.id.clone()), Edit::RaiseEpoch];
        edits.push(self.recorded(player, event.as_str(), &device.name));
        edits.extend(self.told(rules, player, (event, &device.name), self.clock.now()).await?);
        let applied = self.stores.accounts.apply(&player.subject, &edits).await;
        self.epochs.forget_all();
        applied?;
        Ok(())
    }

    /// The id of the device that a request comes from.
    pub(super) fn device_id(rules: &RuleSet, head: &Head<'_>) -> Option<String> {
        presented(rules, head).map(|(id, _)| id)
    }
}

fn device_stamp(rules: &RuleSet, device: &DeviceRecord, (player, epoch): (&Player, i64), now: UnixTime) -> Minted {
    let proof = Proof {
        subject: player.subject.clone(),
        binding: player.binding,
        epoch,
        amr: vec!["mfa".to_owned()],
        by: device.proven_by,
        auth_time: device.auth_time,
        fresh_time: None,
        began: now,
    };
    rules.stamps.mint(&proof, now)
}

/// The device with its next secret, in exchange for the one that was presented.
fn rotated(
    device: &DeviceRecord,
    (presented, next): (TokenHash, &Token),
    (player, epoch): (&Player, i64),
    now: UnixTime,
) -> DeviceRecord {
    DeviceRecord {
        token: next.hash(),
        previous_token: Some(presented),
        is_seen: false,
        // However often an answer is lost, the minutes are those since the first.
        rotated_at: if device.token == presented { now } else { device.rotated_at },
        rotated_for: Some(player.binding),
        rotated_epoch: epoch,
        used_at: now,
        ..device.clone()
    }
}

/// Whether the stamps that this log-in had of the device were ended by something: a change, a loss.
fn is_ended(device: &DeviceRecord, player: &Player, epoch: i64) -> bool {
    device.rotated_for == Some(player.binding) && device.rotated_epoch != epoch
}

fn in_grace(device: &DeviceRecord, presented: TokenHash, player: &Player, now: UnixTime) -> bool {
    (device.token == presented || device.previous_token == Some(presented))
        && device.rotated_for == Some(player.binding)
        && now.since(device.used_at) < GRACE
}

/// Whether it is the secret before the newest, and counts since nobody was seen with the newest.
fn is_previous(device: &DeviceRecord, presented: TokenHash, now: UnixTime) -> bool {
    device.previous_token == Some(presented) && !device.is_seen && now.since(device.rotated_at) < UNSEEN
}

fn cookie(device: &DeviceRecord, secret: &Token, now: UnixTime) -> DeviceCookie {
    DeviceCookie { value: format!("{}.{}", device.id, secret.reveal()), max_age: device.expires_at.since(now) }
}

/// Id and secret of the device cookie.
fn presented(rules: &RuleSet, head: &Head<'_>) -> Option<(String, Token)> {
    let name = CookieNames::of(rules.site.secure).device;
    let value = request::cookie(head.headers, name).ok().flatten()?;
    parts_of(value)
}

/// Id and secret in the value of a device cookie: `id.secret`, each in its one spelling.
pub(super) fn parts_of(value: &str) -> Option<(String, Token)> {
    let (id, secret) = value.split_once('.')?;
    secret::is_public_id(id).then_some(())?;
    Some((id.to_owned(), Token::parse(secret)?))
}

/// Browser and system out of a User-Agent, for the player to know it again; both are well-known words
/// or nothing, so that nothing of the header is kept.
fn name_of(user_agent: &str) -> String {
    let first = |words: &[(&str, &'static str)]| {
        words.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("UCBrowser/", "UC Browser"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    [browser, system].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_known_words_only() {
        let android = "Mozilla/5.0 (Linux; Android 9; SM-J400F) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36";
        assert_eq!(name_of(android), "Chrome, Android");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605 Version/17.0 Safari/604.1";
        assert_eq!(name_of(phone), "Safari, iPhone");
        assert_eq!(name_of("<script>alert(1)</script>"), "");
    }
}
