//! The desk on a SQLite file, with a clock that stands still.

use super::{act::Order, players::Search, *};
use crate::{
    clock::Clock,
    factor::app::Secret,
    flow::{
        FirstEnrolment,
        challenge::Asker,
        enrol::Wanted,
        testing::{DAY, NUMBER, START, STEP, World, code, known},
    },
    policy::{FactorKind, cooldown::Cause},
    secret::Token,
    store::{
        Place, ResetRecord, ResetState,
        audit::{Entry, Selection},
    },
};

mod codes;
mod freezing;
mod looking;
mod signing;

const PASSWORD: &str = "correct horse";
/// Where operators ask from.
const NETWORK: &str = "192.0.2.0/24";

fn secret(fill: u8) -> Secret {
    Secret::new([fill; 20])
}

fn settings() -> Settings {
    let operator = |name: &str, role, fill| Operator {
        name: name.to_owned(),
        roles: vec![role],
        password: PasswordHash::of(PASSWORD).unwrap(),
        app: secret(fill),
    };
    Settings {
        operators: vec![
            operator("support", Role::Support, 1),
            operator("supervisor", Role::Supervisor, 2),
            operator("auditor", Role::Auditor, 3),
            operator("admin", Role::Admin, 4),
        ],
        reset: ResetRules {
            evidence: vec!["document".to_owned()],
            needs_second: true,
            delay: DAY,
            expires: DAY,
            code_lifetime: 120 * STEP,
        },
        actions_per_hour: 20,
        looks_per_hour: 60,
    }
}

/// A desk beside a world in which `ayu` has an app and the site named her number.
struct AtDesk {
    world: World,
    settings: Settings,
    ayu: Asker,
}

impl AtDesk {
    async fn new() -> Self {
        let (world, browser) = (World::with(FirstEnrolment::Support).await, Token::random());
        let ayu = known("ayu", 1, &browser);
        world.flow.see_contacts(&world.rules, &ayu.player).await.unwrap();
        world.flow.seed_app_factor("ayu", "Play").await.unwrap();
        Self { world, settings: settings(), ayu }
    }

    fn agent(&self, name: &str) -> Agent {
        sign_in::agent(self.settings.operator(name).unwrap(), NETWORK)
    }

    fn subject(&self) -> &Subject {
        &self.ayu.player.subject
    }

    async fn act(&self, name: &str, action: DeskAction) -> Result<(), DeskError> {
        let (agent, why) = (self.agent(name), why(action));
        let order = Order { agent: &agent, subject: self.subject(), why: &why };
        self.world.flow.desk_act(&self.world.rules, &self.settings, action, order).await
    }

    async fn request(&self, name: &str) -> Result<ResetRecord, DeskError> {
        let (agent, why) = (self.agent(name), why(DeskAction::RequestReset));
        let order = Order { agent: &agent, subject: self.subject(), why: &why };
        self.world.flow.desk_request_reset(&self.world.rules, &self.settings, order, "document").await
    }

    async fn approve(&self, name: &str, id: &str) -> Result<ResetRecord, DeskError> {
        let agent = self.agent(name);
        self.world.flow.desk_approve_reset(&self.world.rules, &self.settings, (&agent, id), "papers seen").await
    }

    async fn issue(&self, name: &str) -> Result<String, DeskError> {
        let (agent, why) = (self.agent(name), why(DeskAction::IssueCode));
        let order = Order { agent: &agent, subject: self.subject(), why: &why };
        let (code, _) = self.world.flow.desk_issue_code(&self.world.rules, &self.settings, order).await?;
        Ok(code.to_string())
    }

    /// A reset that was asked for, approved, and carried out a day later.
    async fn reset(&self) {
        let asked = self.request("support").await.unwrap();
        self.approve("supervisor", &asked.id).await.unwrap();
        self.world.clock.advance(DAY);
        self.carry_out().await;
        assert_eq!(self.reset_of(&asked.id).await, ResetState::Done);
    }

    async fn find(&self, name: &str, search: Search<'_>) -> Result<Vec<Subject>, DeskError> {
        self.world.flow.desk_find(&self.world.rules, &self.settings, &self.agent(name), search).await
    }

    async fn look(&self, name: &str) -> Result<players::PlayerView, DeskError> {
        self.world.flow.desk_player(&self.settings, &self.agent(name), self.subject()).await
    }

    /// The audit's rows of a kind with their player's id, in their order.
    async fn rows(&self, kind: &str) -> Vec<(Entry, String)> {
        let selection = Selection { kind: Some(kind.to_owned()), ..Selection::default() };
        let mut rows = self.world.flow.stores.trail.select(&selection, 100).await.unwrap();
        // Those of one moment are in the order in which they were written.
        rows.sort_by_key(|(row, _)| row.seq);
        rows
    }

    async fn carry_out(&self) {
        self.world.flow.carry_out_resets(&self.world.rules).await.unwrap();
    }

