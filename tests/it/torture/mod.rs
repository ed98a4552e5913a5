//! Every journey with every one of its store calls failing, one at a time (security.md REQ-01, A37):
//! nothing is let through, the player is told, and who tries again gets there with nothing counted
//! twice and nothing lost. [`mended`] names what this found, [`couriers`] does the same with messages, [`turns`] puts two actions on one
//! account into every order (A55).
//!
//! A call fails in two ways: it is not made, or it is made and its answer is lost. The player who is
//! told that the service is unavailable presses again, or starts over.

#![expect(clippy::print_stderr, reason = "how many points were tried is what these tests have to say")]

mod couriers;
pub mod failing;
pub mod journeys;
mod mended;
pub mod player;
mod turns;
pub mod world;

use std::sync::Arc;

use failing::Fault;
use journeys::Journey;
use player::{Patience, Player};
use world::World;

/// So often a player starts over, with a later code each time.
const TRIES: usize = 3;
/// Store calls of one journey at most.
const MOST_CALLS: usize = 300;

/// Takes the journey once for each of its store calls and ways of failing.
async fn torture(journey: Journey) {
    let world = Arc::new(World::new().await);
    let (mut runs, mut failures) = (0, Vec::new());
    for fault in [Fault::NotDone, Fault::AnswerLost] {
        for index in 0..MOST_CALLS {
            // Each call fails in both ways, each time before the other patience.
            let presses = (index % 2 == 0) == (fault == Fault::NotDone);
            let patience = if presses { Patience::PressesAgain } else { Patience::StartsOver };
            let world = Arc::clone(&world);
            // A task of its own, so that one that panics does not hide the others.
            let run = tokio::spawn(async move { fails_at(journey, &world, (index, fault), patience).await });
            match run.await {
                Ok(Ok(true)) => runs += 1,
                Ok(Ok(false)) => break,
                Ok(Err(failure)) => failures.push(failure),
                Err(panic) => failures.push(format!("call {index} {fault:?}, {patience:?}: {panic}")),
            }
        }
    }
    eprintln!("{journey:?}: {runs} runs with one failing call");
    assert!(runs > 10 && failures.is_empty(), "{} of {runs}:\n{}", failures.len(), failures.join("\n"));
}

/// One run; `false` where the journey does not make so many calls.
async fn fails_at(
    journey: Journey,
    world: &Arc<World>,
    (index, fault): (usize, Fault),
    patience: Patience,
) -> Result<bool, String> {
    let mut player = journey.prepared(Player::new(world, patience)).await;
    world.plan.arm(index, fault);
    let mut taken = journey.take(&mut player).await;
    let calls = world.plan.disarm();
    let failed = calls.get(index);
    let what = format!("{} (call {index}) {fault:?}, {patience:?}", failed.unwrap_or(&"none"));
    let first = format!("{taken:?}");
    for _ in 0..TRIES {
        if taken.is_ok() || failed.is_none() {
            break;
        }
        world.clock.advance(player::STEP);
        taken = journey.take(&mut player).await;
    }
    taken.map_err(|stopped| format!("{what}: at first {first}, in the end {stopped:?}"))?;
    let check = tokio::spawn(async move { journey.check(&mut player).await });
    check.await.map_err(|panic| format!("{what}: at first {first}, then {panic}"))?;
    Ok(failed.is_some())
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
