//! The demo site's players and their sessions, in memory.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    clock::{Clock, SystemClock},
    secret,
};

/// The password of every demo account.
pub const PASSWORD: &str = "demo-password";

/// The id of `budi`, who has an app factor from the start.
pub const BUDI: &str = "1002";

/// The id of `citra`, to whom codes are sent.
pub const CITRA: &str = "1003";
/// Her number.
pub const CITRA_NUMBER: &str = "+6281200001003";
/// Since when the demo's numbers are their players': long before they were ever seen here.
pub const SINCE: &str = "2024-01-01T00:00:00Z";

/// One player of the demo site.
#[derive(Clone, Debug)]
pub struct Account {
    /// What is typed at the log-in.
    pub username: &'static str,
    /// The stable id, which never changes: the subject.
    pub id: &'static str,
    /// The name on the pages.
    pub name: &'static str,
    /// E.164, or whatever the player typed on the account page.
    pub phone: String,
    /// RFC 3339: when that number became the account's.
    pub phone_since: String,
    /// A mail address.
    pub email: String,
    /// In rupiah.
    pub balance: u64,
    /// Where withdrawals go unless another destination is typed.
    pub payment_method: String,
    password: String,
}

impl Account {
    fn new(username: &'static str, id: &'static str, name: &'static str, phone: &str) -> Self {
        Self {
            username,
            id,
            name,
            phone: phone.to_owned(),
            phone_since: SINCE.to_owned(),
            email: format!("{username}@play.example"),
            balance: 25_000_000,
            payment_method: "BCA 1234567890".to_owned(),
            password: PASSWORD.to_owned(),
        }
    }
}

/// Who is logged in, and the value that the session's forms must bring back.
#[derive(Clone, Debug)]
pub struct Session {
    /// The account's id.
    pub account: &'static str,
    /// 128 random bits, base64url: the hidden field `csrf` of every form.
    pub csrf: String,
}

/// Accounts and sessions behind one lock.
#[derive(Debug)]
pub struct Accounts(Mutex<State>);

#[derive(Debug)]
struct State {
    accounts: HashMap<&'static str, Account>,
    sessions: HashMap<String, Session>,
    /// The account of each reset link that was not used yet.
    resets: HashMap<String, &'static str>,
}

impl Default for Accounts {
    fn default() -> Self {
        let accounts = [
            Account::new("ayu", "1001", "Ayu Lestari", "+6281200001001"),
            Account::new("budi", BUDI, "Budi Santoso", "+6281200001002"),
            Account::new("citra", CITRA, "Citra Dewi", CITRA_NUMBER),
        ];
        Self(Mutex::new(State {
            accounts: accounts.into_iter().map(|account| (account.id, account)).collect(),
            sessions: HashMap::new(),
            resets: HashMap::new(),
        }))
    }
}

impl Accounts {
    /// A new session's cookie value: 128 random bits, 22 characters, never one that was used before.
    /// `None` where name and password do not fit together.
    #[must_use]
    pub fn log_in(&self, username: &str, password: &str) -> Option<String> {
        let mut state = self.lock();
        let fits = |account: &&Account| account.username == username && account.password == password;
        let account = state.accounts.values().find(fits)?.id;
        Some(state.open_session(account))
    }

    /// The token of a link by which a forgotten password is set anew, once: 128 random bits. `None` for
    /// names that nobody has.
    #[must_use]
    pub fn begin_reset(&self, username: &str) -> Option<String> {
        let mut state = self.lock();
        let account = state.accounts.values().find(|account| account.username == username)?.id;
        let token = secret::public_id();
        state.resets.insert(token.clone(), account);
        Some(token)
    }

    /// Sets the password of a link's account and logs its player in; `None` for links that are unknown
    /// or used.
    #[must_use]
    pub fn finish_reset(&self, token: &str, password: String) -> Option<String> {
        let mut state = self.lock();
        let account = state.resets.remove(token)?;
        state.accounts.get_mut(account)?.password = password;
        Some(state.open_session(account))
    }

