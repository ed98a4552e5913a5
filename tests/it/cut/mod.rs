//! Each journey through the real process, over HTTP, once for each statement that it makes to a real
//! PostgreSQL, with that statement's connection reset: before the server has it, and after it is done but
//! before its answer (security.md REQ-01, A37). [`couriers`] does the same with messages.
//!
//! What failed gives nothing: no stamp, no approval, not a byte to the site; the player is told; who
//! begins anew with a fresh code gets there, with nothing done twice. Short-lived things are in the
//! process's memory and cannot be cut off here: [`crate::torture`] lets those calls fail too.

#![expect(clippy::print_stderr, reason = "how many points were tried is what these tests have to say")]

mod couriers;
mod journeys;
mod player;
mod world;

use std::collections::BTreeSet;

use journeys::Journey;
use player::Player;
use world::World;

use crate::kit::relay::Cut;

/// Statements of one journey at most.
const MOST: usize = 150;

/// Takes the journey once for each of its statements; a statement that only reads is cut off in one way,
/// since nobody could tell the other from it.
async fn torture(journey: Journey) {
    let world = World::with(journey.methods()).await;
    let (mut points, mut told, mut quiet, mut failures) = (0, 0, BTreeSet::new(), Vec::new());
    for index in 0..MOST {
        let before = fails_at(journey, &world, (index, Cut::Before)).await;
        let Some(point) = &before.statement else {
            failures.extend(before.failure);
            break;
        };
        let reads = point.starts_with("SELECT");
        let after = if reads { None } else { Some(fails_at(journey, &world, (index, Cut::After)).await) };
        for outcome in [Some(before), after].into_iter().flatten() {
            points += 1;
            told += usize::from(outcome.told);
            quiet.extend(outcome.statement.filter(|_| !outcome.told));
            failures.extend(outcome.failure);
        }
    }
    eprintln!("{journey:?}: {points} runs with one statement cut off, {told} times the player was told");
    eprintln!("  not told of, and nothing lost by it: {quiet:#?}");
    assert!(points > 20 && told > 10, "{points} points, {told} told");
    assert!(failures.is_empty(), "{} of {points}:\n{}", failures.len(), failures.join("\n"));
}

/// How a run went.
struct Outcome {
    /// The statement that was cut off, if the journey made so many.
    statement: Option<String>,
    /// Whether the player was told.
    told: bool,
    failure: Option<String>,
}

/// One run.
async fn fails_at(journey: Journey, world: &World, (index, cut): (usize, Cut)) -> Outcome {
    let mut player = journey.prepared(Player::new(world)).await;
    world.relay.arm(index, cut);
    let first = journey.take(&mut player).await;
    let statement = world.relay.disarm().into_iter().nth(index);
    let told = player.struck.is_some_and(|status| status == 503);
    let what = format!("{} ({index}), {cut:?}: {:?}, {first:?}", statement.as_deref().unwrap_or("none"), player.struck);
    let mut failure = None;
    if first.is_err() && !told {
        failure = Some(format!("{what}: not told, and stopped"));
    } else if first.is_err()
        && let Err(stopped) = journey.take(&mut player).await
    {
        failure = Some(format!("{what}: in the end {stopped:?}"));
    } else {
        journey.check(&mut player).await;
    }
    Outcome { statement, told, failure }
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
    a_held_form_survives_any_cut: HeldForm;
    an_approved_call_survives_any_cut: ApprovedCall;
    a_session_by_sms_survives_any_cut: SessionBySms;
    an_enrolment_of_an_app_survives_any_cut: EnrolApp;
    a_backup_code_at_log_in_survives_any_cut: BackupCode;
    a_disable_survives_any_cut: Disable;
}
