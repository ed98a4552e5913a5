//! Changes of an account: each by an approval of exactly it, and what routes then wait for.

use super::{
    browser::{Browser, asked, passes},
    *,
};
use crate::{flow::gate::Outcome, policy::cooldown::Cause, store::Edit};

const CHANGES: [&str; 9] = [
    "remove-factor",
    "disable",
    "enable",
    "backup-codes",
    "forget-devices",
    "forget-device",
    "end-sessions",
    "unfreeze",
    "add-factor",
];

/// An account for which a change is possible, and the change.
async fn able(word: &str, browser: &Browser) -> (Account, Change) {
    let account = Account::new().await;
    let (flow, subject) = (&account.world.flow, &account.ayu.player.subject);
    let factors = account.state().await.factors;
    let change = match word {
        "remove-factor" => Change::Remove { factor_id: factors[1].id.clone() },
        "disable" => Change::Disable,
        "enable" => {
            let off: Vec<Edit> = factors.iter().map(|factor| Edit::Suspend(factor.id.clone())).collect();
            flow.change_account(subject, &off, Spared::None).await.unwrap();
            Change::Enable
        }
        "backup-codes" => Change::BackupCodes,
        "forget-devices" => Change::ForgetDevices { device_id: None },
        "forget-device" => Change::ForgetDevices { device_id: Some(crate::secret::public_id()) },
        "end-sessions" => Change::EndSessions,
        "unfreeze" => {
            account.freeze(account.world.clock.now()).await;
            Change::Unfreeze
        }
        "add-factor" => {
            let asker = browser.asker(&account.world).await;
            let pending = flow.begin(&account.world.rules, &asker, APP).await.unwrap();
            Change::Bind { enrolment: pending.id, place: Place::Beside }
        }
        other => panic!("no such change: {other}"),
    };
    (account, change)
}

/// What of an account no failed change may touch.
async fn shape(account: &Account) -> (i64, usize, usize, u32, Option<Freeze>) {
    let state = account.state().await;
    (state.epoch, state.factors.len(), state.suspended.len(), state.backup_codes_left, state.freeze)
}

#[tokio::test]
async fn a_change_is_made_by_an_approval_of_exactly_it_of_its_own_log_in_and_once() {
    for word in CHANGES {
        let mut browser = Browser::of("ayu", "1");
        let (account, change) = able(word, &browser).await;
        let before = shape(&account).await;
        let none = browser.change(&account.world, &change, None).await;
        assert!(matches!(none, Err(FlowError::ProofRequired(_))), "{word}: {none:?}");
        let made_up = browser.change(&account.world, &change, Some(&Token::random())).await;
        assert!(matches!(made_up, Err(FlowError::Gone)), "{word}: {made_up:?}");
        let foreign = Browser::of("ayu", "2").approve(&account, &change).await;
        let stolen = browser.change(&account.world, &change, Some(&foreign)).await;
        assert!(matches!(stolen, Err(FlowError::Gone)), "{word}: {stolen:?}");
        if !matches!(change, Change::Enable | Change::Unfreeze) {
            let other = if change == Change::EndSessions { Change::BackupCodes } else { Change::EndSessions };
            let another = browser.approve(&account, &other).await;
            let swapped = browser.change(&account.world, &change, Some(&another)).await;
            assert!(matches!(swapped, Err(FlowError::Gone)), "{word}: {swapped:?}");
        }
        assert_eq!(shape(&account).await, before, "{word}: nothing was made");
        let approval = browser.approve(&account, &change).await;
        let made = browser.change(&account.world, &change, Some(&approval)).await;
        assert!(made.is_ok(), "{word}: {made:?}");
        let again = browser.change(&account.world, &change, Some(&approval)).await;
        assert!(matches!(again, Err(FlowError::Gone | FlowError::Denied(_))), "{word}: {again:?}");
    }
}

