//! What a guarded route does with a path in an odd form (`paths:`).

use super::{Ambiguity, Target};

/// What happens to a guarded request in an odd form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OddForm {
    /// It is answered 400.
    Reject,
    /// It is as guarded as in the plain form, and with proof it goes on as it was written.
    Match,
}

/// Which endings of its last segment a path may have, and be as guarded as without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Endings {
    /// Whatever follows its last dot, as Rails takes it for a format.
    Any,
    /// Those that other frameworks take for a format or a script: `.json`, `.xml`, `.html`, `.php`, `.do`, `.action`
    /// and `.aspx`.
    Known,
}

/// The policy for each form that a site may need. Whatever it says, no form is a way around a route;
/// double encoding and dot segments are always refused where a route guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathPolicy {
    /// `%2f` and `%5c`.
    pub encoded_slash: OddForm,
    /// `;`.
    pub semicolon: OddForm,
    /// `//`.
    pub double_slash: OddForm,
    /// A path in another case than the route's.
    pub case_sensitive: OddForm,
    /// A path with an ending that the route's does not have.
    pub endings: Endings,
}

impl Default for PathPolicy {
    fn default() -> Self {
        Self {
            encoded_slash: OddForm::Reject,
            semicolon: OddForm::Reject,
            double_slash: OddForm::Reject,
            case_sensitive: OddForm::Match,
            endings: Endings::Any,
        }
    }
}

impl PathPolicy {
    /// The first form of this target that a guarded route refuses.
    #[must_use]
    pub fn refused(&self, target: &Target) -> Option<Ambiguity> {
        target.ambiguities().find(|form| self.of(*form) == OddForm::Reject)
    }

    /// The form for which a guarded route refuses this target, in words; `other_case`: whether it is
    /// written in another case than the route.
    #[must_use]
    pub fn refusal(&self, target: &Target, other_case: bool) -> Option<&'static str> {
        if other_case && self.case_sensitive == OddForm::Reject {
            return Some("another case");
        }
        self.refused(target).map(Ambiguity::as_str)
    }

    /// What happens to a form.
    #[must_use]
    pub const fn of(&self, form: Ambiguity) -> OddForm {
        match form {
            Ambiguity::EncodedSlash => self.encoded_slash,
            Ambiguity::Semicolon => self.semicolon,
            Ambiguity::DoubleSlash => self.double_slash,
            Ambiguity::DoubleEncoding | Ambiguity::DotSegment => OddForm::Reject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(policy: PathPolicy, raw: &str) -> Option<Ambiguity> {
        policy.refused(&Target::parse(raw.as_bytes()).unwrap())
    }

    #[test]
    fn odd_forms_are_refused_by_default() {
        for raw in ["/a%2fb", "/a%5cb", "/a;b", "/a%3bb", "/a//b", "/a%252fb", "/a/../b", "/a/%2e/b"] {
            assert!(refused(PathPolicy::default(), raw).is_some(), "{raw}");
        }
        assert_eq!(refused(PathPolicy::default(), "/a/b.c?x=//;%2f"), None);
    }

    #[test]
    fn each_form_is_allowed_by_its_own_key() {
        let encoded_slash = PathPolicy { encoded_slash: OddForm::Match, ..PathPolicy::default() };
        let semicolon = PathPolicy { semicolon: OddForm::Match, ..PathPolicy::default() };
        let double_slash = PathPolicy { double_slash: OddForm::Match, ..PathPolicy::default() };
        assert_eq!(refused(encoded_slash, "/a%2fb"), None);
        assert_eq!(refused(semicolon, "/a;b"), None);
        assert_eq!(refused(double_slash, "/a//b"), None);
        assert_eq!(refused(encoded_slash, "/a%2fb;c"), Some(Ambiguity::Semicolon));
        assert_eq!(refused(semicolon, "/a;b//c"), Some(Ambiguity::DoubleSlash));
    }

    #[test]
    fn a_refusal_names_the_form() {
        let strict = PathPolicy { case_sensitive: OddForm::Reject, ..PathPolicy::default() };
        for (policy, raw, other_case, expected) in [
            (PathPolicy::default(), "/a%2fb", false, Some("encoded slash")),
            (PathPolicy::default(), "/a%252fb", false, Some("double encoding")),
            (PathPolicy::default(), "/a/../b", false, Some("dot segment")),
            (PathPolicy::default(), "/a;b", false, Some("semicolon")),
            (PathPolicy::default(), "/a//b", true, Some("double slash")),
            (PathPolicy::default(), "/a", true, None),
            (strict, "/a", true, Some("another case")),
            (strict, "/a", false, None),
        ] {
            assert_eq!(policy.refusal(&Target::parse(raw.as_bytes()).unwrap(), other_case), expected, "{raw}");
        }
    }

    #[test]
    fn a_form_that_may_be_allowed_names_its_key() {
        let forms = [
            Ambiguity::EncodedSlash,
            Ambiguity::Semicolon,
            Ambiguity::DoubleSlash,
            Ambiguity::DoubleEncoding,
            Ambiguity::DotSegment,
        ];
        let keys = [Some("encoded_slash"), Some("semicolon"), Some("double_slash"), None, None];
        assert_eq!(forms.map(Ambiguity::key), keys);
    }

    #[test]
    fn dot_segments_and_double_encoding_are_refused_behind_every_allowed_form() {
        let all = PathPolicy {
            encoded_slash: OddForm::Match,
            semicolon: OddForm::Match,
            double_slash: OddForm::Match,
            case_sensitive: OddForm::Match,
            endings: Endings::Any,
        };
        for raw in ["/a/..%2fb", "/a%2f..%2fb", "/a/..;/b", "/a/..;x//b", "/a//../b", "/a/%2e%2e%3b/b", "/a\u{2f}.;x/b"]
        {
            assert_eq!(refused(all, raw), Some(Ambiguity::DotSegment), "{raw}");
        }
        for raw in ["/a%252fb", "/a%2fb%253b", "/a;%2561"] {
            assert_eq!(refused(all, raw), Some(Ambiguity::DoubleEncoding), "{raw}");
        }
    }
}
