//! A store that fails at one call: it was not made, or it was made and its answer is lost.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use stepgate::{
    clock::UnixTime,
    policy::{sms_guard::Tally, throttle::Pauses},
    request::{Binding, Subject},
    secret::{Sealed, TokenHash},
    store::{
        Accounts, Applied, Approval, Approvals, Attempts, AuditRecord, BackupCodeRecord, Challenge, Challenges,
        ContactRecord, Contacts, DeviceRecord, Devices, Edit, Failed, Families, Held, LoginBindings, NetworkAttempts,
        NetworkPause, NetworkTries, Outbox, OutboxRecord, PendingEnrolment, PendingEnrolments, PlayerState, Remembered,
        Reservation, SendLimits, SendReservation, SentCode, SentCodes, SmsSend, SmsSends, Spared, Spent, StoreError,
        Tries, Watch, audit::Waiting,
    },
};
use tokio::sync::Notify;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not made.
    NotDone,
    /// It is made, and its answer is lost.
    AnswerLost,
    /// It panics.
    Panics,
}

/// Which call fails; shared by every port of a world.
#[derive(Default)]
pub struct Plan(Mutex<Calls>);

#[derive(Default)]
struct Calls {
    /// The calls since the last look, by the name of their method.
    made: Vec<&'static str>,
    armed: Option<(usize, Fault)>,
    armed_method: Option<(&'static str, usize, Fault)>,
    held: Option<(usize, Hold)>,
}

/// A call that waits.
#[derive(Clone, Default)]
pub struct Hold {
    /// It was reached.
    pub reached: Arc<Notify>,
    /// It may be made.
    pub go: Arc<Notify>,
}

impl Plan {
    /// The call with this index from now on fails so.
    pub fn arm(&self, index: usize, fault: Fault) {
        *self.0.lock().unwrap() = Calls { armed: Some((index, fault)), ..Calls::default() };
    }

    /// The next call of this method fails so.
    pub fn arm_method(&self, method: &'static str, fault: Fault) {
        self.arm_later(method, 0, fault);
    }

    /// The call of this method fails so that comes after so many others of it.
    pub fn arm_later(&self, method: &'static str, others: usize, fault: Fault) {
        *self.0.lock().unwrap() = Calls { armed_method: Some((method, others, fault)), ..Calls::default() };
    }

    /// The calls since the last look; none fails any more.
    pub fn disarm(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.0.lock().unwrap()).made
    }

    /// The call with this index from now on waits.
    pub fn hold(&self, index: usize) -> Hold {
        let hold = Hold::default();
        *self.0.lock().unwrap() = Calls { held: Some((index, hold.clone())), ..Calls::default() };
        hold
    }

    fn next(&self, method: &'static str) -> (Option<Fault>, Option<Hold>) {
        let mut calls = self.0.lock().unwrap();
        let index = calls.made.len();
        calls.made.push(method);
        let before = calls.made.iter().filter(|made| **made == method).count() - 1;
        let named = calls.armed_method.take_if(|(named, others, _)| *named == method && *others == before);
        let fault = calls.armed.filter(|(at, _)| *at == index).map(|(_, fault)| fault);
        let fault = fault.or(named.map(|(_, _, fault)| fault));
        (fault, calls.held.take_if(|(at, _)| *at == index).map(|(_, hold)| hold))
    }
}

/// A store whose calls fail as planned; what they do is the inner one's.
pub struct Failing<S> {
    inner: S,
    plan: Arc<Plan>,
}

impl<S> Failing<S> {
    pub fn new(inner: S, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }

    async fn called<T>(
        &self,
        method: &'static str,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let lost = StoreError { backend: "failing", operation: method, cause: None };
        let (fault, hold) = self.plan.next(method);
        if let Some(hold) = hold {
            hold.reached.notify_one();
            hold.go.notified().await;
        }
        match fault {
            None => call.await,
            Some(Fault::NotDone) => Err(lost),
            Some(Fault::Panics) => panic!("a store that panics at {method}"),
            Some(Fault::AnswerLost) => call.await.and(Err(lost)),
        }
    }
}

/// Each port with its methods, as the port declares them.
macro_rules! failing {
    ($($port:ident { $(fn $method:ident($($name:ident: $type:ty),*) -> $answer:ty;)+ })+) => {$(
        #[async_trait]
        impl<S: $port> $port for Failing<S> {
            $(async fn $method(&self, $($name: $type),*) -> Result<$answer, StoreError> {
                let method = concat!(stringify!($port), "::", stringify!($method));
                self.called(method, self.inner.$method($($name),*)).await
            })+
        }
    )+};
}

