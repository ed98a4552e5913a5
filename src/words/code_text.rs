//! The text message that carries a code.

use super::Language;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFor<'a> {
    /// A log-in.
    Session,
    /// A change that wants fresh proof.
    Fresh,
    /// One request, with its bound details in one line.
    Once {
        /// As in `Withdraw 1.500.000 to DANA •••• 34`.
        details: &'a str,
    },
    /// Setting up a second factor.
    Enrolment,
    /// Another phone number.
    Number,
}

impl Language {
    /// The whole text: who asks, what for, the code, and as its last line the code bound to `host`, so
    /// that browsers fill it in there and nowhere else (WICG "Origin-bound one-time codes delivered via
    /// SMS"). `host` is without a port.
    #[must_use]
    pub fn code_text(self, site: &str, host: &str, code: &str, purpose: CodeFor<'_>) -> String {
        let args = [("site", site.into()), ("code", code.into())];
        let text = match purpose {
            CodeFor::Session => self.text_with("text-code-session", &args),
            CodeFor::Fresh => self.text_with("text-code-fresh", &args),
            CodeFor::Once { details } => {
                let [site, code] = args;
                self.text_with("text-code-once", &[site, code, ("details", details.into())])
            }
            CodeFor::Enrolment => self.text_with("text-code-enrol", &args),
            CodeFor::Number => self.text_with("text-code-number", &args),
        };
        format!("{text}\n\n@{host} #{code}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_text_says_who_asks_and_ends_with_the_line_for_browsers() {
        let details = CodeFor::Once { details: "Withdraw 1.500.000 to DANA 34" };
        for language in Language::ALL {
            let text = language.code_text("Example Play", "play.example", "123456", details);
            assert!(text.starts_with("Example Play") && text.contains("1.500.000"), "{text}");
            assert_eq!(text.lines().last(), Some("@play.example #123456"));
            assert!(!text.contains(['\u{2068}', '\u{2069}']), "{text}");
        }
        let text = Language::English.code_text("Example Play", "play.example", "123456", CodeFor::Session);
        assert_eq!(text, "Example Play: your log-in code is 123456. Never share it.\n\n@play.example #123456");
    }
}
