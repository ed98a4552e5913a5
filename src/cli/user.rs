//! `stepgate user`: what the support desk does, for scripts, by the same use cases. A reset that is asked
//! for here waits for the same approval and the same delay as one of the console.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Subcommand;

use super::{FAULT, REFUSED, USAGE};
use crate::{
    desk::documents,
    factor::{app, backup_code::BackupCode, password::PasswordHash},
    flow::{
        Flow, RuleSet,
        desk::{Agent, DeskError, Settings, Why, act::Order, is_operator_name, order::Done, players::Search},
    },
    policy::desk::{DeskAction, Role},
    request::Subject,
    secret,
};

/// What to do at the support desk.
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Draws a password and an app secret for an operator, and prints the entry for `desk.operators`.
    Operator {
        /// As it stands in the audit: 1 to 32 characters of a-z 0-9 . _ -.
        name: String,
        /// support, supervisor, auditor or admin; may be repeated.
        #[arg(long = "role", required = true, value_parser = role)]
        roles: Vec<Role>,
        /// Writes the app secret there, for its owner alone, in place of printing it; never over a file.
        #[arg(long, value_name = "FILE")]
        secret_file: Option<PathBuf>,
    },
    /// Prints the ids of the players who have a phone number.
    Find {
        /// With its country, as in +6281200001001.
        phone: String,
        /// The operator who asks.
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Prints the state of a player's second factor as JSON: never a secret.
    Show {
        /// The site's id.
        player: String,
        /// The operator who asks.
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Clears the failed codes.
    Unlock(OnPlayer),
    /// Forgets remembered browsers.
    ForgetDevices(OnPlayer),
    /// Ends every stamp.
    EndStamps(OnPlayer),
    /// Freezes the account.
    Freeze(OnPlayer),
    /// Clears a freeze.
    Unfreeze(OnPlayer),
    /// Prints a temporary code for a first enrolment after a reset.
    Code(OnPlayer),
    /// Asks for a reset of the second factor.
    Reset {
        /// On whom, and why.
        #[command(flatten)]
        on: OnPlayer,
        /// How the player was identified: a word of `desk.reset.evidence`.
        #[arg(long)]
        evidence: String,
    },
    /// Prints the resets that are open.
    Resets {
        /// The operator who asks.
        #[arg(long = "as", value_name = "NAME")]
        by: String,
    },
    /// Prints everything that is kept of a player as one JSON document, without secrets.
    Export(OfPlayer),
    /// Erases everything that is kept of a player. Their audit rows stay, and name nobody.
    Erase {
        /// Of whom, and why.
        #[command(flatten)]
        of: OfPlayer,
        /// Yes, erase it: the player has no second factor any more.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Approves a reset that somebody else asked for.
    Approve(OnReset),
    /// Calls a reset off.
    Cancel(OnReset),
}

/// On whom something is done, by whom, and why.
#[derive(Clone, Debug, clap::Args)]
pub struct OnPlayer {
    /// The site's id.
    pub player: String,
    /// The operator who does it.
    #[arg(long = "as", value_name = "NAME")]
    pub by: String,
    /// Why, in 4 to 200 characters.
    #[arg(long)]
    pub reason: String,
    /// The case that it is done for.
    #[arg(long, default_value = "")]
    pub case: String,
}

/// Whose data, for whom, and why.
#[derive(Clone, Debug, clap::Args)]
pub struct OfPlayer {
    /// The site's id.
    pub player: String,
    /// The operator who does it, an admin; where there is no `desk:`, a name for the audit.
    #[arg(long = "as", value_name = "NAME")]
    pub by: String,
    /// Why, in 4 to 200 characters; nothing that identifies the player, since the audit keeps it.
    #[arg(long)]
    pub reason: String,
}

/// Which reset, by whom, and why.
#[derive(Clone, Debug, clap::Args)]
pub struct OnReset {
    /// As `reset` and `resets` print it.
    pub id: String,
    /// The operator who does it.
    #[arg(long = "as", value_name = "NAME")]
    pub by: String,
    /// Why, in 4 to 200 characters.
    #[arg(long)]
    pub reason: String,
}

fn role(typed: &str) -> Result<Role, String> {
    Role::parse(typed).ok_or_else(|| "one of: support, supervisor, auditor, admin".to_owned())
}

/// The exit code of what was refused.
#[must_use]
pub fn exit_code(error: &DeskError) -> u8 {
    match error {
        DeskError::BadInput(_) => USAGE,
        DeskError::Flow(_) => FAULT,
        DeskError::SignInRefused
        | DeskError::SignInPaused { .. }
        | DeskError::SignedOut
        | DeskError::Forbidden
        | DeskError::TooMany { .. }
        | DeskError::Unknown(_)
        | DeskError::Conflict(_) => REFUSED,
    }
}

/// The desk that a command works at.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The use cases.
    pub flow: &'a Flow,
    /// The rules of the site.
    pub rules: &'a RuleSet,
    /// The rules of the desk.
    pub settings: &'a Settings,
    /// From where, as the audit keeps it: [`super::origin`].
    pub origin: &'a str,
}

impl Desk<'_> {
    /// Does what a command says; what is to be printed. `Operator`, `Export` and `Erase` are no work of the
    /// desk, and print nothing here.
    ///
    /// # Errors
    /// As the use case; `Forbidden` for a name that no operator has.
    pub async fn run(self, command: &UserCommand) -> Result<String, DeskError> {
        let now = self.flow.clock.now();
        match command {
            UserCommand::Operator { .. } | UserCommand::Export(_) | UserCommand::Erase { .. } => Ok(String::new()),
            UserCommand::Find { phone, by } => {
                let agent = self.agent(by).await?;
                let found = self.flow.desk_find(self.rules, self.settings, &agent, Search::Phone(phone)).await?;
                Ok(found.iter().map(|subject| format!("{}\n", subject.as_str())).collect())
            }
            UserCommand::Show { player, by } => {
                let agent = self.agent(by).await?;
                let view = self.flow.desk_player(self.settings, &agent, &subject(player)?).await?;
                Ok(format!("{:#}\n", documents::player(&view, now)))
            }
            UserCommand::Unlock(on) => self.order(DeskAction::Unlock, on, "").await,
            UserCommand::ForgetDevices(on) => self.order(DeskAction::ForgetDevices, on, "").await,
            UserCommand::EndStamps(on) => self.order(DeskAction::EndStamps, on, "").await,
            UserCommand::Freeze(on) => self.order(DeskAction::Freeze, on, "").await,
            UserCommand::Unfreeze(on) => self.order(DeskAction::Unfreeze, on, "").await,
            UserCommand::Code(on) => self.order(DeskAction::IssueCode, on, "").await,
            UserCommand::Reset { on, evidence } => self.order(DeskAction::RequestReset, on, evidence).await,
            UserCommand::Resets { by } => {
                let open = self.flow.desk_open_resets(&self.agent(by).await?).await?;
                Ok(open.iter().map(|record| format!("{:#}\n", documents::reset(record, now))).collect())
            }
            UserCommand::Approve(on) => self.decide(DeskAction::ApproveReset, on).await,
            UserCommand::Cancel(on) => self.decide(DeskAction::CancelReset, on).await,
        }
    }

    async fn order(self, action: DeskAction, on: &OnPlayer, evidence: &str) -> Result<String, DeskError> {
        let (agent, subject) = (self.agent(&on.by).await?, subject(&on.player)?);
        let why = Why::parse(action, &on.reason, &on.case)?;
        let order = Order { agent: &agent, subject: &subject, why: &why };
        let done = self.flow.desk_order(self.rules, self.settings, (action, evidence), order).await?;
        Ok(self.said(action, &done))
    }

    async fn decide(self, action: DeskAction, on: &OnReset) -> Result<String, DeskError> {
        let agent = self.agent(&on.by).await?;
        let of = (&agent, on.id.as_str());
        let done = self.flow.desk_decide(self.rules, self.settings, (action, &on.reason), of).await?;
        Ok(self.said(action, &done))
    }

    fn said(self, action: DeskAction, done: &Done) -> String {
        match done {
            Done::Nothing => format!("done: {}\n", action.as_str()),
            Done::Code(code, until) => format!("{}\ngood once, until {until}\n", code.as_str()),
            Done::Reset(record) => format!("{:#}\n", documents::reset(record, self.flow.clock.now())),
        }
    }

    async fn agent(self, name: &str) -> Result<Agent, DeskError> {
        self.flow.desk_agent_named(self.settings, name, self.origin).await
    }
}

