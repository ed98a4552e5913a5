//! An authenticator app: `oathtool`, which is not our code.

use std::process::Command;

/// An app that holds one secret.
pub struct AuthenticatorApp {
    /// Base32, as the enrolment shows it.
    secret: String,
}

impl AuthenticatorApp {
    /// An app that was given the typed secret.
    pub fn holding(secret: &str) -> Self {
        Self { secret: secret.to_owned() }
    }

    /// The code on the display now.
    pub fn code(&self) -> String {
        self.code_at("now")
    }

    /// The code of the step before: still accepted, since clocks differ, and so a step of its own.
    pub fn previous_code(&self) -> String {
        self.code_at("-30 seconds")
    }

    /// The code of the next step: accepted already, as by a phone whose clock is ahead.
    pub fn next_code(&self) -> String {
        self.code_at("30 seconds")
    }

    fn code_at(&self, time: &str) -> String {
        let output = Command::new("oathtool").args(["--totp", "-b", "-N", time, &self.secret]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}
