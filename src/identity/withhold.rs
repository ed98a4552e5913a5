//! Log-ins whose answer waits for a proof (decisions 23, 41): which they are, and the session that is
//! withheld.

use http::HeaderMap;

use super::{
    IdentityError, Sources,
    login::Login,
    set_cookie::{set_cookies, with_cookies},
};
use crate::request::{Head, Subject};

impl Sources {
    /// Whether some log-in's answer waits for a proof at all.
    #[must_use]
    pub fn withholds_sessions(&self) -> bool {
        self.logins().any(|login| login.settings.hold_session)
    }

    /// Whether the request may be such a log-in, in any spelling of its address and by any method.
    #[must_use]
    pub fn withholds(&self, head: &Head<'_>) -> bool {
        self.logins().any(|login| login.withholds(head))
    }

    /// The headers of a request as its browser would send it had it got this answer.
    #[must_use]
    pub fn with_session(&self, headers: &HeaderMap, answer: &HeaderMap) -> HeaderMap {
        let names: Vec<String> = self.identity_cookies().map(str::to_owned).collect();
        with_cookies(headers, &names, &set_cookies(answer, &names))
    }

    /// Refuses the session of this request from now on: somebody logged in with it, and it was not
    /// renewed, so that whoever planted it would be logged in too.
    ///
    /// # Errors
    /// `Unavailable` when it could not be remembered.
    pub async fn suspend_session(&self, head: &Head<'_>, subject: &Subject) -> Result<(), IdentityError> {
        for login in self.withholding() {
            login.suspend(head, subject).await?;
        }
        Ok(())
    }

    /// Whether the session of this request is refused so.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn is_suspended(&self, head: &Head<'_>) -> Result<bool, IdentityError> {
        for login in self.withholding() {
            if login.is_suspended(head).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn withholding(&self) -> impl Iterator<Item = &Login> {
        self.logins().filter(|login| login.settings.hold_session)
    }
}
