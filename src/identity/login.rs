//! The `login` source: the subject is learned from the log-in as it passes (decisions 1 and 2).

use std::{fmt, sync::Arc};

use http::{Method, header};

use super::{
    Claims, Freshness, IdentityError, LoginSeen, Ports, SiteAnswer, Testimony,
    carrier::{Jar, Presented, ambiguous, matches_folded, present_cookies, retain_cookies},
    introspection::Introspection,
    profile::Profile,
    set_cookie::{set_cookies, with_cookies, without_cookies},
    settings::{LoginSettings, Normalize},
    suspend::{WATCH, Watches},
};
use crate::{
    fields::{self, Body, Condition, Field, FieldName},
    policy::{BodyView, may_change, rule::Match},
    request::{AnswerCookies, Head, Subject},
    store::StoreError,
};

/// A log-in that is watched.
pub(super) struct Login {
    pub(super) settings: LoginSettings,
    pub(super) confirm: Option<Introspection>,
    profile: Option<Profile>,
    pub(super) ports: Arc<Ports>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Login {
    pub(super) fn new(mut settings: LoginSettings, ports: Arc<Ports>) -> Self {
        let confirm = settings.confirm.take().map(|confirm| Introspection::new(confirm, "login", Arc::clone(&ports)));
        let profile = settings.profile.take().map(|profile| Profile::new(profile, Arc::clone(&ports)));
        Self { settings, confirm, profile, ports }
    }

    /// The subject that the session value was bound to; `None`: nobody. Anew, the site is asked again
    /// and must agree.
    pub(super) async fn ask(
        &self,
        head: &Head<'_>,
        session: [u8; 32],
        freshness: Freshness,
    ) -> Result<Option<Testimony>, IdentityError> {
        let bound = self.ports.logins.subject(session, self.ports.clock.now()).await.map_err(|error| lost(&error))?;
        let Some(subject) = bound else { return Ok(None) };
        let remembered = Testimony { subject, claims: Claims::default() };
        match freshness {
            Freshness::Cached => Ok(Some(remembered)),
            Freshness::Anew => self.confirmed(head, remembered).await,
        }
    }

    /// What the site says now of whom a session was bound to; it must still name the same player.
    async fn confirmed(&self, head: &Head<'_>, bound: Testimony) -> Result<Option<Testimony>, IdentityError> {
        let same = |named: &Testimony| named.subject == bound.subject;
        let named = if self.confirm.is_some() { self.confirm_anew(head).await? } else { Some(bound.clone()) };
        let Some(named) = named else { return Ok(None) };
        if !same(&named) {
            return Err(ambiguous("the session belongs to another player than its log-in"));
        }
        let Some(profile) = &self.profile else { return Ok(Some(named)) };
        match profile.ask(&named.subject).await? {
            Some(known) if !same(&known) => Err(ambiguous("the profile is of another player than the log-in")),
            Some(known) => Ok(Some(Testimony { claims: named.claims.or(known.claims), ..named })),
            // Without `confirm` the profile alone says that the account is there.
            None => Ok(self.confirm.is_some().then_some(named)),
        }
    }

    /// Whom a typed name stands for, where the site is not asked with the session.
    async fn unconfirmed(&self, typed: &str) -> Result<Option<Subject>, IdentityError> {
        let Ok(typed) = Subject::parse(typed) else { return Ok(None) };
        match &self.profile {
            Some(profile) => Ok(profile.ask(&typed).await?.map(|known| known.subject)),
            None => Ok(Some(typed)),
        }
    }

    /// Whether the head is that of a log-in, as far as a head can tell.
    pub(super) fn watches(&self, head: &Head<'_>) -> bool {
        self.settings.matches.iter().any(|rule| matches_head(rule, head))
    }

    /// Whether an answer to this head may have to wait: at an address of the log-in, by whatever method,
    /// since some frameworks take one for another.
    pub(super) fn withholds(&self, head: &Head<'_>) -> bool {
        self.settings.hold_session && self.settings.matches.iter().any(|rule| matches_address(rule, head))
    }

    /// Whether the site may take such a request for somebody's log-in, and not only for a look at its form:
    /// it may change something, its method is listed, it has a body or credentials, or the name stands in its query.
    pub(super) fn is_attempt(&self, head: &Head<'_>, body: Option<Body<'_>>) -> bool {
        let named = self.has_name_in_query(head);
        let view = body.map_or(BodyView::Unread, BodyView::Read);
        let is_listed = || self.settings.matches.iter().any(|rule| lists(rule, head));
        let has_credentials = head.headers.contains_key(header::AUTHORIZATION);
        self.withholds(head)
            && (named || has_credentials || has_body(head, body) || may_change(head, view) || is_listed())
    }

    /// Binds, voids or leaves alone what this answer says of a session; who logged in. The `watches` are those
    /// of this log-in.
    ///
    /// # Errors
    /// Where the site or the store does not answer; nothing is bound then, and what is watched stays so.
    pub(super) async fn answered(
        &self,
        head: &Head<'_>,
        body: Option<Body<'_>>,
        answer: SiteAnswer<'_>,
        watches: &Watches,
    ) -> Result<Option<LoginSeen>, IdentityError> {
        let (names, now) = (&self.settings.cookies, self.ports.clock.now());
        let new = set_cookies(answer.headers, names, now);
        let before = self.session_of(head);
        let merged = with_cookies(head.headers, names, &new);
        let after_head = Head { headers: &merged, ..*head };
        let after = self.session_of(&after_head);
        let (is_attempt, withholds) = (self.is_attempt(head, body), self.withholds(head));
        let is_set = new.iter().any(|cookie| !cookie.is_deletion());
        let is_unsure = is_set && after.is_none();
        let unsure = || ambiguous("an answer sets a session twice, or as frameworks read in different ways");
        if is_unsure && withholds {
            return Err(unsure());
        }
        let is_same = new.is_empty() || before == after;
        if is_same && !is_attempt {
            return Ok(None);
        }
        let remembered = if is_set { self.remembered(head, watches).await? } else { Vec::new() };
        if is_unsure && !remembered.is_empty() {
            return Err(unsure());
        }
        // Elsewhere nothing is asked about an ordinary session.
        let known = if withholds || !remembered.is_empty() { self.released(head).await? } else { None };
        if is_same {
            return self.not_renewed(head, head, known.as_ref(), watches).await;
        }
        // Whoever set it: what was known of either value no longer holds.
        for session in before.into_iter().chain(after) {
            self.forget(session).await?;
        }
        if is_attempt {
            // Of cookies that were deleted the browser may have others of the same name.
            let rest = without_cookies(head.headers, names, &new);
            let old = if is_set { Head { headers: &rest, ..*head } } else { *head };
            if let Some(seen) = self.not_renewed(&old, head, known.as_ref(), watches).await? {
                return Ok(Some(seen));
            }
        }
        let Some(session) = after.filter(|_| is_set) else { return Ok(None) };
        let asks = withholds || known.is_some();
        let named = self.named(&after_head, (head, body), answer, asks).await?;
        // The next value of a session that is out already, as at a look at the form of a log-in, is out too.
        let is_out = !is_attempt && named.is_some() && named == known;
        let waits = withholds && named.is_some();
        if !is_out && !waits {
            self.carry_over(&after_head, &remembered).await?;
        }
        let Some(subject) = named else {
            if is_attempt {
                self.watch(&after_head, WATCH).await?;
            }
            return Ok(None);
        };
        let expires_at = now.plus(self.settings.lifetime);
        self.ports.logins.bind(session, &subject, expires_at).await.map_err(|error| lost(&error))?;
        if is_out {
            self.release(&after_head, &subject).await?;
            return Ok(None);
        }
        Ok(Some(LoginSeen { subject, rotated: true }))
    }

    /// Forgets whose a session was.
    async fn forget(&self, session: [u8; 32]) -> Result<(), IdentityError> {
        self.ports.logins.void(session).await.map_err(|error| lost(&error))?;
        if self.settings.hold_session {
            self.ports.logins.void(self.release_of(session)).await.map_err(|error| lost(&error))?;
        }
        Ok(())
    }

    /// Whom the new session belongs to.
    async fn named(
        &self,
        after: &Head<'_>,
        (head, body): (&Head<'_>, Option<Body<'_>>),
        answer: SiteAnswer<'_>,
        asks: bool,
    ) -> Result<Option<Subject>, IdentityError> {
        let succeeded = answer.satisfies(&self.settings.success, self.ports.clock.now());
        let typed = self.typed_name(head, body).filter(|_| succeeded);
        // What must not get out is asked about also where the answer does not look like a success.
        let asks = asks || typed.is_some();
        match (&self.confirm, typed) {
            (Some(_), _) if asks => self.asked_apart(after).await,
            (None, Some(typed)) => self.unconfirmed(&typed).await,
            (Some(_) | None, _) => Ok(None),
        }
    }

    /// Who is logged in by the `old` part of what a request carried of a session, which its answer did not renew,
    /// unless it was theirs before.
    async fn not_renewed(
        &self,
        old: &Head<'_>,
        whole: &Head<'_>,
        known: Option<&Subject>,
        watches: &Watches,
    ) -> Result<Option<LoginSeen>, IdentityError> {
        if self.session_of(old).is_none() {
            return Ok(None);
        }
        if let Some(subject) = self.asked_apart(old).await? {
            if known != Some(&subject) {
                return Ok(Some(LoginSeen { subject, rotated: false }));
            }
            self.lift(old, watches).await?;
            return Ok(None);
        }
        // What is nobody's by itself may still be somebody's beside what was renewed: then it stays watched.
        let is_part = self.session_of(old) != self.session_of(whole);
        if !is_part || self.asked_apart(whole).await?.is_none() {
            self.shorten(old, watches).await?;
        }
        Ok(None)
    }

    /// The same; where log-ins wait, what the site sets meanwhile goes to nobody: it may be the session's next value.
    pub(super) async fn asked_apart(&self, head: &Head<'_>) -> Result<Option<Subject>, IdentityError> {
        let own = AnswerCookies::default();
        let answer_cookies = if self.settings.hold_session { &own } else { head.answer_cookies };
        let named = self.confirm_anew(&Head { answer_cookies, ..*head }).await?;
        Ok(named.map(|testimony| testimony.subject))
    }

    /// Whom the site names now for the session of a head; `None` also where it is not asked. Nothing else by which
    /// it may know somebody goes with the question: its pages may go by the session where its answer to us would not.
    async fn confirm_anew(&self, head: &Head<'_>) -> Result<Option<Testimony>, IdentityError> {
        let Some(confirm) = &self.confirm else { return Ok(None) };
        let mut headers = head.headers.clone();
        headers.remove(header::AUTHORIZATION);
        let names = |cookie: &[u8], names: &[String]| names.iter().any(|name| matches_folded(cookie, name));
        retain_cookies(&mut headers, |cookie| {
            names(cookie, &self.ports.other_credentials) && !names(cookie, &self.settings.cookies)
        });
        confirm.ask(&Head { headers: &headers, ..*head }, Freshness::Anew).await
    }

    /// The keyed hash of the session that a head carries; `None` also where it is ambiguous.
    pub(super) fn session_of(&self, head: &Head<'_>) -> Option<[u8; 32]> {
        let jar = Jar::parse(head.headers).ok()?;
        let presented: Option<Presented<'_>> = present_cookies(&self.settings.cookies, &jar).ok()?;
        presented.map(|presented| presented.hash(&self.ports.hasher))
    }

    /// Whether a site might take another name than the typed one: of the credentials of HTTP, or of a cookie or a
    /// parameter beside the field, which some frameworks take for it.
    fn may_name_another(&self, head: &Head<'_>) -> bool {
        let name = match &self.settings.subject {
            FieldName::Form(name) | FieldName::Query(name) => name.as_str(),
            FieldName::Json(pointer) => pointer.rsplit('/').next().unwrap_or_default(),
        };
        let is_json = matches!(self.settings.subject, FieldName::Json(_));
        head.headers.contains_key(header::AUTHORIZATION)
            || crate::request::cookie_pairs(head.headers).any(|(cookie, _)| matches_folded(cookie.as_bytes(), name))
            || (is_json && self.has_name_in_query(head))
    }

    /// Many frameworks read a query and a body as one.
    fn has_name_in_query(&self, head: &Head<'_>) -> bool {
        head.target.query().is_some_and(|query| fields::stands_in(query, &self.settings.subject))
    }

    /// The name that the player typed, normalized: on a log-in, where it occurs exactly once.
    fn typed_name(&self, head: &Head<'_>, body: Option<Body<'_>>) -> Option<String> {
        let query = head.target.query();
        let has_field =
            |(name, value): &(FieldName, String)| fields::read(name, query, body) == Field::One(value.clone());
        let is_login = |rule: &Match| matches_head(rule, head) && rule.fields.iter().all(has_field);
        if !self.settings.matches.iter().any(is_login) {
            return None;
        }
        if self.confirm.is_none() && self.may_name_another(head) {
            return None;
        }
        let Field::One(mut typed) = fields::read(&self.settings.subject, query, body) else { return None };
        if matches!(self.settings.subject, FieldName::Form(_)) && self.has_name_in_query(head) {
            return None;
        }
        for step in &self.settings.normalize {
            typed = match step {
                Normalize::Trim => typed.trim().to_owned(),
                Normalize::Lowercase => typed.to_lowercase(),
            };
        }
        (!typed.is_empty()).then_some(typed)
    }
}

/// Whether the method and the address fit; fields of a body may still not.
fn matches_head(rule: &Match, head: &Head<'_>) -> bool {
    (rule.methods.is_empty() || rule.methods.contains(head.method)) && matches_address(rule, head)
}

/// Whether the rule names the method itself, and fits. Sites answer HEAD as they answer GET. Where it names none, a
/// query may log in by any.
fn lists(rule: &Match, head: &Head<'_>) -> bool {
    let is_named =
        rule.methods.contains(head.method) || (*head.method == Method::HEAD && rule.methods.contains(&Method::GET));
    let may_be_any = rule.methods.is_empty() && head.target.query().is_some_and(|query| !query.is_empty());
    (is_named || may_be_any) && matches_address(rule, head)
}

/// Whether a body came, or was to come.
fn has_body(head: &Head<'_>, body: Option<Body<'_>>) -> bool {
    let mut lengths = head.headers.get_all(header::CONTENT_LENGTH).iter();
    body.is_some_and(|body| !body.bytes.is_empty())
        || head.headers.contains_key(header::TRANSFER_ENCODING)
        || lengths.any(|length| length.as_bytes().iter().any(|digit| *digit != b'0'))
}

/// Whether host, some reading of the path in any case and the fields of the query fit, or may: of several values
/// each framework takes another one.
fn matches_address(rule: &Match, head: &Head<'_>) -> bool {
    let query_fits = |(name, value): &(FieldName, String)| match name {
        FieldName::Query(_) => fields::condition(name, head.target.query(), None, value) != Condition::No,
        FieldName::Form(_) | FieldName::Json(_) => true,
    };
    rule.host.as_deref().is_none_or(|host| host == head.host)
        && head.target.readings().any(|reading| rule.path.matches_folded(reading.path()))
        && rule.fields.iter().all(query_fits)
}

pub(super) fn lost(error: &StoreError) -> IdentityError {
    IdentityError::Unavailable { source_name: "login", detail: error.to_string() }
}
