//! A call in each state, reached by what people do.
//!
//! Alice calls Bob with her device `alice/1`; the call is `call-1`. Bob answers, where he does, with `bob/1`. Each has
//! another device, `alice/2` and `bob/2`; Carol is a stranger. All speak the SDK's dialect.

use lumencall_core::CallState;
use lumencall_core::machine::{Input, Origin};
use lumencall_core::wire::ConnectionState;

use crate::say::{self, CLEAN, accept, answer, hangup, initiate, offer, report, sdk};
use crate::world::World;

/// The call of the scene.
pub(crate) const CALL: &str = "call-1";

/// The world in which the call is in this state, with nothing heard yet.
pub(crate) fn in_state(state: CallState) -> World {
    let mut world = match state {
        CallState::Idle => {
            World::with(&[sdk("alice/1"), sdk("alice/2"), sdk("carol/1"), sdk("bob/1"), sdk("bob/2")])
        }
        CallState::Initiating => initiating(),
        CallState::Ringing => ringing(),
        CallState::Connecting => connecting(),
        CallState::Connected => connected(),
        CallState::Reconnecting => reconnecting(),
        CallState::Ended => ended(),
    };
    let expected = !matches!(state, CallState::Idle | CallState::Ended);
    assert_eq!(world.state(CALL), expected.then_some(state));
    world.deafen();
    world
}

/// Bob's devices connect while the call is there, and what follows from that is still on its way.
fn initiating() -> World {
    let mut world = World::with(&[sdk("alice/1"), sdk("alice/2"), sdk("carol/1")]);
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    for device in ["bob/1", "bob/2"] {
        world.step(Input::DeviceConnected(sdk(device))).expect("nobody is kept out");
    }
    let late = Input::RingDevice { call: say::call(CALL), device: sdk("bob/1") };
    assert_eq!(world.pending.pop_front(), Some(late));
    world.pending.clear();
    world
}

fn ringing() -> World {
    let mut world = in_state(CallState::Idle);
    world.does(&sdk("alice/1"), initiate(&["bob"]));
    world
}

fn connecting() -> World {
    let mut world = ringing();
    world.does(&sdk("bob/1"), accept(CALL));
    world
}

fn connected() -> World {
    let mut world = connecting();
    world.does(&sdk("alice/1"), offer(CALL, "bob", CLEAN));
    world.does(&sdk("bob/1"), answer(CALL, "alice", CLEAN));
    world.does(&sdk("alice/1"), report(CALL, "bob", ConnectionState::Connected));
    world.does(&sdk("bob/1"), report(CALL, "alice", ConnectionState::Connected));
    world
}

fn reconnecting() -> World {
    let mut world = connected();
    world.does(&sdk("alice/1"), report(CALL, "bob", ConnectionState::Reconnecting));
    world
}

/// Alice calls these, who have a device of the SDK each, named like `bob/1`. Nothing was heard yet.
pub(crate) fn ringing_group(callees: &[&str]) -> World {
    let devices: Vec<_> = [&["alice"], callees].concat().iter().map(|name| one(name)).collect();
    let mut world = World::with(&devices);
    world.does(&one("alice"), initiate(callees));
    world.deafen();
    world
}

/// These are in a call which the first of them made, and each is connected to each. Nothing was heard yet.
pub(crate) fn group_of(names: &[&str]) -> World {
    let mut world = ringing_group(&names[1..]);
    for (index, name) in names.iter().enumerate().skip(1) {
        world.does(&one(name), accept(CALL));
        for known in &names[..index] {
            connect(&mut world, known, name);
        }
    }
    world.deafen();
    world
}

/// The first device of this user.
pub(crate) fn one(name: &str) -> Origin {
    sdk(&format!("{name}/1"))
}

/// The one who was there offers to the one who joined, who answers, and both report that they are connected.
pub(crate) fn connect(world: &mut World, there: &str, joiner: &str) {
    world.does(&one(there), offer(CALL, joiner, CLEAN));
    world.does(&one(joiner), answer(CALL, there, CLEAN));
    pair_stands(world, there, joiner, ConnectionState::Connected);
}

/// Both ends report this of their connection.
pub(crate) fn pair_stands(world: &mut World, this: &str, other: &str, state: ConnectionState) {
    world.does(&one(this), report(CALL, other, state));
    world.does(&one(other), report(CALL, this, state));
}

fn ended() -> World {
    let mut world = connected();
    world.does(&sdk("alice/1"), hangup(CALL));
    world
}
