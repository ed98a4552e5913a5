//! What an adversary tries against the use cases, and what a player's mistakes must not cost.

mod backup_codes;
mod browser;
mod changes;
mod codes;
mod devices;
mod enrolment;
mod methods;
mod notices;
mod pumping;
mod swaps;
mod throttles;
mod withheld;

use super::{
    challenge::{Answer, Asker, NewChallenge, prove::Proven},
    enrol::Wanted,
    send::{Sending, purpose_of},
    testing::{DAY, NUMBER, START, STEP, World, asker, code, known},
    *,
};
use crate::{
    clock::Clock,
    contact::PhoneNumber,
    factor::app,
    store::{
        Change, EnrolmentStep, FactorRecord, Freeze, Grounds, Place, Spared,
        shared::{Challenge, Level},
    },
    words::CodeFor,
};

const APP: Wanted<'_> =
    Wanted { kind: FactorKind::App, place: Place::Beside, number: None, support_code: None, return_to: None };

/// An account with a ripe app and number, and a log-in of its player.
struct Account {
    world: World,
    ayu: Asker,
    browser: Token,
    secret: app::Secret,
}

impl Account {
    async fn new() -> Self {
        let (world, browser) = (World::new().await, Token::random());
        let ayu = known("ayu", 1, &browser);
        let secret = app::Secret::new([7; 20]);
        let account = Self { world, ayu, browser, secret };
        account.add(FactorKind::App, account.secret.as_bytes(), START).await;
        account.add(FactorKind::Sms, NUMBER.as_bytes(), START).await;
        account.world.clock.advance(DAY);
        account
    }

    async fn add(&self, kind: FactorKind, plain: &[u8], created_at: UnixTime) -> String {
        let (flow, subject) = (&self.world.flow, &self.ayu.player.subject);
        let id = account::uuid_v7(created_at);
        let sealed = flow.seal_factor(&id, subject, plain);
        let factor = FactorRecord {
            id: id.clone(),
            subject: subject.clone(),
            kind,
            sealed,
            created_at,
            matures_at: created_at,
            last_step: -1,
        };
        flow.change_account(subject, &[store::Edit::Add(factor)], Spared::None).await.unwrap();
        id
    }

    async fn state(&self) -> store::PlayerState {
        self.world.flow.stores.accounts.player(&self.ayu.player.subject).await.unwrap()
    }

    async fn ask(&self, asker: &Asker, level: Level) -> Challenge {
        let new = NewChallenge {
            player: &asker.player,
            browser: Some(&self.browser),
            asks: "withdraw",
            methods: vec![FactorKind::App, FactorKind::Sms, FactorKind::BackupCode],
            level,
            details: Vec::new(),
            digest: None,
            return_to: "/withdraw".to_owned(),
            holds: false,
        };
        self.world.flow.ask(&self.world.rules, new).await.unwrap().challenge
    }

    async fn answer(&self, asker: &Asker, id: &str, method: FactorKind, code: &str) -> Result<Proven, FlowError> {
        let answer = Answer { method, code, remember: false };
        self.world.flow.prove(&self.world.rules, asker, id, answer).await
    }

    /// Has the code of a challenge sent; the code.
    async fn send(&self, challenge: &Challenge) -> Result<String, FlowError> {
        let number = PhoneNumber::parse(NUMBER, None).unwrap();
        let sending = Sending {
            asker: &self.ayu,
            number: &number,
            purpose: purpose_of(challenge),
            is_for: CodeFor::Session,
            language: Language::English,
            is_bound: true,
        };
        self.world.flow.send(&self.world.rules, sending).await?;
        Ok(self.world.code_sent_to(NUMBER))
    }

    /// Gives the player a set of backup codes; as they were shown.
    async fn make_codes(&self) -> Vec<String> {
        let set = crate::factor::backup_code::BackupCode::draw_set(10);
        let shown = set.iter().map(|code| code.reveal().to_string()).collect();
        let edits = [store::Edit::ReplaceBackupCodes(self.world.flow.hash_codes(set).await.unwrap())];
        self.world.flow.change_account(&self.ayu.player.subject, &edits, Spared::None).await.unwrap();
        shown
    }

    fn app_code(&self) -> String {
        code(&self.secret, self.world.clock.now())
    }

    async fn freeze(&self, event_at: UnixTime) {
        let flow = &self.world.flow;
        flow.freeze_account(&self.world.rules, &self.ayu.player.subject, event_at).await.unwrap();
    }
}

fn is_rejected<T>(result: &Result<T, FlowError>) -> bool {
    matches!(result, Err(FlowError::CodeRejected { .. }))
}

