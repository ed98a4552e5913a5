//! The machine's clock is set back and forward under a running gateway (security.md A54): nothing that
//! was used or had ended comes back, nothing lives on, and the operator is told.

use serde_json::{Value, json};

use crate::kit::{ApiClient, AuthenticatorApp, Sender, TestGate, eventually, moved_clock::MovedClock};

const WITHDRAW: &str = "/api/withdraw";
const WITHDRAWAL: &str = r#"{"amount":"1500000","destination":"BCA 123"}"#;
const FORM: &str = "amount=5&destination=BCA+1&csrf=x";

/// A gateway by a clock that can be moved, and a client of a player with an app.
async fn player(edit: impl FnOnce(String) -> String) -> (MovedClock, TestGate, ApiClient, AuthenticatorApp) {
    let clock = MovedClock::new();
    let gate = TestGate::start_under(&clock, edit).await;
    let client = ApiClient::log_in(&gate.url(""), "ayu").await;
    let app = client.enrol_app().await;
    (clock, gate, client, app)
}

fn answering(code: &str) -> Value {
    json!({ "method": "app", "code": code })
}

/// Asks for a guarded page; where the challenge is answered.
async fn challenge(client: &mut ApiClient) -> String {
    let refused = client.get("/account").await;
    client.challenged(refused).await
}

/// Answers a challenge; the status.
async fn answer(client: &ApiClient, verify: &str, code: &str) -> u16 {
    client.post(verify, &answering(code).to_string(), &[]).await.status().as_u16()
}

/// A code that no app shows, wherever the clock is.
fn wrong(app: &AuthenticatorApp) -> String {
    let shown = ["-60 seconds", "-30 seconds", "now", "30 seconds", "60 seconds"].map(|time| app.code_at(time));
    (0..6).map(|digit| format!("{digit}").repeat(6)).find(|code| !shown.contains(code)).unwrap()
}

/// A form that is held, and goes on with this code: the post that made it go on, and its cookies.
async fn held_form(gate: &TestGate, session: &str, code: &str) -> (String, String) {
    let sender = Sender::of(gate);
    let asked = post_form(&sender, "/wallet/withdraw", session, FORM).await;
    assert_eq!(asked.status, 303, "{asked:?}");
    let cookies = format!("{session}; {}", asked.cookie("stepgate-challenge"));
    let page = asked.headers["location"].to_str().unwrap();
    let confirmed = post_form(&sender, page, &cookies, &format!("code={code}")).await;
    let token = confirmed.body.split("name=\"stepgate_resume\" value=\"").nth(1).unwrap();
    let resume = format!("stepgate_resume={}", token.get(..43).unwrap());
    post_form(&sender, "/wallet/withdraw", &cookies, &resume).await;
    assert_eq!(gate.site.received("POST", "/wallet/withdraw").len(), 1);
    (resume, cookies)
}

async fn post_form(sender: &Sender, target: &str, cookies: &str, body: &str) -> crate::kit::Answer {
    let media = "application/x-www-form-urlencoded";
    let lines = [("cookie", cookies), ("origin", &*sender.base), ("content-type", media), ("accept", "text/html")];
    sender.send("POST", target, &lines, body).await
}

