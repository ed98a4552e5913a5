//! Each journey as its player takes it over HTTP, from wherever it was left; and what is true once it is
//! made.

use http::Method;
use serde_json::{Value, json};

use super::player::Player;
use crate::kit::answered::{Answer, Stopped};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journey {
    HeldForm,
    ApprovedCall,
    SessionBySms,
    EnrolApp,
    BackupCode,
    Disable,
}

type Step = Result<(), Stopped>;

impl Journey {
    /// The methods that its players may have.
    pub const fn methods(self) -> &'static str {
        match self {
            // A set of backup codes takes long to hash, and would be made at each enrolment.
            Self::EnrolApp => "[app, sms]",
            Self::HeldForm | Self::ApprovedCall | Self::SessionBySms | Self::BackupCode | Self::Disable => {
                "[app, sms, backup_code]"
            }
        }
    }

    /// The player before the journey.
    pub async fn prepared(self, player: Player<'_>) -> Player<'_> {
        match self {
            Self::EnrolApp => player,
            Self::SessionBySms => player.with_sms().await,
            Self::HeldForm | Self::ApprovedCall | Self::BackupCode | Self::Disable => player.with_app().await,
        }
    }

    /// Takes it to its end, or to where it is stopped.
    pub async fn take(self, player: &mut Player<'_>) -> Step {
        match self {
            Self::HeldForm => held_form(player).await,
            Self::ApprovedCall => approved_call(player).await,
            Self::SessionBySms => prove(player, "sms").await,
            Self::EnrolApp => enrol_app(player).await,
            Self::BackupCode => prove(player, "backup_code").await,
            Self::Disable => disable(player).await,
        }
    }

    /// What must be true after it was made, whatever happened on the way.
    pub async fn check(self, player: &mut Player<'_>) {
        let state = player.state().await;
        let counts = (state.factors.len(), state.suspended.len());
        match self {
            Self::HeldForm => {
                let form = player.spent.clone();
                player.submit("/withdraw", &form).await.expect(410).unwrap();
                assert_eq!(player.world.received("/withdraw", &player.jar["session"]), 1, "exactly once");
                counts_no_second_time(player).await;
            }
            Self::ApprovedCall => {
                let approval = player.spent.clone();
                let again = withdraw(player, &[("stepgate-approval", &approval)]).await;
                assert!((400..500).contains(&again.status), "what was consumed counts no second time: {again:?}");
                assert_eq!(player.world.received("/api/withdraw", &player.jar["session"]), 1, "exactly once");
                counts_no_second_time(player).await;
            }
            Self::SessionBySms => assert_eq!(counts, (1, 0)),
            Self::EnrolApp => {
                assert_eq!(counts, (1, 0));
                counts_no_second_time(player).await;
            }
            Self::BackupCode => {
                let left = state.backup_codes_left as usize;
                assert!(left < 2 && left >= player.codes.len(), "{left} left, {} not typed", player.codes.len());
            }
            Self::Disable => assert_eq!((counts, state.backup_codes_left), ((0, 1), 2)),
        }
    }
}

/// The code that was typed last answers no other challenge.
async fn counts_no_second_time(player: &mut Player<'_>) {
    let verify = withdrawal(player).await.unwrap();
    let typed = json!({ "method": "app", "code": player.last_app_code() });
    player.call(Method::POST, &verify, &typed, &[]).await.expect(422).unwrap();
}

/// Answers a challenge; what it gives.
async fn answer(player: &mut Player<'_>, verify: &str, method: &str) -> Result<Value, Stopped> {
    let code = match method {
        "sms" => player.sent_code(&verify.replace("/verify", "/send"), &json!({ "method": "sms" })).await?,
        "backup_code" => player.codes.pop().expect("a code that was not typed"),
        _ => player.app_code(),
    };
    let typed = json!({ "method": method, "code": code });
    Ok(player.call(Method::POST, verify, &typed, &[]).await.expect(200)?.json())
}

/// Visits a guarded page, proves what it asks for, and is let in.
async fn prove(player: &mut Player<'_>, method: &str) -> Step {
    let visited = player.call(Method::GET, "/account", &Value::Null, &[]).await;
    if visited.status == 200 {
        return Ok(());
    }
    let verify = visited.expect(401)?.json()["challenge"]["verify"].as_str().unwrap().to_owned();
    answer(player, &verify, method).await?;
    player.call(Method::GET, "/account", &Value::Null, &[]).await.expect(200).map(|_| ())
}

async fn held_form(player: &mut Player<'_>) -> Step {
    let challenge = player.submit("/withdraw", "amount=1500").await.expect(303)?.location();
    player.visit(&challenge).await.expect(200)?;
    let form = format!("method=app&code={}", player.app_code());
    let page = player.submit(&challenge, &form).await.expect(200)?;
    let form = format!("stepgate_resume={}", page.hidden("stepgate_resume"));
    player.submit("/withdraw", &form).await.expect(200)?;
    player.spent = form;
    Ok(())
}

async fn approved_call(player: &mut Player<'_>) -> Step {
    let verify = withdrawal(player).await?;
    let granted = answer(player, &verify, "app").await?;
    let approval = granted["approval"].as_str().unwrap().to_owned();
    withdraw(player, &[("stepgate-approval", &approval)]).await.expect(200)?;
    player.spent = approval;
    Ok(())
}

async fn withdraw(player: &mut Player<'_>, lines: &[(&str, &str)]) -> Answer {
    player.call(Method::POST, "/api/withdraw", &json!({ "amount": "1500" }), lines).await
}

/// Asks to withdraw; where the challenge is answered.
async fn withdrawal(player: &mut Player<'_>) -> Result<String, Stopped> {
    let asked = withdraw(player, &[]).await.expect(401)?;
    Ok(asked.json()["challenge"]["verify"].as_str().unwrap().to_owned())
}

async fn enrol_app(player: &mut Player<'_>) -> Step {
    let shown = player.call(Method::GET, "/.stepgate/api/factors", &Value::Null, &[]).await.expect(200)?.json();
    if shown["factors"].as_array().unwrap().is_empty() {
        let begun = json!({ "method": "app" });
        let begun = player.call(Method::POST, "/.stepgate/api/enrolments", &begun, &[]).await.expect(201)?.json();
        let at = format!("/.stepgate/api/enrolments/{}", begun["id"].as_str().unwrap());
        let code = json!({ "code": player.sent_code(&format!("{at}/phone/send"), &json!({})).await? });
        let proven = player.call(Method::POST, &format!("{at}/phone/verify"), &code, &[]).await.expect(200)?.json();
        player.keep_secret(proven["secret"].as_str().unwrap());
        let code = json!({ "code": player.app_code() });
        player.call(Method::POST, &format!("{at}/confirm"), &code, &[]).await.expect(200)?;
    }
    Ok(())
}

/// Asks to switch the second factor off, proves it, and asks again with the approval.
async fn disable(player: &mut Player<'_>) -> Step {
    if player.state().await.factors.is_empty() {
        return Ok(());
    }
    let target = "/.stepgate/api/factors/disable";
    let asked = player.call(Method::POST, target, &json!({}), &[]).await.expect(401)?.json();
    let granted = answer(player, asked["challenge"]["verify"].as_str().unwrap(), "app").await?;
    let lines = [("stepgate-approval", granted["approval"].as_str().unwrap())];
    player.call(Method::POST, target, &json!({}), &lines).await.expect(200).map(|_| ())
}
