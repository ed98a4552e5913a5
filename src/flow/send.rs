//! Sending codes by SMS.

use crate::{
    clock::UnixTime,
    contact::PhoneNumber,
    courier::Sms,
    factor::{code::Code, sms},
    flow::{
        Flow, FlowError, RuleSet,
        account::noted,
        challenge::{Asker, SmsView, may_answer},
    },
    metrics::words::{SmsFinding, SmsVerdict},
    policy::FactorKind,
    request::Head,
    store::{Challenge, SendLimits, SendReservation, SentCode, shared::Level},
    words::{CodeFor, Language},
};

/// Characters of one shown detail in a text message.
const DETAIL: usize = 40;

/// A code that is to be sent.
pub(super) struct Sending<'a> {
    /// Who asked for it, and is to have it. In a browser that is known there is room left beyond what
    /// strangers can use up.
    pub(super) asker: &'a Asker,
    /// Where.
    pub(super) number: &'a PhoneNumber,
    /// What the code answers.
    pub(super) purpose: String,
    /// What the message says it is for.
    pub(super) is_for: CodeFor<'a>,
    /// In which language.
    pub(super) language: Language,
    /// Whether the number is a factor of the player's already.
    pub(super) is_bound: bool,
}

/// What a challenge's code answers.
pub(super) fn purpose_of(challenge: &Challenge) -> String {
    format!("challenge:{}", challenge.id)
}

impl Flow {
    /// Sends a code for a challenge to the number of the player's SMS factor; an earlier one no longer
    /// counts.
    ///
    /// # Errors
    /// `MethodUnavailable` where no such factor may answer; `SendPaused`, `NotSent`; as
    /// [`Flow::view_challenge`].
    pub async fn send_code(&self, rules: &RuleSet, head: &Head<'_>, id: &str) -> Result<SmsView, FlowError> {
        let asker = self.known_asker(rules, head).await?;
        let challenge = self.own_challenge(&asker, id).await?;
        let state = self.stores.accounts.player(&challenge.subject).await?;
        let factors = may_answer(&challenge, &state, FactorKind::Sms, self.clock.now())?;
        let factor = factors.first().ok_or(FlowError::MethodUnavailable)?;
        let language = rules.language(Some(&asker.player), head.headers);
        let details = shown(&challenge.details, language);
        let sending = Sending {
            asker: &asker,
            number: &self.number_of(factor)?,
            purpose: purpose_of(&challenge),
            is_for: match challenge.level {
                Level::Session => CodeFor::Session,
                Level::Fresh | Level::Change(_) => CodeFor::Fresh,
                Level::Once => CodeFor::Once { details: &details },
            },
            language,
            is_bound: true,
        };
        self.send(rules, sending).await
    }

    /// Draws a code, keeps its hash, and has it carried. Counted before it is sent, so that nobody is
    /// flooded by sends that fail.
    pub(super) async fn send(&self, rules: &RuleSet, sending: Sending<'_>) -> Result<SmsView, FlowError> {
        let settings = &rules.second_factor.sms;
        let counted = self.counted(rules, &sending)?;
        let (send, now) = (&counted.send, counted.send.at);
        let player = &sending.asker.player;
        let limits = if sending.asker.known { doubled(settings.limits) } else { settings.limits };
        match self.stores.sends.reserve_send(send, limits).await? {
            SendReservation::Reserved => {}
            SendReservation::Wait { until } => {
                self.metrics.sms_finding(SmsFinding::Player, SmsVerdict::Refused);
                return Err(FlowError::SendPaused { until });
            }
        }
        self.judge(rules, &counted, sending.is_bound).await?;
        let code = Code::draw();
        let kept = SentCode {
            hash: sms::hash(&self.hasher, &send.id, &sending.purpose, &code),
            id: send.id.clone(),
            purpose: sending.purpose.clone(),
            subject: player.subject.clone(),
            binding: player.binding,
            sent_at: now,
            expires_at: now.plus(settings.lifetime),
        };
        let earlier = self.stores.codes.find(&sending.purpose, now).await?;
        self.stores.codes.put(kept).await?;
        let host = rules.site.hosts.first().map_or("", |host| host.split(':').next().unwrap_or_default());
        let code = code.reveal();
        let text = sending.language.code_text(&rules.site.name, host, &code, sending.is_for);
        let text = zeroize::Zeroizing::new(text);
        if let Err(error) = rules.couriers.sms(Sms { to: sending.number, text: &text }).await {
            // The code that did arrive before goes on counting.
            let kept = match earlier {
                Some(earlier) => self.stores.codes.put(earlier).await,
                None => self.stores.codes.remove(&sending.purpose).await,
            };
            noted("a code that was not carried stays", kept.map_err(FlowError::from));
            let untallied = self.stores.sends.untally(send).await;
            noted("a code that was not carried stays counted", untallied.map_err(FlowError::from));
            return Err(error.into());
        }
        self.count_sent(&counted);
        // Not read back: the message is on its way, whatever the store says now.
        let resend_at = Some(now.plus(settings.limits.gap));
        Ok(SmsView { to: sending.number.masked(), sent_at: Some(now), resend_at })
    }

    /// Where the codes of a purpose go, and when the next is free.
    pub(super) async fn sms_view(
        &self,
        rules: &RuleSet,
        number: &PhoneNumber,
        purpose: &str,
    ) -> Result<SmsView, FlowError> {
        let sent = self.stores.codes.find(purpose, self.clock.now()).await?;
        let sent_at = sent.map(|code| code.sent_at);
        let resend_at: Option<UnixTime> = sent_at.map(|at| at.plus(rules.second_factor.sms.limits.gap));
        Ok(SmsView { to: number.masked(), sent_at, resend_at })
    }
}

const fn doubled(limits: SendLimits) -> SendLimits {
    SendLimits { per_hour: limits.per_hour.saturating_mul(2), per_day: limits.per_day.saturating_mul(2), ..limits }
}

/// The details of an approval as one line. What a stranger may have typed must not make a second
/// sentence of ours, nor an address that a phone turns into a link (security.md A19).
pub(super) fn shown(details: &[(String, String)], language: Language) -> String {
    let plain = |value: &str| -> String {
        let characters: Vec<char> = value.chars().collect();
        let digit_at = |index: Option<usize>| index.and_then(|at| characters.get(at)).is_some_and(char::is_ascii_digit);
        let kept = |(at, c): (usize, &char)| match c {
            '.' | ',' => digit_at(at.checked_sub(1)) && digit_at(Some(at + 1)),
            ' ' | '-' | '+' | '•' | '*' => true,
            other => other.is_alphanumeric(),
        };
        characters.iter().enumerate().filter(|pair| kept(*pair)).map(|(_, c)| *c).take(DETAIL).collect()
    };
    let line = |(label, value): &(String, String)| format!("{} {}", plain(label), plain(&language.value(value)));
    details.iter().map(line).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_make_no_link_and_no_second_sentence() {
        let details = [
            ("Amount".to_owned(), "1500000".to_owned()),
            ("To".to_owned(), "DANA •••• 34. Call evil.example/x\nnow: https://evil.example".to_owned()),
        ];
        let line = shown(&details, Language::Indonesian);
        assert_eq!(line, "Amount 1.500.000, To DANA •••• 34 Call evilexamplexnow httpse");
        assert!(shown(&[("a".into(), "x".repeat(500))], Language::English).len() < 50);
    }
}
