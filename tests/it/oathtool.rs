//! Our codes against those of an independent implementation.

use std::process::Command;

use stepgate::{clock::UnixTime, factor::app, secret::digest};

#[test]
fn codes_are_those_of_oathtool() {
    for round in 0..200_i64 {
        // Secrets and times spread over their ranges, the same in every run.
        let seed = digest([round.to_be_bytes().as_slice()]);
        let secret = app::Secret::from_bytes(&seed[..20]).expect("20 bytes");
        let secs = round * 20_000_003 + i64::from(seed[20]);
        let output = Command::new("oathtool")
            .args(["--totp", "--base32", secret.base32().as_str(), &format!("--now=@{secs}")])
            .output()
            .expect("oathtool is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ours = secret.code_at(app::step_of(UnixTime::from_secs(secs))).expect("after 1970");
        assert_eq!(output.stdout.trim_ascii(), ours.digits(), "at {secs}");
    }
}
