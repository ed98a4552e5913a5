//! What stands around the routes: store, couriers, the site's servers, its clock, ways past stepgate.

use std::{
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    time::{Duration, Instant},
};

use http::{Method, header};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;

use super::{
    Findings,
    site::{self, Site},
};
use crate::{
    clock::UnixTime,
    config::Config,
    courier::{MailSettings, SmsSettings},
    policy::Requirement,
    store::sql::Sql,
};

/// For one connection.
const CONNECT: Duration = Duration::from_secs(3);
/// A clock that is further off makes right codes wrong.
const SKEW: Duration = Duration::from_secs(5);

/// Whether the durable store answers.
pub(super) async fn store(config: &Config, findings: &mut Findings<'_>) -> io::Result<()> {
    match Sql::look(config.store.durable.expose_secret()).await {
        Ok(true) => findings.ok("the durable store answers"),
        Ok(false) => findings.ok("the durable store is not there yet: the first start makes it"),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            findings.problem(&format!("the durable store does not answer: {error}{cause}"), "look at store.durable")
        }
    }
}

/// Whether what carries messages can be connected to, and says who it is from.
pub(super) async fn couriers(config: &Config, findings: &mut Findings<'_>) -> io::Result<()> {
    let mut places: Vec<(String, String)> = Vec::new();
    let of = |url: &url::Url| {
        let port = url.port_or_known_default().unwrap_or(443);
        format!("{}:{port}", url.host_str().unwrap_or_default())
    };
    for (at, courier) in config.couriers.sms.iter().enumerate() {
        match courier {
            SmsSettings::Http(http) => places.push((format!("couriers.sms, http-{at}"), of(&http.url))),
            SmsSettings::Twilio(twilio) => places.push((format!("couriers.sms, twilio-{at}"), of(&twilio.base_url))),
            SmsSettings::Outbox => {}
        }
    }
    for (at, courier) in config.couriers.mail.iter().enumerate() {
        match courier {
            MailSettings::Smtp(smtp) => {
                places.push((format!("couriers.email, smtp-{at}"), format!("{}:{}", smtp.server, smtp.port)));
            }
            MailSettings::Outbox => {}
        }
    }
    for (name, place) in places {
        match tokio::time::timeout(CONNECT, TcpStream::connect(&place)).await {
            Ok(Ok(_)) => {
                findings.ok(&format!("{name}: {place} can be connected to; send yourself a code to be sure"))?;
            }
            Ok(Err(error)) => findings.problem(&format!("{name}: {place}: {error}"), "look at its address")?,
            Err(_) => findings.problem(&format!("{name}: {place} does not answer"), "a firewall between?")?,
        }
    }
    Ok(())
}

/// Whether each server answers, what its clock says, and whether others reach it too.
pub(super) async fn servers(
    config: &Config,
    site: &Site,
    (now, also_at): (UnixTime, &[IpAddr]),
    findings: &mut Findings<'_>,
) -> io::Result<bool> {
    let began = Instant::now();
    let mut any = false;
    for (name, base) in site.servers() {
        let Some(answer) = site.ask_at(base, &Method::GET, "/", None).await else {
            findings.problem(&format!("{name} does not answer"), "look at site.upstream")?;
            continue;
        };
        any = true;
        findings.ok(&format!("{name} answers"))?;
        let present = now.plus(began.elapsed());
        let date = answer.headers.get(header::DATE).and_then(|date| date.to_str().ok());
        match date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) {
            None => findings.warning(&format!("{name} says no Date"), "compare its clock with this one's by hand")?,
            Some(date) => {
                let site = UnixTime::from_secs(date.timestamp().as_second());
                let skew = if site > present { site.since(present) } else { present.since(site) };
                let what = format!("the clocks of {name} and of this machine differ by {} s", skew.as_secs());
                if skew > SKEW {
                    findings.problem(&what, "let both follow a time server: codes of apps depend on the clock")?;
                } else {
                    findings.ok(&what)?;
                }
            }
        }
        match on_loopback(name).await {
            Some(own) => elsewhere(config, (name, &own), also_at, findings).await?,
            None => past_us(config, site, (name, base), findings).await?,
        }
    }
    Ok(any)
}

