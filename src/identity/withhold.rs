//! Log-ins whose answer waits for a proof (decisions 23, 41): which they are, and the session that is
//! withheld.

use http::{HeaderMap, HeaderValue, header};

use super::{
    IdentityError, Sources, Standing,
    address::carries_session,
    carrier::{ambiguous, matches_exactly},
    login::Login,
    set_cookie::{set_cookies, with_cookies},
    suspend::Watches,
};
use crate::{
    fields::Body,
    request::{Head, Subject},
};

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
        with_cookies(headers, &names, &set_cookies(answer, &names, self.ports.clock.now()))
    }

    /// Whether a source reads the cookie of this name.
    #[must_use]
    pub fn reads_cookie(&self, name: &str) -> bool {
        self.identity_cookies().any(|own| matches_exactly(name, own))
    }

    /// Before a log-in is sent: from now on the site is asked about the session that it presents, wherever
    /// that is used. It may log somebody in without being renewed, and be used before the answer is there, which
    /// may never come: so for as long as log-ins are remembered.
    ///
    /// # Errors
    /// `Unavailable` when it could not be remembered; `Ambiguous`.
    pub async fn watch_session(&self, head: &Head<'_>, body: Option<Body<'_>>) -> Result<Watches, IdentityError> {
        let mut watches = Watches::default();
        for login in self.withholding().filter(|login| login.is_attempt(head, body)) {
            watches.extend(login.watch(head, login.settings.lifetime).await?);
        }
        Ok(watches)
    }

    /// Takes back the watches of this log-in: its player needs no proof. Those of other log-ins stay.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn lift_watches(&self, head: &Head<'_>, watches: &Watches) -> Result<(), IdentityError> {
        for login in self.withholding() {
            login.lift(head, watches).await?;
        }
        Ok(())
    }

    /// The answer that carries this session goes out, since its player needs no proof or gave it. Until then no
    /// request may come with it.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn release_session(&self, head: &Head<'_>, subject: &Subject) -> Result<(), IdentityError> {
        for login in self.withholding() {
            login.release(head, subject).await?;
        }
        Ok(())
    }

    /// Whether a Set-Cookie line gives a session a value.
    #[must_use]
    pub fn sets_session(&self, line: &HeaderValue) -> bool {
        let names: Vec<String> = self.identity_cookies().map(str::to_owned).collect();
        let answer = HeaderMap::from_iter([(header::SET_COOKIE, line.clone())]);
        set_cookies(&answer, &names, self.ports.clock.now()).iter().any(|cookie| !cookie.is_deletion())
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

    /// Whether the session of this request may be used.
    ///
    /// # Errors
    /// `Unavailable`; `Ambiguous` for values that frameworks read in different ways, and for a session in the address.
    pub async fn standing(&self, head: &Head<'_>) -> Result<Standing, IdentityError> {
        if self.withholds_sessions() && carries_session(head.target.raw(), self.exact_cookies()) {
            return Err(ambiguous("a session in the address; send it as a cookie only"));
        }
        for login in self.withholding() {
            let standing = login.standing(head).await?;
            if standing != Standing::Free {
                return Ok(standing);
            }
        }
        Ok(Standing::Free)
    }

    /// Only these names are one parameter: any may begin as a pattern does.
    fn exact_cookies(&self) -> impl Iterator<Item = &str> + Clone {
        self.identity_cookies().filter(|name| !name.ends_with('*'))
    }

    fn withholding(&self) -> impl Iterator<Item = &Login> {
        self.logins().filter(|login| login.settings.hold_session)
    }
}
