//! Fields that the site reads where we would see none, or another value than we show.

use crate::kit::{ApiClient, Sender, TestGate};

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data; boundary=b";
const JSON: &str = "application/json";

/// Routes with conditions, and a form whose second field a parser may fold into.
fn conditions(yaml: String) -> String {
    let shown = "show: { Amount: { form: amount }, To: { form: destination } }";
    assert!(yaml.contains(shown), "{yaml}");
    let yaml = yaml.replace(shown, "show: { Amount: { form: amount }, To: { form: to_account } }");
    let routes = "
  - { name: action, match: { path: /action, methods: [POST], form: { do: pay } }, require: session }
  - { name: kind, match: { path: /kind, methods: [POST], form: { type: \"2\" } }, require: session }
  - { name: rpc, match: { path: /rpc, methods: [POST], json: { /type: \"2\" } }, require: session }
  - { name: status, match: { path: /rpc, methods: [POST], json: { /status: pay } }, require: session }
  - { name: order, match: { path: /rpc, methods: [POST], json: { /orders/0/kind: pay } }, require: session }
  - { name: menu, match: { path: /menu, query: { do: pay } }, require: session }
";
    yaml.replacen("\nroutes:\n", &format!("\nroutes:{routes}"), 1)
}

fn part(name: &str, content: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
}

/// A part of this name and content inside another one's content, for parsers that take any of these for an end.
fn hidden(end: &str, pairs: &[(&str, &str)]) -> String {
    let inner = pairs
        .iter()
        .map(|(name, value)| format!("{end}--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}"));
    part("x", &format!("x{}", inner.collect::<String>()))
}

/// B2, B3, B5: the right code, given for 10 to alice, must not send 999999 to mallory.
#[tokio::test]
async fn no_request_is_shown_as_another_one_than_some_site_runs() {
    let gate = TestGate::start_with(conditions).await;
    let sender = Sender::of(&gate);
    ApiClient::log_in(&gate.url(""), "budi").await.enrol_app().await;
    let session = sender.log_in("budi").await;
    let ask = async |target: &str, content_type: &str, body: &str| {
        let lines =
            [("cookie", session.as_str()), ("content-type", content_type), ("accept", JSON), ("origin", &sender.base)];
        sender.send("POST", target, &lines, body).await
    };
    let (amount, to) = (part("amount", "10"), part("to_account", "alice"));
    let pairs = [("amount", "999999"), ("to_account", "mallory")];
    let form = "/wallet/withdraw";
    for (target, content_type, body) in [
        (form, FORM, "amount=10&to_account=alice&amount]=999999".to_owned()),
        (form, FORM, "amount=10&to_account=alice&[amount]=999999".to_owned()),
        (form, FORM, "amount=10&to_account=alice&to[account=mallory".to_owned()),
        (form, FORM, "amount=10&to_account=alice&toAccount=mallory".to_owned()),
        (form, FORM, "amount=10]=x&to_account=alice".to_owned()),
        (form, PARTS, format!("{amount}{to}{}--b--\r\n", part("amount]", "999999"))),
        (form, PARTS, format!("{}{amount}{to}--b--\r\n", hidden("\n", &pairs))),
        (form, PARTS, format!("{amount}{to}{}--b--\r\n", hidden("", &pairs))),
        (form, PARTS, format!("{amount}{to}{}--b--\r\n", hidden("\r", &pairs))),
        (
            "/api/withdraw",
            JSON,
            "{\"amount\":\"10\",\"destination\":\"alice\",\"de\u{17f}tination\":\"mallory\"}".to_owned(),
        ),
        (
            "/api/withdraw",
            JSON,
            "{\"amount\":\"10\",\"destination\":\"alice\",\"dest\u{131}nation\":\"mallory\"}".to_owned(),
        ),
    ] {
        let refused = ask(target, content_type, &body).await;
        assert!(matches!(refused.status, 400 | 415), "{body}: {refused:?}");
        assert!(refused.json()["challenge"].is_null(), "{body}: {refused:?}");
    }
    for (target, content_type, body) in [
        (form, FORM, "amount=10&to_account=alice&user%5Bname%5D=x&items[]=1&csrf-token=y&form:a.b=z".to_owned()),
        (form, PARTS, format!("{amount}{to}{}--b--\r\n", part("user[name]", "caf\u{e9}"))),
        ("/api/withdraw", JSON, r#"{"amount":"10","destination":"alice","_amount":"1","note":"x"}"#.to_owned()),
    ] {
        let asked = ask(target, content_type, &body).await;
        assert_eq!(asked.status, 401, "{body}: {asked:?}");
        assert_eq!(asked.json()["challenge"]["details"][1]["value"], "alice", "{body}: {asked:?}");
    }
    assert_eq!(gate.site.received("POST", form).len() + gate.site.received("POST", "/api/withdraw").len(), 0);
}

/// B2, B5, B10: what some site takes for the guarded action is guarded; what none does goes on.
#[tokio::test]
async fn no_condition_is_passed_by_a_spelling() {
    let gate = TestGate::start_with(conditions).await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let ask = async |method: &str, target: &str, content_type: &str, body: &str| {
        let lines =
            [("cookie", session.as_str()), ("content-type", content_type), ("accept", JSON), ("origin", &sender.base)];
        sender.send(method, target, &lines, body).await
    };
    let pay = [("do", "pay")];
    let folded = "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n ; y=\":\"; name=\"do\"\r\n\r\npay\r\n--b--\r\n";
    let guarded = [
        ("/action", FORM, "[do]=pay".to_owned()),
        ("/action", FORM, "do]=pay".to_owned()),
        ("/action", FORM, "%5Bdo%5D=pay".to_owned()),
        ("/action", PARTS, format!("{}--b--\r\n", part("[do]", "pay"))),
        ("/action", PARTS, format!("{}--b--\r\n", hidden("\n", &pay))),
        ("/action", PARTS, format!("{}--b--\r\n", hidden("", &pay))),
        ("/action", PARTS, folded.to_owned()),
        ("/rpc", JSON, r#"{"type":2.0}"#.to_owned()),
        ("/rpc", JSON, r#"{"type":20e-1}"#.to_owned()),
        ("/rpc", JSON, "{\"\u{17f}tatus\":\"pay\"}".to_owned()),
        ("/kind", FORM, "type=02".to_owned()),
        ("/kind", FORM, "type=%2B2".to_owned()),
        ("/kind", FORM, "type=2x".to_owned()),
    ];
    for (target, content_type, body) in &guarded {
        let asked = ask("POST", target, content_type, body).await;
        assert!((400..500).contains(&asked.status) && !asked.problem().is_empty(), "{body}: {asked:?}");
        assert_eq!(gate.site.received("POST", target).len(), 0, "{body}");
    }
    for target in ["/menu?[do]=pay", "/menu?%5Bdo%5D=pay", "/menu?do]=pay"] {
        ask("GET", target, "text/plain", "").await;
        assert_eq!(gate.site.received("GET", target).len(), 0, "{target}");
    }
    for (target, content_type, body) in [
        ("/action", FORM, "user%5Bdo%5D=pay&items[]=pay&form:do=pay&do=look".to_owned()),
        ("/action", PARTS, format!("{}{}--b--\r\n", part("user[do]", "pay"), part("do", "look"))),
        ("/rpc", JSON, r#"{"type":3,"status":"look","_status":"pay"}"#.to_owned()),
        ("/kind", FORM, "type=3".to_owned()),
    ] {
        let before = gate.site.received("POST", target).len();
        ask("POST", target, content_type, &body).await;
        assert_eq!(gate.site.received("POST", target).len(), before + 1, "{body}");
    }
    ask("GET", "/menu?do=look&utm[=x&user[do]=pay", "text/plain", "").await;
    assert_eq!(gate.site.received("GET", "/menu?do=look&utm[=x&user[do]=pay").len(), 1);
}

/// B2, B5, B10: a site that takes a query and a document for one is asked by the query alone, or by both.
#[tokio::test]
async fn no_condition_on_json_is_passed_by_a_query() {
    let gate = TestGate::start_with(conditions).await;
    let sender = Sender::of(&gate);
    let session = sender.log_in("ayu").await;
    let ask = async |target: &str, content_type: &str, cookie: &str, body: &str| {
        let cookie = format!("{session}{cookie}");
        let lines = [("cookie", &*cookie), ("content-type", content_type), ("accept", JSON), ("origin", &sender.base)];
        sender.send("POST", target, &lines, body).await
    };
    for (target, content_type, cookie, body) in [
        ("/rpc?status=pay", JSON, "", ""),
        ("/rpc?status=pay", JSON, "", "{}"),
        ("/rpc?status=pay", JSON, "", r#"{"status":"look"}"#),
        ("/rpc?status=pay", "text/plain", "", ""),
        ("/rpc?status=pay", "image/png", "", "x"),
        ("/rpc?STATUS[]=pay", JSON, "", "{}"),
        ("/rpc?x=1;status=pay", JSON, "", "{}"),
        ("/rpc?orders[0][kind]=pay", JSON, "", "{}"),
        ("/rpc?orders[][kind]=pay", JSON, "", r#"{"orders":[]}"#),
        ("/rpc?orders%5B%5D%5Bkind%5D=pay", JSON, "", r#"{"orders":[{"kind":"look"}]}"#),
        ("/rpc?orders.0.kind=pay", JSON, "", ""),
        ("/rpc;status=pay", JSON, "", "{}"),
        ("/rpc", JSON, "; status=pay", "{}"),
    ] {
        let asked = ask(target, content_type, cookie, body).await;
        assert!((400..500).contains(&asked.status) && !asked.problem().is_empty(), "{target} {body}: {asked:?}");
        assert_eq!(gate.site.received("POST", target).len(), 0, "{target} {body}");
    }
    for (target, body) in [
        ("/rpc?page=2&user[status]=pay&utm[=x", r#"{"type":3,"status":"look"}"#),
        ("/rpc?status=look&orders[0][name]=pay", r#"{"status":"look","orders":[{"kind":"look"}]}"#),
        ("/rpc?kind=pay", ""),
    ] {
        ask(target, JSON, "; theme=pay", body).await;
        assert_eq!(gate.site.received("POST", target).len(), 1, "{target}");
    }
}
