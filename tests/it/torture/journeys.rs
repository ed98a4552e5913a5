//! Each journey as its player takes it, from wherever it was left; and what is true once it is made.

use http::Method;
use serde_json::{Value, json};
use stepgate::{clock::Clock, policy::FactorKind};

use super::player::Player;
use crate::kit::answered::{Answer, Stopped};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journey {
    EnrolApp,
    EnrolSms,
    SessionByPage,
    SessionByJson,
    SessionBySms,
    FreshByJson,
    OnceByJson,
    HeldForm,
    Switch,
    Disable,
    Enable,
    NewBackupCodes,
    BackupCode,
    Remember,
    Freeze,
    LogIn,
}

type Step = Result<(), Stopped>;

impl Journey {
    /// The player before the journey.
    pub async fn prepared(self, player: Player) -> Player {
        match self {
            Self::EnrolApp | Self::EnrolSms => player,
            Self::SessionBySms => player.with_sms().await,
            Self::LogIn => {
                let mut player = player.with_app().await;
                player.jar.clear();
                player
            }
            Self::Enable => {
                let mut player = player.with_app().await;
                disable(&mut player).await.unwrap();
                player
            }
            Self::Freeze => {
                let mut player = player.with_app().await;
                // What a thief has when the owner presses: a stamp, an approval, a challenge.
                prove(&mut player, "/account", "app").await.unwrap();
                let mut verify = withdrawal(&mut player).await.unwrap();
                let granted = answer(&mut player, &verify, "app", false).await.unwrap();
                verify = withdrawal(&mut player).await.unwrap();
                player.earlier = (granted["approval"].as_str().unwrap().to_owned(), verify);
                player.link = player.offered_freeze().await;
                player
            }
            Self::SessionByPage
            | Self::SessionByJson
            | Self::FreshByJson
            | Self::OnceByJson
            | Self::HeldForm
            | Self::Switch
            | Self::Disable
            | Self::NewBackupCodes
            | Self::BackupCode
            | Self::Remember => player.with_app().await,
        }
    }

    /// Takes it to its end, or to where it is stopped.
    pub async fn take(self, player: &mut Player) -> Step {
        match self {
            Self::EnrolApp => enrol_app(player).await,
            Self::EnrolSms => enrol_sms(player).await,
            Self::SessionByPage => session_by_page(player).await,
            Self::SessionByJson | Self::LogIn => {
                if self == Self::LogIn {
                    let form = format!("username={}", player.name);
                    player.submit("/login", &form).await.expect(302)?;
                }
                prove(player, "/account", "app").await
            }
            Self::SessionBySms => prove(player, "/account", "sms").await,
            Self::FreshByJson => prove(player, "/details", "app").await,
            Self::OnceByJson => once_by_json(player).await,
            Self::HeldForm => held_form(player).await,
            Self::Switch => switch(player).await,
            Self::Disable => disable(player).await,
            Self::Enable => enable(player).await,
            Self::NewBackupCodes => new_backup_codes(player).await,
            Self::BackupCode => prove(player, "/account", "backup_code").await,
            Self::Remember => remember(player).await,
            Self::Freeze => freeze(player).await,
        }
    }

    /// What must be true after it was made, whatever happened on the way.
    pub async fn check(self, player: &mut Player) {
        let state = player.state().await;
        let kinds: Vec<FactorKind> = state.factors.iter().map(|factor| factor.kind).collect();
        match self {
            Self::EnrolApp | Self::NewBackupCodes => {
                assert_eq!((kinds, state.backup_codes_left), (vec![FactorKind::App], 1));
                player.log_in();
                prove(player, "/account", "backup_code").await.expect("the codes that were shown last count");
            }
            Self::EnrolSms | Self::Switch => {
                assert_eq!((kinds, state.backup_codes_left), (vec![FactorKind::Sms], 1));
            }
            Self::OnceByJson => received(player, "/api/withdraw"),
            Self::HeldForm => received(player, "/withdraw"),
            Self::Disable => assert_eq!((kinds.len(), state.suspended.len(), state.backup_codes_left), (0, 1, 2)),
            Self::BackupCode => {
                let left = state.backup_codes_left as usize;
                assert!(left < 2 && left >= player.codes.len(), "{left} left, {} not typed", player.codes.len());
            }
            Self::Remember => {
                player.log_in();
                let visited = player.call(Method::GET, "/account", &Value::Null, &[]).await;
                visited.expect(200).expect("the browser stays remembered");
            }
            Self::Freeze => is_frozen(player).await,
            Self::SessionByPage
            | Self::SessionByJson
            | Self::SessionBySms
            | Self::FreshByJson
            | Self::Enable
            | Self::LogIn => assert_eq!((kinds.len(), state.suspended.len()), (1, 0)),
        }
    }
}

fn received(player: &Player, target: &str) {
    assert_eq!(player.world.received(target, &player.jar["session"]), 1, "exactly once");
}

