//! What is kept of a player, and where nothing of it may appear.

use std::fs;

use serde_json::{Value, json};

use crate::{
    audit::{command, said},
    kit::{Answer, AuthenticatorApp, Sender, TestGate, eventually, provider::Asked},
};

/// The demo's player `ayu` and the number that the site has.
const AYU: &str = "1001";
const NUMBER: &str = "81200001001";
/// What only the site and the player may read of a form.
const PLANTED: &str = "Zq7Planted0Body";

/// A player's browser that remembers every answer of ours and every secret.
struct Watched {
    sender: Sender,
    session: String,
    answers: Vec<(String, Answer)>,
    secrets: Vec<(&'static str, String)>,
}

impl Watched {
    async fn call(&mut self, target: &str, cookies: &str, body: &Value) -> Answer {
        let answer = self.sender.call(target, cookies, body).await;
        self.keep(target, &answer);
        answer
    }

    async fn get(&mut self, target: &str, cookies: &str) -> Answer {
        let answer = self.sender.send("GET", target, &[("cookie", cookies), ("accept", "text/html")], "").await;
        self.keep(target, &answer);
        answer
    }

    async fn form(&mut self, target: &str, cookies: &str, body: &str) -> Answer {
        let base = self.sender.base.clone();
        let kind = "application/x-www-form-urlencoded";
        let lines = [("cookie", cookies), ("origin", base.as_str()), ("content-type", kind), ("accept", "text/html")];
        let answer = self.sender.send("POST", target, &lines, body).await;
        self.keep(target, &answer);
        answer
    }

    fn keep(&mut self, target: &str, answer: &Answer) {
        for name in ["stepgate", "stepgate-challenge", "stepgate-device"] {
            let lines = answer.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
            let pairs = lines.filter_map(|line| line.split(';').next());
            for value in pairs.filter_map(|pair| pair.strip_prefix(&format!("{name}="))) {
                self.secrets.push(("cookie", value.to_owned()));
            }
        }
        self.answers.push((
            target.to_owned(),
            Answer { body: answer.body.clone(), headers: answer.headers.clone(), ..*answer },
        ));
    }

    fn secret(&mut self, what: &'static str, value: &str) {
        self.secrets.push((what, value.to_owned()));
    }

    /// An app, a set of backup codes, and a number.
    async fn enrol(&mut self, gate: &TestGate) -> (AuthenticatorApp, Vec<String>) {
        let session = self.session.clone();
        let begun = self.sender.call("/.stepgate/api/enrolments", &session, &json!({ "method": "app" })).await.json();
        let seed = begun["secret"].as_str().unwrap();
        self.secret("seed", seed);
        let raw = data_encoding::BASE32_NOPAD.decode(seed.as_bytes()).unwrap();
        self.secret("seed", &data_encoding::HEXLOWER.encode(&raw));
        let app = AuthenticatorApp::holding(seed);
        let confirm = format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap());
        let confirmed =
            self.sender.call(&confirm, &session, &json!({ "code": app.previous_code().await })).await.json();
        self.backup_codes(&confirmed);
        // A number beside it is a change, which asks for a proof first.
        let asked = self.call("/.stepgate/api/enrolments", &session, &json!({ "method": "sms" })).await;
        assert_eq!(asked.status, 401, "{}", asked.body);
        let approval = self.answer(&asked, &json!({ "method": "app", "code": app.code() })).await.json();
        let approval = approval["approval"].as_str().unwrap().to_owned();
        self.secret("approval", &approval);
        let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
        let lines = [
            ("cookie", cookies.as_str()),
            ("origin", &self.sender.base.clone()),
            ("content-type", "application/json"),
            ("stepgate-approval", approval.as_str()),
        ];
        let begun = self.sender.send("POST", "/.stepgate/api/enrolments", &lines, r#"{"method":"sms"}"#).await;
        self.keep("/.stepgate/api/enrolments", &begun);
        let id = begun.json()["id"].as_str().unwrap_or_else(|| panic!("{}", begun.body)).to_owned();
        self.call(&format!("/.stepgate/api/enrolments/{id}/confirm/send"), &session, &json!({})).await;
        let code = sent_code(gate).await;
        self.secret("code", &code);
        let confirm = format!("/.stepgate/api/enrolments/{id}/confirm");
        // A new factor comes with a new set, and is shown once.
        let confirmed = self.sender.call(&confirm, &session, &json!({ "code": code })).await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.body);
        (app, self.backup_codes(&confirmed.json()))
    }

