//! Authenticator apps: TOTP, RFC 6238. SHA-1, 6 digits, 30 s steps, as every app understands it.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use fast_qr::{ECL, QRBuilder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use crate::{clock::UnixTime, factor::code::Code};

/// Seconds of a step (RFC 6238 §4.1: X).
const STEP: i64 = 30;
/// Up to so many steps back a right code is recognised, though not accepted, as a slow clock's.
const SLOW_STEPS: i64 = 10;
/// Characters of a label that are shown at most, so that the QR code stays readable.
const LABEL: usize = 64;
/// RFC 3986 unreserved characters stand for themselves.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secret that an app shares with us: 160 bits, the length of the hash (RFC 4226 §4, R6).
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 20]>);

impl Secret {
    /// The secret of these random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 20]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The secret that was kept as these bytes; `None` unless they are 20.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::new)
    }

    /// The secret in base32, in either case and with spaces, as people type it; `None` unless it is of 20
    /// bytes.
    #[must_use]
    pub fn from_base32(typed: &str) -> Option<Self> {
        let text: Zeroizing<String> =
            Zeroizing::new(typed.chars().filter(|c| *c != ' ').map(|c| c.to_ascii_uppercase()).collect());
        let bytes = Zeroizing::new(BASE32_NOPAD.decode(text.as_bytes()).ok()?);
        Self::from_bytes(&bytes)
    }

    /// What is sealed and kept.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// What a player can type into the app: base32 (RFC 4648 §6) without padding, 32 characters.
    #[must_use]
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE32_NOPAD.encode(self.as_bytes()))
    }

    /// The code of a step, for tests and for `demo`; `None` before 1970.
    #[must_use]
    pub fn code_at(&self, step: i64) -> Option<Code> {
        let seconds = u64::try_from(step.checked_mul(STEP)?).ok()?;
        let totp = totp_rs::Builder::new().with_secret(self.as_bytes()).build_noncompliant();
        Code::parse(&totp.generate(seconds).to_string())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a code turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Right, of this step: it counts once the step is stored as the last accepted one.
    Step(i64),
    /// Right, but of a step that was accepted before, or of one before that (RFC 6238 §5.2).
    Replayed,
    /// Right for a step that is up to ten back: the clock of the phone is slow.
    Late,
    /// Not right.
    Wrong,
}

/// The step of a moment.
#[must_use]
pub fn step_of(now: UnixTime) -> i64 {
    now.secs().div_euclid(STEP)
}

/// What `code` is at `now`, where it may be `skew` steps early or late and `last_step` is the last
/// accepted step. Computes and compares every candidate, whichever is right, in constant time.
#[must_use]
pub fn check(secret: &Secret, code: &Code, now: UnixTime, skew: u32, last_step: i64) -> Checked {
    let (present, skew) = (step_of(now), i64::from(skew));
    let mut found = Checked::Wrong;
    // Upwards, so that the greatest step wins: no earlier twin of the code is left to be used.
    for step in present.saturating_sub(SLOW_STEPS)..=present.saturating_add(skew) {
        if !bool::from(is_code_of(secret, code, step)) {
            continue;
        }
        found = if step < present - skew {
            Checked::Late
        } else if step <= last_step {
            Checked::Replayed
        } else {
            Checked::Step(step)
        };
    }
    found
}

fn is_code_of(secret: &Secret, code: &Code, step: i64) -> Choice {
    let Some(expected) = secret.code_at(step) else { return Choice::from(0) };
    expected.digits().as_slice().ct_eq(code.digits().as_slice())
}

/// The address that apps read (Key Uri Format): issuer and account as the label, every parameter
/// spelt out. A colon in the issuer becomes a space, since apps split the label there; both are cut
/// to 64 characters.
#[must_use]
pub fn otpauth_uri(secret: &Secret, issuer: &str, account: &str) -> Zeroizing<String> {
    let issuer: String = issuer.replace(':', " ").chars().take(LABEL).collect();
    let account: String = account.chars().take(LABEL).collect();
    let issuer = utf8_percent_encode(&issuer, RESERVED);
    let account = utf8_percent_encode(&account, RESERVED);
    let key = secret.base32();
    let key = key.as_str();
    Zeroizing::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={key}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP}"
    ))
}

