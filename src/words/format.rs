//! Numbers, moments and lengths of time as a language writes them.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use super::{Language, Value};
use crate::clock::UnixTime;

/// Digits of a number that is grouped at most. A longer one is rather the number of an account or a
/// phone, which players compare digit by digit.
const MAX_GROUPED: usize = 9;

impl Language {
    /// A shown value, with its thousands set apart where it is a whole number of four to nine digits.
    /// Everything else stays as it is: what `1.500` means depends on who wrote it.
    #[must_use]
    pub fn value(self, raw: &str) -> String {
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if !whole || !(4..=MAX_GROUPED).contains(&digits.len()) {
            return raw.to_owned();
        }
        let mut grouped = raw.strip_suffix(digits).unwrap_or_default().to_owned();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                grouped.push(self.separator());
            }
            grouped.push(digit);
        }
        grouped
    }

    const fn separator(self) -> char {
        match self {
            Self::Indonesian | Self::Vietnamese => '.',
            Self::English | Self::Malay | Self::Thai | Self::Chinese | Self::Arabic => ',',
        }
    }

    /// The day of a moment, `24 November 2026`.
    #[must_use]
    pub fn date(self, at: UnixTime, zone: &TimeZone) -> String {
        let Ok(at) = Timestamp::from_millisecond(at.millis()) else { return at.to_string() };
        let at = at.to_zoned_datetime(zone.clone());
        // The year as a text: it is no amount.
        let year = at.year().to_string();
        let args = [("day", Value::from(at.day())), ("month", Value::from(at.month())), ("year", Value::from(year))];
        self.text_with("date", &args)
    }

    /// A moment with the zone's distance from UTC, `24 November 2026 at 14:05 (UTC+7)`.
    #[must_use]
    pub fn moment(self, at: UnixTime, zone: &TimeZone) -> String {
        let date = self.date(at, zone);
        let Ok(at) = Timestamp::from_millisecond(at.millis()) else { return date };
        let at = at.to_zoned_datetime(zone.clone());
        let time = format!("{:02}:{:02}", at.hour(), at.minute());
        let zone = offset(at.offset().seconds());
        self.text_with("moment", &[("date", date.into()), ("time", time.into()), ("zone", zone.into())])
    }

    /// A length in its largest whole unit, rounded up so that nobody comes too early: `2 hours`.
    #[must_use]
    pub fn length(self, length: Duration) -> String {
        const UNITS: [(&str, u64); 4] = [("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)];
        let seconds = length.as_secs().saturating_add(u64::from(length.subsec_nanos() > 0)).max(1);
        // From two of a unit on: 90 minutes are not "2 hours".
        let (id, unit) =
            UNITS.into_iter().find(|(_, unit)| seconds >= 2 * unit || seconds == *unit).unwrap_or(("seconds", 1));
        self.text_with(id, &[("count", Value::from(seconds.div_ceil(unit)))])
    }
}

/// `UTC`, `UTC+7`, `UTC-3:30`.
fn offset(seconds: i32) -> String {
    let minutes = seconds.unsigned_abs() / 60;
    let sign = if seconds < 0 { '-' } else { '+' };
    match (minutes / 60, minutes % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Language::*, *};

    #[test]
    fn whole_numbers_are_grouped_and_nothing_else_is() {
        for (raw, english, indonesian) in [
            ("1500000", "1,500,000", "1.500.000"),
            ("-1500", "-1,500", "-1.500"),
            ("999999999", "999,999,999", "999.999.999"),
            ("999", "999", "999"),
            ("1234567890", "1234567890", "1234567890"),
            ("081234567", "081234567", "081234567"),
            ("1.500", "1.500", "1.500"),
            ("1500.50", "1500.50", "1500.50"),
            ("BCA 1500000", "BCA 1500000", "BCA 1500000"),
            ("١٥٠٠٠", "١٥٠٠٠", "١٥٠٠٠"),
            ("-", "-", "-"),
            ("", "", ""),
        ] {
            assert_eq!((English.value(raw).as_str(), Indonesian.value(raw).as_str()), (english, indonesian));
        }
    }

    #[test]
    fn moments_name_their_zone() {
        let at = UnixTime::from_secs(1_795_503_900);
        let jakarta = TimeZone::fixed(jiff::tz::offset(7));
        assert_eq!(English.moment(at, &TimeZone::UTC), "24 November 2026 at 07:05 (UTC)");
        assert_eq!(Indonesian.moment(at, &jakarta), "24 November 2026 pukul 14:05 (UTC+7)");
        assert_eq!(offset(-12_600), "UTC-3:30");
    }

    #[test]
    fn lengths_are_rounded_up_to_their_largest_unit() {
        for (seconds, expected) in [
            (0, "1 second"),
            (1, "1 second"),
            (30, "30 seconds"),
            (60, "1 minute"),
            (90, "90 seconds"),
            (121, "3 minutes"),
            (3_600, "1 hour"),
            (5_400, "90 minutes"),
            (7_200, "2 hours"),
            (86_400, "1 day"),
            (172_800, "2 days"),
        ] {
            assert_eq!(English.length(Duration::from_secs(seconds)), expected);
        }
    }
}
