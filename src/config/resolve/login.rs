//! The `login` source of `identity:`.

use super::{Node, Report, identity::SECOND, raw};
use crate::identity::settings::{Bind, Credential, Extract, LoginSettings, ProfileSettings};

impl Report<'_> {
    pub(super) fn login(&mut self, typed: &raw::Login, at: &Node) -> Option<LoginSettings> {
        if typed.hold_session == Some(true) && typed.confirm.is_none() {
            let help = "add `confirm:`: what looks like no success may still have logged in, and must not get out";
            self.push(at.at("hold_session"), "`hold_session` needs the site's word for who logged in", help);
        }
        let credential = self.credential(at, typed.cookie.as_deref(), None, typed.session.as_ref())?;
        let Credential::Cookies(cookies) = credential.clone() else {
            self.push(at, "a log-in is known by its cookie", "write `cookie: NAME`");
            return None;
        };
        let names = typed.profile.as_ref().is_some_and(|profile| profile.subject.is_some());
        if typed.confirm.is_none() && !names && typed.insecure_unconfirmed_login != Some(true) {
            let help = "add `confirm:`, which asks the site with the new session, or a `profile:` with `subject:`; \
                        a typed name is only a claim";
            self.push(at, "who logged in is not confirmed by the site", help);
        }
        let confirm = typed.confirm.as_ref();
        let confirm = confirm.and_then(|confirm| self.question(confirm, at.at("confirm"), credential, Bind::Value));
        let profile = typed.profile.as_ref().and_then(|profile| self.profile(profile, at.at("profile")));
        let subject = self.field(at.at("subject"), &typed.subject.field);
        Some(LoginSettings {
            cookies,
            matches: self.matches(&typed.matches, at.at("match")),
            normalize: typed.subject.normalize.clone().unwrap_or_default(),
            success: self.when(typed.success.as_ref(), at.at("success")),
            confirm,
            profile,
            lifetime: self.duration(at, "lifetime", typed.lifetime.as_deref(), 30 * 86_400 * SECOND),
            hold_session: typed.hold_session.unwrap_or(false),
            subject: subject?,
        })
    }

    fn profile(&mut self, typed: &raw::Profile, at: &Node) -> Option<ProfileSettings> {
        if !ProfileSettings::has_one_place(&typed.url) {
            let help = "as in http://127.0.0.1:3000/internal/players/{subject}";
            self.push(at.at("url"), "this address has no one place for the account in its path or query", help);
        }
        self.url(at.at("url"), &typed.url.replace(ProfileSettings::PLACE, "x"));
        let subject = typed.subject.as_ref().and_then(|subject| self.of_no_player(at.at("subject"), subject));
        let places = [&typed.phone, &typed.phone_since, &typed.email, &typed.locale];
        let claims = self.claim_places(at, places, Self::of_no_player);
        let authorization = typed.authorization.as_ref();
        Some(ProfileSettings {
            url: typed.url.clone(),
            authorization: authorization.and_then(|secret| self.secret(at.at("authorization"), secret)),
            deadline: self.duration(at, "deadline", typed.deadline.as_deref(), 5 * SECOND),
            max_answer: self.size(at, "max_answer", typed.max_answer.as_deref(), 64 << 10),
            subject,
            claims,
        })
    }

    /// A place in an answer to a question that no player's credential goes with.
    fn of_no_player(&mut self, at: &Node, typed: &raw::Extract) -> Option<Extract> {
        if typed.basic.is_some() {
            self.push(at, "no player's credential goes with this question", "one of: json, regex, header");
            return None;
        }
        self.extract(at, typed)
    }
}
