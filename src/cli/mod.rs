//! The command line: arguments in, exit code out.
//!
//! [`Args`] is what was typed. [`answer`] does the commands that only read and print; `run` and `demo`
//! are begun by `main`, since they need the whole application, as are the commands of `user`.
//!
//! Adding a command: a variant of [`Command`], a file here, an arm in [`answer`].

use std::{
    ffi::OsString,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::{clock::UnixTime, config};

mod audit;
mod check;
mod compare;
pub mod demo;
mod doctor;
mod explain;
mod keys;
mod opened;
mod privacy;
mod reseal;
mod restore;
pub mod user;

pub use audit::AuditCommand;
pub use doctor::DoctorOptions;
pub use explain::ExplainOptions;
pub use opened::origin;

/// The arguments were not understood.
pub const USAGE: u8 = 64;
/// A fault of ours or of the machine.
pub const FAULT: u8 = 70;
/// What was asked for at the support desk is refused.
pub const REFUSED: u8 = 77;
/// The configuration cannot run.
pub const CONFIGURATION: u8 = 78;

/// stepgate: adds two-factor authentication to a web site that already exists.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "stepgate",
    version,
    about,
    after_help = "Exit codes: 0 good, 64 usage, 70 fault, 77 refused, 78 configuration."
)]
pub struct Args {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", default_value = "config/stepgate.yaml")]
    pub config: PathBuf,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Serves until it is told to stop.
    Run {
        /// Takes the listening sockets over from the running process, which then ends by itself.
        #[arg(long)]
        upgrade: bool,
    },
    /// Prints everything that is wrong with the configuration, runs its tests, and warns of what it may
    /// leave open.
    Check {
        /// Exit code 78 where there are warnings, not only where there are errors.
        #[arg(long)]
        deny_warnings: bool,
    },
    /// Prints how a request would be read, where it lands, and what that requires.
    Explain(ExplainOptions),
    /// Asks the site what its configuration cannot know: whether it has each guarded path, whether it
    /// answers as one elsewhere, whether others reach it past stepgate, who it says nobody is.
    Doctor(DoctorOptions),
    /// Prints the JSON Schema of the configuration, for editors.
    Schema,
    /// Runs a small demo site with stepgate in front of it, on this machine alone.
    Demo(demo::DemoOptions),
    /// Makes and rotates the keys in the file that the configuration names.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Helps a player from a script, as the support desk does; gives out or erases what is kept of one.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Verifies or prints the audit trail.
    #[command(subcommand)]
    Audit(AuditCommand),
}

/// What to do with the key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum KeysCommand {
    /// Writes a new key file, for its owner alone; never over an existing one.
    Generate,
    /// Adds new keys in front; the ones before go on verifying and opening. Processes that serve take them by
    /// themselves.
    Rotate,
    /// Seals everything anew that an older key sealed, while stepgate serves; may be done again.
    Reseal,
}

impl Args {
    /// The arguments, the program's name first.
    ///
    /// # Errors
    /// What to print and the exit code: help and version are 0, everything else [`USAGE`].
    pub fn parse_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, (String, ExitCode)> {
        Self::try_parse_from(arguments).map_err(|error| {
            let code = if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
            (error.render().to_string(), code)
        })
    }
}

/// Does a command that only reads, writes keys or prints. `None` for `run`, `demo` and what needs the stores.
///
/// # Errors
/// The output could not be written.
pub fn answer(args: &Args, now: UnixTime, out: &mut impl Write) -> io::Result<Option<ExitCode>> {
    let code = match &args.command {
        Command::Run { .. } | Command::Demo(_) => return Ok(None),
        Command::User(user::UserCommand::Operator { name, roles, secret_file }) => {
            user::operator((name, roles), secret_file.as_deref(), out)?
        }
        Command::User(user::UserCommand::Export(of)) => privacy::export(&args.config, of, now, out)?,
        Command::User(user::UserCommand::Erase { of, .. }) => privacy::erase(&args.config, of, now, out)?,
        Command::User(_) => return Ok(None),
        Command::Check { deny_warnings } => check::check(&args.config, *deny_warnings, out)?,
        Command::Explain(options) => explain::explain(&args.config, options, out)?,
        Command::Doctor(options) if options.after_restore => restore::after_restore(&args.config, now, out)?,
        Command::Doctor(options) => doctor::doctor(&args.config, options.clone(), now, out)?,
        Command::Schema => {
            writeln!(out, "{:#}", config::schema())?;
            ExitCode::SUCCESS
        }
        Command::Keys(KeysCommand::Reseal) => reseal::reseal(&args.config, now, out)?,
        Command::Keys(command) => keys::keys(&args.config, *command, now, out)?,
        Command::Audit(AuditCommand::Compare { file }) => compare::compare(&args.config, file, now, out)?,
        Command::Audit(command) => audit::audit(&args.config, command, out)?,
    };
    Ok(Some(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, (String, ExitCode)> {
        Args::parse_arguments(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_configuration_has_a_default_and_may_stand_anywhere() {
        assert_eq!(parse("stepgate check").unwrap().config, PathBuf::from("config/stepgate.yaml"));
        assert_eq!(parse("stepgate check --config a.yaml").unwrap().config, PathBuf::from("a.yaml"));
        assert_eq!(parse("stepgate --config a.yaml run").unwrap().config, PathBuf::from("a.yaml"));
        let Command::Run { upgrade } = parse("stepgate run --upgrade").unwrap().command else { panic!("not run") };
        assert!(upgrade);
    }

    #[test]
    fn what_is_not_understood_is_a_usage_error() {
        for line in ["stepgate", "stepgate fly", "stepgate check --colour", "stepgate keys", "stepgate explain GET"] {
            let (text, code) = parse(line).unwrap_err();
            assert_eq!((line, format!("{code:?}")), (line, format!("{:?}", ExitCode::from(USAGE))));
            assert!(text.contains("Usage"), "{text}");
        }
        assert_eq!(format!("{:?}", parse("stepgate --help").unwrap_err().1), format!("{:?}", ExitCode::SUCCESS));
    }

    #[test]
    fn the_schema_is_json_with_every_top_level_key() {
        let args = parse("stepgate schema").unwrap();
        let mut out = Vec::new();
        answer(&args, UnixTime::from_secs(0), &mut out).unwrap();
        let schema: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert!(schema["properties"]["routes"].is_object() && schema["$defs"]["Route"].is_object());
    }
}
