//! Secrets by reference.

use std::{os::unix::fs::PermissionsExt, path::Path};

use secrecy::SecretString;

use super::{Node, Report, raw};

/// Words that stand in examples and are no secrets.
const EXAMPLES: [&str; 6] = ["changeme", "change-me", "secret", "password", "example", "insecure"];

impl Report<'_> {
    /// A secret out of a file or the environment.
    pub(super) fn secret(&mut self, at: &Node, typed: &raw::Secret) -> Option<SecretString> {
        let value = match (&typed.file, &typed.env) {
            (Some(file), None) => self.private_file(at.at("file"), &self.path(file))?,
            (None, Some(variable)) => {
                let value = (self.around.environment)(variable);
                if value.is_none() {
                    self.push(at.at("env"), format!("`{variable}` is not set"), "set it before stepgate starts");
                }
                value?
            }
            _ => {
                self.push(at, "a secret needs exactly one place", "write { file: … } or { env: … }");
                return None;
            }
        };
        self.no_example(at, &value);
        Some(SecretString::from(value))
    }

    /// Reports a value that everybody knows.
    pub(super) fn no_example(&mut self, at: &Node, value: &str) {
        let lower = value.to_ascii_lowercase();
        let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
        if EXAMPLES.contains(&stem) || lower.starts_with("changeme") || value.is_empty() {
            self.push(at, "this is an example, no secret", "draw one: openssl rand -base64 48");
        }
    }

    /// A text, or what it refers to; empty after a problem.
    pub(super) fn text(&mut self, at: &Node, typed: &raw::Text) -> SecretString {
        match typed {
            raw::Text::Secret(secret) => self.secret(at, secret).unwrap_or_default(),
            raw::Text::Plain(text) => {
                if url::Url::parse(text).is_ok_and(|url| url.password().is_some()) {
                    self.push(at, "a password stands in the open here", "write { file: … } or { env: … }");
                }
                SecretString::from(text.clone())
            }
        }
    }

    /// What a file holds, white space at its end dropped, if nobody but its owner may read it.
    fn private_file(&mut self, at: &Node, path: &Path) -> Option<String> {
        let text = self.file(at, path)?;
        let mode = std::fs::metadata(path).map(|meta| meta.permissions().mode()).unwrap_or_default();
        if mode & 0o077 != 0 {
            let help = format!("chmod 600 {}", path.display());
            self.push(at, "others than its owner may read this secret", &help);
        }
        Some(text.trim_end().to_owned())
    }

    /// What a file holds.
    pub(super) fn file(&mut self, at: &Node, path: &Path) -> Option<String> {
        self.files.push(path.to_owned());
        match std::fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) => {
                let help = "file names are relative to the configuration file";
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                let reason =
                    if missing { "there is no such file".to_owned() } else { format!("cannot be read: {error}") };
                self.push(at, reason, help);
                None
            }
        }
    }
}
