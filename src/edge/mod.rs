//! Listeners, TLS, the proxy's phases, forwarding. The only folder besides `app.rs` that names pingora.
//!
//! A connection's way: [`entrance`] (its place among the [`connections`], TLS) -> [`patience`] (its heads
//! come in time, and its [`frames`] ask for something); each of its requests takes [`room`].
//!
//! A request's way: [`gateway`] (the phases) -> [`arrive`] (first look by [`intake`], our own pages
//! by [`bridge`], a held request that goes on by [`resumption`], the gate) -> [`upstream`] (a server of
//! the site) -> [`depart`] (nothing leaves without a permit; [`forward`] cleans and introduces) ->
//! [`answer`] (what the site's answer changes) -> [`record`] (metrics and the decision log, once).
//! Where the body of the answer decides, [`exchange`] sends and answers in place of the library. What
//! stays open on a guarded route is watched by [`tunnel`], a body that streams to the site by [`pace`].

pub mod answer;
pub mod arrive;
pub mod body;
pub mod bridge;
pub mod connections;
pub mod context;
pub mod decision_log;
pub mod depart;
pub mod desk;
pub mod entrance;
pub mod exchange;
pub mod expiry;
pub mod forward;
pub mod frames;
pub mod gateway;
pub mod intake;
pub mod live;
pub mod logging;
pub mod ops;
pub mod pace;
pub mod patience;
pub mod record;
pub mod reply;
pub mod resumption;
pub mod room;
pub mod serve;
pub mod settings;
pub mod tls;
pub mod tunnel;
pub mod turns;
pub mod upstream;
pub mod watch;
mod withhold;
