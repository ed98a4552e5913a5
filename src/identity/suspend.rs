//! Sessions that were presented at a log-in: watched while the site may still come to call them somebody's,
//! refused once it did, since whoever planted one would be logged in too.

use std::time::Duration;

use http::header;
use percent_encoding::percent_decode;

use super::{
    IdentityError, Standing,
    carrier::{Jar, Presented, ambiguous, matches_folded, may_carry, present_cookies, retain_cookies},
    login::{Login, lost},
};
use crate::{
    clock::UnixTime,
    request::{Head, Subject},
    store::{Remembered, Watch},
};

/// How long a session is watched that the site called nobody's: far longer than a site is late to say who it is.
pub(super) const WATCH: Duration = Duration::from_secs(15 * 60);
/// How often a value may be escaped over and over.
const ESCAPED: usize = 4;

/// The watches that a log-in set before it was sent. Only its own answer ends them sooner.
#[derive(Debug, Default)]
pub struct Watches(Vec<([u8; 32], Watch)>);

impl Watches {
    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// When a watch that ends at `until` would end without these.
    fn besides(&self, mark: &[u8; 32], until: UnixTime) -> Option<UnixTime> {
        let own = self.0.iter().find(|(watched, watch)| watched == mark && watch.until == until);
        own.map_or(Some(until), |(_, watch)| watch.before)
    }
}

impl Login {
    /// From now on the site is asked about the session of this request before anything goes on with it. What
    /// stands for longer, or is refused, stays.
    pub(super) async fn watch(&self, head: &Head<'_>, length: Duration) -> Result<Watches, IdentityError> {
        let now = self.ports.clock.now();
        let mut watches = Watches::default();
        for (_, mark) in self.marks(head)? {
            let watch = self.ports.logins.watch(mark, now.plus(length), now).await.map_err(|error| lost(&error))?;
            watches.0.extend(watch.map(|watch| (mark, watch)));
        }
        Ok(watches)
    }

    /// The site calls the session of this request nobody's: what the log-in set itself shrinks to what stood
    /// before, and not below [`WATCH`].
    pub(super) async fn shorten(&self, head: &Head<'_>, watches: &Watches) -> Result<(), IdentityError> {
        let least = self.ports.clock.now().plus(WATCH);
        self.cut(head, watches, |before| Some(before.map_or(least, |before| before.max(least)))).await
    }

    /// Takes back what the log-in set itself for the session of this request, which may be used.
    pub(super) async fn lift(&self, head: &Head<'_>, watches: &Watches) -> Result<(), IdentityError> {
        self.cut(head, watches, |before| before).await
    }

    async fn cut(
        &self,
        head: &Head<'_>,
        watches: &Watches,
        end: impl Fn(Option<UnixTime>) -> Option<UnixTime>,
    ) -> Result<(), IdentityError> {
        for (_, mark) in self.marks(head)? {
            for (_, watch) in watches.0.iter().filter(|(watched, _)| *watched == mark) {
                let cut = self.ports.logins.cut_watch(mark, watch.until, end(watch.before)).await;
                cut.map_err(|error| lost(&error))?;
            }
        }
        Ok(())
    }

    /// Remembers that the session of this request is refused.
    pub(super) async fn suspend(&self, head: &Head<'_>, subject: &Subject) -> Result<(), IdentityError> {
        let expires_at = self.ports.clock.now().plus(self.settings.lifetime);
        for (_, mark) in self.marks(head)? {
            self.ports.logins.bind(mark, subject, expires_at).await.map_err(|error| lost(&error))?;
        }
        Ok(())
    }

    /// Whether the session of this request is refused, or watched, and then whose it is.
    pub(super) async fn standing(&self, head: &Head<'_>) -> Result<Standing, IdentityError> {
        let now = self.ports.clock.now();
        let mut watched = Vec::new();
        for (name, mark) in self.marks(head)? {
            match self.ports.logins.remembered(mark, now).await.map_err(|error| lost(&error))? {
                Some(Remembered::Watched { .. }) => watched.push(name),
                Some(Remembered::Of(_)) => return Ok(Standing::Suspended),
                None => {}
            }
        }
        if watched.is_empty() {
            return Ok(Standing::Free);
        }
        let Some(named) = self.named_by(head, &watched).await? else { return Ok(Standing::Free) };
        let is_out = self.released(head).await?.as_ref() == Some(&named);
        Ok(if is_out { Standing::Free } else { Standing::Named(named) })
    }

