//! `stepgate check`.

use std::{io::Write, path::Path};

use crate::config;

/// Prints every problem, or that there is none. Whether it was good.
///
/// # Errors
/// When nothing can be written.
pub fn run(path: &Path, out: &mut impl Write) -> std::io::Result<bool> {
    match config::load(path) {
        Ok(config) => {
            writeln!(out, "{}: good, {} routes", path.display(), config.routes.len())?;
            Ok(true)
        }
        Err(problems) => {
            writeln!(out, "{problems}")?;
            Ok(false)
        }
    }
}
