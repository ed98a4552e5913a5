//! Log-ins whose answer waits.

use super::{browser::Browser, *};
use crate::flow::withhold::WithheldAnswer;

fn gone<T>(done: &Result<T, FlowError>) -> bool {
    matches!(done, Err(FlowError::Gone))
}

#[tokio::test]
async fn what_was_proven_and_not_given_out_ends_with_the_stamps() {
    let account = Account::new().await;
    let (world, subject) = (&account.world, &account.ayu.player.subject);
    let mut browser = Browser::of("ayu", "1");
    let id = browser.log_in_held(world, "ayu", "2").await;
    let token = browser.prove_held(&account, &id).await.unwrap();
    // As another node does it, which does not know of the challenge.
    world.flow.end_stamps(subject).await.unwrap();
    let released: Result<Option<WithheldAnswer>, FlowError> = browser.release(world, &token).await;
    assert!(gone(&released), "{released:?}");
    let id = browser.log_in_held(world, "ayu", "3").await;
    let token = browser.prove_held(&account, &id).await.unwrap();
    let released = browser.release(world, &token).await.unwrap().unwrap();
    assert_eq!(released.body, b"welcome");
}

#[tokio::test]
async fn a_log_in_that_waits_ends_with_the_stamps_of_its_player() {
    let account = Account::new().await;
    let (world, subject) = (&account.world, &account.ayu.player.subject);
    let (mut proven, mut asked) = (Browser::of("ayu", "1"), Browser::of("ayu", "1"));
    let id = proven.log_in_held(world, "ayu", "2").await;
    let token = proven.prove_held(&account, &id).await.unwrap();
    let id = asked.log_in_held(world, "ayu", "3").await;
    world.flow.end_other_stamps(&world.rules, subject, None).await.unwrap();
    assert!(!matches!(proven.release(world, &token).await, Ok(Some(_))));
    let verified = asked.prove_held(&account, &id).await;
    assert!(gone(&verified), "its challenge is over");
}

#[tokio::test]
async fn of_one_player_the_three_newest_answers_wait() {
    let account = Account::new().await;
    let world = &account.world;
    let mut browsers: Vec<(Browser, String)> = Vec::new();
    for login in ["2", "3", "4", "5"] {
        let mut browser = Browser::of("ayu", "1");
        let id = browser.log_in_held(world, "ayu", login).await;
        browsers.push((browser, id));
    }
    let (oldest, id) = browsers.remove(0);
    assert!(gone(&oldest.prove_held(&account, &id).await));
    for (browser, id) in browsers {
        let token = browser.prove_held(&account, &id).await.unwrap();
        assert!(browser.release(world, &token).await.unwrap().is_some());
    }
}

/// Where the challenge itself is open for longer.
#[tokio::test]
async fn what_waits_is_gone_after_five_minutes() {
    let mut account = Account::new().await;
    account.world.rules_mut().second_factor.approval_lifetime = 40 * STEP;
    let (world, begun) = (&account.world, account.world.clock.now());
    let mut browsers = [Browser::of("ayu", "1"), Browser::of("ayu", "1"), Browser::of("ayu", "1")];
    let mut ids = Vec::new();
    for (browser, login) in browsers.iter_mut().zip(["2", "3", "4"]) {
        ids.push(browser.log_in_held(world, "ayu", login).await);
    }
    let [first, second, third] = browsers;
    let in_time = first.prove_held(&account, &ids[0]).await.unwrap();
    let late = second.prove_held(&account, &ids[1]).await.unwrap();
    let five_minutes = begun.plus(10 * STEP);
    world.clock.advance(five_minutes.since(world.clock.now()) - Duration::from_secs(1));
    assert!(first.release(world, &in_time).await.unwrap().is_some());
    world.clock.advance(Duration::from_secs(1));
    let released = second.release(world, &late).await;
    assert!(!matches!(released, Ok(Some(_))), "{released:?}");
    assert!(gone(&third.prove_held(&account, &ids[2]).await), "nor is the session lent to its pages");
}
