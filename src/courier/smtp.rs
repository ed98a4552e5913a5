//! Mail through an SMTP server. Each mail has a connection of its own: notices are few, and no idle
//! connection can have gone stale.

use std::time::{Duration, UNIX_EPOCH};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use secrecy::{ExposeSecret, SecretString};

use super::{BuildError, Mail, provider::Failure};
use crate::clock::UnixTime;

/// A mail server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name; also the name in its certificate.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Protection,
    /// PEM roots in place of the system's.
    pub ca: Option<Vec<u8>>,
    /// Name and password.
    pub login: Option<(String, SecretString)>,
    /// Who it is from.
    pub from: Sender,
    /// For one try.
    pub deadline: Duration,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// Begins in the open, then must become TLS (RFC 3207).
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// Never: only to this machine.
    None,
}

/// Who mails are from: an address, with or without a name.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl std::str::FromStr for Sender {
    type Err = lettre::address::AddressError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// One mail server.
pub(super) struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Smtp {
    pub(super) fn new(settings: Settings) -> Result<Self, BuildError> {
        let bad = |error: lettre::transport::smtp::Error| BuildError(format!("smtp: {error}"));
        let mut parameters = TlsParameters::builder(settings.server.clone());
        if let Some(pem) = &settings.ca {
            parameters = parameters
                .certificate_store(lettre::transport::smtp::client::CertificateStore::None)
                .add_root_certificate(Certificate::from_pem(pem).map_err(bad)?);
        }
        let tls = match settings.tls {
            Protection::Starttls => Tls::Required(parameters.build().map_err(bad)?),
            Protection::Implicit => Tls::Wrapper(parameters.build().map_err(bad)?),
            Protection::None => Tls::None,
        };
        // The builder is called dangerous since it begins without TLS; `tls` says what holds.
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.server)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(settings.deadline));
        if let Some((name, password)) = settings.login {
            transport = transport.credentials(Credentials::new(name, password.expose_secret().to_owned()));
        }
        Ok(Self { transport: transport.build(), from: settings.from.0 })
    }

    /// Hands one mail over.
    pub(super) async fn carry(&self, mail: Mail<'_>, id: &str, now: UnixTime) -> Result<Option<String>, Failure> {
        let refused = |what: &str| Failure::Refused(format!("the mail cannot be written: {what}"));
        let to = mail.to.as_str().parse().map_err(|_| refused("its address"))?;
        let message_id = format!("<{id}@{}>", self.from.email.domain());
        let seconds = u64::try_from(now.secs()).unwrap_or_default();
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject)
            .date(UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(message_id.clone()))
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.to_owned())
            .map_err(|_| refused("its headers"))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(Some(message_id)),
            Err(error) => Err(failure(&error)),
        }
    }
}

/// Only a lasting answer to this mail (RFC 5321 §4.2.1, 550 to 554) says something of the mail; a
/// refused log-in (530, 535) says something of us. The server's text is left out: it may quote the
/// address.
fn failure(error: &lettre::transport::smtp::Error) -> Failure {
    let Some(code) = error.status() else {
        let what = if error.is_tls() {
            "TLS failed"
        } else if error.is_timeout() {
            "it did not answer in time"
        } else {
            "no connection, or it broke off"
        };
        return Failure::Unreachable(what.to_owned());
    };
    let code = u16::from(code);
    let text = format!("it answered {code}");
    if (550..=554).contains(&code) { Failure::Refused(text) } else { Failure::Unreachable(text) }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Smtp(…)")
    }
}
