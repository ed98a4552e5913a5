//! Codes by SMS: bound to what they answer, kept only as a keyed hash (security.md REQ-41 to 43).

use subtle::ConstantTimeEq;

use crate::{factor::code::Code, secret::Hasher};

/// What is kept of a code: the keyed hash over the code's id, what it answers and its digits.
#[must_use]
pub fn hash(hasher: &Hasher, id: &str, purpose: &str, code: &Code) -> [u8; 32] {
    hasher.hash("sms-code", &[id.as_bytes(), purpose.as_bytes(), code.digits()])
}

/// Whether a typed code is the one that was kept, compared in constant time.
#[must_use]
pub fn is_code(hasher: &Hasher, kept: &[u8; 32], (id, purpose): (&str, &str), typed: &Code) -> bool {
    hash(hasher, id, purpose, typed).ct_eq(kept).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SymmetricKey;

    fn key(id: &str, fill: u8) -> SymmetricKey {
        SymmetricKey { id: id.to_owned(), bytes: zeroize::Zeroizing::new([fill; 32]) }
    }

    #[test]
    fn a_code_answers_only_what_it_was_sent_for() {
        let hasher = Hasher::new(key("k1", 7));
        let code = Code::parse("123456").unwrap();
        let kept = hash(&hasher, "id", "challenge:a", &code);
        assert!(is_code(&hasher, &kept, ("id", "challenge:a"), &code));
        assert!(!is_code(&hasher, &kept, ("id", "challenge:b"), &code));
        assert!(!is_code(&hasher, &kept, ("di", "challenge:a"), &code));
        assert!(!is_code(&hasher, &kept, ("id", "challenge:a"), &Code::parse("123457").unwrap()));
        let other = Hasher::new(key("k2", 8));
        assert!(!is_code(&other, &kept, ("id", "challenge:a"), &code));
    }
}
