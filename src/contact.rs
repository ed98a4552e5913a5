//! Where a player can be reached: phone numbers and mail addresses, parsed once.
//!
//! Neither prints what it holds; [`PhoneNumber::masked`] and [`MailAddress::masked`] are for pages.

use std::fmt;

use phonenumber::{Mode, Type, country::Id, metadata::DATABASE};

/// A country by its two letters (ISO 3166-1 alpha-2, upper case).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Country([u8; 2]);

impl Country {
    /// The country that has phone numbers under these two upper-case letters; `None` for all else.
    #[must_use]
    pub fn parse(letters: &str) -> Option<Self> {
        let known: Id = letters.parse().ok()?;
        Some(Self(known.as_ref().as_bytes().try_into().ok()?))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn id(self) -> Option<Id> {
        self.as_str().parse().ok()
    }
}

/// A text that is no phone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no phone number")]
pub struct BadPhoneNumber;

/// A phone number in E.164: `+` and 8 to 15 digits. Two spellings of one number are equal.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber {
    e164: Box<str>,
    country: Option<Country>,
}

impl PhoneNumber {
    /// The number in a text that a site has on file or a player typed: spaces, dashes, dots and
    /// parentheses are passed over. Without a `+` or `00` it is a national number of `home`.
    ///
    /// # Errors
    /// [`BadPhoneNumber`] for other characters, for a national number without `home`, and for what has
    /// too few or too many digits.
    pub fn parse(text: &str, home: Option<Country>) -> Result<Self, BadPhoneNumber> {
        let text = text.trim();
        // A bound first: nothing longer is a number, however it is spelt.
        if text.len() > 40 || !text.chars().all(|c| c.is_ascii_digit() || "+ -.()".contains(c)) {
            return Err(BadPhoneNumber);
        }
        let mut digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        if let Some(international) = digits.strip_prefix("00") {
            digits = format!("+{international}");
        }
        if digits.rfind('+').is_some_and(|at| at > 0) {
            return Err(BadPhoneNumber);
        }
        let number = phonenumber::parse(home.and_then(Country::id), &digits).map_err(|_| BadPhoneNumber)?;
        let e164 = number.format().mode(Mode::E164).to_string();
        // Of zeros that lead a national number the library drops others each time: nobody has such a number.
        let again = phonenumber::parse(None, &e164).map(|number| number.format().mode(Mode::E164).to_string());
        if !(9..=16).contains(&e164.len()) || again.ok().as_ref() != Some(&e164) {
            return Err(BadPhoneNumber);
        }
        let country = number.country().id().and_then(|id| Country::parse(id.as_ref()));
        Ok(Self { e164: e164.into(), country })
    }

    /// In E.164, as `+6281200001001`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.e164
    }

    /// In E.164 without the `+`, as some providers want it.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.e164.strip_prefix('+').unwrap_or(&self.e164)
    }

    /// For pages: the last two digits alone, `•••• 34`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (_, end) = self.e164.split_at_checked(self.e164.len().saturating_sub(2)).unwrap_or_default();
        format!("•••• {end}")
    }

    /// Whose number it is, by the calling code and, where countries share one, by what follows it.
    /// `None` where nobody's.
    #[must_use]
    pub const fn country(&self) -> Option<Country> {
        self.country
    }

    /// Whether somebody earns by each message to it, or it is no person's phone: premium and shared-cost
    /// services, pagers, company and voice-mail numbers, as the numbering plans of the countries say, and
    /// the calling codes that ITU-T E.164 assigns to no country but to services and networks.
    #[must_use]
    pub fn is_premium(&self) -> bool {
        if SERVICES.iter().any(|code| self.e164.starts_with(code)) {
            return true;
        }
        let kind = phonenumber::parse(None, &*self.e164).map(|number| number.number_type(&DATABASE));
        matches!(
            kind,
            Ok(Type::PremiumRate | Type::SharedCost | Type::Pager | Type::Uan | Type::Voicemail | Type::Emergency)
        )
    }
}

/// Calling codes of ITU-T E.164's list of assigned codes that are no country's: freephone, shared cost,
/// personal numbers, satellites, networks, trials, premium rate.
const SERVICES: [&str; 9] = ["+800", "+808", "+870", "+878", "+881", "+882", "+883", "+979", "+991"];

impl TryFrom<String> for PhoneNumber {
    type Error = BadPhoneNumber;
    fn try_from(text: String) -> Result<Self, BadPhoneNumber> {
        Self::parse(&text, None)
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.e164.into()
    }
}