#[tokio::test]
async fn an_approval_of_a_request_approves_no_change_nor_the_other_way_round() {
    let account = Account::new().await;
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.post(&account.world, "/withdraw").await);
    let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember: false };
    let verified = browser.answer(&account.world, &id, answer).await.unwrap();
    let approval = verified.granted.approval.unwrap();
    let changed = browser.change(&account.world, &Change::Disable, Some(&approval)).await;
    assert!(matches!(changed, Err(FlowError::Gone)));
    assert!(passes(&browser.post_with(&account.world, "/withdraw", &approval).await));
    let disable = browser.approve(&account, &Change::Disable).await;
    assert!(!passes(&browser.post_with(&account.world, "/withdraw", &disable).await));
}

#[tokio::test]
async fn money_waits_a_day_after_each_cause_and_a_pending_approval_ends_with_it() {
    for cause in Cause::ALL {
        let account = Account::new().await;
        let (flow, subject) = (&account.world.flow, &account.ayu.player.subject);
        let mut browser = Browser::of("ayu", "1");
        let id = asked(browser.post(&account.world, "/withdraw").await);
        let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember: false };
        let approval = browser.answer(&account.world, &id, answer).await.unwrap().granted.approval.unwrap();
        let happened = account.world.clock.now();
        flow.change_account(subject, &[Edit::Happened(cause, happened)], Spared::None).await.unwrap();
        assert!(!passes(&browser.post_with(&account.world, "/withdraw", &approval).await), "{cause:?}");
        account.world.clock.advance(DAY - Duration::from_millis(1));
        let Outcome::Refuse(FlowError::CoolingDown { until }) = browser.post(&account.world, "/withdraw").await else {
            panic!("{cause:?} makes it wait");
        };
        assert_eq!(until, happened.plus(DAY), "{cause:?}");
        account.world.clock.advance(Duration::from_millis(1));
        let _ = asked(browser.post(&account.world, "/withdraw").await);
    }
}

/// Another node, the command line and the process before an upgrade know nothing of the challenges here.
#[tokio::test]
async fn an_approval_ends_with_the_stamps_of_its_player_whoever_ended_them() {
    let account = Account::new().await;
    let (flow, subject) = (&account.world.flow, &account.ayu.player.subject);
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.post(&account.world, "/withdraw").await);
    let answer = Answer { method: FactorKind::App, code: &account.app_code(), remember: false };
    let approval = browser.answer(&account.world, &id, answer).await.unwrap().granted.approval.unwrap();
    let Outcome::Pass(passage) = browser.post_with(&account.world, "/withdraw", &approval).await else {
        panic!("it was approved");
    };
    flow.stores.families.raise_epoch(subject).await.unwrap();
    let (spend, _) = passage.spend.unwrap();
    assert!(matches!(flow.spend(&spend).await, Err(FlowError::Gone)), "it was on its way already");
    assert!(!passes(&browser.post_with(&account.world, "/withdraw", &approval).await));
}

#[tokio::test]
async fn a_proof_for_the_players_own_freeze_does_not_clear_one_that_the_desk_made_of_it() {
    let mut browser = Browser::of("ayu", "1");
    let (account, change) = able("unfreeze", &browser).await;
    let approval = browser.approve(&account, &change).await;
    // Between the proof and its use, without the challenge's end: as a change that overtakes it would.
    let (stores, now) = (&account.world.flow.stores, account.world.clock.now());
    let subject = &account.ayu.player.subject;
    stores.accounts.apply(subject, &[Edit::Freeze(Freeze::by_desk(now))]).await.unwrap();
    let made = browser.change(&account.world, &change, Some(&approval)).await;
    assert!(matches!(made, Err(FlowError::Denied(_))), "{made:?}");
    assert!(stores.accounts.player(subject).await.unwrap().freeze.unwrap().is_of_desk());
    let asked = browser.change(&account.world, &change, None).await;
    assert!(matches!(asked, Err(FlowError::Denied(_))), "{asked:?}");
}
