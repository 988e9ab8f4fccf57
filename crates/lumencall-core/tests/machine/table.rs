//! The table as such.

use std::collections::HashSet;

use lumencall_core::machine::{TABLE, Trigger, edge};
use lumencall_core::{CallState, EndReason};

use crate::say;
use crate::scene::{self, CALL};

#[test]
fn a_state_and_a_trigger_name_one_edge() {
    let named: HashSet<(CallState, Trigger)> = TABLE.iter().map(|edge| (edge.from, edge.trigger)).collect();
    assert_eq!(named.len(), TABLE.len());
}

#[test]
fn the_table_alone_says_what_a_trigger_does() {
    for &from in CallState::ALL {
        for &trigger in Trigger::ALL {
            let declared = TABLE.iter().find(|edge| edge.from == from && edge.trigger == trigger);
            assert_eq!(edge(from, trigger).as_ref(), declared);
        }
    }
}

#[test]
fn a_call_goes_where_an_edge_leads_and_nowhere_else() {
    let mut world = scene::in_state(CallState::Connected);
    let record = world.calls.remove(&say::call(CALL)).expect("the call is there");
    for &from in CallState::ALL {
        for &trigger in Trigger::ALL {
            let mut call = record.clone();
            call.state = from;
            let still = call.clone();
            let taken = call.go(trigger);
            assert_eq!(taken, edge(from, trigger));
            match taken {
                Some(edge) => assert_eq!(call.state, edge.to),
                None => assert_eq!(call, still),
            }
        }
    }
}

#[test]
fn every_state_is_reached_and_only_ended_is_the_last() {
    let mut reached = vec![CallState::Idle];
    let mut next = 0;
    while let Some(&from) = reached.get(next) {
        next += 1;
        for edge in TABLE.iter().filter(|edge| edge.from == from) {
            if !reached.contains(&edge.to) {
                reached.push(edge.to);
            }
        }
    }
    for state in CallState::ALL {
        assert!(reached.contains(state), "{state:?} cannot be reached");
        let last = !TABLE.iter().any(|edge| edge.from == *state);
        assert_eq!(last, *state == CallState::Ended, "{state:?}");
    }
}

#[test]
fn an_edge_has_a_reason_where_it_ends_the_call() {
    for edge in TABLE {
        assert_eq!(edge.reason.is_some(), edge.to == CallState::Ended, "{edge:?}");
        assert_eq!(edge.reason, edge.trigger.reason(), "{edge:?}");
    }
}

#[test]
fn every_trigger_and_every_reason_has_an_edge() {
    for trigger in Trigger::ALL {
        assert!(TABLE.iter().any(|edge| edge.trigger == *trigger), "{trigger:?}");
    }
    for reason in EndReason::ALL {
        assert!(TABLE.iter().any(|edge| edge.reason == Some(*reason)), "{reason:?}");
    }
}

#[test]
fn a_reason_tells_whether_the_call_was_answered() {
    for edge in TABLE {
        let Some(reason) = edge.reason else { continue };
        let answered = match edge.from {
            CallState::Idle | CallState::Initiating | CallState::Ringing | CallState::Ended => false,
            CallState::Connecting | CallState::Connected | CallState::Reconnecting => true,
        };
        let after_answer = match reason {
            EndReason::Completed | EndReason::Failed => true,
            EndReason::Rejected | EndReason::Missed | EndReason::Busy | EndReason::Cancelled => false,
        };
        assert_eq!(after_answer, answered, "{edge:?}");
    }
}
