//! A proof opens only the routes that take its kind.

use super::{
    browser::{Browser, asked, passes},
    *,
};

/// A log-in that was proven by a kind at `/account`.
async fn proven_by(account: &Account, kind: FactorKind) -> Browser {
    let mut browser = Browser::of("ayu", "1");
    prove_at(account, &mut browser, "/account", kind).await;
    browser
}

async fn prove_at(account: &Account, browser: &mut Browser, path: &str, kind: FactorKind) {
    account.world.clock.advance(STEP);
    let code = match kind {
        FactorKind::App | FactorKind::Sms => String::new(),
        FactorKind::BackupCode => account.make_codes().await.swap_remove(0),
    };
    let id = asked(browser.visit(&account.world, path).await);
    let code = match kind {
        FactorKind::App => account.app_code(),
        FactorKind::Sms => browser.sent_code(&account.world, &id).await,
        FactorKind::BackupCode => code,
    };
    browser.answer(&account.world, &id, Answer { method: kind, code: &code, remember: false }).await.unwrap();
}

#[tokio::test]
async fn a_stamp_by_sms_or_a_backup_code_opens_no_route_that_takes_only_apps() {
    let account = Account::new().await;
    for (kind, phone) in [(FactorKind::Sms, true), (FactorKind::BackupCode, false)] {
        let mut browser = proven_by(&account, kind).await;
        assert!(passes(&browser.visit(&account.world, "/account").await), "{kind:?}");
        assert_eq!(passes(&browser.visit(&account.world, "/phone").await), phone, "{kind:?}");
        prove_at(&account, &mut browser, "/app", FactorKind::App).await;
        for path in ["/account", "/phone", "/app"] {
            assert!(passes(&browser.visit(&account.world, path).await), "{kind:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_fresh_proof_by_sms_is_not_fresh_where_only_apps_are_taken() {
    let account = Account::new().await;
    let mut browser = Browser::of("ayu", "1");
    prove_at(&account, &mut browser, "/fresh", FactorKind::Sms).await;
    assert!(passes(&browser.visit(&account.world, "/fresh").await));
    // A later proof by an app for `session` does not make the older one by SMS an app's.
    prove_at(&account, &mut browser, "/app", FactorKind::App).await;
    prove_at(&account, &mut browser, "/app-fresh", FactorKind::App).await;
    assert!(passes(&browser.visit(&account.world, "/app-fresh").await));
}

#[tokio::test]
async fn a_backup_code_proves_no_request_whose_route_does_not_list_it() {
    let account = Account::new().await;
    let codes = account.make_codes().await;
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.post(&account.world, "/withdraw").await);
    let answer = Answer { method: FactorKind::BackupCode, code: &codes[0], remember: false };
    let answered = browser.answer(&account.world, &id, answer).await;
    assert!(matches!(answered, Err(FlowError::MethodUnavailable)));
    assert_eq!(account.state().await.backup_codes_left, 10, "it is not used up");
}

#[tokio::test]
async fn a_device_that_was_remembered_by_sms_opens_no_route_that_takes_only_apps() {
    let account = Account::new().await;
    let mut browser = Browser::of("ayu", "1");
    let id = asked(browser.visit(&account.world, "/account").await);
    let code = browser.sent_code(&account.world, &id).await;
    let answer = Answer { method: FactorKind::Sms, code: &code, remember: true };
    browser.answer(&account.world, &id, answer).await.unwrap();
    browser.log_in("ayu", "2");
    browser.forget_stamp();
    let _ = asked(browser.visit(&account.world, "/app").await);
    assert!(passes(&browser.visit(&account.world, "/phone").await));
}
