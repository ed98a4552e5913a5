//! What the support desk remembers: cases for every durable store.

use std::{sync::Arc, time::Duration};

use stepgate::{
    policy::throttle::Pauses,
    secret::{Sealed, TokenHash},
    store::{
        Accounts, Applied, AuditRecord, ContactKind, ContactRecord, Contacts, Desk, DeskSession, Edit, Freeze, Quota,
        ResetRecord, ResetState, ResetStep, SignInTally, sql::Sql,
    },
};

use super::{NOW, at_once, factor, subject};

/// Five failures are free, then pauses begin.
fn tally(fill: u8, is_forgotten: bool) -> SignInTally {
    SignInTally { of: [fill; 32], pauses: Pauses::default(), is_forgotten }
}

const HOUR: Duration = Duration::from_secs(3600);

/// Every case on one database.
pub(super) async fn conforms(sql: &Arc<Sql>) {
    sign_ins_at_once_are_capped_and_a_step_counts_once(sql).await;
    a_sign_in_counts_in_every_tally_or_in_none(sql).await;
    a_session_ends_when_idle_and_when_old(sql).await;
    actions_at_once_are_capped_within_the_hour(sql).await;
    a_player_has_one_open_reset(sql).await;
    a_reset_is_approved_by_another_and_ends_once(sql).await;
    a_temporary_code_is_spent_once(sql).await;
    a_freeze_calls_off_what_is_open_and_ends_a_code(sql).await;
    players_are_found_by_contact(sql).await;
}

async fn sign_ins_at_once_are_capped_and_a_step_counts_once(sql: &Arc<Sql>) {
    let reserve = |sql: Arc<Sql>| async move { sql.reserve_sign_in(&[tally(1, true)], NOW).await.unwrap().is_none() };
    assert_eq!(at_once(30, sql, reserve).await.into_iter().filter(|free| *free).count(), 5);
    let until = sql.reserve_sign_in(&[tally(1, true)], NOW).await.unwrap();
    assert_eq!(until, Some(NOW.plus(Duration::from_secs(30))));
    assert_eq!(sql.last_step("guessed").await.unwrap(), -1);
    let accept = |sql: Arc<Sql>| async move { sql.accept_step("guessed", 7, &[tally(1, true)]).await.unwrap() };
    assert_eq!(at_once(20, sql, accept).await.into_iter().filter(|accepted| *accepted).count(), 1);
    assert_eq!(sql.last_step("guessed").await.unwrap(), 7);
    for _ in 0..5 {
        assert_eq!(sql.reserve_sign_in(&[tally(1, true)], NOW).await.unwrap(), None, "forgotten");
    }
    assert!(!sql.accept_step("guessed", 6, &[tally(1, true)]).await.unwrap());
    let until = sql.reserve_sign_in(&[tally(1, true)], NOW).await.unwrap();
    assert!(until.is_some(), "a step that is not accepted forgets nothing");
}

async fn a_sign_in_counts_in_every_tally_or_in_none(sql: &Arc<Sql>) {
    let (shared, own, other) = (tally(2, false), tally(3, true), tally(4, true));
    for _ in 0..4 {
        assert_eq!(sql.reserve_sign_in(&[shared, own], NOW).await.unwrap(), None);
    }
    assert!(sql.accept_step("shares", 9, &[shared, own]).await.unwrap());
    // One was taken back where failures are shared, all of them where they are the operator's own.
    assert_eq!(sql.reserve_sign_in(&[shared, other], NOW).await.unwrap(), None);
    assert_eq!(sql.reserve_sign_in(&[shared, other], NOW).await.unwrap(), None, "the fifth");
    for _ in 0..9 {
        assert!(sql.reserve_sign_in(&[shared, other], NOW).await.unwrap().is_some());
    }
    for _ in 0..3 {
        assert_eq!(sql.reserve_sign_in(&[other], NOW).await.unwrap(), None, "a pause counted nothing");
    }
    assert!(sql.reserve_sign_in(&[other], NOW).await.unwrap().is_some());
    sql.sweep_desk(NOW.plus(23 * HOUR)).await.unwrap();
    assert!(sql.reserve_sign_in(&[other], NOW).await.unwrap().is_some(), "not swept within a day");
    sql.sweep_desk(NOW.plus(24 * HOUR)).await.unwrap();
    assert_eq!(sql.reserve_sign_in(&[other], NOW).await.unwrap(), None);
}

