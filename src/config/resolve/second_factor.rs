//! `second_factor:`.

use std::time::Duration;

use super::{Node, Report, raw};
use crate::{
    flow::{FirstEnrolment, SecondFactor, Site},
    identity::settings::SourceSettings,
    policy::FactorKind,
    stamp,
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
        for key in ["sms", "backup_codes", "remember_device"] {
            self.reserved(at, key);
        }
        let methods = match typed.and_then(|factor| factor.methods.as_deref()) {
            Some(methods) => self.methods(methods, at.at("methods")),
            None => vec![FactorKind::App],
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
        };
        (factor, self.stamps(typed.and_then(|factor| factor.stamp.as_ref()), at.at("stamp"), site))
    }

    /// Kinds that can be used, each once and at least one.
    pub(super) fn methods(&mut self, typed: &[FactorKind], at: &Node) -> Vec<FactorKind> {
        let mut methods = Vec::new();
        for (index, kind) in typed.iter().enumerate() {
            match kind {
                FactorKind::App => {}
                FactorKind::Sms | FactorKind::BackupCode => {
                    let message = format!("`{}` is not supported yet", kind.as_str());
                    self.push(at.item(index), message, "use `app`");
                }
            }
            if !methods.contains(kind) {
                methods.push(*kind);
            }
        }
        if methods.is_empty() {
            self.push(at, "nobody could answer: there is no method", "write [app]");
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
            FirstEnrolment::PhoneOnFile => {
                let help = "use `cooldown`, or `support`, the default, which lets nobody enrol alone";
                self.push(place, "`phone_on_file` is not supported yet", help);
            }
            FirstEnrolment::Cooldown if !contact => {
                let help = "name `phone` or `email` in an identity source, so that the owner can be told";
                self.push(place, "`cooldown` needs a contact to notify", help);
            }
            FirstEnrolment::InsecureSessionOnly if site.secure => {
                let help = "who stole a password could enrol their own phone; use `cooldown` or `support`";
                self.push(place, "`insecure_session_only` is refused on an https origin", help);
            }
            FirstEnrolment::Cooldown | FirstEnrolment::Support | FirstEnrolment::InsecureSessionOnly => {}
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

/// Whether a source tells where a player can be reached.
pub(super) fn knows_contact(source: &SourceSettings) -> bool {
    match source {
        SourceSettings::Jwt(jwt) => jwt.claims.phone.is_some() || jwt.claims.email.is_some(),
        SourceSettings::Introspection(ask) => ask.phone.is_some() || ask.email.is_some(),
        SourceSettings::Login(login) => {
            login.confirm.as_ref().is_some_and(|ask| ask.phone.is_some() || ask.email.is_some())
        }
        SourceSettings::Header(_) => false,
    }
}
