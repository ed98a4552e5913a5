//! `audit compare`: what a sink received, against a database that somebody changed with all its keys.

use std::{
    io::Write,
    process::{Command, Stdio},
    time::Duration,
};

use sqlx::AnyPool;
use stepgate::{
    audit::{
        self, Settings,
        compare::{Comparison, Difference, Report},
        verify::Place,
    },
    clock::UnixTime,
    request::Subject,
    stamp::SigningKey,
    store::{AuditRecord, Signer, Trail, audit::Selection, sql::Sql},
};

use crate::{
    audit::{audited_by, command, said},
    kit::{ApiClient, Gate, TestGate, eventually, provider::Provider},
};

/// A gateway whose audit goes to a webhook, and what that got: three rows or more of `ayu`.
struct Copied {
    gate: TestGate,
    lines: Vec<String>,
    intruder: AnyPool,
}

impl Copied {
    async fn start() -> Self {
        let sink = Provider::start().await;
        let gate = audited_by(&sink).await;
        let client = ApiClient::log_in(&gate.url(""), "ayu").await;
        let app = client.enrol_app().await;
        let _ = ApiClient::log_in(&gate.url(""), "budi").await.enrol_app().await;
        let _ = ApiClient::log_in(&gate.url(""), "citra").await.enrol_app().await;
        drop(app);
        let lines = eventually("three rows are sent", async || {
            let sent = sink.asked();
            let line = |asked: &crate::kit::provider::Asked| String::from_utf8(asked.body.clone().into()).unwrap();
            (sent.len() >= 3).then(|| sent.iter().map(line).collect::<Vec<String>>())
        })
        .await;
        sqlx::any::install_default_drivers();
        let url = format!("sqlite:{}", gate.folder().join("stepgate.db").display());
        Self { intruder: AnyPool::connect(&url).await.unwrap(), gate, lines }
    }

    fn compare(&self, text: &str) -> (Option<i32>, String) {
        let file = self.gate.folder().join("sink.ndjson");
        std::fs::write(&file, text).unwrap();
        let compared = command(&self.gate, &["audit", "compare", file.to_str().unwrap()]);
        (compared.status.code(), said(&compared))
    }

    async fn execute(&self, statement: &'static str) {
        assert!(sqlx::query(statement).execute(&self.intruder).await.unwrap().rows_affected() > 0, "{statement}");
    }
}

/// The standard input in place of a file.
fn compare_input(gate: &Gate, text: &str) -> (Option<i32>, String) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_stepgate"))
        .args(["audit", "compare", "-", "--config"])
        .arg(&gate.config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    (output.status.code(), said(&output))
}

#[tokio::test]
async fn a_sinks_copy_is_the_same_by_webhook_and_by_syslog_and_what_is_none_is_said() {
    let copied = Copied::start().await;
    let ndjson = copied.lines.join("\n");
    let (code, text) = copied.compare(&ndjson);
    assert!(code == Some(0) && text.starts_with("ok: 3 rows of the sink, 0 let go of"), "{text}");
    // As a syslog server writes them down, with a line of somebody else and one row twice.
    let syslog: String = copied
        .lines
        .iter()
        .chain(copied.lines.first())
        .map(|line| format!("<110>1 2026-01-31T12:00:00.000Z node-1 stepgate 7 factor-added - {line}\r\n"))
        .collect();
    let (code, text) = compare_input(&copied.gate, &format!("Jan 31 12:00:00 node-1 cron[9]: nothing\n{syslog}"));
    assert!(code == Some(0) && text.contains("ok: 4 rows") && text.contains("no audit rows: 1"), "{text}");
    // Heads alone, as somebody noted them.
    let row: serde_json::Value = serde_json::from_str(&copied.lines[1]).unwrap();
    let head = serde_json::json!({ "chain": row["chain"], "seq": row["seq"], "hash": row["hash"] });
    assert_eq!(copied.compare(&head.to_string()).0, Some(0));
    for (text, words) in [("", "no line is an audit row"), ("{}\nnothing\n", "lines that are none: 2")] {
        let (code, said) = copied.compare(text);
        assert!(code == Some(64) && said.contains(words), "{said}");
    }
    let missing = command(&copied.gate, &["audit", "compare", "/nowhere/sink.ndjson"]);
    assert_eq!(missing.status.code(), Some(64), "{}", said(&missing));
}

