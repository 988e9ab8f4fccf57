//! The connection is cut at any point of a call, and the call goes on as if it had not been.

use std::env;

use crate::net::Net;
use crate::solo::NOTHING;
use crate::values::CALL;

const NAMES: [&str; 3] = ["alice/1", "bob/1", "carol/1"];

/// What the people of a call do, one after the other, each when all is quiet.
type Order = fn(&mut Net);

const PAIR: &[Order] = &[
    |net| net.initiate("alice/1", "bob"),
    |net| net.accept("bob/1", CALL),
    |net| net.toggle("alice/1", CALL, false),
    |net| net.toggle("bob/1", CALL, false),
    |net| net.hangup("alice/1", CALL),
    |net| net.initiate("bob/1", "alice"),
    |net| net.reject("alice/1", "call-2"),
];

const GROUP: &[Order] = &[
    |net| net.initiate("alice/1", "bob"),
    |net| net.accept("bob/1", CALL),
    |net| net.add("bob/1", CALL, "carol"),
    |net| net.accept("carol/1", CALL),
    |net| net.remove("alice/1", CALL, "bob"),
    |net| net.hangup("carol/1", CALL),
];

/// How a connection breaks.
type Cut = fn(&mut Net, &'static str);

const CUTS: [Cut; 4] = [
    |net, who| net.cut(who),
    // The server sees it only when the device is back.
    |net, who| net.cut_unseen(who),
    // What the server has written is lost.
    |net, who| {
        net.lose_down(who, 3);
        net.cut(who);
    },
    // The device comes back, and is cut off again before it has heard anything.
    |net, who| {
        net.cut(who);
        net.wait(250);
        net.browse(who);
        net.up(who);
        net.cut(who);
    },
];

/// What everybody has heard and been told at the end, and what the server has done.
#[derive(Debug, PartialEq)]
struct Story {
    heard: Vec<Vec<String>>,
    settled: Vec<Vec<String>>,
    done: Vec<String>,
}

fn story(net: &mut Net) -> Story {
    assert!(net.server.calls.is_empty());
    for party in &net.parties {
        party.watch.is_over();
        assert!(party.is_idle(), "{} holds {party:?}", party.name);
    }
    // What people say crosses what others say, so that only what each has said is the same each time.
    let mut done: Vec<String> = net
        .server
        .done
        .iter()
        .filter(|line| !line.contains(" ping"))
        .map(|line| without_number(line))
        .collect();
    done.sort_unstable();
    let heard = NAMES.iter().map(|name| net.heard(name)).collect();
    let settled = NAMES.iter().map(|name| net.settled(name)).collect();
    Story { heard, settled, done }
}

/// The numbers of commands depend on how often somebody asked for a sign of life.
fn without_number(line: &str) -> String {
    line.split(' ').filter(|word| !word.starts_with('#')).collect::<Vec<_>>().join(" ")
}

/// After how many moves what is done to the net.
type When<'a> = (usize, &'a dyn Fn(&mut Net));

/// Plays the orders; `cut` is done to the net after so many moves.
fn play(orders: &[Order], cut: Option<When<'_>>) -> (Story, usize) {
    let mut net = Net::with(&NAMES);
    let mut moves = 0;
    for order in orders {
        order(&mut net);
        loop {
            if let Some((at, cut)) = cut
                && at == moves
            {
                cut(&mut net);
                moves += 1;
                net.recover();
            }
            let Some(next) = net.moves().first().copied() else { break };
            net.make(next);
            moves += 1;
        }
    }
    net.recover();
    (story(&mut net), moves)
}

