//! The examples in docs/api.md are what the gateway does, and the page names every problem.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::kit::{Answer, AuthenticatorApp, Sender, TestGate};

const PAGE: &str = include_str!("../../docs/api.md");

/// A request as the page shows it, and its answer.
struct Example {
    method: String,
    target: String,
    lines: Vec<(String, String)>,
    body: String,
    status: u16,
    answer: String,
}

/// The fenced blocks of this kind, in order.
fn blocks(kind: &str) -> Vec<&'static str> {
    let opened = PAGE.split(&format!("```http {kind}\n")).skip(1).collect::<Vec<_>>();
    opened.into_iter().map(|rest| rest.split("```").next().unwrap().trim_end()).collect()
}

fn examples() -> Vec<Example> {
    let (requests, answers) = (blocks("request"), blocks("answer"));
    assert_eq!(requests.len(), answers.len(), "each request has its answer");
    let example = |(request, answer): (&str, &str)| {
        let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
        let mut lines = head.lines();
        let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
        let lines = lines.map(|line| line.split_once(": ").unwrap());
        let (status, answer) = answer.split_once('\n').unwrap_or((answer, ""));
        Example {
            method: method.to_owned(),
            target: target.to_owned(),
            lines: lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
            body: body.to_owned(),
            status: status.parse().unwrap(),
            answer: answer.to_owned(),
        }
    };
    requests.into_iter().zip(answers).map(example).collect()
}

/// Every member by its path.
fn members(document: &Value, path: &str, found: &mut BTreeSet<String>) {
    match document {
        Value::Object(object) => {
            for (name, value) in object {
                let path = format!("{path}/{name}");
                members(value, &path, found);
                found.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| members(item, path, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn shape(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    members(document, "", &mut found);
    found
}

/// What the words in braces stand for, as the answers tell it.
struct Told {
    words: HashMap<&'static str, String>,
    app: Option<AuthenticatorApp>,
    codes: usize,
}

impl Told {
    async fn fill(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        if text.contains("{code}") {
            let app = self.app.as_ref().expect("the app was enrolled before");
            // Each code is good once: the steps before, now and after.
            let code = [app.previous_code().await, app.code(), app.next_code()][self.codes].clone();
            self.codes += 1;
            text = text.replace("{code}", &code);
        }
        for (word, value) in &self.words {
            text = text.replace(&format!("{{{word}}}"), value);
        }
        text
    }

    fn learn(&mut self, target: &str, answer: &Answer) {
        let document = answer.json();
        if target.ends_with("/enrolments")
            && let Some(secret) = document["secret"].as_str()
        {
            self.app = Some(AuthenticatorApp::holding(secret));
            self.words.insert("enrolment", document["id"].as_str().unwrap().to_owned());
        }
        if let Some(id) = document["challenge"]["id"].as_str() {
            self.words.insert("challenge", id.to_owned());
        }
        if answer.headers.get_all("set-cookie").iter().any(|line| line.as_bytes().starts_with(b"stepgate-challenge=")) {
            let session = format!("{}; {}", self.words["session"], answer.cookie("stepgate-challenge"));
            self.words.insert("session", session);
        }
        if let Some(approval) = document["approval"].as_str() {
            self.words.insert("approval", approval.to_owned());
        }
    }
}

#[tokio::test]
async fn the_examples_are_what_the_gateway_does() {
    let gate = TestGate::start().await;
    let sender = Sender::of(&gate);
    let words = [
        ("origin", sender.base.clone()),
        ("session", sender.log_in("ayu").await),
        ("session of another player", sender.log_in("budi").await),
    ];
    let mut told = Told { words: words.into(), app: None, codes: 0 };
    let examples = examples();
    assert!(examples.len() >= 15, "{} examples", examples.len());
    for example in examples {
        let what = format!("{} {} {}", example.method, example.target, example.body);
        let (target, body) = (told.fill(&example.target).await, told.fill(&example.body).await);
        let mut lines = Vec::new();
        for (name, value) in &example.lines {
            lines.push((name.clone(), told.fill(value).await));
        }
        let lines: Vec<(&str, &str)> = lines.iter().map(|(name, value)| (&**name, &**value)).collect();
        let answer = sender.send(&example.method, &target, &lines, body).await;
        assert_eq!(answer.status, example.status, "{what}: {}", answer.body);
        if !example.answer.is_empty() {
            let documented: Value = serde_json::from_str(&example.answer).expect("an answer on the page is JSON");
            assert_eq!(shape(&answer.json()), shape(&documented), "{what}: {}", answer.body);
            for name in ["type", "title", "status", "detail", "require", "methods", "next", "method"] {
                assert_eq!(answer.json().get(name), documented.get(name), "{what}: {name}");
            }
        }
        told.learn(&example.target, &answer);
    }
}

#[test]
fn every_problem_and_every_call_is_on_the_page() {
    let problems = include_str!("../../src/web/problem.rs").split("Self::new(").skip(1);
    let kinds: Vec<&str> = problems.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next()).collect();
    assert!(kinds.len() >= 15, "{kinds:?}");
    for kind in kinds {
        assert!(PAGE.contains(&format!("`{kind}`")), "{kind} is not on the page");
    }
    let routes = include_str!("../../src/portal/mod.rs").split(".route(\"/api/").skip(1);
    for route in routes.map(|rest| rest.split('"').next().unwrap()) {
        assert!(PAGE.contains(&format!(" /api/{route}`")), "/api/{route} is not on the page");
    }
}
