//! `audit:`.

use std::{sync::Arc, time::Duration};

use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{Node, Report, raw};
use crate::{
    audit::{self, EVERY_OTHER, Settings, is_loopback},
    config::value,
    flow::notify::Event,
    store::audit::KINDS,
};

/// Rows are kept at least so long: an attack is noticed after days.
const LEAST: Duration = Duration::from_secs(24 * 3600);

impl Report<'_> {
    /// How long audit rows are kept, and where else they go.
    pub(super) fn audit(&mut self, typed: Option<&raw::Audit>, at: &Node) -> Settings {
        let Some(typed) = typed else { return Settings::default() };
        Settings {
            retention: self.retention(typed, at.at("retention")),
            webhook: typed.webhook.as_ref().map(|webhook| self.webhook(webhook, at.at("webhook"))),
            syslog: typed.syslog.as_ref().and_then(|syslog| self.syslog(syslog, at.at("syslog"))),
        }
    }

    fn retention(&mut self, typed: &raw::Audit, at: &Node) -> Vec<(String, Duration)> {
        let mut kept = Vec::new();
        for (kind, text) in typed.retention.iter().flatten() {
            let is_event = Event::ALL.iter().any(|event| event.as_str() == kind) || KINDS.contains(&kind.as_str());
            if kind != EVERY_OTHER && !is_event {
                let help = format!("`{EVERY_OTHER}` is every kind that is not named; docs/operations.md has the list");
                self.push(at.at(kind), format!("`{kind}` is no kind of event"), &help);
            }
            match value::duration(text) {
                Some(length) if length >= LEAST => kept.push((kind.clone(), length)),
                Some(_) | None => {
                    self.push(
                        at.at(kind),
                        format!("`{kind}` cannot be kept for `{text}`"),
                        "write 1d or more, as in 400d",
                    );
                }
            }
        }
        kept
    }

    fn syslog(&mut self, typed: &raw::Syslog, at: &Node) -> Option<audit::Syslog> {
        let plain = typed.insecure_plain_tcp.unwrap_or(false);
        match (&typed.tcp, &typed.tls, &typed.unix) {
            (Some(server), None, None) => {
                if !is_loopback(server) && !plain {
                    let help = "use `tls`, or say insecure_plain_tcp: true";
                    self.push(at.at("tcp"), "rows would travel in the open", help);
                }
                Some(audit::Syslog::Tcp(server.clone()))
            }
            (None, Some(tls), None) => self.syslog_by_tls(tls, at.at("tls")),
            (None, None, Some(path)) => Some(audit::Syslog::Unix(self.path(path))),
            _ => {
                self.push(at, "a syslog server needs exactly one way", "one of: tcp, tls, unix");
                None
            }
        }
    }

    fn syslog_by_tls(&mut self, typed: &raw::SyslogTls, at: &Node) -> Option<audit::Syslog> {
        let pem = self.file(at.at("ca_file"), &self.path(&typed.ca_file))?;
        let mut roots = rustls::RootCertStore::empty();
        let parsed = CertificateDer::pem_slice_iter(pem.as_bytes()).flatten();
        let (known, _) = roots.add_parsable_certificates(parsed);
        if known == 0 {
            self.push(at.at("ca_file"), "no certificate stands there", "PEM, `-----BEGIN CERTIFICATE-----`");
            return None;
        }
        let host = typed.server.rsplit_once(':').map_or(typed.server.as_str(), |(host, _)| host);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client =
            rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
        Some(audit::Syslog::Tls {
            server: typed.server.clone(),
            name: typed.server_name.clone().unwrap_or_else(|| host.to_owned()),
            client: Arc::new(client.with_root_certificates(roots).with_no_client_auth()),
        })
    }
}
