//! The `jwt` source: what verifies, and what does not.

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::json;

use super::*;

/// A public key of 2048 bits whose private half was thrown away after signing [`RSA_TOKEN`].
const RSA_PEM: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA2MkysaEZRlv2j92cjShl\n\
    z1xwFA47e42xp13/O2GxLVnEMtIGvD+Jr0LiqyRr9W/6FerAJUBhQXKzjZBSlgBA\n\
    /qDX9pggq505+ZhYRS1JtueyY/d8CnaExYyWNxTk/Cq0wlQt8tl7QM9zLYD+DDdL\n\
    vmrPghPPObOo0EwPu28omPxEcx4autTuWV4uTv5RgFLJQe8EBkFhP5F5OzZSPzKv\n\
    DTYIeYm7VQatanmWe4/cKX2tF6rhqSbFW2Cc0ScqUeKldkXxNmugGz+aDTuBJmc3\n\
    8NOvvX4ov+kC3tCTD0mlPrUDpwx9uCI9RRUJA3yRr2g4ALpP394SXKF0Dx7UbqFZ\n\
    cwIDAQAB\n\
    -----END PUBLIC KEY-----";
const RSA_MODULUS: &str = "\
    2MkysaEZRlv2j92cjShlz1xwFA47e42xp13_O2GxLVnEMtIGvD-Jr0LiqyRr9W_6FerAJUBhQXKzjZBSlgBA_qDX9pggq505-ZhY\
    RS1JtueyY_d8CnaExYyWNxTk_Cq0wlQt8tl7QM9zLYD-DDdLvmrPghPPObOo0EwPu28omPxEcx4autTuWV4uTv5RgFLJQe8EBkFh\
    P5F5OzZSPzKvDTYIeYm7VQatanmWe4_cKX2tF6rhqSbFW2Cc0ScqUeKldkXxNmugGz-aDTuBJmc38NOvvX4ov-kC3tCTD0mlPrUD\
    pwx9uCI9RRUJA3yRr2g4ALpP394SXKF0Dx7UbqFZcw";
/// `{"alg":"RS256","typ":"JWT","kid":"r1"}`, sub `ayu`, from [`NOW`] for an hour.
const RSA_TOKEN: &str = "\
    eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6InIxIn0.eyJzdWIiOiJheXUiLCJpc3MiOiJodHRwczovL3NpdGUuZXhh\
    bXBsZSIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwMDAzNjAwfQ.Akv1QBuoe-YEAJ4PjQsblmqY9AGbyKAPEeXhZNlrkgww1\
    rYRTXFQ3EjsfCLGMD98yhXmhecDv-t8GXkdEgSsdudGYmJHh1LMdRS3qyoI3bj1vMY2qUSnRzUFjrgMKPB8DKCMuG4MSnJnhNtoV\
    nykaZKbCyGRK8nvUnM6KeR2doGYOey_Pcfsqq9Hzx-_Sm1oudlgKCe4B6lE9umY0ItOp_r5CNZZjr8cOtbrUAaNNQnIPCjqdnYKm\
    UUIqMU2SmEs-kw1Xu41H5REVc0NMnUc8WCRl4JFgRZezQzB4DamCyt58R1qeZe2SgvSAwD96itdZ-nF1OpECK-wcAVgHfE-aA";
const SECRET: &[u8] = b"a secret of the site, 32 bytes..";

fn settings(algorithm: Algorithm, key: JwtKey) -> JwtSettings {
    JwtSettings {
        credential: Credential::Cookies(vec!["session".into()]),
        algorithms: vec![algorithm],
        key,
        issuer: Some("https://site.example".into()),
        audience: None,
        token_type: None,
        claims: ClaimNames {
            subject: "sub".into(),
            phone: Some("phone".into()),
            phone_since: None,
            email: None,
            locale: None,
            session: None,
        },
        bind: Bind::Value,
    }
}

