//! From the command line to an exit code.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use stepgate::{
    app::{self, App, StartError},
    cli::{self, Args, Command},
    clock::{Clock, SystemClock},
};

fn main() -> ExitCode {
    let args = match Args::parse_arguments(std::env::args_os()) {
        Ok(args) => args,
        Err((text, code)) => return say(&text, code),
    };
    match cli::answer(&args, SystemClock::default().now(), &mut io::stdout()) {
        Ok(Some(code)) => return code,
        Ok(None) => {}
        Err(error) => return say(&format!("cannot write: {error}\n"), ExitCode::from(cli::FAULT)),
    }
    if let Command::User(command) = &args.command {
        return match app::user(&args.config, command) {
            Ok(Ok(text)) => print(&text),
            Ok(Err((text, code))) => say(&text, code),
            Err(error) => say(&format!("{error}\n"), error.exit_code()),
        };
    }
    match serve(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&format!("{error}\n"), error.exit_code()),
    }
}

fn serve(args: &Args) -> Result<(), StartError> {
    match &args.command {
        Command::Run { upgrade } => App::build(&args.config)?.serve(*upgrade),
        Command::Demo(options) => app::demo(options),
        // Answered already.
        Command::Check { .. }
        | Command::Explain(_)
        | Command::Doctor(_)
        | Command::Schema
        | Command::Keys(_)
        | Command::Audit(_)
        | Command::User(_) => Ok(()),
    }
}

/// Prints what was asked for.
fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(cli::FAULT),
    }
}

/// Says it where errors go; a terminal that is gone changes nothing.
fn say(text: &str, code: ExitCode) -> ExitCode {
    let _ = io::stderr().write_all(text.as_bytes());
    code
}