impl fmt::Debug for PhoneNumber {
    /// Says nothing of the player: logs must not hold contacts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

/// Reads the tables of all countries, which takes 0.4 s in a dev build the first time: at start rather than
/// in a player's first request.
pub fn warm() {
    let _ = PhoneNumber::parse("+6281200000000", None);
}

/// A text that is no mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no mail address")]
pub struct BadMailAddress;

/// A mail address that a server takes as it stands: `local@domain`, ASCII, at most 254 bytes, without
/// spaces, quotes, brackets and control characters.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress(Box<str>);

impl MailAddress {
    /// The address in a text; the domain in lower case.
    ///
    /// # Errors
    /// [`BadMailAddress`] for everything that is not of the form above.
    pub fn parse(text: &str) -> Result<Self, BadMailAddress> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(BadMailAddress)?;
        let is_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        let good = text.len() <= 254
            && (1..=64).contains(&local.len())
            && local.bytes().all(is_local)
            && !dots
            && domain.split('.').all(is_label);
        if !good {
            return Err(BadMailAddress);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase()).into()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For pages: the first letter and the domain, `a••••@example.com`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        format!("{}••••@{domain}", local.chars().next().unwrap_or_default())
    }
}

impl TryFrom<String> for MailAddress {
    type Error = BadMailAddress;
    fn try_from(text: String) -> Result<Self, BadMailAddress> {
        Self::parse(&text)
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.0.into()
    }
}

impl fmt::Debug for MailAddress {
    /// Says nothing of the player: logs must not hold contacts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailAddress(…)")
    }
}

#[cfg(test)]
mod fuzz_tests;

#[cfg(test)]
mod tests {
    use super::*;

    fn indonesian(text: &str) -> Result<String, BadPhoneNumber> {
        PhoneNumber::parse(text, Country::parse("ID")).map(|number| number.as_str().to_owned())
    }

    #[test]
    fn spellings_of_one_number_are_one_number() {
        for text in [
            "+6281200001001",
            "081200001001",
            "0812-0000-1001",
            " +62 812 0000 1001 ",
            "+62 (812) 0000.1001",
            "006281200001001",
        ] {
            assert_eq!((text, indonesian(text)), (text, Ok("+6281200001001".to_owned())));
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "12",
            "+62",
            "+62812000010011234567",
            "ayu",
            "+62812x0001001",
            "+62812\n00001001",
            "+62 812 0000 1001;ext=5",
            "tel:+6281200001001",
            "62+81200001001",
            "++6281200001001",
            "+٦٢٨١٢٠٠٠٠١٠٠١",
            "+0000000000000",
        ] {
            assert_eq!((text, indonesian(text)), (text, Err(BadPhoneNumber)));
        }
        assert_eq!(PhoneNumber::parse("081200001001", None), Err(BadPhoneNumber), "no country is known");
        assert_eq!(PhoneNumber::parse(&"+1".repeat(500), None), Err(BadPhoneNumber));
    }

    #[test]
    fn countries_that_share_a_calling_code_are_told_apart() {
        let country = |text: &str| PhoneNumber::parse(text, None).unwrap().country().map(|c| c.as_str().to_owned());
        assert_eq!(country("+6281200001001").as_deref(), Some("ID"));
        assert_eq!(country("+12024561111").as_deref(), Some("US"));
        assert_eq!(country("+18765551234").as_deref(), Some("JM"));
        assert_eq!(country("+77012345678").as_deref(), Some("KZ"));
        assert!(Country::parse("id").is_none() && Country::parse("XX").is_none() && Country::parse("IDN").is_none());
    }

    #[test]
    fn a_number_on_a_page_or_in_a_log_is_no_number() {
        let number = PhoneNumber::parse("+6281200001034", None).unwrap();
        assert_eq!(number.masked(), "•••• 34");
        assert_eq!(format!("{number:?}"), "PhoneNumber(…)");
        let address = MailAddress::parse("ayu@Example.COM").unwrap();
        assert_eq!(address.masked(), "a••••@example.com");
        assert_eq!(format!("{address:?}"), "MailAddress(…)");
    }

    #[test]
    fn what_would_break_out_of_an_address_is_no_address() {
        for text in [
            "",
            "ayu",
            "@example.com",
            "ayu@",
            "ayu@example..com",
            "ayu@-example.com",
            "a b@example.com",
            "ayu@example.com\r\nRCPT TO:<budi@example.com>",
            "ayu@example.com, budi@example.com",
            "<ayu@example.com>",
            "\"ayu\"@example.com",
            "ayu..x@example.com",
            "äyu@example.com",
            "ayu@[127.0.0.1]",
            "ayu@budi@example.com",
        ] {
            assert_eq!((text, MailAddress::parse(text)), (text, Err(BadMailAddress)));
        }
        assert_eq!(MailAddress::parse(" a.y+u@Mail.Example ").unwrap().as_str(), "a.y+u@mail.example");
    }

    #[test]
    fn what_was_stored_reads_back() {
        let number = PhoneNumber::parse("+6281200001034", None).unwrap();
        let stored = serde_json::to_string(&number).unwrap();
        assert_eq!(serde_json::from_str::<PhoneNumber>(&stored).unwrap(), number);
        assert!(serde_json::from_str::<MailAddress>("\"a\\nb@example.com\"").is_err());
    }
}