fn hmac() -> JwtSettings {
    settings(Algorithm::HS256, JwtKey::Secret(String::from_utf8(SECRET.to_vec()).unwrap().into()))
}

fn of(settings: JwtSettings) -> Sources {
    sources(vec![SourceSettings::Jwt(settings)])
}

fn claims() -> serde_json::Value {
    json!({"sub": "ayu", "iss": "https://site.example", "iat": NOW.secs(), "exp": NOW.secs() + 60, "phone": "+62811"})
}

fn message(header: &serde_json::Value, claims: &serde_json::Value) -> String {
    let part = |part: &serde_json::Value| BASE64URL_NOPAD.encode(part.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

fn token(header: &serde_json::Value, claims: &serde_json::Value) -> String {
    let message = message(header, claims);
    let signature = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(SECRET), Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

fn hs256(claims: &serde_json::Value) -> String {
    token(&json!({"alg": "HS256", "typ": "JWT"}), claims)
}

fn session(token: &str) -> Request {
    cookie(&format!("session={token}"))
}

async fn assert_rejected(sources: &Sources, token: &str) {
    let answer = who(sources, &session(token)).await;
    assert!(matches!(answer, Err(IdentityError::Rejected { .. })), "{token}: {answer:?}");
}

#[tokio::test]
async fn hmac_tokens_are_verified() {
    let sources = of(hmac());
    let request = session(&hs256(&claims()));
    let player = player(&sources, &request).await;
    assert_eq!((player.subject.as_str(), player.claims.phone.as_deref()), ("ayu", Some("+62811")));
    assert_eq!(sources.binding_unasked(&request.head()).unwrap(), Some(player.binding));
}

#[tokio::test]
async fn rsa_tokens_are_verified_by_pem_and_by_set() {
    let by_pem = of(settings(Algorithm::RS256, JwtKey::PublicKey(RSA_PEM.into())));
    assert_eq!(player(&by_pem, &session(RSA_TOKEN)).await.subject.as_str(), "ayu");
    let file = tempfile::NamedTempFile::new().unwrap();
    let key = json!({"kty": "RSA", "kid": "r1", "use": "sig", "n": RSA_MODULUS, "e": "AQAB"});
    std::fs::write(file.path(), json!({"keys": [key]}).to_string()).unwrap();
    let by_set = of(settings(Algorithm::RS256, JwtKey::JwksFile(file.path().into())));
    assert_eq!(player(&by_set, &session(RSA_TOKEN)).await.subject.as_str(), "ayu");
    // The public key as an HMAC secret, the oldest trick (RFC 8725 section 2.1).
    let message = message(&json!({"alg": "HS256"}), &claims());
    let forged = crypto::sign(message.as_bytes(), &EncodingKey::from_secret(RSA_PEM.as_bytes()), Algorithm::HS256);
    assert_rejected(&by_pem, &format!("{message}.{}", forged.unwrap())).await;
}

#[tokio::test]
async fn elliptic_tokens_are_verified() {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let key = json!({"kty": "EC", "crv": "P-256", "kid": "e1", "x": BASE64URL_NOPAD.encode(x), "y": BASE64URL_NOPAD.encode(y)});
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), json!({"keys": [key]}).to_string()).unwrap();
    let sources = of(settings(Algorithm::ES256, JwtKey::JwksFile(file.path().into())));
    let message = message(&json!({"alg": "ES256", "kid": "e1", "jku": "https://evil.example"}), &claims());
    let signature = BASE64URL_NOPAD.encode(pair.sign(&random, message.as_bytes()).unwrap().as_ref());
    assert_eq!(player(&sources, &session(&format!("{message}.{signature}"))).await.subject.as_str(), "ayu");
}

/// A set with this Ed25519 key under this id, and a token of it.
fn edwards(id: &str) -> (serde_json::Value, String) {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
    let key =
        json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": BASE64URL_NOPAD.encode(pair.public_key().as_ref())});
    let message = message(&json!({"alg": "EdDSA", "kid": id}), &claims());
    let signature = BASE64URL_NOPAD.encode(pair.sign(message.as_bytes()).as_ref());
    (json!({"keys": [key]}), format!("{message}.{signature}"))
}

#[tokio::test]
async fn sets_at_an_address_are_read_again_for_unknown_keys() {
    let site = Arc::new(Site::default());
    let (first, token_1) = edwards("k1");
    let (second, token_2) = edwards("k2");
    site.says("", 200, &first.to_string());
    let (clock, ports) = ports();
    let key = JwtKey::JwksUrl(site.serve().await);
    let settings = vec![SourceSettings::Jwt(settings(Algorithm::EdDSA, key))];
    let sources = Sources::build(settings, ports).unwrap();
    assert!(sources.binding_unasked(&session(&token_1).head()).unwrap().is_some());
    player(&sources, &session(&token_1)).await;
    clock.advance(Duration::from_secs(1));
    site.says("", 200, &second.to_string());
    player(&sources, &session(&token_2)).await;
    assert_rejected(&sources, &token_1).await;
    site.says("", 200, &first.to_string());
    assert_rejected(&sources, &token_1).await;
    assert_eq!(site.times_asked(), 2, "a key that is unknown is looked for every thirty seconds at most");
    clock.advance(Duration::from_secs(30));
    player(&sources, &session(&token_1)).await;
    clock.advance(Duration::from_secs(601 - 30));
    site.says("", 500, "");
    assert_rejected(&sources, &token_2).await;
}

#[tokio::test]
async fn without_any_set_nobody_can_say() {
    let site = Arc::new(Site::default());
    site.says("", 200, "no set");
    let sources = of(settings(Algorithm::EdDSA, JwtKey::JwksUrl(site.serve().await)));
    let answer = who(&sources, &session(&edwards("k1").1)).await;
    assert!(matches!(answer, Err(IdentityError::Unavailable { .. })));
}

#[tokio::test]
async fn odd_tokens_are_rejected() {
    let sources = of(hmac());
    let good = hs256(&claims());
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS512"}),
        json!({"alg": "RS256"}),
        json!({"alg": "HS256", "crit": ["b64"], "b64": false}),
        json!({"typ": "JWT"}),
    ] {
        assert_rejected(&sources, &token(&header, &claims())).await;
    }
    for end in 1..good.len() {
        assert_rejected(&sources, &good[..end]).await;
    }
    assert_rejected(&sources, &format!("{good}.x")).await;
    for (name, value) in [
        ("sub", json!(null)),
        ("sub", json!("")),
        ("sub", json!(1.5)),
        ("sub", json!(["ayu"])),
        ("iss", json!("https://other.example")),
        ("iss", json!(["https://site.example"])),
        ("exp", json!(null)),
        ("exp", json!("1800000000")),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("nbf", json!("now")),
        ("iat", json!(NOW.secs() + 31)),
        ("nbf", json!(NOW.secs() + 31)),
    ] {
        let mut odd = claims();
        odd[name] = value;
        assert_rejected(&sources, &hs256(&odd)).await;
    }
    let mut endless = claims();
    endless.as_object_mut().unwrap().remove("exp");
    assert_rejected(&sources, &hs256(&endless)).await;
}

