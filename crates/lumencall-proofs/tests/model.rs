//! The checker sees what is broken, and the model says how far it came.

use std::time::Duration;

use lumencall_core::machine::{
    CallCommand, Decision, Device, Dialect, Effect, Input, Origin, Records, Rules, decide,
};
use lumencall_core::wire::{CallInitiate, CallRespond, Hangup, RespondAction, ServerEvent, StateChanged};
use lumencall_core::{CallId, CallState, CallType, ConversationId, DeviceId, Now, Timestamp, UserId};
use lumencall_proofs::checker::{Checker, Invariant};
use lumencall_proofs::log::Entry;
use lumencall_proofs::model::{Bounds, check, ends, scenarios};
use lumencall_proofs::store::Store;

const BOUNDS: Bounds = Bounds { states: 1_000_000, time: Duration::from_secs(600), every_fault: false };

#[test]
fn the_smallest_scenario_is_explored_to_its_end() {
    let report = check(scenarios(false).remove(0), BOUNDS, 2);
    assert!(report.passed(), "{report}");
    assert!(report.unique > 100 && report.depth > 5, "{report}");
}

#[test]
fn a_run_cut_short_is_incomplete_and_fails() {
    let report = check(scenarios(false).remove(2), Bounds { states: 10, ..BOUNDS }, 1);
    assert!(!report.complete && !report.passed(), "{report}");
    assert!(report.to_string().starts_with("INCOMPLETE"), "{report}");
}

#[test]
fn a_scenario_that_reaches_nothing_fails() {
    let mut scenario = scenarios(false).remove(0);
    scenario.actors.truncate(1);
    scenario.habits.hangs_up = false;
    let report = check(scenario, BOUNDS, 1);
    assert!(report.complete && !report.missed.is_empty() && !report.passed(), "{report}");
}

