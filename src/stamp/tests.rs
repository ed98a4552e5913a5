//! Stamps: what is accepted, and every way to be refused.

use super::*;

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
/// When every key here was made.
const MADE: UnixTime = UnixTime::from_secs(1_600_000_000);
const HOUR: Duration = Duration::from_secs(3600);

fn ring(id: &str) -> KeyRing {
    KeyRing::new(vec![SigningKey::from_pkcs8(id, &SigningKey::generate(), MADE).unwrap()]).unwrap()
}

fn settings(origin: &str) -> Settings {
    Settings { origin: origin.into(), lifetime: 12 * HOUR, idle: HOUR / 2 }
}

fn stamps() -> Stamps {
    Stamps::new(settings("https://play.example"), ring("k1"))
}

fn proof() -> Proof {
    Proof {
        subject: Subject::parse("ayu").unwrap(),
        binding: Binding([7; 32]),
        epoch: 3,
        amr: vec!["otp".into()],
        by: FactorKind::App,
        auth_time: NOW,
        fresh_time: Some(NOW),
        began: NOW,
    }
}

/// A token of this header and payload, truly signed under the stamps' own key.
fn signed(stamps: &Stamps, header: &str, payload: &str) -> String {
    let message =
        format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(payload.as_bytes()));
    let key = stamps.ring.signing(NOW).signing();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, jsonwebtoken::Algorithm::EdDSA).unwrap();
    format!("{message}.{signature}")
}

const HEADER: &str = r#"{"typ":"stepgate-stamp+jwt","alg":"EdDSA","kid":"k1"}"#;

fn payload() -> String {
    let (sid, at, end) = (BASE64URL_NOPAD.encode(&[7; 32]), NOW.secs(), NOW.secs() + 60);
    format!(
        r#"{{"iss":"https://play.example","aud":"https://play.example","sub":"ayu","sid":"{sid}","jti":"AAAAAAAAAAAAAAAAAAAAAA","iat":{at},"nbf":{at},"exp":{end},"auth_time":{at},"amr":["otp"],"by":"app","epoch":3}}"#
    )
}

#[test]
fn what_was_minted_is_verified() {
    let stamps = stamps();
    let minted = stamps.mint(&proof(), NOW);
    assert!(minted.token.len() <= MAX_TOKEN);
    let stamp = stamps.verify(&minted.token, NOW).unwrap();
    assert_eq!((stamp.id.as_str(), stamp.expires_at), (minted.stamp.id.as_str(), NOW.plus(HOUR / 2)));
    assert_eq!((stamp.proof.binding, stamp.proof.epoch), (Binding([7; 32]), 3));
    assert_eq!((stamp.proof.auth_time, stamp.proof.fresh_time), (NOW, Some(NOW)));
}

#[test]
fn the_longest_plain_subject_fits() {
    let stamps = Stamps::new(settings("https://play.and-a-rather-long-name.example"), ring("k1"));
    let proof = Proof { subject: Subject::parse(&"a".repeat(255)).unwrap(), ..proof() };
    let minted = stamps.mint(&proof, NOW);
    assert!(stamps.verify(&minted.token, NOW).is_ok(), "{}", minted.token.len());
}

#[test]
fn every_prefix_and_suffix_is_refused() {
    let stamps = stamps();
    let token = stamps.mint(&proof(), NOW).token;
    for at in 1..token.len() {
        assert!(stamps.verify(&token[..at], NOW).is_err());
        assert!(stamps.verify(&token[at..], NOW).is_err());
    }
    assert!(stamps.verify(&format!("{token}."), NOW).is_err());
    assert!(stamps.verify(&format!("{token}="), NOW).is_err());
    assert!(stamps.verify(&format!(" {token}"), NOW).is_err());
}

#[test]
fn every_changed_character_is_refused() {
    let stamps = stamps();
    let token = stamps.mint(&proof(), NOW).token;
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(stamps.verify(&String::from_utf8(changed).unwrap(), NOW).unwrap_err(), Reject::BadSignature);
    }
}

#[test]
fn a_token_of_exactly_the_allowed_length_is_taken() {
    // What is encoded never has a length that is one more than a multiple of four: another key id helps.
    let lengths = ["k", "k1", "k12"].map(|id| {
        let stamps = Stamps::new(settings("https://play.example"), ring(id));
        let mut taken = 0;
        for padding in 200..400 {
            let proof = Proof { amr: vec!["x".repeat(padding)], ..proof() };
            let token = stamps.mint(&proof, NOW).token;
            assert_eq!(stamps.verify(&token, NOW).is_ok(), token.len() <= MAX_TOKEN, "{}", token.len());
            taken = taken.max(if token.len() <= MAX_TOKEN { token.len() } else { 0 });
        }
        taken
    });
    assert!(lengths.contains(&MAX_TOKEN), "{lengths:?}");
}

