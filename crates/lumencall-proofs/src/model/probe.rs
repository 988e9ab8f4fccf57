//! What nobody would say: every command of every device that is not legal where the world stands, to see it refused.

use lumencall_core::machine::{CallCommand, Input, decide};
use lumencall_core::wire::{
    CallRespond, ConnectionReport, ConnectionState, DescriptionType, Hangup, MediaToggle, ParticipantChoice,
    Rejoin, RespondAction, Signal,
};
use lumencall_core::{CallId, UserId};

use super::client::{call_id, candidate, description, initiate};
use super::scenario::Scenario;
use super::world::now;
use crate::checker::{Checker, Fault};
use crate::log::Entry;
use crate::store::Store;

/// Tries every command of every device that is there.
pub(super) fn all(scenario: &Scenario, store: &Store, checker: &Checker) -> Result<(), Fault> {
    let mut users: Vec<&UserId> = scenario.actors.iter().map(|actor| &actor.origin.user).collect();
    users.dedup();
    for actor in scenario.actors.iter().filter(|actor| checker.is_present(&actor.origin.device.id)) {
        let mut tries = vec![CallCommand::Initiate {
            initiate: initiate(
                &users
                    .iter()
                    .copied()
                    .filter(|user| **user != actor.origin.user)
                    .cloned()
                    .collect::<Vec<_>>(),
            ),
            fresh: call_id("probe"),
        }];
        for call in checker.stories().keys() {
            about(call, &users, &mut tries);
        }
        for command in tries {
            let input = Input::Command { from: actor.origin.clone(), command };
            let before = store.read(&input);
            let outcome = decide(before.clone(), input.clone(), &now(), &scenario.rules);
            let entry = Entry { clock: now().clock, input, before, outcome };
            checker.would_be_legal(&entry, &scenario.rules)?;
        }
    }
    Ok(())
}

fn about(call: &CallId, users: &[&UserId], tries: &mut Vec<CallCommand>) {
    let call_id = || call.clone();
    for action in [RespondAction::Accept, RespondAction::Reject] {
        tries.push(CallCommand::Respond(CallRespond { call_id: call_id(), action }));
    }
    tries.push(CallCommand::Hangup(Hangup { call_id: call_id() }));
    tries.push(CallCommand::Rejoin(Rejoin { call_id: call_id() }));
    let toggle = MediaToggle { call_id: call_id(), audio: Some(false), video: None, screen_share: None };
    tries.push(CallCommand::MediaToggle(toggle));
    for user in users {
        let choice = ParticipantChoice { call_id: call_id(), user_id: UserId::clone(user) };
        tries.push(CallCommand::AddParticipant(choice.clone()));
        tries.push(CallCommand::RemoveParticipant(choice));
        for kind in [DescriptionType::Offer, DescriptionType::Answer] {
            tries.push(CallCommand::Signal(Signal::Description(description(call, user, kind, None))));
        }
        tries.push(CallCommand::Signal(Signal::Candidate(candidate(call, user, None))));
        tries.push(CallCommand::Report(ConnectionReport {
            call_id: call_id(),
            peer_user_id: UserId::clone(user),
            state: ConnectionState::Connected,
            incarnation: None,
        }));
    }
}
