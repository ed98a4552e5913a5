//! Integration tests, in one binary since each links the whole tree.

mod config;
mod configuration_page;