failing! {
    Accounts {
        fn player(subject: &Subject) -> PlayerState;
        fn apply(subject: &Subject, edits: &[Edit]) -> Applied;
        fn advance_step(factor_id: &str, step: i64) -> bool;
        fn backup_code(subject: &Subject, selector: &str) -> Option<BackupCodeRecord>;
        fn freeze_offer(token: TokenHash, now: UnixTime) -> Option<(Subject, UnixTime)>;
        fn sweep_freeze_offers(now: UnixTime) -> u64;
        fn activity(subject: &Subject, most: u32) -> Vec<AuditRecord>;
    }
    Devices {
        fn remember(device: &DeviceRecord, most: u32) -> ();
        fn find(id: &str, now: UnixTime) -> Option<DeviceRecord>;
        fn rotate(old: TokenHash, new: &DeviceRecord) -> bool;
        fn seen_device(id: &str, token: TokenHash) -> ();
        fn of_player(subject: &Subject, now: UnixTime) -> Vec<DeviceRecord>;
        fn sweep_devices(now: UnixTime) -> u64;
    }
    Contacts {
        fn seen(subject: &Subject, contact: &ContactRecord) -> UnixTime;
        fn contacts(subject: &Subject, since: UnixTime) -> Vec<ContactRecord>;
    }
    SmsSends {
        fn reserve_send(send: &SmsSend, limits: SendLimits) -> SendReservation;
        fn untally(send: &SmsSend) -> ();
        fn spend_on(tally: &str, cost: u64, at: UnixTime) -> ();
        fn tally(tally: &str, since: UnixTime) -> Vec<Tally>;
        fn verified(id: &str, at: UnixTime) -> Vec<String>;
        fn sweep_sends(before: UnixTime) -> u64;
        fn sweep_tallies(before: UnixTime) -> u64;
    }
    Outbox {
        fn put(record: &OutboxRecord) -> ();
        fn claim(now: UnixTime, lease_until: UnixTime, most: u32) -> Vec<OutboxRecord>;
        fn put_off(id: &str, until: UnixTime) -> ();
        fn remove(id: &str) -> ();
        fn waiting() -> Waiting;
    }
    Attempts {
        fn reserve(subject: &Subject, tries: Tries, now: UnixTime, pauses: Pauses) -> Reservation;
        fn failed(subject: &Subject, tries: Tries, now: UnixTime) -> Failed;
        fn release(subject: &Subject, tries: Tries) -> ();
        fn clear(subject: &Subject, tries: Tries) -> ();
        fn clear_exhausted(subject: &Subject, rebind_after: u32) -> ();
    }
    NetworkAttempts {
        fn reserve_in_networks(tries: &[NetworkTries], now: UnixTime, ends_at: UnixTime) -> Option<NetworkPause>;
        fn release_in_networks(tries: &[NetworkTries]) -> ();
        fn paused_in_networks(tries: &[NetworkTries], now: UnixTime) -> Option<NetworkPause>;
        fn sweep_networks(now: UnixTime) -> u64;
    }
    Families {
        fn open(binding: Binding, subject: &Subject, now: UnixTime) -> bool;
        fn epoch_if_open(binding: Binding, subject: &Subject) -> Option<i64>;
        fn end(binding: Binding, now: UnixTime) -> ();
        fn raise_epoch(subject: &Subject) -> i64;
    }
    Spent {
        fn spend(id: &str, expires_at: UnixTime) -> bool;
        fn is_spent(id: &str, now: UnixTime) -> bool;
        fn sweep(now: UnixTime) -> u64;
    }
    LoginBindings {
        fn bind(session: [u8; 32], subject: &Subject, expires_at: UnixTime) -> ();
        fn subject(session: [u8; 32], now: UnixTime) -> Option<Subject>;
        fn void(session: [u8; 32]) -> ();
        fn remembered(session: [u8; 32], now: UnixTime) -> Option<Remembered>;
        fn watch(session: [u8; 32], until: UnixTime, now: UnixTime) -> Option<Watch>;
        fn cut_watch(session: [u8; 32], until: UnixTime, to: Option<UnixTime>) -> ();
        fn sweep_logins(now: UnixTime) -> u64;
    }
    Challenges {
        fn put(challenge: Challenge) -> ();
        fn find(id: &str, now: UnixTime) -> Option<Challenge>;
        fn replace(old: &Challenge, new: Challenge) -> bool;
        fn remove(id: &str) -> ();
        fn end_player(subject: &Subject, spared: Spared<'_>) -> ();
        fn end_all(binding: Binding) -> ();
        fn count(binding: Binding, now: UnixTime) -> usize;
    }
    Held {
        fn put(challenge_id: &str, held: Sealed, expires_at: UnixTime) -> bool;
        fn put_of(owner: (&Subject, usize), challenge_id: &str, held: Sealed, expires_at: UnixTime) -> bool;
        fn find(challenge_id: &str, now: UnixTime) -> Option<Sealed>;
        fn remove(challenge_id: &str) -> ();
        fn usage() -> (u64, u64);
    }
    Approvals {
        fn put(token: TokenHash, approval: Approval) -> ();
        fn find(token: TokenHash, now: UnixTime) -> Option<Approval>;
    }
    PendingEnrolments {
        fn put(pending: PendingEnrolment) -> ();
        fn find(id: &str, now: UnixTime) -> Option<PendingEnrolment>;
        fn replace(old: &PendingEnrolment, new: PendingEnrolment) -> bool;
        fn take(id: &str, now: UnixTime) -> Option<PendingEnrolment>;
        fn void_all(subject: &Subject) -> ();
    }
    SentCodes {
        fn put(code: SentCode) -> ();
        fn find(purpose: &str, now: UnixTime) -> Option<SentCode>;
        fn remove(purpose: &str) -> ();
    }
}