#[test]
fn the_words_of_rejects_are_the_labels_of_the_metric() {
    let rejects = [Reject::Expired, Reject::BoundMismatch, Reject::BadSignature, Reject::Revoked];
    assert_eq!(rejects.map(Reject::as_str), ["expired", "bound_mismatch", "bad_signature", "revoked"]);
}

#[test]
fn a_key_has_a_short_plain_id_and_good_bytes() {
    let der = SigningKey::generate();
    let longest = "k".repeat(32);
    for id in ["k", "0", "a-1", longest.as_str()] {
        let key = SigningKey::from_pkcs8(id, &der, MADE).unwrap();
        assert_eq!((key.id(), format!("{key:?}")), (id, format!("SigningKey({id})")));
    }
    for id in ["", "K1", "k_1", "k.1", "k 1", "ké", "k".repeat(33).as_str()] {
        assert_eq!(SigningKey::from_pkcs8(id, &der, MADE).unwrap_err(), BadKey::Id(id.to_owned()));
    }
    for bytes in [&b""[..], &der[1..], &[0; 83]] {
        assert_eq!(SigningKey::from_pkcs8("k1", bytes, MADE).unwrap_err(), BadKey::Bytes("k1".to_owned()));
    }
}

#[test]
fn odd_headers_are_refused_though_signed() {
    let stamps = stamps();
    assert!(stamps.verify(&signed(&stamps, HEADER, &payload()), NOW).is_ok());
    for header in [
        r#"{"typ":"stepgate-stamp+jwt","alg":"none","kid":"k1"}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"HS256","kid":"k1"}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"eddsa","kid":"k1"}"#,
        r#"{"typ":"stepgate-assertion+jwt","alg":"EdDSA","kid":"k1"}"#,
        r#"{"typ":"JWT","alg":"EdDSA","kid":"k1"}"#,
        r#"{"alg":"EdDSA","kid":"k1"}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"EdDSA"}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"EdDSA","kid":"k2"}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"EdDSA","kid":"../k1"}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"EdDSA","kid":"k1","jwk":{}}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"EdDSA","kid":"k1","crit":["b64"]}"#,
        r#"{"typ":"stepgate-stamp+jwt","alg":"EdDSA","kid":"k1","kid":"k1"}"#,
        r#"["stepgate-stamp+jwt","EdDSA"]"#,
        "",
    ] {
        let token = signed(&stamps, header, &payload());
        assert_eq!(stamps.verify(&token, NOW).unwrap_err(), Reject::BadSignature, "{header}");
    }
}

