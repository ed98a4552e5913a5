//! What the site is told, and for how long the same words serve.

use serde_json::json;

use super::*;
use crate::policy::Requirement;

fn asserted<'a>(subject: &'a Subject, proof: Assurance) -> Asserted<'a> {
    Asserted {
        subject,
        binding: Binding([7; 32]),
        amr: &[],
        auth_time: Some(NOW),
        route: "withdraw",
        require: Requirement::Once,
        method: "POST",
        uri: "https://play.example/wallet/withdraw",
        proof,
    }
}

#[test]
fn an_assertion_is_reused_for_half_its_life_unless_once() {
    let assertions = Assertions::new("https://play.example".into(), ring("a1"));
    let ayu = Subject::parse("ayu").unwrap();
    let half = Duration::from_secs(30);
    let session = asserted(&ayu, Assurance::Session);
    let first = assertions.mint(&session, NOW);
    assert_eq!(assertions.mint(&session, NOW.plus(half / 2)), first);
    assert_ne!(assertions.mint(&session, NOW.plus(half)), first);
    let once = asserted(&ayu, Assurance::Once { digest: [1; 32] });
    assert_ne!(assertions.mint(&once, NOW), assertions.mint(&once, NOW));
    let budi = Subject::parse("budi").unwrap();
    assert_ne!(assertions.mint(&asserted(&budi, Assurance::Session), NOW), first);
}

#[test]
fn an_assertion_says_what_was_proven_under_a_published_key() {
    let assertions = Assertions::new("https://play.example".into(), ring("a1"));
    let ayu = Subject::parse("ayu").unwrap();
    let amr = ["otp".to_owned()];
    let jwks = assertions.jwks();
    let key = jsonwebtoken::DecodingKey::from_ed_components(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
    let digest = BASE64URL_NOPAD.encode(&[1; 32]);
    for (proof, word, digest) in [
        (Assurance::None, "none", None),
        (Assurance::Session, "session", None),
        (Assurance::Fresh, "fresh", None),
        (Assurance::Once { digest: [1; 32] }, "once", Some(digest)),
    ] {
        let token = assertions.mint(&Asserted { amr: &amr, ..asserted(&ayu, proof) }, NOW);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let good = jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, jsonwebtoken::Algorithm::EdDSA);
        assert!(good.unwrap());
        let mut parts = message.split('.').map(|part| {
            let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
            serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()
        });
        let header = parts.next().unwrap();
        assert_eq!(header, json!({"typ": "stepgate-assertion+jwt", "alg": "EdDSA", "kid": "a1"}));
        let mut claims = parts.next().unwrap();
        let id = claims.as_object_mut().unwrap().remove("jti").unwrap();
        assert!(secret::is_public_id(id.as_str().unwrap()));
        let mut expected = json!({
            "iss": "https://play.example", "aud": "https://play.example", "sub": "ayu",
            "sid": BASE64URL_NOPAD.encode(&[7; 32]), "iat": NOW.secs(), "exp": NOW.secs() + 60,
            "amr": ["otp"], "auth_time": NOW.secs(), "route": "withdraw", "require": "once",
            "htm": "POST", "htu": "https://play.example/wallet/withdraw", "proof": word,
        });
        if let Some(digest) = digest {
            expected["digest"] = digest.into();
        }
        assert_eq!(claims, expected);
    }
}

#[test]
fn an_assertion_is_no_stamp() {
    let shared = ring("k1");
    let assertions = Assertions::new("https://play.example".into(), shared.clone());
    let ayu = Subject::parse("ayu").unwrap();
    let token = assertions.mint(&asserted(&ayu, Assurance::Session), NOW);
    let stamps = Stamps::new(settings("https://play.example"), shared);
    assert_eq!(stamps.verify(&token, NOW).unwrap_err(), Reject::BadSignature);
}
