//! Why a call failed, as far as can be known at one of its ends.

use lumencall_core::wire::CandidateType::{Host, PeerReflexive, Relay, ServerReflexive};
use lumencall_core::wire::{CandidateType, ConnectionState, DescriptionType, Evidence};
use lumencall_core::{CallState, EndReason};

use crate::scene::{OF_CALLER, callee, caller};
use crate::solo::{NOTHING, Solo};
use crate::values::{CALL, answered_elsewhere, call_id, candidate, ended, left, user};

/// A candidate of this type, as browsers write it.
fn of(kind: &str) -> String {
    format!("candidate:842163049 1 udp 1677729535 192.0.2.7 46154 typ {kind} raddr 0.0.0.0 rport 0")
}

fn errs(solo: &mut Solo, with: &str, code: u16) {
    let lines = solo.does(|session| session.handle_candidate_error(&call_id(CALL), &user(with), code));
    assert_eq!(lines, NOTHING);
}

/// Whether there is a network, and a TURN server; what was found; who refused; and what is concluded.
type Case = (bool, bool, &'static [CandidateType], &'static [u16], &'static str);

const CASES: [Case; 18] = [
    (false, false, &[], &[], "network-offline"),
    (false, true, &[Host, Relay], &[401], "network-offline"),
    (true, false, &[], &[], "no-turn-configured"),
    (true, false, &[Host, ServerReflexive], &[701], "no-turn-configured"),
    (true, true, &[Host, ServerReflexive, Relay], &[], "no-path"),
    (true, true, &[Relay], &[401, 701], "no-path"),
    (true, true, &[Host], &[401], "turn-unauthorized"),
    (true, true, &[], &[403], "turn-unauthorized"),
    (true, true, &[Host, ServerReflexive], &[438], "turn-unauthorized"),
    (true, true, &[Host], &[441], "turn-unauthorized"),
    (true, true, &[Host], &[701, 401], "turn-unauthorized"),
    (true, true, &[Host], &[701], "turn-unreachable"),
    (true, true, &[Host, ServerReflexive], &[], "turn-unreachable"),
    (true, true, &[Host, ServerReflexive], &[701], "turn-unreachable"),
    (true, true, &[Host, PeerReflexive], &[], "turn-unreachable"),
    (true, true, &[], &[600], "turn-unreachable"),
    (true, true, &[Host], &[], "only-host-candidates"),
    (true, true, &[], &[], "only-host-candidates"),
];

#[test]
fn each_cause_is_concluded_from_its_evidence() {
    for (online, turn, local, errors, cause) in CASES {
        let mut alice = caller(CallState::Connecting);
        alice.does(|session| session.handle_ice_servers(turn));
        for kind in local {
            alice.gathers(CALL, "bob", &of(kind.as_str()));
        }
        for code in errors {
            errs(&mut alice, "bob", *code);
        }
        alice.network(online);
        let over = ["release call-1".to_owned(), format!("hear ended call-1 failed {cause}")];
        assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), over);
        let evidence = Evidence {
            unusable: false,
            online,
            turn,
            local_candidates: local.to_vec(),
            remote_candidates: Vec::new(),
            candidate_errors: errors.to_vec(),
        };
        assert_eq!(alice.evidence, Some(evidence), "{cause}");
    }
}

#[test]
fn what_was_known_before_it_connected_is_known_when_it_is_lost() {
    let mut alice = caller(CallState::Connecting);
    alice.does(|session| session.handle_ice_servers(true));
    alice.gathers(CALL, "bob", &of("relay"));
    for state in [ConnectionState::Connected, ConnectionState::Reconnecting] {
        alice.stands(CALL, "bob", state);
    }
    let over = ["release call-1", "hear ended call-1 failed no-path"];
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), over);
}

