//! Accounts and what belongs to them: cases for every durable store.

use std::{sync::Arc, time::Duration};

use stepgate::{
    policy::{FactorKind, cooldown::Cause},
    secret::{Sealed, TokenHash},
    store::{
        Accounts, Applied, AuditRecord, BackupCodeRecord, ContactKind, ContactRecord, Contacts, DeviceRecord, Devices,
        Edit, Freeze, Outbox, OutboxRecord, SendLimits, SendReservation, SmsSend, SmsSends, Spent, audit::Waiting,
        sql::Sql,
    },
};

use super::{NOW, at_once, binding, durable::add, factor, subject};

const MINUTE: Duration = Duration::from_secs(60);

/// Every case on one database.
pub(super) async fn conforms(sql: &Arc<Sql>) {
    of_first_enrolments_at_once_one_succeeds(sql).await;
    a_change_that_conflicts_changes_nothing(sql).await;
    a_backup_code_is_spent_once(sql).await;
    suspended_factors_do_not_count_and_come_back(sql).await;
    a_freeze_is_kept_until_it_is_cleared(sql).await;
    the_latest_cause_of_a_wait_is_kept(sql).await;
    a_device_is_exchanged_once_for_a_secret(sql).await;
    the_longest_unused_device_is_forgotten(sql).await;
    a_contact_that_comes_back_is_new(sql).await;
    sends_are_limited_by_number_and_by_player(sql).await;
    a_notice_is_claimed_by_one(sql).await;
    a_freeze_offer_ends(sql).await;
    an_id_is_spent_by_one_change_and_with_it(sql).await;
}

async fn apply(sql: &Sql, player: &str, edits: &[Edit]) -> Applied {
    sql.apply(&subject(player), edits).await.unwrap()
}

fn code(id: &str, selector: &str) -> BackupCodeRecord {
    BackupCodeRecord { id: id.into(), selector: selector.into(), hash: "$argon2id$…".into() }
}

async fn of_first_enrolments_at_once_one_succeeds(sql: &Arc<Sql>) {
    let enrol = |sql: Arc<Sql>| async move {
        let id = stepgate::secret::public_id();
        apply(&sql, "racing", &[Edit::RequireNoFactor, Edit::Add(factor(&id, &subject("racing")))]).await
    };
    let done = at_once(20, sql, enrol).await.into_iter().filter(|applied| *applied == Applied::Done).count();
    assert_eq!((done, sql.player(&subject("racing")).await.unwrap().factors.len()), (1, 1));
}

async fn a_change_that_conflicts_changes_nothing(sql: &Arc<Sql>) {
    add(sql, &factor("whole", &subject("whole"))).await;
    let before = sql.player(&subject("whole")).await.unwrap();
    let record = AuditRecord { subject: Some(subject("whole")), ..AuditRecord::new(NOW, "player", "e") };
    let edits = [
        Edit::RaiseEpoch,
        Edit::ReplaceBackupCodes(vec![code("c0", "AAAA")]),
        Edit::Record(record),
        Edit::Remove("not there".into()),
    ];
    assert_eq!(apply(sql, "whole", &edits).await, Applied::Conflict);
    assert_eq!(sql.player(&subject("whole")).await.unwrap(), before);
    assert_eq!(sql.activity(&subject("whole"), 9).await.unwrap(), []);
}

