//! The `jwt` source.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};

use super::*;

const SECRET: &str = "a secret of the site, 32 bytes..";

fn now() -> i64 {
    stepgate::clock::Clock::now(&stepgate::clock::SystemClock::default()).secs()
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |part: &Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

fn hs256(claims: &Value) -> String {
    let message = message(&json!({ "alg": "HS256", "typ": "JWT" }), claims);
    stepgate::stamp::provider::install();
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let signature = crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn claims(subject: &str) -> Value {
    json!({ "sub": subject, "aud": "play", "exp": now() + 600 })
}

pub fn shared_secret(_: &DemoOptions, folder: &Path) -> String {
    let file = private_file(folder, "secret", SECRET);
    format!("- jwt: {{ cookie: session, algorithms: [HS256], secret: {{ file: \"{file}\" }}, audience: play }}")
}

#[tokio::test]
async fn a_token_in_a_cookie_names_the_player() {
    let gate = gate(shared_secret, |_| ok()).await;
    let mut ayu = Visitor::of(&gate).with_cookie("session", &hs256(&claims("ayu")));
    assert_eq!(ayu.guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
}

#[tokio::test]
async fn tokens_that_do_not_verify_are_refused_and_not_forwarded() {
    let gate = gate(shared_secret, |_| ok()).await;
    let good = hs256(&claims("ayu"));
    let unsigned = format!("{}.", message(&json!({ "alg": "none", "typ": "JWT" }), &claims("ayu")));
    let signature = good.rsplit('.').next().unwrap();
    let grafted = format!("{}.{signature}", message(&json!({ "alg": "HS256" }), &claims("budi")));
    for (what, token) in [
        ("expired", hs256(&json!({ "sub": "ayu", "aud": "play", "exp": now() - 5 }))),
        ("of another audience", hs256(&json!({ "sub": "ayu", "aud": "other", "exp": now() + 600 }))),
        ("without an end", hs256(&json!({ "sub": "ayu", "aud": "play" }))),
        ("unsigned", unsigned),
        ("with another's signature", grafted),
        ("no token at all", "x".to_owned()),
    ] {
        let answer = Visitor::of(&gate).with_cookie("session", &token).get("/guarded").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{what}");
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem["type"], "urn:stepgate:anonymous", "{what}");
    }
    assert_eq!(forwarded(&gate), 0);
}

#[tokio::test]
async fn two_cookies_of_the_name_are_refused() {
    let gate = gate(shared_secret, |_| ok()).await;
    let token = hs256(&claims("ayu"));
    for cookies in [format!("session={token}; session={token}"), format!("session={token}; SESSION=x")] {
        let answer = Visitor::of(&gate).with_header("cookie", &cookies).get("/guarded").await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let problem: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(problem["type"], "urn:stepgate:bad-request");
    }
    assert_eq!(forwarded(&gate), 0);
}

#[tokio::test]
async fn carriers_that_disagree_are_refused() {
    let both = |options: &DemoOptions, folder: &Path| {
        let ask = format!("url: \"http://{}/me\", subject: {{ json: /id }}", options.site);
        format!("{}\n- introspection: {{ cookie: sid, {ask} }}", shared_secret(options, folder))
    };
    let gate = gate(both, |request| match (request.target.as_str(), cookie_of(request, "sid")) {
        ("/me", Some(id)) => answer(200, &[], json!({ "id": id }).to_string()),
        _ => ok(),
    })
    .await;
    let token = hs256(&claims("ayu"));
    let of = |session: &str, sid: &str| Visitor::of(&gate).with_cookie("session", session).with_cookie("sid", sid);
    assert_eq!(of(&token, "budi").guarded().await, StatusCode::BAD_REQUEST, "two players");
    assert_eq!(of("forged", "ayu").guarded().await, StatusCode::BAD_REQUEST, "one does not verify");
    assert_eq!(forwarded(&gate), 0);
    assert_eq!(of(&token, "ayu").guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
}

#[tokio::test]
async fn a_public_key_verifies_bearer_tokens() {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
    // SubjectPublicKeyInfo of Ed25519 (RFC 8410 section 4): a constant prefix and the key.
    let mut info = data_encoding::HEXLOWER.decode(b"302a300506032b6570032100").unwrap();
    info.extend_from_slice(pair.public_key().as_ref());
    let body = data_encoding::BASE64.encode(&info);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n");
    let identity = |_: &DemoOptions, folder: &Path| {
        let file = private_file(folder, "key.pem", &pem);
        format!(
            "- jwt: {{ header: Authorization, algorithms: [EdDSA], public_key: {{ file: \"{file}\" }}, audience: play }}"
        )
    };
    let gate = gate(identity, |_| ok()).await;
    let message = message(&json!({ "alg": "EdDSA", "typ": "JWT" }), &claims("citra"));
    let token = format!("{message}.{}", BASE64URL_NOPAD.encode(pair.sign(message.as_bytes()).as_ref()));
    let bearer = format!("Bearer {token}");
    assert_eq!(Visitor::of(&gate).with_header("authorization", &bearer).guarded().await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("citra"));
    let basic = format!("Basic {token}");
    assert_eq!(Visitor::of(&gate).with_header("authorization", &basic).guarded().await, StatusCode::UNAUTHORIZED);
    // The oldest trick: the public key as a shared secret (RFC 8725 section 2.1).
    let forged = hs256(&claims("citra"));
    let bearer = format!("Bearer {forged}");
    assert_eq!(Visitor::of(&gate).with_header("authorization", &bearer).guarded().await, StatusCode::UNAUTHORIZED);
    assert_eq!(forwarded(&gate), 1);
}

/// An RSA key of 2048 bits, which `ring` cannot draw.
fn rsa() -> RsaKeyPair {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER"])
        .output()
        .unwrap();
    assert!(made.status.success());
    RsaKeyPair::from_pkcs8(&made.stdout).or_else(|_| RsaKeyPair::from_der(&made.stdout)).unwrap()
}

fn rs256(pair: &RsaKeyPair, id: &str, subject: &str) -> String {
    let message = message(&json!({ "alg": "RS256", "kid": id }), &claims(subject));
    let mut signature = vec![0; pair.public().modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", BASE64URL_NOPAD.encode(&signature))
}

fn jwk(pair: &RsaKeyPair, id: &str) -> Value {
    let numbers = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    json!({ "kty": "RSA", "use": "sig", "kid": id, "n": encode(&numbers.n), "e": encode(&numbers.e) })
}

#[tokio::test]
async fn a_key_set_at_an_address_is_read_again_when_the_site_changes_its_key() {
    let (old, new) = (rsa(), rsa());
    let sets =
        [json!({ "keys": [jwk(&old, "old")] }), json!({ "keys": [jwk(&new, "new")] })].map(|set| set.to_string());
    let in_force = Arc::new(AtomicUsize::new(0));
    let which = Arc::clone(&in_force);
    let identity = |options: &DemoOptions, _: &Path| {
        let keys = format!("jwks: {{ url: \"http://{}/jwks\" }}", options.site);
        format!("- jwt: {{ cookie: session, algorithms: [RS256], {keys}, audience: play }}")
    };
    let gate = gate(identity, move |request| match request.target.as_str() {
        "/jwks" => answer(200, &[], sets[which.load(Ordering::SeqCst)].clone()),
        _ => ok(),
    })
    .await;
    let status = async |token: String| Visitor::of(&gate).with_cookie("session", &token).guarded().await;
    assert_eq!(status(rs256(&old, "old", "ayu")).await, StatusCode::OK);
    assert_eq!(named(&gate).as_deref(), Some("ayu"));
    in_force.store(1, Ordering::SeqCst);
    assert_eq!(status(rs256(&new, "new", "budi")).await, StatusCode::OK, "the new key is fetched");
    assert_eq!(named(&gate).as_deref(), Some("budi"));
    assert_eq!(status(rs256(&old, "old", "ayu")).await, StatusCode::UNAUTHORIZED, "the old one is gone");
    for _ in 0..3 {
        status(rs256(&old, "unheard-of", "ayu")).await;
    }
    assert_eq!(gate.site.received("GET", "/jwks").len(), 2, "unknown keys do not make the site a target");
}