/// A QR code of `text` as an `<svg>` element with a quiet zone of four modules; `None` if the text
/// is too long for one (2331 bytes).
#[must_use]
pub fn qr_svg(text: &str) -> Option<Zeroizing<String>> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().ok()?;
    let side = code.size + 8;
    let mut strokes = String::new();
    for (row, modules) in code.data.chunks_exact(code.size).take(code.size).enumerate() {
        // Runs of dark modules as one stroke each: a third of the size of a square a module.
        let mut dark = None;
        for column in 0..=code.size {
            let is_dark = modules.get(column).is_some_and(|module| module.value());
            match (dark, is_dark) {
                (None, true) => dark = Some(column),
                (Some(start), false) => {
                    strokes.push_str(&format!("M{} {}h{}", start + 4, row + 4, column - start));
                    dark = None;
                }
                (None, false) | (Some(_), true) => {}
            }
        }
    }
    Some(Zeroizing::new(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 -.5 {side} {side}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0-.5h{side}v{side}H0z\"/><path stroke=\"#000\" d=\"{strokes}\"/></svg>"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 4226 appendix D and RFC 6238 appendix B.
    fn rfc_secret() -> Secret {
        Secret::new(*b"12345678901234567890")
    }

    fn code(digits: &str) -> Code {
        Code::parse(digits).unwrap()
    }

    #[test]
    fn gives_the_values_of_rfc_4226_appendix_d() {
        let expected =
            ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
        for (step, digits) in (0..).zip(expected) {
            assert_eq!(rfc_secret().code_at(step).unwrap().digits(), code(digits).digits());
        }
    }

    #[test]
    fn gives_the_values_of_rfc_6238_appendix_b() {
        let vectors = [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ];
        for (secs, digits) in vectors {
            let eight =
                totp_rs::Builder::new().with_secret(rfc_secret().as_bytes()).with_digits(8).build_noncompliant();
            assert_eq!(eight.generate(secs.try_into().unwrap()).to_string(), digits);
            // Fewer digits are the last ones of more (RFC 4226 §5.3).
            let six = rfc_secret().code_at(step_of(UnixTime::from_secs(secs))).unwrap();
            assert_eq!(six.digits(), &digits.as_bytes()[2..]);
        }
    }

    #[test]
    fn a_code_is_six_ascii_digits_and_nothing_else() {
        for good in ["123456", "123 456", " 123456 ", "1 2 3 4 5 6"] {
            assert_eq!(Code::parse(good).unwrap().digits(), b"123456", "{good}");
        }
        for bad in ["", "12345", "1234567", "+12345", "-12345", "12345a", "123-456", "123456\n", "123\t456"] {
            assert!(Code::parse(bad).is_none(), "{bad:?}");
        }
        for digits_of_others in ["１２３４５６", "١٢٣٤٥٦", "123456\u{200b}", "123\u{a0}456"] {
            assert!(Code::parse(digits_of_others).is_none(), "{digits_of_others}");
        }
    }

    #[test]
    fn only_steps_after_the_last_accepted_one_count() {
        let now = UnixTime::from_secs(40 * 30);
        let of = |step| rfc_secret().code_at(step).unwrap();
        let judge = |step, last_step| check(&rfc_secret(), &of(step), now, 1, last_step);
        assert_eq!([39, 40, 41].map(|step| judge(step, -1)), [39, 40, 41].map(Checked::Step));
        assert_eq!([39, 40, 41].map(|step| judge(step, 40)), [Checked::Replayed, Checked::Replayed, Checked::Step(41)]);
        assert_eq!([30, 38].map(|step| judge(step, -1)), [Checked::Late; 2]);
        assert_eq!([29, 42].map(|step| judge(step, -1)), [Checked::Wrong; 2]);
        assert_eq!(check(&rfc_secret(), &of(39), now, 0, -1), Checked::Late);
    }

    #[test]
    fn a_secret_comes_back_as_it_was_kept_and_as_it_was_typed() {
        let secret = rfc_secret();
        assert_eq!(Secret::from_bytes(secret.as_bytes()).unwrap().as_bytes(), b"12345678901234567890");
        for typed in ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", " gezd gnbv gy3t qojq gezd gnbv gy3t qojq "] {
            assert_eq!(Secret::from_base32(typed).unwrap().as_bytes(), secret.as_bytes(), "{typed}");
        }
        for bad in
            ["", "GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGE======"]
        {
            assert!(Secret::from_base32(bad).is_none(), "{bad}");
        }
        assert!(Secret::from_bytes(&[1; 19]).is_none() && Secret::from_bytes(&[1; 21]).is_none());
        assert!(secret.code_at(-1).is_none() && secret.code_at(i64::MAX).is_none());
    }

    #[test]
    fn the_address_names_issuer_account_and_key() {
        let uri = otpauth_uri(&rfc_secret(), "Slots & Co: Ltd", "ayu@x.example");
        assert_eq!(
            uri.as_str(),
            "otpauth://totp/Slots%20%26%20Co%20%20Ltd:ayu%40x.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Slots%20%26%20Co%20%20Ltd&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn the_qr_code_is_small_and_made_for_the_longest_label() {
        let usual = qr_svg(&otpauth_uri(&rfc_secret(), "Example Play", "ayu@play.example")).unwrap();
        assert!(usual.starts_with("<svg ") && usual.len() < 10_000, "{} bytes", usual.len());
        assert!(qr_svg(&otpauth_uri(&rfc_secret(), &"署".repeat(64), &"名".repeat(64))).is_some());
    }

    /// ISO/IEC 18004 section 6.3.8. What is dark touches every side of the code itself.
    #[test]
    fn the_quiet_zone_is_four_modules_wide() {
        let svg = qr_svg("stepgate").unwrap();
        let side: usize = svg.split("viewBox=\"0 -.5 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let strokes = svg.rsplit("d=\"M").next().unwrap().split('"').next().unwrap();
        let runs: Vec<[usize; 3]> = strokes
            .split('M')
            .map(|run| run.split([' ', 'h']).map(|text| text.parse().unwrap()).collect::<Vec<_>>().try_into().unwrap())
            .collect();
        let ends = |of: fn(&[usize; 3]) -> usize| (runs.iter().map(of).min(), runs.iter().map(of).max());
        assert_eq!(ends(|[x, _, _]| *x).0, Some(4));
        assert_eq!(ends(|[x, _, length]| x + length).1, Some(side - 4));
        assert_eq!(ends(|[_, y, _]| *y), (Some(4), Some(side - 5)));
        assert!(svg.contains(&format!("viewBox=\"0 -.5 {side} {side}\"")));
    }

    #[test]
    fn debug_output_says_nothing() {
        let said = format!("{:?} {:?}", rfc_secret(), code("123456"));
        assert_eq!(said, "Secret(…) Code(…)");
    }
}
