//! Durable ports: SQLite in a file, SQLite in memory, PostgreSQL.

use std::{os::unix::fs::PermissionsExt, sync::Arc, time::Duration};

use stepgate::{
    policy::{FactorKind, throttle::Pauses},
    secret::Sealed,
    store::{
        Accounts, Applied, Attempts, Edit, FactorRecord, Failed, Families, LoginBindings, PlayerState, Remembered,
        Reservation, Spent, Tries, TriesBy, Watch, sql::Sql,
    },
};

use super::{NOW, at_once, binding, factor, run, subject};
use crate::kit::postgres::Postgres;

const APP: Tries = Tries { kind: FactorKind::App, by: TriesBy::Anyone };

/// A file database in a directory of its own.
fn file() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let url = format!("sqlite:{}", folder.path().join("gate.db").display());
    (folder, url)
}

async fn open(url: &str) -> Arc<Sql> {
    let sql = Sql::open(url).await.expect("the database opens");
    Arc::new(sql.signing(super::audit::signer()).await.expect("its audit begins"))
}

pub(super) async fn add(sql: &Sql, factor: &FactorRecord) {
    let added = sql.apply(&factor.subject, &[Edit::Add(factor.clone())]).await.unwrap();
    assert_eq!(added, Applied::Done);
}

async fn a_watch_is_only_lengthened_and_cut_by_whoever_set_it(sql: &Sql) {
    let session = [2; 32];
    let after = |seconds| NOW.plus(Duration::from_secs(seconds));
    let first = sql.watch(session, after(60), NOW).await.unwrap().unwrap();
    assert_eq!(first, Watch { until: after(60), before: None });
    let second = sql.watch(session, after(10), NOW).await.unwrap().unwrap();
    assert!(second.until > first.until, "{second:?}");
    assert_eq!(second.before, Some(first.until));
    sql.cut_watch(session, first.until, None).await.unwrap();
    sql.cut_watch(session, first.until, Some(after(1))).await.unwrap();
    sql.cut_watch(session, second.until, Some(after(90))).await.unwrap();
    assert_eq!(sql.remembered(session, first.until).await.unwrap(), Some(Remembered::Watched { until: second.until }));
    assert_eq!(sql.remembered(session, second.until).await.unwrap(), None);
    sql.cut_watch(session, second.until, second.before).await.unwrap();
    assert_eq!(sql.remembered(session, first.until).await.unwrap(), None);
    let ayu = subject("ayu");
    sql.bind(session, &ayu, first.until).await.unwrap();
    assert_eq!(sql.watch(session, after(90), NOW).await.unwrap(), None);
    sql.cut_watch(session, first.until, None).await.unwrap();
    assert_eq!(sql.remembered(session, NOW).await.unwrap(), Some(Remembered::Of(ayu)), "who is refused stays so");
    let late = sql.watch(session, after(90), first.until).await.unwrap().unwrap();
    assert_eq!(late, Watch { until: after(90), before: None }, "that one had ended");
    sql.cut_watch(session, late.until, None).await.unwrap();
    assert_eq!(sql.remembered(session, NOW).await.unwrap(), None);
}

async fn watches_at_once_each_have_an_end_of_their_own(sql: &Arc<Sql>) {
    let end = NOW.plus(Duration::from_secs(60));
    let watch = |sql: Arc<Sql>| async move { sql.watch([3; 32], end, NOW).await.unwrap().unwrap() };
    let mut watches = at_once(20, sql, watch).await;
    watches.sort_unstable_by_key(|watch| watch.until);
    let before: Vec<_> = watches.iter().map(|watch| watch.before).collect();
    let earlier: Vec<_> = std::iter::once(None).chain(watches.iter().map(|watch| Some(watch.until))).take(20).collect();
    assert_eq!(before, earlier);
}

