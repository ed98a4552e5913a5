//! `second_factor:`.

use std::time::Duration;

use super::{Node, Report, raw};
use crate::{
    contact::Country,
    flow::{Devices, FirstEnrolment, SecondFactor, Site, SmsCodes},
    identity::settings::{ClaimPlaces, SourceSettings},
    notice,
    policy::FactorKind,
    stamp,
    store::SendLimits,
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

impl Report<'_> {
    /// The rules of factors and the lifetimes of stamps. `contact`: whether identity tells where a
    /// player can be reached.
    pub(super) fn second_factor(
        &mut self,
        typed: Option<&raw::SecondFactor>,
        at: &Node,
        site: &Site,
        contact: bool,
    ) -> (SecondFactor, stamp::Settings) {
        let methods = match typed.and_then(|factor| factor.methods.as_deref()) {
            Some(methods) => self.methods(methods, at.at("methods")),
            None => vec![FactorKind::App, FactorKind::BackupCode],
        };
        let app = typed.and_then(|factor| factor.app.as_ref());
        let skew = app.and_then(|app| app.skew_steps).unwrap_or(1);
        if skew > 1 {
            self.push(at.at("app").at("skew_steps"), "`skew_steps` must be 0 or 1", "RFC 6238 §5.2 allows one step");
        }
        let approval = typed.and_then(|factor| factor.approval.as_ref()).and_then(|a| a.lifetime.as_deref());
        let approval_lifetime = self.duration(at.at("approval"), "lifetime", approval, 5 * MINUTE);
        if approval_lifetime > 15 * MINUTE || approval_lifetime.is_zero() {
            self.push(at.at("approval").at("lifetime"), "an approval lives at most 15m", "5m is usual");
        }
        let cooldown = typed.and_then(|factor| factor.cooldown.as_deref());
        let factor = SecondFactor {
            methods,
            first_enrolment: self.first_enrolment(typed, at, site, contact),
            cooldown: self.duration(at, "cooldown", cooldown, 24 * HOUR),
            approval_lifetime,
            app_issuer: app.and_then(|app| app.issuer.clone()).unwrap_or_else(|| site.name.clone()),
            app_skew_steps: skew,
            sms: self.sms(typed, at),
            backup_codes: self.backup_codes(typed, at),
            devices: self.devices(typed, at),
        };
        (factor, self.stamps(typed.and_then(|factor| factor.stamp.as_ref()), at.at("stamp"), site))
    }

    /// Codes by SMS.
    fn sms(&mut self, typed: Option<&raw::SecondFactor>, at: &Node) -> SmsCodes {
        let is_used = typed.and_then(|factor| factor.methods.as_ref()).is_some_and(|m| m.contains(&FactorKind::Sms));
        let typed = typed.and_then(|factor| factor.sms.as_ref());
        let (at, methods) = (at.at("sms"), at.at("methods"));
        let lifetime = typed.and_then(|sms| sms.code_lifetime.as_deref());
        let lifetime = self.duration(at, "code_lifetime", lifetime, 5 * MINUTE);
        if lifetime > 10 * MINUTE || lifetime < MINUTE {
            self.push(at.at("code_lifetime"), "a code lives 1m at least and 10m at most", "5m is usual");
        }
        let resend = typed.and_then(|sms| sms.resend_after.as_deref());
        let resend = self.duration(at, "resend_after", resend, Duration::from_secs(30));
        let mut countries = Vec::new();
        for (index, letters) in typed.and_then(|sms| sms.countries.as_ref()).into_iter().flatten().enumerate() {
            match Country::parse(letters) {
                Some(country) => countries.push(country),
                None => {
                    let help = "ISO 3166-1 alpha-2, two capitals, as in ID";
                    self.push(at.at("countries").item(index), format!("`{letters}` is no country"), help);
                }
            }
        }
        if is_used && countries.is_empty() {
            let help = "write `sms: { countries: [ID] }`: codes are sent to numbers of these countries only";
            self.push(methods, "`sms` needs the countries that codes are sent to", help);
        }
        let limits = SendLimits {
            gap: resend,
            per_hour: typed.and_then(|sms| sms.per_hour).unwrap_or(5),
            per_day: typed.and_then(|sms| sms.per_day).unwrap_or(10),
        };
        if limits.per_hour == 0 || limits.per_day < limits.per_hour {
            let help = "remove `sms` from the methods where nothing is to be sent";
            self.push(at.at("per_hour"), "`per_hour` is 1 at least, and `per_day` not less", help);
        }
        SmsCodes { lifetime, limits, countries }
    }

    fn backup_codes(&mut self, typed: Option<&raw::SecondFactor>, at: &Node) -> usize {
        let count = typed.and_then(|factor| factor.backup_codes.as_ref()).and_then(|codes| codes.count).unwrap_or(10);
        if !(5..=20).contains(&count) {
            self.push(at.at("backup_codes").at("count"), "a set has 5 to 20 codes", "10 is usual");
        }
        count
    }

    fn devices(&mut self, typed: Option<&raw::SecondFactor>, at: &Node) -> Devices {
        let typed = typed.and_then(|factor| factor.remember_device.as_ref());
        let at = at.at("remember_device");
        let lifetime = typed.and_then(|devices| devices.lifetime.as_deref());
        let lifetime = self.duration(at, "lifetime", lifetime, 30 * 24 * HOUR);
        if lifetime > 90 * 24 * HOUR || lifetime < HOUR {
            self.push(at.at("lifetime"), "a browser is remembered 1h at least and 90d at most", "30d is usual");
        }
        Devices { lifetime, most: typed.and_then(|devices| devices.max_per_player).unwrap_or(5) }
    }

    /// Kinds that can be used, each once and at least one that can be enrolled.
    pub(super) fn methods(&mut self, typed: &[FactorKind], at: &Node) -> Vec<FactorKind> {
        let mut methods = Vec::new();
        for kind in typed {
            if !methods.contains(kind) {
                methods.push(*kind);
            }
        }
        if methods.iter().all(|kind| *kind == FactorKind::BackupCode) {
            self.push(at, "nobody could answer: there is no method that can be enrolled", "write [app, backup_code]");
        }
        methods
    }

    fn first_enrolment(
        &mut self,
        typed: Option<&raw::SecondFactor>,
        at: &Node,
        site: &Site,
        contact: bool,
    ) -> FirstEnrolment {
        let first = typed.and_then(|factor| factor.first_enrolment).unwrap_or(FirstEnrolment::Support);
        let place = at.at("first_enrolment");
        match first {
            FirstEnrolment::PhoneOnFile if !contact => {
                let help = "name `phone` in an identity source";
                self.push(place, "`phone_on_file` needs the number that the site has", help);
            }
            FirstEnrolment::Cooldown if !contact => {
                let help = "name `phone` or `email` in an identity source, so that the owner can be told";
                self.push(place, "`cooldown` needs a contact to notify", help);
            }
            FirstEnrolment::InsecureSessionOnly if site.secure => {
                let help = "who stole a password could enrol their own phone; use `cooldown` or `support`";
                self.push(place, "`insecure_session_only` is refused on an https origin", help);
            }
            FirstEnrolment::Cooldown
            | FirstEnrolment::PhoneOnFile
            | FirstEnrolment::Support
            | FirstEnrolment::InsecureSessionOnly => {}
        }
        first
    }

    fn stamps(&mut self, typed: Option<&raw::Stamp>, at: &Node, site: &Site) -> stamp::Settings {
        let lifetime = self.duration(at, "lifetime", typed.and_then(|stamp| stamp.lifetime.as_deref()), 12 * HOUR);
        let idle = typed.and_then(|stamp| stamp.idle.as_deref());
        let idle = self.duration(at, "idle", idle, lifetime.min(30 * MINUTE));
        if idle > lifetime || idle < MINUTE {
            self.push(at.at("idle"), "`idle` must be 1m at least and not more than `lifetime`", "30m is usual");
        }
        stamp::Settings { origin: site.origin.clone(), lifetime, idle }
    }
}

