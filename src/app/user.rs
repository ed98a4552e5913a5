//! `stepgate user`: a desk on the same store and keys as the process that serves, which carries what the
//! player is told.

use std::{path::Path, process::ExitCode};

use super::{App, StartError};
use crate::cli::{
    origin,
    user::{Desk, UserCommand, exit_code},
};

/// Does one command: what to print, or what was wrong and how the process ends.
///
/// # Errors
/// [`StartError`] where the configuration, its stores or its keys cannot be used, or it has no `desk:`.
pub fn user(config: &Path, command: &UserCommand) -> Result<Result<String, (String, ExitCode)>, StartError> {
    let app = App::build(config)?;
    let Some(desk) = &app.desk else {
        return Err(StartError::Config("there is no `desk:` in the configuration".to_owned()));
    };
    let live = app.live.load();
    let origin = origin();
    let at = Desk { flow: &app.shared.flow, rules: &live.rules, settings: &desk.settings, origin: &origin };
    let done = app.runtime.block_on(at.run(command));
    Ok(done.map_err(|error| (format!("error: {error}\n"), ExitCode::from(exit_code(&error)))))
}
