//! Whatever a configuration file holds: it is read the same twice, or told what is wrong in words that
//! point into it.

use std::path::Path;

use super::*;
use crate::fuzz;

#[test]
fn no_configuration_is_too_odd_to_be_answered() {
    fuzz::hold("config", 300, |input| {
        let Some(text) = fuzz::text(input) else { return "no text".to_owned() };
        let read = || parse("stepgate.yaml", text, Path::new("/nowhere"), |_| None);
        match (read(), read()) {
            (Ok(one), Ok(other)) => {
                assert_eq!((one.hash, one.routes.len()), (other.hash, other.routes.len()));
                "good".to_owned()
            }
            (Err(one), Err(other)) => {
                assert_eq!(one, other);
                assert!(!one.list.is_empty() && one.to_string().contains("stepgate.yaml:"));
                // YAML breaks lines at a lone carriage return too (YAML 1.2.2 §5.4).
                let lines = text.split(['\n', '\r']).count() + 2;
                assert!(one.list.iter().all(|problem| (1..=lines).contains(&problem.line)), "{one}");
                one.list[0].message.chars().take(40).collect()
            }
            (one, other) => panic!("{one:?}, then {other:?}"),
        }
    });
}
