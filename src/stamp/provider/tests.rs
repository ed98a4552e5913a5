//! What each algorithm signs and verifies, held against other programs' signatures.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jsonwebtoken::crypto::{sign, verify};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};

use super::*;

const MESSAGE: &[u8] = b"stepgate";
/// The modulus of an RSA key of 2048 bits whose private half was thrown away after signing [`RSA_SIGNED`]; its
/// exponent is 65537.
const MODULUS: &str = "\
    yvPgV85aj9y4pn6n2M0rcH2byNlwnMJGD6857zxf32WRnidZs1CHK4EJ0hBlyT3GfsXxFg0KNbs7qPQZYOUvw_qnnddpdNsmgspp\
    yJPVPzCa-3M8-5F3fRGeSEyN0LpO9DrNcsrebWccABla74C3FrAjdoe-rxDwEc-sxCls1yEXUuO47rzO3XUyeloLLBt3nvIKm5XK\
    n02XwL3VQKdXX0Fota6SWPZ3eKfTEBYlNt1eHOQzvoXG4y1okD5JReOopbdEMh7OXJrhIR1-reCEt05JgZ-XYuPyYB-eNXNk81Wd\
    jEiEBxA-g5ehJN_RZQBN1QqXWcAq3LVfP3q7vKolzw";
/// Signatures of [`MESSAGE`] under it, by OpenSSL.
const RSA_SIGNED: [(Algorithm, &str); 6] = [
    (
        Algorithm::RS256,
        "\
         Vo9EFz87V8MPXTOOovY9MnxUmDY4IAQo-heuv4Xk8L6G0voVgdgwfW2asA31n8UOq8JIWTtckdd1-poAHq43UDxmhwFz2HcRcX\
         ImG875znf7rPJAKOuKRU9HfphreCPeingB1-9WRnirAMMfWS93KSrbEDp182BefcgOP5f5Y8yIWxHoNKFPOXnkrZMxpHMQ_syo\
         1N6EVkB0bdRLka9ivge6P2uKMHotX2ubsMAuiLB_Qjld7Itl-MjjAIzyf1u4RCNHDXJG33437hDS_IrRY9QFVNV2pBXix3nVXs\
         7gUBp5R44p1t6vswphss_HUaXGM5voic6EWF_7EoCFedxm6Q",
    ),
    (
        Algorithm::RS384,
        "\
         vXlRftbTmlUkXa7iV_SEsjzL0_T0S3Ik8uesu6ZqHlH6GY2piTEu1oeK1SPVF_SEHf3RkTUjHD2JRbIdW5jF1kt6eBFhpC3LHi\
         Axz-E7AvwIze7HVUjjhAbRp56FX302EFISx-4UN_Cvr61Ya2IQrtNIInTHlSF_0Gvv-3kxgrDGVUwjTMsM-6dHE3SsvOmdLEuC\
         mbwxngTfjApQqgVJDFLgxXAqbWHnGNiSqeKTO_escvobAR8ZevDmZSvDgnCpS1BSG6KJCSAIUfgyBWdGNzRwKWy1-cvLi4iFge\
         GFEfI44cz51MO5Yu0gVh5vhfySGQd89_cZj2zldgnUu9pbpA",
    ),
    (
        Algorithm::RS512,
        "\
         sFU9H6M-YXf7uZWYehPg8ykaZn-4ZE2uuiDf3_Em13x4-gfFwhLSbn8INhlJdBdOqBzp76Is-9fNkTDoHoatyh5zUKG21zfTh2\
         IqtBzis5EIpGftgnPDSFrbrb92DGrHiLYjdlR0MZ27jFCIr4yobRcD4NLawwXwxOzWjV1ACMksagk-cfZ_NBPBbMzyVjtAVqDk\
         szIDgsHeFTLATD6aKFJrR3hDSV9ge2-8iR575cDP5Rs9mkn-wRhNW2P2EL-eGokr_Upq1Rn-Weg_w8FDpVOwB9OWPlYDTA2Bso\
         _aDsuX4Q3smdKo9QG9bHmwLWmqHKc1EFx4gHp1gc4mQ660_A",
    ),
    (
        Algorithm::PS256,
        "\
         tqg0t5YuGZtltnPi_A9w4YhVo_rKTepyT5Gu6YqbZMloWE9YLZc7-IgCMjVV1vIFg_O2pNKk9abjoEZxBD72F22zFh4fokoYaD\
         fZzyCsF-oHiAP8-3JSvh5tVjmjlvaDPy2Qq-OUHvAKESHnhSOsO8MAIPDiAvIUysgZC5DP7zyreU7jMY29gU7hKJK9dX5xkfeT\
         RktWzyOcWw97XQZ0GWLxSMWhNq0UAgsCR2g0Z91Gs8TcvXyEauzCtHAXQJiw7fDYKJOUpCTe_wTlwRmF_1TAu_bwfgatEaa2tl\
         1ZP4krtPD-BgHSE9ayUHf_7GCc36uw-1pkm3mVioO-hFFIXQ",
    ),
    (
        Algorithm::PS384,
        "\
         BnTY0-y8h-HM_RHWxs19cuOAB3D0ba_Eu4NhOGr9dozmf4Wqw_ba4fM8eYYeZrfpb8mDrQ9APnsaoShH9XS_M2Ft1Ow-ZHa4wO\
         1JPSD1CUe7Gjg6g86jH7M3CqLSfDd5F_V6o_tRkHmFpfuLuwSnNObPWWlSoUI8MBIZKnhayrjnn1GxW6upYsPDg4VDMg_HuaFa\
         ThaEePkcWzoaeGYeMBKANFIogMuTn08QbjxCH4a1f4c9fmtWc_8elRYOykGVKYwClhrn9-sCmDctCXD0y6DB4xKzff5E9W6Kkc\
         V2hHGJ1r56a8ijft5wvg2X20TlofMRAEtFW7UzUqLXj0EawQ",
    ),
    (
        Algorithm::PS512,
        "\
         fYlfxdY3vnmKq0303k6bLU_KEs1q6GAonE3xD4OwesAT6tWQbo07u55crByzPLrTS1to-O3k-XMJ8nHVFl9F0turlm4CQY0c7N\
         kvhBhITWj23FIy3oQRjGO8Oqj5QfleF4Q1HyBx_dkXF_a81rJR-XBaZh8_l8Hb7oBrDv3HTr90GKiwpmoYKBQetxKVZLgzddJw\
         g4tSexAt96f5Ik5-50WDkXzFRTMdWYYSjkJmApobf7rU5UgX-KMGgzgQm8h3ByD32Mud13TtGoZZMtvrS4QgklGGG9e5ZaQ8Vb\
         romeWgNdmWUJXmJMVqPM9kD4rFBy6I742csDf1fbLEhiIjSg",
    ),
];

