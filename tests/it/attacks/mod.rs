//! What an attacker or a fault may try beside the journeys, one file an idea: replay at another node, a
//! panic, a store that keeps silent, an approval for another request, forms that servers read differently, addresses that lead elsewhere, answers that tell who plays here, old TLS, headers that HTTP/2 forbids.

mod approvals;
mod cookies;
mod demand;
mod devices;
mod edge;
mod enumeration;
mod fields;
mod floods;
mod forms;
mod frames;
mod h2_headers;
mod heads;
mod links;
mod logged_out;
mod nodes;
mod panics;
mod permit;
mod return_address;
mod silent_store;
mod tls;

/// The demo's configuration with its durable store there.
fn on_database(yaml: &str, url: &str) -> String {
    let (before, after) = yaml.split_once("durable: ").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    format!("{before}durable: \"{url}\"\n{after}")
}
