//! The audit trail: cases for every durable store. What an intruder does, they do by SQL.

use std::{sync::Arc, time::Duration};

use sqlx::{AnyPool, Row};
use stepgate::{
    audit::{
        Settings, prune,
        verify::{Finding, Place, Report, verify},
    },
    clock::UnixTime,
    stamp::SigningKey,
    store::{
        Accounts, AuditRecord, Edit, Outcome, Signer, Trail,
        audit::{Entry, Selection},
        sql::Sql,
    },
};

use super::{NOW, at_once, run, subject};
use crate::kit::postgres::Postgres;

/// A key that the trail of a test is signed with.
pub(super) fn signer() -> Signer {
    Signer::from_pkcs8("audit-key", &SigningKey::generate()).unwrap()
}

fn record(player: &str, event: &str, at: UnixTime) -> AuditRecord {
    AuditRecord {
        id: uuid::Uuid::now_v7().to_string(),
        subject: Some(subject(player)),
        at,
        actor: "player".into(),
        event: event.into(),
        detail: "app".into(),
        why: "case 7".into(),
        origin: "192.0.2.0/24".into(),
        outcome: Outcome::Done,
    }
}

async fn write(sql: &Sql, player: &str, event: &str, at: UnixTime) {
    sql.apply(&subject(player), &[Edit::Record(record(player, event, at))]).await.unwrap();
}

/// A trail of nine rows of three players.
struct Nine {
    sql: Sql,
    signer: Signer,
    /// As somebody who has the database and not the keys.
    intruder: AnyPool,
    chain: String,
}

impl Nine {
    async fn new(url: &str) -> Self {
        let signer = signer();
        let sql = Sql::open(url).await.unwrap().signing(signer.clone()).await.unwrap();
        for minute in 0..9_u32 {
            let player = ["ayu", "budi", "citra"][minute as usize % 3];
            write(
                &sql,
                player,
                if minute % 2 == 0 { "approved" } else { "factor-added" },
                NOW.plus(Duration::from_secs(60) * minute),
            )
            .await;
        }
        let intruder = sqlx::any::AnyPoolOptions::new().max_connections(1).connect(url).await.unwrap();
        let chain = sql.chains().await.unwrap().pop().unwrap().chain;
        Self { sql, signer, intruder, chain }
    }

    async fn report(&self) -> Report {
        verify(&self.sql, &self.signer).await.unwrap()
    }

    async fn findings(&self) -> Vec<Finding> {
        self.report().await.findings
    }

    fn place(&self, seq: i64) -> Place {
        Place { chain: self.chain.clone(), seq }
    }

    async fn execute(&self, statement: &'static str) {
        let done = sqlx::query(statement).execute(&self.intruder).await.unwrap();
        assert!(done.rows_affected() > 0, "{statement}");
    }

    async fn entry(&self, seq: i64) -> Entry {
        self.sql.entries(&self.chain, seq - 1, 1).await.unwrap().pop().unwrap().unwrap()
    }
}

/// A SQLite file and a PostgreSQL database, each for one test.
pub(super) fn on_both<F: Future<Output = ()>>(test: impl Fn(String) -> F) {
    let folder = tempfile::tempdir().unwrap();
    run(test(format!("sqlite:{}", folder.path().join("gate.db").display())));
    let postgres = Postgres::start();
    run(test(postgres.url()));
}

#[test]
fn a_whole_trail_is_whole_and_tells_each_player_their_own() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let report = nine.report().await;
        assert_eq!((report.rows, report.pruned, report.findings), (9, 0, vec![]));
        let activity = nine.sql.activity(&subject("ayu"), 2).await.unwrap();
        assert_eq!(activity.len(), 2);
        assert!(activity[0].at > activity[1].at && activity.iter().all(|row| row.subject == Some(subject("ayu"))));
        assert_eq!((activity[0].why.as_str(), activity[0].origin.as_str()), ("case 7", "192.0.2.0/24"));
        // The rows themselves do not name the player.
        assert_ne!(nine.entry(1).await.player, "ayu");
    });
}