#[tokio::test]
async fn a_token_ends_by_our_clock_though_it_was_verified() {
    let (clock, ports) = ports();
    let sources = Sources::build(vec![SourceSettings::Jwt(hmac())], ports).unwrap();
    let request = session(&hs256(&claims()));
    clock.advance(Duration::from_secs(59));
    player(&sources, &request).await;
    clock.advance(Duration::from_secs(1));
    assert!(matches!(who(&sources, &request).await, Err(IdentityError::Rejected { .. })));
}

#[tokio::test]
async fn audience_and_type_must_fit_where_named() {
    let sources = of(JwtSettings { audience: Some("play".into()), token_type: Some("at+jwt".into()), ..hmac() });
    let with = |typ: &str, aud: serde_json::Value| {
        let mut claims = claims();
        claims["aud"] = aud;
        token(&json!({"alg": "HS256", "typ": typ}), &claims)
    };
    player(&sources, &session(&with("application/at+JWT", json!(["x", "play"])))).await;
    assert_rejected(&sources, &with("JWT", json!("play"))).await;
    assert_rejected(&sources, &with("at+jwt", json!("player"))).await;
    assert_rejected(&sources, &with("at+jwt", json!(null))).await;
}

#[tokio::test]
async fn the_session_claim_outlives_the_token() {
    let mut settings = hmac();
    settings.claims.session = Some("sid".into());
    let sources = of(settings);
    let with = |sid: &str, end: i64| {
        let mut claims = claims();
        claims["sid"] = json!(sid);
        claims["exp"] = json!(NOW.secs() + end);
        session(&hs256(&claims))
    };
    let first = player(&sources, &with("s1", 60)).await;
    assert_eq!(sources.binding_unasked(&with("s1", 90).head()).unwrap(), Some(first.binding));
    assert_ne!(player(&sources, &with("s2", 60)).await.binding, first.binding);
    assert_eq!(sources.binding_unasked(&with("s1", -1).head()).unwrap(), None);
    assert_rejected(&sources, &hs256(&claims())).await;
}

