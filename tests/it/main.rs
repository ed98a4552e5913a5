//! Integration tests, in one binary since each links the whole tree.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking, and so do the parts it calls")]

mod config;
mod configuration_page;
mod kit;
mod oathtool;
mod store;