#[test]
fn rows_that_concern_no_player_are_whole_and_nobodys() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let of_nobody = |event| AuditRecord { origin: "cli:0".into(), ..AuditRecord::new(NOW, "command", event) };
        nine.sql.write(&[of_nobody("keys-rotated"), record("ayu", "player-viewed", NOW)]).await.unwrap();
        let report = nine.report().await;
        assert_eq!((report.rows, report.findings), (11, vec![]));
        let rows = nine.sql.select(&Selection { kind: Some("keys-rotated".into()), ..Selection::default() }, 9).await;
        let (entry, player) = rows.unwrap().pop().unwrap();
        assert_eq!((entry.player.as_str(), player.as_str(), entry.origin.as_str()), ("", "", "cli:0"));
        // What is for auditors alone is not among what happened to the player.
        assert_eq!(nine.sql.activity(&subject("ayu"), 9).await.unwrap().len(), 3);
        // A row is not made nobody's.
        nine.execute("UPDATE audit_entry SET player = '' WHERE seq = 2").await;
        assert_eq!(nine.findings().await, [Finding::Changed(nine.place(2))]);
    });
}

#[test]
fn what_a_sink_does_not_have_is_counted_by_chain_and_since_its_oldest_row() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let minute = Duration::from_secs(60);
        let waiting = async |sink: &str| {
            let waiting = nine.sql.waiting_for(sink).await.unwrap();
            (waiting.count, waiting.oldest)
        };
        assert_eq!(waiting("webhook").await, (9, Some(NOW)));
        let due = nine.sql.due("webhook", NOW, NOW.plus(minute), 9).await.unwrap();
        nine.sql.sent("webhook", &due[0].chain, 4, NOW).await.unwrap();
        assert_eq!(waiting("webhook").await, (5, Some(NOW.plus(4 * minute))));
        assert_eq!(waiting("syslog").await, (9, Some(NOW)), "each sink by itself");
        let second = Sql::open(&url).await.unwrap().signing(nine.signer.clone()).await.unwrap();
        write(&second, "ayu", "approved", NOW).await;
        assert_eq!(waiting("webhook").await, (6, Some(NOW)));
        for due in nine.sql.due("webhook", NOW, NOW, 9).await.unwrap() {
            nine.sql.sent("webhook", &due.chain, due.until, NOW).await.unwrap();
        }
        assert_eq!(waiting("webhook").await, (0, None));
    });
}

/// Columns of a row by the statement that flips one bit of one byte, at `$2`, in row `$1`.
const TEXTS: [&str; 10] = ["chain", "id", "player", "actor", "event", "detail", "why", "origin", "outcome", "key_id"];

#[test]
fn a_byte_that_is_flipped_anywhere_in_a_row_is_found_and_named() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let (row, place) = (nine.entry(5).await, nine.place(5));
        let mut tried = 0;
        for column in TEXTS {
            let read = sqlx::AssertSqlSafe(format!("SELECT {column} FROM audit_entry WHERE chain = $1 AND seq = 5"));
            let text: String =
                sqlx::query(read).bind(nine.chain.as_str()).fetch_one(&nine.intruder).await.unwrap().get(0);
            for at in 0..text.len() {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1;
                let flipped = String::from_utf8(bytes).unwrap();
                flip(&nine, column, Value::Text(flipped.clone()), &row.id).await;
                named(&nine, &place, column, at, &flipped).await;
                flip(&nine, column, Value::Text(text.clone()), if column == "id" { &flipped } else { &row.id }).await;
                tried += 1;
            }
        }
        for (column, bytes) in [("hash", row.hash.clone()), ("signature", row.signed.signature.clone())] {
            for at in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[at] ^= 0x80;
                flip(&nine, column, Value::Bytes(flipped), &row.id).await;
                named(&nine, &place, column, at, "").await;
                tried += 1;
            }
            flip(&nine, column, Value::Bytes(bytes), &row.id).await;
        }
        for (column, number) in [("seq", row.seq), ("at", row.at.millis())] {
            for bit in 0..63 {
                let flipped = number ^ (1 << bit);
                // The place of another row cannot be taken.
                if column == "seq" && (1..=9).contains(&flipped) {
                    continue;
                }
                flip(&nine, column, Value::Number(flipped), &row.id).await;
                named(&nine, &place, column, bit, "").await;
                tried += 1;
            }
            flip(&nine, column, Value::Number(number), &row.id).await;
        }
        assert!(tried > 300, "{tried}");
        assert_eq!(nine.findings().await, []);
    });
}

enum Value {
    Text(String),
    Bytes(Vec<u8>),
    Number(i64),
}