    fn backup_codes(&mut self, confirmed: &Value) -> Vec<String> {
        let codes = confirmed["backup_codes"].as_array().unwrap_or_else(|| panic!("{confirmed}"));
        let codes: Vec<String> = codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        for code in &codes {
            self.secret("backup code", code);
            self.secret("backup code", &code.replace('-', ""));
        }
        codes
    }

    /// Answers the challenge of a refusal.
    async fn answer(&mut self, asked: &Answer, body: &Value) -> Answer {
        let verify = asked.json()["challenge"]["verify"].as_str().unwrap().to_owned();
        let cookies = format!("{}; {}", self.session, asked.cookie("stepgate-challenge"));
        self.secret("code", body["code"].as_str().unwrap());
        let answer = self.call(&verify, &cookies, body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer
    }

    /// A page is opened with a code, and the browser is remembered.
    async fn remember(&mut self, code: &str) {
        let session = self.session.clone();
        let asked = self.get("/account", &session).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
        let page = asked.headers["location"].to_str().unwrap().to_owned();
        self.secret("code", code);
        let opened = self.form(&page, &cookies, &format!("code={code}&remember=1")).await;
        assert!(!opened.cookie("stepgate-device").is_empty(), "{}", opened.body);
    }

    /// A form is held, approved with a backup code, and goes on.
    async fn hold(&mut self, code: &str) {
        let body = format!("amount=5&destination={PLANTED}To&csrf={PLANTED}");
        let session = self.session.clone();
        let asked = self.form("/wallet/withdraw", &session, &body).await;
        assert_eq!(asked.status, 303, "{}", asked.body);
        let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
        let page = asked.headers["location"].to_str().unwrap().to_owned();
        self.get(&page, &cookies).await;
        self.form(&page, &cookies, "code=000000").await;
        let confirmed = self.form(&page, &cookies, &format!("code={code}&method=backup_code")).await;
        let token = confirmed.body.split("name=\"stepgate_resume\" value=\"").nth(1).map(|rest| rest[..43].to_owned());
        let token = token.unwrap_or_else(|| panic!("{}", confirmed.body));
        self.secret("resume", &token);
        self.form("/wallet/withdraw", &cookies, &format!("stepgate_resume={token}")).await;
    }
}

/// The code of the newest SMS that has one.
async fn sent_code(gate: &TestGate) -> String {
    let code = |asked: &Asked| {
        let text = asked.json()["text"].as_str()?.to_owned();
        Some(text.lines().last()?.split_once(" #")?.1.to_owned())
    };
    eventually("an SMS with a code", async || gate.provider.asked().iter().rev().find_map(code)).await
}

/// Whether a text has a secret; digits alone only where they stand as a value.
fn has(text: &[u8], secret: &str) -> bool {
    let find = |needle: &str| text.windows(needle.len()).any(|window| window == needle.as_bytes());
    if secret.len() > 6 {
        return find(secret);
    }
    ["\"", "=", "#", ": "]
        .iter()
        .any(|before| find(&format!("{before}{secret}\"")) || find(&format!("{before}{secret}&")))
}

#[tokio::test]
async fn no_secret_appears_in_logs_metrics_problems_or_database_files() {
    let mut gate = TestGate::start_with(|yaml| format!("{yaml}log: {{ level: trace }}\n")).await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let mut player = Watched { sender, session: session.clone(), answers: Vec::new(), secrets: Vec::new() };
    player.secret("session", session.split_once('=').unwrap().1);
    player.secret("number", NUMBER);
    player.secret("body", PLANTED);
    let (app, codes) = player.enrol(&gate).await;
    player.hold(&codes[0]).await;
    player.remember(&app.next_code()).await;
    for page in ["/.stepgate/settings", "/.stepgate/settings/codes", "/.stepgate/help", "/.stepgate/freeze?t=nothing"] {
        player.get(page, &session).await;
    }
    for call in ["factors", "devices", "activity", "backup-codes"] {
        player.get(&format!("/.stepgate/api/{call}"), &session).await;
    }
    player.call("/.stepgate/api/challenges/nothing/verify", &session, &json!({ "method": "app", "code": 5 })).await;
    // The link in a notice freezes.
    let link = eventually("a notice with its link", async || {
        let texts = gate.provider.asked().iter().map(|asked| asked.json()["text"].to_string()).collect::<Vec<_>>();
        texts.iter().find_map(|text| Some(text.split_once("freeze?t=")?.1.chars().take(43).collect::<String>()))
    })
    .await;
    player.secret("freeze link", &link);
    player.get(&format!("/.stepgate/freeze?t={link}"), "").await;
    player.form("/.stepgate/freeze", "", &format!("t={link}")).await;
    player.get("/logout", &session).await;

    let mut places = vec![("metrics".to_owned(), gate.metrics().await.into_bytes())];
    places.push(("audit export".to_owned(), command(&gate, &["audit", "export"]).stdout));
    let log = gate.process.written().into_bytes();
    let lines = String::from_utf8_lossy(&log).matches("\"message\":\"decision\"").count();
    assert!(lines >= 2, "the log is read: {lines} decisions");
    places.push(("log".to_owned(), log));
    for entry in fs::read_dir(gate.folder()).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with("stepgate.db") {
            places.push((name, fs::read(&entry).unwrap()));
        }
    }
    assert!(places.len() >= 4, "the database's files are read");
    let problems = player.answers.iter().filter(|(_, answer)| {
        answer.headers.get("content-type").is_some_and(|kind| kind.to_str().unwrap().contains("problem"))
    });
    places.extend(problems.map(|(target, answer)| (format!("problem of {target}"), answer.body.clone().into_bytes())));
    for (what, secret) in &player.secrets {
        for (place, text) in &places {
            assert!(!has(text, secret), "a {what} stands in the {place}: {secret}");
        }
        // Pages show players their own things, and never what their browser or phone holds already.
        if ["session", "cookie", "number", "seed"].contains(what) {
            for (target, answer) in &player.answers {
                assert!(!has(answer.body.as_bytes(), secret), "a {what} stands in the answer of {target}");
            }
        }
    }
    given_out_and_erased(&gate, &player).await;
}

