//! Asking every source, and the binding over what they bind to.

use std::{fmt, sync::Arc, time::Instant};

use http::header;

use super::{
    BuildError, Claims, Freshness, IdentityError, LoginSeen, Player, Ports, SiteAnswer, Testimony, Who,
    address::{TOKEN, carries_session},
    carrier::{Jar, ambiguous},
    introspection::Introspection,
    jwt::{Jwt, Verified},
    login::Login,
    set_cookie::{NewCookie, set_cookies, with_cookies},
    settings::{Bind, SourceSettings},
    source::{Present, Shown, Source},
    suspend::Watches,
};
use crate::{
    fields::Body,
    metrics::words::IdentityResult,
    request::{self, Binding, Carrier, Head, Subject},
    secret::Token,
};

/// The sources, ready to be asked.
pub struct Sources {
    pub(super) sources: Vec<Source>,
    pub(super) ports: Arc<Ports>,
}

/// What a source binds to.
enum BoundTo {
    /// A keyed hash of the session's value, or of the claim that stands for it.
    Value([u8; 32]),
    /// Subject and our login cookie.
    Subject,
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.sources.iter().map(Source::name)).finish()
    }
}

impl Sources {
    /// The sources of these settings, in their order. Key files are read now.
    ///
    /// # Errors
    /// [`BuildError`] for keys that cannot be used.
    pub fn build(settings: Vec<SourceSettings>, ports: Ports) -> Result<Self, BuildError> {
        let ports = Arc::new(ports);
        let build = |source| {
            Ok(match source {
                SourceSettings::Jwt(jwt) => Source::Jwt(Jwt::build(jwt, &ports)?),
                SourceSettings::Introspection(asked) => {
                    Source::Introspection(Introspection::new(asked, "introspection", Arc::clone(&ports)))
                }
                SourceSettings::Login(login) => Source::Login(Box::new(Login::new(login, Arc::clone(&ports)))),
                SourceSettings::Header(header) => Source::Header(header),
            })
        };
        let sources = settings.into_iter().map(build).collect::<Result<_, _>>()?;
        Ok(Self { sources, ports })
    }

    /// Names of the cookies that carry the site's session, as configured; may end in `*`.
    pub fn identity_cookies(&self) -> impl Iterator<Item = &str> + Clone {
        self.sources.iter().flat_map(Source::cookies).map(String::as_str)
    }

    /// Refuses an address that carries a session of its own: the site might prefer it over the cookie
    /// that was looked at. For guarded routes.
    ///
    /// # Errors
    /// `Ambiguous`.
    pub fn refuse_address(&self, head: &Head<'_>) -> Result<(), IdentityError> {
        let others = self.ports.other_credentials.iter().map(String::as_str);
        if carries_session(head.target.raw(), self.identity_cookies().chain(others).chain([TOKEN])) {
            return Err(ambiguous("a session in the address; send it as a cookie only"));
        }
        Ok(())
    }

    /// Whether some carrier is present: decides between `anonymous` and a question to the sources.
    ///
    /// # Errors
    /// `Ambiguous` for duplicated or malformed carriers and for credentials that no source reads.
    pub fn carrier_present(&self, head: &Head<'_>) -> Result<bool, IdentityError> {
        Ok(!self.present(head)?.is_empty())
    }

    /// The binding of the present log-in where it follows from the request alone, without asking any
    /// source: every present source binds to the session's value. `None` where a source must be
    /// asked first, or no carrier is present. Does no I/O.
    ///
    /// # Errors
    /// As [`Sources::carrier_present`].
    pub fn binding_unasked(&self, head: &Head<'_>) -> Result<Option<Binding>, IdentityError> {
        let present = self.present(head)?;
        if present.is_empty() {
            return Ok(None);
        }
        let values: Option<Vec<_>> = present.iter().map(|part| self.value_unasked(part)).collect();
        Ok(values.map(|values| self.binding(&present, &values)))
    }