#[test]
fn odd_claims_are_refused_though_signed() {
    let stamps = stamps();
    let good = payload();
    for (from, to) in [
        (r#""epoch":3"#, r#""epoch":3.0"#),
        (r#""epoch":3"#, r#""epoch":"3""#),
        (r#""epoch":3"#, r#""epoch":3,"epoch":3"#),
        (r#""epoch":3"#, r#""epoch":3,"admin":true"#),
        (r#""sub":"ayu""#, r#""sub":"ayu","sub":"budi""#),
        (r#""sub":"ayu""#, r#""sub":{"id":"ayu"}"#),
        (r#""sub":"ayu""#, r#""sub":"""#),
        (r#""exp":1700000060"#, r#""exp":1700000060.5"#),
        (r#""exp":1700000060"#, r#""exp":1e300"#),
        (r#""exp":1700000060"#, r#""exp":9223372036854775807"#),
        (r#""exp":1700000060"#, r#""exp":-1"#),
        (r#""exp":1700000060"#, r#""exp":null"#),
        (r#""aud":"https://play.example""#, r#""aud":["https://play.example"]"#),
        (r#""aud":"https://play.example""#, r#""aud":"https://other.example""#),
        (r#""iss":"https://play.example""#, r#""iss":"https://other.example""#),
        (r#""jti":"AAAAAAAAAAAAAAAAAAAAAA""#, r#""jti":"1""#),
        (r#""nbf":1700000000"#, r#""nbf":1699999999"#),
    ] {
        assert!(good.contains(from));
        let token = signed(&stamps, HEADER, &good.replacen(from, to, 1));
        assert_eq!(stamps.verify(&token, NOW).unwrap_err(), Reject::BadSignature, "{to}");
    }
}

#[test]
fn hmac_under_the_public_key_is_refused() {
    let stamps = stamps();
    let jwk = stamps.ring.jwks();
    let public = BASE64URL_NOPAD.decode(jwk["keys"][0]["x"].as_str().unwrap().as_bytes()).unwrap();
    let header = r#"{"typ":"stepgate-stamp+jwt","alg":"HS256","kid":"k1"}"#;
    let message =
        format!("{}.{}", BASE64URL_NOPAD.encode(header.as_bytes()), BASE64URL_NOPAD.encode(payload().as_bytes()));
    let key = jsonwebtoken::EncodingKey::from_secret(&public);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    assert_eq!(stamps.verify(&format!("{message}.{signature}"), NOW).unwrap_err(), Reject::BadSignature);
}

#[test]
fn huge_tokens_are_refused() {
    let token = "A".repeat(1 << 20);
    assert_eq!(stamps().verify(&token, NOW).unwrap_err(), Reject::BadSignature);
}

#[test]
fn a_stamp_ends_when_idle_and_at_its_hard_end() {
    let stamps = stamps();
    let token = stamps.mint(&proof(), NOW).token;
    let second = Duration::from_secs(1);
    assert!(stamps.verify(&token, NOW.plus(HOUR / 2 - second)).is_ok());
    assert_eq!(stamps.verify(&token, NOW.plus(HOUR / 2)).unwrap_err(), Reject::Expired);
    let late = stamps.mint(&proof(), NOW.plus(12 * HOUR - second)).token;
    assert!(stamps.verify(&late, NOW.plus(12 * HOUR - second)).is_ok());
    assert_eq!(stamps.verify(&late, NOW.plus(12 * HOUR)).unwrap_err(), Reject::Expired);
}

#[test]
fn a_shortened_lifetime_ends_older_stamps() {
    let before = stamps();
    let token = before.mint(&proof(), NOW.plus(HOUR)).token;
    let after = Stamps::new(Settings { lifetime: HOUR, ..settings("https://play.example") }, before.ring.clone());
    assert_eq!(after.verify(&token, NOW.plus(HOUR)).unwrap_err(), Reject::Expired);
}

#[test]
fn stamps_from_the_future_are_refused() {
    let stamps = stamps();
    let token = stamps.mint(&proof(), NOW.plus(LEEWAY)).token;
    assert!(stamps.verify(&token, NOW).is_ok());
    assert_eq!(stamps.verify(&token, NOW.minus(Duration::from_secs(1))).unwrap_err(), Reject::BadSignature);
}

#[test]
fn stamps_of_another_origin_are_refused() {
    let here = stamps();
    let there = Stamps::new(settings("https://other.example"), here.ring.clone());
    assert_eq!(there.verify(&here.mint(&proof(), NOW).token, NOW).unwrap_err(), Reject::BadSignature);
}

#[test]
fn older_keys_verify_until_they_leave_the_ring() {
    let old = SigningKey::from_pkcs8("old", &SigningKey::generate(), MADE).unwrap();
    let new = SigningKey::from_pkcs8("new", &SigningKey::generate(), MADE).unwrap();
    let with = |keys| Stamps::new(settings("https://play.example"), KeyRing::new(keys).unwrap());
    let token = with(vec![old.clone()]).mint(&proof(), NOW).token;
    assert!(with(vec![new.clone(), old.clone()]).verify(&token, NOW).is_ok());
    assert!(with(vec![new.clone()]).verify(&token, NOW).is_err());
    assert_eq!(KeyRing::new(vec![]).unwrap_err(), BadKey::Count(0));
    assert_eq!(KeyRing::new(vec![old.clone(), new, old.clone()]).unwrap_err(), BadKey::Count(3));
    assert_eq!(KeyRing::new(vec![old.clone(), old]).unwrap_err(), BadKey::Twice("old".into()));
}

#[test]
fn a_new_key_is_published_before_it_signs() {
    let old = SigningKey::from_pkcs8("old", &SigningKey::generate(), MADE).unwrap();
    let new = SigningKey::from_pkcs8("new", &SigningKey::generate(), NOW).unwrap();
    let ring = KeyRing::new(vec![new.clone(), old]).unwrap();
    assert_eq!(ring.jwks()["keys"][0]["kid"], "new", "listed at once");
    assert_eq!(ring.signing(NOW).id(), "old");
    assert_eq!(ring.signing(NOW.plus(PUBLISHED_FOR - Duration::from_millis(1))).id(), "old");
    assert_eq!(ring.signing(NOW.plus(PUBLISHED_FOR)).id(), "new");
    assert_eq!(KeyRing::new(vec![new]).unwrap().signing(NOW).id(), "new", "the first key signs at once");
}

#[test]
fn verified_stamps_are_remembered_by_their_whole_token() {
    let stamps = stamps();
    let token = stamps.mint(&proof(), NOW).token;
    stamps.verify(&token, NOW).unwrap();
    stamps.verified.run_pending_tasks();
    assert_eq!(stamps.verified.entry_count(), 1);
    assert!(stamps.verified.contains_key(&secret::digest([token.as_bytes()])));
}

#[test]
fn renewal_is_due_after_a_third_of_the_idle_time() {
    let stamps = stamps();
    let stamp = stamps.mint(&proof(), NOW).stamp;
    assert!(!stamps.is_due_for_renewal(&stamp, NOW.plus(HOUR / 6 - Duration::from_secs(1))));
    assert!(stamps.is_due_for_renewal(&stamp, NOW.plus(HOUR / 6)));
}

mod assertions;
mod properties;
