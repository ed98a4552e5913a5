//! When a certificate ends: just that much of X.509 (RFC 5280 §4.1), and nothing is judged by it.

use crate::clock::UnixTime;

/// Tags of DER (ITU-T X.690): what stands before the validity, and its two spellings of a time.
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The moment after which a certificate, in DER, no longer holds; `None` if it cannot be read.
#[must_use]
pub fn not_after(certificate: &[u8]) -> Option<UnixTime> {
    let mut outer = Der(certificate);
    let mut signed = Der(outer.take(SEQUENCE)?);
    let mut body = Der(signed.take(SEQUENCE)?);
    // Absent in version 1.
    let _ = body.take(VERSION);
    body.take(INTEGER)?;
    body.take(SEQUENCE)?;
    body.take(SEQUENCE)?;
    let mut validity = Der(body.take(SEQUENCE)?);
    validity.next()?;
    let (tag, text) = validity.next()?;
    moment(tag, std::str::from_utf8(text).ok()?)
}

/// `YYMMDDHHMMSSZ` of 1950 to 2049, or `YYYYMMDDHHMMSSZ` (RFC 5280 §4.1.2.5).
fn moment(tag: u8, text: &str) -> Option<UnixTime> {
    let digits = text.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = match (tag, digits.len()) {
        (UTC_TIME, 12) if digits >= "50" => format!("19{digits}"),
        (UTC_TIME, 12) => format!("20{digits}"),
        (GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    let part = |at: usize, length: usize| digits.get(at..at + length);
    let (year, month, day) = (part(0, 4)?, part(4, 2)?, part(6, 2)?);
    let (hour, minute, second) = (part(8, 2)?, part(10, 2)?, part(12, 2)?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    text.parse::<jiff::Timestamp>().ok().map(|at| UnixTime::from_secs(at.as_second()))
}

/// What is left of a run of values.
struct Der<'d>(&'d [u8]);

impl<'d> Der<'d> {
    /// The content of the next value, if it has this tag; else nothing is taken.
    fn take(&mut self, tag: u8) -> Option<&'d [u8]> {
        if self.0.first() != Some(&tag) {
            return None;
        }
        self.next().map(|(_, content)| content)
    }

    /// The next value: its tag and its content.
    fn next(&mut self) -> Option<(u8, &'d [u8])> {
        let (tag, rest) = self.0.split_first()?;
        let (short, rest) = rest.split_first()?;
        let (length, rest) = match short {
            0..=0x7f => (usize::from(*short), rest),
            0x81..=0x83 => {
                let (long, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
                (long.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*tag, content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(year: i32) -> Vec<u8> {
        let mut params = rcgen::CertificateParams::new(vec!["play.example".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(year, 3, 1);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_spellings() {
        assert_eq!(not_after(&certificate(2031)).unwrap().to_string(), "2031-03-01T00:00:00.000Z");
        assert_eq!(not_after(&certificate(2077)).unwrap().to_string(), "2077-03-01T00:00:00.000Z");
        assert_eq!(moment(UTC_TIME, "991231235959Z").unwrap().to_string(), "1999-12-31T23:59:59.000Z");
        for bad in ["991331235959Z", "9912312359Z", "991231235959+0000", "９９1231235959Z", ""] {
            assert_eq!(moment(UTC_TIME, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_certificate_cut_short_has_no_end() {
        let whole = certificate(2031);
        for length in 0..whole.len() {
            assert_eq!(not_after(&whole[..length]), None, "{length}");
        }
    }
}
