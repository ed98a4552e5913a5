//! The languages, and which of them a tag names.

use serde::{Deserialize, Serialize};

/// A language of our pages, notices and text messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Indonesian.
    #[serde(rename = "id")]
    Indonesian,
    /// Malay.
    #[serde(rename = "ms")]
    Malay,
    /// Thai.
    #[serde(rename = "th")]
    Thai,
    /// Vietnamese.
    #[serde(rename = "vi")]
    Vietnamese,
    /// Chinese in simplified characters.
    #[serde(rename = "zh-CN")]
    Chinese,
    /// Arabic.
    #[serde(rename = "ar")]
    Arabic,
}

/// Which way a language runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the left.
    LeftToRight,
    /// From the right.
    RightToLeft,
}

impl Direction {
    /// The `dir` attribute.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

macro_rules! sources {
    ($folder:literal) => {
        [
            include_str!(concat!("../../locales/", $folder, "/portal.ftl")),
            include_str!(concat!("../../locales/", $folder, "/notices.ftl")),
            include_str!(concat!("../../locales/", $folder, "/sms.ftl")),
        ]
    };
}

impl Language {
    /// Every language, in the order of its variants.
    pub const ALL: [Self; 7] =
        [Self::English, Self::Indonesian, Self::Malay, Self::Thai, Self::Vietnamese, Self::Chinese, Self::Arabic];

    /// Its tag (BCP 47): the name of its folder, and the `lang` of its pages.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Indonesian => "id",
            Self::Malay => "ms",
            Self::Thai => "th",
            Self::Vietnamese => "vi",
            Self::Chinese => "zh-CN",
            Self::Arabic => "ar",
        }
    }

    /// What it calls itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Indonesian => "Bahasa Indonesia",
            Self::Malay => "Bahasa Melayu",
            Self::Thai => "ไทย",
            Self::Vietnamese => "Tiếng Việt",
            Self::Chinese => "简体中文",
            Self::Arabic => "العربية",
        }
    }

    /// Which way it runs.
    #[must_use]
    pub const fn direction(self) -> Direction {
        match self {
            Self::Arabic => Direction::RightToLeft,
            Self::English | Self::Indonesian | Self::Malay | Self::Thai | Self::Vietnamese | Self::Chinese => {
                Direction::LeftToRight
            }
        }
    }

    /// The language of a tag or of its nearest shorter form (lookup, RFC 4647 §3.4), whatever the
    /// case and whether its parts are joined by `-` or, as in POSIX locales, by `_`.
    ///
    /// Chinese in any script or country finds the one Chinese there is.
    #[must_use]
    pub fn parse(tag: &str) -> Option<Self> {
        let bare = tag.split(['.', '@']).next().unwrap_or_default();
        let first = bare.split(['-', '_']).next()?.to_ascii_lowercase();
        match first.as_str() {
            // The code of Indonesian before 1989 (still sent by old Java phones).
            "in" => Some(Self::Indonesian),
            "zh" => Some(Self::Chinese),
            first => Self::ALL.into_iter().find(|language| language.tag() == first),
        }
    }

    /// The texts: pages, notices, text messages.
    pub(super) const fn sources(self) -> [&'static str; 3] {
        match self {
            Self::English => sources!("en"),
            Self::Indonesian => sources!("id"),
            Self::Malay => sources!("ms"),
            Self::Thai => sources!("th"),
            Self::Vietnamese => sources!("vi"),
            Self::Chinese => sources!("zh-CN"),
            Self::Arabic => sources!("ar"),
        }
    }
}
