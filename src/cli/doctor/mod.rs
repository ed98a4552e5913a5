//! `doctor`: asks the site what its configuration cannot know.
//!
//! A configuration may be good and still guard nothing: a path that the site does not have, a second
//! address of the same action, a server that others reach without stepgate. Each probe here is a few
//! requests, of GET alone unless `--write` is given, and prints one line: `ok`, `warning` or `problem`,
//! with what to do. Nobody's credentials are used.
//!
//! Adding a probe: a function in the file that it belongs to, called in [`examine`]; it reports
//! through [`Findings`] and asks through [`site::Site`], which counts.

use std::{
    io::{self, Write},
    net::IpAddr,
    path::Path,
    process::ExitCode,
};

use super::{FAULT, check::report};
use crate::{
    clock::UnixTime,
    config::{self, Config, keys::KeyFile},
};

mod around;
mod identity;
mod routes;
mod site;

/// What to ask besides.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct DoctorOptions {
    /// Also sends what may change something: posts without a body to guarded addresses, and one log-in
    /// with a wrong password.
    #[arg(long)]
    pub write: bool,
    /// Asks nothing; makes void what may have ended after the backup that now is the database: stamps,
    /// approvals, remembered browsers, backup codes, used codes. Run it before stepgate starts on the copy.
    #[arg(long, conflicts_with = "write")]
    pub after_restore: bool,
    /// Another address of this machine, as its public one behind a router, at which the site's own servers must
    /// not answer; may be given several times.
    #[arg(long, value_name = "ADDRESS", value_parser = own_address)]
    pub also_at: Vec<IpAddr>,
}

fn own_address(text: &str) -> Result<IpAddr, String> {
    let address = text.parse::<IpAddr>().map_err(|error| error.to_string())?.to_canonical();
    if address.is_unspecified() {
        return Err("it stands for every address and is none: name one by which others see this machine".to_owned());
    }
    Ok(address)
}

/// What the probes found, printed as they go.
struct Findings<'o> {
    out: &'o mut dyn Write,
    warnings: usize,
    problems: usize,
}

impl Findings<'_> {
    fn ok(&mut self, what: &str) -> io::Result<()> {
        writeln!(self.out, "ok       {what}")
    }

    /// What is well as far as a visitor sees.
    fn ok_so_far(&mut self, what: &str, help: &str) -> io::Result<()> {
        writeln!(self.out, "ok       {what}\n         {help}")
    }

    /// What may be meant, or could not be found out.
    fn warning(&mut self, what: &str, help: &str) -> io::Result<()> {
        self.warnings += 1;
        writeln!(self.out, "warning  {what}\n         {help}")
    }

    /// A way around, or a part that does not work.
    fn problem(&mut self, what: &str, help: &str) -> io::Result<()> {
        self.problems += 1;
        writeln!(self.out, "problem  {what}\n         {help}")
    }
}

/// Runs every probe.
///
/// # Errors
/// The output could not be written.
pub(super) fn doctor(path: &Path, options: DoctorOptions, now: UnixTime, out: &mut impl Write) -> io::Result<ExitCode> {
    let config = match config::load(path) {
        Ok(config) => config,
        Err(problems) => return report(&problems, out),
    };
    // Every TLS user of the process shares it; an error: it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    crate::stamp::provider::install();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut findings = Findings { out, warnings: 0, problems: 0 };
    runtime.block_on(examine(config, options, now, &mut findings))?;
    let Findings { out, warnings, problems } = findings;
    writeln!(out, "\n{problems} problems, {warnings} warnings")?;
    Ok(if problems > 0 { ExitCode::from(FAULT) } else { ExitCode::SUCCESS })
}

async fn examine(config: Config, options: DoctorOptions, now: UnixTime, findings: &mut Findings<'_>) -> io::Result<()> {
    let keys = match KeyFile::load(&config.keys) {
        Ok(keys) => {
            findings.ok("the key file can be read, by its owner alone")?;
            Some(keys)
        }
        Err(error) => {
            findings.problem(&error.to_string(), "stepgate keys generate")?;
            None
        }
    };
    around::store(&config, findings).await?;
    around::couriers(&config, findings).await?;
    let Some(site) = site::Site::of(&config, options.write) else {
        return findings.problem("no server of the site can be asked", "look at site.upstream");
    };
    if !around::servers(&config, &site, (now, &options.also_at), findings).await? {
        return Ok(());
    }
    around::public_origin(&config, findings).await?;
    routes::known(&config, &site, findings).await?;
    routes::twins(&config, &site, findings).await?;
    match keys {
        Some(keys) => identity::probe(config, &site, &keys, findings).await,
        None => Ok(()),
    }
}