#[test]
fn every_scenario_is_named_once() {
    for large in [false, true] {
        let mut names: Vec<_> = scenarios(large).iter().map(|scenario| scenario.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

/// Whether anything was on its way when a socket broke makes no difference in the end.
#[test]
fn i18_i19_i21_calls_that_are_cut_and_resumed_end_as_those_that_are_not() {
    let names = ["cut off and back in time", "send again whatever"];
    for name in names {
        let mut scenario =
            scenarios(false).into_iter().find(|one| one.name.contains(name)).expect("it is a scenario");
        scenario.habits.signals = false;
        assert!(scenario.crashes > 0);
        let cut = ends(&scenario);
        scenario.crashes = 0;
        let uncut = ends(&scenario);
        assert!(uncut.len() > 4, "{uncut:?}");
        assert_eq!(cut, uncut, "{name}");
    }
}

/// A call of two, step by step, in which a decision may be bent before the checker sees it.
#[derive(Default)]
struct Bench {
    store: Store,
    checker: Checker,
}

fn origin(user: &str, device: &str) -> Origin {
    let device = Device { id: DeviceId::new(device).expect("it is an id"), dialect: Dialect::Sdk };
    Origin { user: UserId::new(user).expect("it is an id"), device }
}

fn call() -> CallId {
    CallId::new("call").expect("it is an id")
}

fn calls() -> CallCommand {
    let initiate = CallInitiate {
        conversation_id: ConversationId::new("c").expect("it is an id"),
        call_type: CallType::Audio,
        callee_ids: vec![UserId::new("bob").expect("it is an id")],
        metadata: None,
    };
    CallCommand::Initiate { initiate, fresh: call() }
}

fn responds(action: RespondAction) -> CallCommand {
    CallCommand::Respond(CallRespond { call_id: call(), action })
}

fn hangs_up() -> CallCommand {
    CallCommand::Hangup(Hangup { call_id: call() })
}

impl Bench {
    /// Alice calls Bob, who has two devices.
    fn ringing() -> Self {
        let mut bench = Self::default();
        for device in [origin("alice", "alice"), origin("bob", "bob/1"), origin("bob", "bob/2")] {
            bench.take(Input::DeviceConnected(device), |_, _| {});
        }
        bench.says(origin("alice", "alice"), calls(), |_, _| {});
        assert_eq!(bench.checker.fault(), None);
        bench
    }

    fn says(&mut self, from: Origin, command: CallCommand, bend: impl FnOnce(&mut Decision, &Records)) {
        self.take(Input::Command { from, command }, bend);
    }

    fn take(&mut self, input: Input, bend: impl FnOnce(&mut Decision, &Records)) {
        let now = Now { clock: 0, wall: Timestamp("now".into()) };
        let before = self.store.read(&input);
        let mut outcome = decide(before.clone(), input.clone(), &now, &Rules::default());
        if let Ok(decision) = &mut outcome {
            bend(decision, &before);
            self.store.write(&input, &decision.records);
        }
        self.checker.take(&Entry { clock: 0, input, before, outcome }, &Rules::default());
    }

    fn broken(&self) -> Option<Invariant> {
        self.checker.fault().map(|fault| fault.invariant)
    }
}

fn is_end(effect: &Effect, of: &str) -> bool {
    matches!(effect, Effect::Send { device, event: ServerEvent::StateChanged(changed), .. }
        if changed.state == CallState::Ended && device.as_str() == of)
}

#[test]
fn a_sound_call_breaks_nothing() {
    let mut bench = Bench::ringing();
    bench.says(origin("bob", "bob/2"), responds(RespondAction::Accept), |_, _| {});
    bench.says(origin("alice", "alice"), hangs_up(), |_, _| {});
    assert_eq!(bench.checker.fault(), None);
    assert_eq!(bench.checker.quiescent(&bench.store), Ok(()));
}

#[test]
fn i8_a_loser_that_is_not_told_is_seen() {
    let mut bench = Bench::ringing();
    bench.says(origin("bob", "bob/1"), responds(RespondAction::Accept), |decision, _| {
        decision.effects.retain(|effect| !is_end(effect, "bob/2"));
    });
    assert_eq!(bench.broken(), Some(Invariant::I8));
}

#[test]
fn i10_an_end_that_one_does_not_hear_is_seen() {
    let mut bench = Bench::ringing();
    bench.says(origin("bob", "bob/1"), responds(RespondAction::Reject), |decision, _| {
        decision.effects.retain(|effect| !is_end(effect, "alice"));
    });
    assert_eq!(bench.broken(), Some(Invariant::I10));
}

#[test]
fn i11_what_comes_after_the_end_is_seen() {
    let mut bench = Bench::ringing();
    bench.says(origin("bob", "bob/1"), responds(RespondAction::Reject), |decision, _| {
        decision.effects.extend(decision.effects.clone());
    });
    assert_eq!(bench.broken(), Some(Invariant::I11));
}

#[test]
fn i12_a_state_that_one_does_not_hear_is_seen() {
    let mut bench = Bench::ringing();
    bench.says(origin("bob", "bob/1"), responds(RespondAction::Accept), |decision, _| {
        decision.effects.retain(|effect| {
            !matches!(effect, Effect::Send { event: ServerEvent::StateChanged(StateChanged { state: CallState::Connecting, .. }), device, .. } if device.as_str() == "alice")
        });
    });
    assert!(matches!(bench.broken(), Some(Invariant::I12 | Invariant::I33)), "{:?}", bench.checker.fault());
}

#[test]
fn i15_a_user_who_stays_busy_is_seen() {
    let mut bench = Bench::ringing();
    bench.says(origin("alice", "alice"), hangs_up(), |decision, before| {
        decision.records.users.clone_from(&before.users);
    });
    assert_eq!(bench.broken(), Some(Invariant::I15));
}

#[test]
fn i16_a_call_that_goes_on_without_anybody_is_seen() {
    let mut bench = Bench::ringing();
    bench.says(origin("bob", "bob/1"), responds(RespondAction::Reject), |decision, before| {
        decision.records = before.clone();
    });
    assert_eq!(bench.broken(), Some(Invariant::I16));
}
