//! `stepgate demo`: a small site, its players and a gateway before it, on loopback, with nothing to
//! install and nothing kept.
//!
//! This module has what the demo needs besides the gateway: the [`site`], its [`accounts`], the
//! [`journal`] of what the site received, the [`inbox`] of what players received, the [`mod@desk`], the configuration and the words on the terminal.

use std::{
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    path::Path,
};

pub mod accounts;
pub mod desk;
pub mod inbox;
pub mod journal;
mod pages;
pub mod site;

#[cfg(test)]
mod site_tests;

/// The sample that the demo's configuration is made from.
const SAMPLE: &str = include_str!("../../../config/demo.yaml");

/// Where the sample puts the site.
const SITE: SocketAddr = loopback(3000);

/// Where the sample puts the gateway.
const GATEWAY: SocketAddr = loopback(8080);

/// Where the sample puts metrics and health.
const OPS: SocketAddr = loopback(9180);

/// Where what players received is shown; the sample does not name it.
const INBOX: SocketAddr = loopback(8025);

/// Where the support desk is; the sample has none, since its operators are made at each start.
const DESK: SocketAddr = loopback(9280);

/// In the sample: the folder of the demo's database and keys.
const FOLDER: &str = "DEMO_DIR";

const fn loopback(port: u16) -> SocketAddr {
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
}

/// What may be said after `stepgate demo`. Every address must be a loopback one: the demo's password
/// is public.
#[derive(Clone, Debug, clap::Args)]
pub struct DemoOptions {
    /// Where the demo site listens.
    #[arg(long, value_name = "ADDRESS", default_value_t = SITE, value_parser = loopback_address)]
    pub site: SocketAddr,
    /// Where the gateway listens: the address to open in a browser.
    #[arg(long, value_name = "ADDRESS", default_value_t = GATEWAY, value_parser = loopback_address)]
    pub gateway: SocketAddr,
    /// Where metrics and health are served.
    #[arg(long, value_name = "ADDRESS", default_value_t = OPS, value_parser = loopback_address)]
    pub ops: SocketAddr,
    /// Where the SMS and mails of the demo's players are shown.
    #[arg(long, value_name = "ADDRESS", default_value_t = INBOX, value_parser = loopback_address)]
    pub inbox: SocketAddr,
    /// Where the support desk listens.
    #[arg(long, value_name = "ADDRESS", default_value_t = DESK, value_parser = loopback_address)]
    pub desk: SocketAddr,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self { site: SITE, gateway: GATEWAY, ops: OPS, inbox: INBOX, desk: DESK }
    }
}

fn loopback_address(typed: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        typed.parse().map_err(|_| "expected an address and a port, as 127.0.0.1:3000".to_owned())?;
    if !address.ip().is_loopback() {
        return Err("the demo listens on loopback only".to_owned());
    }
    Ok(address)
}

/// The demo's configuration as YAML text: the sample `config/demo.yaml` with these addresses and with
/// its database and key file in `dir`, an absolute path.
#[must_use]
pub fn demo_config(options: &DemoOptions, dir: &Path) -> String {
    // In two steps, so that an address that is another one's default is not replaced again.
    SAMPLE
        .replace(&SITE.to_string(), "<site>")
        .replace(&GATEWAY.to_string(), "<gateway>")
        .replace(&OPS.to_string(), "<ops>")
        .replace("<site>", &options.site.to_string())
        .replace("<gateway>", &options.gateway.to_string())
        .replace("<ops>", &options.ops.to_string())
        .replace(FOLDER, &dir.display().to_string())
}

/// What the terminal shows once everything listens. `operators` are the support desk's; `otpauth_uri` is that of `budi`'s app factor,
/// drawn anew at each start (`otpauth://totp/…?secret=BASE32…`).
#[must_use]
pub fn banner(options: &DemoOptions, otpauth_uri: &str, operators: &[desk::DemoOperator]) -> String {
    let DemoOptions { site, gateway, ops, inbox, desk } = options;
    let operators: String = operators.iter().map(operator_lines).collect();
    let password = accounts::PASSWORD;
    let secret = secret_of(otpauth_uri).unwrap_or("");
    format!(
        "\
stepgate demo is ready.

  Open    http://{gateway}/            the site behind the gateway
  Compare http://{site}/            the same site without it
  Inbox   http://{inbox}/            the SMS and mails that players get
  Ops     http://{ops}/metrics     also /livez and /readyz

  Log in as budi, citra or ayu; the password is {password}.

  budi has an authenticator app. Add it to yours, or make a code in a terminal:
    {otpauth_uri}
    oathtool --totp -b {secret}
  citra gets codes by SMS: look into the inbox.
  ayu has no second factor yet: http://{gateway}/.stepgate/settings

  The support desk: sign in at http://{desk}/ as support or as supervisor.
{operators}
  Try: log in as budi, withdraw, and give the code when asked.
  Stop with Ctrl-C. Nothing is kept.
"
    )
}

fn operator_lines(operator: &desk::DemoOperator) -> String {
    let desk::DemoOperator { name, password, secret, .. } = operator;
    format!("    {name}: password {}, code by oathtool --totp -b {}\n", password.as_str(), secret.as_str())
}

/// The `secret` parameter of an otpauth URI, in base32.
fn secret_of(otpauth_uri: &str) -> Option<&str> {
    let (_, query) = otpauth_uri.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("secret="))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: DemoOptions,
    }

    #[test]
    fn only_loopback_addresses_are_taken() {
        assert!(Line::try_parse_from(["demo", "--gateway", "0.0.0.0:8080"]).is_err());
        assert!(Line::try_parse_from(["demo", "--gateway", "localhost"]).is_err());
        let line = Line::try_parse_from(["demo", "--gateway", "[::1]:81"]).unwrap();
        assert_eq!(line.options.gateway.to_string(), "[::1]:81");
        assert_eq!(line.options.site, SITE);
    }

    #[test]
    fn the_sample_is_rewritten_to_the_addresses_given() {
        let swapped =
            DemoOptions { site: GATEWAY, gateway: SITE, ops: loopback(7), inbox: loopback(8), desk: loopback(9) };
        let text = demo_config(&swapped, Path::new("/tmp/demo"));
        assert!(text.contains("origin: http://127.0.0.1:3000"), "{text}");
        assert!(text.contains("http://127.0.0.1:8080/api/me"), "{text}");
        assert!(text.contains("127.0.0.1:7"), "{text}");
        assert!(text.contains("/tmp/demo") && !text.contains(FOLDER), "{text}");
    }

    #[test]
    fn the_banner_has_the_command_that_makes_a_code() {
        let text = banner(&DemoOptions::default(), "otpauth://totp/Demo:budi?issuer=Demo&secret=ABC&digits=6", &[]);
        assert!(text.contains("oathtool --totp -b ABC\n"), "{text}");
    }
}
