//! One courier fails, the next one carries.

use std::time::Duration;

use stepgate::courier::CourierError;

use super::Set;
use crate::kit::{
    free_address,
    provider::{Behaviour, Provider},
};

fn http(address: std::net::SocketAddr) -> String {
    format!(
        "http: {{ url: 'http://{address}/', deadline: 200ms, json: {{ to: '{{to}}', text: '{{text}}' }}, message_id: {{ json: /id }} }}"
    )
}

fn pair(first: std::net::SocketAddr, second: &Provider) -> Set {
    Set::of(&format!("{{ sms: [ {{ {} }}, {{ {} }} ] }}", http(first), http(second.address)))
}

#[tokio::test]
async fn the_second_carries_what_the_first_cannot() {
    for behaviour in [
        Behaviour::Answer(500, "broken"),
        Behaviour::Answer(400, "bad number"),
        Behaviour::Answer(401, "who are you"),
        Behaviour::Answer(302, ""),
        Behaviour::Silent,
    ] {
        let (first, second) = (Provider::that(behaviour.clone()).await, Provider::start().await);
        let set = pair(first.address, &second);
        let delivered = set.sms("Code 123456").await.unwrap();
        assert_eq!((delivered.courier, delivered.reference.as_deref()), (1, Some("m-1")), "{behaviour:?}");
        assert_eq!((first.asked().len(), second.asked().len()), (1, 1), "{behaviour:?}");
    }
}

#[tokio::test]
async fn the_second_carries_while_nothing_listens_at_the_first() {
    let second = Provider::start().await;
    let set = pair(free_address(), &second);
    assert_eq!(set.sms("Code 123456").await.unwrap().courier, 1);
    let sent = r#"stepgate_courier_send_total{channel="sms",courier="http-0",outcome="unreachable"}"#;
    assert_eq!(set.metric(sent), "1");
    let sent = r#"stepgate_courier_send_total{channel="sms",courier="http-1",outcome="taken"}"#;
    assert_eq!(set.metric(sent), "1");
}

#[tokio::test]
async fn a_message_that_all_refuse_is_refused_and_the_error_does_not_name_the_player() {
    let refusing = || Provider::that(Behaviour::Answer(400, "bad number +6281200001001"));
    let (first, second) = (refusing().await, refusing().await);
    let error = pair(first.address, &second).sms("Code 123456").await.unwrap_err();
    assert_eq!(error, CourierError::Refused("http-0: it answered 400; http-1: it answered 400".into()));
}

#[tokio::test]
async fn a_message_may_go_better_later_if_somebody_could_not_be_asked() {
    let second = Provider::that(Behaviour::Answer(400, "")).await;
    let error = pair(free_address(), &second).sms("Code 123456").await.unwrap_err();
    assert!(matches!(error, CourierError::Unreachable(_)), "{error}");
    let none = Set::of("{ sms: [] }");
    assert!(!none.couriers.carries_sms() && !none.couriers.carries_mail());
    assert_eq!(none.sms("Code 123456").await.unwrap_err(), CourierError::NoCourier);
}

#[tokio::test]
async fn a_dead_courier_is_passed_over_and_comes_back_after_one_probe() {
    let (first, second) = (Provider::that(Behaviour::Answer(503, "")).await, Provider::start().await);
    let set = pair(first.address, &second);
    let paused = r#"stepgate_courier_paused{channel="sms",courier="http-0"}"#;
    for _ in 0..5 {
        assert_eq!(set.sms("Code 123456").await.unwrap().courier, 1);
    }
    assert_eq!(first.asked().len(), 3, "after three failures it is passed over");
    assert_eq!(set.metric(paused), "1");
    let skipped = r#"stepgate_courier_send_total{channel="sms",courier="http-0",outcome="skipped"}"#;
    assert_eq!(set.metric(skipped), "2");

    set.clock.advance(Duration::from_secs(10));
    assert_eq!(set.sms("Code 123456").await.unwrap().courier, 1);
    assert_eq!(set.sms("Code 123456").await.unwrap().courier, 1);
    assert_eq!(first.asked().len(), 4, "one probe, which fails; the pause is longer now");

    first.behave(Behaviour::Answer(200, "{}"));
    set.clock.advance(Duration::from_secs(10));
    assert_eq!(set.sms("Code 123456").await.unwrap().courier, 1);
    set.clock.advance(Duration::from_secs(10));
    assert_eq!(set.sms("Code 123456").await.unwrap().courier, 0);
    assert_eq!(set.sms("Code 123456").await.unwrap().courier, 0);
    assert_eq!(set.metric(paused), "0");
}

#[tokio::test]
async fn a_message_is_carried_though_whoever_asked_is_gone() {
    let (first, second) = (Provider::that(Behaviour::Silent).await, Provider::start().await);
    let set = pair(first.address, &second);
    let mut asking = Box::pin(set.sms("Code 123456"));
    while first.asked().is_empty() {
        let step = tokio::time::timeout(Duration::from_millis(20), &mut asking).await;
        assert!(step.is_err() || first.asked().len() == 1);
    }
    drop(asking);
    let all = async {
        while second.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.unwrap();
}

#[tokio::test]
async fn bad_numbers_do_not_make_a_courier_passed_over() {
    let first = Provider::that(Behaviour::Answer(400, "")).await;
    let second = Provider::start().await;
    let set = pair(first.address, &second);
    for _ in 0..6 {
        set.sms("Code 123456").await.unwrap();
    }
    assert_eq!(first.asked().len(), 6);
}
