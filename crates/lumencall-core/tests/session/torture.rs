//! Two in a call who change what they send, and restart ICE, whenever they like, over a network that delays every frame.
//!
//! Each has a peer connection as a browser has it ([`crate::browser`]), which panics where it is asked for something that it
//! cannot do in its state. [`Net::settle`] says what must hold at rest: both are stable, what each wants is what the other gets,
//! and both use the same generations.

use std::env;

use lumencall_core::session::Link;
use lumencall_core::wire::ConnectionState;

use crate::chance::Chance;
use crate::net::Net;
use crate::values::CALL;

const BOTH: [&str; 2] = ["alice/1", "bob/1"];
const STEPS: usize = 300;

fn runs() -> u64 {
    if env::var_os("LUMENCALL_LONG").is_some() { 2_000 } else { 300 }
}

/// What happened in all runs.
#[derive(Debug, Default)]
struct Tally {
    yielded: u32,
    described: u32,
    cut: u32,
    refreshed: u32,
    survived: u32,
}

#[test]
fn i20_i34_two_who_change_and_restart_at_any_time_agree_at_rest() {
    let mut tally = Tally::default();
    for run in 0..runs() {
        torture(run, &mut tally);
    }
    // The runs are worth their time.
    let runs = runs() as u32;
    assert!(tally.yielded > runs, "{tally:?}");
    assert!(tally.described > runs * 20, "{tally:?}");
    assert!(tally.cut > runs / 2, "{tally:?}");
    assert!(tally.refreshed > runs / 20, "{tally:?}");
    assert_eq!(tally.survived, runs, "{tally:?}");
}

fn torture(run: u64, tally: &mut Tally) {
    let mut chance = Chance(run);
    let mut net = Net::with(&BOTH);
    net.initiate("alice/1", "bob");
    // A caller whose command is not answered in time gives up; that is not what is tried here.
    net.up("alice/1");
    net.down("alice/1");
    // While it rings, everything may be late, and the offer may be made anew.
    let mut rung = 0;
    let patience = chance.below(50_000) as u64;
    while net.party("bob/1").session.calls().next().is_none() || rung < patience {
        let time = if rung < patience { chance.below(4_000) as u64 } else { 0 };
        rung += time;
        net.wait(time);
        for _ in 0..chance.below(8) {
            moves(&mut net, &mut chance);
        }
    }
    tally.refreshed += u32::from(net.party("alice/1").described > 1);
    net.accept("bob/1", CALL);
    for _ in 0..STEPS {
        let name = BOTH[chance.below(2)];
        match chance.below(40) {
            0..3 => net.want(name, chance.below(3) as u32),
            3 => net.network_changes(name),
            4 => net.connections_stand(name, ConnectionState::Reconnecting),
            5 => net.connections_stand(name, ConnectionState::Failed),
            6 => net.wait(chance.below(1_500) as u64),
            7 if chance.below(4) == 0 => net.settle(),
            8 if run.is_multiple_of(2) && chance.below(4) == 0 => {
                tally.cut += u32::from(net.party(name).session.link() == Link::Open);
                net.cut(name);
            }
            _ => moves(&mut net, &mut chance),
        }
    }
    net.recover();
    // What does not stand is helped.
    net.pass(12_000);
    net.settle();
    for name in BOTH {
        let party = net.party(name);
        tally.yielded += party.yielded;
        tally.described += party.described;
        assert_eq!(party.connected_to().len(), 1, "run {run}: {name}");
    }
    let stands = |name: &str, net: &mut Net| {
        net.party(name).session.calls().any(|call| call.state.as_str() == "connected")
    };
    tally.survived += u32::from(BOTH.iter().all(|name| stands(name, &mut net)));
}

fn moves(net: &mut Net, chance: &mut Chance) {
    let moves = net.moves();
    if !moves.is_empty() {
        net.make(moves[chance.below(moves.len())]);
    }
}
