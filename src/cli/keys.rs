//! `stepgate keys`.

use std::{io::Write, path::Path};

use clap::Subcommand;

use crate::{clock::Clock, config};

/// What to do with the keys.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Keys {
    /// Write the key file that the configuration names (0600), never over an existing one.
    Generate,
    /// Put new stamp and assertion keys first; the ones before still verify.
    Rotate,
}

/// Does it. The message of a failure is for a person.
///
/// # Errors
/// The configuration's problems, or what the file system said.
pub fn run(keys: Keys, path: &Path, clock: &impl Clock, out: &mut impl Write) -> Result<(), String> {
    let config = config::load(path).map_err(|problems| problems.to_string())?;
    let now = clock.now();
    let done = match keys {
        Keys::Generate => config::keys::generate(&config.keys, now),
        Keys::Rotate => config::keys::rotate(&config.keys, now),
    };
    done.map_err(|error| error.to_string())?;
    writeln!(out, "wrote {}", config.keys.display()).map_err(|error| error.to_string())
}
