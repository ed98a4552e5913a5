//! Who asks at the desk: a password and a code of the operator's app, then a session of 256 bits.

use std::time::Duration;

use crate::{
    factor::{
        app::{self, Checked},
        code::Code,
        password::PasswordHash,
    },
    flow::{
        Flow,
        desk::{Agent, DeskError, Operator, Settings},
    },
    policy::throttle::Pauses,
    secret::Token,
    store::DeskSession,
};

/// A session ends when it was not used for so long,
const IDLE: Duration = Duration::from_secs(30 * 60);
/// and when it is so old, however much it was used.
const LIFETIME: Duration = Duration::from_secs(8 * 3600);
/// Steps that a code may be early or late.
const SKEW: u32 = 1;
/// Under this name the failures of names that nobody has are counted, so that pausing does not tell
/// which names there are. No operator can have it.
const NOBODY: &str = "-";

/// What was typed to sign in.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The operator's name.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The code of the app.
    pub code: &'a str,
}

/// Operators wait as players do by default.
fn pause_after(failures: u32) -> std::time::Duration {
    Pauses::default().after(failures)
}

impl Flow {
    /// Signs an operator in: the cookie's token. The try is counted before anything is compared; a code
    /// counts once.
    ///
    /// # Errors
    /// `SignInRefused`, `SignInPaused`, `Flow`.
    pub async fn desk_sign_in(&self, settings: &Settings, typed: SignIn<'_>) -> Result<(Agent, Token), DeskError> {
        let now = self.clock.now();
        let operator = settings.operator(typed.name);
        let counted = operator.map_or(NOBODY, |operator| operator.name.as_str());
        if let Some(until) = self.stores.desk.reserve_sign_in(counted, now, pause_after).await? {
            tracing::warn!(operator = counted, "a sign-in at the desk was refused: paused");
            return Err(DeskError::SignInPaused { until });
        }
        let refused = || {
            tracing::warn!(operator = counted, "a sign-in at the desk was refused");
            Err(DeskError::SignInRefused)
        };
        // Somebody's hash is compared in any case, so that a name that nobody has takes as long.
        let Some(hash) = operator.or_else(|| settings.operators.first()).map(|operator| operator.password.clone())
        else {
            return refused();
        };
        let is_password = self.is_password(hash, typed.password.to_owned()).await?;
        let (Some(operator), Some(code)) = (operator, Code::parse(typed.code)) else { return refused() };
        let last_step = self.stores.desk.last_step(&operator.name).await?;
        let Checked::Step(step) = app::check(&operator.app, &code, now, SKEW, last_step) else { return refused() };
        if !is_password || !self.stores.desk.accept_step(&operator.name, step).await? {
            return refused();
        }
        let token = Token::random();
        let session = DeskSession {
            token: self.desk_token(&token),
            operator: operator.name.clone(),
            credentials: self.desk_credentials(operator),
            used_at: now,
            ends_at: now.plus(LIFETIME),
        };
        self.stores.desk.open_session(&session).await?;
        tracing::info!(operator = %operator.name, "signed in at the desk");
        Ok((agent(operator), token))
    }

    /// Who is signed in with a cookie.
    ///
    /// # Errors
    /// `SignedOut` where it is unknown, idle or old, and where the operator is no longer in the
    /// configuration, or with other credentials; `Flow`.
    pub async fn desk_agent(&self, settings: &Settings, token: &Token) -> Result<Agent, DeskError> {
        let (token, now) = (self.desk_token(token), self.clock.now());
        let session = self.stores.desk.use_session(token, now, IDLE).await?.ok_or(DeskError::SignedOut)?;
        let operator = settings.operator(&session.operator);
        let operator = operator.filter(|operator| self.desk_credentials(operator) == session.credentials);
        operator.map(agent).ok_or(DeskError::SignedOut)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `Flow`.
    pub async fn desk_sign_out(&self, token: &Token) -> Result<(), DeskError> {
        Ok(self.stores.desk.close_session(self.desk_token(token)).await?)
    }

    fn desk_token(&self, token: &Token) -> [u8; 32] {
        self.hasher.hash("desk-session", &[token.reveal().as_bytes()])
    }

    fn desk_credentials(&self, operator: &Operator) -> [u8; 32] {
        self.hasher.hash("desk-credentials", &[operator.password.reveal().as_bytes(), operator.app.as_bytes()])
    }

    async fn is_password(&self, hash: PasswordHash, typed: String) -> Result<bool, DeskError> {
        let typed = zeroize::Zeroizing::new(typed);
        Ok(self.hashed(move || hash.is(&typed)).await?)
    }
}

/// The operator of a configuration as an agent, for the command line.
#[must_use]
pub fn agent(operator: &Operator) -> Agent {
    Agent { name: operator.name.clone(), roles: operator.roles.clone() }
}
