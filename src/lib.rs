//! stepgate: a reverse proxy that adds two-factor authentication to a web site that already exists,
//! without changing the site.
//!
//! The modules, in the order in which a request travels; a module uses only those below it (a test
//! holds that):
//!
//! - [`app`]: the composition root. The only file that names concrete parts; a reload swaps the rule set here.
//! - [`cli`]: `run check explain doctor schema demo keys audit user`: arguments in, exit code out.
//! - [`config`]: from what was typed (raw) to what will run (resolved), every problem at once.
//! - [`edge`]: listeners, TLS, the proxy's phases, forwarding with a permit, the held body's swap. Names pingora.
//! - [`portal`]: the players' pages and JSON API: http types in, http types out.
//! - [`desk`]: the support desk's console and JSON API.
//! - [`web`]: what every page and answer of ours shares: problem documents, the page shell, the same-origin check.
//! - [`flow`]: the use cases: gate, challenge, enrol, hold. No HTTP answers, no SQL.
//! - [`identity`]: who sent a request: `jwt`, `introspection`, `login`, `header`.
//! - [`audit`]: the trail of who did what: verified, exported, sent elsewhere, let go of.
//! - [`courier`]: carries SMS and mail: `http`, `twilio`, `smtp`, `outbox`.
//! - [`store`]: ports to what must be remembered; SQL and memory.
//! - [`factor`]: the rules of each factor.
//! - [`stamp`]: claims, minting, verifying, the key ring.
//! - [`policy`]: pure: routes, facts, the decision, the permit, throttling.
//! - [`request`]: a request head as data.
//! - [`contact`]: where a player can be reached: phone numbers and mail addresses.
//! - [`target`]: the readings of a request target.
//! - [`fields`]: bound fields out of queries, forms and JSON bodies.
//! - [`words`]: what players read, in every language; numbers and times as a language writes them.
//! - [`metrics`], [`secret`], [`clock`]: counting, secrets, time.
//! - `fuzz`, in tests only: targets, their inputs and mutations.

pub mod app;
pub mod cli;
pub mod config;
pub mod edge;
pub mod portal;
pub mod desk;
pub mod web;
pub mod flow;
pub mod identity;
pub mod audit;
pub mod notice;
pub mod courier;
pub mod store;
pub mod factor;
pub mod stamp;
pub mod policy;
pub mod request;
pub mod contact;
pub mod target;
pub mod fields;
pub mod words;
pub mod metrics;
pub mod secret;
pub mod clock;
#[cfg(test)]
pub mod fuzz;