    /// The answer that carries this session goes out: from now on it is the player's.
    pub(super) async fn release(&self, head: &Head<'_>, subject: &Subject) -> Result<(), IdentityError> {
        let Some(session) = self.session_of(head) else { return Ok(()) };
        let expires_at = self.ports.clock.now().plus(self.settings.lifetime);
        let bound = self.ports.logins.bind(self.release_of(session), subject, expires_at).await;
        bound.map_err(|error| lost(&error))
    }

    /// Whose the session of this request is since its answer went out; one that waits is nobody's yet.
    pub(super) async fn released(&self, head: &Head<'_>) -> Result<Option<Subject>, IdentityError> {
        let Some(session) = self.session_of(head).filter(|_| self.settings.hold_session) else { return Ok(None) };
        let now = self.ports.clock.now();
        self.ports.logins.subject(self.release_of(session), now).await.map_err(|error| lost(&error))
    }

    /// What stands in the store for a session that went out.
    pub(super) fn release_of(&self, session: [u8; 32]) -> [u8; 32] {
        self.ports.hasher.hash("released session", &[&session])
    }

    /// Whom the site names for the watched cookies alone, else for all that the request carries. Others that came
    /// later answer for themselves, but a site may want several at once.
    async fn named_by(&self, head: &Head<'_>, watched: &[&str]) -> Result<Option<Subject>, IdentityError> {
        let mut headers = head.headers.clone();
        let later = |cookie: &[u8]| {
            let is_ours = self.settings.cookies.iter().any(|name| matches_folded(cookie, name));
            is_ours && !watched.iter().any(|name| name.as_bytes() == cookie)
        };
        retain_cookies(&mut headers, later);
        let alone = Head { headers: &headers, ..*head };
        let named = self.asked_apart(&alone).await?;
        if named.is_none() && headers.get_all(header::COOKIE) != head.headers.get_all(header::COOKIE) {
            return self.asked_apart(head).await;
        }
        Ok(named)
    }

    /// What is remembered of the presented session besides the `watches` of this very log-in.
    pub(super) async fn remembered(
        &self,
        head: &Head<'_>,
        watches: &Watches,
    ) -> Result<Vec<([u8; 32], Remembered)>, IdentityError> {
        let mut found = Vec::new();
        if !self.settings.hold_session {
            return Ok(found);
        }
        let now = self.ports.clock.now();
        for (_, mark) in self.marks(head)? {
            let remembered = self.ports.logins.remembered(mark, now).await.map_err(|error| lost(&error))?;
            let besides = match remembered {
                Some(Remembered::Watched { until }) => {
                    watches.besides(&mark, until).map(|until| Remembered::Watched { until })
                }
                other => other,
            };
            found.extend(besides.map(|remembered| (mark, remembered)));
        }
        Ok(found)
    }

    /// What was remembered of a session holds for the one that took its place too.
    pub(super) async fn carry_over(
        &self,
        after: &Head<'_>,
        remembered: &[([u8; 32], Remembered)],
    ) -> Result<(), IdentityError> {
        let now = self.ports.clock.now();
        for (before, remembered) in remembered {
            for (_, mark) in self.marks(after)?.into_iter().filter(|(_, mark)| mark != before) {
                let carried = match remembered {
                    Remembered::Watched { until } => self.ports.logins.watch(mark, *until, now).await.map(|_| ()),
                    Remembered::Of(subject) => {
                        self.ports.logins.bind(mark, subject, now.plus(self.settings.lifetime)).await
                    }
                };
                carried.map_err(|error| lost(&error))?;
            }
        }
        Ok(())
    }

