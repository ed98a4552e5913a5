//! Couriers as `run` and a reload see them.

use std::process::Command;

use crate::kit::TestGate;

#[test]
fn run_and_check_refuse_a_courier_that_shows_every_code() {
    for command in ["run", "check"] {
        let mut stepgate = Command::new(env!("CARGO_BIN_EXE_stepgate"));
        let output = stepgate.args([command, "--config", "config/demo.yaml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(78), "{command}");
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert!(said.contains("`outbox` is for `stepgate demo` alone") && said.contains("demo.yaml:"), "{said}");
    }
}

#[tokio::test]
async fn a_reload_takes_new_couriers_and_refuses_an_outbox() {
    let gate = TestGate::start().await;
    let couriers = |metrics: &str| metrics.matches("stepgate_courier_paused{").count();
    assert_eq!(couriers(&gate.metrics().await), 1);
    let second = "  sms: [{ http: { url: 'http://127.0.0.1:1', json: ['{to}', '{text}'] } }, ";
    gate.rewrite(|yaml| yaml.replace("  sms: [", second));
    gate.metrics_once(|metrics| couriers(metrics) == 2).await;
    gate.rewrite(|yaml| yaml.replace("  sms: [", "  sms: [{ outbox: {} }, "));
    let metrics = gate.metrics_once(|metrics| metrics.contains("stepgate_config_last_reload_successful 0")).await;
    assert_eq!(couriers(&metrics), 2, "the old ones stay");
}