async fn flip(nine: &Nine, column: &str, value: Value, id: &str) {
    let update = sqlx::AssertSqlSafe(format!("UPDATE audit_entry SET {column} = $1 WHERE id = $2"));
    let update = sqlx::query(update);
    let update = match value {
        Value::Text(text) => update.bind(text),
        Value::Bytes(bytes) => update.bind(bytes),
        Value::Number(number) => update.bind(number),
    };
    let done = update.bind(id.to_owned()).execute(&nine.intruder).await.unwrap();
    assert_eq!(done.rows_affected(), 1, "{column}");
}

/// The row is named: as changed, or, where its place was changed, as missing from it.
async fn named(nine: &Nine, place: &Place, column: &str, at: usize, now: &str) {
    let findings = nine.findings().await;
    let is_named = findings.contains(&Finding::Changed(place.clone()))
        || findings.contains(&Finding::Missing { from: place.clone(), to: place.seq });
    assert!(is_named, "{column}[{at}] {now}: {findings:?}");
}

#[test]
fn a_byte_that_is_no_text_any_more_hides_no_row() {
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let nine = Nine::new(&format!("sqlite:{}", folder.path().join("gate.db").display())).await;
        nine.execute("UPDATE audit_entry SET detail = CAST(X'ff61' AS TEXT) WHERE seq = 5").await;
        let found = nine.findings().await;
        assert_eq!(found, [Finding::Unreadable(nine.place(5))]);
    });
}

#[test]
fn rows_that_are_removed_swapped_cut_off_or_added_are_named() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let keep = "CREATE TABLE kept AS SELECT * FROM audit_entry";
        sqlx::query(keep).execute(&nine.intruder).await.unwrap();
        let restore = async || {
            nine.execute("DELETE FROM audit_entry").await;
            nine.execute("INSERT INTO audit_entry SELECT * FROM kept").await;
            assert_eq!(nine.findings().await, []);
        };
        nine.execute("DELETE FROM audit_entry WHERE seq = 4").await;
        assert_eq!(nine.findings().await, [Finding::Missing { from: nine.place(4), to: 4 }]);
        restore().await;
        nine.execute("DELETE FROM audit_entry WHERE seq = 1").await;
        assert_eq!(nine.findings().await, [Finding::Missing { from: nine.place(1), to: 1 }]);
        restore().await;
        nine.execute("DELETE FROM audit_entry WHERE seq > 7").await;
        assert_eq!(nine.findings().await, [Finding::Missing { from: nine.place(8), to: 9 }]);
        restore().await;
        nine.execute("UPDATE audit_entry SET seq = 100 WHERE seq = 3").await;
        nine.execute("UPDATE audit_entry SET seq = 3 WHERE seq = 6").await;
        nine.execute("UPDATE audit_entry SET seq = 6 WHERE seq = 100").await;
        let found = nine.findings().await;
        for seq in [3, 6] {
            assert!(found.contains(&Finding::Changed(nine.place(seq))), "{found:?}");
        }
        restore().await;
        nine.execute("UPDATE audit_entry SET chain = 'elsewhere' WHERE seq = 9").await;
        let found = nine.findings().await;
        assert!(found.contains(&Finding::Missing { from: nine.place(9), to: 9 }), "{found:?}");
        assert!(found.contains(&Finding::Stray(Place { chain: "elsewhere".into(), seq: 9 })), "{found:?}");
        restore().await;
        nine.execute(
            "INSERT INTO audit_entry SELECT chain, 10, 'x', at, player, actor, event, detail, why, origin, \
             outcome, hash, key_id, signature FROM kept WHERE seq = 9",
        )
        .await;
        let found = nine.findings().await;
        assert!(found.contains(&Finding::Changed(nine.place(10))), "{found:?}");
    });
}

#[test]
fn heads_chains_and_players_that_were_touched_are_named() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let second = Sql::open(&url).await.unwrap().signing(nine.signer.clone()).await.unwrap();
        write(&second, "ayu", "approved", NOW).await;
        let third = Sql::open(&url).await.unwrap().signing(nine.signer.clone()).await.unwrap();
        assert_eq!(nine.findings().await, []);
        nine.execute("UPDATE audit_head SET seq = 8 WHERE number = 1").await;
        assert_eq!(nine.findings().await, [Finding::Head(nine.chain.clone())]);
        nine.execute("UPDATE audit_head SET seq = 9 WHERE number = 1").await;
        nine.execute("UPDATE audit_player SET subject = 'mallory' WHERE subject = 'ayu'").await;
        assert_eq!(nine.findings().await, [Finding::PlayerChanged(nine.place(1))]);
        nine.execute("UPDATE audit_player SET subject = 'ayu' WHERE subject = 'mallory'").await;
        nine.execute("DELETE FROM audit_player WHERE subject = 'budi'").await;
        assert_eq!(nine.findings().await, [Finding::PlayerGone(nine.place(2))]);
        nine.execute("DELETE FROM audit_head WHERE number = 2").await;
        let found = nine.findings().await;
        assert!(found.contains(&Finding::ChainMissing(2)), "{found:?}");
        assert!(found.iter().any(|finding| matches!(finding, Finding::Stray(_))), "{found:?}");
        drop(third);
    });
}

