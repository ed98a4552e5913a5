//! The page shell: the site's name, logo and colour, one small style, no script unless a page says so.

use std::time::Duration;

use askama::Template;
use bytes::Bytes;
use data_encoding::BASE64;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use crate::{
    clock::UnixTime,
    flow::{
        RuleSet,
        language::{self, By},
    },
    web::{Reply, headers},
    words::Language,
};

/// The style of every page.
pub const STYLE: &str = include_str!("page.css");

/// What every page has around it, and the words it speaks.
pub struct Shell<'a> {
    rules: &'a RuleSet,
    language: Language,
    by: By,
    style: String,
}

impl<'a> Shell<'a> {
    /// The shell for a request; `locale` is the site's claim about the player, where it is known.
    #[must_use]
    pub fn of(rules: &'a RuleSet, headers: &HeaderMap, locale: Option<&str>) -> Self {
        let (language, by) = language::choose(rules, headers, locale);
        Self { rules, language, by, style: style(rules) }
    }

    /// The site's name.
    #[must_use]
    pub fn site(&self) -> &str {
        &self.rules.site.name
    }

    /// The address of the site's logo.
    #[must_use]
    pub fn logo(&self) -> Option<&str> {
        self.rules.site.look.logo.as_deref()
    }

    /// Where our pages stand.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.rules.portal_prefix
    }

    /// The text of the page's style.
    #[must_use]
    pub fn style(&self) -> &str {
        &self.style
    }

    /// The page's language.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The other languages, where the player has the choice.
    #[must_use]
    pub fn other_languages(&self) -> Vec<Language> {
        match self.by {
            By::Site => Vec::new(),
            By::Player => self.rules.languages.iter().copied().filter(|other| *other != self.language).collect(),
        }
    }

    /// A message without arguments.
    #[must_use]
    pub fn say(&self, id: &str) -> String {
        self.language.text(id)
    }

    /// A message with one argument that is a text.
    #[must_use]
    pub fn tell(&self, id: &str, name: &str, value: &str) -> String {
        self.language.text_with(id, &[(name, value.into())])
    }

    /// A message with two arguments that are texts.
    #[must_use]
    pub fn tell_both(&self, id: &str, first: (&str, &str), second: (&str, &str)) -> String {
        self.language.text_with(id, &[(first.0, first.1.into()), (second.0, second.1.into())])
    }

    /// A message about so many of something.
    #[must_use]
    pub fn count(&self, id: &str, count: u32) -> String {
        self.language.text_with(id, &[("count", count.into())])
    }

    /// Which of how many steps a page is.
    #[must_use]
    pub fn step(&self, step: usize, total: usize) -> String {
        self.language.text_with("step", &[("step", step.into()), ("total", total.into())])
    }

    /// A length of time.
    #[must_use]
    pub fn length(&self, length: Duration) -> String {
        self.language.length(length)
    }

    /// A shown value as the language writes it; what is bound stays as it was sent.
    #[must_use]
    pub fn value(&self, raw: &str) -> String {
        self.language.value(raw)
    }

    /// A moment in the site's time zone.
    #[must_use]
    pub fn moment(&self, at: UnixTime) -> String {
        self.language.moment(at, &self.rules.site.time_zone)
    }

    /// The day of a moment in the site's time zone.
    #[must_use]
    pub fn date(&self, at: UnixTime) -> String {
        self.language.date(at, &self.rules.site.time_zone)
    }

    /// A page of ours from its rendered HTML. `script` is the text of its one inline script.
    #[must_use]
    pub fn reply(&self, status: StatusCode, html: String, script: Option<&str>) -> Reply {
        let mut reply = styled(status, html, &self.style, script);
        let headers = reply.headers_mut();
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        headers.append(header::VARY, HeaderValue::from_static("Accept-Language"));
        reply
    }

    /// A page that says one thing.
    #[must_use]
    pub fn message(&self, status: StatusCode, title: &str, text: &str) -> Reply {
        self.message_with(status, (title, text), None)
    }

    /// The same with a way on besides that back to the site: an address and what it is called.
    #[must_use]
    pub fn message_with(&self, status: StatusCode, (title, text): (&str, &str), way: Option<(&str, &str)>) -> Reply {
        let page = Message { shell: self, title, text, way };
        self.reply(status, page.render().unwrap_or_else(|_| title.to_owned()), None)
    }
}

/// A page from its rendered HTML, with the texts of its one inline style and, if any, its one script.
#[must_use]
pub fn styled(status: StatusCode, html: String, style: &str, script: Option<&str>) -> Reply {
    let mut reply = Reply::new(Bytes::from(html));
    *reply.status_mut() = status;
    let script = script.map(csp_hash);
    headers::page(reply.headers_mut(), &csp_hash(style), script.as_deref());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    reply
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    shell: &'a Shell<'a>,
    title: &'a str,
    text: &'a str,
    way: Option<(&'a str, &'a str)>,
}

/// The style with the site's colour. Links keep ours on a dark ground, where the site's is not known
/// to be readable.
fn style(rules: &RuleSet) -> String {
    let Some(colour) = rules.site.look.colour else { return STYLE.to_owned() };
    format!("{STYLE}:root{{--b:{colour}}}@media(prefers-color-scheme:light){{:root{{--a:{colour}}}}}")
}

/// The CSP source of an inline text (CSP Level 3 §2.3.1).
fn csp_hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element that pages are made of, in one page.
    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"{% import "parts.html" as parts %}<style>{{ style|safe }}</style><main><h1>Elements</h1>
{% call parts::steps("Step 2 of 4") %}{% endcall %}{% call parts::notice("Done.") %}{% endcall %}
<form>{% call parts::code("Code", "Too late.", false) %}{% endcall %}{% call parts::choices(choices) %}{% endcall %}
{% call parts::danger("Turn off") %}{% endcall %}</form>{% call parts::backup_codes(codes) %}{% endcall %}</main>"#
    )]
    struct Elements<'a> {
        style: &'a str,
        choices: &'a [(&'a str, &'a str, &'a str)],
        codes: &'a [&'a str],
    }

    #[test]
    fn elements_escape_what_they_are_given() {
        let choices = [("app", "Authenticator app", "Recommended."), ("sms", "<b>", "\"'&")];
        let html = Elements { style: STYLE, choices: &choices, codes: &["abcd-efgh", "ijkl-mnop"] }.render().unwrap();
        assert!(html.contains(r#"<button class="o" name="method" value="app" aria-describedby="hint-app">"#), "{html}");
        assert!(html.contains(r#"role="alert">Too late.</p>"#) && html.contains("<li>ijkl-mnop</li>"), "{html}");
        assert!(!html.contains("<b>"), "{html}");
    }

    #[test]
    fn the_style_loads_nothing() {
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import") && STYLE.len() < 5 * 1024);
    }
}
