//! Whole calls of several, between sessions and the machine.

use lumencall_core::wire::ConnectionState;

use crate::net::Net;
use crate::solo::NOTHING;
use crate::values::CALL;

/// These are in a call that the first made; each is connected to each.
fn group_of(names: &[&'static str]) -> Net {
    let mut net = Net::with(names);
    let users: Vec<&str> = names[1..].iter().map(|name| user_of(name)).collect();
    net.call(names[0], &users);
    net.settle();
    for name in &names[1..] {
        net.accept(name, CALL);
        net.settle();
    }
    is_full(&net, names);
    net.forget();
    net
}

fn user_of(name: &str) -> &str {
    name.split_once('/').expect("a device is named user/device").0
}

/// Each of these is connected to each of the others, and to nobody else.
#[track_caller]
fn is_full(net: &Net, names: &[&str]) {
    for name in names {
        let mut others: Vec<&str> =
            names.iter().filter(|other| *other != name).map(|other| user_of(other)).collect();
        others.sort_unstable();
        assert_eq!(net.parties[net.index(name)].connected_to(), others, "{name}");
    }
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
fn i34_in_a_group_each_pair_is_negotiated_once() {
    let names = ["alice/1", "bob/1", "carol/1", "dave/1", "eve/1", "frank/1", "grace/1", "heidi/1"];
    for count in 2..=names.len() {
        let net = group_of(&names[..count]);
        // An offer or an answer for each of the others, and no more.
        for name in &names[..count] {
            assert_eq!(net.parties[net.index(name)].described as usize, count - 1, "{name} of {count}");
        }
    }
}

#[test]
fn i34_in_a_group_whose_members_join_at_once_each_pair_is_negotiated_once() {
    let names = ["alice/1", "bob/1", "carol/1", "dave/1"];
    let mut net = Net::with(&names);
    net.call("alice/1", &["bob", "carol", "dave"]);
    net.settle();
    for name in &names[1..] {
        net.accept(name, CALL);
    }
    net.settle();
    is_full(&net, &names);
    for name in names {
        assert_eq!(net.parties[net.index(name)].described, 3, "{name}");
    }
}

#[test]
fn a_group_is_heard_in_this_order() {
    let mut net = Net::with(&["alice/1", "bob/1", "carol/1"]);
    net.call("alice/1", &["bob", "carol"]);
    net.settle();
    net.accept("bob/1", CALL);
    net.settle();
    assert_eq!(
        net.heard("alice/1"),
        ["ringing call-1", "connecting call-1", "joined call-1 bob", "connected call-1"]
    );
    assert_eq!(net.heard("bob/1"), ["incoming call-1 ringing", "connecting call-1", "connected call-1"]);
    assert_eq!(net.heard("carol/1"), ["incoming call-1 ringing"], "it rings, whatever others do");

    net.accept("carol/1", CALL);
    net.settle();
    let told = ["joined call-1 carol", "stands call-1 carol connected"];
    assert_eq!(net.heard("alice/1"), told);
    assert_eq!(net.heard("bob/1"), told);
    assert_eq!(net.heard("carol/1"), ["connecting call-1", "connected call-1"]);
    assert_eq!(net.settled("carol/1"), ["settle accept ok call-1 connected"]);
    is_full(&net, &["alice/1", "bob/1", "carol/1"]);

    net.hangup("alice/1", CALL);
    net.settle();
    assert_eq!(net.heard("alice/1"), ["ended call-1 completed"]);
    for who in ["bob/1", "carol/1"] {
        assert_eq!(net.heard(who), ["left call-1 alice"]);
    }
    is_full(&net, &["bob/1", "carol/1"]);
    net.hangup("carol/1", CALL);
    net.settle();
    assert_eq!(net.heard("bob/1"), ["left call-1 carol", "ended call-1 completed"]);
    is_over(&net);
}

#[test]
fn i16_one_who_declines_leaves_a_call_to_the_others() {
    let mut net = Net::with(&["alice/1", "bob/1", "carol/1"]);
    net.call("alice/1", &["bob", "carol"]);
    net.settle();
    net.forget();
    net.reject("bob/1", CALL);
    net.settle();
    assert_eq!(net.heard("alice/1"), ["callee call-1 bob rejected"]);
    assert_eq!(net.heard("bob/1"), ["ended call-1 rejected"]);
    assert_eq!(net.heard("carol/1"), NOTHING);
    net.accept("carol/1", CALL);
    net.settle();
    is_full(&net, &["alice/1", "carol/1"]);
}

#[test]
fn a_late_joiner_is_added_joins_and_is_known() {
    let mut net = Net::with(&["alice/1", "bob/1", "carol/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.accept("bob/1", CALL);
    net.settle();
    net.toggle("alice/1", CALL, false);
    net.settle();
    net.forget();

    net.add("bob/1", CALL, "carol");
    net.settle();
    assert_eq!(net.settled("bob/1"), ["settle add ok"]);
    net.toggle("bob/1", CALL, false);
    net.settle();
    net.accept("carol/1", CALL);
    net.settle();
    let told = ["callee call-1 carol ringing", "joined call-1 carol", "stands call-1 carol connected"];
    assert_eq!(net.heard("bob/1"), told);
    let carol = [
        "incoming call-1 ringing",
        "connecting call-1",
        "connected call-1",
        "media call-1 bob audio=false video=true screen=false",
    ];
    assert_eq!(net.heard("carol/1"), carol, "that Alice is muted was told by the ring");
    is_full(&net, &["alice/1", "bob/1", "carol/1"]);
}

#[test]
fn one_who_left_is_invited_again_and_is_connected_to_everybody_afresh() {
    let mut net = group_of(&["alice/1", "bob/1", "carol/1"]);
    for round in 1..=3 {
        net.hangup("carol/1", CALL);
        net.settle();
        is_full(&net, &["alice/1", "bob/1"]);
        assert!(net.party("carol/1").is_idle());
        net.add(if round == 2 { "bob/1" } else { "alice/1" }, CALL, "carol");
        net.settle();
        net.accept("carol/1", CALL);
        net.settle();
        is_full(&net, &["alice/1", "bob/1", "carol/1"]);
    }
    // And the caller too, who is a member like any other by then.
    net.hangup("alice/1", CALL);
    net.settle();
    net.add("carol/1", CALL, "alice");
    net.settle();
    net.accept("alice/1", CALL);
    net.settle();
    is_full(&net, &["alice/1", "bob/1", "carol/1"]);
    assert_eq!(net.settled("alice/1").last().map(String::as_str), Some("settle accept ok call-1 connected"));
}

#[test]
fn one_who_is_removed_is_out_and_only_the_owner_removes() {
    let mut net = group_of(&["alice/1", "bob/1", "carol/1"]);
    net.remove("bob/1", CALL, "carol");
    net.settle();
    assert_eq!(net.settled("bob/1"), ["settle remove not-owner call-1"]);
    net.remove("alice/1", CALL, "carol");
    net.settle();
    assert_eq!(net.heard("carol/1"), ["ended call-1 completed"]);
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["left call-1 carol"]);
    }
    is_full(&net, &["alice/1", "bob/1"]);
}

#[test]
fn the_caller_leaves_while_it_rings_at_one_who_has_an_offer_of_theirs() {
    for back in [false, true] {
        let mut net = Net::with(&["alice/1", "bob/1", "carol/1", "dave/1"]);
        net.call("alice/1", &["bob", "carol", "dave"]);
        net.settle();
        net.accept("bob/1", CALL);
        net.accept("dave/1", CALL);
        net.settle();
        net.hangup("alice/1", CALL);
        net.settle();
        if back {
            net.add("bob/1", CALL, "alice");
            net.settle();
            net.accept("alice/1", CALL);
            net.settle();
        }
        net.forget();
        net.accept("carol/1", CALL);
        net.settle();
        assert_eq!(net.settled("carol/1"), ["settle accept ok call-1 connected"]);
        assert!(!net.heard("carol/1").iter().any(|line| line.starts_with("error")));
        let inside = ["alice/1", "bob/1", "carol/1", "dave/1"];
        is_full(&net, if back { &inside } else { &inside[1..] });
    }
}

#[test]
fn i15_a_member_who_is_lost_leaves_and_the_others_go_on() {
    let mut net = group_of(&["alice/1", "bob/1", "carol/1"]);
    net.is_offline("bob/1", true);
    net.cut("bob/1");
    net.pass(40_000);
    assert_eq!(net.heard("bob/1"), ["ended call-1 failed"]);
    for who in ["alice/1", "carol/1"] {
        assert_eq!(net.heard(who), ["left call-1 bob"]);
    }
    is_full(&net, &["alice/1", "carol/1"]);
}

#[test]
fn a_member_whose_browser_fails_is_put_out_and_the_others_go_on() {
    let mut net = Net::with(&["alice/1", "bob/1", "carol/1"]);
    net.party("carol/1").broken = true;
    net.call("alice/1", &["bob", "carol"]);
    net.settle();
    net.accept("bob/1", CALL);
    net.settle();
    net.forget();
    net.accept("carol/1", CALL);
    net.settle();
    let over = Some("ended call-1 failed negotiation-failed");
    assert_eq!(net.heard("carol/1").last().map(String::as_str), over);
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["joined call-1 carol", "left call-1 carol"]);
    }
    is_full(&net, &["alice/1", "bob/1"]);
}