#[test]
fn rows_that_are_written_at_once_are_one_chain() {
    on_both(async |url| {
        let signer = signer();
        let sql = Arc::new(Sql::open(&url).await.unwrap().signing(signer.clone()).await.unwrap());
        let player = std::sync::atomic::AtomicU32::new(0);
        at_once(40, &sql, |sql| {
            let number = player.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                let player = format!("player-{}", number % 7);
                write(&sql, &player, "approved", NOW).await;
                // One that fails leaves no gap.
                let edits = [Edit::Record(record(&player, "approved", NOW)), Edit::Remove("not there".into())];
                sql.apply(&subject(&player), &edits).await.unwrap();
            }
        })
        .await;
        let report = verify(&*sql, &signer).await.unwrap();
        assert_eq!((report.rows, report.findings), (40, vec![]));
    });
}

#[test]
fn what_is_old_goes_by_its_kind_and_the_chain_stays_whole() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let day = Duration::from_secs(24 * 3600);
        let settings =
            Settings { retention: vec![("approved".into(), day), ("default".into(), 3 * day)], ..Settings::default() };
        assert_eq!(prune(&nine.sql, &settings, NOW).await.unwrap(), 0);
        assert_eq!(prune(&nine.sql, &settings, NOW.plus(2 * day)).await.unwrap(), 5);
        let report = nine.report().await;
        assert_eq!((report.rows, report.pruned, report.findings), (4, 5, vec![]));
        // A row cannot be dated back, so that its end is signed.
        nine.execute("UPDATE audit_entry SET at = 0 WHERE seq = 4").await;
        assert_eq!(prune(&nine.sql, &settings, NOW.plus(2 * day)).await.unwrap(), 0);
        assert_eq!(nine.findings().await, [Finding::Changed(nine.place(4))]);
        let at = NOW.plus(3 * Duration::from_secs(60)).millis();
        sqlx::query("UPDATE audit_entry SET at = $1 WHERE seq = 4").bind(at).execute(&nine.intruder).await.unwrap();
        assert_eq!(prune(&nine.sql, &settings, NOW.plus(4 * day)).await.unwrap(), 4);
        let report = nine.report().await;
        assert_eq!((report.rows, report.pruned, report.findings), (0, 9, vec![]));
        assert_eq!(nine.sql.checkpoints(&nine.chain).await.unwrap().len(), 1, "runs that touch are one");
        write(&nine.sql, "ayu", "approved", NOW.plus(4 * day)).await;
        assert_eq!(nine.findings().await, []);
        nine.execute("UPDATE audit_checkpoint SET last = 8").await;
        let found = nine.findings().await;
        assert!(found.contains(&Finding::Checkpoint(nine.place(1))), "{found:?}");
    });
}

#[test]
fn an_export_selects_by_time_player_and_kind() {
    on_both(async |url| {
        let nine = Nine::new(&url).await;
        let count = async |selection: Selection| nine.sql.select(&selection, 100).await.unwrap().len();
        assert_eq!(count(Selection::default()).await, 9);
        assert_eq!(count(Selection { player: Some(subject("ayu")), ..Selection::default() }).await, 3);
        assert_eq!(count(Selection { kind: Some("approved".into()), ..Selection::default() }).await, 5);
        let since = Some(NOW.plus(Duration::from_secs(8 * 60)));
        assert_eq!(count(Selection { since, ..Selection::default() }).await, 1);
        let first = nine.sql.select(&Selection::default(), 4).await.unwrap();
        let (last, player) = first.last().unwrap();
        assert_eq!(player, "ayu");
        let after = Some((last.at, last.id.clone()));
        assert_eq!(count(Selection { after, ..Selection::default() }).await, 5);
    });
}
