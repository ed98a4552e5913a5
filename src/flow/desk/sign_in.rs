//! Who asks at the desk: a password and a code of the operator's app, then a session of 256 bits.
//!
//! A name that nobody has is treated as one that somebody has: it is counted in the same tallies, paused as
//! long, costs the same work, and is answered by the same words.

use std::time::Duration;

use crate::{
    clock::UnixTime,
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
    store::{
        AuditRecord, DeskSession, Outcome, SignInTally,
        audit::{FORBIDDEN, SIGNED_IN, SIGNED_OUT},
    },
};

/// A session ends when it was not used for so long,
const IDLE: Duration = Duration::from_secs(30 * 60);
/// and when it is so old, however much it was used.
const LIFETIME: Duration = Duration::from_secs(8 * 3600);
/// Steps that a code may be early or late.
const SKEW: u32 = 1;
/// The actor of the audit's lines where it is not known who it was.
const NOBODY: &str = "nobody";
/// Failures of all networks together pause a name, and those of all names together a network, from so many on
/// and never for long: whoever knows a name keeps its owner out for a quarter of an hour at most, and only by
/// asking from many networks.
const BY_NAME: Pauses =
    Pauses { from: 50, first: Duration::from_secs(30), longest: Duration::from_secs(15 * 60), rebind_after: u32::MAX };
const BY_NETWORK: Pauses = Pauses { from: 100, ..BY_NAME };

/// What was typed to sign in, and where.
#[derive(Clone, Copy)]
pub struct SignIn<'a> {
    /// The operator's name.
    pub name: &'a str,
    /// The password.
    pub password: &'a str,
    /// The code of the app.
    pub code: &'a str,
    /// The network, as the audit keeps it; empty where it is not known.
    pub origin: &'a str,
}

impl Flow {
    /// Signs an operator in: the cookie's token. The try is counted before anything is compared; a code
    /// counts once.
    ///
    /// # Errors
    /// `SignInRefused`, `SignInPaused`, `Flow`.
    pub async fn desk_sign_in(&self, settings: &Settings, typed: SignIn<'_>) -> Result<(Agent, Token), DeskError> {
        let now = self.clock.now();
        let known = settings.operator(typed.name);
        let tallies = self.tallies(&typed);
        if let Some(until) = self.stores.desk.reserve_sign_in(&tallies, now).await? {
            self.note_paused(known, &typed, until).await?;
            return Err(DeskError::SignInPaused { until });
        }
        // Somebody's password and code are compared in any case, so that a name that nobody has takes as long.
        let Some(compared) = known.or_else(|| settings.operators.first()) else {
            return self.sign_in_refused(known, &typed).await;
        };
        let is_password = self.is_password(compared.password.clone(), typed.password.to_owned()).await?;
        let last_step = self.stores.desk.last_step(&compared.name).await?;
        let step =
            Code::parse(typed.code).and_then(|code| match app::check(&compared.app, &code, now, SKEW, last_step) {
                Checked::Step(step) => Some(step),
                Checked::Late | Checked::Replayed | Checked::Wrong => None,
            });
        let (Some(operator), true, Some(step)) = (known, is_password, step) else {
            return self.sign_in_refused(known, &typed).await;
        };
        if !self.stores.desk.accept_step(&operator.name, step, &tallies).await? {
            return self.sign_in_refused(known, &typed).await;
        }
        let (agent, token) = (agent(operator, typed.origin), Token::random());
        let session = DeskSession {
            token: self.desk_token(&token),
            operator: operator.name.clone(),
            credentials: self.desk_credentials(operator),
            used_at: now,
            ends_at: now.plus(LIFETIME),
        };
        // Before there is a session: what is not written down is not done.
        self.stores.trail.write(&[agent.record(now, SIGNED_IN)]).await?;
        self.stores.desk.open_session(&session).await?;
        tracing::info!(operator = %operator.name, "signed in at the desk");
        Ok((agent, token))
    }