async fn a_session_ends_when_idle_and_when_old(sql: &Arc<Sql>) {
    let ends_at = NOW.plus(2 * HOUR);
    let session =
        DeskSession { token: [7; 32], operator: "support".into(), credentials: [8; 32], used_at: NOW, ends_at };
    sql.open_session(&session).await.unwrap();
    let at = NOW.plus(HOUR / 2);
    let used = sql.use_session([7; 32], at, HOUR).await.unwrap();
    assert_eq!(used, Some(DeskSession { used_at: at, ..session.clone() }));
    assert_eq!(sql.use_session([9; 32], at, HOUR).await.unwrap(), None);
    assert_eq!(sql.use_session([7; 32], at.plus(HOUR), HOUR).await.unwrap(), None, "idle");
    assert_eq!(sql.use_session([7; 32], ends_at, 9 * HOUR).await.unwrap(), None, "old");
    sql.sweep_desk(NOW).await.unwrap();
    assert!(sql.use_session([7; 32], at, HOUR).await.unwrap().is_some(), "not swept before its end");
    assert_eq!(sql.close_session([7; 32]).await.unwrap().as_deref(), Some("support"));
    assert_eq!(sql.close_session([7; 32]).await.unwrap(), None);
    assert_eq!(sql.use_session([7; 32], at, HOUR).await.unwrap(), None, "closed");
}

async fn actions_at_once_are_capped_within_the_hour(sql: &Arc<Sql>) {
    let act = |sql: Arc<Sql>| async move {
        let id = stepgate::secret::public_id();
        sql.count_action((Quota::Actions, 6), &id, "busy", NOW).await.unwrap().is_none()
    };
    let count =
        async |quota, id: &str, operator: &str, now| sql.count_action((quota, 6), id, operator, now).await.unwrap();
    assert_eq!(at_once(20, sql, act).await.into_iter().filter(|counted| *counted).count(), 6);
    assert_eq!(count(Quota::Actions, "x", "busy", NOW).await, Some(NOW.plus(HOUR)));
    assert_eq!(count(Quota::Looks, "w", "busy", NOW).await, None, "counted apart");
    assert_eq!(count(Quota::Actions, "x", "idle", NOW).await, None);
    assert_eq!(count(Quota::Actions, "y", "busy", NOW.plus(HOUR)).await, None);
}

fn reset(id: &str, player: &str) -> ResetRecord {
    ResetRecord {
        id: id.into(),
        subject: subject(player),
        case: "T-1".into(),
        reason: "lost phone".into(),
        evidence: "document".into(),
        requested_by: "support".into(),
        requested_at: NOW,
        expires_at: NOW.plus(HOUR),
        state: ResetState::Waiting,
        approved_by: None,
        due_at: None,
        cancel: None,
        ended_at: None,
        ended_by: None,
    }
}

async fn step(sql: &Sql, player: &str, step: ResetStep) -> bool {
    sql.apply(&subject(player), &[Edit::Reset(step)]).await.unwrap() == Applied::Done
}

fn approve(id: &str, by: &str, at: stepgate::clock::UnixTime) -> ResetStep {
    let cancel = TokenHash([id.len().try_into().unwrap(); 32]);
    ResetStep::Approve { id: id.into(), by: by.into(), at, due_at: at.plus(HOUR), cancel }
}

async fn a_player_has_one_open_reset(sql: &Arc<Sql>) {
    let request = |sql: Arc<Sql>| async move {
        let record = reset(&stepgate::secret::public_id(), "one-reset");
        step(&sql, "one-reset", ResetStep::Request(record)).await
    };
    assert_eq!(at_once(20, sql, request).await.into_iter().filter(|made| *made).count(), 1);
    assert_eq!(sql.resets_of(&subject("one-reset"), 9).await.unwrap().len(), 1);
    let later = ResetRecord { requested_at: NOW.plus(HOUR), ..reset("after it expired", "one-reset") };
    assert!(step(sql, "one-reset", ResetStep::Request(later)).await);
}

