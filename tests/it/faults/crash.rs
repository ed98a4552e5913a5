//! The gateway is killed at each step of an enrolment and of a challenge, as by a power cut: what was
//! confirmed is there, what was consumed stays consumed, what was only begun is gone.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::kit::{ApiClient, AuthenticatorApp, TestGate, postgres::Postgres};

const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 123"}"#;
const WITHDRAW: &str = "/api/withdraw";
/// How many clients do the same at once.
const PARALLEL: usize = 12;

/// A gateway over a database, and a client of a player without a factor.
struct Player {
    gate: TestGate,
    client: ApiClient,
    _postgres: Option<Postgres>,
}

impl Player {
    async fn over_sqlite() -> Self {
        let gate = TestGate::start().await;
        let client = ApiClient::log_in(&gate.url(""), "ayu").await;
        Self { gate, client, _postgres: None }
    }

    async fn over_postgres() -> Self {
        let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
        let url = postgres.url();
        let gate = TestGate::start_with(move |yaml| {
            let (before, after) = yaml.split_once("durable: ").unwrap();
            let (_, after) = after.split_once('\n').unwrap();
            format!("{before}durable: \"{url}\"\n{after}")
        })
        .await;
        let client = ApiClient::log_in(&gate.url(""), "ayu").await;
        Self { gate, client, _postgres: Some(postgres) }
    }

    async fn kill(&mut self) {
        self.gate.gate.kill_and_restart().await;
    }

    /// Begins an enrolment: the app, and where to confirm.
    async fn begin(&self) -> (AuthenticatorApp, String) {
        let begun = self.client.portal("/.stepgate/api/enrolments", &json!({ "method": "app" }), 201).await;
        let app = AuthenticatorApp::holding(begun["secret"].as_str().unwrap());
        (app, format!("/.stepgate/api/enrolments/{}/confirm", begun["id"].as_str().unwrap()))
    }

    /// Asks to withdraw, and says where the challenge is answered.
    async fn challenge(&mut self) -> String {
        let refused = self.client.post(WITHDRAW, WITHDRAWAL, &[]).await;
        self.client.challenged(refused).await
    }

    async fn withdraw(&self, approval: &str) -> StatusCode {
        self.client.post(WITHDRAW, WITHDRAWAL, &[("stepgate-approval", approval)]).await.status()
    }