impl Report<'_> {
    /// Codes that are to be sent need something that carries them.
    pub(super) fn sms_needs_couriers(&mut self, factor: &SecondFactor, carries_sms: bool, tree: &Node) {
        if carries_sms {
            return;
        }
        let at = tree.at("second_factor");
        let help = "name a courier under `couriers: { sms: [ … ] }`";
        if factor.methods.contains(&FactorKind::Sms) {
            self.push(at.at("methods"), "`sms` needs a courier", help);
        }
        if factor.first_enrolment == FirstEnrolment::PhoneOnFile {
            self.push(at.at("first_enrolment"), "`phone_on_file` sends a code, and needs a courier", help);
        }
    }

    /// Where notices go besides the player's own contacts.
    pub(super) fn notices(&mut self, typed: Option<&raw::Notices>, at: &Node) -> notice::Settings {
        let webhook = typed.and_then(|notices| notices.webhook.as_ref());
        notice::Settings { webhook: webhook.map(|webhook| self.webhook(webhook, at.at("webhook"))) }
    }

    /// An address of the site that events are posted to.
    pub(super) fn webhook(&mut self, webhook: &raw::Webhook, at: &Node) -> notice::Webhook {
        self.url(at.at("url"), &webhook.url);
        let is_open = url::Url::parse(&webhook.url).is_ok_and(|url| {
            let host = url.host_str().unwrap_or_default();
            url.scheme() == "http" && !matches!(host, "127.0.0.1" | "[::1]" | "localhost")
        });
        if is_open {
            self.push(at.at("url"), "events would travel in the open", "use https, or http on loopback");
        }
        let secret = self.secret(at.at("secret"), &webhook.secret).unwrap_or_default();
        notice::Webhook { url: webhook.url.clone(), secret }
    }
}

/// Whether a source tells where a player can be reached.
pub(super) fn knows_contact(source: &SourceSettings) -> bool {
    let is_told = |places: &ClaimPlaces| places.phone.is_some() || places.email.is_some();
    match source {
        SourceSettings::Jwt(jwt) => jwt.claims.phone.is_some() || jwt.claims.email.is_some(),
        SourceSettings::Introspection(ask) => is_told(&ask.claims),
        SourceSettings::Login(login) => {
            login.confirm.as_ref().is_some_and(|ask| is_told(&ask.claims))
                || login.profile.as_ref().is_some_and(|ask| is_told(&ask.claims))
        }
        SourceSettings::Header(_) => false,
    }
}