#[tokio::test]
async fn a_sent_code_answers_only_its_own_challenge_and_only_the_newest_counts() {
    let account = Account::new().await;
    let [one, two] = [account.ask(&account.ayu, Level::Session).await, account.ask(&account.ayu, Level::Fresh).await];
    let first = account.send(&one).await.unwrap();
    assert!(is_rejected(&account.answer(&account.ayu, &two.id, FactorKind::Sms, &first).await));
    for stranger in [asker("budi", 1, &account.browser), asker("ayu", 2, &account.browser)] {
        let swapped = account.answer(&stranger, &one.id, FactorKind::Sms, &first).await;
        assert!(matches!(swapped, Err(FlowError::Gone)));
    }
    assert!(matches!(account.send(&one).await, Err(FlowError::SendPaused { .. })));
    account.world.clock.advance(STEP);
    let second = account.send(&one).await.unwrap();
    if first != second {
        assert!(is_rejected(&account.answer(&account.ayu, &one.id, FactorKind::Sms, &first).await));
    }
    assert!(account.answer(&account.ayu, &one.id, FactorKind::Sms, &second).await.is_ok());
    let again = account.answer(&account.ayu, &one.id, FactorKind::Sms, &second).await;
    assert!(matches!(again, Err(FlowError::Gone)));
}

#[tokio::test]
async fn a_number_is_sent_five_codes_an_hour_and_a_known_browser_has_room_left() {
    let account = Account::new().await;
    let challenge = account.ask(&account.ayu, Level::Session).await;
    for _ in 0..5 {
        account.send(&challenge).await.unwrap();
        account.world.clock.advance(STEP);
    }
    assert!(matches!(account.send(&challenge).await, Err(FlowError::SendPaused { .. })));
    let number = PhoneNumber::parse(NUMBER, None).unwrap();
    let owner = Asker { known: true, ..known("ayu", 1, &account.browser) };
    let sending = Sending {
        asker: &owner,
        number: &number,
        purpose: purpose_of(&challenge),
        is_for: CodeFor::Session,
        language: Language::English,
        is_bound: true,
    };
    assert!(account.world.flow.send(&account.world.rules, sending).await.is_ok());
}

#[tokio::test]
async fn codes_go_to_no_country_that_is_not_listed() {
    let account = Account::new().await;
    let number = PhoneNumber::parse("+18765551234", None).unwrap();
    let sending = Sending {
        asker: &account.ayu,
        number: &number,
        purpose: "challenge:x".to_owned(),
        is_for: CodeFor::Session,
        language: Language::English,
        is_bound: false,
    };
    assert!(matches!(account.world.flow.send(&account.world.rules, sending).await, Err(FlowError::NumberRefused)));
    assert!(account.world.sent_to("+18765551234").is_empty());
}

#[tokio::test]
async fn six_wrong_codes_over_six_log_ins_and_a_restart_pause_the_factor() {
    let mut account = Account::new().await;
    for login in 1..=5 {
        let asker = asker("ayu", login, &account.browser);
        let challenge = account.ask(&asker, Level::Session).await;
        assert!(is_rejected(&account.answer(&asker, &challenge.id, FactorKind::App, "000000").await));
    }
    account.world = account.world.restarted().await;
    let asker = asker("ayu", 6, &account.browser);
    let challenge = account.ask(&asker, Level::Session).await;
    let sixth = account.answer(&asker, &challenge.id, FactorKind::App, &account.app_code()).await;
    assert!(matches!(sixth, Err(FlowError::TooManyAttempts { .. })));
    // The owner's own browser is not paused by it (decisions 29).
    let owner = Asker { known: true, ..asker };
    assert!(account.answer(&owner, &challenge.id, FactorKind::App, &account.app_code()).await.is_ok());
}

#[tokio::test]
async fn a_frozen_account_proves_nothing_but_its_release() {
    let account = Account::new().await;
    let early = account.ask(&account.ayu, Level::Session).await;
    let proven = account.answer(&account.ayu, &early.id, FactorKind::App, &account.app_code()).await.unwrap();
    account.freeze(account.world.clock.now()).await;
    // A code that was checked right before the freeze gives no stamp after it.
    let late = account.world.flow.proof(&proven.challenge, proven.epoch, None, account.world.clock.now()).await;
    assert!(matches!(late, Err(FlowError::Gone)));
    account.world.clock.advance(STEP);
    let challenge = account.ask(&account.ayu, Level::Session).await;
    let frozen = account.answer(&account.ayu, &challenge.id, FactorKind::App, &account.app_code()).await;
    assert!(matches!(frozen, Err(FlowError::Frozen)));
    let release = account.ask(&account.ayu, Level::Change(Change::Unfreeze)).await;
    assert!(account.answer(&account.ayu, &release.id, FactorKind::App, &account.app_code()).await.is_ok());
}

#[tokio::test]
async fn no_stamp_counts_while_the_account_is_frozen() {
    let account = Account::new().await;
    let (binding, subject) = (account.ayu.player.binding, &account.ayu.player.subject);
    let families = &account.world.flow.stores.families;
    assert!(families.open(binding, subject, account.world.clock.now()).await.unwrap());
    assert!(families.epoch_if_open(binding, subject).await.unwrap().is_some());
    account.freeze(account.world.clock.now()).await;
    assert_eq!(families.epoch_if_open(binding, subject).await.unwrap(), None);
}

