//! Who has an account, a factor or a number (security.md A33): answers are the same for a name with a
//! factor, one without and one that nobody has, before the log-in and to another player after it. How
//! long they take is not compared.

use serde_json::json;

use crate::{
    kit::{Answer, AuthenticatorApp, Sender, TestGate},
    portal_headers::paths,
};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// So many characters of base64url in a row are an id, a token or a hash.
const ID: usize = 20;
/// Asked for where the answer names nothing.
const NOTHING: &str = "-";
/// Lines that are another in each answer, tell what the body does, or are of the connection: whether that goes
/// on is a matter of what was read of a body by then.
const VARYING: [&str; 4] = ["date", "x-request-id", "content-length", "connection"];

/// What an answer tells once what was asked for, ids and lengths of time are taken out: status, lines, body.
fn told(answer: &Answer, asked: &str) -> String {
    let mut lines: Vec<String> = answer
        .headers
        .iter()
        .filter(|(name, _)| !VARYING.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", without_ids(&String::from_utf8_lossy(value.as_bytes()), asked)))
        .collect();
    lines.sort();
    let body = without_times(&without_ids(&answer.body, asked));
    format!("{}\n{}\n\n{body}", answer.status, lines.join("\n"))
}

/// The text with one word in place of what was asked for, and one in place of each id.
fn without_ids(text: &str, asked: &str) -> String {
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let known = |run: &str| {
        let word = run.trim_end_matches(|c| !is_of_id(c));
        match word {
            _ if word == asked => run.replacen(word, "ASKED", 1),
            _ if word.len() >= ID => run.replacen(word, "ID", 1),
            _ => run.to_owned(),
        }
    };
    text.split_inclusive(|c| !is_of_id(c)).map(known).collect()
}

/// Seconds go by while one asks.
fn without_times(text: &str) -> String {
    let mut parts = text.split("_in\":");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        whole += "_in\":N";
        whole += part.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    whole
}

/// What was asked for, and what the answer told: all told the same.
fn all_alike(what: &str, answers: &[(String, String)]) {
    let (first_asked, first) = &answers[0];
    for (asked, told) in &answers[1..] {
        assert_eq!(told, first, "{what}: {asked} is not answered as {first_asked} is");
    }
}

/// Sends one request for each of these words, wherever one can stand; the answers are alike.
async fn ask_for_each(sender: &Sender, cookies: &str, path: &str, words: &[String]) {
    for (method, accept, media) in [
        ("GET", "text/html", ""),
        ("GET", JSON, ""),
        ("POST", "text/html", FORM),
        ("POST", JSON, JSON),
        ("DELETE", JSON, ""),
        ("PUT", JSON, JSON),
    ] {
        let mut answers = Vec::new();
        for word in words {
            let path = path.replace("{id}", word).replace("{courier}", word);
            let target = format!("{path}?t={word}&for={word}&id={word}&done={word}&mac={word}");
            let body = match media {
                JSON => json!({ "code": "123456", "method": "app" }).to_string(),
                FORM => format!("t={word}&id={word}&for={word}&method=app&code=123456&change=remove-factor"),
                _ => String::new(),
            };
            let mut lines = vec![("cookie", cookies), ("accept", accept), ("origin", &sender.base)];
            lines.extend((!media.is_empty()).then_some(("content-type", media)));
            let answer = sender.send(method, &target, &lines, body).await;
            assert!(answer.status < 500, "{method} {target}: {answer:?}");
            answers.push((word.clone(), told(&answer, word)));
        }
        all_alike(&format!("{method} {path} {accept}"), &answers);
    }
}

/// Binds an app to the player of a session.
async fn enrol(sender: &Sender, session: &str) -> AuthenticatorApp {
    let begun = sender.call("/.stepgate/api/enrolments", session, &json!({ "method": "app" })).await.json();
    let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
    let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
    assert_eq!(sender.call(&confirm, session, &json!({ "code": app.previous_code().await })).await.status, 200);
    app
}

async fn gate(edit: impl FnOnce(String) -> String) -> (TestGate, Sender) {
    let gate = TestGate::start_with(edit).await;
    let sender = Sender::of(&gate);
    (gate, sender)
}

fn names() -> Vec<String> {
    ["budi", "ayu", "nobody", "1002", "1001", "9999"].map(str::to_owned).into()
}

#[tokio::test]
async fn before_the_log_in_no_page_and_no_call_tells_names_apart() {
    let (_gate, sender) = gate(|yaml| yaml).await;
    let session = sender.log_in("budi").await;
    enrol(&sender, &session).await;
    assert!(paths().len() >= 30, "the router is read: {:?}", paths());
    for path in paths() {
        ask_for_each(&sender, "a=b", &path, &names()).await;
    }
}

/// The demo, whose log-ins are watched and wait for the code.
fn withholding(yaml: String) -> String {
    let (before, after) = yaml.split_once("identity:\n").unwrap();
    let (source, after) = after.split_once("session_end:").unwrap();
    let url = source.split("url: ").nth(1).unwrap().lines().next().unwrap();
    format!(
        "{before}identity:\n  - login: {{ cookie: demo_session, match: {{ path: /login, methods: [POST] }}, \
         subject: {{ form: username }}, success: {{ status: [302] }}, hold_session: true, \
         confirm: {{ url: \"{url}\", subject: {{ json: /user/id }} }} }}\nsession_end:{after}"
    )
}

/// Tries to log in, and to be sent a new password; the answers are alike.
async fn log_ins(sender: &Sender, password: &str, known: &[&str]) {
    for (target, accept) in [("/login", "text/html"), ("/login", JSON), ("/forgot", "text/html")] {
        let mut answers = Vec::new();
        for name in known {
            let lines = [("content-type", FORM), ("accept", accept), ("origin", &*sender.base)];
            let form = format!("username={name}&password={password}");
            let answer = sender.send("POST", target, &lines, form).await;
            assert!(answer.status < 500, "{target}: {answer:?}");
            answers.push(((*name).to_owned(), told(&answer, NOTHING)));
        }
        all_alike(&format!("{target} {accept}, password {password}"), &answers);
    }
}

#[tokio::test]
async fn a_log_in_with_a_wrong_password_does_not_tell_who_has_a_factor() {
    for edit in [(|yaml| yaml) as fn(String) -> String, withholding] {
        let (_gate, sender) = gate(edit).await;
        let session = sender.log_in("budi").await;
        enrol(&sender, &session).await;
        log_ins(&sender, "wrong", &["budi", "ayu", "nobody"]).await;
    }
}

#[tokio::test]
async fn a_right_password_alone_does_not_tell_who_has_a_factor_unless_the_log_in_waits() {
    let (_gate, sender) = gate(|yaml| yaml).await;
    let session = sender.log_in("budi").await;
    enrol(&sender, &session).await;
    log_ins(&sender, stepgate::cli::demo::accounts::PASSWORD, &["budi", "ayu"]).await;
}

/// The id of a challenge in a refusal.
fn challenge_of(refused: &Answer) -> String {
    refused.json()["challenge"]["id"].as_str().unwrap_or_else(|| panic!("{refused:?}")).to_owned()
}

/// Ids of everything that `budi`, who has an app, and `citra`, who is binding one, have; then two of nothing.
async fn ids_of_others(sender: &Sender) -> Vec<String> {
    let budi = sender.log_in("budi").await;
    let app = enrol(sender, &budi).await;
    let read = async |target: &str| sender.send("GET", target, &[("cookie", &budi)], "").await.json();
    let factors = read("/.stepgate/api/factors").await;
    let factor = factors["factors"][0]["id"].as_str().unwrap().to_owned();
    let asked = sender.send("GET", "/account", &[("cookie", &budi), ("accept", JSON)], "").await;
    let browser = format!("{budi}; {}", asked.cookie("stepgate-challenge"));
    let answered = json!({ "method": "app", "code": app.code(), "remember_device": true });
    let verify = format!("/.stepgate/api/challenges/{}/verify", challenge_of(&asked));
    assert_eq!(sender.call(&verify, &browser, &answered).await.status, 200);
    let devices = read("/.stepgate/api/devices").await;
    let device = devices["devices"][0]["id"].as_str().unwrap_or_else(|| panic!("{devices}")).to_owned();
    let withdrawal = json!({ "amount": "1", "destination": "BCA 1" });
    let open = challenge_of(&sender.call("/api/withdraw", &browser, &withdrawal).await);
    let citra = sender.log_in("citra").await;
    let begun = sender.call("/.stepgate/api/enrolments", &citra, &json!({ "method": "app" })).await.json();
    let enrolment = begun["id"].as_str().unwrap().to_owned();
    let unknown = [&open, &factor].map(|id| id.replace(|c: char| c.is_ascii_digit(), "7"));
    [factor, device, open, enrolment].into_iter().chain(unknown).collect()
}

#[tokio::test]
async fn a_players_ids_are_to_another_what_ids_of_nothing_are() {
    let (_gate, sender) = gate(|yaml| yaml).await;
    let ids = ids_of_others(&sender).await;
    let ayu = sender.log_in("ayu").await;
    for has_factor in [false, true] {
        if has_factor {
            enrol(&sender, &ayu).await;
        }
        for path in paths() {
            ask_for_each(&sender, &ayu, &path, &[&ids[..], &names()[..]].concat()).await;
        }
    }
    // All of it is still there, untouched.
    let budi = sender.log_in("budi").await;
    let factors = sender.send("GET", "/.stepgate/api/factors", &[("cookie", &budi)], "").await.json();
    assert_eq!(factors["factors"][0]["id"], json!(ids[0]));
}

/// What a player with an app is answered who binds this number, up to its first code.
async fn binds(sender: &Sender, session: &str, number: &str, code: &str) -> Vec<(Answer, &'static str)> {
    let wanted = json!({ "method": "sms", "number": number });
    let asked = sender.call("/.stepgate/api/enrolments", session, &wanted).await;
    let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
    let verify = asked.json()["challenge"]["verify"].as_str().unwrap().to_owned();
    let granted = sender.call(&verify, &cookies, &json!({ "method": "app", "code": code })).await;
    let approval = granted.json()["approval"].as_str().unwrap_or_else(|| panic!("{granted:?}")).to_owned();
    let lines = [
        ("cookie", &*cookies),
        ("origin", &*sender.base),
        ("content-type", JSON),
        ("accept", JSON),
        ("stepgate-approval", &approval),
    ];
    let begun = sender.send("POST", "/.stepgate/api/enrolments", &lines, wanted.to_string()).await;
    let id = begun.json()["id"].as_str().unwrap_or_else(|| panic!("{begun:?}")).to_owned();
    let confirm = format!("/.stepgate/api/enrolments/{id}/confirm");
    let sent = sender.call(&format!("{confirm}/send"), &cookies, &json!({})).await;
    let refused = sender.call(&confirm, &cookies, &json!({ "code": "000000" })).await;
    vec![(asked, "asked"), (begun, "begun"), (sent, "sent"), (refused, "refused")]
}

#[tokio::test]
async fn a_number_that_is_somebodys_is_taken_like_one_that_is_nobodys() {
    let (gate, sender) = gate(|yaml| yaml.replace("countries: [ID] }", "countries: [ID], resend_after: 30s }")).await;
    let citra = sender.log_in("citra").await;
    let begun = sender.call("/.stepgate/api/enrolments", &citra, &json!({ "method": "sms" })).await.json();
    let id = begun["id"].as_str().unwrap_or_else(|| panic!("{begun}")).to_owned();
    let confirm = format!("/.stepgate/api/enrolments/{id}/confirm");
    assert_eq!(sender.call(&format!("{confirm}/send"), &citra, &json!({})).await.status, 202);
    let code = gate.provider.asked()[0].json()["text"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
    assert_eq!(sender.call(&confirm, &citra, &json!({ "code": code })).await.status, 200, "citra has her number");

    let mut answers = Vec::new();
    for (name, number) in [("ayu", "+6281200001003"), ("budi", "+6281200777703")] {
        let session = sender.log_in(name).await;
        let app = enrol(&sender, &session).await;
        answers.push(binds(&sender, &session, number, &app.code()).await);
    }
    let told = |(answer, what): &(Answer, &str)| (what.to_string(), told(answer, NOTHING));
    let [somebodys, nobodys] = [0, 1].map(|at| answers[at].iter().map(told).collect::<Vec<_>>());
    assert_eq!(somebodys, nobodys);
}