#[tokio::test]
async fn the_first_row_that_differs_or_is_missing_is_named() {
    let copied = Copied::start().await;
    let (ndjson, row): (_, serde_json::Value) =
        (copied.lines.join("\n"), serde_json::from_str(&copied.lines[1]).unwrap());
    let place = format!("row {} of chain {}", row["seq"], row["chain"].as_str().unwrap());
    let found = |words: &str| {
        let (code, text) = copied.compare(&ndjson);
        assert!(code == Some(70) && text.starts_with(&format!("error: {place} {words}\n")), "{text}");
        text
    };
    copied.execute("UPDATE audit_entry SET detail = 'sms' WHERE seq = 2").await;
    assert!(found("is not as the sink was sent it").contains("1 different or missing"));
    copied.execute("DELETE FROM audit_entry WHERE seq >= 2").await;
    assert!(found("is missing").contains("2 different or missing"));
    // A database that was put back, or a chain that was taken away whole, to its head.
    copied.execute("DELETE FROM audit_entry").await;
    copied.execute("DELETE FROM audit_head").await;
    let (code, text) = copied.compare(&ndjson);
    assert!(code == Some(70) && text.contains("row 1 of chain") && text.contains("3 different or missing"), "{text}");
}

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn report(sql: &Sql, signer: &Signer, lines: &[String], (settings, now): (&Settings, UnixTime)) -> Report {
    let mut comparison = Comparison::new(sql, signer, settings, now);
    for line in lines {
        comparison.line(line).await.unwrap();
    }
    comparison.report()
}

#[tokio::test]
async fn what_retention_took_in_its_time_is_no_finding_and_what_went_too_soon_is_one() {
    let signer = Signer::from_pkcs8("audit-key", &SigningKey::generate()).unwrap();
    let sql = Sql::open("sqlite::memory:").await.unwrap().signing(signer.clone()).await.unwrap();
    let subject = Some(Subject::parse("ayu").unwrap());
    for kind in ["approved", "approved", "frozen", "approved"] {
        let record = AuditRecord { subject: subject.clone(), ..AuditRecord::new(NOW, "player", kind) };
        sql.write(&[record]).await.unwrap();
    }
    let rows = sql.select(&Selection::default(), 9).await.unwrap();
    let mut lines: Vec<String> = rows.iter().map(|(entry, player)| audit::line(entry, player)).collect();
    lines.sort_by_key(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["seq"].as_i64());
    let chain = rows[0].0.chain.clone();
    let short = Settings { retention: vec![("approved".into(), DAY)], ..Settings::default() };
    let later = NOW.plus(2 * DAY);
    assert_eq!(audit::prune(&sql, &short, later).await.unwrap(), 3);
    let found = report(&sql, &signer, &lines, (&short, later)).await;
    assert_eq!((found.rows, found.let_go, found.different, found.first), (4, 3, 0, None));
    // With the retention that it says now, nobody would have let go of them yet.
    let long = Settings { retention: vec![("approved".into(), 3 * DAY)], ..Settings::default() };
    let found = report(&sql, &signer, &lines, (&long, later)).await;
    let place = |seq| Place { chain: chain.clone(), seq };
    assert_eq!((found.let_go, found.different, found.first), (0, 3, Some(Difference::TooSoon(place(1)))));
    // A checkpoint of somebody without the key hides nothing, and one with another last row neither.
    let other = Signer::from_pkcs8("audit-key", &SigningKey::generate()).unwrap();
    let found = report(&sql, &other, &lines, (&short, later)).await;
    assert_eq!(found.first, Some(Difference::Missing(place(1))));
    let last = lines[1].replace("\"hash\":\"", "\"hash\":\"00");
    let found = report(&sql, &signer, &[last], (&short, later)).await;
    assert_eq!(found.first, Some(Difference::Changed(place(2))));
}