#[test]
fn i18_i19_i21_a_cut_after_any_frame_and_any_step_changes_nothing() {
    for orders in [PAIR, GROUP] {
        let (expected, moves) = play(orders, None);
        assert!(expected.heard[0].len() > 4 && moves > 40, "{expected:?}");
        let inside: Vec<_> =
            NAMES.into_iter().zip(&expected.heard).filter(|(_, heard)| !heard.is_empty()).collect();
        for (who, _) in inside {
            for (kind, cut) in CUTS.iter().enumerate() {
                // The first way at each point, and the others here and there.
                let step = if kind == 0 || env::var_os("LUMENCALL_LONG").is_some() { 1 } else { 5 };
                for at in (0..moves).skip(kind).step_by(step) {
                    let (story, _) = play(orders, Some((at, &|net: &mut Net| cut(net, who))));
                    assert_eq!(story, expected, "{who} is cut off after {at} moves, in way {kind}");
                }
            }
        }
    }
}

#[test]
fn i18_i19_a_cut_of_everybody_at_once_changes_nothing() {
    let (expected, moves) = play(PAIR, None);
    for at in 0..moves {
        let all = |net: &mut Net| NAMES.iter().for_each(|who| net.cut(who));
        assert_eq!(play(PAIR, Some((at, &all))).0, expected, "after {at} moves");
    }
}

#[test]
fn i21_what_is_asked_for_while_the_connection_is_lost_is_done_once_when_it_is_back() {
    let (expected, _) = play(PAIR, None);
    for (index, _) in PAIR.iter().enumerate() {
        let mut net = Net::with(&NAMES);
        for (number, order) in PAIR.iter().enumerate() {
            if number == index {
                NAMES.iter().for_each(|who| net.cut(who));
            }
            order(&mut net);
            net.recover();
        }
        assert_eq!(story(&mut net), expected, "order {index} is given while the connection is lost");
    }
}

#[test]
fn i19_a_device_that_was_away_when_the_call_ended_hears_so_when_it_is_back() {
    for offline in [1_000, 12_000, 25_000] {
        let mut net = Net::with(&["alice/1", "bob/1"]);
        net.initiate("alice/1", "bob");
        net.settle();
        net.accept("bob/1", CALL);
        net.settle();
        net.forget();
        net.is_offline("bob/1", true);
        net.cut("bob/1");
        net.pass(offline);
        net.hangup("alice/1", CALL);
        net.settle();
        net.is_offline("bob/1", false);
        net.recover();
        assert_eq!(net.heard("bob/1"), ["left call-1 alice", "ended call-1 completed"], "after {offline}");
    }
}

#[test]
fn errors_about_a_call_that_ended_meanwhile_are_no_news() {
    let mut net = Net::with(&["alice/1", "bob/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.accept("bob/1", CALL);
    // Bob's answer and candidates wait at his side while Alice hangs up.
    net.up("bob/1");
    net.cut("bob/1");
    net.browse("bob/1");
    net.hangup("alice/1", CALL);
    net.flow();
    net.recover();
    let heard = net.heard("bob/1");
    assert_eq!(heard.last().map(String::as_str), Some("ended call-1 completed"), "{heard:?}");
    assert!(!heard.iter().any(|line| line.starts_with("error")), "{heard:?}");
    assert_eq!(net.heard("alice/1").iter().filter(|line| line.starts_with("error")).count(), 0);
}

#[test]
fn a_server_that_was_started_anew_has_ended_every_call() {
    let mut net = Net::with(&["alice/1", "bob/1", "carol/1"]);
    net.initiate("alice/1", "bob");
    net.settle();
    net.accept("bob/1", CALL);
    net.settle();
    net.initiate("carol/1", "bob");
    net.settle();
    net.forget();
    net.restart_server();
    assert_eq!(net.heard("alice/1"), NOTHING, "it may still go on");
    net.recover();
    for name in ["alice/1", "bob/1"] {
        assert_eq!(net.heard(name), ["ended call-1 failed server-restarted"]);
        assert!(net.party(name).is_idle());
    }
    net.initiate("alice/1", "bob");
    net.settle();
    assert_eq!(net.heard("bob/1").len(), 1, "and calls can be made again");
}