async fn a_reset_is_approved_by_another_and_ends_once(sql: &Arc<Sql>) {
    assert!(step(sql, "approved", ResetStep::Request(reset("r-approved", "approved"))).await);
    assert_eq!(sql.reset("r-approved").await.unwrap(), Some(reset("r-approved", "approved")));
    assert!(!step(sql, "approved", approve("r-approved", "support", NOW)).await, "whoever asked");
    assert!(!step(sql, "other", approve("r-approved", "supervisor", NOW)).await, "another player's");
    assert!(!step(sql, "approved", approve("r-approved", "supervisor", NOW.plus(HOUR))).await, "too late");
    assert!(step(sql, "approved", approve("r-approved", "supervisor", NOW)).await);
    assert!(!step(sql, "approved", approve("r-approved", "admin", NOW)).await, "approved already");
    let link = TokenHash([10; 32]);
    assert_eq!(sql.reset_of_link(link).await.unwrap().unwrap().approved_by.as_deref(), Some("supervisor"));
    assert_eq!(sql.due_resets(NOW, 9).await.unwrap(), []);
    let due: Vec<String> = sql.due_resets(NOW.plus(HOUR), 9).await.unwrap().into_iter().map(|due| due.id).collect();
    assert_eq!(due, ["r-approved"]);
    let finish = |at| ResetStep::Finish { id: "r-approved".into(), at };
    assert!(!step(sql, "approved", finish(NOW)).await, "not due");
    assert!(sql.open_resets(NOW.plus(9 * HOUR), 9).await.unwrap().iter().any(|open| open.id == "r-approved"));
    let end = |sql: Arc<Sql>| async move {
        let cancel = ResetStep::Cancel { id: "r-approved".into(), by: "player".into(), at: NOW.plus(HOUR) };
        let finished = step(&sql, "approved", ResetStep::Finish { id: "r-approved".into(), at: NOW.plus(HOUR) }).await;
        usize::from(finished) + usize::from(step(&sql, "approved", cancel).await)
    };
    assert_eq!(at_once(10, sql, end).await.into_iter().sum::<usize>(), 1, "one end only");
    assert_eq!(sql.reset_of_link(link).await.unwrap(), None);
}

async fn a_temporary_code_is_spent_once(sql: &Arc<Sql>) {
    let approved = ResetRecord { state: ResetState::Approved, due_at: Some(NOW), ..reset("r-code", "coded") };
    assert!(step(sql, "coded", ResetStep::Request(approved)).await);
    let issue = |code| ResetStep::IssueCode {
        id: "r-code".into(),
        code: [code; 32],
        expires_at: NOW.plus(HOUR),
        done_after: NOW.minus(HOUR),
    };
    assert!(!step(sql, "coded", issue(1)).await, "not carried out");
    assert!(step(sql, "coded", ResetStep::Finish { id: "r-code".into(), at: NOW }).await);
    assert_eq!(sql.live_code(&subject("coded"), NOW).await.unwrap(), None);
    assert!(step(sql, "coded", issue(1)).await && step(sql, "coded", issue(2)).await);
    assert_eq!(sql.live_code(&subject("coded"), NOW).await.unwrap(), Some([2; 32]));
    assert_eq!(sql.live_code(&subject("coded"), NOW.plus(HOUR)).await.unwrap(), None);
    assert_eq!(sql.live_code(&subject("other"), NOW).await.unwrap(), None);
    let spend = |code: u8, at| ResetStep::SpendCode { code: [code; 32], at };
    assert!(!step(sql, "coded", spend(1, NOW)).await, "replaced");
    assert!(!step(sql, "coded", spend(2, NOW.plus(HOUR))).await, "expired");
    assert!(!step(sql, "other", spend(2, NOW)).await, "another player");
    let used =
        |sql: Arc<Sql>| async move { step(&sql, "coded", ResetStep::SpendCode { code: [2; 32], at: NOW }).await };
    assert_eq!(at_once(50, sql, used).await.into_iter().filter(|spent| *spent).count(), 1);
    assert!(!step(sql, "coded", issue(3)).await, "one was used");
}

