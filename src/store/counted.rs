//! Counting the calls to any store: by port, by whether they worked, by how long they took.
//!
//! A store is wrapped once, where the process is put together. Adding a port's method: its line in the
//! table below, which the compiler asks for.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::{
    clock::UnixTime,
    metrics::{
        Metrics,
        words::{StoreOperation, Success},
    },
    policy::{sms_guard::Tally, throttle::Pauses},
    request::{Binding, Subject},
    secret::{Sealed, TokenHash},
    store::{
        Accounts, Applied, Approval, Approvals, Attempts, AuditRecord, BackupCodeRecord, Challenge, Challenges,
        ContactKind, ContactRecord, Contacts, Desk, DeskSession, DeviceRecord, Devices, Edit, Failed, Families, Held,
        LoginBindings, NetworkAttempts, NetworkPause, NetworkTries, Outbox, OutboxRecord, PendingEnrolment,
        PendingEnrolments, PlayerState, Quota, Remembered, Reservation, ResetRecord, SendLimits, SendReservation,
        SentCode, SentCodes, SignInTally, SmsSend, SmsSends, Spared, Spent, StoreError, Trail, Tries, Watch,
        audit::{AuditPlayer, ChainHead, Checkpoint, Due, Entry, Read, Selection, Waiting},
    },
};

/// A store whose calls are counted; what they do is the inner one's.
pub struct Counted<S> {
    inner: S,
    metrics: Arc<Metrics>,
}

impl<S> Counted<S> {
    /// Counts the calls to `inner`.
    pub const fn new(inner: S, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }

    async fn timed<T>(
        &self,
        operation: StoreOperation,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let started = Instant::now();
        let answer = call.await;
        let result = if answer.is_ok() { Success::Ok } else { Success::Error };
        self.metrics.store_call(operation, result, started.elapsed());
        answer
    }
}

/// Each port with its word and its methods, as the port declares them.
macro_rules! counted {
    ($($port:ident = $operation:ident {
        $(fn $method:ident($($name:ident: $type:ty),*) -> $answer:ty;)+
    })+) => {$(
        #[async_trait]
        impl<S: $port> $port for Counted<S> {
            $(async fn $method(&self, $($name: $type),*) -> Result<$answer, StoreError> {
                self.timed(StoreOperation::$operation, self.inner.$method($($name),*)).await
            })+
        }
    )+};
}