#[tokio::test]
async fn bearer_tokens_come_in_authorization() {
    let sources = of(JwtSettings { credential: Credential::Header("Authorization".into()), ..hmac() });
    let bearer = Request::get("/").with("authorization", &format!("bearer {}", hs256(&claims())));
    assert_eq!(player(&sources, &bearer).await.carrier, Carrier::Header);
    let basic = Request::get("/").with("authorization", "Basic YTpi");
    assert!(matches!(who(&sources, &basic).await, Err(IdentityError::Rejected { .. })));
    let twice = bearer.with("authorization", "Bearer x");
    assert!(matches!(who(&sources, &twice).await, Err(IdentityError::Ambiguous(_))));
}

#[tokio::test]
async fn sources_must_agree() {
    let site = Arc::new(Site::default());
    let asked = asked_at(&site.serve().await);
    let sources = sources(vec![SourceSettings::Jwt(hmac()), SourceSettings::Introspection(asked)]);
    let both = |sid: &str, token: &str| cookie(&format!("session={token}; sid={sid}"));
    let token = hs256(&claims());
    site.knows("s1", "ayu");
    site.knows("s2", "budi");
    let agreed = player(&sources, &both("s1", &token)).await;
    assert_ne!(agreed.binding, player(&sources, &session(&token)).await.binding);
    assert_ne!(agreed.binding, player(&sources, &cookie("sid=s1")).await.binding);
    for odd in [both("s2", &token), both("s3", &token), both("s1", "forged.a.b"), both("s3", "forged.a.b")] {
        assert!(matches!(who(&sources, &odd).await, Err(IdentityError::Ambiguous(_))));
    }
}

#[test]
fn algorithms_that_do_not_fit_the_key_are_refused() {
    let build = |settings| Sources::build(vec![SourceSettings::Jwt(settings)], ports().1).err();
    let pem = || JwtKey::PublicKey(RSA_PEM.into());
    assert_eq!(build(settings(Algorithm::HS256, pem())), Some(BuildError::Algorithms));
    assert_eq!(build(JwtSettings { algorithms: vec![], ..hmac() }), Some(BuildError::Algorithms));
    let mixed = vec![Algorithm::HS256, Algorithm::RS256];
    assert_eq!(build(JwtSettings { algorithms: mixed, ..hmac() }), Some(BuildError::Algorithms));
    assert_eq!(build(settings(Algorithm::ES256, pem())), Some(BuildError::PublicKey));
    let missing = JwtKey::JwksFile("/does/not/exist".into());
    assert!(matches!(build(settings(Algorithm::RS256, missing)), Some(BuildError::JwksFile(_))));
}
