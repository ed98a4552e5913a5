//! Two actions on one account at once (security.md A55): one stops before each of its store calls in
//! turn, the other is done meanwhile, and then the first goes on.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use stepgate::{
    policy::FactorKind,
    store::{Applied, Edit},
};

use super::{
    journeys::{approval_of, challenge_of, look_at_codes, withdraw, withdrawal},
    player::{Patience, Player},
    world::World,
};

/// One thing that a client of the account does.
#[derive(Clone, Debug)]
enum Action {
    Withdraw { approval: String },
    Disable { approval: String },
    Verify { at: String, code: String },
    Confirm { at: String, code: String },
    Freeze,
    Reset,
}

impl Action {
    /// Does it; the status of the answer.
    async fn done_by(&self, player: &mut Player) -> u16 {
        match self {
            Self::Withdraw { approval } => withdraw(player, approval).await.status,
            Self::Disable { approval } => {
                let lines = [("stepgate-approval", approval.as_str())];
                player.call(Method::POST, "/.stepgate/api/factors/disable", &json!({}), &lines).await.status
            }
            Self::Verify { at, code } => {
                let typed = json!({ "method": "app", "code": code });
                player.call(Method::POST, at, &typed, &[]).await.status
            }
            Self::Confirm { at, code } => player.call(Method::POST, at, &json!({ "code": code }), &[]).await.status,
            Self::Freeze => {
                let form = format!("t={}", player.link);
                player.submit("/.stepgate/freeze", &form).await.status
            }
            Self::Reset => {
                let factors = player.state().await.factors;
                let mut edits: Vec<Edit> = factors.into_iter().map(|factor| Edit::Remove(factor.id)).collect();
                edits.extend([Edit::MustBind, Edit::RaiseEpoch, Edit::ForgetDevices]);
                match player.world.flow.stores.accounts.apply(&player.subject(), &edits).await.unwrap() {
                    Applied::Done => 200,
                    Applied::Conflict => 410,
                }
            }
        }
    }
}

/// Two actions, prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pair {
    DisableAndWithdraw,
    EnrolAndWithdraw,
    FreezeAndWithdraw,
    WithdrawTwice,
    TwoDevicesApprove,
    FreezeAndVerify,
    ResetAndVerify,
    TwoTabsConfirm,
}

impl Pair {
    async fn prepared(self, player: &mut Player) -> [Action; 2] {
        match self {
            Self::DisableAndWithdraw => {
                let at = challenge_of(player, "/.stepgate/api/factors/disable", &json!({})).await;
                let disable = Action::Disable { approval: approval_of(player, &at).await };
                [disable, withdraw_of(player).await]
            }
            Self::EnrolAndWithdraw => {
                let wanted = json!({ "method": "sms", "replace": "all", "number": player.number });
                let target = "/.stepgate/api/enrolments";
                let at = challenge_of(player, target, &wanted).await;
                let approval = approval_of(player, &at).await;
                let lines = [("stepgate-approval", approval.as_str())];
                let begun = player.call(Method::POST, target, &wanted, &lines).await.expect(201).unwrap().json();
                let at = format!("{target}/{}", begun["id"].as_str().unwrap());
                look_at_codes(player, &at).await.unwrap();
                let code = player.sent_code(&format!("{at}/confirm/send"), &json!({})).await.unwrap();
                [Action::Confirm { at: format!("{at}/confirm"), code }, withdraw_of(player).await]
            }
            Self::FreezeAndWithdraw => [Action::Freeze, withdraw_of(player).await],
            Self::WithdrawTwice => {
                let action = withdraw_of(player).await;
                [action.clone(), action]
            }
            Self::TwoDevicesApprove => {
                let at = withdrawal(player).await.unwrap();
                // Both are accepted: of this step and of the next.
                let codes = [player.app_code(), player.next_app_code()];
                codes.map(|code| Action::Verify { at: at.clone(), code })
            }
            Self::FreezeAndVerify => [Action::Freeze, verify_of(player).await],
            Self::ResetAndVerify => [Action::Reset, verify_of(player).await],
            Self::TwoTabsConfirm => {
                let target = "/.stepgate/api/enrolments";
                let begun = json!({ "method": "app" });
                let begun = player.call(Method::POST, target, &begun, &[]).await.expect(201).unwrap().json();
                let at = format!("{target}/{}", begun["id"].as_str().unwrap());
                let code = json!({ "code": player.sent_code(&format!("{at}/phone/send"), &json!({})).await.unwrap() });
                let verify = format!("{at}/phone/verify");
                let proven = player.call(Method::POST, &verify, &code, &[]).await.expect(200).unwrap().json();
                player.keep_secret(proven["secret"].as_str().unwrap());
                let action = Action::Confirm { at: format!("{at}/confirm"), code: player.app_code() };
                [action.clone(), action]
            }
        }
    }