    /// Where a try is counted. The network's tally stands first, so that sign-ins that share one take turns.
    fn tallies(&self, typed: &SignIn<'_>) -> [SignInTally; 3] {
        let tally = |parts: &[&str], pauses, is_forgotten| {
            let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
            SignInTally { of: self.hasher.hash("desk-sign-in", &parts), pauses, is_forgotten }
        };
        [
            // A success of one operator does not make room for guesses at another.
            tally(&["network", typed.origin], BY_NETWORK, false),
            tally(&["name", typed.name], BY_NAME, true),
            tally(&["both", typed.name, typed.origin], Pauses::default(), true),
        ]
    }

    /// Writes a try within a pause down: the first of each pause of a network, since such tries are not
    /// counted and would fill the audit.
    async fn note_paused(
        &self,
        known: Option<&Operator>,
        typed: &SignIn<'_>,
        until: UnixTime,
    ) -> Result<(), DeskError> {
        let network = self.hasher.hash("desk-paused", &[typed.origin.as_bytes()]);
        let pause = format!("desk-paused-{}-{}", data_encoding::HEXLOWER.encode(&network), until.millis());
        if self.stores.spent.spend(&pause, until).await? {
            self.note_refused(known, typed, "paused").await?;
        }
        Ok(())
    }

    async fn sign_in_refused<T>(&self, known: Option<&Operator>, typed: &SignIn<'_>) -> Result<T, DeskError> {
        self.note_refused(known, typed, "").await?;
        Err(DeskError::SignInRefused)
    }

    /// A name that nobody has is not written down: it may be a password in the wrong field.
    async fn note_refused(&self, known: Option<&Operator>, typed: &SignIn<'_>, why: &str) -> Result<(), DeskError> {
        let name = known.map_or("", |operator| operator.name.as_str());
        tracing::warn!(operator = name, why, "a sign-in at the desk was refused");
        let record = AuditRecord {
            detail: name.to_owned(),
            why: why.to_owned(),
            origin: typed.origin.to_owned(),
            outcome: Outcome::Refused,
            ..AuditRecord::new(self.clock.now(), NOBODY, SIGNED_IN)
        };
        Ok(self.stores.trail.write(&[record]).await?)
    }

    /// Who is signed in with a cookie, and asks from a network.
    ///
    /// # Errors
    /// `SignedOut` where it is unknown, idle or old, and where the operator is no longer in the
    /// configuration, or with other credentials; `Flow`.
    pub async fn desk_agent(&self, settings: &Settings, token: &Token, origin: &str) -> Result<Agent, DeskError> {
        let (token, now) = (self.desk_token(token), self.clock.now());
        let session = self.stores.desk.use_session(token, now, IDLE).await?.ok_or(DeskError::SignedOut)?;
        let operator = settings.operator(&session.operator);
        let operator = operator.filter(|operator| self.desk_credentials(operator) == session.credentials);
        operator.map(|operator| agent(operator, origin)).ok_or(DeskError::SignedOut)
    }

    /// The operator whom a command names. Whoever may start a process with the keys may name any; what that one
    /// may not do is refused all the same.
    ///
    /// # Errors
    /// `Forbidden` for a name that no operator has; `Flow`.
    pub async fn desk_agent_named(&self, settings: &Settings, name: &str, origin: &str) -> Result<Agent, DeskError> {
        if let Some(operator) = settings.operator(name) {
            return Ok(agent(operator, origin));
        }
        let record = AuditRecord {
            detail: "no such operator".to_owned(),
            origin: origin.to_owned(),
            outcome: Outcome::Refused,
            ..AuditRecord::new(self.clock.now(), NOBODY, FORBIDDEN)
        };
        self.stores.trail.write(&[record]).await?;
        Err(DeskError::Forbidden)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// `Flow`.
    pub async fn desk_sign_out(&self, token: &Token, origin: &str) -> Result<(), DeskError> {
        let Some(name) = self.stores.desk.close_session(self.desk_token(token)).await? else { return Ok(()) };
        let agent = Agent { name, roles: Vec::new(), origin: origin.to_owned() };
        Ok(self.stores.trail.write(&[agent.record(self.clock.now(), SIGNED_OUT)]).await?)
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

/// The operator of a configuration as an agent who asks from somewhere.
#[must_use]
pub fn agent(operator: &Operator, origin: &str) -> Agent {
    Agent { name: operator.name.clone(), roles: operator.roles.clone(), origin: origin.to_owned() }
}
