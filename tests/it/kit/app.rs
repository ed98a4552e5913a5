//! An authenticator app: `oathtool`, which is not our code.

use std::{
    process::Command,
    time::{Duration, SystemTime},
};

use super::eventually;

/// How long a code is valid (RFC 6238).
const STEP: Duration = Duration::from_secs(30);
/// How much of its last step a code must have left: far more than it takes to arrive.
const ROOM: Duration = Duration::from_secs(5);

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

    /// The code of the step before: still accepted, since clocks differ, and so a step of its own. Where that is
    /// about to end, the one of the step after it.
    pub async fn previous_code(&self) -> String {
        let has_room = async || {
            let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis() % STEP.as_millis();
            // The tool's clock may still be in the step before for some milliseconds.
            (now >= 100 && STEP.as_millis() - now >= ROOM.as_millis()).then_some(())
        };
        eventually("a step has room", has_room).await;
        self.code_at("-30 seconds")
    }

    /// The code of the next step: accepted already, as by a phone whose clock is ahead.
    pub fn next_code(&self) -> String {
        self.code_at("30 seconds")
    }

    /// The code at a time as `oathtool` takes it, such as `24 hours` from now.
    pub fn code_at(&self, time: &str) -> String {
        let output = Command::new("oathtool").args(["--totp", "-b", "-N", time, &self.secret]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}
