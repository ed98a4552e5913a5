//! `docs/observability.md`, out of the table.

use super::families::{ALL, Family, Kind};

/// The whole document.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(HEAD);
    for family in ALL {
        text.push_str(&row(family));
    }
    text.push_str(
        "\n## Label values\n\nThe sets are closed; what is outside counts as `other` where the set has it.\n\n",
    );
    let mut seen: Vec<(&str, &[&str])> = Vec::new();
    for label in ALL.iter().flat_map(|family| family.labels).filter(|label| !label.values.is_empty()) {
        if !seen.contains(&(label.name, label.values)) {
            seen.push((label.name, label.values));
            let values: Vec<String> = label.values.iter().map(|value| format!("`{value}`")).collect();
            text.push_str(&format!("- `{}`: {}\n", label.name, values.join(", ")));
        }
    }
    text.push_str(TAIL);
    text
}

/// The line of one family.
fn row(family: &Family) -> String {
    let kind = match family.kind {
        Kind::Counter => "counter".to_owned(),
        Kind::Gauge => "gauge".to_owned(),
        Kind::Histogram(bounds) => {
            let bounds: Vec<String> = bounds.iter().map(ToString::to_string).collect();
            format!("histogram: {}", bounds.join(" "))
        }
    };
    let labels: Vec<String> = family.labels.iter().map(|label| format!("`{}`", label.name)).collect();
    format!("| `{}` | {} | {} | {} | {} |\n", family.name, kind, family.unit, labels.join(", "), family.help)
}

const HEAD: &str = "# Observability

Written from `src/metrics`; change the table there, then run
`STEPGATE_WRITE_DOCS=1 cargo test --lib metrics::document`.

The ops listener serves `/metrics` (Prometheus text format), `/livez` and `/readyz`. Labels come from
the configuration or from closed sets, never from a request. A series appears once something was counted.
The usual `process_*` families come beside these.

## Metrics

| name | type | unit | labels | what |
|---|---|---|---|---|
";

const TAIL: &str = r#"
`route` is the name of a route in the configuration, or `none` for requests that land on no named route; of a challenge
also `login`, for a log-in that waits.
`courier` is a courier's kind and its position in its list of the configuration, from 0: `twilio-1`.
`country` is a country that `second_factor.sms.countries` names, or `other`.

## Decision log

One JSON line for each request to a guarded route, on standard error, and one more for each route in
observe mode that it lands on:

| field | what |
|---|---|
| `timestamp`, `level`, `target`, `message` | as in every line; `INFO`, `stepgate::decision`, `decision` |
| `request_id` | names the request; the site receives it as `X-Request-Id`. A trusted proxy's own is kept if it is 1 to 128 letters, digits, `-`, `_`, `.`; anybody else's is replaced |
| `route` | the route that decided |
| `mode` | `enforce`, or `observe` for the line of a route that only observes |
| `decision` | `allow`, `challenge`, `enrol`, `deny`; `observe` in the line of a route that only observes |
| `would` | only there: what that route would have done |
| `reasons` | a list of stable words as in the label `reason`: why it was decided so, then what else stood in the way; that route's own where it only observes |
| `player_hash` | a keyed hash of the subject, 16 hexadecimal digits; it cannot be turned back without the key |
| `session_hash` | the same of the log-in: two lines of one log-in have the same |
| `challenge_id` | a public id, no secret |
| `factor`, `stamp_age_s` | the factor of the stamp's proof and its age |
| `max_age_s` | how old the route lets that proof be, for `fresh` |
| `method`, `status`, `upstream_status` | of the request, our answer and the site's |
| `overhead_ms` | what the gateway added |
| `client_ip` | the client's address as the trusted proxies say it |
| `config_hash` | as in `stepgate_config_info` |

Words that do not apply are empty, numbers absent. Codes, cookies, tokens, queries and bodies are never written.

## Routes that nothing lands on

A misspelt path guards nothing and says nothing. `stepgate_route_matched` is 0 for each route of the
configuration until the first request lands on it, also over reloads. A line of level `WARN` names all of
them in `routes`, once a day after the start and once when the process ends. `stepgate doctor` asks the
site right away.

## Alerts

```yaml
- alert: StepgateReloadRejected
  expr: stepgate_config_last_reload_successful == 0
  for: 5m
- alert: StepgateStoreFailing        # guarded routes are closed meanwhile
  expr: sum(rate(stepgate_store_errors_total[5m])) > 0
  for: 2m
- alert: StepgateCodesReplayed
  expr: sum(increase(stepgate_verify_attempts_total{result="replayed"}[15m])) > 3
- alert: StepgateFewChallengesPass
  expr: |
    sum by (route) (rate(stepgate_challenges_total{outcome="passed"}[30m]))
      / sum by (route) (rate(stepgate_challenges_total{outcome="started"}[30m])) < 0.5
  for: 30m
- alert: StepgateIdentityUnavailable
  expr: sum by (source) (rate(stepgate_identity_checks_total{result="unavailable"}[5m])) > 0
  for: 5m
- alert: StepgateCertificateEnds      # the log warns once a day from 14 days on
  expr: stepgate_certificate_expiry_seconds - time() < 14 * 86400
- alert: StepgateClockSetBack        # codes of apps may be refused: mend the clock, then restart
  expr: stepgate_clock_ahead_seconds > 1
  for: 1m
- alert: StepgateCourierDown         # the next one of its list carries meanwhile
  expr: max by (courier, channel) (stepgate_courier_paused) == 1
  for: 5m
- alert: StepgateRouteNeverMatched  # a misspelt path guards nothing
  expr: stepgate_route_matched == 0
  for: 7d
- alert: StepgateNetworkGuesses      # or a gateway of many players: see throttle.per_network
  expr: sum(rate(stepgate_throttled_total{by=~"ipv.*"}[10m])) > 0
  for: 10m
- alert: StepgateSmsPumping          # the breaker of a country, also where it only records
  expr: max by (country) (stepgate_sms_guard_open) == 1
  for: 10m
- alert: StepgateSmsMoneySpent
  expr: sum(increase(stepgate_sms_guard_total{finding="ceiling"}[15m])) > 0
- alert: StepgateAuditWaits         # a sink takes nothing; the log says why
  expr: max by (sink) (stepgate_audit_oldest_waiting_seconds) > 900
- alert: StepgateNoticesWait         # players are not told what happens to their accounts
  expr: stepgate_notices_oldest_waiting_seconds > 900
- alert: StepgateSlow
  expr: histogram_quantile(0.99, sum by (le) (rate(stepgate_overhead_seconds_bucket[10m]))) > 0.05
  for: 10m
```
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_in_the_repository_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/observability.md");
        if std::env::var_os("STEPGATE_WRITE_DOCS").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            found == document(),
            "docs/observability.md is old: STEPGATE_WRITE_DOCS=1 cargo test --lib metrics::document"
        );
    }

    #[test]
    fn every_family_has_a_unit_and_a_name_of_its_own() {
        for (index, family) in ALL.iter().enumerate() {
            assert!(family.name.starts_with("stepgate_") && !family.unit.is_empty() && family.help.ends_with('.'));
            assert!(ALL.iter().skip(index + 1).all(|other| other.name != family.name), "{} twice", family.name);
            assert_eq!(family.kind == Kind::Counter, family.name.ends_with("_total"), "{}", family.name);
        }
    }
}