counted! {
    Accounts = Accounts {
        fn player(subject: &Subject) -> PlayerState;
        fn apply(subject: &Subject, edits: &[Edit]) -> Applied;
        fn advance_step(factor_id: &str, step: i64) -> bool;
        fn backup_code(subject: &Subject, selector: &str) -> Option<BackupCodeRecord>;
        fn freeze_offer(token: TokenHash, now: UnixTime) -> Option<(Subject, UnixTime)>;
        fn sweep_freeze_offers(now: UnixTime) -> u64;
        fn activity(subject: &Subject, most: u32) -> Vec<AuditRecord>;
    }
    Trail = Audit {
        fn write(records: &[AuditRecord]) -> ();
        fn chains() -> Vec<ChainHead>;
        fn entries(chain: &str, after: i64, most: u32) -> Vec<Read>;
        fn strays(most: u32) -> Vec<(String, i64)>;
        fn checkpoints(chain: &str) -> Vec<Checkpoint>;
        fn player_of(pseudonym: &str) -> Option<AuditPlayer>;
        fn select(selection: &Selection, most: u32) -> Vec<(Entry, String)>;
        fn prune(kind: Option<&str>, others: &[String], before: UnixTime, most: u32) -> u64;
        fn due(sink: &str, now: UnixTime, lease_until: UnixTime, most: u32) -> Vec<Due>;
        fn sent(sink: &str, chain: &str, seq: i64, lease_until: UnixTime) -> ();
        fn waiting_for(sink: &str) -> Waiting;
    }
    Devices = Devices {
        fn remember(device: &DeviceRecord, most: u32) -> ();
        fn find(id: &str, now: UnixTime) -> Option<DeviceRecord>;
        fn rotate(old: TokenHash, new: &DeviceRecord) -> bool;
        fn seen_device(id: &str, token: TokenHash) -> ();
        fn of_player(subject: &Subject, now: UnixTime) -> Vec<DeviceRecord>;
        fn sweep_devices(now: UnixTime) -> u64;
    }
    Contacts = Contacts {
        fn seen(subject: &Subject, contact: &ContactRecord) -> UnixTime;
        fn contacts(subject: &Subject, since: UnixTime) -> Vec<ContactRecord>;
    }
    SmsSends = SmsSends {
        fn reserve_send(send: &SmsSend, limits: SendLimits) -> SendReservation;
        fn untally(send: &SmsSend) -> ();
        fn spend_on(tally: &str, cost: u64, at: UnixTime) -> ();
        fn tally(tally: &str, since: UnixTime) -> Vec<Tally>;
        fn verified(id: &str, at: UnixTime) -> Vec<String>;
        fn sweep_sends(before: UnixTime) -> u64;
        fn sweep_tallies(before: UnixTime) -> u64;
    }
    Desk = Desk {
        fn reserve_sign_in(tallies: &[SignInTally], now: UnixTime) -> Option<UnixTime>;
        fn last_step(operator: &str) -> i64;
        fn accept_step(operator: &str, step: i64, tallies: &[SignInTally]) -> bool;
        fn open_session(session: &DeskSession) -> ();
        fn use_session(token: [u8; 32], now: UnixTime, idle: Duration) -> Option<DeskSession>;
        fn close_session(token: [u8; 32]) -> Option<String>;
        fn count_action(limit: (Quota, u32), id: &str, operator: &str, now: UnixTime) -> Option<UnixTime>;
        fn reset(id: &str) -> Option<ResetRecord>;
        fn open_resets(now: UnixTime, most: u32) -> Vec<ResetRecord>;
        fn resets_of(subject: &Subject, most: u32) -> Vec<ResetRecord>;
        fn due_resets(now: UnixTime, most: u32) -> Vec<ResetRecord>;
        fn reset_of_link(cancel: TokenHash) -> Option<ResetRecord>;
        fn live_code(subject: &Subject, now: UnixTime) -> Option<[u8; 32]>;
        fn players_by_contact(kind: ContactKind, lookup: [u8; 32], most: u32) -> Vec<Subject>;
        fn sweep_desk(now: UnixTime) -> ();
    }
    Outbox = Outbox {
        fn put(record: &OutboxRecord) -> ();
        fn claim(now: UnixTime, lease_until: UnixTime, most: u32) -> Vec<OutboxRecord>;
        fn put_off(id: &str, until: UnixTime) -> ();
        fn remove(id: &str) -> ();
        fn waiting() -> Waiting;
    }
    Attempts = Attempts {
        fn reserve(subject: &Subject, tries: Tries, now: UnixTime, pauses: Pauses) -> Reservation;
        fn failed(subject: &Subject, tries: Tries, now: UnixTime) -> Failed;
        fn release(subject: &Subject, tries: Tries) -> ();
        fn clear(subject: &Subject, tries: Tries) -> ();
        fn clear_exhausted(subject: &Subject, rebind_after: u32) -> ();
    }
    NetworkAttempts = Attempts {
        fn reserve_in_networks(tries: &[NetworkTries], now: UnixTime, ends_at: UnixTime) -> Option<NetworkPause>;
        fn release_in_networks(tries: &[NetworkTries]) -> ();
        fn paused_in_networks(tries: &[NetworkTries], now: UnixTime) -> Option<NetworkPause>;
        fn sweep_networks(now: UnixTime) -> u64;
    }
    Families = Families {
        fn open(binding: Binding, subject: &Subject, now: UnixTime) -> bool;
        fn epoch_if_open(binding: Binding, subject: &Subject) -> Option<i64>;
        fn end(binding: Binding, now: UnixTime) -> ();
        fn raise_epoch(subject: &Subject) -> i64;
    }
    Spent = Spent {
        fn spend(id: &str, expires_at: UnixTime) -> bool;
        fn is_spent(id: &str, now: UnixTime) -> bool;
        fn sweep(now: UnixTime) -> u64;
    }
    LoginBindings = LoginBindings {
        fn bind(session: [u8; 32], subject: &Subject, expires_at: UnixTime) -> ();
        fn subject(session: [u8; 32], now: UnixTime) -> Option<Subject>;
        fn void(session: [u8; 32]) -> ();
        fn remembered(session: [u8; 32], now: UnixTime) -> Option<Remembered>;
        fn watch(session: [u8; 32], until: UnixTime, now: UnixTime) -> Option<Watch>;
        fn cut_watch(session: [u8; 32], until: UnixTime, to: Option<UnixTime>) -> ();
        fn sweep_logins(now: UnixTime) -> u64;
    }
    Challenges = Challenges {
        fn put(challenge: Challenge) -> ();
        fn find(id: &str, now: UnixTime) -> Option<Challenge>;
        fn replace(old: &Challenge, new: Challenge) -> bool;
        fn remove(id: &str) -> ();
        fn end_player(subject: &Subject, spared: Spared<'_>) -> ();
        fn end_all(binding: Binding) -> ();
        fn count(binding: Binding, now: UnixTime) -> usize;
    }
    Held = Held {
        fn put(challenge_id: &str, held: Sealed, expires_at: UnixTime) -> bool;
        fn put_of(owner: (&Subject, usize), challenge_id: &str, held: Sealed, expires_at: UnixTime) -> bool;
        fn find(challenge_id: &str, now: UnixTime) -> Option<Sealed>;
        fn remove(challenge_id: &str) -> ();
        fn usage() -> (u64, u64);
    }
    Approvals = Approvals {
        fn put(token: TokenHash, approval: Approval) -> ();
        fn find(token: TokenHash, now: UnixTime) -> Option<Approval>;
    }
    PendingEnrolments = Enrolments {
        fn put(pending: PendingEnrolment) -> ();
        fn find(id: &str, now: UnixTime) -> Option<PendingEnrolment>;
        fn replace(old: &PendingEnrolment, new: PendingEnrolment) -> bool;
        fn take(id: &str, now: UnixTime) -> Option<PendingEnrolment>;
        fn void_all(subject: &Subject) -> ();
    }
    SentCodes = SentCodes {
        fn put(code: SentCode) -> ();
        fn find(purpose: &str, now: UnixTime) -> Option<SentCode>;
        fn remove(purpose: &str) -> ();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::BuildInfo;

    /// A store that is there every other time.
    struct Flapping(std::sync::atomic::AtomicBool);

    #[async_trait]
    impl Spent for Flapping {
        async fn spend(&self, _id: &str, _expires_at: UnixTime) -> Result<bool, StoreError> {
            if self.0.fetch_xor(true, std::sync::atomic::Ordering::Relaxed) {
                return Err(StoreError { backend: "memory", operation: "spend", cause: None });
            }
            Ok(true)
        }

        async fn is_spent(&self, _id: &str, _now: UnixTime) -> Result<bool, StoreError> {
            Ok(false)
        }

        async fn sweep(&self, _now: UnixTime) -> Result<u64, StoreError> {
            Ok(7)
        }
    }

    #[tokio::test]
    async fn calls_are_counted_by_outcome_and_answered_as_without() {
        let metrics = Arc::new(Metrics::new(BuildInfo { version: "0", revision: "unknown" }).unwrap());
        let store = Counted::new(Flapping(false.into()), Arc::clone(&metrics));
        let now = UnixTime::from_secs(0);
        assert!(store.spend("a", now).await.unwrap());
        assert!(store.spend("a", now).await.is_err());
        assert_eq!(store.sweep(now).await.unwrap(), 7);
        let text = metrics.render().unwrap();
        for line in [
            "stepgate_store_operation_duration_seconds_count{operation=\"spent\",result=\"ok\"} 2",
            "stepgate_store_operation_duration_seconds_count{operation=\"spent\",result=\"error\"} 1",
            "stepgate_store_errors_total{operation=\"spent\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
