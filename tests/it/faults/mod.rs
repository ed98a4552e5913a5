//! What happens when something goes wrong, or changes, in the middle: the process is killed, reloaded,
//! upgraded; the site dies, hangs up or says odd things; connections stay open.

mod clock;
mod crash;
mod odd;
mod outage;
mod reload;
mod repeat;
mod servers;
mod streaming;
mod tunnels;
mod upgrade;

use reqwest::{Certificate, Client, redirect::Policy};

use crate::kit::{
    ApiClient, AuthenticatorApp, Gate,
    certificates::{Authority, Pair},
    raw_site::SESSION,
};

/// A route of the demo's shape, put before all others.
pub fn with_route(yaml: &str, route: &str) -> String {
    yaml.replacen("routes:\n", &format!("routes:\n  - {route}\n"), 1)
}

/// A client that a raw site knows as budi, with an app, and whose stamp opens `/account`.
pub async fn proven_client(gate: &Gate) -> (ApiClient, AuthenticatorApp) {
    let mut client = ApiClient::with_cookies(&gate.url(""), SESSION);
    let app = client.enrol_app().await;
    client.prove("/account", &app.code()).await;
    (client, app)
}

/// The demo's configuration with TLS on its listener.
pub fn over_tls(yaml: &str, pair: &Pair) -> String {
    let yaml = yaml.replace("origin: http:", "origin: https:");
    let yaml = yaml.replace("first_enrolment: insecure_session_only", "first_enrolment: cooldown");
    let (certificate, key) = (pair.certificate.display(), pair.key.display());
    let (before, after) = yaml.split_once("listen:\n").unwrap();
    let (address, after) = after.split_once('\n').unwrap();
    format!("{before}listen:\n{address}\n    tls: {{ certificate: {certificate}, private_key: {key} }}\n{after}")
}

/// A client that trusts this authority alone, and keeps its connection.
pub fn trusting(authority: &Authority) -> Client {
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    Client::builder().tls_certs_only([root]).redirect(Policy::none()).no_proxy().build().unwrap()
}