/// The tables that have a column with players' ids.
async fn tables(pool: &sqlx::AnyPool) -> Vec<String> {
    let tables = "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
                  WHERE m.type = 'table' AND p.name = 'subject' AND m.name <> 'audit_player'";
    let rows = sqlx::query(tables).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| sqlx::Row::get(row, 0)).collect()
}

async fn given_out_and_erased(gate: &TestGate, player: &Watched) {
    let url = format!("sqlite:{}", gate.folder().join("stepgate.db").display());
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    let exported = command(gate, &["user", "export", AYU, "--as", "admin", "--reason", "asked by letter"]);
    let document: Value = serde_json::from_slice(&exported.stdout).unwrap_or_else(|_| panic!("{}", said(&exported)));
    let kept = document["kept"].as_object().unwrap();
    for table in tables(&pool).await {
        assert!(kept.contains_key(&table), "{table} is not given out");
    }
    assert_eq!((kept["factor"].as_array().unwrap().len(), kept["backup_code"].as_array().unwrap().len()), (2, 10));
    assert!(kept["contact"].to_string().contains(NUMBER), "the player's own number is theirs to see");
    assert!(kept["audit"].as_array().unwrap().len() > 3);
    for (what, secret) in player.secrets.iter().filter(|(what, _)| *what != "number") {
        assert!(!has(&exported.stdout, secret), "a {what} is given out");
    }

    let erase = ["user", "erase", AYU, "--as", "admin", "--reason", "account closed"];
    assert_eq!(command(gate, &erase).status.code(), Some(64), "it must be said twice");
    let erased = command(gate, &[erase.as_slice(), &["--yes"]].concat());
    assert!(erased.status.success(), "{}", said(&erased));
    for table in tables(&pool).await {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table} WHERE subject = '{AYU}'"));
        let left: i64 = sqlx::Row::get(&sqlx::query(count).fetch_one(&pool).await.unwrap(), 0);
        assert_eq!(left, 0, "{table}");
    }
    let rows = command(gate, &["audit", "export"]).stdout;
    let rows: Vec<Value> =
        String::from_utf8(rows).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.iter().any(|row| row["event"] == "player-erased"));
    assert!(rows.iter().all(|row| row["player"] != AYU), "{rows:#?}");
    assert!(command(gate, &["audit", "export", "--player", AYU]).stdout.is_empty());
    let verified = command(gate, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
    // An erasure that nobody recorded is found.
    let forget = "DELETE FROM audit_entry WHERE event = 'player-erased'";
    assert_eq!(sqlx::query(forget).execute(&pool).await.unwrap().rows_affected(), 1);
    let verified = command(gate, &["audit", "verify"]);
    assert!(said(&verified).contains("is of a player who is not known and was not erased"), "{}", said(&verified));
}