#[tokio::test]
async fn what_was_used_stays_used_wherever_the_clock_goes() {
    let (clock, gate, mut client, app) = player(|yaml| yaml).await;
    let session = client.cookies().to_owned();
    let refused = client.post(WITHDRAW, WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;
    let used = app.code();
    let granted = client.portal(&verify, &answering(&used), 200).await;
    let approval = granted["approval"].as_str().unwrap();
    assert_eq!(client.post(WITHDRAW, WITHDRAWAL, &[("stepgate-approval", approval)]).await.status(), 200);
    let (resume, cookies) = held_form(&gate, &session, &app.next_code()).await;

    // Back to before the code's step, to its step, past its end, and back once more.
    for moved in ["-5h", "+0", "+2h", "-24h"] {
        clock.set(moved);
        let verify = challenge(&mut client).await;
        assert_eq!(answer(&client, &verify, &used).await, 422, "{moved}: the code");
        let again = client.post(WITHDRAW, WITHDRAWAL, &[("stepgate-approval", approval)]).await.status().as_u16();
        assert!([401, 410].contains(&again), "{moved}: the approval: {again}");
        let again = post_form(&Sender::of(&gate), "/wallet/withdraw", &cookies, &resume).await;
        assert_eq!(again.status, 410, "{moved}: the held form: {again:?}");
        let reached = ["/wallet/withdraw", WITHDRAW].map(|target| gate.site.received("POST", target).len());
        assert_eq!(reached, [1, 1], "{moved}");
    }
}

#[tokio::test]
async fn right_codes_are_taken_and_a_stamp_goes_on_while_the_clock_is_hours_behind() {
    let (clock, gate, mut client, app) = player(|yaml| yaml).await;
    client.prove("/account", &app.code()).await;
    clock.set("-5h");
    assert_eq!(client.get("/account").await.status(), 200);
    clock.set("+0");
    assert_eq!(client.get("/account").await.status(), 200);
    let mut anew = ApiClient::log_in(&gate.url(""), "ayu").await;
    anew.prove("/account", &app.next_code()).await;
}

#[tokio::test]
async fn what_ended_while_the_clock_was_ahead_stays_ended() {
    let (clock, _gate, mut client, app) = player(|yaml| yaml).await;
    let refused = client.post(WITHDRAW, WITHDRAWAL, &[]).await;
    let verify = client.challenged(refused).await;
    client.prove("/account", &app.code()).await;
    assert_eq!(client.get("/account").await.status(), 200);
    for moved in ["+24h", "+0", "-5h"] {
        clock.set(moved);
        assert_eq!(client.get("/account").await.status(), 401, "{moved}: the stamp");
        assert_eq!(answer(&client, &verify, &app.next_code()).await, 410, "{moved}: the challenge");
    }
}

#[tokio::test]
async fn what_was_given_out_while_the_clock_was_ahead_is_nothing_to_a_process_that_begins_when_it_is_right() {
    let (clock, mut gate, mut client, app) = player(|yaml| yaml).await;
    clock.set("+24h");
    let tomorrow = app.code_at("24 hours");
    client.prove("/account", &tomorrow).await;
    clock.set("+0");
    assert_eq!(client.get("/account").await.status(), 200, "the process goes by its own time");
    gate.kill_and_restart().await;
    assert_eq!(client.get("/account").await.status(), 401, "a stamp of tomorrow");
    let mut anew = ApiClient::log_in(&gate.url(""), "ayu").await;
    let verify = challenge(&mut anew).await;
    assert_eq!(answer(&anew, &verify, &tomorrow).await, 422, "a code of tomorrow");
    assert_eq!(answer(&anew, &verify, &app.code()).await, 422, "one before a code that was taken");
}

/// Challenges that end soon.
fn short(yaml: String) -> String {
    assert!(yaml.contains("second_factor:\n"), "{yaml}");
    yaml.replace("second_factor:\n", "second_factor:\n  approval: { lifetime: 3s }\n")
}

#[tokio::test]
async fn what_is_to_end_ends_though_the_clock_was_set_back() {
    let (clock, _gate, mut client, _app) = player(short).await;
    clock.set("-5h");
    let verify = challenge(&mut client).await;
    let shown = verify.strip_suffix("/verify").unwrap();
    eventually("the challenge ends", async || (client.get(shown).await.status() == 410).then_some(())).await;
}

/// Long pauses after few wrong codes, and long ones between two messages.
fn strict(yaml: String) -> String {
    yaml.replace("sms: { countries: [ID] }", "sms: { countries: [ID], resend_after: 10m }")
        + "throttle: { pause_from: 2, first_pause: 30m }\n"
}

#[tokio::test]
async fn pauses_become_no_shorter() {
    let (clock, mut gate, mut client, app) = player(strict).await;
    let verify = challenge(&mut client).await;
    for _ in 0..2 {
        assert_eq!(answer(&client, &verify, &wrong(&app)).await, 422);
    }
    let other = ApiClient::log_in(&gate.url(""), "budi").await;
    let begun = other.portal("/.stepgate/api/enrolments", &json!({ "method": "sms" }), 201).await;
    let send = format!("/.stepgate/api/enrolments/{}/confirm/send", begun["id"].as_str().unwrap());
    other.portal(&send, &json!({}), 202).await;
    for moved in ["+0", "-5h", "+0", "+1m", "-24h"] {
        clock.set(moved);
        let verify = challenge(&mut client).await;
        let paused = client.post(&verify, &answering(&app.code()).to_string(), &[]).await;
        assert_eq!(paused.status(), 429, "{moved}");
        let wait: u64 = paused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((20 * 60..=30 * 60).contains(&wait), "{moved}: {wait}");
        other.portal(&send, &json!({}), 429).await;
    }
    gate.kill_and_restart().await;
    let verify = challenge(&mut client).await;
    assert_eq!(answer(&client, &verify, &app.code()).await, 429, "a process that begins a day before");
    // Ayu may be told of the new app meanwhile.
    let sent = gate.provider.asked().into_iter().filter(|asked| asked.json()["to"] == "+6281200001002");
    assert_eq!(sent.count(), 1, "one code to budi's number");
}

#[tokio::test]
async fn a_gateway_begins_under_any_clock() {
    let (clock, mut gate, mut client, app) = player(|yaml| yaml).await;
    let clocks = [("-24h", true), ("+24h", false), ("@1970-01-01 00:00:30", true), ("@2038-01-19 03:14:00", false)];
    for (moved, is_behind) in clocks {
        clock.set(moved);
        gate.kill_and_restart().await;
        assert_eq!(client.get("/").await.status(), 200, "{moved}: what nothing guards");
        assert_eq!(client.get("/account").await.status(), 401, "{moved}: what is guarded");
        assert_eq!(client.get("/.stepgate/settings").await.status(), 200, "{moved}: a page of ours");
        let verify = challenge(&mut client).await;
        assert_eq!(answer(&client, &verify, &wrong(&app)).await, 422, "{moved}: a wrong code");
        if is_behind {
            gate.logged(|line| line["message"].as_str()?.contains("rows that are later").then_some(()));
        }
        let written = gate.process.written();
        assert!(!written.contains("panicked"), "{moved}: {written}");
    }
}

#[tokio::test]
async fn the_operator_is_told_that_the_clock_was_set() {
    let clock = MovedClock::new();
    let mut gate = TestGate::start_under(&clock, |yaml| yaml).await;
    let seconds = |line: &Value, what: &str| {
        let warns = line["level"] == "WARN" && line["message"].as_str()?.contains(what);
        line["by_seconds"].as_u64().filter(|_| warns)
    };
    clock.set("-5h");
    let back = gate.logged(|line| seconds(line, "clock was set back"));
    assert!(back.abs_diff(5 * 3600) <= 60, "{back}");
    assert!(gate.metric("stepgate_clock_ahead_seconds").await > 4.0 * 3600.0);
    clock.set("+1h");
    let forward = gate.logged(|line| seconds(line, "clock was set forward"));
    assert!(forward.abs_diff(6 * 3600) <= 60, "{forward}");
    assert!(gate.metric("stepgate_clock_ahead_seconds").await < 1.0);
}