async fn a_freeze_calls_off_what_is_open_and_ends_a_code(sql: &Arc<Sql>) {
    let record =
        || AuditRecord { subject: Some(subject("stopped")), ..AuditRecord::new(NOW, "player", "reset-cancelled") };
    let call_off = |at| Edit::CallOffResets { by: "player".into(), at, record: record() };
    let rows = async || sql.activity(&subject("stopped"), 9).await.unwrap().len();
    let approved = ResetRecord { state: ResetState::Approved, due_at: Some(NOW), ..reset("r-done", "stopped") };
    assert!(step(sql, "stopped", ResetStep::Request(approved)).await);
    assert!(step(sql, "stopped", ResetStep::Finish { id: "r-done".into(), at: NOW }).await);
    let issue = |done_after| {
        let (id, expires_at) = ("r-done".into(), NOW.plus(HOUR));
        step(sql, "stopped", ResetStep::IssueCode { id, code: [5; 32], expires_at, done_after })
    };
    assert!(!issue(NOW).await, "carried out too long ago");
    assert!(issue(NOW.minus(HOUR)).await);
    assert!(step(sql, "stopped", ResetStep::Request(reset("r-open", "stopped"))).await);
    let edits = [Edit::Freeze(Freeze::by_desk(NOW)), call_off(NOW)];
    assert_eq!(sql.apply(&subject("stopped"), &edits).await.unwrap(), Applied::Done);
    assert_eq!(sql.reset("r-open").await.unwrap().unwrap().state, ResetState::Cancelled);
    assert_eq!(sql.reset("r-done").await.unwrap().unwrap().state, ResetState::Done);
    assert_eq!((rows().await, sql.live_code(&subject("stopped"), NOW).await.unwrap()), (1, None));
    // Nothing is open any more, and nothing is written of it.
    sql.apply(&subject("stopped"), &[call_off(NOW)]).await.unwrap();
    assert_eq!(rows().await, 1);
    // One that expired unapproved is left as it is.
    assert!(step(sql, "stopped", ResetStep::Request(reset("r-old", "stopped"))).await);
    sql.apply(&subject("stopped"), &[call_off(NOW.plus(HOUR))]).await.unwrap();
    assert_eq!((rows().await, sql.reset("r-old").await.unwrap().unwrap().state), (1, ResetState::Waiting));
    // A factor that is bound ends a code too, and so does the end of another reset.
    assert!(issue(NOW.minus(HOUR)).await);
    sql.apply(&subject("stopped"), &[Edit::Add(factor("stopped-1", &subject("stopped")))]).await.unwrap();
    assert_eq!(sql.live_code(&subject("stopped"), NOW).await.unwrap(), None);
    assert!(issue(NOW.minus(HOUR)).await);
    let again = ResetRecord {
        state: ResetState::Approved,
        due_at: Some(NOW.plus(HOUR)),
        requested_at: NOW.plus(HOUR),
        ..reset("r-again", "stopped")
    };
    assert!(step(sql, "stopped", ResetStep::Request(again)).await);
    assert!(step(sql, "stopped", ResetStep::Finish { id: "r-again".into(), at: NOW.plus(HOUR) }).await);
    assert_eq!(sql.live_code(&subject("stopped"), NOW).await.unwrap(), None);
}

async fn players_are_found_by_contact(sql: &Arc<Sql>) {
    let contact = |kind| ContactRecord {
        kind,
        lookup: [42; 32],
        sealed: Sealed { key_id: "k1".into(), bytes: vec![1] },
        first_seen: NOW,
        last_seen: NOW,
    };
    sql.seen(&subject("found-1"), &contact(ContactKind::Phone)).await.unwrap();
    sql.seen(&subject("found-2"), &contact(ContactKind::Phone)).await.unwrap();
    sql.seen(&subject("found-3"), &contact(ContactKind::Email)).await.unwrap();
    let mut found = sql.players_by_contact(ContactKind::Phone, [42; 32], 9).await.unwrap();
    found.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    assert_eq!(found, [subject("found-1"), subject("found-2")]);
    assert!(sql.players_by_contact(ContactKind::Phone, [43; 32], 9).await.unwrap().is_empty());
}