async fn a_backup_code_is_spent_once(sql: &Arc<Sql>) {
    let set = vec![code("c1", "AAAA"), code("c2", "BBBB")];
    apply(sql, "codes", &[Edit::ReplaceBackupCodes(set)]).await;
    let found = sql.backup_code(&subject("codes"), "AAAA").await.unwrap().unwrap();
    assert_eq!(found, code("c1", "AAAA"));
    assert_eq!(sql.backup_code(&subject("thief"), "AAAA").await.unwrap(), None);
    let spend = |sql: Arc<Sql>| async move {
        apply(&sql, "codes", &[Edit::SpendBackupCode { id: "c1".into(), at: NOW }]).await == Applied::Done
    };
    assert_eq!(at_once(50, sql, spend).await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(sql.backup_code(&subject("codes"), "AAAA").await.unwrap(), None);
    assert_eq!(sql.player(&subject("codes")).await.unwrap().backup_codes_left, 1);
    apply(sql, "codes", &[Edit::ReplaceBackupCodes(vec![code("c3", "AAAA")])]).await;
    assert_eq!(sql.player(&subject("codes")).await.unwrap().backup_codes_left, 1);
}

async fn suspended_factors_do_not_count_and_come_back(sql: &Arc<Sql>) {
    let owner = subject("asleep");
    add(sql, &factor("sleeper", &owner)).await;
    assert_eq!(apply(sql, "asleep", &[Edit::Suspend("sleeper".into())]).await, Applied::Done);
    let state = sql.player(&owner).await.unwrap();
    assert_eq!((state.factors.len(), state.suspended.len(), state.must_bind), (0, 1, false));
    assert_eq!(apply(sql, "asleep", &[Edit::RequireFactor("sleeper".into())]).await, Applied::Conflict);
    assert_eq!(apply(sql, "asleep", &[Edit::Suspend("sleeper".into())]).await, Applied::Conflict);
    assert_eq!(apply(sql, "asleep", &[Edit::Resume("sleeper".into())]).await, Applied::Done);
    assert_eq!(apply(sql, "asleep", &[Edit::RequireFactor("sleeper".into())]).await, Applied::Done);
    assert_eq!(apply(sql, "asleep", &[Edit::RequireNoFactor]).await, Applied::Conflict);
    apply(sql, "asleep", &[Edit::Remove("sleeper".into()), Edit::MustBind]).await;
    assert!(sql.player(&owner).await.unwrap().must_bind);
    add(sql, &factor("awake", &owner)).await;
    assert!(!sql.player(&owner).await.unwrap().must_bind, "bound again");
}

async fn a_freeze_is_kept_until_it_is_cleared(sql: &Arc<Sql>) {
    let freeze = Freeze { at: NOW, event_at: NOW.minus(MINUTE) };
    apply(sql, "frozen", &[Edit::Freeze(freeze)]).await;
    apply(sql, "frozen", &[Edit::Freeze(Freeze { at: NOW.plus(MINUTE), event_at: NOW })]).await;
    assert_eq!(sql.player(&subject("frozen")).await.unwrap().freeze, Some(freeze), "the first stays");
    assert_eq!(apply(sql, "frozen", &[Edit::RequireNotFrozen]).await, Applied::Conflict);
    assert_eq!(apply(sql, "frozen", &[Edit::RequireFreeze(freeze)]).await, Applied::Done);
    apply(sql, "frozen", &[Edit::Freeze(Freeze::by_desk(NOW.plus(MINUTE)))]).await;
    assert_eq!(apply(sql, "frozen", &[Edit::RequireFreeze(freeze)]).await, Applied::Conflict, "the desk's by now");
    let stricter = sql.player(&subject("frozen")).await.unwrap().freeze.unwrap();
    assert!(stricter.is_of_desk() && stricter.at == NOW);
    apply(sql, "frozen", &[Edit::Freeze(freeze)]).await;
    assert!(sql.player(&subject("frozen")).await.unwrap().freeze.unwrap().is_of_desk(), "it stays the desk's");
    apply(sql, "frozen", &[Edit::Unfreeze]).await;
    assert_eq!(sql.player(&subject("frozen")).await.unwrap().freeze, None);
    assert_eq!(apply(sql, "frozen", &[Edit::RequireFreeze(freeze)]).await, Applied::Conflict);
}

async fn the_latest_cause_of_a_wait_is_kept(sql: &Arc<Sql>) {
    for at in [NOW, NOW.plus(MINUTE), NOW] {
        apply(sql, "waits", &[Edit::Happened(Cause::PhoneChange, at)]).await;
    }
    let happened = sql.player(&subject("waits")).await.unwrap().happened;
    assert_eq!((happened.of(Cause::PhoneChange), happened.of(Cause::Enroll)), (Some(NOW.plus(MINUTE)), None));
}

pub(super) fn device(id: &str, owner: &str, token: u8) -> DeviceRecord {
    DeviceRecord {
        id: id.into(),
        subject: subject(owner),
        name: "Chrome, Android".into(),
        token: TokenHash([token; 32]),
        previous_token: None,
        is_seen: true,
        rotated_at: NOW,
        rotated_for: None,
        rotated_epoch: 3,
        auth_time: NOW,
        proven_by: FactorKind::Sms,
        created_at: NOW,
        used_at: NOW,
        expires_at: NOW.plus(MINUTE),
    }
}

async fn a_device_is_exchanged_once_for_a_secret(sql: &Arc<Sql>) {
    let kept = device("d1", "owner", 1);
    sql.remember(&kept, 5).await.unwrap();
    assert_eq!(Devices::find(&**sql, "d1", NOW).await.unwrap(), Some(kept.clone()));
    let next = DeviceRecord {
        token: TokenHash([2; 32]),
        previous_token: Some(kept.token),
        is_seen: false,
        rotated_for: Some(binding(1)),
        ..kept.clone()
    };
    let exchange = |sql: Arc<Sql>| {
        let (old, next) = (kept.token, next.clone());
        async move { sql.rotate(old, &next).await.unwrap() }
    };
    assert_eq!(at_once(20, sql, exchange).await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(Devices::find(&**sql, "d1", NOW).await.unwrap(), Some(next.clone()));
    let again = DeviceRecord { token: TokenHash([3; 32]), ..next.clone() };
    assert!(sql.rotate(next.token, &again).await.unwrap(), "nobody was seen with the second");
    sql.seen_device("d1", next.token).await.unwrap();
    assert!(!Devices::find(&**sql, "d1", NOW).await.unwrap().unwrap().is_seen, "the newest was not");
    sql.seen_device("d1", again.token).await.unwrap();
    let late = DeviceRecord { token: TokenHash([4; 32]), ..again.clone() };
    assert!(!sql.rotate(again.token, &late).await.unwrap(), "the first counts no more");
    let next = DeviceRecord { previous_token: Some(again.token), ..late };
    assert!(sql.rotate(again.token, &next).await.unwrap());
    assert_eq!(Devices::find(&**sql, "d1", NOW.plus(MINUTE)).await.unwrap(), None, "it expired");
    assert_eq!(sql.sweep_devices(NOW.plus(MINUTE)).await.unwrap(), 1);
}

async fn the_longest_unused_device_is_forgotten(sql: &Arc<Sql>) {
    for (number, id) in ["old", "middle", "new"].into_iter().enumerate() {
        let used_at = NOW.plus(Duration::from_secs(number as u64));
        sql.remember(&DeviceRecord { used_at, ..device(id, "many", number as u8) }, 2).await.unwrap();
    }
    let ids = |devices: Vec<DeviceRecord>| devices.into_iter().map(|device| device.id).collect::<Vec<_>>();
    assert_eq!(ids(sql.of_player(&subject("many"), NOW).await.unwrap()), ["new", "middle"]);
    apply(sql, "thief", &[Edit::ForgetDevice("new".into())]).await;
    apply(sql, "many", &[Edit::ForgetDevice("middle".into())]).await;
    assert_eq!(ids(sql.of_player(&subject("many"), NOW).await.unwrap()), ["new"]);
    apply(sql, "many", &[Edit::ForgetDevices]).await;
    assert!(sql.of_player(&subject("many"), NOW).await.unwrap().is_empty());
}

async fn a_contact_that_comes_back_is_new(sql: &Arc<Sql>) {
    let owner = subject("reached");
    let at = |minutes: u32| NOW.plus(MINUTE * minutes);
    let seen = |lookup: u8, minutes: u32| {
        let contact = ContactRecord {
            kind: ContactKind::Phone,
            lookup: [lookup; 32],
            sealed: Sealed { key_id: "k".into(), bytes: vec![lookup] },
            first_seen: at(minutes),
            last_seen: at(minutes),
        };
        let owner = owner.clone();
        async move { sql.seen(&owner, &contact).await.unwrap() }
    };
    assert_eq!(seen(1, 0).await, at(0));
    assert_eq!(seen(1, 5).await, at(0), "without a break since then");
    assert_eq!(seen(2, 6).await, at(6));
    assert_eq!(seen(1, 7).await, at(7), "another was named between");
    assert_eq!(sql.contacts(&owner, at(7)).await.unwrap().len(), 1);
    assert_eq!(sql.contacts(&owner, at(0)).await.unwrap().len(), 2);
    assert_eq!(sql.contacts(&subject("nobody"), at(0)).await.unwrap(), []);
}

async fn sends_are_limited_by_number_and_by_player(sql: &Arc<Sql>) {
    const LIMITS: SendLimits = SendLimits { gap: MINUTE, per_hour: 2, per_day: 3 };
    let send = |player: &str, number: u8, minutes: u32| {
        let send = SmsSend {
            id: stepgate::secret::public_id(),
            subject: subject(player),
            number: [number; 32],
            at: NOW.plus(MINUTE * minutes),
            tallies: Vec::new(),
            cost: 0,
        };
        let sql = Arc::clone(sql);
        async move { sql.reserve_send(&send, LIMITS).await.unwrap() }
    };
    let wait = |minutes: u32| SendReservation::Wait { until: NOW.plus(MINUTE * minutes) };
    assert_eq!(send("s1", 1, 0).await, SendReservation::Reserved);
    assert_eq!(send("s1", 1, 0).await, wait(1));
    assert_eq!(send("s1", 9, 0).await, wait(1), "another number of the same player");
    assert_eq!(send("s2", 1, 0).await, wait(1), "the same number of another player");
    assert_eq!(send("s1", 1, 1).await, SendReservation::Reserved);
    assert_eq!(send("s1", 1, 5).await, wait(60), "two within the hour");
    assert_eq!(send("s1", 1, 60).await, SendReservation::Reserved);
    assert_eq!(send("s1", 1, 130).await, wait(24 * 60), "three within the day");
    let used = |minutes: u32| {
        let id = stepgate::secret::public_id();
        let send = SmsSend {
            id: id.clone(),
            subject: subject("s4"),
            number: [4; 32],
            at: NOW.plus(MINUTE * minutes),
            tallies: Vec::new(),
            cost: 0,
        };
        let sql = Arc::clone(sql);
        async move {
            let reserved = sql.reserve_send(&send, LIMITS).await.unwrap();
            sql.verified(&id, send.at).await.unwrap();
            reserved
        }
    };
    for _ in 0..3 {
        assert_eq!(used(0).await, SendReservation::Reserved, "whoever used the last one need not wait");
    }
    assert_eq!(used(1).await, wait(24 * 60), "the day's limit counts them all");
    let racing = at_once(20, sql, |sql: Arc<Sql>| async move {
        let id = stepgate::secret::public_id();
        let send = SmsSend { id, subject: subject("s3"), number: [3; 32], at: NOW, tallies: Vec::new(), cost: 0 };
        sql.reserve_send(&send, LIMITS).await.unwrap()
    });
    let reserved = racing.await.into_iter().filter(|sent| *sent == SendReservation::Reserved).count();
    assert_eq!(reserved, 1);
}

async fn a_notice_is_claimed_by_one(sql: &Arc<Sql>) {
    let record = OutboxRecord {
        id: "n1".into(),
        subject: subject("told"),
        kind: "factor-added".into(),
        channel: "sms".into(),
        sealed: Sealed { key_id: "k".into(), bytes: vec![1, 2] },
        created_at: NOW,
        tries: 0,
    };
    apply(sql, "told", &[Edit::Tell(record.clone())]).await;
    let claim = |sql: Arc<Sql>| async move { sql.claim(NOW, NOW.plus(MINUTE), 9).await.unwrap() };
    let claimed: Vec<OutboxRecord> = at_once(10, sql, claim).await.into_iter().flatten().collect();
    assert_eq!(claimed, [record]);
    assert!(sql.claim(NOW, NOW.plus(MINUTE), 9).await.unwrap().is_empty(), "it is leased");
    let again = sql.claim(NOW.plus(MINUTE), NOW.plus(MINUTE * 2), 9).await.unwrap();
    assert_eq!(again.iter().map(|record| record.tries).collect::<Vec<_>>(), [1], "whoever had it died");
    sql.put_off("n1", NOW.plus(MINUTE * 9)).await.unwrap();
    assert!(sql.claim(NOW.plus(MINUTE * 8), NOW, 9).await.unwrap().is_empty());
    assert_eq!(sql.waiting().await.unwrap(), Waiting { count: 1, oldest: Some(NOW) });
    Outbox::remove(&**sql, "n1").await.unwrap();
    assert_eq!(sql.waiting().await.unwrap(), Waiting::default());
}

async fn a_freeze_offer_ends(sql: &Arc<Sql>) {
    let token = TokenHash([8; 32]);
    let offer = Edit::OfferFreeze { token, event_at: NOW, expires_at: NOW.plus(MINUTE) };
    apply(sql, "offered", &[offer]).await;
    assert_eq!(sql.freeze_offer(token, NOW).await.unwrap(), Some((subject("offered"), NOW)));
    assert_eq!(sql.freeze_offer(token, NOW.plus(MINUTE)).await.unwrap(), None);
    assert_eq!(sql.freeze_offer(TokenHash([9; 32]), NOW).await.unwrap(), None);
    assert_eq!(sql.sweep_freeze_offers(NOW).await.unwrap(), 0);
    assert_eq!(sql.sweep_freeze_offers(NOW.plus(MINUTE)).await.unwrap(), 1);
    assert_eq!(sql.freeze_offer(token, NOW).await.unwrap(), None, "it was swept");
}

async fn an_id_is_spent_by_one_change_and_with_it(sql: &Arc<Sql>) {
    let spend = |id: &str| Edit::Spend { id: id.into(), expires_at: NOW.plus(MINUTE / 2) };
    let failing = [spend("told"), Edit::Remove("no such factor".into())];
    assert_eq!(apply(sql, "told", &failing).await, Applied::Conflict);
    assert!(!sql.is_spent("told", NOW).await.unwrap(), "nothing of the change was made");
    let change = |sql: Arc<Sql>| {
        let edits = [spend("told"), Edit::RaiseEpoch];
        async move { apply(&sql, "told", &edits).await }
    };
    let done = at_once(20, sql, change).await.into_iter().filter(|applied| *applied == Applied::Done).count();
    assert_eq!((done, sql.player(&subject("told")).await.unwrap().epoch), (1, 1));
}
