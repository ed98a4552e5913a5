//! The language form at the foot of our pages.

use std::time::Duration;

use http::header;

use super::{Answered, Call, challenge::see_other, form, input::Form};
use crate::{
    flow::CookieNames,
    request,
    web::{self, Problem},
    words::Language,
};

/// How long a choice is kept: as long as browsers keep a cookie.
const KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// `POST /language`, field `language`: back to the page that the form stood on.
pub(super) async fn choose(call: Call, body: Form) -> Answered {
    let [tag] = match form::fields(&body, ["language"]) {
        Ok(fields) => fields,
        Err(problem) => return call.refuse(&problem),
    };
    let chosen = Language::ALL.into_iter().find(|language| language.tag() == tag);
    let Some(language) = chosen.filter(|language| call.rules.languages.contains(language)) else {
        return call.refuse(&Problem::bad_request("this language is not offered"));
    };
    let mut reply = see_other(call.came_from().unwrap_or("/"));
    let secure = call.rules.site.secure;
    let cookie = web::set_cookie(CookieNames::of(secure).language, language.tag(), secure, Some(KEPT));
    reply.headers_mut().append(header::SET_COOKIE, cookie);
    Answered(reply)
}

impl Call {
    /// Path and query of the page that sent this, if it is on this host: our pages send a Referer to
    /// their own origin. Another host's address leads nowhere.
    fn came_from(&self) -> Option<&str> {
        let referer = request::header_once(&self.parts.headers, header::REFERER.as_str())?;
        let (scheme, rest) = referer.split_once("://")?;
        let (host, _) = rest.split_once('/')?;
        // Never two slashes, which a browser would read as another host.
        let path = rest.get(host.len()..).filter(|path| !path.starts_with("//") && !path.contains('\\'))?;
        (matches!(scheme, "http" | "https") && host == self.peer.host).then_some(path)
    }
}