    async fn factors(&self) -> usize {
        let answer: Value =
            serde_json::from_str(&self.client.get("/.stepgate/api/factors").await.text().await.unwrap()).unwrap();
        answer["factors"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    }

    /// How many withdrawals the site has received.
    fn withdrawn(&self) -> usize {
        self.gate.site.received("POST", WITHDRAW).len()
    }
}

fn answering(code: &str) -> Value {
    json!({ "method": "app", "code": code })
}

/// A code that no app shows.
async fn wrong(app: &AuthenticatorApp) -> String {
    let shown = [app.previous_code().await, app.code(), app.next_code()];
    (0..4)
        .map(|digit| format!("{digit}{digit}{digit}{digit}{digit}{digit}"))
        .find(|code| !shown.contains(code))
        .unwrap()
}

async fn enrolment_survives(mut player: Player) {
    let (_, begun_only) = player.begin().await;
    player.kill().await;
    let gone = player.client.portal(&begun_only, &json!({ "code": "123456" }), 410).await;
    assert_eq!(gone["type"], "urn:stepgate:challenge-gone");
    assert_eq!(player.factors().await, 0);

    let (app, confirm) = player.begin().await;
    player.client.portal(&confirm, &json!({ "code": wrong(&app).await }), 422).await;
    player.kill().await;
    player.client.portal(&confirm, &json!({ "code": app.code() }), 410).await;
    assert_eq!(player.factors().await, 0);

    let (app, confirm) = player.begin().await;
    let code = app.previous_code().await;
    player.client.portal(&confirm, &json!({ "code": code }), 200).await;
    player.kill().await;
    assert_eq!(player.factors().await, 1, "what was confirmed is there");
    let verify = player.challenge().await;
    player.client.portal(&verify, &answering(&code), 422).await;
    player.client.portal(&verify, &answering(&app.code()), 200).await;
}

#[tokio::test]
async fn a_confirmed_enrolment_survives_and_a_begun_one_is_gone() {
    enrolment_survives(Player::over_sqlite().await).await;
}

#[tokio::test]
async fn a_confirmed_enrolment_survives_over_postgres() {
    enrolment_survives(Player::over_postgres().await).await;
}

async fn failures_survive(mut player: Player) {
    let app = player.client.enrol_app().await;
    for _ in 0..2 {
        let verify = player.challenge().await;
        player.client.portal(&verify, &answering(&wrong(&app).await), 422).await;
        player.kill().await;
        player.client.portal(&verify, &answering(&app.code()), 410).await;
    }
    let verify = player.challenge().await;
    // Five failures in a row pause: two before, three now.
    for _ in 0..3 {
        player.client.portal(&verify, &answering(&wrong(&app).await), 422).await;
    }
    player.client.portal(&verify, &answering(&app.code()), 429).await;
    player.kill().await;
    let verify = player.challenge().await;
    let paused = player.client.portal(&verify, &answering(&app.code()), 429).await;
    assert_eq!(paused["type"], "urn:stepgate:too-many-attempts", "the pause itself survives");
}

#[tokio::test]
async fn failed_codes_stay_counted() {
    failures_survive(Player::over_sqlite().await).await;
}

#[tokio::test]
async fn failed_codes_stay_counted_over_postgres() {
    failures_survive(Player::over_postgres().await).await;
}

async fn consumed_stays_consumed(mut player: Player) {
    let app = player.client.enrol_app().await;
    let verify = player.challenge().await;
    let code = app.code();
    let granted = player.client.portal(&verify, &answering(&code), 200).await;
    let approval = granted["approval"].as_str().unwrap().to_owned();
    player.kill().await;
    assert_eq!(player.withdraw(&approval).await, StatusCode::UNAUTHORIZED, "an approval in memory is gone");
    let verify = player.challenge().await;
    player.client.portal(&verify, &answering(&code), 422).await;
    assert_eq!(player.withdrawn(), 0);

    let granted = player.client.portal(&verify, &answering(&app.next_code()), 200).await;
    let approval = granted["approval"].as_str().unwrap().to_owned();
    assert_eq!(player.withdraw(&approval).await, StatusCode::OK);
    player.kill().await;
    assert!(player.withdraw(&approval).await.is_client_error());
    let verify = player.challenge().await;
    player.client.portal(&verify, &answering(&app.next_code()), 422).await;
    assert_eq!(player.withdrawn(), 1, "exactly once");
    assert_eq!(player.factors().await, 1);
}

#[tokio::test]
async fn codes_and_approvals_stay_consumed() {
    consumed_stays_consumed(Player::over_sqlite().await).await;
}

#[tokio::test]
async fn codes_and_approvals_stay_consumed_over_postgres() {
    consumed_stays_consumed(Player::over_postgres().await).await;
}

/// Posts the same from many clients and kills the gateway once `answers` of them were answered; how
/// many were told yes.
async fn kill_during(player: &mut Player, requests: Vec<(String, String, String)>, answers: usize) -> usize {
    let mut posting = JoinSet::new();
    for (target, body, approval) in requests {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let origin = player.gate.url("");
        let request = client.post(player.gate.url(&target)).header("cookie", player.client.cookies());
        let request = request.header("content-type", "application/json").header("origin", origin);
        let request = request.header("stepgate-approval", approval).body(body);
        posting.spawn(async move { request.send().await.is_ok_and(|answer| answer.status() == 200) });
    }
    let mut accepted = 0;
    for _ in 0..answers {
        accepted += usize::from(posting.join_next().await.unwrap().unwrap());
    }
    player.gate.gate.process.signal("KILL");
    while let Some(done) = posting.join_next().await {
        accepted += usize::from(done.unwrap());
    }
    player.gate.gate.restart().await;
    accepted
}

#[tokio::test]
async fn a_kill_during_parallel_verifies_grants_once_at_most() {
    for answers in [0, 1, PARALLEL / 2] {
        let mut player = Player::over_sqlite().await;
        let app = player.client.enrol_app().await;
        let code = app.code();
        let mut requests = Vec::new();
        for _ in 0..PARALLEL {
            let verify = player.challenge().await;
            requests.push((verify, answering(&code).to_string(), String::new()));
        }
        let accepted = kill_during(&mut player, requests, answers).await;
        assert!(accepted <= 1, "one code, {accepted} grants");
        let verify = player.challenge().await;
        let again = player.client.post(&verify, &answering(&code).to_string(), &[]).await;
        // The others of the crowd may have led to a pause.
        assert!(accepted == 0 || again.status() == 422 || again.status() == 429, "again: {}", again.status());
        assert_eq!(player.factors().await, 1);
    }
}

#[tokio::test]
async fn a_kill_during_parallel_confirmations_loses_no_factor() {
    for answers in [0, 1, PARALLEL / 2] {
        let mut player = Player::over_sqlite().await;
        let (app, confirm) = player.begin().await;
        let body = json!({ "code": app.previous_code().await }).to_string();
        // Few enough that the right code is not paused.
        let requests = vec![(confirm.clone(), body, String::new()); 4];
        let accepted = kill_during(&mut player, requests, answers.min(4)).await;
        assert!(accepted <= 1, "{accepted} confirmations");
        let factors = player.factors().await;
        assert!(factors <= 1 && factors >= accepted, "{accepted} confirmed, {factors} there");
        if factors == 0 {
            player.client.enrol_app().await;
        }
        assert_eq!(player.factors().await, 1);
    }
}

#[tokio::test]
async fn a_kill_during_parallel_sends_lets_one_through_at_most() {
    for answers in [0, 1, PARALLEL / 2] {
        let mut player = Player::over_sqlite().await;
        let app = player.client.enrol_app().await;
        let verify = player.challenge().await;
        let granted = player.client.portal(&verify, &answering(&app.code()), 200).await;
        let approval = granted["approval"].as_str().unwrap().to_owned();
        let requests = vec![(WITHDRAW.to_owned(), WITHDRAWAL.to_owned(), approval.clone()); PARALLEL];
        let accepted = kill_during(&mut player, requests, answers).await;
        assert!(accepted <= player.withdrawn() && player.withdrawn() <= 1, "{accepted} of {}", player.withdrawn());
        assert!(player.withdraw(&approval).await.is_client_error());
        assert!(player.withdrawn() <= 1);
    }
}