    /// Ends the session of a cookie value; of an unknown one, does nothing.
    pub fn log_out(&self, cookie: &str) {
        self.lock().sessions.remove(cookie);
    }

    /// The session of a cookie value and its account as it is now.
    #[must_use]
    pub fn session(&self, cookie: &str) -> Option<(Session, Account)> {
        let state = self.lock();
        let session = state.sessions.get(cookie)?.clone();
        let account = state.accounts.get(session.account)?.clone();
        Some((session, account))
    }

    /// The new balance after a withdrawal; `None`, and nothing changes, where the money is not there.
    #[must_use]
    pub fn withdraw(&self, id: &str, amount: u64) -> Option<u64> {
        let mut state = self.lock();
        let account = state.accounts.get_mut(id)?;
        account.balance = account.balance.checked_sub(amount)?;
        Some(account.balance)
    }

    /// Sets a new password.
    pub fn set_password(&self, id: &str, password: String) {
        self.change(id, |account| account.password = password);
    }

    /// Sets a new phone number.
    pub fn set_phone(&self, id: &str, phone: String) {
        let now = SystemClock::default().now().to_string();
        self.change(id, |account| {
            account.phone = phone;
            account.phone_since = now;
        });
    }

    /// Sets a new payment method.
    pub fn set_payment_method(&self, id: &str, method: String) {
        self.change(id, |account| account.payment_method = method);
    }

    fn change(&self, id: &str, with: impl FnOnce(&mut Account)) {
        if let Some(account) = self.lock().accounts.get_mut(id) {
            with(account);
        }
    }

    /// Each change is one assignment, so a poisoned lock holds nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// A new session's cookie value.
    fn open_session(&mut self, account: &'static str) -> String {
        let cookie = secret::public_id();
        self.sessions.insert(cookie.clone(), Session { account, csrf: secret::public_id() });
        cookie
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_log_in_gets_a_new_session() {
        let accounts = Accounts::default();
        let first = accounts.log_in("ayu", PASSWORD).unwrap();
        let second = accounts.log_in("ayu", PASSWORD).unwrap();
        assert_ne!(first, second);
        assert_eq!(first.len(), 22);
    }

    #[test]
    fn a_wrong_password_opens_nothing() {
        assert!(Accounts::default().log_in("ayu", "demo-passwore").is_none());
        assert!(Accounts::default().log_in("nobody", PASSWORD).is_none());
    }

    #[test]
    fn a_session_ends_at_log_out() {
        let accounts = Accounts::default();
        let cookie = accounts.log_in("budi", PASSWORD).unwrap();
        assert_eq!(accounts.session(&cookie).unwrap().1.id, BUDI);
        accounts.log_out(&cookie);
        assert!(accounts.session(&cookie).is_none());
    }

    #[test]
    fn money_that_is_not_there_cannot_be_withdrawn() {
        let accounts = Accounts::default();
        assert!(accounts.withdraw(BUDI, 25_000_001).is_none());
        assert_eq!(accounts.withdraw(BUDI, 25_000_000), Some(0));
    }

    #[test]
    fn a_changed_password_replaces_the_old_one() {
        let accounts = Accounts::default();
        accounts.set_password(BUDI, "another".to_owned());
        assert!(accounts.log_in("budi", PASSWORD).is_none());
        assert!(accounts.log_in("budi", "another").is_some());
    }

    #[test]
    fn a_reset_link_sets_the_password_once() {
        let accounts = Accounts::default();
        assert!(accounts.begin_reset("nobody").is_none());
        let token = accounts.begin_reset("budi").unwrap();
        let cookie = accounts.finish_reset(&token, "forgotten".to_owned()).unwrap();
        assert_eq!(accounts.session(&cookie).unwrap().1.id, BUDI);
        assert!(accounts.finish_reset(&token, "again".to_owned()).is_none());
        assert!(accounts.log_in("budi", "forgotten").is_some());
    }
}
