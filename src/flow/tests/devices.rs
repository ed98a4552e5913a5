//! Remembered browsers.

use super::{
    browser::{Browser, asked, passes},
    *,
};
use crate::store::DeviceRecord;

impl Account {
    async fn devices(&self) -> Vec<DeviceRecord> {
        let flow = &self.world.flow;
        flow.stores.devices.of_player(&self.ayu.player.subject, flow.clock.now()).await.unwrap()
    }

    /// What a change of factors does to stamps.
    async fn end_stamps(&self) {
        let subject = &self.ayu.player.subject;
        self.world.flow.change_account(subject, &[crate::store::Edit::RaiseEpoch], Spared::None).await.unwrap();
    }

    /// A browser that is remembered, in its next log-in.
    async fn remembered(&self) -> Browser {
        let mut browser = Browser::of("ayu", "1");
        browser.prove(self, true).await;
        browser.log_in("ayu", "2");
        browser.forget_stamp();
        browser
    }
}

#[tokio::test]
async fn a_remembered_browser_is_asked_again_in_a_log_in_only_after_its_stamps_were_ended() {
    let account = Account::new().await;
    let mut browser = account.remembered().await;
    let mut parallel = browser.clone();
    assert!(passes(&browser.visit(&account.world, "/account").await));
    account.world.clock.advance(STEP - Duration::from_millis(1));
    assert!(passes(&parallel.visit(&account.world, "/account").await), "sent at the same time");
    account.world.clock.advance(Duration::from_millis(1));
    assert!(passes(&browser.visit(&account.world, "/account").await), "by its stamp");
    browser.forget_stamp();
    assert!(passes(&browser.visit(&account.world, "/account").await), "its stamp is over by itself");
    account.end_stamps().await;
    for _ in 0..2 {
        let _ = asked(browser.visit(&account.world, "/account").await);
    }
    assert_eq!(account.devices().await.len(), 1, "it is no theft");
    browser.log_in("ayu", "3");
    assert!(passes(&browser.visit(&account.world, "/account").await), "the next log-in");
}

#[tokio::test]
async fn a_copied_device_is_forgotten_when_the_second_of_two_uses_it() {
    let account = Account::new().await;
    let mut owner = account.remembered().await;
    let mut thief = owner.clone();
    thief.log_in("ayu", "3");
    assert!(passes(&thief.visit(&account.world, "/account").await));
    assert!(passes(&thief.visit(&account.world, "/account").await), "seen with the new secret");
    let _ = asked(owner.visit(&account.world, "/account").await);
    assert!(account.devices().await.is_empty());
    let _ = asked(thief.visit(&account.world, "/fresh").await);
    let _ = asked(thief.visit(&account.world, "/account").await);
    let told = account.told_of("device-copied").await;
    assert_eq!(told, 2, "by mail and SMS");
}

#[tokio::test]
async fn the_secret_before_counts_while_no_browser_was_seen_with_the_new_one() {
    let account = Account::new().await;
    let mut browser = account.remembered().await;
    let before = browser.clone();
    assert!(passes(&browser.visit(&account.world, "/account").await), "an answer that gets lost");
    for login in ["3", "4"] {
        browser = before.clone();
        browser.log_in("ayu", login);
        let mut parallel = browser.clone();
        assert!(passes(&browser.visit(&account.world, "/account").await));
        assert!(passes(&parallel.visit(&account.world, "/account").await), "another part of the page");
        assert_eq!(browser.device(), parallel.device(), "one new secret a page, with each of its answers");
        assert_ne!(before.device(), browser.device());
    }
    assert_eq!(account.devices().await.len(), 1);
    assert!(passes(&browser.visit(&account.world, "/account").await), "by its stamp, with the new secret");
    let mut copy = before;
    copy.log_in("ayu", "5");
    let _ = asked(copy.visit(&account.world, "/account").await);
    assert!(account.devices().await.is_empty());
    assert_eq!(account.told_of("device-copied").await, 2, "by mail and SMS");
}

