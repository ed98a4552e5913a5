//! Every journey with every one of its store calls failing, one at a time (security.md REQ-01, A37):
//! nothing is let through, the player is told, and who tries again gets there with nothing counted
//! twice and nothing lost.
//!
//! A call fails in two ways: it is not made, or it is made and its answer is lost. The player who is
//! told that the service is unavailable presses again, or starts over.

mod failing;
mod journeys;
mod player;
mod world;

use std::sync::Arc;

use failing::Fault;
use journeys::Journey;
use player::{Patience, Player};
use world::World;

/// So often a player starts over, with a later code each time.
const TRIES: usize = 3;

/// Takes the journey once for each of its store calls, way of failing and patience; how many runs
/// that were.
async fn torture(journey: Journey) {
    let world = Arc::new(World::new().await);
    let mut runs = 0;
    for patience in [Patience::PressesAgain, Patience::StartsOver] {
        for fault in [Fault::NotDone, Fault::AnswerLost] {
            let mut index = 0;
            while fails_at(journey, &world, (index, fault), patience).await {
                index += 1;
                runs += 1;
            }
            assert!(index > 5, "{journey:?} calls the stores");
        }
    }
    eprintln!("{journey:?}: {runs} runs with one failing call");
}

/// One run; `false` where the journey does not make so many calls.
async fn fails_at(journey: Journey, world: &Arc<World>, (index, fault): (usize, Fault), patience: Patience) -> bool {
    let mut player = journey.prepared(Player::new(world, patience)).await;
    world.plan.arm(index, fault);
    let mut taken = journey.take(&mut player).await;
    let calls = world.plan.disarm();
    let what = format!("{journey:?}, call {index} of {calls:?} {fault:?}, {patience:?}");
    let Some(failed) = calls.get(index) else {
        taken.unwrap_or_else(|stopped| panic!("undisturbed: {what}: {stopped:?}"));
        journey.check(&mut player).await;
        return false;
    };
    let what = format!("{journey:?}: {failed} (call {index}) {fault:?}, {patience:?}");
    let first = format!("{taken:?}");
    for _ in 0..TRIES {
        if taken.is_ok() {
            break;
        }
        world.clock.advance(player::STEP);
        taken = journey.take(&mut player).await;
    }
    taken.unwrap_or_else(|stopped| panic!("{what}: at first {first}, in the end {stopped:?}"));
    eprintln!("checks {what}: {first}");
    journey.check(&mut player).await;
    true
}

macro_rules! tortured {
    ($($name:ident: $journey:ident;)+) => {$(
        #[tokio::test]
        async fn $name() {
            torture(Journey::$journey).await;
        }
    )+};
}

tortured! {
    an_enrolment_of_an_app_survives_any_failing_call: EnrolApp;
    an_enrolment_of_a_number_survives_any_failing_call: EnrolSms;
    a_session_by_page_survives_any_failing_call: SessionByPage;
    a_session_by_json_survives_any_failing_call: SessionByJson;
    a_session_by_sms_survives_any_failing_call: SessionBySms;
    a_fresh_proof_survives_any_failing_call: FreshByJson;
    an_approval_survives_any_failing_call: OnceByJson;
    a_held_form_survives_any_failing_call: HeldForm;
    a_switch_survives_any_failing_call: Switch;
    a_disable_survives_any_failing_call: Disable;
    an_enable_survives_any_failing_call: Enable;
    new_backup_codes_survive_any_failing_call: NewBackupCodes;
    a_backup_code_survives_any_failing_call: BackupCode;
    a_remembered_browser_survives_any_failing_call: Remember;
    a_freeze_survives_any_failing_call: Freeze;
    a_log_in_that_is_observed_survives_any_failing_call: LogIn;
}
