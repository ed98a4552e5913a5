//! From the command line to an exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use stepgate::{
    app::{self, App, StartError},
    cli::{self, Args, Command},
    clock::SystemClock,
    config,
};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are not mistakes.
            let code = if error.use_stderr() { cli::USAGE } else { cli::GOOD };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match run(args) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            error.exit_code()
        }
    }
}

fn run(args: Args) -> Result<ExitCode, StartError> {
    let mut out = io::stdout();
    let written = |done: io::Result<()>| done.map_err(|error| StartError::Fault(format!("cannot write: {error}")));
    match args.command {
        Command::Run { upgrade } => App::build(&args.config)?.serve(upgrade)?,
        Command::Demo(options) => app::demo(&options)?,
        Command::Check => {
            let good = cli::check::run(&args.config, &mut out);
            let good = good.map_err(|error| StartError::Fault(format!("cannot write: {error}")))?;
            return Ok(ExitCode::from(if good { cli::GOOD } else { app::BAD_CONFIG }));
        }
        Command::Explain(asked) => {
            let config = config::load(&args.config).map_err(|problems| StartError::Config(problems.to_string()))?;
            written(cli::explain::run(&asked, config, &mut out))?;
        }
        Command::Schema => written(cli::schema(&mut out))?,
        Command::Keys(keys) => {
            cli::keys::run(keys, &args.config, &SystemClock::default(), &mut out).map_err(StartError::Config)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