    /// What holds in whichever order the two took place.
    async fn check(self, players: &mut [Player; 2], statuses: [u16; 2], what: &str) {
        let [first, second] = players;
        let state = first.state().await;
        let kinds: Vec<FactorKind> = state.factors.iter().map(|factor| factor.kind).collect();
        let received = first.world.received("/api/withdraw", &first.cookie());
        let done = statuses.iter().filter(|status| **status == 200).count();
        assert!(received <= 1, "{what}: {received} withdrawals");
        match self {
            Self::DisableAndWithdraw => {
                assert_eq!((statuses[0], kinds.len(), state.suspended.len()), (200, 0, 1), "{what}: {statuses:?}");
            }
            Self::EnrolAndWithdraw => assert_eq!((statuses[0], kinds), (200, vec![FactorKind::Sms]), "{what}"),
            Self::WithdrawTwice => assert_eq!((done, received), (1, 1), "{what}: {statuses:?}"),
            Self::TwoDevicesApprove | Self::TwoTabsConfirm => {
                assert_eq!((done, kinds), (1, vec![FactorKind::App]), "{what}: {statuses:?}");
            }
            Self::FreezeAndWithdraw | Self::FreezeAndVerify => {
                assert!(statuses[0] == 200 && state.freeze.is_some(), "{what}: {statuses:?}");
            }
            Self::ResetAndVerify => assert!(statuses[0] == 200 && kinds.is_empty(), "{what}: {statuses:?}"),
        }
        if matches!(self, Self::FreezeAndVerify | Self::ResetAndVerify) {
            let visited = second.call(Method::GET, "/account", &Value::Null, &[]).await;
            assert_ne!(visited.status, 200, "{what}: no stamp outlives it");
        }
        if let Some(approval) = first.earlier.0.as_str().strip_prefix('!') {
            let again = withdraw(second, approval).await;
            assert_ne!(again.status, 200, "{what}: an approval counts once, and not past a change");
        }
    }
}

async fn withdraw_of(player: &mut Player) -> Action {
    let at = withdrawal(player).await.unwrap();
    let approval = approval_of(player, &at).await;
    player.earlier.0 = format!("!{approval}");
    Action::Withdraw { approval }
}

async fn verify_of(player: &mut Player) -> Action {
    let asked = player.call(Method::GET, "/account", &Value::Null, &[]).await.expect(401).unwrap().json();
    let at = asked["challenge"]["verify"].as_str().unwrap().to_owned();
    Action::Verify { at, code: player.app_code() }
}

/// Every place at which one can stop for the other, both ways round.
async fn interleave(pair: Pair) {
    let world = Arc::new(World::new().await);
    let mut orders = 0;
    for first in [0, 1] {
        let mut index = 0;
        while stops_at(pair, &world, (first, index)).await {
            index += 1;
        }
        orders += index + 1;
        assert!(index > 0, "{pair:?} calls the stores");
    }
    eprintln!("{pair:?}: {orders} orders");
}

/// One order; `false` where the first action does not make so many calls.
async fn stops_at(pair: Pair, world: &Arc<World>, (first, index): (usize, usize)) -> bool {
    let mut player = Player::new(world, Patience::StartsOver);
    if pair != Pair::TwoTabsConfirm {
        player = player.with_app().await;
    }
    player.link = player.offered_freeze().await;
    let actions = pair.prepared(&mut player).await;
    let mut players = [player.clone(), player];
    let hold = world.plan.hold(index);
    let (mut stopping, action) = (players[first].clone(), actions[first].clone());
    let mut task = tokio::spawn(async move {
        let status = action.done_by(&mut stopping).await;
        (stopping, status)
    });
    let mut statuses = [0, 0];
    let other = 1 - first;
    let early = tokio::select! {
        done = &mut task => Some(done.unwrap()),
        () = hold.reached.notified() => None,
    };
    let stopped = early.is_none();
    // Else a call of the other would be taken for the one that waits.
    let mut calls = if stopped { Vec::new() } else { world.plan.disarm() };
    statuses[other] = actions[other].done_by(&mut players[other]).await;
    hold.go.notify_one();
    let done = match early {
        Some(done) => done,
        None => task.await.unwrap(),
    };
    (players[first], statuses[first]) = done;
    calls.extend(world.plan.disarm());
    let what = format!("{pair:?}: {:?} stops before call {index} of {calls:?}", actions[first]);
    if pair == Pair::FreezeAndWithdraw && first == 1 && stopped && !calls[..index].contains(&"Accounts::apply") {
        assert_ne!(statuses[1], 200, "{what}: nothing goes to the site once the freeze is answered");
    }
    pair.check(&mut players, statuses, &what).await;
    stopped
}

macro_rules! interleaved {
    ($($name:ident: $pair:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            interleave(Pair::$pair).await;
        }
    )+};
}

interleaved! {
    a_disable_and_a_withdrawal_take_turns: DisableAndWithdraw;
    an_enrolment_and_a_withdrawal_take_turns: EnrolAndWithdraw;
    no_withdrawal_follows_a_freeze_that_was_answered: FreezeAndWithdraw;
    one_approval_sent_twice_at_once_counts_once: WithdrawTwice;
    two_devices_that_approve_the_same_give_one_approval: TwoDevicesApprove;
    no_stamp_is_made_across_a_freeze: FreezeAndVerify;
    no_stamp_is_made_across_a_reset: ResetAndVerify;
    two_tabs_that_confirm_one_enrolment_bind_one_factor: TwoTabsConfirm;
}
