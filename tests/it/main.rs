//! Tests of the whole: real processes, sockets and browsers, and the rules the sources keep.

mod demo_site;
mod docs;
mod journeys;
mod kit;
mod layers;