    /// Who sent the request.
    ///
    /// # Errors
    /// Every [`IdentityError`].
    pub async fn who(&self, head: &Head<'_>, freshness: Freshness) -> Result<Who, IdentityError> {
        let present = self.present(head)?;
        let mut answers = Vec::with_capacity(present.len());
        let mut rejected = None;
        for part in &present {
            let started = Instant::now();
            let asked = self.ask(part, head, freshness).await;
            self.ports.metrics.identity_check(part.source.word(), said(&asked), started.elapsed());
            match asked {
                Ok(answer) => answers.push(answer),
                Err(error @ IdentityError::Rejected { .. }) => rejected = Some(error),
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = rejected {
            let alone = answers.is_empty();
            return Err(if alone { error } else { ambiguous("a credential does not verify beside one that does") });
        }
        let named: Vec<_> = answers.iter().flatten().collect();
        let Some((first, _)) = named.first() else { return Ok(Who::Nobody) };
        if named.len() < answers.len() || named.iter().any(|(testimony, _)| testimony.subject != first.subject) {
            return Err(ambiguous("the sources disagree on who this is"));
        }
        self.player(head, &present, &named).map(Who::Player)
    }

    /// Whether the request is a log-in that must be watched: then its body is read before it is
    /// forwarded, and its answer goes to [`Sources::login_answered`].
    #[must_use]
    pub fn is_login(&self, head: &Head<'_>) -> bool {
        self.logins().any(|login| login.watches(head))
    }

    /// Whether the request is a log-in whose answer must be read to its end, since the body says
    /// whether it succeeded, or the whole of it may have to wait (decisions 40).
    #[must_use]
    pub fn decides_by_body(&self, head: &Head<'_>) -> bool {
        let by_body = |login: &Login| login.settings.success.body.is_some() && login.watches(head);
        self.logins().any(|login| by_body(login) || login.withholds(head))
    }

    /// Learns from the answer to a log-in, or to any other request whose answer sets a session
    /// cookie: binds what is confirmed, voids what a stranger set (decisions 2). Says who logged in.
    ///
    /// # Errors
    /// As [`Sources::who`]; nothing is bound then.
    pub async fn login_answered(
        &self,
        head: &Head<'_>,
        body: Option<Body<'_>>,
        answer: SiteAnswer<'_>,
        watches: &Watches,
    ) -> Result<Option<LoginSeen>, IdentityError> {
        let mut seen = None;
        for login in self.logins() {
            seen = login.answered(head, body, answer, watches).await?.or(seen);
        }
        Ok(seen)
    }

    /// Whom the site names for a visitor without credentials, by each question that a source asks:
    /// somebody is a mistake of the configuration.
    pub async fn ask_without_credentials(
        &self,
        head: &Head<'_>,
    ) -> Vec<(&'static str, Result<Option<Subject>, IdentityError>)> {
        let mut said = Vec::new();
        for source in &self.sources {
            let question = match source {
                Source::Introspection(asked) => Some(asked),
                Source::Login(login) => login.confirm.as_ref(),
                Source::Jwt(_) | Source::Header(_) => None,
            };
            if let Some(question) = question {
                let answer = question.ask(head, Freshness::Anew).await;
                said.push((source.name(), answer.map(|named| named.map(|testimony| testimony.subject))));
            }
        }
        said
    }

    /// The player under the session value that this answer newly sets, where the source says
    /// `bind: follow` and names the same subject for it as `before`, the log-in of the request; else
    /// `None` (decisions 6).
    ///
    /// # Errors
    /// As [`Sources::who`]; the stamp is not moved then.
    pub async fn rotated(
        &self,
        head: &Head<'_>,
        before: (&Subject, Binding),
        answer: SiteAnswer<'_>,
    ) -> Result<Option<Player>, IdentityError> {
        if self.is_login(head) {
            return Ok(None);
        }
        let names: Vec<String> = self.identity_cookies().map(str::to_owned).collect();
        let now = self.ports.clock.now();
        let new = set_cookies(answer.headers, &names, now);
        let is_changed = |source: &Source| source.is_changed_by(answer.headers, now);
        let unfollowed = |source: &Source| source.bind() != Bind::Follow && is_changed(source);
        let followed = |source: &Source| source.bind() == Bind::Follow && is_changed(source);
        let deleted = new.iter().any(NewCookie::is_deletion);
        if deleted || !self.sources.iter().any(followed) || self.sources.iter().any(unfollowed) {
            return Ok(None);
        }
        let headers = with_cookies(head.headers, &names, &new);
        let after = Head { headers: &headers, ..*head };
        let Who::Player(player) = self.who(&after, Freshness::Anew).await? else { return Ok(None) };
        let moved = player.subject == *before.0 && player.binding != before.1;
        Ok(moved.then_some(player))
    }

    pub(super) fn logins(&self) -> impl Iterator<Item = &Login> {
        self.sources.iter().filter_map(|source| match source {
            Source::Login(login) => Some(&**login),
            Source::Jwt(_) | Source::Introspection(_) | Source::Header(_) => None,
        })
    }

    /// Every source whose carrier the request has, once all its credentials are known to be read.
    fn present<'s, 'r>(&'s self, head: &Head<'r>) -> Result<Vec<Present<'s, 'r>>, IdentityError> {
        let jar = Jar::parse(head.headers)?;
        for name in &self.ports.other_credentials {
            if jar.find(name)?.is_some() {
                return Err(ambiguous("a cookie that logs in at the site but that no source reads"));
            }
        }
        let authorization = header::AUTHORIZATION;
        let read = |source: &Source| source.header().is_some_and(|name| name.eq_ignore_ascii_case("authorization"));
        if head.headers.contains_key(&authorization) && !self.sources.iter().any(read) {
            return Err(ambiguous("an Authorization header that no source reads"));
        }
        let mut present = Vec::with_capacity(self.sources.len());
        for (place, source) in self.sources.iter().enumerate() {
            if let Some(shown) = source.shown(head, &jar)? {
                present.push(Present { place, source, shown });
            }
        }
        Ok(present)
    }

    /// What a source binds to, as far as the request alone says it.
    fn value_unasked(&self, part: &Present<'_, '_>) -> Option<[u8; 32]> {
        let Shown::Credential(presented) = &part.shown else { return None };
        if part.source.bind() == Bind::Subject {
            return None;
        }
        match part.source {
            Source::Jwt(jwt) if jwt.settings.claims.session.is_some() => {
                let verified = jwt.ask_locally(presented.token()?, self.ports.clock.now())?;
                Some(self.session_claim(verified.session.as_deref()?))
            }
            Source::Jwt(_) | Source::Introspection(_) | Source::Login(_) => Some(presented.hash(&self.ports.hasher)),
            Source::Header(_) => None,
        }
    }

    /// Whom one source names, and what it binds to; `None`: nobody.
    async fn ask(
        &self,
        part: &Present<'_, '_>,
        head: &Head<'_>,
        freshness: Freshness,
    ) -> Result<Option<(Testimony, BoundTo)>, IdentityError> {
        let presented = match &part.shown {
            Shown::Named(testimony) => return Ok(Some((testimony.clone(), BoundTo::Subject))),
            Shown::Credential(presented) => presented,
        };
        let session = presented.hash(&self.ports.hasher);
        let (testimony, value) = match part.source {
            Source::Jwt(jwt) => {
                let token = presented.token().ok_or(IdentityError::Rejected { source_name: "jwt" })?;
                let verified: Arc<Verified> = jwt.ask(token, self.ports.clock.now()).await?;
                let value = verified.session.as_deref().map_or(session, |claim| self.session_claim(claim));
                (Some(verified.testimony.clone()), value)
            }
            Source::Introspection(asked) => (asked.ask(head, freshness).await?, session),
            Source::Login(login) => (login.ask(head, session, freshness).await?, session),
            Source::Header(_) => (None, session),
        };
        let bound = if part.source.bind() == Bind::Subject { BoundTo::Subject } else { BoundTo::Value(value) };
        Ok(testimony.map(|testimony| (testimony, bound)))
    }

    fn session_claim(&self, claim: &str) -> [u8; 32] {
        self.ports.hasher.hash("session claim", &[claim.as_bytes()])
    }

    /// The player whom all present sources name.
    fn player(
        &self,
        head: &Head<'_>,
        present: &[Present<'_, '_>],
        named: &[&(Testimony, BoundTo)],
    ) -> Result<Player, IdentityError> {
        let login = self.login_cookie(head, named)?;
        let value = |(testimony, bound): &&(Testimony, BoundTo)| match (bound, &login) {
            (BoundTo::Value(value), _) => *value,
            (BoundTo::Subject, login) => self.subject_value(&testimony.subject, login.as_ref()),
        };
        let values: Vec<_> = named.iter().map(value).collect();
        let binding = self.binding(present, &values);
        let by_cookie = present.iter().any(Present::is_cookie);
        let mut claims = Claims::default();
        for (testimony, _) in named {
            if claims.phone.is_none() {
                claims.phone.clone_from(&testimony.claims.phone);
                claims.phone_since.clone_from(&testimony.claims.phone_since);
            }
            claims.email = claims.email.or_else(|| testimony.claims.email.clone());
            claims.locale = claims.locale.or_else(|| testimony.claims.locale.clone());
        }
        let subject = named.first().map(|(testimony, _)| testimony.subject.clone());
        Ok(Player {
            subject: subject.ok_or_else(|| ambiguous("no source names anybody"))?,
            binding,
            carrier: if by_cookie { Carrier::Cookie } else { Carrier::Header },
            claims,
            client: head.client,
        })
    }

    /// The value of our login cookie, where some source binds to it: the request's, or a new one, which
    /// whoever answers the request sets.
    fn login_cookie(&self, head: &Head<'_>, named: &[&(Testimony, BoundTo)]) -> Result<Option<Token>, IdentityError> {
        if !named.iter().any(|(_, bound)| matches!(bound, BoundTo::Subject)) {
            return Ok(None);
        }
        let sent = request::cookie(head.headers, self.ports.login_cookie)
            .map_err(|_| ambiguous("our login cookie occurs more than once"))?;
        Ok(Some(sent.and_then(Token::parse).unwrap_or_else(|| head.answer_cookies.new_login())))
    }

    fn subject_value(&self, subject: &Subject, login: Option<&Token>) -> [u8; 32] {
        let login = login.map_or("", Token::reveal);
        self.ports.hasher.hash("subject and login cookie", &[subject.as_str().as_bytes(), login.as_bytes()])
    }

    /// The binding over each present source's place, kind and value.
    fn binding(&self, present: &[Present<'_, '_>], values: &[[u8; 32]]) -> Binding {
        let places: Vec<[u8; 8]> = present.iter().map(|part| (part.place as u64).to_be_bytes()).collect();
        let mut parts: Vec<&[u8]> = Vec::with_capacity(3 * values.len());
        for ((part, place), value) in present.iter().zip(&places).zip(values) {
            parts.extend([place.as_slice(), part.source.name().as_bytes(), value.as_slice()]);
        }
        Binding(self.ports.hasher.hash("binding", &parts))
    }
}

/// The word of what one source said.
fn said<T>(asked: &Result<Option<T>, IdentityError>) -> IdentityResult {
    match asked {
        Ok(Some(_)) => IdentityResult::Player,
        Ok(None) => IdentityResult::Nobody,
        Err(IdentityError::Rejected { .. }) => IdentityResult::Rejected,
        Err(IdentityError::Ambiguous(_)) => IdentityResult::Ambiguous,
        Err(IdentityError::Unavailable { .. }) => IdentityResult::Unavailable,
    }
}