fn subject(typed: &str) -> Result<Subject, DeskError> {
    Subject::parse(typed).map_err(|_| DeskError::BadInput("this is no player's id"))
}

/// Draws what an operator signs in with, and prints the entry for the configuration.
pub(super) fn operator(
    (name, roles): (&str, &[Role]),
    secret_file: Option<&Path>,
    out: &mut impl Write,
) -> io::Result<ExitCode> {
    if !is_operator_name(name) {
        writeln!(out, "error: a name is 1 to 32 characters of a-z 0-9 . _ -, the first a letter or digit")?;
        return Ok(ExitCode::from(USAGE));
    }
    // A hundred random bits that can be read aloud.
    let password = BackupCode::draw().reveal();
    let Some(hash) = PasswordHash::of(&password) else { return Ok(ExitCode::from(FAULT)) };
    let app = app::Secret::new(secret::random());
    let uri = app::otpauth_uri(&app, "stepgate desk", name);
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let file = secret_file.map_or_else(|| format!("secrets/desk-{name}"), |file| file.display().to_string());
    match secret_file {
        Some(file) => write_secret(file, &app.base32())?,
        None => writeln!(out, "# Write this into {file}, readable by stepgate alone: {}", app.base32().as_str())?,
    }
    writeln!(out, "# For {name} alone, shown only now. Password: {}", password.as_str())?;
    writeln!(out, "# App: {}", uri.as_str())?;
    writeln!(out, "- name: {name}\n  roles: [{}]", roles.join(", "))?;
    writeln!(out, "  password_hash: '{}'\n  app_secret: {{ file: {file} }}", hash.reveal())?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a secret to a new file, for its owner alone.
///
/// # Errors
/// The file exists, or cannot be written.
pub(super) fn write_secret(file: &Path, secret: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    writeln!(file, "{secret}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_entry_holds_a_hash_and_names_the_secrets_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk-support");
        let mut out = Vec::new();
        operator(("support", &[Role::Support]), Some(&file), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let entry = text.split_once("- name: support\n").unwrap().1;
        let hash = entry.split('\'').nth(1).unwrap();
        let password = text.split("Password: ").nth(1).unwrap().lines().next().unwrap();
        assert!(PasswordHash::parse(hash).unwrap().is(password) && !entry.contains(password), "{text}");
        let secret = std::fs::read_to_string(&file).unwrap();
        assert!(app::Secret::from_base32(secret.trim()).is_some() && text.contains(secret.trim()));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(operator(("support", &[Role::Support]), Some(&file), &mut Vec::new()).is_err(), "never over a file");
    }

    #[test]
    fn a_bad_name_is_a_usage_error() {
        let mut out = Vec::new();
        let code = operator(("No Body", &[Role::Admin]), None, &mut out).unwrap();
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(USAGE)));
    }
}