#[test]
fn the_types_of_all_candidates_are_told_once_each_and_nothing_else_of_them() {
    let mut alice = caller(CallState::Connecting);
    for kind in ["host", "srflx", "host", "relay", "prflx", "srflx", "tachyon"] {
        alice.gets(candidate(CALL, "bob", &of(kind)));
    }
    for odd in ["", "typ", "candidate:1 1 udp typ", "candidate:typhost relay", "host"] {
        alice.gets(candidate(CALL, "bob", odd));
        alice.gathers(CALL, "bob", odd);
    }
    alice.gathers(CALL, "bob", &of("srflx"));
    alice.gets(ended(CALL, EndReason::Failed));
    let evidence = alice.evidence.expect("it failed");
    assert_eq!(evidence.remote_candidates, [Host, ServerReflexive, Relay, PeerReflexive]);
    assert_eq!(evidence.local_candidates, [ServerReflexive]);
}

#[test]
fn i29_no_more_errors_are_kept_than_tell_something() {
    let mut alice = caller(CallState::Connecting);
    for code in (600..620).chain(600..620) {
        errs(&mut alice, "bob", code);
    }
    errs(&mut alice, "carol", 401);
    alice.gets(ended(CALL, EndReason::Failed));
    assert_eq!(alice.evidence.expect("it failed").candidate_errors, (600..608).collect::<Vec<_>>());
}

#[test]
fn who_was_cut_off_for_too_long_is_gone() {
    for before in [CallState::Connecting, CallState::Connected, CallState::Reconnecting] {
        let mut alice = caller(before);
        alice.gets(left(CALL, "bob"));
        let over = ["release call-1", "hear ended call-1 failed peer-gone"];
        assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), over);
        assert_eq!(alice.evidence, None);
    }
}

#[test]
fn where_it_stands_here_the_other_may_have_noticed_alone() {
    for mut solo in [caller(CallState::Connected), callee(CallState::Connected)] {
        let over = ["release call-1", "hear ended call-1 failed no-turn-configured"];
        assert_eq!(solo.gets(ended(CALL, EndReason::Failed)), over);
        assert!(solo.evidence.is_some());
    }
}

#[test]
fn a_description_that_could_not_be_used_tells_more_than_what_was_found() {
    let mut alice = caller(CallState::Connecting);
    alice.network(false);
    alice.cannot_negotiate(CALL, "bob", DescriptionType::Offer);
    let over = ["release call-1", "hear ended call-1 failed network-offline"];
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), over, "an offer had given way");
    let mut alice = caller(CallState::Connecting);
    alice.network(false);
    alice.cannot_negotiate(CALL, "bob", DescriptionType::Answer);
    let over = ["release call-1", "hear ended call-1 failed negotiation-failed"];
    assert_eq!(alice.gets(ended(CALL, EndReason::Failed)), over);
    assert!(alice.evidence.is_some_and(|evidence| evidence.unusable));
}

#[test]
fn what_did_not_fail_here_has_no_cause() {
    for before in OF_CALLER {
        let (reason, word) = match before {
            CallState::Initiating | CallState::Ringing => (EndReason::Missed, "missed"),
            _ => (EndReason::Completed, "completed"),
        };
        let mut alice = caller(before);
        alice.network(false);
        let over = ["release call-1".to_owned(), format!("hear ended call-1 {word}")];
        assert_eq!(alice.gets(ended(CALL, reason)), over);
        assert_eq!(alice.evidence, None);
        let mut alice = caller(before);
        alice.network(false);
        alice.hangup(CALL);
        let (reason, word) = match before {
            CallState::Initiating | CallState::Ringing => (EndReason::Cancelled, "cancelled"),
            _ => (EndReason::Failed, "failed"),
        };
        assert_eq!(alice.gets(ended(CALL, reason)), [format!("hear ended call-1 {word}")], "it was left");
        assert_eq!(alice.evidence, None);
    }
    for (message, line) in [
        (ended(CALL, EndReason::Missed), "hear ended call-1 missed"),
        (answered_elsewhere(CALL), "hear ended call-1 completed elsewhere"),
    ] {
        let mut bob = callee(CallState::Ringing);
        bob.network(false);
        assert_eq!(bob.gets(message), [line], "only another device was in it");
        assert_eq!(bob.evidence, None);
    }
}