/// RFC 4231 section 4.3: key `Jefe`.
const HMACS: [(Algorithm, &str); 3] = [
    (Algorithm::HS256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
        Algorithm::HS384,
        "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e\
         8e2240ca5e69e2c78b3239ecfab21649",
    ),
    (
        Algorithm::HS512,
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
         9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ),
];

fn verifies(signature: &str, message: &[u8], key: &DecodingKey, algorithm: Algorithm) -> bool {
    install();
    verify(signature, message, key, algorithm).is_ok_and(|verified| verified)
}

#[test]
fn hmacs_are_those_of_rfc_4231() {
    install();
    let data = b"what do ya want for nothing?";
    for (algorithm, expected) in HMACS {
        let signature = sign(data, &EncodingKey::from_secret(b"Jefe"), algorithm).unwrap();
        let bytes = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        assert_eq!(HEXLOWER.encode(&bytes), expected, "{algorithm:?}");
        assert!(verifies(&signature, data, &DecodingKey::from_secret(b"Jefe"), algorithm));
        assert!(!verifies(&signature, data, &DecodingKey::from_secret(b"jefe"), algorithm));
        assert!(!verifies(&signature, MESSAGE, &DecodingKey::from_secret(b"Jefe"), algorithm));
    }
}

/// The RSA key as RFC 8017 appendix A.1.1 writes it.
fn rsa_der() -> Vec<u8> {
    let modulus = BASE64URL_NOPAD.decode(MODULUS.as_bytes()).unwrap();
    [&[0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0][..], &modulus, &[2, 3, 1, 0, 1]].concat()
}

#[test]
fn rsa_signatures_of_another_program_are_verified_under_their_own_algorithm_only() {
    let keys = [DecodingKey::from_rsa_components(MODULUS, "AQAB").unwrap(), DecodingKey::from_rsa_der(&rsa_der())];
    for key in &keys {
        for (signed_by, signature) in RSA_SIGNED {
            for (algorithm, _) in RSA_SIGNED {
                assert_eq!(
                    verifies(signature, MESSAGE, key, algorithm),
                    algorithm == signed_by,
                    "{signed_by:?} as {algorithm:?}"
                );
            }
            assert!(!verifies(signature, b"stepgatf", key, signed_by));
        }
    }
}

#[test]
fn elliptic_signatures_are_verified_under_their_own_curve_only() {
    let random = SystemRandom::new();
    for (curve, algorithm, other) in [
        (&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::ES256, Algorithm::ES384),
        (&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::ES384, Algorithm::ES256),
    ] {
        let der = EcdsaKeyPair::generate_pkcs8(curve, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(curve, der.as_ref(), &random).unwrap();
        let signature = BASE64URL_NOPAD.encode(pair.sign(&random, MESSAGE).unwrap().as_ref());
        let key = DecodingKey::from_ec_der(pair.public_key().as_ref());
        assert!(verifies(&signature, MESSAGE, &key, algorithm));
        assert!(!verifies(&signature, MESSAGE, &key, other));
        assert!(!verifies(&signature, b"stepgatf", &key, algorithm));
    }
}

/// RFC 8725 section 2.1.
#[test]
fn no_key_serves_another_family() {
    install();
    let public = rsa_der();
    let signature = sign(MESSAGE, &EncodingKey::from_secret(&public), Algorithm::HS256).unwrap();
    assert!(verify(&signature, MESSAGE, &DecodingKey::from_rsa_der(&public), Algorithm::HS256).is_err());
    assert!(sign(MESSAGE, &EncodingKey::from_secret(&public), Algorithm::RS256).is_err());
}

#[test]
fn each_says_which_algorithm_it_is() {
    for (algorithm, _) in HMACS {
        assert_eq!(signer(&algorithm, &EncodingKey::from_secret(b"k")).unwrap().algorithm(), algorithm);
        assert_eq!(verifier(&algorithm, &DecodingKey::from_secret(b"k")).unwrap().algorithm(), algorithm);
    }
    for (algorithm, _) in RSA_SIGNED {
        let key = DecodingKey::from_rsa_components(MODULUS, "AQAB").unwrap();
        assert_eq!(verifier(&algorithm, &key).unwrap().algorithm(), algorithm);
    }
}
