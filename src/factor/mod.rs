//! Factors' rules: pure. Storage, attempts and pages are other layers'.
//!
//! Adding one: a file with its check and its tests, a [`crate::policy::FactorKind`], and its step in
//! `flow::challenge` and `flow::enrol`.

pub mod app;
pub mod backup_code;
pub mod code;
pub mod password;
pub mod sms;
#[cfg(test)]
mod fuzz_tests;