#[tokio::test]
async fn the_secret_before_counts_for_ten_minutes_at_most_however_often_it_is_exchanged() {
    let account = Account::new().await;
    let mut browser = account.remembered().await;
    let before = browser.clone();
    assert!(passes(&browser.visit(&account.world, "/account").await));
    for (wait, login) in [(9 * 60, "3"), (59, "4")] {
        account.world.clock.advance(Duration::from_secs(wait));
        let mut again = before.clone();
        again.log_in("ayu", login);
        assert!(passes(&again.visit(&account.world, "/account").await));
    }
    account.world.clock.advance(Duration::from_secs(1));
    let mut late = before;
    late.log_in("ayu", "5");
    let _ = asked(late.visit(&account.world, "/account").await);
    assert!(account.devices().await.is_empty());
}

#[tokio::test]
async fn a_secret_before_the_one_before_is_a_copy_at_once() {
    let account = Account::new().await;
    let mut browser = account.remembered().await;
    let mut copy = browser.clone();
    for login in ["3", "4"] {
        browser.log_in("ayu", login);
        browser.forget_stamp();
        assert!(passes(&browser.visit(&account.world, "/account").await));
    }
    copy.log_in("ayu", "5");
    let _ = asked(copy.visit(&account.world, "/account").await);
    assert!(account.devices().await.is_empty());
}

#[tokio::test]
async fn a_device_never_counts_for_fresh_or_once() {
    let account = Account::new().await;
    let mut browser = account.remembered().await;
    let _ = asked(browser.visit(&account.world, "/fresh").await);
    let _ = asked(browser.post(&account.world, "/withdraw").await);
    assert!(passes(&browser.visit(&account.world, "/account").await));
    let _ = asked(browser.visit(&account.world, "/fresh").await);
    let _ = asked(browser.post(&account.world, "/withdraw").await);
}

#[tokio::test]
async fn a_device_lives_thirty_days_from_its_proof_however_often_it_is_used() {
    let account = Account::new().await;
    let mut browser = account.remembered().await;
    let until = account.devices().await[0].expires_at;
    assert_eq!(until, account.world.clock.now().plus(30 * DAY));
    for login in ["3", "4", "5"] {
        account.world.clock.advance(9 * DAY);
        browser.log_in("ayu", login);
        assert!(passes(&browser.visit(&account.world, "/account").await));
        assert_eq!(account.devices().await[0].expires_at, until);
    }
    account.world.clock.advance(3 * DAY);
    browser.log_in("ayu", "6");
    let _ = asked(browser.visit(&account.world, "/account").await);
}

#[tokio::test]
async fn a_browser_that_is_remembered_again_takes_its_own_place() {
    let account = Account::new().await;
    let (mut first, mut second) = (Browser::of("ayu", "1"), Browser::of("ayu", "2"));
    first.prove(&account, true).await;
    second.prove(&account, true).await;
    account.end_stamps().await;
    first.prove(&account, true).await;
    assert_eq!(account.devices().await.len(), 2);
    second.log_in("ayu", "3");
    second.forget_stamp();
    assert!(passes(&second.visit(&account.world, "/account").await));
}

#[tokio::test]
async fn beyond_the_cap_the_longest_unused_device_is_forgotten() {
    let account = Account::new().await;
    let mut browsers: Vec<Browser> = ["1", "2", "3"].into_iter().map(|login| Browser::of("ayu", login)).collect();
    for browser in &mut browsers {
        browser.prove(&account, true).await;
    }
    assert_eq!(account.devices().await.len(), 2, "as the rules say");
    for (browser, remembered) in browsers.iter_mut().zip([false, true, true]) {
        browser.forget_stamp();
        browser.log_in("ayu", if remembered { "later" } else { "other" });
        assert_eq!(passes(&browser.visit(&account.world, "/account").await), remembered);
    }
}

#[tokio::test]
async fn devices_are_forgotten_with_a_factor_and_with_the_password() {
    for by_password in [true, false] {
        let account = Account::new().await;
        let mut browser = account.remembered().await;
        if by_password {
            let (flow, rules) = (&account.world.flow, &account.world.rules);
            let route = rules.routes.named("password").unwrap();
            flow.done(rules, &account.ayu.player, route, &[]).await.unwrap();
        } else {
            let sms = account.state().await.factors.into_iter().find(|factor| factor.kind == FactorKind::Sms).unwrap();
            let change = Change::Remove { factor_id: sms.id };
            let mut elsewhere = Browser::of("ayu", "9");
            let approval = elsewhere.approve(&account, &change).await;
            elsewhere.change(&account.world, &change, Some(&approval)).await.unwrap();
        }
        assert!(account.devices().await.is_empty());
        let _ = asked(browser.visit(&account.world, "/account").await);
    }
}
