//! `identity:`.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use secrecy::{ExposeSecret, SecretString};

use super::{Node, Report, raw};
use crate::identity::settings::{
    Bind, ClaimNames, ClaimPlaces, Credential, Extract, HeaderSettings, IntrospectionSettings, JwtKey, JwtSettings,
    SourceSettings,
};

pub(super) const SECOND: Duration = Duration::from_secs(1);

impl Report<'_> {
    /// The sources in file order.
    pub(super) fn identity(&mut self, typed: &[raw::Source], at: &Node) -> Vec<SourceSettings> {
        let sources = typed.iter().enumerate();
        sources.filter_map(|(index, source)| self.source(source, at.item(index))).collect()
    }

    fn source(&mut self, typed: &raw::Source, at: &Node) -> Option<SourceSettings> {
        match (&typed.jwt, &typed.introspection, &typed.login, &typed.header) {
            (Some(jwt), None, None, None) => self.jwt(jwt, at.at("jwt")).map(SourceSettings::Jwt),
            (None, Some(ask), None, None) => {
                self.introspection(ask, at.at("introspection")).map(SourceSettings::Introspection)
            }
            (None, None, Some(login), None) => self.login(login, at.at("login")).map(SourceSettings::Login),
            (None, None, None, Some(header)) => Some(SourceSettings::Header(self.header(header, at.at("header")))),
            _ => {
                self.push(at, "a source is exactly one kind", "one of: jwt, introspection, login, header");
                None
            }
        }
    }

    /// What carries the session: exactly one of the ways to write it.
    pub(super) fn credential(
        &mut self,
        at: &Node,
        cookie: Option<&str>,
        header: Option<&str>,
        session: Option<&raw::Session>,
    ) -> Option<Credential> {
        let long = session.map(|session| (session.cookies.as_deref(), session.header.as_deref()));
        match (cookie, header, long) {
            (Some(name), None, None) => self.cookies(at.at("cookie"), &[name.to_owned()]),
            (None, Some(name), None) => Some(Credential::Header(name.to_owned())),
            (None, None, Some((Some(names), None))) => self.cookies(at.at("session").at("cookies"), names),
            (None, None, Some((None, Some(name)))) => Some(Credential::Header(name.to_owned())),
            _ => {
                let help = "write `cookie: NAME`, or `session: { cookies: […] }` or `session: { header: … }`";
                self.push(at, "what carries the session must be said exactly once", help);
                None
            }
        }
    }

    fn cookies(&mut self, at: &Node, names: &[String]) -> Option<Credential> {
        let token = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}*".contains(&b))
        };
        let good = |name: &String| token(name.strip_suffix('*').unwrap_or(name));
        if names.is_empty() || !names.iter().all(good) {
            self.push(at, "this is no cookie name", "a name, or its beginning and a `*`");
            return None;
        }
        Some(Credential::Cookies(names.to_vec()))
    }

    fn jwt(&mut self, typed: &raw::Jwt, at: &Node) -> Option<JwtSettings> {
        let algorithms = self.algorithms(&typed.algorithms, at.at("algorithms"));
        let key = self.jwt_key(typed, at, &algorithms);
        let checks = [&typed.issuer, &typed.audience, &typed.token_type];
        if checks.iter().all(|check| check.is_none()) && typed.insecure_any_token != Some(true) {
            let help = "name at least one of `issuer`, `audience`, `type`, or set `insecure_any_token: true`";
            self.push(at, "any token of this key would be accepted", help);
        }
        let credential =
            self.credential(at, typed.cookie.as_deref(), typed.header.as_deref(), typed.session.as_ref())?;
        let claims = typed.claims.as_ref();
        let of = |pick: fn(&raw::Claims) -> &Option<String>| claims.and_then(|claims| pick(claims).clone());
        Some(JwtSettings {
            credential,
            algorithms,
            key: key?,
            issuer: typed.issuer.clone(),
            audience: typed.audience.clone(),
            token_type: typed.token_type.clone(),
            claims: ClaimNames {
                subject: claims.map_or_else(|| "sub".to_owned(), |claims| claims.subject.clone()),
                phone: of(|claims| &claims.phone),
                phone_since: of(|claims| &claims.phone_since),
                email: of(|claims| &claims.email),
                locale: of(|claims| &claims.locale),
                session: of(|claims| &claims.session),
            },
            bind: typed.bind.unwrap_or(Bind::Value),
        })
    }

    fn algorithms(&mut self, typed: &[String], at: &Node) -> Vec<Algorithm> {
        let mut algorithms: Vec<Algorithm> = Vec::new();
        for (index, name) in typed.iter().enumerate() {
            let Ok(algorithm) = name.parse() else {
                let message = format!("`{name}` is no accepted algorithm");
                self.push(at.item(index), message, "HS256, RS256, PS256, ES256, EdDSA and their longer forms");
                continue;
            };
            if algorithms.iter().any(|other| is_hmac(*other) != is_hmac(algorithm)) {
                let help = "keep one family: with both, a public key could be used as a shared secret";
                self.push(at.item(index), "HMAC and public-key algorithms are mixed", help);
            }
            algorithms.push(algorithm);
        }
        if typed.is_empty() {
            self.push(at, "there is no algorithm", "name what the site signs with, as in [HS256]");
        }
        algorithms
    }

    fn jwt_key(&mut self, typed: &raw::Jwt, at: &Node, algorithms: &[Algorithm]) -> Option<JwtKey> {
        let key = match (&typed.secret, &typed.insecure_secret, &typed.public_key, &typed.jwks) {
            (Some(secret), None, None, None) => {
                let place = at.at("secret");
                let secret = self.secret(place, secret)?;
                self.long_enough(place, &secret);
                JwtKey::Secret(secret)
            }
            (None, Some(secret), None, None) => {
                let place = at.at("insecure_secret");
                let secret = SecretString::from(secret.clone());
                self.no_example(place, secret.expose_secret());
                self.long_enough(place, &secret);
                JwtKey::Secret(secret)
            }
            (None, None, Some(key), None) => {
                JwtKey::PublicKey(self.file(at.at("public_key").at("file"), &self.path(&key.file))?)
            }
            (None, None, None, Some(raw::Jwks { file: Some(file), url: None })) => {
                let path = self.path(file);
                self.file(at.at("jwks").at("file"), &path)?;
                JwtKey::JwksFile(path)
            }
            (None, None, None, Some(raw::Jwks { file: None, url: Some(url) })) => {
                self.url(at.at("jwks").at("url"), url);
                JwtKey::JwksUrl(url.clone())
            }
            _ => {
                let help = "one of: secret, public_key, jwks: { file }, jwks: { url }";
                self.push(at, "a token needs exactly one key to verify it", help);
                return None;
            }
        };
        let shared = matches!(key, JwtKey::Secret(_));
        if algorithms.first().is_some_and(|first| is_hmac(*first) != shared) {
            let help = "HS* need `secret`, all others `public_key` or `jwks`";
            self.push(at.at("algorithms"), "the key does not fit the algorithms", help);
        }
        Some(key)
    }

    /// RFC 7518 §3.2: an HMAC key is at least as long as the hash.
    fn long_enough(&mut self, at: &Node, secret: &SecretString) {
        if secret.expose_secret().len() < 32 {
            self.push(at, "this secret is shorter than 32 bytes", "draw one: openssl rand -base64 48");
        }
    }

    fn introspection(&mut self, typed: &raw::Introspection, at: &Node) -> Option<IntrospectionSettings> {
        let credential = self.credential(at, typed.cookie.as_deref(), None, typed.session.as_ref());
        self.question(&typed.question, at, credential?, typed.bind.unwrap_or(Bind::Value))
    }

    pub(super) fn question(
        &mut self,
        typed: &raw::Question,
        at: &Node,
        credential: Credential,
        bind: Bind,
    ) -> Option<IntrospectionSettings> {
        self.url(at.at("url"), &typed.url);
        let cache = self.duration(at, "cache", typed.cache.as_deref(), Duration::ZERO);
        if cache > 60 * SECOND {
            self.push(at.at("cache"), "`cache` is at most 60s", "2s is usual");
        }
        let subject = self.extract(at.at("subject"), &typed.subject);
        let places = [&typed.phone, &typed.phone_since, &typed.email, &typed.locale];
        let claims = self.claim_places(at, places, Self::extract);
        Some(IntrospectionSettings {
            credential,
            url: typed.url.clone(),
            cache,
            deadline: self.duration(at, "deadline", typed.deadline.as_deref(), 5 * SECOND),
            max_answer: self.size(at, "max_answer", typed.max_answer.as_deref(), 64 << 10),
            anonymous: typed.anonymous.as_deref().and_then(|typed| self.anchored(at.at("anonymous"), typed)),
            claims,
            subject: subject?,
            bind,
        })
    }

    /// Where an answer says what of a player: `phone`, `phone_since`, `email` and `locale`, each as `read` takes it.
    pub(super) fn claim_places(
        &mut self,
        at: &Node,
        [phone, phone_since, email, locale]: [&Option<raw::Extract>; 4],
        read: fn(&mut Self, &Node, &raw::Extract) -> Option<Extract>,
    ) -> ClaimPlaces {
        let mut place =
            |key, typed: &Option<raw::Extract>| typed.as_ref().and_then(|typed| read(self, at.at(key), typed));
        ClaimPlaces {
            phone: place("phone", phone),
            phone_since: place("phone_since", phone_since),
            email: place("email", email),
            locale: place("locale", locale),
        }
    }

    pub(super) fn extract(&mut self, at: &Node, typed: &raw::Extract) -> Option<Extract> {
        match (&typed.json, &typed.regex, &typed.header, &typed.basic) {
            (Some(pointer), None, None, None) => {
                self.pointer(at.at("json"), pointer).then(|| Extract::Json(pointer.clone()))
            }
            (None, Some(typed), None, None) => {
                let regex = self.search(at.at("regex"), typed)?;
                if regex.captures_len() != 2 {
                    self.push(at.at("regex"), "the expression needs exactly one group", "put the value into ( )");
                }
                Some(Extract::Regex(regex))
            }
            (None, None, Some(name), None) => Some(Extract::Header(name.clone())),
            (None, None, None, Some(part)) if part == "user" => Some(Extract::BasicUser),
            _ => {
                self.push(at, "a value needs exactly one place", "one of: json, regex, header, basic: user");
                None
            }
        }
    }

    fn header(&mut self, typed: &raw::HeaderSource, at: &Node) -> HeaderSettings {
        let subject = match &typed.subject {
            raw::HeaderName::Name(name) => name.clone(),
            raw::HeaderName::Long(long) => long.header.clone(),
        };
        if http::HeaderName::from_bytes(subject.as_bytes()).is_err() {
            self.push(at.at("subject"), format!("`{subject}` is no header name"), "write its name alone");
        }
        if typed.from.is_empty() {
            self.push(at.at("from"), "nobody may send this header", "name the proxy's network");
        }
        HeaderSettings { subject, from: self.networks(typed.from.iter(), at.at("from")) }
    }

    pub(super) fn url(&mut self, at: &Node, typed: &str) {
        let good = url::Url::parse(typed)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host() && url.password().is_none());
        if !good {
            self.push(at, "this is no address to ask", "write http://… or https://… without a user");
        }
    }
}

const fn is_hmac(algorithm: Algorithm) -> bool {
    matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}
