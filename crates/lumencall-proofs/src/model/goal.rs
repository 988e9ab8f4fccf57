//! What a scenario has to reach somewhere: a property that holds since nothing happens is worth nothing.

use lumencall_core::{CallState, EndReason};
use stateright::Property;

use super::World;
use super::world::Explored;
use crate::checker::Part;

macro_rules! goals {
    ($( $(#[$meta:meta])* $name:ident = $sentence:literal, $reached:expr; )*) => {
        /// What a scenario has to reach.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Goal { $( $(#[$meta])* $name, )* }

        impl Goal {
            /// It as a property of the scenario that has to reach it.
            pub(super) fn property(self) -> Property<Explored> {
                match self {
                    $( Self::$name => Property::sometimes(concat!("reaches ", $sentence), |_, world| {
                        let reached: fn(&World) -> bool = $reached;
                        reached(world)
                    }), )*
                }
            }
        }
    };
}

goals! {
    /// Media flows.
    Connected = "a call that is connected", |world| any_state(world, CallState::Connected);
    /// It did.
    Reconnecting = "a call that is reconnecting", |world| any_state(world, CallState::Reconnecting);
    /// Answered elsewhere.
    Elsewhere = "a device that hears that another answered", |world| {
        world.checker().parts().values().any(|part| *part == Part::Over(EndReason::Completed, true))
    };
    /// Ended.
    Completed = "an end as completed", |world| any_end(world, EndReason::Completed);
    /// Ended.
    Rejected = "an end as rejected", |world| any_end(world, EndReason::Rejected);
    /// Ended.
    Missed = "an end as missed", |world| any_end(world, EndReason::Missed);
    /// Ended.
    Busy = "an end as busy", |world| any_end(world, EndReason::Busy);
    /// Ended.
    Failed = "an end as failed", |world| any_end(world, EndReason::Failed);
    /// Ended.
    Cancelled = "an end as cancelled", |world| any_end(world, EndReason::Cancelled);
    /// Glare.
    Met = "an initiate that is the accept of the other's call", |world| world.met();
    /// A recall.
    Recalled = "a second call of a device whose first is dead", |world| {
        let stories = || world.checker().stories().values();
        stories().any(|live| stories().any(|dead| !dead.lives() && live.lives() && dead.caller == live.caller))
    };
    /// A group.
    Three = "three who are in a call", |world| {
        world.checker().stories().values().any(|story| story.joined.len() > 2)
    };
    /// Ownership.
    Passed = "a call whose owner is not who made it", |world| {
        world.checker().stories().values().any(|story| story.owner().is_some_and(|owner| *owner != story.caller))
    };
    /// One alone who waits.
    Alone = "one alone in an answered call, while another rings", |world| {
        world.checker().stories().values().any(|story| story.answered && story.joined.len() == 1)
    };
    /// A conflict.
    Conflict = "a node that reads again, since another wrote", |world| world.conflicts();
    /// A cut.
    Resumed = "a device whose session goes on", |world| world.returns.0[0];
    /// A reload, or too much missed.
    Told = "a device that is told its calls when it comes back", |world| world.returns.0[1];
    /// Nobody came back in time, or the server was started again.
    Unknown = "a device that comes back to a server that does not know it", |world| world.returns.0[2];
    /// A new page.
    Rejoined = "a call in which a new page takes the place of the old one", |world| {
        world.checker().stories().values().any(|story| !story.incarnations.is_empty())
    };
    /// New pages.
    BothRejoined = "a call in which two new pages take the place of the old ones", |world| {
        world.checker().stories().values().any(|story| story.incarnations.len() > 1)
    };
    /// A window over.
    Away = "a call with one in it who is away", |world| {
        world.checker().stories().values().any(|story| !story.away.is_empty())
    };
    /// A timer fired twice.
    Twice = "two nodes that look at one call's deadline", |world| world.fires_twice();
}

fn any_state(world: &World, state: CallState) -> bool {
    world.store().calls.values().any(|call| call.state == state)
}

fn any_end(world: &World, reason: EndReason) -> bool {
    world.checker().stories().values().any(|story| story.ended == Some(reason))
}
