//! What a player is told of wrong codes, and the link by which they freeze the account.

use super::{
    browser::{Browser, asked},
    *,
};

impl Account {
    /// How many notices of an event wait for their couriers.
    pub(super) async fn told_of(&self, event: &str) -> usize {
        let flow = &self.world.flow;
        let now = flow.clock.now();
        let waiting = flow.stores.outbox.claim(now, now, 100).await.unwrap();
        waiting.iter().filter(|record| record.kind == event).count()
    }

    /// Types a wrong code so many times; waits out the pauses.
    async fn fail(&self, browser: &mut Browser, times: u32) {
        for _ in 0..times {
            let id = asked(browser.visit(&self.world, "/account").await);
            let answer = Answer { method: FactorKind::App, code: "000000", remember: false };
            let failed = browser.answer(&self.world, &id, answer).await;
            if let Err(FlowError::TooManyAttempts { until }) = &failed {
                self.world.clock.advance(until.since(self.world.clock.now()));
            }
            assert!(failed.is_err());
        }
    }

    /// Runs a statement on the database behind the store's back.
    async fn sql(&self, statement: &'static str) {
        store::sql::run(&self.world.database(), statement).await;
    }

    /// The token of the freeze link in the letter of an event.
    async fn link(&self, event: notify::Event) -> String {
        let (flow, rules) = (&self.world.flow, &self.world.rules);
        let now = self.world.clock.now();
        let edits = flow.told(rules, &self.ayu.player, (event, ""), now).await.unwrap();
        flow.stores.accounts.apply(&self.ayu.player.subject, &edits).await.unwrap();
        flow.carry_notices(rules, &reqwest::Client::new()).await.unwrap();
        let text = self.world.sent_to(NUMBER).into_iter().next().expect("a letter");
        let (_, rest) = text.split_once("/freeze?t=").expect("a link");
        rest.chars().take(43).collect()
    }
}

#[tokio::test]
async fn wrong_codes_are_told_once_an_hour_from_the_third_on() {
    let account = Account::new().await;
    let mut browser = Browser::of("ayu", "1");
    account.fail(&mut browser, 2).await;
    assert_eq!(account.told_of("failed-codes").await, 0, "that is a slip");
    account.fail(&mut browser, 1).await;
    let told = account.told_of("failed-codes").await;
    assert!(told > 0);
    account.fail(&mut browser, 2).await;
    assert_eq!(account.told_of("failed-codes").await, told, "the same hour");
    account.world.clock.advance(2 * DAY / 24);
    account.fail(&mut browser, 1).await;
    assert_eq!(account.told_of("failed-codes").await, 2 * told, "a later one");
}

#[tokio::test]
async fn a_notice_of_wrong_codes_that_could_not_be_written_comes_with_the_next_one() {
    let account = Account::new().await;
    let mut browser = Browser::of("ayu", "1");
    account.sql("ALTER TABLE outbox RENAME TO outbox_elsewhere").await;
    account.fail(&mut browser, 3).await;
    account.sql("ALTER TABLE outbox_elsewhere RENAME TO outbox").await;
    assert_eq!(account.told_of("failed-codes").await, 0);
    account.fail(&mut browser, 1).await;
    assert!(account.told_of("failed-codes").await > 0);
}

#[tokio::test]
async fn the_link_of_a_notice_freezes_its_own_account_for_seven_days() {
    let account = Account::new().await;
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let token = account.link(notify::Event::FactorAdded).await;
    let budi = crate::request::Subject::parse("budi").unwrap();
    flow.view_freeze(&token).await.unwrap();
    assert!(account.state().await.freeze.is_none(), "a look freezes nothing");
    account.world.clock.advance(7 * DAY - Duration::from_millis(1));
    flow.freeze(rules, &token).await.unwrap();
    assert!(account.state().await.freeze.is_some());
    assert!(flow.stores.accounts.player(&budi).await.unwrap().freeze.is_none());
    account.world.clock.advance(Duration::from_millis(1));
    for late in [flow.view_freeze(&token).await, flow.freeze(rules, &token).await] {
        assert!(matches!(late, Err(FlowError::Gone)), "{late:?}");
    }
}

#[tokio::test]
async fn links_that_expired_are_swept() {
    let account = Account::new().await;
    account.link(notify::Event::FactorAdded).await;
    account.world.clock.advance(DAY);
    let token = account.link(notify::Event::FactorAdded).await;
    account.world.clock.advance(6 * DAY);
    let accounts = &account.world.flow.stores.accounts;
    assert_eq!(accounts.sweep_freeze_offers(account.world.clock.now()).await.unwrap(), 1);
    assert!(account.world.flow.view_freeze(&token).await.is_ok(), "the newer one stays");
}
