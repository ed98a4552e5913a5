//! The same with a courier that fails at one message: it refuses, breaks, answers rubbish, or keeps silent.

use std::{sync::Arc, time::Duration};

use http::Method;
use stepgate::courier::{SmsSettings, http as http_courier, template::Template};

use super::{
    TRIES,
    journeys::Journey,
    player::{self, Patience, Player},
    world::{Courier, World},
};
use crate::kit::provider::{Behaviour, Provider};

/// What a good answer of the provider is.
const GOOD: Behaviour = Behaviour::Answer(200, r#"{"id":"m-1"}"#);

async fn world() -> Arc<World> {
    let provider = Provider::start().await;
    let place = |text: &str| (text.to_owned(), Template::parse(&format!("{{{text}}}")).unwrap());
    let settings = http_courier::Settings {
        url: format!("http://{}/", provider.address).parse().unwrap(),
        method: Method::POST,
        headers: Vec::new(),
        query: vec![place("to"), place("text")],
        body: http_courier::Body::Empty,
        to_format: http_courier::ToFormat::E164,
        success_status: vec![200],
        success_body: Some(regex::Regex::new("\"id\"").unwrap()),
        message_id: None,
        deadline: Duration::from_secs(2),
    };
    let mut world = World::with(vec![SmsSettings::Http(settings)]).await;
    world.courier = Some(Courier { provider, good: GOOD, failing: std::sync::Mutex::default() });
    Arc::new(world)
}

async fn torture(journey: Journey) {
    let world = world().await;
    let mut runs = 0;
    let refuses = [Behaviour::Answer(400, "no"), Behaviour::Answer(500, ""), Behaviour::Answer(200, "<html>")];
    for patience in [Patience::PressesAgain, Patience::StartsOver] {
        for behaviour in &refuses {
            let mut message = 0;
            while fails_at(journey, &world, (message, behaviour), patience).await {
                message += 1;
                runs += 1;
            }
            assert!(message > 0, "{journey:?} sends messages");
        }
    }
    // Each waits for the courier's deadline.
    assert!(fails_at(journey, &world, (0, &Behaviour::Silent), Patience::StartsOver).await);
    eprintln!("{journey:?}: {} runs with one failing message", runs + 1);
}

/// One run; `false` where the journey does not send so many messages.
async fn fails_at(
    journey: Journey,
    world: &Arc<World>,
    (message, behaviour): (usize, &Behaviour),
    patience: Patience,
) -> bool {
    let mut player = journey.prepared(Player::new(world, patience)).await;
    let courier = world.courier.as_ref().unwrap();
    *courier.failing.lock().unwrap() = Some((message, behaviour.clone()));
    let mut taken = journey.take(&mut player).await;
    let failed = courier.failing.lock().unwrap().take().is_none();
    let what = format!("{journey:?}, message {message}, {behaviour:?}, {patience:?}");
    assert_eq!(player.told, failed, "{what}: the player is told");
    for _ in 0..TRIES {
        if taken.is_ok() {
            break;
        }
        world.clock.advance(player::STEP);
        taken = journey.take(&mut player).await;
    }
    taken.unwrap_or_else(|stopped| panic!("{what}: {stopped:?}"));
    journey.check(&mut player).await;
    failed
}

#[tokio::test]
async fn an_enrolment_of_a_number_survives_any_failing_message() {
    torture(Journey::EnrolSms).await;
}

#[tokio::test]
async fn an_enrolment_of_an_app_survives_any_failing_message() {
    torture(Journey::EnrolApp).await;
}

#[tokio::test]
async fn a_session_by_sms_survives_any_failing_message() {
    torture(Journey::SessionBySms).await;
}

#[tokio::test]
async fn a_switch_survives_any_failing_message() {
    torture(Journey::Switch).await;
}
