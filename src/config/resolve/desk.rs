//! `desk:`.

use std::{net::SocketAddr, time::Duration};

use secrecy::ExposeSecret;

use super::{Node, Report, raw};
use crate::{
    edge::settings::{Desk, Settings, TlsFiles},
    factor::{app, password::PasswordHash},
    flow::desk::{self, Operator, ResetRules},
    policy::desk::DeskAction,
};

const HOUR: Duration = Duration::from_secs(3600);

impl Report<'_> {
    /// The listener of the support desk and its rules, where there is one.
    pub(super) fn desk(
        &mut self,
        typed: Option<&raw::Desk>,
        at: &Node,
        edge: &Settings,
    ) -> Option<(Desk, desk::Settings)> {
        let typed = typed?;
        let address = self.address(at.at("address"), &typed.address)?;
        let taken = edge.ops.address == address || edge.listen.iter().any(|other| other.address == address);
        if taken {
            self.push(
                at.at("address"),
                format!("`{address}` is listened on twice"),
                "the desk needs an address of its own",
            );
        }
        let tls = self.desk_tls(typed, at, address);
        let hosts = self.desk_hosts(typed, at, address);
        let operators = self.operators(&typed.operators, at.at("operators"));
        let reset = self.reset_rules(typed.reset.as_ref(), at.at("reset"), address);
        self.enough_operators(&operators, &reset, at);
        let actions_per_hour = self.per_hour(at, ("actions_per_hour", typed.actions_per_hour), 20);
        let looks_per_hour = self.per_hour(at, ("looks_per_hour", typed.looks_per_hour), 60);
        let rules = desk::Settings { operators, reset, actions_per_hour, looks_per_hour };
        Some((Desk { address, tls, hosts }, rules))
    }

    fn per_hour(&mut self, at: &Node, (key, typed): (&str, Option<u32>), default: u32) -> u32 {
        if typed == Some(0) {
            let help = format!("leave it out for {default}");
            self.push(at.at(key), format!("`{key}` is 0: nothing could be done"), &help);
        }
        typed.unwrap_or(default)
    }

    fn desk_tls(&mut self, typed: &raw::Desk, at: &Node, address: SocketAddr) -> Option<TlsFiles> {
        let Some(tls) = &typed.tls else {
            if !address.ip().is_loopback() {
                let help = "add `tls: { certificate: …, private_key: … }`, or listen on 127.0.0.1";
                self.push(at.at("address"), "the desk is open to the network without TLS", help);
            }
            return None;
        };
        let files = TlsFiles { certificate: self.path(&tls.certificate), private_key: self.path(&tls.private_key) };
        self.file(at.at("tls").at("certificate"), &files.certificate);
        self.file(at.at("tls").at("private_key"), &files.private_key);
        Some(files)
    }

    fn desk_hosts(&mut self, typed: &raw::Desk, at: &Node, address: SocketAddr) -> Vec<String> {
        let Some(hosts) = &typed.hosts else {
            if !address.ip().is_loopback() {
                let help = "write hosts: [desk.play.example]";
                self.push(at.at("address"), "the desk needs the names that it is opened by", help);
            }
            return vec![address.to_string(), format!("localhost:{}", address.port())];
        };
        if hosts.is_empty() {
            self.push(at.at("hosts"), "there is no host", "write [desk.play.example]");
        }
        for (index, host) in hosts.iter().enumerate() {
            if !is_host(host) {
                self.push(at.at("hosts").item(index), format!("`{host}` is no host"), "write name or name:port");
            }
        }
        hosts.iter().map(|host| host.to_ascii_lowercase()).collect()
    }

    fn operators(&mut self, typed: &[raw::Operator], at: &Node) -> Vec<Operator> {
        if typed.is_empty() {
            self.push(at, "nobody can sign in", "make an entry with `stepgate user operator`");
        }
        let mut operators: Vec<Operator> = Vec::new();
        for (index, one) in typed.iter().enumerate() {
            let at = at.item(index);
            if !desk::is_operator_name(&one.name) {
                let help = "1 to 32 characters of a-z 0-9 . _ -, the first a letter or digit";
                self.push(at.at("name"), format!("`{}` is no operator's name", one.name), help);
            }
            if operators.iter().any(|other| other.name == one.name) {
                self.push(at.at("name"), format!("`{}` stands twice", one.name), "each person has one entry");
            }
            if one.roles.is_empty() {
                self.push(at.at("roles"), "an operator without a role", "one of: support, supervisor, auditor, admin");
            }
            let (hash, secret) = (self.password_hash(one, at), self.app_secret(one, at));
            let (Some(password), Some(app)) = (hash, secret) else { continue };
            operators.push(Operator { name: one.name.clone(), roles: one.roles.clone(), password, app });
        }
        operators
    }

    fn password_hash(&mut self, typed: &raw::Operator, at: &Node) -> Option<PasswordHash> {
        let at = at.at("password_hash");
        let before = self.problems.len();
        let text = self.text(at, &typed.password_hash);
        if self.problems.len() > before {
            return None;
        }
        let parsed = PasswordHash::parse(text.expose_secret());
        parsed.map_err(|error| self.push(at, error.to_string(), "make one with `stepgate user operator`")).ok()
    }

    fn app_secret(&mut self, typed: &raw::Operator, at: &Node) -> Option<app::Secret> {
        let at = at.at("app_secret");
        let text = self.secret(at, &typed.app_secret)?;
        let secret = app::Secret::from_base32(text.expose_secret());
        if secret.is_none() {
            self.push(at, "this is no app secret", "32 characters of base32: make one with `stepgate user operator`");
        }
        secret
    }

    fn reset_rules(&mut self, typed: Option<&raw::DeskReset>, at: &Node, address: SocketAddr) -> ResetRules {
        let default = ["document", "video_call", "in_person"].map(str::to_owned).to_vec();
        let evidence = typed.and_then(|reset| reset.evidence.clone()).unwrap_or(default);
        if evidence.is_empty() {
            self.push(at.at("evidence"), "there is no kind of evidence", "write [document, video_call]");
        }
        for (index, word) in evidence.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
            if word.is_empty() || word.len() > 32 || !word.chars().all(plain) {
                let help = "1 to 32 characters of a-z 0-9 _ -";
                self.push(at.at("evidence").item(index), format!("`{word}` is no kind of evidence"), help);
            }
        }
        let approvals = typed.and_then(|reset| reset.approvals).unwrap_or(2);
        if !(1..=2).contains(&approvals) {
            self.push(at.at("approvals"), "`approvals` must be 1 or 2", "2: somebody else approves");
        }
        let delay = self.duration(at, "delay", typed.and_then(|reset| reset.delay.as_deref()), 24 * HOUR);
        if delay < HOUR && !address.ip().is_loopback() {
            self.push(at.at("delay"), "the player has less than an hour to call a reset off", "write 1h or more");
        }
        let expires = self.duration(at, "expires", typed.and_then(|reset| reset.expires.as_deref()), 24 * HOUR);
        if expires.is_zero() {
            self.push(at.at("expires"), "a reset could never be approved", "leave it out for 24h");
        }
        let lifetime = typed.and_then(|reset| reset.code_lifetime.as_deref());
        let code_lifetime = self.duration(at, "code_lifetime", lifetime, HOUR);
        if code_lifetime.is_zero() || code_lifetime > 24 * HOUR {
            self.push(at.at("code_lifetime"), "a temporary code counts for more than 0s and at most 24h", "write 1h");
        }
        ResetRules { evidence, needs_second: approvals == 2, delay, expires, code_lifetime }
    }

    /// A reset that nobody could approve would be found out when a player needs it.
    fn enough_operators(&mut self, operators: &[Operator], reset: &ResetRules, at: &Node) {
        let may = |action: DeskAction| operators.iter().filter(move |one| action.is_open_to(&one.roles));
        let second = may(DeskAction::RequestReset)
            .any(|first| may(DeskAction::ApproveReset).any(|second| second.name != first.name));
        if reset.needs_second && !second && !operators.is_empty() {
            let help = "add a second operator with the role supervisor or admin, or write approvals: 1";
            self.push(at.at("operators"), "no reset could be approved: it takes two persons", help);
        }
    }
}

/// A name, or a name and a port.
fn is_host(typed: &str) -> bool {
    !typed.contains('@') && typed.parse::<http::uri::Authority>().is_ok_and(|authority| !authority.host().is_empty())
}