    async fn reset_of(&self, id: &str) -> ResetState {
        self.world.flow.stores.desk.reset(id).await.unwrap().unwrap().state
    }

    async fn state(&self) -> store::PlayerState {
        self.world.flow.stores.accounts.player(self.subject()).await.unwrap()
    }

    /// What the player was sent by SMS, newest first.
    async fn told(&self) -> Vec<String> {
        let (flow, rules) = (&self.world.flow, &self.world.rules);
        flow.carry_notices(rules, &reqwest::Client::new()).await.unwrap();
        self.world.sent_to(NUMBER)
    }

    async fn enrol(&self, support_code: Option<&str>) -> Result<(), FlowError> {
        let (flow, rules) = (&self.world.flow, &self.world.rules);
        let wanted =
            Wanted { kind: FactorKind::App, place: Place::Beside, number: None, support_code, return_to: None };
        let pending = flow.begin(rules, &self.ayu, wanted).await?;
        let sealed = pending.secret.as_ref().expect("a secret");
        let secret = flow.app_secret(&pending.factor_id, &pending.subject, sealed).unwrap();
        flow.confirm(rules, &self.ayu, &pending.id, &code(&secret, self.world.clock.now())).await.map(|_| ())
    }
}

fn why(action: DeskAction) -> Why {
    Why::parse(action, "asked on the phone", "T-17").unwrap()
}

/// The token in the link of a notice.
fn token_in(text: &str) -> &str {
    text.rsplit_once("cancel-reset?t=").expect("a link").1
}

