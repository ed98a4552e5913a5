//! Whether a code is sent: counted first, then judged, so that of many at once no more than the caps go out.
//!
//! Notices are counted for their cost and refused by no cap: somebody who spends the day's money with codes
//! keeps no owner from being told. What makes a notice costs a proven factor, or is told once an hour.

use std::time::Duration;

use crate::{
    clock::UnixTime,
    contact::{Country, PhoneNumber},
    flow::{Flow, FlowError, RuleSet, send::Sending},
    metrics::words::{OTHER, SmsFinding, SmsMessage, SmsVerdict},
    policy::{
        sms_guard::{Finding, LOOKS_BACK, Mode, SLOT, Sent, block_of},
        throttle::Span,
    },
    secret,
    store::{ContactKind, SmsSend},
};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The tally of everything.
const ALL: &str = "all";
/// What the tally of a country begins with.
const COUNTRY: &str = "country:";

/// A send that is to be judged: its tallies in their order.
pub(super) struct Counted {
    pub(super) send: SmsSend,
    country: Country,
}

impl Flow {
    /// The send as it is counted.
    ///
    /// # Errors
    /// `NumberRefused` for a number that no code is ever sent to.
    pub(super) fn counted(&self, rules: &RuleSet, sending: &Sending<'_>) -> Result<Counted, FlowError> {
        let number = sending.number;
        let country = number.country().filter(|country| rules.second_factor.sms.countries.contains(country));
        let Some(country) = country.filter(|_| rules.sms_guard.takes(number)) else {
            self.metrics.sms_finding(SmsFinding::Number, SmsVerdict::Refused);
            return Err(FlowError::NumberRefused);
        };
        let networks = rules.throttle.networks.networks_of(sending.asker.client);
        let network = networks.iter().find(|network| matches!(network.span, Span::Ipv4Of24 | Span::Ipv6Of56));
        let hashed = |kind: &str, bytes: &[u8]| {
            format!("{kind}:{}", data_encoding::HEXLOWER.encode(&self.hasher.hash("tally", &[kind.as_bytes(), bytes])))
        };
        let tallies = vec![
            ALL.to_owned(),
            format!("{COUNTRY}{}", country.as_str()),
            hashed("network", network.map_or(&[], |network| &network.bytes)),
            hashed("block", block_of(number).as_bytes()),
        ];
        let send = SmsSend {
            id: secret::public_id(),
            subject: sending.asker.player.subject.clone(),
            number: self.lookup(ContactKind::Phone, number.as_str()),
            at: self.clock.now(),
            tallies,
            cost: rules.couriers.price(),
        };
        Ok(Counted { send, country })
    }

    /// Judges a send that is counted. To a number that is bound already nobody else can close the way: only
    /// the country's breaker and the ceiling do.
    ///
    /// # Errors
    /// `SmsClosed`, and the send is taken back out of its tallies; `Store`.
    pub(super) async fn judge(&self, rules: &RuleSet, counted: &Counted, is_bound: bool) -> Result<(), FlowError> {
        let now = counted.send.at;
        let [all, country, network, block] = counted.send.tallies.as_slice() else { return Ok(()) };
        let sends = &self.stores.sends;
        let sent = Sent {
            all: &sends.tally(all, now.minus(DAY)).await?,
            country: &sends.tally(country, now.minus(LOOKS_BACK)).await?,
            block: &sends.tally(block, now.minus(DAY)).await?,
            network: &sends.tally(network, now.minus(DAY)).await?,
        };
        let findings = rules.sms_guard.findings(sent, now);
        self.note_breaker(counted.country, findings.iter().any(|(finding, _)| *finding == Finding::Country));
        let mut is_refused = false;
        for (finding, mode) in findings {
            let spares = is_bound && matches!(finding, Finding::Prefix | Finding::Network);
            let verdict = match mode {
                Mode::Enforce if !spares => SmsVerdict::Refused,
                Mode::Enforce | Mode::RecordOnly => SmsVerdict::Recorded,
            };
            is_refused |= verdict == SmsVerdict::Refused;
            self.metrics.sms_finding(finding_word(finding), verdict);
        }
        if !is_refused {
            return Ok(());
        }
        self.stores.sends.untally(&counted.send).await?;
        Err(FlowError::SmsClosed { until: now.plus(SLOT) })
    }

    /// Says once that a country's breaker opened, and once that it closed.
    fn note_breaker(&self, country: Country, is_open: bool) {
        let country = country.as_str();
        match (self.metrics.sms_guard_open(country, is_open), is_open) {
            (false, _) => {}
            (true, true) => tracing::warn!(country, "too many codes by SMS are not used: the breaker opens"),
            (true, false) => tracing::warn!(country, "codes by SMS are used as usual again: the breaker closes"),
        }
    }

    /// Counts a code that a courier took.
    pub(super) fn count_sent(&self, counted: &Counted) {
        self.metrics.sms_message(counted.country.as_str(), SmsMessage::Code);
    }

    /// Notes that a code was used.
    pub(super) async fn note_used(&self, id: &str, at: UnixTime) -> Result<(), FlowError> {
        let tallies = self.stores.sends.verified(id, at).await?;
        if let Some(country) = tallies.iter().find_map(|tally| tally.strip_prefix(COUNTRY)) {
            self.metrics.sms_message(country, SmsMessage::Used);
        }
        Ok(())
    }

    /// Counts a notice to a phone, and what it costs.
    pub(super) async fn count_notice(
        &self,
        rules: &RuleSet,
        number: &PhoneNumber,
        at: UnixTime,
    ) -> Result<(), FlowError> {
        let country = number.country().filter(|country| rules.second_factor.sms.countries.contains(country));
        self.metrics.sms_message(country.as_ref().map_or(OTHER, Country::as_str), SmsMessage::Notice);
        Ok(self.stores.sends.spend_on(ALL, rules.couriers.price(), at).await?)
    }
}

const fn finding_word(finding: Finding) -> SmsFinding {
    match finding {
        Finding::Prefix => SmsFinding::Prefix,
        Finding::Network => SmsFinding::Network,
        Finding::Country => SmsFinding::Country,
        Finding::Ceiling => SmsFinding::Ceiling,
    }
}
