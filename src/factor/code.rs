//! Six-digit codes: what a player types, and what is sent.

use std::fmt;

use zeroize::Zeroizing;

use crate::secret;

/// A code: exactly six ASCII digits.
#[derive(Clone)]
pub struct Code(Zeroizing<[u8; 6]>);

impl Code {
    /// The code that a player typed: ASCII spaces are dropped, since apps show `123 456`; what
    /// remains must be six ASCII digits (security.md REQ-38).
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut digits = Zeroizing::new([0; 6]);
        let mut typed = typed.bytes().filter(|byte| *byte != b' ');
        for digit in digits.iter_mut() {
            *digit = typed.next().filter(u8::is_ascii_digit)?;
        }
        typed.next().is_none().then_some(Self(digits))
    }

    /// The six digits.
    #[must_use]
    pub fn digits(&self) -> &[u8; 6] {
        &self.0
    }
}

impl Code {
    /// A code that nobody can guess: every one of the million is as likely.
    #[must_use]
    pub fn draw() -> Self {
        loop {
            if let Some(code) = Self::of(u32::from_be_bytes(secret::random())) {
                return code;
            }
        }
    }

    /// The code in a number that was drawn; `None` from the largest multiple of a million below 2^32 on.
    fn of(drawn: u32) -> Option<Self> {
        const FAIR: u32 = 4_294_000_000;
        (drawn < FAIR).then(|| Self::parse(&format!("{:06}", drawn % 1_000_000)))?
    }

    /// The digits as text, for the message that carries them.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.iter().map(|digit| char::from(*digit)).collect())
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_as_likely() {
        let of = |drawn| Code::of(drawn).map(|code| code.reveal().to_string());
        for (drawn, digits) in [(0, "000000"), (12_345_678, "345678"), (4_293_999_999, "999999")] {
            assert_eq!(of(drawn).as_deref(), Some(digits), "{drawn}");
        }
        assert_eq!([4_294_000_000, u32::MAX].map(of), [None, None]);
    }

    #[test]
    fn drawn_codes_use_every_digit_in_every_place() {
        let mut seen = [[false; 10]; 6];
        for _ in 0..2_000 {
            for (place, digit) in Code::draw().digits().iter().enumerate() {
                seen[place][usize::from(digit - b'0')] = true;
            }
        }
        assert_eq!(seen, [[true; 10]; 6]);
        assert_eq!(*Code::parse("012345").unwrap().reveal(), "012345");
    }
}
