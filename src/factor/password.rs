//! Passwords of the desk's operators, as PHC strings of Argon2id. Players' passwords are the site's.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, PasswordHash as Phc, PasswordHasher, PasswordVerifier, Version};
use zeroize::Zeroizing;

use crate::secret;

/// Memory in KiB and passes at least: the smallest that OWASP's password storage guidance names.
const LEAST: (u32, u32) = (19_456, 2);
/// Memory in KiB at most: a sign-in costs so much before anything is proven.
const MOST_MEMORY: u32 = 262_144;
/// Bytes of a password that are looked at at most.
const LONGEST: usize = 256;

/// The hash of an operator's password.
#[derive(Clone)]
pub struct PasswordHash(Zeroizing<String>);

/// Why a text is no usable hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    /// It is no PHC string of Argon2id.
    #[error("this is no Argon2id hash, as in $argon2id$v=19$m=19456,t=2,p=1$…")]
    Shape,
    /// It is cheaper to guess against, or dearer to check, than we take.
    #[error("this hash needs m=19456 to 262144 and t=2 to 16")]
    Cost,
}

impl PasswordHash {
    /// The hash in a PHC string.
    ///
    /// # Errors
    /// [`BadHash`] unless it is Argon2id with 19 to 256 MiB and 2 to 16 passes.
    pub fn parse(phc: &str) -> Result<Self, BadHash> {
        let hash = Phc::new(phc).map_err(|_| BadHash::Shape)?;
        if hash.algorithm.as_str() != "argon2id" || hash.salt.is_none() || hash.hash.is_none() {
            return Err(BadHash::Shape);
        }
        let params = Params::try_from(&hash).map_err(|_| BadHash::Shape)?;
        let affordable =
            (LEAST.0..=MOST_MEMORY).contains(&params.m_cost()) && (LEAST.1..=16).contains(&params.t_cost());
        if !affordable {
            return Err(BadHash::Cost);
        }
        Ok(Self(Zeroizing::new(phc.to_owned())))
    }

    /// Hashes a password. Takes tens of milliseconds and 19 MiB. `None` if the library cannot.
    #[must_use]
    pub fn of(password: &str) -> Option<Self> {
        let params = Params::new(LEAST.0, LEAST.1, 1, None).ok()?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let salt: [u8; 16] = secret::random();
        let hashed = argon2.hash_password_with_salt(password.as_bytes(), &salt).ok()?;
        Some(Self(Zeroizing::new(hashed.to_string())))
    }

    /// Whether this is the password. Costs as much as it did to make the hash: not on a thread that
    /// serves requests.
    #[must_use]
    pub fn is(&self, password: &str) -> bool {
        let Ok(hash) = Phc::new(&self.0) else { return false };
        password.len() <= LONGEST && Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
    }

    /// The PHC string, for the configuration and for fingerprints.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other_is() {
        let hash = PasswordHash::of("a long password").unwrap();
        let kept = PasswordHash::parse(hash.reveal()).unwrap();
        assert!(kept.is("a long password"));
        assert!(!kept.is("a long passwore") && !kept.is("") && !kept.is(&"a".repeat(1_000)));
        assert_eq!(format!("{kept:?}"), "PasswordHash(…)");
    }

    #[test]
    fn only_dear_argon2id_is_taken() {
        let of = |head: &str| format!("{head}$c29tZXNhbHRzb21lc2FsdA$8J+rKqPX+Vf8vWcJcQ6vXkXo1lW4sEW1r8kKk3u1yGk");
        for (head, expected) in [
            ("$argon2id$v=19$m=19456,t=2,p=1", Ok(())),
            ("$argon2id$v=19$m=65536,t=3,p=4", Ok(())),
            ("$argon2id$v=19$m=4096,t=3,p=1", Err(BadHash::Cost)),
            ("$argon2id$v=19$m=65536,t=1,p=1", Err(BadHash::Cost)),
            ("$argon2id$v=19$m=4194304,t=3,p=1", Err(BadHash::Cost)),
            ("$argon2i$v=19$m=65536,t=3,p=1", Err(BadHash::Shape)),
            ("$2b$12", Err(BadHash::Shape)),
        ] {
            assert_eq!(PasswordHash::parse(&of(head)).map(|_| ()), expected, "{head}");
        }
        let halves = ["$argon2id$v=19$m=19456,t=2,p=1", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA"];
        for shapeless in ["secret", "", halves[0], halves[1]] {
            assert_eq!(PasswordHash::parse(shapeless).map(|_| ()), Err(BadHash::Shape), "{shapeless}");
        }
    }
}
