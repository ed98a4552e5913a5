//! Telling a drawn key from an example: what stands in a standard or was typed is no secret.

/// The beginnings of private keys that are printed in standards: RFC 8410 §10.3, and RFC 8032 §7.1,
/// tests 1 to 3.
const PRINTED: [[u8; 8]; 4] = [
    [0xd4, 0xee, 0x72, 0xdb, 0xf9, 0x13, 0x58, 0x4a],
    [0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60],
    [0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda],
    [0xc5, 0xaa, 0x8d, 0xf4, 0x3f, 0x9f, 0x83, 0x7b],
];

/// How many different bytes 32 drawn ones have at least: fewer come about once in 2^80.
const DIFFERENT: usize = 16;

/// Whether 32 bytes were drawn and not typed, counted up, repeated, or copied out of a standard.
pub(super) fn is_drawn(key: &[u8; 32]) -> bool {
    let mut sorted = *key;
    sorted.sort_unstable();
    let different = 1 + sorted.iter().zip(sorted.iter().skip(1)).filter(|(one, next)| one != next).count();
    let typed = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    let step = |pair: (&u8, &u8)| pair.1.wrapping_sub(*pair.0);
    let mut steps = key.iter().zip(key.iter().skip(1)).map(step);
    let first = steps.next();
    let counted = steps.all(|next| Some(next) == first);
    different >= DIFFERENT && !typed && !counted && !PRINTED.iter().any(|printed| key.starts_with(printed))
}

/// The 32 secret bytes of an Ed25519 key in PKCS#8, with or without its public key (RFC 8410 §7).
pub(super) fn seed(pkcs8: &[u8]) -> Option<&[u8; 32]> {
    pkcs8.get(16..48)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_no_drawn_keys() {
        let counted: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap());
        let mut printed: [u8; 32] = crate::secret::random();
        printed[..8].copy_from_slice(&PRINTED[0]);
        let repeated: [u8; 32] = std::array::from_fn(|at| b"\x01\x9f\xfe\x03"[at % 4]);
        for example in [[0; 32], [0xff; 32], *b"0123456789abcdefghijklmnopqrstuv", counted, printed, repeated] {
            assert!(!is_drawn(&example), "{example:?}");
        }
        for _ in 0..1000 {
            assert!(is_drawn(&crate::secret::random()));
        }
    }

    #[test]
    fn the_seed_of_a_generated_key_is_found() {
        let random = ring::rand::SystemRandom::new();
        let made = ring::signature::Ed25519KeyPair::generate_pkcs8(&random).unwrap();
        let seed = seed(made.as_ref()).unwrap();
        assert!(ring::signature::Ed25519KeyPair::from_seed_unchecked(seed).is_ok() && is_drawn(seed));
    }
}