    /// What stands in the store for a session: one for each of its cookies, so that leaving one away changes
    /// nothing.
    fn marks<'r>(&self, head: &Head<'r>) -> Result<Vec<(&'r str, [u8; 32])>, IdentityError> {
        // Other cookies may be as odd as they like.
        if !may_carry(head.headers, &self.settings.cookies) {
            return Ok(Vec::new());
        }
        let jar = Jar::parse(head.headers)?;
        let cookies = match present_cookies(&self.settings.cookies, &jar)? {
            Some(Presented::Cookies(cookies)) => cookies,
            Some(Presented::Header(_)) | None => Vec::new(),
        };
        let mark = |(name, value): (&'r str, &'r str)| {
            let value = canonical(value)?;
            Ok((name, self.ports.hasher.hash("suspended session", &[name.as_bytes(), &value])))
        };
        cookies.into_iter().map(mark).collect()
    }
}

/// A value as the most lenient reader takes it: without its escapes and quotes, whatever its case and the
/// blanks around it. Two that some framework or database takes for one are one here.
///
/// # Errors
/// `Ambiguous` where frameworks and databases differ on what is meant: broken escapes, escaped controls, letters that
/// are not ASCII (some take `á` for `a`), escapes of escapes without end.
fn canonical(value: &str) -> Result<Vec<u8>, IdentityError> {
    let mut bytes = value.as_bytes().to_vec();
    if has_broken_escape(&bytes) {
        return Err(ambiguous("a session cookie with a broken escape"));
    }
    for _ in 0..ESCAPED {
        let plain = unquoted(unescaped(&bytes));
        if plain != bytes {
            bytes = plain;
            continue;
        }
        if bytes.iter().any(u8::is_ascii_control) {
            return Err(ambiguous("a session cookie with an escaped control"));
        }
        if !bytes.is_ascii() {
            return Err(ambiguous("a session cookie with letters that are not ASCII"));
        }
        bytes.make_ascii_lowercase();
        return Ok(bytes);
    }
    Err(ambiguous("a session cookie that is escaped over and over"))
}

/// Some take a plus for a blank.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    percent_decode(bytes).map(|byte| if byte == b' ' { b'+' } else { byte }).collect()
}

/// Without quotes and blanks at both ends.
fn unquoted(bytes: Vec<u8>) -> Vec<u8> {
    let is_outer = |byte: &u8| matches!(byte, b'"' | b'+');
    let Some(first) = bytes.iter().position(|byte| !is_outer(byte)) else { return Vec::new() };
    let last = bytes.iter().rposition(|byte| !is_outer(byte)).unwrap_or(first);
    bytes.get(first..=last).unwrap_or_default().to_vec()
}

fn has_broken_escape(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| *byte == b'%')
        .skip(1)
        .any(|after| !matches!(after, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Option<String> {
        canonical(value).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn spellings_that_some_framework_takes_for_one_value_are_one() {
        for spelled in [
            "ayu-1",
            "%61yu-1",
            "%61%79%75%2d%31",
            "%61yu%2D1",
            "%2561yu-1",
            "AYU-1",
            "ayu-1%20",
            "ayu-1+",
            "%22ayu-1%22",
        ] {
            assert_eq!(read(spelled).as_deref(), Some("ayu-1"), "{spelled}");
        }
        assert_eq!(read("a+b"), read("a%20b"));
        assert_eq!(read("a+b"), read("a%2Bb"));
    }

    #[test]
    fn other_values_stay_apart() {
        for other in ["ayu-2", "ayu1", "s%3Aayu-1.x", "ayu-1%3B"] {
            assert_ne!(read(other), read("ayu-1"), "{other}");
            assert!(read(other).is_some(), "{other}");
        }
    }

    #[test]
    fn a_value_that_frameworks_read_in_different_ways_is_refused() {
        for odd in [
            "%",
            "ayu%",
            "ayu%2",
            "%zz",
            "%u0061yu",
            "%C3%A1yu-1",
            "ayu-%EF%BC%91",
            "ayu-1%C2%A0",
            "ayu-1%00",
            "ayu-1%250a",
            "%25252525252561",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