#[tokio::test]
async fn a_reset_takes_two_persons_and_a_day_and_leaves_the_player_to_bind_anew() {
    let desk = AtDesk::new().await;
    let asked = desk.request("support").await.unwrap();
    assert_eq!((asked.state, desk.told().await.len()), (ResetState::Waiting, 0));
    assert!(matches!(desk.request("admin").await, Err(DeskError::Conflict(_))), "one is open");
    assert!(matches!(desk.approve("support", &asked.id).await, Err(DeskError::Forbidden)));
    desk.world.clock.advance(STEP);
    desk.approve("supervisor", &asked.id).await.unwrap();
    let told = desk.told().await;
    assert!(told.len() == 1 && told[0].contains("15 November 2023"), "{told:?}");
    desk.world.flow.view_reset(token_in(&told[0])).await.unwrap();

    desk.world.clock.advance(DAY - STEP);
    desk.carry_out().await;
    assert_eq!(desk.state().await.factors.len(), 1, "not before its time");
    desk.world.clock.advance(STEP);
    desk.carry_out().await;
    desk.carry_out().await;
    let state = desk.state().await;
    assert!(state.must_bind && state.factors.is_empty() && state.happened.of(Cause::Reset).is_some());
    assert_eq!((state.epoch, desk.reset_of(&asked.id).await), (1, ResetState::Done));
    assert!(matches!(desk.world.flow.view_reset(token_in(&told[0])).await, Err(FlowError::Gone)));
    let activity = desk.world.flow.stores.accounts.activity(desk.subject(), 9).await.unwrap();
    let lines: Vec<(&str, &str, &str)> =
        activity.iter().map(|line| (line.actor.as_str(), line.event.as_str(), line.why.as_str())).collect();
    let expected = [
        ("system", "reset-done", "[T-17]"),
        ("support:supervisor", "reset-approved", "[T-17] papers seen"),
        ("support:support", "reset-requested", "[T-17] asked on the phone (document)"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn nobody_approves_the_own_request() {
    let desk = AtDesk::new().await;
    let asked = desk.request("supervisor").await.unwrap();
    assert!(matches!(desk.approve("supervisor", &asked.id).await, Err(DeskError::Forbidden)));
    assert_eq!(desk.reset_of(&asked.id).await, ResetState::Waiting);
}

#[tokio::test]
async fn a_reset_that_was_called_off_or_not_approved_does_nothing() {
    let desk = AtDesk::new().await;
    let by_link = desk.request("support").await.unwrap();
    desk.approve("supervisor", &by_link.id).await.unwrap();
    let told = desk.told().await;
    let token = token_in(&told[0]);
    desk.world.flow.cancel_reset(&desk.world.rules, token).await.unwrap();
    assert!(matches!(desk.world.flow.cancel_reset(&desk.world.rules, token).await, Err(FlowError::Gone)));

    let by_agent = desk.request("support").await.unwrap();
    let support = desk.agent("support");
    let off = (&support, by_agent.id.as_str());
    desk.world.flow.desk_cancel_reset(&desk.world.rules, &desk.settings, off, "a mistake").await.unwrap();
    assert!(matches!(desk.approve("supervisor", &by_agent.id).await, Err(DeskError::Conflict(_))));

    let too_late = desk.request("support").await.unwrap();
    desk.world.clock.advance(2 * DAY);
    assert!(matches!(desk.approve("supervisor", &too_late.id).await, Err(DeskError::Conflict(_))));
    desk.carry_out().await;
    assert_eq!((desk.state().await.factors.len(), desk.state().await.must_bind), (1, false));
}

#[tokio::test]
async fn each_role_does_what_the_table_lets_it_and_nothing_else() {
    let desk = AtDesk::new().await;
    let at_once = [
        DeskAction::Unlock,
        DeskAction::ForgetDevices,
        DeskAction::EndStamps,
        DeskAction::Freeze,
        DeskAction::Unfreeze,
    ];
    for name in ["support", "supervisor", "auditor", "admin"] {
        for action in at_once {
            let done = desk.act(name, action).await;
            let refused = matches!(done, Err(DeskError::Forbidden));
            assert_eq!(refused, !desk.agent(name).may(action), "{name} {action:?}: {done:?}");
        }
        desk.act("admin", DeskAction::Unfreeze).await.ok();
    }
    assert!(matches!(desk.request("auditor").await, Err(DeskError::Forbidden)));
    assert!(matches!(desk.issue("auditor").await, Err(DeskError::Forbidden)));
    assert!(matches!(desk.approve("support", "none").await, Err(DeskError::Forbidden)));
    desk.look("auditor").await.unwrap();
    let nobody = Agent { name: "nobody".to_owned(), roles: Vec::new(), origin: NETWORK.to_owned() };
    let seen = desk.world.flow.desk_player(&desk.settings, &nobody, desk.subject()).await;
    assert!(matches!(seen, Err(DeskError::Forbidden)));
    // Each refusal is written down: who, what, from where.
    let refused = desk.rows(FORBIDDEN).await;
    let of = |actor: &str| -> Vec<&str> {
        refused.iter().filter(|(row, _)| row.actor == actor).map(|(row, _)| row.detail.as_str()).collect()
    };
    assert_eq!((of("support:support"), of("support:nobody")), (vec!["unfreeze", "approve"], vec!["look"]));
    assert_eq!(of("support:auditor").len(), at_once.len() + 2);
    assert!(refused.iter().all(|(row, _)| row.outcome == "refused" && row.origin == NETWORK));
}

#[tokio::test]
async fn an_agent_does_so_much_within_an_hour_and_no_more() {
    let mut desk = AtDesk::new().await;
    desk.settings.actions_per_hour = 3;
    for _ in 0..3 {
        desk.act("support", DeskAction::Unlock).await.unwrap();
    }
    let Err(DeskError::TooMany { until }) = desk.act("support", DeskAction::Unlock).await else { panic!("not paused") };
    assert_eq!(until, START.plus(std::time::Duration::from_secs(3600)));
    desk.act("supervisor", DeskAction::Unlock).await.unwrap();
    desk.world.clock.advance(120 * STEP);
    desk.act("support", DeskAction::Unlock).await.unwrap();
}

#[tokio::test]
async fn one_person_is_enough_where_the_rules_say_so_and_the_player_is_still_told() {
    let mut desk = AtDesk::new().await;
    desk.settings.reset.needs_second = false;
    let asked = desk.request("support").await.unwrap();
    assert_eq!((asked.state, desk.told().await.len()), (ResetState::Approved, 1));
    assert!(matches!(desk.approve("supervisor", &asked.id).await, Err(DeskError::Conflict(_))));
    desk.carry_out().await;
    assert_eq!(desk.state().await.factors.len(), 1);
    desk.world.clock.advance(DAY);
    desk.carry_out().await;
    assert!(desk.state().await.must_bind);
}

#[test]
fn a_reason_is_wanted_and_a_case_where_it_matters() {
    for (action, reason, case, good) in [
        (DeskAction::Unlock, "asked by phone", "", true),
        (DeskAction::Unlock, "  x ", "", false),
        (DeskAction::Unlock, "two\nlines", "", false),
        (DeskAction::RequestReset, "asked by phone", "  ", false),
        (DeskAction::RequestReset, "asked by phone", "T-1", true),
        (DeskAction::Unfreeze, "asked by phone", "", false),
    ] {
        assert_eq!(Why::parse(action, reason, case).is_ok(), good, "{action:?} {reason:?} {case:?}");
    }
    assert!(Why::parse(DeskAction::Unlock, &"a".repeat(201), "").is_err());
    assert!(Why::parse(DeskAction::Unlock, "good", &"a".repeat(65)).is_err());
}

#[test]
fn operators_names_are_plain() {
    for (name, good) in [
        ("support", true),
        ("a.b-c_1", true),
        ("", false),
        ("-", false),
        ("Anna", false),
        ("a b", false),
        (".a", false),
    ] {
        assert_eq!(is_operator_name(name), good, "{name}");
    }
    assert!(!is_operator_name(&"a".repeat(33)));
}