/// Every case on one fresh database.
async fn conforms(sql: Arc<Sql>) {
    unknown_keys_are_absent(&sql).await;
    a_factor_comes_back_as_it_was(&sql).await;
    super::accounts::conforms(&sql).await;
    super::desk::conforms(&sql).await;
    super::waves::conforms(&sql).await;
    a_step_is_accepted_once_and_never_a_smaller_one(&sql).await;
    an_id_is_spent_once(&sql).await;
    spent_ids_are_kept_until_they_expire(&sql).await;
    guesses_at_once_are_capped(&sql).await;
    a_hundred_failures_exhaust_a_factor(&sql).await;
    a_node_whose_clock_is_behind_finds_no_pause_where_there_is_none(&sql).await;
    an_ended_family_stays_ended(&sql).await;
    epochs_only_rise(&sql).await;
    login_bindings_expire(&sql).await;
    a_watch_is_only_lengthened_and_cut_by_whoever_set_it(&sql).await;
    watches_at_once_each_have_an_end_of_their_own(&sql).await;
}

#[test]
fn sqlite_in_a_file_conforms() {
    let (_folder, url) = file();
    run(async { conforms(open(&url).await).await });
}

#[test]
fn sqlite_in_memory_conforms() {
    run(async { conforms(open("sqlite::memory:").await).await });
}

#[test]
fn postgres_conforms() {
    let server = Postgres::start();
    run(async {
        let sql = open(&server.url()).await;
        conforms(Arc::clone(&sql)).await;
        sql.close().await;
    });
}

