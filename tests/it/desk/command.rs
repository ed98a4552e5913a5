//! `stepgate user` beside a process that serves.

use std::process::{Command, Output};

use serde_json::Value;

use super::{AYU, DeskGate};
use crate::kit::ApiClient;

fn user(desk: &DeskGate, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
    command.arg("user").args(line.split('|')).arg("--config").arg(&desk.gate.config);
    command.output().unwrap()
}

/// What a command printed; `Err` its exit code.
fn said(output: &Output) -> Result<String, i32> {
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout.clone()).unwrap());
    }
    Err(output.status.code().unwrap())
}

#[tokio::test]
async fn a_reset_by_command_waits_for_the_same_approval() {
    let desk = DeskGate::start("24h").await;
    ApiClient::log_in(&desk.gate.url(""), "ayu").await.enrol_app().await;
    let run = |line: &str| said(&user(&desk, line));
    assert_eq!(run("find|+6281200001001|--as|support"), Ok(format!("{AYU}\n")));
    let shown: Value = serde_json::from_str(&run("show|1001|--as|auditor").unwrap()).unwrap();
    assert_eq!((&shown["id"], &shown["factors"][0]["kind"]), (&AYU.into(), &"app".into()));

    for (line, code) in [
        ("freeze|1001|--as|auditor|--reason|on the phone", 77),
        ("freeze|1001|--as|stranger|--reason|on the phone", 77),
        ("freeze|none|--as|support|--reason|on the phone", 77),
        ("freeze|1001|--as|support|--reason|x", 64),
        ("freeze|1001|--as|support", 64),
        ("unfreeze|1001|--as|support|--reason|on the phone|--case|T-1", 77),
    ] {
        assert_eq!(run(line), Err(code), "{line}");
    }
    assert_eq!(run("freeze|1001|--as|support|--reason|on the phone"), Ok("done: freeze\n".to_owned()));
    assert_eq!(
        run("unfreeze|1001|--as|supervisor|--reason|on the phone|--case|T-1"),
        Ok("done: unfreeze\n".to_owned())
    );

    let asked = "reset|1001|--as|supervisor|--reason|lost the phone|--case|T-1|--evidence|document";
    let reset: Value = serde_json::from_str(&run(asked).unwrap()).unwrap();
    assert_eq!(reset["state"], "waiting");
    let id = reset["id"].as_str().unwrap();
    for (by, expected) in [("support", Err(77)), ("supervisor", Err(77))] {
        assert_eq!(run(&format!("approve|{id}|--as|{by}|--reason|papers seen")), expected, "{by}");
    }
    let approved = run(&format!("approve|{id}|--as|admin|--reason|papers seen")).unwrap();
    assert!(approved.contains("\"approved\"") && run("resets|--as|auditor").unwrap().contains(id));
    assert_eq!(run(&format!("cancel|{id}|--as|support|--reason|a mistake")), Ok("done: cancel\n".to_owned()));
    assert_eq!(run("code|1001|--as|support|--reason|called back|--case|T-1"), Err(77));
}
