//! What players read: every text in every language, and how numbers and times are written.
//!
//! Texts are Fluent messages under `locales/`, built in. Those of pages mark where an inserted value
//! begins and ends, so that a name in another script does not disturb the line; notices and text
//! messages do not, since one such mark would halve the room of an SMS.
//!
//! Adding a message: in `locales/en`, then in every other language; a test names what is missing.
//! Adding a language: its folder, and its variant in [`Language`].

use std::sync::LazyLock;

use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};

mod accept;
mod code_text;
mod format;
mod language;
#[cfg(test)]
mod fuzz_tests;

pub use accept::accepted;
pub use code_text::CodeFor;
pub use fluent_bundle::FluentValue as Value;
pub use language::{Direction, Language};

type Bundle = FluentBundle<FluentResource>;

/// The messages of one language.
struct Texts {
    /// With marks around inserted values.
    pages: Bundle,
    /// Without: notices and text messages.
    plain: Bundle,
}

static TEXTS: LazyLock<Vec<Texts>> = LazyLock::new(|| Language::ALL.into_iter().map(Texts::of).collect());

impl Texts {
    fn of(language: Language) -> Self {
        let [portal, notices, sms] = language.sources();
        Self { pages: bundle(language, &[portal], true), plain: bundle(language, &[notices, sms], false) }
    }
}

fn bundle(language: Language, sources: &[&'static str], isolating: bool) -> Bundle {
    let locale = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![locale]);
    bundle.set_use_isolating(isolating);
    for source in sources {
        // What a file with a mistake still says is used; a test finds the mistake.
        let resource = FluentResource::try_new((*source).to_owned()).unwrap_or_else(|(resource, _)| resource);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

impl Language {
    /// A message without arguments.
    #[must_use]
    pub fn text(self, id: &str) -> String {
        self.text_with(id, &[])
    }

    /// A message with its arguments. An unknown id, which a test rules out, is written as itself.
    #[must_use]
    pub fn text_with(self, id: &str, args: &[(&str, Value<'_>)]) -> String {
        self.find(id, args, &mut Vec::new()).unwrap_or_else(|| id.to_owned())
    }

    fn find(
        self,
        id: &str,
        args: &[(&str, Value<'_>)],
        errors: &mut Vec<fluent_bundle::FluentError>,
    ) -> Option<String> {
        let texts = TEXTS.get(self as usize)?;
        let (bundle, message) =
            [&texts.pages, &texts.plain].into_iter().find_map(|bundle| Some((bundle, bundle.get_message(id)?)))?;
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        Some(bundle.format_pattern(message.value()?, Some(&args), errors).into_owned())
    }
}

#[cfg(test)]
mod tests;
