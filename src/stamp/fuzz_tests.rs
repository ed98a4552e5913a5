//! Whatever a token holds, signed or not: only what we would mint ourselves is a stamp.

use std::sync::LazyLock;

use super::*;
use crate::fuzz;

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

static STAMPS: LazyLock<Stamps> = LazyLock::new(|| {
    let key = SigningKey::from_pkcs8("k1", &SigningKey::generate(), UnixTime::from_secs(1_600_000_000)).unwrap();
    let settings = Settings {
        origin: "https://play.example".into(),
        lifetime: Duration::from_secs(43_200),
        idle: Duration::from_secs(1800),
    };
    Stamps::new(settings, KeyRing::new(vec![key]).unwrap())
});

#[test]
fn no_unsigned_token_is_a_stamp() {
    let proof = Proof {
        subject: Subject::parse("ayu").unwrap(),
        binding: Binding([7; 32]),
        epoch: 3,
        amr: vec!["otp".into()],
        by: FactorKind::App,
        auth_time: NOW,
        fresh_time: None,
        began: NOW,
    };
    let minted = STAMPS.mint(&proof, NOW).token;
    fuzz::hold("stamp_token", 2_000, |input| {
        // `@` stands for a good token, whose signature no file can hold.
        let Some(sent) = fuzz::text(input).map(|text| text.replace('@', &minted)) else { return 9 };
        let verified = STAMPS.verify(&sent, NOW);
        assert_eq!(verified.is_ok(), sent == minted, "{sent}");
        u8::from(verified.is_ok()) + 2 * u8::try_from(sent.split('.').count().min(5)).unwrap()
    });
}

/// A token of this header and payload, truly signed.
fn signed(header: &[u8], payload: &[u8]) -> String {
    let message = format!("{}.{}", BASE64URL_NOPAD.encode(header), BASE64URL_NOPAD.encode(payload));
    let key = STAMPS.ring.signing(NOW).signing();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, jsonwebtoken::Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

#[test]
fn no_signed_token_of_another_shape_is_a_stamp() {
    fuzz::hold("stamp_claims", 2_000, |input| {
        let [header, payload] = fuzz::parts(input);
        let Ok(stamp) = STAMPS.verify(&signed(header, payload), NOW) else { return "refused".to_owned() };
        let header: serde_json::Value = serde_json::from_slice(header).unwrap();
        assert_eq!(header, serde_json::json!({"typ": TYPE, "alg": "EdDSA", "kid": "k1"}));
        assert!(stamp.expires_at > NOW && stamp.issued_at <= NOW.plus(LEEWAY));
        assert!(stamp.proof.began.plus(STAMPS.settings.lifetime) > NOW);
        let again = STAMPS.verify(&STAMPS.mint(&stamp.proof, NOW).token, NOW);
        let same = again.is_ok_and(|again| {
            let (one, other) = (&again.proof, &stamp.proof);
            (&one.subject, one.binding, one.epoch, &one.amr, one.auth_time, one.by)
                == (&other.subject, other.binding, other.epoch, &other.amr, other.auth_time, other.by)
        });
        // Only a text too long for a token cannot be minted again.
        assert!(same || payload.len() > MAX_TOKEN / 2);
        "stamp".to_owned()
    });
}
