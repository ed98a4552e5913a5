//! Backup codes: once each, across a pause of the second factor, down to the last one.

use super::{
    browser::{Browser, asked, passes},
    *,
};
use crate::policy::cooldown::Cause;

const fn by(code: &str) -> Answer<'_> {
    Answer { method: FactorKind::BackupCode, code, remember: false }
}

#[tokio::test]
async fn backup_codes_outlive_a_pause_of_the_second_factor_and_used_ones_stay_used() {
    let account = Account::new().await;
    let codes = account.make_codes().await;
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.visit(&account.world, "/account").await);
    let verified = browser.answer(&account.world, &id, by(&codes[0])).await.unwrap();
    assert_eq!(verified.backup_codes_left, Some(9));
    for change in [Change::Disable, Change::Enable] {
        let approval = browser.approve(&account, &change).await;
        browser.change(&account.world, &change, Some(&approval)).await.unwrap();
    }
    assert_eq!(account.state().await.backup_codes_left, 9);
    let mut elsewhere = Browser::of("ayu", "2");
    let id = asked(elsewhere.visit(&account.world, "/account").await);
    assert!(is_rejected(&elsewhere.answer(&account.world, &id, by(&codes[0])).await));
    let verified = elsewhere.answer(&account.world, &id, by(&codes[1])).await.unwrap();
    assert_eq!(verified.backup_codes_left, Some(8));
}

#[tokio::test]
async fn a_player_learns_how_many_codes_are_left_down_to_none() {
    let account = Account::new().await;
    let codes = account.make_codes().await;
    for (used, code) in codes.iter().enumerate() {
        let mut browser = Browser::of("ayu", &format!("log-in {used}"));
        let id = asked(browser.visit(&account.world, "/account").await);
        let verified = browser.answer(&account.world, &id, by(code)).await.unwrap();
        assert_eq!(verified.backup_codes_left, Some(9 - u32::try_from(used).unwrap()));
    }
    let mut browser = Browser::of("ayu", "last");
    let id = asked(browser.visit(&account.world, "/account").await);
    let head = browser.call();
    let view = account.world.flow.view_challenge(&account.world.rules, &head.head(), &id).await.unwrap();
    assert_eq!(view.methods, [FactorKind::App, FactorKind::Sms]);
    let answered = browser.answer(&account.world, &id, by(&codes[0])).await;
    assert!(matches!(answered, Err(FlowError::MethodUnavailable)), "{answered:?}");
}

#[tokio::test]
async fn a_backup_code_is_fresh_where_the_route_takes_it_and_makes_money_wait() {
    let account = Account::new().await;
    let codes = account.make_codes().await;
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.visit(&account.world, "/fresh").await);
    browser.answer(&account.world, &id, by(&codes[0])).await.unwrap();
    assert!(passes(&browser.visit(&account.world, "/fresh").await));
    let waits = browser.post(&account.world, "/withdraw").await;
    assert!(matches!(waits, gate::Outcome::Refuse(FlowError::CoolingDown { .. })), "{waits:?}");
    assert_eq!(account.state().await.happened.of(Cause::BackupCode), Some(account.world.clock.now()));
}
