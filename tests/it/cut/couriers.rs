//! The same with a provider that does not carry one message: it answers 500, resets the connection, or
//! keeps silent beyond the deadline.

use super::{
    journeys::Journey,
    player::Player,
    world::{Misdeed, World},
};

async fn torture(journey: Journey) {
    let world = World::with(journey.methods()).await;
    let mut points = 0;
    for misdeed in [Misdeed::Refuses, Misdeed::Resets, Misdeed::Hangs] {
        for message in 0..5 {
            if !fails_at(journey, &world, (message, misdeed)).await {
                assert!(message > 0, "{journey:?} sends messages");
                break;
            }
            points += 1;
        }
    }
    eprintln!("{journey:?}: {points} runs with one message not carried");
}

/// One run; `false` where the journey does not send so many messages.
async fn fails_at(journey: Journey, world: &World, (message, misdeed): (usize, Misdeed)) -> bool {
    let mut player = journey.prepared(Player::new(world)).await;
    world.courier.arm(message, misdeed);
    let first = journey.take(&mut player).await;
    let failed = world.courier.disarm();
    let what = format!("{journey:?}, message {message}, {misdeed:?}: {first:?}");
    assert_eq!(player.struck, failed.then_some(503), "{what}: the player is told");
    if first.is_err() {
        journey.take(&mut player).await.unwrap_or_else(|stopped| panic!("{what}, in the end {stopped:?}"));
    }
    journey.check(&mut player).await;
    failed
}

#[tokio::test]
async fn a_session_by_sms_survives_a_message_that_is_not_carried() {
    torture(Journey::SessionBySms).await;
}

#[tokio::test]
async fn an_enrolment_of_an_app_survives_a_message_that_is_not_carried() {
    torture(Journey::EnrolApp).await;
}
