//! Whatever is typed or sent into the portal: the stated problem, no fault, nothing for the site.

mod forms;

use serde_json::json;

use crate::kit::{AuthenticatorApp, Sender, TestGate};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A gateway with two players: `ayu` has an app and an open challenge, `budi` an enrolment that waits.
struct Portal {
    gate: TestGate,
    sender: Sender,
    app: AuthenticatorApp,
    /// Session and challenge cookie of `ayu`.
    ayu: String,
    challenge: String,
    /// Session of `budi`.
    budi: String,
    enrolment: String,
}

impl Portal {
    async fn start() -> Self {
        let gate = TestGate::start().await;
        let sender = Sender::of(&gate);
        let session = sender.log_in("ayu").await;
        let begun = sender.call("/.stepgate/api/enrolments", &session, &json!({ "method": "app" })).await.json();
        let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
        assert_eq!(sender.call(&confirm, &session, &json!({ "code": app.previous_code().await })).await.status, 200);
        let asked = sender.call("/api/withdraw", &session, &json!({ "amount": "1", "destination": "BCA 1" })).await;
        let challenge = asked.json()["challenge"]["id"].as_str().unwrap().to_owned();
        let ayu = format!("{session}; {}", asked.cookie("stepgate-challenge"));
        let budi = sender.log_in("budi").await;
        let begun = sender.call("/.stepgate/api/enrolments", &budi, &json!({ "method": "app" })).await.json();
        let enrolment = begun["id"].as_str().unwrap().to_owned();
        Self { gate, sender, app, ayu, challenge, budi, enrolment }
    }

    /// What the site received besides the questions who somebody is.
    fn forwarded(&self) -> usize {
        self.gate.site.everything().iter().filter(|request| request.target != "/api/me").count()
    }

