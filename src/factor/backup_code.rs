//! Backup codes: 20 characters of Crockford's base 32, shown in groups of four. The first four find
//! the code among its player's, so that one try costs one hash; the other sixteen are its 80 bits
//! (security.md REQ-50), kept as Argon2id over their keyed hash.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use zeroize::Zeroizing;

use crate::secret::{self, Hasher};

/// Digits and capitals without I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code.
const LENGTH: usize = 20;
/// Characters that find it.
const SELECTOR: usize = 4;
/// Memory in KiB, passes and lanes: the smallest that OWASP's password storage guidance names. The
/// secret is drawn, not chosen, and its keyed hash goes in: this is the second wall.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// A backup code.
#[derive(Clone, PartialEq, Eq)]
pub struct BackupCode(Zeroizing<String>);

impl BackupCode {
    /// A code that nobody can guess.
    #[must_use]
    pub fn draw() -> Self {
        let drawn: Zeroizing<[u8; LENGTH]> = Zeroizing::new(secret::random());
        // 256 is a multiple of 32: every character is as likely.
        Self(Zeroizing::new(drawn.iter().map(|byte| character(*byte)).collect()))
    }

    /// A set whose selectors differ.
    #[must_use]
    pub fn draw_set(count: usize) -> Vec<Self> {
        let mut set: Vec<Self> = Vec::with_capacity(count);
        while set.len() < count {
            let code = Self::draw();
            if set.iter().all(|other| other.selector() != code.selector()) {
                set.push(code);
            }
        }
        set
    }

    /// The code that a player typed: in any case, with spaces or dashes anywhere, and with the
    /// letters that are taken for digits.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(LENGTH));
        for typed in typed.chars().filter(|c| !matches!(c, ' ' | '-')) {
            let meant = match typed.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let known = u8::try_from(meant).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !known || code.len() == LENGTH {
                return None;
            }
            code.push(meant);
        }
        (code.len() == LENGTH).then_some(Self(code))
    }

    /// The part that finds it.
    #[must_use]
    pub fn selector(&self) -> &str {
        self.0.get(..SELECTOR).unwrap_or_default()
    }

    /// As it is shown: `ABCD-EFGH-JKMN-PQRS-TVWX`.
    #[must_use]
    pub fn reveal(&self) -> Zeroizing<String> {
        let groups: Vec<&str> = (0..LENGTH).step_by(4).filter_map(|start| self.0.get(start..start + 4)).collect();
        Zeroizing::new(groups.join("-"))
    }

    /// What is kept. Takes tens of milliseconds and 19 MiB: not on a thread that serves requests.
    #[must_use]
    pub fn hash(&self, hasher: &Hasher) -> Option<String> {
        let salt: [u8; 16] = secret::random();
        let hashed = argon2()?.hash_password_with_salt(&self.keyed(hasher), &salt).ok()?;
        Some(hashed.to_string())
    }

    /// Whether this is the code that was kept. Costs as much as [`BackupCode::hash`].
    #[must_use]
    pub fn is(&self, kept: &str, hasher: &Hasher) -> bool {
        let (Some(argon2), Ok(kept)) = (argon2(), PasswordHash::new(kept)) else { return false };
        argon2.verify_password(&self.keyed(hasher), &kept).is_ok()
    }

    fn keyed(&self, hasher: &Hasher) -> [u8; 32] {
        hasher.hash("backup-code", &[self.0.as_bytes()])
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode(…)")
    }
}

fn character(byte: u8) -> char {
    ALPHABET.get(usize::from(byte % 32)).map_or('0', |byte| char::from(*byte))
}

fn argon2() -> Option<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SymmetricKey;

    fn key(id: &str, fill: u8) -> SymmetricKey {
        SymmetricKey { id: id.to_owned(), bytes: zeroize::Zeroizing::new([fill; 32]) }
    }

    #[test]
    fn a_code_is_read_as_it_is_written_by_hand() {
        let code = BackupCode::parse("ABCD-EFGH-JKMN-PQRS-TV01").unwrap();
        for typed in ["abcdefghjkmnpqrstv01", "ABCD EFGH JKMN PQRS TVOI", "abcd-efgh-jkmn-pqrs-tvol"] {
            assert_eq!(BackupCode::parse(typed), Some(code.clone()), "{typed}");
        }
        assert_eq!((code.selector(), code.reveal().as_str()), ("ABCD", "ABCD-EFGH-JKMN-PQRS-TV01"));
        for bad in ["", "ABCD", "ABCD-EFGH-JKMN-PQRS-TV0", "ABCD-EFGH-JKMN-PQRS-TV012", "UBCD-EFGH-JKMN-PQRS-TV01"] {
            assert_eq!(BackupCode::parse(bad), None, "{bad}");
        }
        assert_eq!(BackupCode::parse("ABCD-EFGH-JKMN-PQRS-TV０１"), None);
    }

    #[test]
    fn a_code_is_known_again_by_its_hash_and_its_key() {
        let hasher = Hasher::new(key("k1", 7));
        let code = BackupCode::draw();
        let kept = code.hash(&hasher).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(code.is(&kept, &hasher));
        assert!(!BackupCode::draw().is(&kept, &hasher));
        assert!(!code.is(&kept, &Hasher::new(key("k1", 8))));
        assert!(!code.is("no hash", &hasher));
    }

    #[test]
    fn drawn_codes_use_every_character_in_every_place() {
        let mut seen = [[false; 32]; LENGTH];
        for _ in 0..2_000 {
            for (place, byte) in BackupCode::draw().0.bytes().enumerate() {
                seen[place][ALPHABET.iter().position(|known| *known == byte).unwrap()] = true;
            }
        }
        assert_eq!(seen, [[true; 32]; LENGTH]);
    }

    #[test]
    fn the_codes_of_a_set_differ_in_their_selectors() {
        let set = BackupCode::draw_set(20);
        let mut selectors: Vec<&str> = set.iter().map(BackupCode::selector).collect();
        selectors.sort_unstable();
        selectors.dedup();
        assert_eq!(selectors.len(), 20);
        assert_eq!(format!("{:?}", set[0]), "BackupCode(…)");
    }
}