#[tokio::test]
async fn a_thiefs_factor_does_not_clear_a_freeze_for_a_later_notice() {
    let account = Account::new().await;
    let bound_at = account.world.clock.now();
    let thief = account.add(FactorKind::App, &[9; 20], bound_at).await;
    account.world.clock.advance(DAY);
    // The owner follows the newest notice first, then the one of the binding.
    account.freeze(account.world.clock.now()).await;
    account.freeze(bound_at).await;
    let freeze = account.state().await.freeze.unwrap();
    assert_eq!(freeze, Freeze { at: account.world.clock.now(), event_at: bound_at });
    let release = account.ask(&account.ayu, Level::Change(Change::Unfreeze)).await;
    let theirs = code(&app::Secret::new([9; 20]), account.world.clock.now());
    assert!(is_rejected(&account.answer(&account.ayu, &release.id, FactorKind::App, &theirs).await));
    assert!(account.state().await.factors.iter().any(|factor| factor.id == thief));
}

#[tokio::test]
async fn an_enrolment_that_was_proven_ends_with_the_factors_that_proved_it() {
    let account = Account::new().await;
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let pending = flow.begin(rules, &account.ayu, APP).await.unwrap();
    assert_eq!((pending.grounds, pending.step), (Grounds::Proof(Place::Beside), EnrolmentStep::Proof));
    flow.proven(rules, &account.ayu, &pending.id).await.unwrap();
    assert!(matches!(flow.proven(rules, &account.ayu, &pending.id).await, Err(FlowError::Gone)), "once");
    let subject = &account.ayu.player.subject;
    let off: Vec<store::Edit> =
        account.state().await.factors.iter().map(|factor| store::Edit::Suspend(factor.id.clone())).collect();
    flow.change_account(subject, &off, Spared::None).await.unwrap();
    assert!(matches!(flow.confirm(rules, &account.ayu, &pending.id, "000000").await, Err(FlowError::Gone)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_backup_code_fifty_times_at_once_proves_once_and_ends_other_challenges() {
    let account = Arc::new(Account::new().await);
    let shown = account.make_codes().await;
    let other = account.ask(&asker("ayu", 2, &account.browser), Level::Once).await;
    let challenge = account.ask(&account.ayu, Level::Session).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (account, id, code) = (Arc::clone(&account), challenge.id.clone(), shown[0].clone());
            tokio::spawn(async move { account.answer(&account.ayu, &id, FactorKind::BackupCode, &code).await.is_ok() })
        })
        .collect();
    let mut proven = 0;
    for task in tasks {
        proven += usize::from(task.await.unwrap());
    }
    assert_eq!((proven, account.state().await.backup_codes_left), (1, 9));
    let gone = account.answer(&asker("ayu", 2, &account.browser), &other.id, FactorKind::App, "000000").await;
    assert!(matches!(gone, Err(FlowError::Gone)));
    let happened = account.state().await.happened;
    assert_eq!(happened.of(crate::policy::cooldown::Cause::BackupCode), Some(account.world.clock.now()));
}

#[tokio::test]
async fn a_number_that_the_site_changed_must_age_anew() {
    let account = Account::new().await;
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    let named = |number: &str| {
        let mut player = account.ayu.player.clone();
        player.claims.phone = Some(number.to_owned());
        player.claims.phone_since = None;
        player
    };
    let first = flow.see_contacts(rules, &named("+6281200001001")).await.unwrap().unwrap().since;
    account.world.clock.advance(DAY);
    assert_eq!(flow.see_contacts(rules, &named("+6281200001001")).await.unwrap().unwrap().since, first);
    for number in ["+6281200001002", "+6281200001001"] {
        let since = flow.see_contacts(rules, &named(number)).await.unwrap().unwrap().since;
        assert_eq!(since, account.world.clock.now());
        account.world.clock.advance(STEP);
    }
}

#[tokio::test]
async fn a_thiefs_address_keeps_nothing_from_the_owners_phone_nor_does_a_foreign_number_cost_us() {
    let account = Account::new().await;
    let (flow, rules) = (&account.world.flow, &account.world.rules);
    account.world.clock.advance(DAY);
    let mut thief = account.ayu.player.clone();
    thief.claims.phone = Some("+18765551234".to_owned());
    thief.claims.email = Some("budi@play.example".to_owned());
    let edits = flow.told(rules, &thief, (notify::Event::Approved, ""), account.world.clock.now()).await.unwrap();
    let mut channels: Vec<&str> = edits
        .iter()
        .filter_map(|edit| if let store::Edit::Tell(record) = edit { Some(record.channel.as_str()) } else { None })
        .collect();
    channels.sort_unstable();
    assert_eq!(channels, ["email", "sms"], "the factor's number is told, the foreign one is not");
}