#[test]
fn a_reopened_file_keeps_everything() {
    let (folder, url) = file();
    run(async {
        let player = subject("ayu");
        let sql = open(&url).await;
        add(&sql, &factor("f", &player)).await;
        assert!(sql.advance_step("f", 50).await.unwrap());
        assert!(sql.spend("id", NOW).await.unwrap());
        assert!(Families::open(&*sql, binding(1), &player, NOW).await.unwrap());
        assert_eq!(sql.raise_epoch(&player).await.unwrap(), 1);
        for _ in 0..5 {
            sql.reserve(&player, APP, NOW, Pauses::default()).await.unwrap();
        }
        sql.close().await;

        let sql = open(&url).await;
        assert!(!sql.advance_step("f", 50).await.unwrap());
        assert!(!sql.spend("id", NOW).await.unwrap());
        assert_eq!(sql.epoch_if_open(binding(1), &player).await.unwrap(), Some(1));
        let until = NOW.plus(Duration::from_secs(30));
        assert_eq!(sql.failed(&player, APP, NOW).await.unwrap(), Failed { count: 5, paused_until: Some(until) });
    });
    let mode = std::fs::metadata(folder.path().join("gate.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn two_processes_share_one_new_file() {
    let (_folder, url) = file();
    run(async {
        let (one, two) = tokio::join!(Sql::open(&url), Sql::open(&url));
        let (one, two) = (Arc::new(one.unwrap()), Arc::new(two.unwrap()));
        add(&one, &factor("f", &subject("ayu"))).await;
        let (left, right) = tokio::join!(
            at_once(50, &one, |sql| async move { sql.advance_step("f", 99).await.unwrap() }),
            at_once(50, &two, |sql| async move { sql.advance_step("f", 99).await.unwrap() }),
        );
        assert_eq!(left.into_iter().chain(right).filter(|accepted| *accepted).count(), 1);
    });
}

#[test]
fn a_missing_directory_is_named() {
    let (folder, _) = file();
    let missing = folder.path().join("no/such.db");
    let error = run(Sql::open(&format!("sqlite:{}", missing.display()))).unwrap_err();
    let cause = error.cause.expect("a cause").to_string();
    assert!(cause.contains("/no of the database does not exist"), "{cause}");
}

async fn unknown_keys_are_absent(sql: &Sql) {
    let stranger = subject("stranger");
    assert_eq!(sql.player(&stranger).await.unwrap(), PlayerState::default());
    assert!(!sql.advance_step("none", 1).await.unwrap());
    let removed = sql.apply(&stranger, &[Edit::Remove("none".into())]).await.unwrap();
    assert_eq!(removed, Applied::Conflict);
    assert_eq!(sql.epoch_if_open(binding(9), &stranger).await.unwrap(), None);
    assert_eq!(sql.failed(&stranger, APP, NOW).await.unwrap(), Failed::default());
    assert_eq!(sql.subject([9; 32], NOW).await.unwrap(), None);
    sql.clear(&stranger, APP).await.unwrap();
    sql.void([9; 32]).await.unwrap();
}

async fn a_factor_comes_back_as_it_was(sql: &Sql) {
    let long = subject(&"x".repeat(255));
    for (id, owner) in [("long", long), ("other", subject("名前 é 🂡 'ok'; --"))] {
        let sealed = Sealed { key_id: "k1".to_owned(), bytes: vec![0xfe; 70_000] };
        let kept = FactorRecord { sealed, matures_at: NOW.plus(Duration::from_millis(1)), ..factor(id, &owner) };
        add(sql, &kept).await;
        let state = sql.player(&owner).await.unwrap();
        assert_eq!(state, PlayerState { factors: vec![kept], ..PlayerState::default() });
        let removal = [Edit::Remove(id.to_owned())];
        assert_eq!(sql.apply(&subject("thief"), &removal).await.unwrap(), Applied::Conflict);
        assert_eq!(sql.apply(&owner, &removal).await.unwrap(), Applied::Done);
        assert!(sql.player(&owner).await.unwrap().factors.is_empty());
    }
}

async fn a_step_is_accepted_once_and_never_a_smaller_one(sql: &Arc<Sql>) {
    add(sql, &factor("steps", &subject("steps"))).await;
    let accepted = at_once(100, sql, |sql| async move { sql.advance_step("steps", 20).await.unwrap() }).await;
    assert_eq!(accepted.into_iter().filter(|accepted| *accepted).count(), 1);
    for smaller in [10, 19, 20] {
        assert!(!sql.advance_step("steps", smaller).await.unwrap());
    }
    assert!(sql.advance_step("steps", 21).await.unwrap());
}

async fn an_id_is_spent_once(sql: &Arc<Sql>) {
    let spent = at_once(100, sql, |sql| async move { sql.spend("once", NOW).await.unwrap() }).await;
    assert_eq!(spent.into_iter().filter(|spent| *spent).count(), 1);
}

async fn spent_ids_are_kept_until_they_expire(sql: &Sql) {
    let later = NOW.plus(Duration::from_secs(60));
    assert!(sql.spend("kept", later).await.unwrap());
    assert!(sql.is_spent("kept", NOW).await.unwrap());
    assert!(!sql.is_spent("kept", later).await.unwrap(), "it is over");
    assert!(!sql.is_spent("another", NOW).await.unwrap());
    sql.sweep(later).await.unwrap();
    assert!(!sql.spend("kept", later).await.unwrap());
    assert_eq!(sql.sweep(later.plus(Duration::from_millis(1))).await.unwrap(), 1);
}

async fn guesses_at_once_are_capped(sql: &Arc<Sql>) {
    let player = subject("guessed");
    let guess = |sql: Arc<Sql>| {
        let player = player.clone();
        async move { sql.reserve(&player, APP, NOW, Pauses::default()).await.unwrap() }
    };
    let until = NOW.plus(Duration::from_secs(30));
    let reservations = at_once(500, sql, guess).await;
    let mut granted: Vec<u32> = Vec::new();
    for reservation in reservations {
        match reservation {
            Reservation::Reserved { failures } => granted.push(failures),
            refused @ (Reservation::Paused { .. } | Reservation::Exhausted) => {
                assert_eq!(refused, Reservation::Paused { until });
            }
        }
    }
    granted.sort_unstable();
    assert_eq!(granted, [1, 2, 3, 4, 5]);
    let other = sql.reserve(&player, Tries { kind: FactorKind::Sms, ..APP }, NOW, Pauses::default()).await.unwrap();
    assert_eq!(other, Reservation::Reserved { failures: 1 });
    let next = sql.reserve(&player, APP, until, Pauses::default()).await.unwrap();
    assert_eq!(next, Reservation::Reserved { failures: 6 });
    sql.clear(&player, APP).await.unwrap();
    for _ in 0..2 {
        let fresh = sql.reserve(&player, APP, NOW, Pauses::default()).await.unwrap();
        assert_eq!(fresh, Reservation::Reserved { failures: 1 });
        sql.release(&player, APP).await.unwrap();
    }
}

async fn a_hundred_failures_exhaust_a_factor(sql: &Sql) {
    let player = subject("exhausted");
    let unpaused = Pauses { first: Duration::ZERO, ..Pauses::default() };
    for failures in 1..=unpaused.rebind_after {
        let reserved = sql.reserve(&player, APP, NOW, unpaused).await.unwrap();
        assert_eq!(reserved, Reservation::Reserved { failures });
    }
    let refused = sql.reserve(&player, APP, NOW, unpaused).await.unwrap();
    assert_eq!(refused, Reservation::Exhausted);
    let known = Tries { by: TriesBy::KnownBrowser, ..APP };
    let reserved = sql.reserve(&player, known, NOW, unpaused).await.unwrap();
    assert_eq!(reserved, Reservation::Reserved { failures: 1 });
    sql.clear_exhausted(&player, unpaused.rebind_after).await.unwrap();
    let reserved = sql.reserve(&player, APP, NOW, unpaused).await.unwrap();
    assert_eq!(reserved, Reservation::Reserved { failures: 1 });
    assert_eq!(sql.failed(&player, known, NOW).await.unwrap().count, 1, "others are as they were");
}

async fn a_node_whose_clock_is_behind_finds_no_pause_where_there_is_none(sql: &Sql) {
    let player = subject("clocks");
    for (failures, behind) in [(1, 0), (2, 1), (3, 400)] {
        let now = NOW.minus(Duration::from_millis(behind));
        let reserved = sql.reserve(&player, APP, now, Pauses::default()).await.unwrap();
        assert_eq!(reserved, Reservation::Reserved { failures }, "{behind} ms behind");
    }
}

async fn an_ended_family_stays_ended(sql: &Sql) {
    let (owner, other) = (subject("owner"), subject("other-player"));
    assert!(Families::open(sql, binding(1), &owner, NOW).await.unwrap());
    assert!(Families::open(sql, binding(1), &owner, NOW).await.unwrap());
    assert!(!Families::open(sql, binding(1), &other, NOW).await.unwrap());
    assert_eq!(sql.epoch_if_open(binding(1), &owner).await.unwrap(), Some(0));
    assert_eq!(sql.epoch_if_open(binding(1), &other).await.unwrap(), None);
    // Binding 2 is ended before it was ever opened.
    for ended in [binding(1), binding(2)] {
        sql.end(ended, NOW).await.unwrap();
        assert!(!Families::open(sql, ended, &owner, NOW).await.unwrap());
        assert_eq!(sql.epoch_if_open(ended, &owner).await.unwrap(), None);
    }
}

async fn epochs_only_rise(sql: &Arc<Sql>) {
    let player = subject("epochs");
    assert!(Families::open(&**sql, binding(3), &player, NOW).await.unwrap());
    let raise = |sql: Arc<Sql>| {
        let player = player.clone();
        async move { sql.raise_epoch(&player).await.unwrap() }
    };
    let mut epochs = at_once(20, sql, raise).await;
    epochs.sort_unstable();
    assert_eq!(epochs, (1..=20).collect::<Vec<i64>>());
    assert_eq!(sql.epoch_if_open(binding(3), &player).await.unwrap(), Some(20));
}

async fn login_bindings_expire(sql: &Sql) {
    let (ayu, budi) = (subject("ayu"), subject("budi"));
    let end = NOW.plus(Duration::from_secs(60));
    sql.bind([1; 32], &ayu, end).await.unwrap();
    sql.bind([1; 32], &budi, end).await.unwrap();
    assert_eq!(sql.subject([1; 32], NOW).await.unwrap(), Some(budi));
    assert_eq!(sql.subject([1; 32], end).await.unwrap(), None);
    sql.void([1; 32]).await.unwrap();
    assert_eq!(sql.subject([1; 32], NOW).await.unwrap(), None);
}
