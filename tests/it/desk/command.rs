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

/// The audit's rows of a kind.
pub(super) fn rows(desk: &DeskGate, kind: &str) -> Vec<Value> {
    let exported = crate::audit::command(&desk.gate, &["audit", "export", "--kind", kind]);
    let text = String::from_utf8(exported.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn data_is_given_out_and_erased_by_an_admin_with_a_reason_and_nobody_else() {
    let desk = DeskGate::start("24h").await;
    ApiClient::log_in(&desk.gate.url(""), "ayu").await.enrol_app().await;
    let run = |line: &str| said(&user(&desk, line));
    for (line, code) in [
        ("export|1001", 64),
        ("export|1001|--as|admin|--reason|x", 64),
        ("export|1001|--as|support|--reason|asked by letter", 77),
        ("export|1001|--as|stranger|--reason|asked by letter", 77),
        ("erase|1001|--as|admin|--reason|asked by letter", 64),
        ("erase|1001|--yes|--as|supervisor|--reason|asked by letter", 77),
    ] {
        assert_eq!(run(line), Err(code), "{line}");
    }
    let refused: Vec<Value> = rows(&desk, "desk-forbidden");
    let details: Vec<_> = refused.iter().map(|row| (row["actor"].as_str(), row["detail"].as_str())).collect();
    let expected = [("support:support", "export"), ("nobody", "export"), ("support:supervisor", "erase")];
    assert_eq!(details, expected.map(|(actor, detail)| (Some(actor), Some(detail))));

    let given: Value = serde_json::from_str(&run("export|1001|--as|admin|--reason|asked by letter").unwrap()).unwrap();
    let own = given["kept"]["audit"].as_array().unwrap().iter().find(|row| row["event"] == "player-exported").unwrap();
    assert_eq!((own["actor"].as_str(), own["why"].as_str()), (Some("support:admin"), Some("asked by letter")));
    assert!(run("erase|1001|--yes|--as|admin|--reason|account closed").is_ok());
    let erased = rows(&desk, "player-erased");
    assert_eq!(
        (erased[0]["actor"].as_str(), erased[0]["why"].as_str()),
        (Some("support:admin"), Some("account closed"))
    );
    let lines = crate::audit::command(&desk.gate, &["audit", "export"]).stdout;
    let lines = String::from_utf8(lines).unwrap();
    assert!(!lines.contains("\"1001\"") && !lines.contains("81200001001"), "{lines}");
    let verified = crate::audit::command(&desk.gate, &["audit", "verify"]);
    assert!(verified.status.success(), "{}", crate::audit::said(&verified));
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
        ("find|+6281200001001|--as|stranger", 77),
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
    // What was done by command is told apart from the desk: by whom of the system.
    let frozen = rows(&desk, "frozen");
    let process = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
    assert_eq!((frozen[0]["actor"].as_str(), frozen.len()), (Some("support:support"), 1));
    assert_eq!(frozen[0]["origin"].as_str(), Some(format!("cli:{process}").as_str()));
    let approved = run(&format!("approve|{id}|--as|admin|--reason|papers seen")).unwrap();
    assert!(approved.contains("\"approved\"") && run("resets|--as|auditor").unwrap().contains(id));
    assert_eq!(run(&format!("cancel|{id}|--as|support|--reason|a mistake")), Ok("done: cancel\n".to_owned()));
    assert_eq!(run("code|1001|--as|support|--reason|called back|--case|T-1"), Err(77));
}