/// The kinds that are active and those that are switched off.
async fn factors(player: &mut Player) -> Result<(Vec<String>, usize), Stopped> {
    let shown = player.call(Method::GET, "/.stepgate/api/factors", &Value::Null, &[]).await.expect(200)?.json();
    let active = shown["factors"].as_array().unwrap();
    let kinds = active.iter().map(|factor| factor["method"].as_str().unwrap().to_owned()).collect();
    Ok((kinds, shown["suspended"].as_array().unwrap().len()))
}

/// Visits a guarded page, proves what it asks for, and is let in.
pub async fn prove(player: &mut Player, target: &str, method: &str) -> Step {
    let visited = player.call(Method::GET, target, &Value::Null, &[]).await;
    if visited.status == 200 {
        return Ok(());
    }
    let verify = visited.expect(401)?.json()["challenge"]["verify"].as_str().map(str::to_owned);
    let verify = verify.ok_or_else(|| Stopped("nobody is logged in".to_owned()))?;
    answer(player, &verify, method, false).await?;
    player.call(Method::GET, target, &Value::Null, &[]).await.expect(200).map(|_| ())
}

/// Asks for a change of the account; where its challenge is answered.
pub async fn challenge_of(player: &mut Player, target: &str, body: &Value) -> String {
    let asked = player.call(Method::POST, target, body, &[]).await.expect(401).unwrap().json();
    asked["challenge"]["verify"].as_str().unwrap().to_owned()
}

/// Answers a challenge with the app; the approval.
pub async fn approval_of(player: &mut Player, verify: &str) -> String {
    let granted = answer(player, verify, "app", false).await.unwrap();
    granted["approval"].as_str().unwrap().to_owned()
}

/// Answers a challenge; what it gives.
async fn answer(player: &mut Player, verify: &str, method: &str, remember: bool) -> Result<Value, Stopped> {
    let code = match method {
        "sms" => player.sent_code(&verify.replace("/verify", "/send"), &json!({ "method": "sms" })).await?,
        "backup_code" => player.codes.pop().expect("a code that was not typed"),
        _ => player.app_code(),
    };
    let typed = json!({ "method": method, "code": code, "remember_device": remember });
    Ok(player.call(Method::POST, verify, &typed, &[]).await.expect(200)?.json())
}

async fn session_by_page(player: &mut Player) -> Step {
    let visited = player.visit("/account").await;
    if visited.status == 200 {
        return Ok(());
    }
    let challenge = visited.expect(303)?.location();
    player.visit(&challenge).await.expect(200)?;
    let form = format!("method=app&code={}", player.app_code());
    let next = player.submit(&challenge, &form).await.expect(303)?.location();
    player.visit(&next).await.expect(200).map(|_| ())
}

async fn once_by_json(player: &mut Player) -> Step {
    let verify = withdrawal(player).await?;
    let granted = answer(player, &verify, "app", false).await?;
    let approval = granted["approval"].as_str().unwrap();
    withdraw(player, approval).await.expect(200)?;
    assert_ne!(withdraw(player, approval).await.status, 200, "what was consumed counts no second time");
    Ok(())
}

/// Asks to withdraw; where the challenge is answered.
pub async fn withdrawal(player: &mut Player) -> Result<String, Stopped> {
    let asked = withdraw(player, "").await.expect(401)?.json();
    Ok(asked["challenge"]["verify"].as_str().unwrap().to_owned())
}

pub async fn withdraw(player: &mut Player, approval: &str) -> Answer {
    let lines = [("stepgate-approval", approval)];
    let lines = if approval.is_empty() { &[] } else { &lines[..] };
    player.call(Method::POST, "/api/withdraw", &json!({ "amount": "1500" }), lines).await
}

async fn held_form(player: &mut Player) -> Step {
    let challenge = player.submit("/withdraw", "amount=1500").await.expect(303)?.location();
    player.visit(&challenge).await.expect(200)?;
    let form = format!("method=app&code={}", player.app_code());
    let page = player.submit(&challenge, &form).await.expect(200)?;
    let form = format!("stepgate_resume={}", page.hidden("stepgate_resume"));
    player.submit("/withdraw", &form).await.expect(200)?;
    assert_ne!(player.submit("/withdraw", &form).await.status, 200, "what was consumed counts no second time");
    Ok(())
}

async fn enrol_app(player: &mut Player) -> Step {
    if factors(player).await?.0.is_empty() {
        let begun = json!({ "method": "app" });
        let begun = player.call(Method::POST, "/.stepgate/api/enrolments", &begun, &[]).await.expect(201)?.json();
        let at = format!("/.stepgate/api/enrolments/{}", begun["id"].as_str().unwrap());
        let code = json!({ "code": player.sent_code(&format!("{at}/phone/send"), &json!({})).await? });
        let proven = player.call(Method::POST, &format!("{at}/phone/verify"), &code, &[]).await.expect(200)?.json();
        player.keep_secret(proven["secret"].as_str().unwrap());
        look_at_codes(player, &at).await?;
        let code = json!({ "code": player.app_code() });
        player.call(Method::POST, &format!("{at}/confirm"), &code, &[]).await.expect(200)?;
    }
    // What was confirmed counts; what only looked so to the player does as well.
    prove(player, "/account", "app").await
}