/// What helps where others reach the site.
const CLOSE: &str =
    "let the site listen on loopback alone, or refuse guarded requests without a valid Stepgate-Assertion";

/// The addresses of a server that is named by a loopback address, or by a name of one.
async fn on_loopback(name: &str) -> Option<Vec<SocketAddr>> {
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(name).await.ok()?.collect();
    addresses.iter().all(|address| address.ip().is_loopback()).then_some(addresses)
}

/// Whether a server that is not on loopback answers a guarded path. Asked without a session: that it asks for one
/// says nothing of the assertion.
async fn past_us(
    config: &Config,
    site: &Site,
    (name, base): (&str, &str),
    findings: &mut Findings<'_>,
) -> io::Result<()> {
    let guarded = config.routes.iter().filter(|route| route.require != Requirement::None);
    let path = guarded.flat_map(|route| &route.matches).map(|known| known.path.as_str()).find(|p| !p.contains('*'));
    let Some(path) = path else { return Ok(()) };
    let answer = site.ask_at(base, &Method::GET, path, None).await;
    match answer.map(|answer| answer.status.as_u16()) {
        None => findings.warning(&format!("{name} gave no answer for {path}: whom it refuses is not known"), CLOSE),
        Some(status @ (401 | 403)) => {
            findings.ok_so_far(&format!("{name}, {path}: no answer without a session ({status})"), CLOSE)
        }
        Some(_) => findings.warning(&format!("{name} answers {path} to whoever reaches it past stepgate"), CLOSE),
    }
}

/// Whether a server on loopback answers at other addresses of this machine too.
async fn elsewhere(
    config: &Config,
    (name, at): (&str, &[SocketAddr]),
    also_at: &[IpAddr],
    findings: &mut Findings<'_>,
) -> io::Result<()> {
    let Some(port) = at.first().map(SocketAddr::port) else { return Ok(()) };
    let own = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")].into_iter().filter_map(outward);
    for address in own.chain(also_at.iter().copied()) {
        let other = SocketAddr::new(address, port);
        let is_ours = |ours: SocketAddr| ours.port() == port && (ours.ip().is_unspecified() || ours.ip() == address);
        if config.edge.listen.iter().any(|listener| is_ours(listener.address)) {
            continue;
        }
        if at.contains(&other) {
            findings.ok(&format!("{address} is where {name} itself is reached, from here"))?;
            continue;
        }
        match tokio::time::timeout(CONNECT, TcpStream::connect(other)).await {
            Ok(Ok(_)) if address.is_loopback() => {
                let what = format!("{name} answers at {other} too, from here: it may listen at every address");
                findings.problem(&what, CLOSE)?;
            }
            Ok(Ok(_)) => {
                findings.problem(&format!("{name} answers at {other} too: others reach it past stepgate"), CLOSE)?;
            }
            Ok(Err(_)) | Err(_) => {
                findings.ok(&format!("{name} does not answer at {address}, an address of this machine"))?;
            }
        }
    }
    Ok(())
}

/// The address of this machine by which others see it. Nothing is sent: the system only says from which one it
/// would be.
fn outward((from, to): (&str, &str)) -> Option<IpAddr> {
    let socket = UdpSocket::bind(from).ok()?;
    socket.connect(to).ok()?;
    let own = socket.local_addr().ok()?.ip();
    (!own.is_loopback() && !own.is_unspecified()).then_some(own)
}

/// Whether the address that players use leads here.
pub(super) async fn public_origin(config: &Config, findings: &mut Findings<'_>) -> io::Result<()> {
    let url = format!("{}{}/jwks.json", config.site.origin, config.portal_prefix);
    let Ok(client) = site::client().build() else { return Ok(()) };
    let answer = match client.get(&url).send().await {
        Ok(answer) => site::read(answer).await,
        Err(_) => None,
    };
    let keys = answer.and_then(|answer| serde_json::from_slice::<serde_json::Value>(&answer.body).ok());
    if keys.is_some_and(|keys| keys.get("keys").is_some_and(serde_json::Value::is_array)) {
        return findings.ok(&format!("{} leads to stepgate", config.site.origin));
    }
    let what = format!("{} does not lead to a running stepgate from here", config.site.origin);
    let help = "start it, and let the name players use point at it: what reaches the site another way is not guarded";
    findings.warning(&what, help)
}
