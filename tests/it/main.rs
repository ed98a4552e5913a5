//! Integration tests, in one binary since each links the whole tree: real processes, sockets and
//! browsers, and the rules that the sources keep.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and so do the parts it calls"
)]

mod api_page;
mod attacks;
mod audit;
mod client_script;
mod compare;
mod config;
mod configuration_page;
mod couriers;
mod csrf;
mod cut;
mod demo_site;
mod desk;
mod docs;
mod doctor;
mod journeys;
mod edge;
mod faults;
mod held;
mod identity;
mod in_flight;
mod keys;
mod kit;
mod layers;
mod limits;
mod oathtool;
mod openapi;
mod pages;
mod observability;
mod portal_headers;
mod portal_input;
mod privacy;
mod restore;
mod slow_bodies;
mod slow_readers;
mod store;
mod torture;
mod zoo;
