//! Sending rows to where an intruder of this database cannot change them: in order, each at least once.
//!
//! The rows wait where they are: how far a sink has a chain is remembered beside them, so that nothing is
//! lost with a process and a sink that comes back gets what it missed.

use std::{sync::Arc, time::Duration};

use super::{Settings, line, player_of, syslog};
use crate::{
    clock::{Clock, UnixTime},
    metrics::{Metrics, words::AuditSink},
    notice::{Webhook, sign},
    store::{StoreError, Trail, audit::Due},
};

/// Chains of one round, and rows of a chain.
const CHAINS: u32 = 10;
const ROWS: u32 = 50;
/// How long a round may take before another process may send the same rows.
const LEASE: Duration = Duration::from_secs(600);
/// How long a sink that failed is left alone.
const PAUSE: Duration = Duration::from_secs(60);
/// For one post.
const POST_DEADLINE: Duration = Duration::from_secs(10);

/// Why rows were not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    #[error("the webhook did not take it: {0}")]
    Webhook(String),
    #[error("the syslog server did not take it: {0}")]
    Syslog(#[from] std::io::Error),
}

/// A row as it is sent.
pub(super) struct Line {
    pub(super) seq: i64,
    pub(super) id: String,
    pub(super) event: String,
    pub(super) at: String,
    pub(super) json: String,
}

/// Notes what the sinks of the configuration do not have yet.
///
/// # Errors
/// [`StoreError`]; what was noted last stays.
pub async fn measure(
    trail: &dyn Trail,
    settings: &Settings,
    metrics: &Metrics,
    now: UnixTime,
) -> Result<(), StoreError> {
    let sinks = [(AuditSink::Webhook, settings.webhook.is_some()), (AuditSink::Syslog, settings.syslog.is_some())];
    for (sink, is_there) in sinks {
        if !is_there {
            metrics.audit_waiting(sink, None);
            continue;
        }
        let waiting = trail.waiting_for(sink.as_str()).await?;
        metrics.audit_waiting(sink, Some((waiting.count, waiting.age(now))));
    }
    Ok(())
}

/// Sends what sinks do not have yet.
pub struct Round<'a> {
    /// The rows.
    pub trail: &'a dyn Trail,
    /// The sinks.
    pub settings: &'a Settings,
    /// Posts.
    pub http: &'a reqwest::Client,
    /// When.
    pub clock: &'a Arc<dyn Clock>,
}

impl Round<'_> {
    /// Sends what is due; how many rows were taken.
    ///
    /// # Errors
    /// [`StoreError`]; what was not noted as sent is sent again.
    pub async fn send(&self) -> Result<u64, StoreError> {
        let mut taken = 0;
        if let Some(webhook) = &self.settings.webhook {
            for due in self.due(AuditSink::Webhook).await? {
                let lines = self.lines(&due).await?;
                let (count, failed) = self.post(webhook, &lines).await;
                taken += self.note(AuditSink::Webhook, &due, (&lines, count), failed).await?;
            }
        }
        if let Some(server) = &self.settings.syslog {
            for due in self.due(AuditSink::Syslog).await? {
                let lines = self.lines(&due).await?;
                let sent = syslog::send(server, &lines).await;
                let count = if sent.is_ok() { lines.len() } else { 0 };
                taken += self.note(AuditSink::Syslog, &due, (&lines, count), sent.err()).await?;
            }
        }
        Ok(taken)
    }

    async fn due(&self, sink: AuditSink) -> Result<Vec<Due>, StoreError> {
        let now = self.clock.now();
        self.trail.due(sink.as_str(), now, now.plus(LEASE), CHAINS).await
    }

    async fn lines(&self, due: &Due) -> Result<Vec<Line>, StoreError> {
        let mut lines = Vec::new();
        // One that cannot be read is what `audit verify` tells of.
        for entry in self.trail.entries(&due.chain, due.after, ROWS).await?.into_iter().flatten() {
            let json = line(&entry, &player_of(self.trail, &entry).await?);
            lines.push(Line { seq: entry.seq, id: entry.id, event: entry.event, at: entry.at.to_string(), json });
        }
        Ok(lines)
    }

    /// Notes how far the sink has the chain, and when to go on.
    async fn note(
        &self,
        sink: AuditSink,
        due: &Due,
        (lines, count): (&[Line], usize),
        failed: Option<NotSent>,
    ) -> Result<u64, StoreError> {
        let last = count.checked_sub(1).and_then(|index| lines.get(index)).map(|line| line.seq);
        // Without a row that could be sent, all of them went by retention.
        let seq = last.unwrap_or(if lines.is_empty() { due.until } else { due.after });
        let now = self.clock.now();
        let next = if let Some(error) = failed {
            tracing::warn!(sink = sink.as_str(), chain = due.chain, %error, "audit rows wait");
            now.plus(PAUSE)
        } else {
            now
        };
        self.trail.sent(sink.as_str(), &due.chain, seq, next).await?;
        Ok(count as u64)
    }

    /// Posts rows one by one, signed as notices are; how many were taken, and what stopped it.
    async fn post(&self, webhook: &Webhook, lines: &[Line]) -> (usize, Option<NotSent>) {
        for (count, line) in lines.iter().enumerate() {
            let time = self.clock.now().secs();
            let signature = sign(&webhook.secret, time, &line.json);
            let request = self
                .http
                .post(&webhook.url)
                .timeout(POST_DEADLINE)
                .header("Content-Type", "application/json")
                .header("Stepgate-Event-Id", &line.id)
                .header("Stepgate-Signature", format!("t={time},v1={signature}"))
                .body(line.json.clone());
            let failed = match request.send().await {
                Ok(answer) if answer.status().is_success() => continue,
                Ok(answer) => answer.status().to_string(),
                Err(error) => error.without_url().to_string(),
            };
            return (count, Some(NotSent::Webhook(failed)));
        }
        (lines.len(), None)
    }
}
