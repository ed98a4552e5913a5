//! What protects against waves: cases for every durable store.

use std::{sync::Arc, time::Duration};

use stepgate::{
    policy::sms_guard::{SLOT, Tally, slot_of},
    store::{NetworkAttempts, NetworkPause, NetworkTries, SendLimits, SendReservation, SmsSend, SmsSends, sql::Sql},
};

use super::{NOW, at_once, subject};

const HOUR: Duration = Duration::from_secs(3600);

/// Every case on one database.
pub(super) async fn conforms(sql: &Arc<Sql>) {
    failures_of_a_network_at_once_are_capped(sql).await;
    a_full_network_counts_in_none(sql).await;
    tallies_add_up_and_a_code_is_used_once(sql).await;
    sends_at_once_are_all_in_the_tally(sql).await;
}

async fn failures_of_a_network_at_once_are_capped(sql: &Arc<Sql>) {
    let tries = [NetworkTries { network: [1; 32], most: 20 }, NetworkTries { network: [2; 32], most: 50 }];
    let guess = |sql: Arc<Sql>| async move { sql.reserve_in_networks(&tries, NOW, NOW.plus(HOUR)).await.unwrap() };
    let reserved = at_once(60, sql, guess).await;
    assert_eq!(reserved.iter().filter(|paused| paused.is_none()).count(), 20);
    let full = NetworkPause { index: 0, until: NOW.plus(HOUR) };
    assert!(reserved.into_iter().flatten().all(|paused| paused == full));
    assert_eq!(sql.paused_in_networks(&tries, NOW).await.unwrap(), Some(full));
    sql.release_in_networks(&tries).await.unwrap();
    assert_eq!(sql.paused_in_networks(&tries, NOW).await.unwrap(), None);
    assert_eq!(sql.reserve_in_networks(&tries, NOW, NOW.plus(HOUR)).await.unwrap(), None);
    let later = NOW.plus(HOUR);
    assert_eq!(sql.reserve_in_networks(&tries, later, later.plus(HOUR)).await.unwrap(), None, "a window ends");
    assert_eq!(sql.sweep_networks(later.plus(HOUR)).await.unwrap(), 2);
}

async fn a_full_network_counts_in_none(sql: &Sql) {
    let (wide, narrow) = (NetworkTries { network: [3; 32], most: 9 }, NetworkTries { network: [4; 32], most: 1 });
    let ends_at = NOW.plus(HOUR);
    assert_eq!(sql.reserve_in_networks(&[wide, narrow], NOW, ends_at).await.unwrap(), None);
    for _ in 0..20 {
        let paused = sql.reserve_in_networks(&[wide, narrow], NOW, ends_at).await.unwrap();
        assert_eq!(paused, Some(NetworkPause { index: 1, until: ends_at }));
    }
    assert_eq!(sql.paused_in_networks(&[wide], NOW).await.unwrap(), None);
}

fn code(id: &str, player: u32) -> SmsSend {
    let number: [u8; 32] = std::array::from_fn(|at| player.to_be_bytes()[at % 4]);
    let tallies = ["all", "country:ID"].map(str::to_owned).to_vec();
    SmsSend { id: id.to_owned(), subject: subject(&format!("tally-{player}")), number, at: NOW, tallies, cost: 7 }
}

const LIMITS: SendLimits = SendLimits { gap: Duration::ZERO, per_hour: 100, per_day: 100 };

async fn tallies_add_up_and_a_code_is_used_once(sql: &Sql) {
    for player in 0..3 {
        let sent = sql.reserve_send(&code(&format!("code-{player}"), player), LIMITS).await.unwrap();
        assert_eq!(sent, SendReservation::Reserved);
    }
    assert_eq!(sql.verified("code-0", NOW).await.unwrap(), ["all", "country:ID"]);
    assert!(
        sql.verified("code-0", NOW).await.unwrap().is_empty() && sql.verified("none", NOW).await.unwrap().is_empty()
    );
    sql.untally(&code("code-1", 1)).await.unwrap();
    sql.spend_on("all", 5, NOW).await.unwrap();
    let slot = slot_of(NOW);
    let tally = |cost| [Tally { slot, sent: 2, verified: 1, cost }];
    assert_eq!(sql.tally("all", NOW).await.unwrap(), tally(19));
    assert_eq!(sql.tally("country:ID", NOW.minus(HOUR)).await.unwrap(), tally(14));
    assert_eq!(sql.tally("country:MY", NOW.minus(HOUR)).await.unwrap(), []);
    assert_eq!(sql.tally("all", NOW.plus(SLOT)).await.unwrap(), []);
    assert_eq!(sql.sweep_tallies(NOW).await.unwrap(), 0);
    assert_eq!(sql.sweep_tallies(NOW.plus(SLOT)).await.unwrap(), 2);
}

async fn sends_at_once_are_all_in_the_tally(sql: &Arc<Sql>) {
    let send = |sql: Arc<Sql>| async move {
        let id = stepgate::secret::public_id();
        let player = id.bytes().fold(0, |sum: u32, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
        sql.reserve_send(&code(&id, player), LIMITS).await.unwrap()
    };
    let sent = at_once(40, sql, send).await;
    assert!(sent.into_iter().all(|sent| sent == SendReservation::Reserved));
    assert_eq!(sql.tally("country:ID", NOW).await.unwrap().first().map(|tally| tally.sent), Some(40));
}
