//! Whole calls, from the ring to the end, between sessions and the machine.

use lumencall_core::DeviceId;
use lumencall_core::machine::{Device, Dialect, Origin};
use lumencall_core::wire::ConnectionState;
use serde_json::{Value, json};

use crate::net::Net;
use crate::solo::NOTHING;
use crate::values::{CALL, sdp, user};

/// Alice's call to Bob, connected.
fn connected() -> Net {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.accept("bob/1", CALL);
    net.settle();
    net
}

/// Nobody holds anything of a call any more.
fn is_over(net: &Net) {
    assert!(net.server.calls.is_empty());
    for party in &net.parties {
        party.watch.is_over();
        assert!(party.is_idle(), "{} holds {party:?}", party.name);
    }
}

#[test]
fn a_call_rings_is_accepted_connects_and_is_hung_up() {
    for who in ["alice/1", "bob/1"] {
        let mut net = connected();
        net.hangup(who, CALL);
        net.settle();
        let whole = ["ringing call-1", "connecting call-1", "joined call-1 bob", "connected call-1"];
        let end = match who {
            "alice/1" => vec!["completed call-1"],
            _ => vec!["left call-1 bob", "completed call-1"],
        };
        let end = end.iter().map(|line| line.replace("completed call-1", "ended call-1 completed"));
        let expected: Vec<String> = whole.iter().map(|line| (*line).to_owned()).chain(end).collect();
        assert_eq!(net.heard("alice/1"), expected);

        let end = if who == "bob/1" { vec![] } else { vec!["left call-1 alice".to_owned()] };
        let whole = ["incoming call-1 ringing", "connecting call-1", "connected call-1"];
        let expected: Vec<String> = whole
            .iter()
            .map(|line| (*line).to_owned())
            .chain(end)
            .chain(["ended call-1 completed".to_owned()])
            .collect();
        assert_eq!(net.heard("bob/1"), expected);
        assert_eq!(net.settled(who).last().map(String::as_str), Some("settle hangup ok"));
        is_over(&net);
    }
}

#[test]
fn i1_the_sealed_offer_waits_at_the_callee_and_the_answer_needs_no_further_trip() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    assert!(net.party("bob/1").is_idle(), "it rings, and nothing more");

    net.accept("bob/1", CALL);
    net.browse("bob/1");
    // One trip: up from Bob, down to Alice. Bob has heard nothing since he accepted.
    net.up("bob/1");
    net.down("alice/1");
    net.browse("alice/1");
    assert_eq!(net.settled("bob/1"), NOTHING);
    net.up("alice/1");
    assert!(net.heard("alice/1").contains(&"connecting call-1".to_owned()));

    // And Alice's candidates come to Bob with the reply.
    net.down("bob/1");
    net.browse("bob/1");
    net.settle();
    assert_eq!(net.server.calls.values().next().map(|call| call.state.as_str()), Some("connected"));
}

#[test]
fn a_toggle_reaches_the_other_side() {
    let mut net = connected();
    net.forget();
    net.toggle("alice/1", CALL, false);
    net.settle();
    assert_eq!(net.settled("alice/1"), ["settle toggle ok"]);
    assert_eq!(net.heard("alice/1"), NOTHING);
    assert_eq!(net.heard("bob/1"), ["media call-1 alice audio=false"]);
}

#[test]
fn a_toggle_while_it_rings_is_known_once_it_is_accepted() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.toggle("alice/1", CALL, false);
    net.settle();
    net.accept("bob/1", CALL);
    net.settle();
    assert!(
        net.heard("bob/1").contains(&"media call-1 alice audio=false video=true screen=false".to_owned())
    );
}

#[test]
fn a_call_is_declined() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.reject("bob/1", CALL);
    net.settle();
    assert_eq!(net.heard("alice/1"), ["ringing call-1", "ended call-1 rejected"]);
    assert_eq!(net.heard("bob/1"), ["incoming call-1 ringing", "ended call-1 rejected"]);
    assert_eq!(net.settled("bob/1"), ["settle reject ok"]);
    is_over(&net);
}