#[test]
fn one_member_s_bad_connection_is_told_to_the_others_and_is_not_the_call_s_state() {
    let mut net = group_of(&["alice/1", "bob/1", "carol/1"]);
    net.connections_stand("carol/1", ConnectionState::Reconnecting);
    net.settle();
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["stands call-1 carol reconnecting"]);
    }
    assert_eq!(net.heard("carol/1"), NOTHING);
    net.connections_stand("carol/1", ConnectionState::Connected);
    net.settle();
    for who in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(who), ["stands call-1 carol connected"]);
    }
}

#[test]
fn i13_two_who_call_each_other_at_once_are_in_one_call() {
    for first in ["alice/1", "bob/1"] {
        let mut net = Net::with(&["alice/1", "bob/1"]);
        net.initiate("alice/1", "bob");
        net.initiate("bob/1", "alice");
        net.up(first);
        net.settle();
        assert_eq!(net.server.calls.len(), 1);
        is_full(&net, &["alice/1", "bob/1"]);
        let (later, met) = if first == "alice/1" { ("bob/1", "bob") } else { ("alice/1", "alice") };
        assert_eq!(net.settled(first), ["settle initiate ok call-1 initiating"]);
        assert_eq!(net.settled(later), ["settle initiate ok call-1 connecting"]);
        let heard =
            ["ringing call-1", "connecting call-1", &format!("joined call-1 {met}"), "connected call-1"];
        assert_eq!(net.heard(first), heard);
    }
}

