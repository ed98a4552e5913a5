//! `check`.
//!
//! Warnings are told apart from errors: with warnings alone the configuration runs, and the exit code is
//! 0, so that a lint which a new release brings breaks no roll-out. A pipeline that wants none says
//! `--deny-warnings`.

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

use super::CONFIGURATION;
use crate::config::{self, Problems, keys::KeyFile};

/// Prints every problem and every warning with their numbers, or that there is none.
///
/// # Errors
/// The output could not be written.
pub(super) fn check(path: &Path, deny_warnings: bool, out: &mut impl Write) -> io::Result<ExitCode> {
    let config = match config::load(path) {
        Ok(config) => config,
        Err(problems) => return report(&problems, out),
    };
    if let Err(error) = KeyFile::load(&config.keys) {
        writeln!(out, "error: {error}\n\n1 problem")?;
        return Ok(ExitCode::from(CONFIGURATION));
    }
    let (routes, sources, tests) = (config.routes.len(), config.identity.len(), config.tests);
    let warnings = config.warnings.list.len();
    write!(out, "{}", config.warnings)?;
    let denied = deny_warnings && warnings > 0;
    let word = if denied { "error" } else { "ok" };
    write!(out, "{word}: {routes} routes, {sources} identity sources, for {}", config.site.origin)?;
    if tests > 0 {
        write!(out, "; {} held", counted(tests, "test"))?;
    }
    if warnings > 0 {
        write!(out, "; {}", counted(warnings, "warning"))?;
    }
    writeln!(out)?;
    Ok(if denied { ExitCode::from(CONFIGURATION) } else { ExitCode::SUCCESS })
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Prints every problem and their number.
pub(super) fn report(problems: &Problems, out: &mut impl Write) -> io::Result<ExitCode> {
    writeln!(out, "{problems}{}", counted(problems.list.len(), "problem"))?;
    Ok(ExitCode::from(CONFIGURATION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::{KeysCommand, keys::keys},
        clock::UnixTime,
    };

    const NOW: UnixTime = UnixTime::from_secs(1_790_000_000);

    fn said(code: io::Result<ExitCode>, out: Vec<u8>) -> (String, String) {
        (format!("{:?}", code.unwrap()), String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_configuration_is_good_once_its_keys_are_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("demo.yaml");
        // A rotation is written down: the store stands in the folder too.
        let durable = format!("sqlite:{}/", dir.path().display());
        let text =
            include_str!("../../config/demo.yaml").replace("sqlite:DEMO_DIR/", &durable).replace("DEMO_DIR/", "");
        // `run` refuses the demo's couriers, and so does `check`.
        let text = text.replace(
            "  sms: [{ outbox: {} }]\n  email: { outbox: {} }\n",
            "  sms: [{ http: { url: \"http://127.0.0.1:9/\", json: { to: \"{to}\", text: \"{text}\" } } }]\n",
        );
        std::fs::write(&path, text).unwrap();
        let checked = || {
            let mut out = Vec::new();
            said(check(&path, false, &mut out), out)
        };
        let changed = |command| {
            let mut out = Vec::new();
            said(keys(&path, command, NOW, &mut out), out)
        };
        let bad = format!("{:?}", ExitCode::from(CONFIGURATION));
        let good = format!("{:?}", ExitCode::SUCCESS);
        let (code, text) = checked();
        assert!(code == bad && text.contains("stepgate keys generate"), "{text}");
        assert_eq!(changed(KeysCommand::Generate).0, good);
        let (code, text) = checked();
        assert!(code == good && text.starts_with("ok: 7 routes") && !text.contains("warning"), "{text}");
        let sound = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, sound.replacen("unenrolled: enroll", "unenrolled: allow", 1)).unwrap();
        let (code, text) = checked();
        assert!(code == good && text.contains("\nok: 7 routes") && text.ends_with("; 1 warning\n"), "{text}");
        let mut out = Vec::new();
        let (code, text) = said(check(&path, true, &mut out), out);
        assert!(code == bad && text.contains("\nerror: 7 routes"), "{text}");
        assert_eq!(changed(KeysCommand::Generate).0, bad);
        assert_eq!(changed(KeysCommand::Rotate).0, good);
    }
}
