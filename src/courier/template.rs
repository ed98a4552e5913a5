//! Texts with places for what a message says: `{to}`, `{text}`, `{id}` and `{receipt}`.
//!
//! A filled text is a value: whoever puts it into an address, a form or a document encodes it there,
//! so that nothing in a message becomes part of the form it is sent in.

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// What a message puts into the places.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    /// The receiver, as the provider wants it written.
    pub(super) to: &'a str,
    /// What is said.
    pub(super) text: &'a str,
    /// Our own name for the message, the same for every courier that is tried.
    pub(super) id: &'a str,
    /// Where the provider may say what became of it.
    pub(super) receipt: &'a str,
}

/// A text with places.
#[derive(Clone, Debug)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    /// May be a provider's password.
    Fixed(SecretString),
    To,
    Text,
    Id,
    Receipt,
}

/// A place that no message fills.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is nothing to put in place of `{{{0}}}`")]
pub struct UnknownPlace(pub String);

impl Template {
    /// The template in a text. Braces around anything but lower-case letters stand for themselves.
    ///
    /// # Errors
    /// [`UnknownPlace`] for another word in braces.
    pub fn parse(text: &str) -> Result<Self, UnknownPlace> {
        let mut parts = Vec::new();
        let mut fixed = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            fixed.push_str(before);
            let word = after.split_once('}').filter(|(word, _)| is_word(word));
            let Some((word, behind)) = word else {
                fixed.push('{');
                rest = after;
                continue;
            };
            let place = match word {
                "to" => Part::To,
                "text" => Part::Text,
                "id" => Part::Id,
                "receipt" => Part::Receipt,
                other => return Err(UnknownPlace(other.to_owned())),
            };
            parts.push(Part::Fixed(SecretString::from(std::mem::take(&mut fixed))));
            parts.push(place);
            rest = behind;
        }
        fixed.push_str(rest);
        parts.push(Part::Fixed(SecretString::from(fixed)));
        Ok(Self(parts))
    }

    /// A text without places.
    #[must_use]
    pub fn fixed(text: SecretString) -> Self {
        Self(vec![Part::Fixed(text)])
    }

    /// Whether it has the place of the text.
    #[must_use]
    pub fn says_text(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Text))
    }

    /// Whether it has the place of the receiver.
    #[must_use]
    pub fn says_to(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::To))
    }

    /// The text with every place filled.
    pub(super) fn fill(&self, words: Words<'_>) -> String {
        let mut filled = String::new();
        for part in &self.0 {
            filled.push_str(match part {
                Part::Fixed(text) => text.expose_secret(),
                Part::To => words.to,
                Part::Text => words.text,
                Part::Id => words.id,
                Part::Receipt => words.receipt,
            });
        }
        filled
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// A JSON document whose texts have places; keys are taken as they stand.
#[derive(Clone, Debug)]
pub enum JsonTemplate {
    /// A text.
    Text(Template),
    /// A number, `true`, `false`, `null`.
    Fixed(Value),
    /// A list.
    List(Vec<JsonTemplate>),
    /// A mapping.
    Map(Vec<(String, JsonTemplate)>),
}

impl JsonTemplate {
    /// The template in a document.
    ///
    /// # Errors
    /// [`UnknownPlace`] for another word in braces.
    pub fn parse(value: &Value) -> Result<Self, UnknownPlace> {
        Ok(match value {
            Value::String(text) => Self::Text(Template::parse(text)?),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Fixed(value.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::parse).collect::<Result<_, _>>()?),
            Value::Object(entries) => {
                let parsed = entries.iter().map(|(key, value)| Ok((key.clone(), Self::parse(value)?)));
                Self::Map(parsed.collect::<Result<_, _>>()?)
            }
        })
    }

    /// Whether some text of it passes.
    pub fn any(&self, passes: &impl Fn(&Template) -> bool) -> bool {
        match self {
            Self::Text(template) => passes(template),
            Self::Fixed(_) => false,
            Self::List(items) => items.iter().any(|item| item.any(passes)),
            Self::Map(entries) => entries.iter().any(|(_, item)| item.any(passes)),
        }
    }

    /// The document with every place filled.
    pub(super) fn fill(&self, words: Words<'_>) -> Value {
        match self {
            Self::Text(template) => Value::String(template.fill(words)),
            Self::Fixed(value) => value.clone(),
            Self::List(items) => items.iter().map(|item| item.fill(words)).collect(),
            Self::Map(entries) => entries.iter().map(|(key, item)| (key.clone(), item.fill(words))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WORDS: Words<'_> = Words { to: "+62812", text: "code {to} \"1\"\n", id: "x1", receipt: "https://r" };

    #[test]
    fn places_are_filled_once_and_what_fills_them_is_not_read_again() {
        let template = Template::parse("{text} for {to} ({id}) {} {1}").unwrap();
        assert_eq!(template.fill(WORDS), "code {to} \"1\"\n for +62812 (x1) {} {1}");
    }

    #[test]
    fn a_place_that_nothing_fills_is_refused() {
        assert_eq!(Template::parse("{number}").unwrap_err(), UnknownPlace("number".into()));
        assert_eq!(JsonTemplate::parse(&json!({ "a": ["{number}"] })).unwrap_err().0, "number");
    }

    #[test]
    fn a_text_stays_one_text_in_a_document() {
        let template = JsonTemplate::parse(&json!({ "to": ["{to}"], "body": "{text}", "flash": false })).unwrap();
        let filled = template.fill(WORDS);
        assert_eq!(filled, json!({ "to": ["+62812"], "body": "code {to} \"1\"\n", "flash": false }));
        assert!(filled.to_string().contains(r#""code {to} \"1\"\n""#), "{filled}");
    }

    #[test]
    fn a_template_does_not_print_what_it_holds() {
        let template = Template::fixed(SecretString::from("hunter2".to_owned()));
        assert!(!format!("{template:?}").contains("hunter2"));
    }
}