    /// Each call that takes JSON: its address, the cookies of its player, a document that it would take
    /// but for the code, and the first member of it.
    fn calls(&self) -> [(String, &str, &'static str, &'static str); 4] {
        let challenge = format!("/.stepgate/api/challenges/{}", self.challenge);
        let enrolments = "/.stepgate/api/enrolments";
        [
            (format!("{challenge}/verify"), &self.ayu, r#"{"code":"x","method":"app"}"#, "code"),
            (format!("{challenge}/send"), &self.ayu, r#"{"method":"sms"}"#, "method"),
            (enrolments.to_owned(), &self.ayu, r#"{"method":"app"}"#, "method"),
            (format!("{enrolments}/{}/confirm", self.enrolment), &self.budi, r#"{"code":"x"}"#, "code"),
        ]
    }

    /// Each form: its address and the cookies of its player.
    fn forms(&self) -> [(String, &str); 3] {
        [
            (format!("/.stepgate/challenge/{}", self.challenge), &self.ayu),
            ("/.stepgate/settings/enrol".to_owned(), &self.ayu),
            (format!("/.stepgate/settings/enrol/{}", self.enrolment), &self.budi),
        ]
    }

    /// Both players can still do what they were about to do, and the site saw nothing of the rest.
    async fn still_works(&self, forwarded: usize) {
        assert_eq!(self.forwarded(), forwarded, "nothing was forwarded");
        let pending = format!("/.stepgate/settings/enrol/{}", self.enrolment);
        let page = self.sender.send("GET", &pending, &[("cookie", &self.budi), ("accept", "text/html")], "").await;
        assert!(page.status == 200 && page.body.contains("name=\"next\""), "{page:?}");
        let challenge = format!("/.stepgate/api/challenges/{}/verify", self.challenge);
        let right = self.sender.call(&challenge, &self.ayu, &json!({ "method": "app", "code": self.app.code() })).await;
        assert_eq!(right.status, 200, "{right:?}");
    }
}

/// Documents that no call takes, whatever its members.
fn no_documents(member: &str, good: &str) -> Vec<(&'static str, Vec<u8>)> {
    let first = |value: &str| good.replacen(&member_of(good, member), &format!("\"{member}\":{value}"), 1).into_bytes();
    let twice = good.replacen('{', &format!("{{{},", member_of(good, member)), 1);
    vec![
        ("no body", Vec::new()),
        ("null", b"null".to_vec()),
        ("an array of the members", br#"["app","123456"]"#.to_vec()),
        ("a string", br#""app""#.to_vec()),
        ("no members", b"{}".to_vec()),
        ("another member", good.replacen('{', r#"{"x":1,"#, 1).into_bytes()),
        ("a member twice", twice.into_bytes()),
        ("truncated", good.as_bytes()[..good.len() - 1].to_vec()),
        ("more than one document", format!("{good}{good}").into_bytes()),
        ("null for a member", first("null")),
        ("a number for a member", first("123456")),
        ("a huge number for a member", first(&"9".repeat(500))),
        ("a number past all bounds", first("1e999")),
        ("an array for a member", first(r#"["app"]"#)),
        ("an object for a member", first(r#"{"app":null}"#)),
        ("nested without end", first(&"[".repeat(5000))),
        ("a control character", first("\"a\u{1}\"")),
        ("bytes that are not UTF-8", [&good.as_bytes()[..good.len() - 2], b"\xff\"}"].concat()),
        ("a mark of byte order", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        ("half a surrogate pair", first(r#""\ud800""#)),
    ]
}

/// `"name":value` as it stands in a flat document.
fn member_of(document: &str, name: &str) -> String {
    let start = document.find(&format!("\"{name}\"")).unwrap();
    let rest = &document[start..];
    rest[..rest.find([',', '}']).unwrap()].to_owned()
}

#[tokio::test]
async fn a_document_that_is_not_as_documented_is_a_bad_request() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    for (target, cookies, good, member) in portal.calls() {
        for (what, body) in no_documents(member, good) {
            let lines = [("cookie", cookies), ("origin", &portal.sender.base), ("content-type", JSON)];
            let answer = portal.sender.send("POST", &target, &lines, body).await;
            assert_eq!((answer.status, answer.problem().as_str()), (400, "bad-request"), "{target}, {what}");
            assert!(!answer.body.contains("123456"), "what was sent is not told again: {}", answer.body);
        }
        let large = format!("{}{good}", " ".repeat(64 * 1024));
        let lines = [("cookie", cookies), ("origin", &portal.sender.base), ("content-type", JSON)];
        let answer = portal.sender.send("POST", &target, &lines, large).await;
        assert_eq!((answer.status, answer.problem().as_str()), (413, "too-large"), "{target}");
    }
    portal.still_works(forwarded).await;
}

#[tokio::test]
async fn what_is_no_code_is_rejected_and_does_not_count() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let codes =
        ["", "12345", "1234567", "１２３４５６", "٠١٢٣٤٥", "12\u{0}456", "-12345", "+1e5.0", "½½½½½½", "12345\n"];
    let many = "1".repeat(60_000);
    for code in codes.into_iter().chain([many.as_str()]) {
        for (target, cookies, document) in [
            (&portal.calls()[0].0, &portal.ayu, json!({ "method": "app", "code": code })),
            (&portal.calls()[3].0, &portal.budi, json!({ "code": code })),
        ] {
            let answer = portal.sender.call(target, cookies, &document).await;
            assert_eq!((answer.status, answer.problem().as_str()), (422, "code-rejected"), "{target}, {code:.20}");
        }
    }
    for (method, expected) in [("backup_code", (422, "code-rejected")), ("sms", (400, "bad-request"))] {
        let document = json!({ "method": method, "code": "123456" });
        let answer = portal.sender.call(&portal.calls()[0].0, &portal.ayu, &document).await;
        assert_eq!((answer.status, answer.problem().as_str()), expected, "{method}");
    }
    portal.still_works(forwarded).await;
}

/// A row of numbers that is the same at every run (xorshift).
struct Row(u64);

impl Row {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }
}

#[tokio::test]
async fn a_damaged_body_is_the_senders_fault_and_nobody_elses() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let calls = portal.calls().map(|(target, cookies, good, _)| (target, cookies, JSON, good));
    let forms = portal.forms().map(|(target, cookies)| (target, cookies, FORM, "code=x&method=ap&for=y"));
    let all: Vec<_> = calls.into_iter().chain(forms).collect();
    let mut row = Row(0x5eed_0f57_e96a_7e01);
    for _ in 0..400 {
        let (target, cookies, media, good) = &all[row.below(all.len())];
        let mut body = good.as_bytes().to_vec();
        for _ in 0..=row.below(4) {
            let at = row.below(body.len());
            match row.below(3) {
                0 => body[at] = u8::try_from(row.below(256)).unwrap(),
                1 => body.insert(at, b"\0\xff\"{}[]:,%&=+\\e"[row.below(15)]),
                _ => drop(body.drain(at..)),
            }
            if body.is_empty() {
                break;
            }
        }
        // Not to begin the enrolment that it happens to ask for.
        if *media == JSON && target.ends_with("/enrolments") && body == good.as_bytes() {
            continue;
        }
        let lines = [("cookie", *cookies), ("origin", &portal.sender.base), ("content-type", media)];
        let answer = portal.sender.send("POST", target, &lines, body.clone()).await;
        let text = String::from_utf8_lossy(&body);
        assert!(matches!(answer.status, 400 | 403 | 422), "{target} {text}: {answer:?}");
    }
    portal.still_works(forwarded).await;
}

#[tokio::test]
async fn only_the_right_media_type_is_taken() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let calls = portal.calls().map(|(target, cookies, ..)| (target, cookies, JSON, FORM));
    let forms = portal.forms().map(|(target, cookies)| (target, cookies, FORM, JSON));
    for (target, cookies, right, wrong) in calls.into_iter().chain(forms) {
        let utf16 = format!("{right}; charset=utf-16");
        for said in [None, Some(wrong), Some("text/plain"), Some("multipart/form-data; boundary=b"), Some(&*utf16)] {
            let mut lines = vec![("cookie", cookies), ("origin", &*portal.sender.base)];
            lines.extend(said.map(|said| ("content-type", said)));
            let answer = portal.sender.send("POST", &target, &lines, "{}").await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (415, "unsupported-media-type"),
                "{target} {said:?}"
            );
            assert!(answer.json()["detail"].as_str().unwrap().contains(right), "{}", answer.body);
        }
        let encoded = [("content-type", right), ("content-encoding", "gzip"), ("origin", &portal.sender.base)];
        assert_eq!(portal.sender.send("POST", &target, &encoded, "{}").await.status, 415, "{target}, encoded");
        let utf8 = format!("{right}; charset=UTF-8");
        let lines = [("cookie", cookies), ("origin", &*portal.sender.base), ("content-type", &utf8)];
        assert_ne!(portal.sender.send("POST", &target, &lines, "{}").await.status, 415, "{target}, {utf8}");
    }
    portal.still_works(forwarded).await;
}

#[tokio::test]
async fn an_enrolment_goes_on_to_challenges_of_its_own_log_in_only() {
    let portal = Portal::start().await;
    let lines = [("cookie", &*portal.budi), ("origin", &portal.sender.base), ("content-type", FORM)];
    let form = format!("method=app&for={}", portal.challenge);
    let begun = portal.sender.send("POST", "/.stepgate/settings/enrol", &lines, form).await;
    assert_eq!(begun.status, 303, "{begun:?}");
    let pending = begun.headers["location"].to_str().unwrap().to_owned();
    let page = portal.sender.send("GET", &pending, &[("cookie", &portal.budi)], "").await;
    let key = page.body.split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let code = AuthenticatorApp::holding(&key).code();
    let done = portal.sender.send("POST", &pending, &lines, format!("code={code}")).await;
    assert_eq!(done.headers["location"], "/.stepgate/settings?done=factor-added");
}

#[tokio::test]
async fn a_post_from_elsewhere_is_denied_before_anything_is_read() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let calls = portal.calls().map(|(target, cookies, ..)| (target, cookies, JSON));
    let forms = portal.forms().map(|(target, cookies)| (target, cookies, FORM));
    for (target, cookies, media) in calls.into_iter().chain(forms) {
        let own = &*portal.sender.base;
        for elsewhere in [
            vec![],
            vec![("origin", "null")],
            vec![("origin", "https://evil.example")],
            vec![("origin", own), ("origin", own)],
            vec![("origin", own), ("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "same-site")],
            vec![("sec-fetch-site", "none")],
        ] {
            let mut lines = vec![("cookie", cookies), ("content-type", media)];
            lines.extend(&elsewhere);
            let answer = portal.sender.send("POST", &target, &lines, "{}").await;
            assert_eq!((answer.status, answer.problem().as_str()), (403, "denied"), "{target}, {elsewhere:?}");
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{target}");
        }
    }
    portal.still_works(forwarded).await;
}

#[tokio::test]
async fn other_methods_addresses_and_ids_are_problems_of_ours() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let long = format!("/.stepgate/challenge/{}", "a".repeat(3000));
    let verify = portal.calls()[0].0.clone();
    for (method, target, status, problem) in [
        ("PUT", &*verify, 405, "method-not-allowed"),
        ("DELETE", "/.stepgate/settings", 405, "method-not-allowed"),
        ("GET", &verify, 405, "method-not-allowed"),
        ("POST", "/.stepgate/jwks.json", 405, "method-not-allowed"),
        ("GET", "/.stepgate", 404, "not-found"),
        ("GET", "/.stepgate/", 404, "not-found"),
        ("POST", "/.stepgate/none", 404, "not-found"),
        ("GET", "/.stepgate/api/none", 404, "not-found"),
        ("GET", "/.stepgate/challenge/", 404, "not-found"),
        ("GET", "/.stepgate/challenge/a/b", 404, "not-found"),
        ("GET", "/.stepgate/challenge/none", 410, "challenge-gone"),
        ("GET", "/.stepgate/api/enrolments/none", 410, "challenge-gone"),
        ("GET", &long, 410, "challenge-gone"),
        ("GET", "/.stepgate/challenge/%ff", 400, "bad-request"),
        ("GET", "/.stepgate/api/challenges/%c3%28", 400, "bad-request"),
        ("GET", "/.stepgate/challenge/a%2fb", 410, "challenge-gone"),
        ("GET", "/.Stepgate/settings", 400, "bad-request"),
    ] {
        let own = [("cookie", &*portal.ayu), ("origin", &portal.sender.base), ("content-type", JSON)];
        let answer = portal.sender.send(method, target, &own, "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{method} {target:.60}");
        assert!(status != 405 || answer.headers.contains_key("allow"), "{method} {target} names what is allowed");
        let browser = [("cookie", &*portal.ayu), ("origin", &portal.sender.base), ("accept", "text/html")];
        let answer = portal.sender.send(method, target, &browser, "").await;
        let page = answer.headers["content-type"] == "text/html; charset=utf-8";
        // What is no address at all is answered before anybody knows whose page it would be.
        let is_call = target.contains("/api/") && !target.contains("%c3");
        assert_eq!((answer.status, page), (status, !is_call), "{method} {target:.60}");
    }
    portal.still_works(forwarded).await;
}

#[tokio::test]
async fn malformed_cookies_and_tokens_prove_nothing_and_break_nothing() {
    let portal = Portal::start().await;
    let forwarded = portal.forwarded();
    let (session, browser) = portal.ayu.split_once("; ").unwrap();
    let challenge = format!("/.stepgate/api/challenges/{}", portal.challenge);
    let zeros = format!("stepgate-challenge={}", "A".repeat(43));
    for (cookies, status, problem) in [
        (session.to_owned(), 410, "challenge-gone"),
        (format!("{session}; stepgate-challenge="), 410, "challenge-gone"),
        (format!("{session}; stepgate-challenge=%00%ff\"'"), 410, "challenge-gone"),
        (format!("{session}; {zeros}"), 410, "challenge-gone"),
        (format!("{session}; {browser}; {browser}"), 410, "challenge-gone"),
        (format!("{session}; {browser}=="), 410, "challenge-gone"),
        (format!("{session}x; {browser}"), 401, "anonymous"),
        (browser.to_owned(), 401, "anonymous"),
        (format!("{session}; {session}; {browser}"), 400, "bad-request"),
        (format!("{}; {browser}; {session}", session.replace('=', "=x")), 400, "bad-request"),
    ] {
        let answer = portal.sender.send("GET", &challenge, &[("cookie", &cookies)], "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, problem), "{cookies}");
    }
    for stamp in ["", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", &"A".repeat(4000), "\u{fc}"] {
        for lines in [
            vec![("cookie", format!("{}; stepgate={stamp}", portal.ayu))],
            vec![("cookie", portal.ayu.clone()), ("stepgate-stamp", stamp.to_owned())],
        ] {
            let lines: Vec<(&str, &str)> = lines.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let shown = portal.sender.send("GET", &challenge, &lines, "").await;
            assert!(shown.status < 500, "{stamp:.20}: {shown:?}");
            let guarded = portal.sender.send("GET", "/account", &lines, "").await;
            assert!(matches!(guarded.status, 400 | 401), "{stamp:.20}: {guarded:?}");
        }
    }
    portal.still_works(forwarded).await;
}