#[test]
fn a_call_is_cancelled() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.hangup("alice/1", CALL);
    assert!(net.party("alice/1").is_idle(), "at once");
    net.settle();
    assert_eq!(net.heard("alice/1"), ["ringing call-1", "ended call-1 cancelled"]);
    assert_eq!(net.heard("bob/1"), ["incoming call-1 ringing", "ended call-1 cancelled"]);
    is_over(&net);
}

#[test]
fn i14_a_call_is_missed() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.pass(60_000);
    assert_eq!(net.heard("alice/1"), ["ringing call-1", "ended call-1 missed"]);
    assert_eq!(net.heard("bob/1"), ["incoming call-1 ringing", "ended call-1 missed"]);
    is_over(&net);
}

#[test]
fn one_who_is_offline_rings_when_they_come() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.is_offline("bob/1", true);
    net.cut("bob/1");
    net.pass(10_000);
    net.initiate("alice/1", "bob");
    net.settle();
    assert_eq!(net.settled("alice/1"), ["settle initiate ok call-1 initiating"]);
    assert_eq!(net.heard("alice/1"), NOTHING, "nobody was reached");
    net.is_offline("bob/1", false);
    net.recover();
    assert_eq!(net.heard("alice/1"), ["ringing call-1"]);
    net.accept("bob/1", CALL);
    net.settle();
    assert_eq!(net.heard("bob/1"), ["incoming call-1 ringing", "connecting call-1", "connected call-1"]);
}

#[test]
fn one_who_is_in_a_call_is_busy() {
    let mut net = Net::with(&["alice/1", "bob/1", "carol/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.accept("bob/1", CALL);
    net.settle();
    net.forget();
    net.initiate("carol/1", "bob");
    net.settle();
    assert_eq!(net.settled("carol/1"), ["settle initiate ok call-2 initiating"]);
    assert_eq!(net.heard("carol/1"), ["ended call-2 busy"]);
    assert_eq!(net.heard("bob/1"), NOTHING);
    assert!(net.party("carol/1").is_idle());
}

#[test]
fn i8_an_answer_at_one_device_stops_the_others() {
    let mut net = Net::with(&["alice/1", "bob/1", "bob/2"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.accept("bob/2", CALL);
    net.settle();
    let stopped = ["incoming call-1 ringing", "ended call-1 completed elsewhere", "elsewhere call-1 engaged"];
    assert_eq!(net.heard("bob/1"), stopped);
    assert!(net.party("bob/1").is_idle());
    assert!(!net.party("bob/2").is_idle());
    net.hangup("alice/1", CALL);
    net.settle();
    assert_eq!(net.heard("bob/1"), ["elsewhere call-1 free"]);
    is_over(&net);
}

#[test]
fn a_connection_that_breaks_for_a_while_is_reconnecting() {
    let mut net = connected();
    net.forget();
    net.connections_stand("bob/1", ConnectionState::Reconnecting);
    net.settle();
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["reconnecting call-1"]);
    }
    net.connections_stand("bob/1", ConnectionState::Connected);
    net.settle();
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["connected call-1"]);
    }
    for who in ["alice/1", "bob/1"] {
        net.sever(who);
        net.connections_stand(who, ConnectionState::Failed);
    }
    net.settle();
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["reconnecting call-1"]);
    }
    net.pass(29_000);
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), NOTHING, "ICE is restarted meanwhile");
    }
    net.pass(2_000);
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["ended call-1 failed no-turn-configured"]);
    }
    is_over(&net);
}

#[test]
fn a_callee_whose_browser_cannot_answer_ends_the_call_as_failed() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.party("bob/1").broken = true;
    net.accept("bob/1", CALL);
    net.settle();
    assert!(net.heard("bob/1").contains(&"error negotiation-failed call-1".to_owned()));
    let over = Some("ended call-1 failed no-turn-configured");
    assert_eq!(net.heard("alice/1").last().map(String::as_str), over);
    is_over(&net);
}

