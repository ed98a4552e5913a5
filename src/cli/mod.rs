//! Commands: arguments in, text and an exit code out. `run` and `demo` are composed by `app`.

use std::{io::Write, path::PathBuf};

use clap::{Parser, Subcommand};

pub mod check;
pub mod demo;
pub mod explain;
pub mod keys;

/// Exit code: it did what was asked.
pub const GOOD: u8 = 0;
/// Exit code: the arguments are wrong.
pub const USAGE: u8 = 64;

/// Adds two-factor authentication to a web site that already exists, without changing the site.
#[derive(Debug, Parser)]
#[command(name = "stepgate", version, propagate_version = true)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// The configuration.
    #[arg(long, short, global = true, value_name = "FILE", default_value = "config/stepgate.yaml")]
    pub config: PathBuf,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until a signal ends it: SIGTERM drains, SIGHUP reads the configuration again.
    Run {
        /// Take the listening sockets over from the running process.
        #[arg(long)]
        upgrade: bool,
    },
    /// Print every problem of the configuration.
    Check,
    /// Print how a request is read, on which route it lands and what is required of it.
    Explain(explain::Explain),
    /// Print the JSON Schema of the configuration, for editors.
    Schema,
    /// Run a small demo site with the gateway before it, on loopback.
    Demo(demo::DemoOptions),
    /// Make or rotate the keys.
    #[command(subcommand)]
    Keys(keys::Keys),
}

/// Prints the schema.
///
/// # Errors
/// When nothing can be written.
pub fn schema(out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out, "{:#}", crate::config::schema())
}
