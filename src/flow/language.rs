//! Which language a player is spoken to in: what the site says, what the player chose, what the browser wants.

use http::{HeaderMap, header};

use crate::{
    flow::{CookieNames, RuleSet},
    request,
    words::{self, Language},
};

/// How a page came to its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The site's locale claim: nothing else is asked.
    Site,
    /// The player, the browser, or the order in the configuration.
    Player,
}

/// The language of a page: the site's claim about the player, then our cookie, then
/// `Accept-Language`, then the first of `portal.languages`; never one that is not listed there.
#[must_use]
pub fn choose(rules: &RuleSet, headers: &HeaderMap, claim: Option<&str>) -> (Language, By) {
    let offered = |language: &Language| rules.languages.contains(language);
    if let Some(language) = claim.and_then(Language::parse).filter(offered) {
        return (language, By::Site);
    }
    let name = CookieNames::of(rules.site.secure).language;
    let chosen = request::cookie(headers, name).ok().flatten().and_then(Language::parse).filter(offered);
    let wanted = || {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        words::accepted(&values.collect::<Vec<_>>().join(","), &rules.languages)
    };
    let language = chosen.or_else(wanted).or_else(|| rules.languages.first().copied());
    (language.unwrap_or(Language::English), By::Player)
}