#[test]
fn a_caller_whose_browser_cannot_offer_lets_nobody_ring_for_that() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.party("alice/1").broken = true;
    net.initiate("alice/1", "bob");
    net.settle();
    let told = net.heard("alice/1");
    assert!(told.contains(&"error negotiation-failed call-1".to_owned()), "{told:?}");
    assert_eq!(told.last().map(String::as_str), Some("ended call-1 cancelled"));
    assert_eq!(net.heard("bob/1"), ["incoming call-1 ringing", "ended call-1 cancelled"]);
    is_over(&net);
}

#[test]
fn i15_a_callee_who_does_not_come_back_is_waited_for_and_has_left_then() {
    let mut net = connected();
    net.forget();
    net.is_offline("bob/1", true);
    net.cut("bob/1");
    net.pass(29_000);
    assert_eq!(net.heard("alice/1"), NOTHING);
    assert_eq!(net.heard("bob/1"), NOTHING);
    net.pass(11_000);
    assert_eq!(net.heard("alice/1"), ["left call-1 bob", "ended call-1 failed peer-gone"]);
    assert_eq!(net.heard("bob/1"), ["ended call-1 failed"]);
    is_over(&net);
}

#[test]
fn one_who_disposes_of_the_client_hangs_up() {
    let mut net = connected();
    net.forget();
    net.dispose("bob/1");
    assert_eq!(net.heard("bob/1"), ["ended call-1 completed"]);
    net.settle();
    assert_eq!(net.heard("alice/1"), ["left call-1 bob", "ended call-1 completed"], "the same reason");
    is_over(&net);
}

#[test]
fn a_client_written_from_the_seed_alone_calls_and_offers_after_the_accept() {
    let mut net = Net::with(&["bob/1"]);
    let device = Device { id: DeviceId::new("alice/1").expect("it is an id"), dialect: Dialect::Seed };
    let alice = Origin { user: user("alice"), device };
    net.server.open(&alice, net.clock);
    let say = |net: &mut Net, event: &str, data: Value| {
        let clock = net.clock;
        net.server.receive(&alice, &json!({ "event": event, "data": data }).to_string(), clock);
        net.settle();
    };
    say(&mut net, "call:initiate", json!({ "conversationId": "c", "type": "audio", "calleeIds": ["bob"] }));
    net.accept("bob/1", CALL);
    net.settle();
    assert!(net.party("bob/1").is_idle() || net.settled("bob/1").len() == 1, "Bob waits for the offer");

    let offer = json!({ "callId": CALL, "fromUserId": "alice", "toUserId": "bob", "type": "offer", "sdp": sdp("o1") });
    say(&mut net, "signal:offer", offer);
    let candidate = json!({
        "callId": CALL, "fromUserId": "alice", "toUserId": "bob",
        "candidate": "1 of o1", "sdpMLineIndex": 0, "sdpMid": "0",
    });
    say(&mut net, "signal:ice-candidate", candidate);
    assert_eq!(net.heard("bob/1"), ["incoming call-1 ringing", "connecting call-1", "connected call-1"]);

    let told: Vec<Value> = std::iter::from_fn(|| net.server.next_for(&alice))
        .map(|text| serde_json::from_str(&text).expect("it is JSON"))
        .collect();
    let events: Vec<&str> = told.iter().filter_map(|frame| frame["event"].as_str()).collect();
    let count = |name: &str| events.iter().filter(|event| **event == name).count();
    assert_eq!((count("signal:answer"), count("signal:ice-candidate")), (1, 2), "{events:?}");

    say(&mut net, "call:hangup", json!({ "callId": CALL }));
    assert_eq!(net.heard("bob/1"), ["left call-1 alice", "ended call-1 completed"]);
    is_over(&net);
}