#[test]
fn the_other_devices_of_the_user_hear_where_the_user_is() {
    let mut net = Net::with(&["alice/1", "alice/2", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    assert_eq!(net.heard("alice/2"), ["elsewhere call-1 engaged"]);
    net.reject("bob/1", CALL);
    net.settle();
    assert_eq!(net.heard("alice/2"), ["elsewhere call-1 free"]);
    assert!(net.party("alice/2").is_idle());
}

#[test]
fn i20_an_offer_that_was_made_for_an_earlier_ring_is_not_answered() {
    let names = ["alice/1", "bob/1", "carol/1"];
    let mut net = Net::with(&names);
    net.call("alice/1", &["bob", "carol"]);
    net.up("alice/1");
    net.down("alice/1");
    // Before the offers are on their way, one ring has ended, and another has begun.
    net.down("bob/1");
    net.reject("bob/1", CALL);
    net.up("bob/1");
    net.down("carol/1");
    net.accept("carol/1", CALL);
    net.up("carol/1");
    net.down("carol/1");
    net.add("carol/1", CALL, "bob");
    net.up("carol/1");
    net.browse("alice/1");
    net.up("alice/1");
    net.down("bob/1");
    net.accept("bob/1", CALL);
    net.settle();
    is_full(&net, &names);
    let described = |name| net.parties[net.index(name)].described;
    assert_eq!(described("bob/1"), 2, "one answer to each of the others");
    net.hangup("alice/1", CALL);
    net.settle();
    is_full(&net, &names[1..]);
}