pub async fn look_at_codes(player: &mut Player, at: &str) -> Step {
    let shown = player.call(Method::POST, &format!("{at}/backup-codes"), &json!({}), &[]).await.expect(200)?.json();
    player.codes = strings(&shown["backup_codes"]);
    Ok(())
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

async fn enrol_sms(player: &mut Player) -> Step {
    if factors(player).await?.0.is_empty() {
        let begun = json!({ "method": "sms" });
        let begun = player.call(Method::POST, "/.stepgate/api/enrolments", &begun, &[]).await.expect(201)?.json();
        let at = format!("/.stepgate/api/enrolments/{}", begun["id"].as_str().unwrap());
        let code = json!({ "code": player.sent_code(&format!("{at}/phone/send"), &json!({})).await? });
        player.call(Method::POST, &format!("{at}/phone/verify"), &code, &[]).await.expect(200)?;
        confirm_sms(player, &at).await?;
    }
    prove(player, "/account", "sms").await
}

async fn confirm_sms(player: &mut Player, at: &str) -> Step {
    look_at_codes(player, at).await?;
    let code = json!({ "code": player.sent_code(&format!("{at}/confirm/send"), &json!({})).await? });
    player.call(Method::POST, &format!("{at}/confirm"), &code, &[]).await.expect(200).map(|_| ())
}

async fn switch(player: &mut Player) -> Step {
    if factors(player).await?.0 == ["app"] {
        let wanted = json!({ "method": "sms", "replace": "all", "number": player.number });
        let begun = changed(player, Method::POST, "/.stepgate/api/enrolments", &wanted, 201).await?;
        let at = format!("/.stepgate/api/enrolments/{}", begun["id"].as_str().unwrap());
        confirm_sms(player, &at).await?;
    }
    prove(player, "/account", "sms").await
}

/// Asks for a change, proves it, and asks again with the approval.
pub async fn changed(
    player: &mut Player,
    method: Method,
    target: &str,
    body: &Value,
    status: u16,
) -> Result<Value, Stopped> {
    let asked = player.call(method.clone(), target, body, &[]).await.expect(401)?.json();
    let verify = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    let granted = answer(player, &verify, "app", false).await?;
    let lines = [("stepgate-approval", granted["approval"].as_str().unwrap())];
    Ok(player.call(method, target, body, &lines).await.expect(status)?.json())
}

async fn disable(player: &mut Player) -> Step {
    if factors(player).await?.0.is_empty() {
        return Ok(());
    }
    changed(player, Method::POST, "/.stepgate/api/factors/disable", &json!({}), 200).await.map(|_| ())
}

async fn enable(player: &mut Player) -> Step {
    if factors(player).await?.1 > 0 {
        changed(player, Method::POST, "/.stepgate/api/factors/enable", &json!({}), 200).await?;
    }
    prove(player, "/account", "app").await
}

async fn new_backup_codes(player: &mut Player) -> Step {
    let made = changed(player, Method::POST, "/.stepgate/api/backup-codes", &json!({}), 200).await?;
    player.codes = strings(&made["backup_codes"]);
    Ok(())
}

/// Is remembered, logs in anew, and is not asked.
async fn remember(player: &mut Player) -> Step {
    let visited = player.call(Method::GET, "/account", &Value::Null, &[]).await;
    if visited.status != 200 {
        let verify = visited.expect(401)?.json()["challenge"]["verify"].as_str().unwrap().to_owned();
        answer(player, &verify, "app", true).await?;
    }
    player.log_in();
    player.call(Method::GET, "/account", &Value::Null, &[]).await.expect(200).map(|_| ())
}

/// Follows the link of a notice.
async fn freeze(player: &mut Player) -> Step {
    let token = player.link.clone();
    player.visit(&format!("/.stepgate/freeze?t={token}")).await.expect(200)?;
    player.submit("/.stepgate/freeze", &format!("t={token}")).await.expect(200).map(|_| ())
}

/// Nothing that was proven before opens anything, nor does a right code.
async fn is_frozen(player: &mut Player) {
    assert!(player.state().await.freeze.is_some());
    let (approval, verify) = player.earlier.clone();
    assert_ne!(withdraw(player, &approval).await.status, 200);
    assert_ne!(player.call(Method::GET, "/account", &Value::Null, &[]).await.status, 200);
    let id = verify.split('/').nth(4).unwrap();
    let challenge = player.world.flow.stores.challenges.find(id, player.world.clock.now()).await.unwrap();
    assert!(challenge.is_none(), "the open challenge ended with it");
}
