//! The state that is explored, and its steps.

use std::collections::VecDeque;

use lumencall_core::machine::{CallCommand, Input};
use lumencall_core::wire::ServerEvent;
use lumencall_core::{CallId, DeviceId, Now, Timestamp};
use stateright::{Model, Property};

use super::client::{Client, Frame, Say};
use super::node::Node;
use super::probe;
use super::scenario::Scenario;
use crate::checker::{Checker, Fault, Invariant};
use crate::store::Store;

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub(super) store: Store,
    pub(super) checker: Checker,
    pub(super) nodes: Vec<Node>,
    sockets: Vec<Socket>,
    crashes: u8,
}

/// A device's connection, and the client at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Socket {
    state: Link,
    up: VecDeque<Item>,
    down: VecDeque<Frame>,
    client: Client,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Link {
    #[default]
    Never,
    Open,
    Gone,
}

/// What is on its way to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Item {
    Connected,
    Gone,
    Command(CallCommand),
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A client says something.
    Say(usize, Say),
    /// What came first from a socket reaches the server.
    Serve(usize),
    /// What was sent first to a socket reaches the client.
    Hear(usize),
    /// A device is cut off, with all that is on its way.
    Cut(usize),
    /// A device connects.
    Connect(usize),
    /// A node goes one step on.
    Step(usize),
    /// A timer fires; with several nodes, at this one.
    Fire(usize, CallId),
    /// Time passes until the next moment at which anything is due.
    Wait,
    /// Everything else is tried, and is not as it must be.
    Try,
}

/// The time of every input.
pub(super) fn now() -> Now {
    Now { clock: 0, wall: Timestamp("now".into()) }
}

/// A scenario as it is explored.
#[derive(Clone, Debug)]
pub(super) struct Explored(pub(super) Scenario);

impl World {
    fn start(scenario: &Scenario) -> Self {
        let mut world = Self {
            store: Store::default(),
            checker: Checker::default(),
            nodes: vec![Node::default(); scenario.nodes],
            sockets: vec![Socket::default(); scenario.actors.len()],
            crashes: scenario.crashes,
        };
        for (index, actor) in scenario.actors.iter().enumerate().filter(|(_, actor)| actor.present) {
            world.sockets[index].state = Link::Open;
            world.apply(scenario, None, Input::DeviceConnected(actor.origin.clone()));
        }
        world
    }

    /// The records.
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// What was seen.
    pub const fn checker(&self) -> &Checker {
        &self.checker
    }

    pub(super) fn met(&self) -> bool {
        self.sockets.iter().any(|socket| socket.client.met)
    }

    pub(super) fn conflicts(&self) -> bool {
        self.nodes.iter().filter_map(|node| node.job.as_ref()).any(|job| job.stale)
    }

    pub(super) fn fires_twice(&self) -> bool {
        let fires = |node: &Node| match node.job.as_ref().map(|job| job.input.clone()) {
            Some(Input::Deadline { call }) => Some(call),
            Some(_) | None => None,
        };
        let [one, other] = &self.nodes[..] else { return false };
        fires(one).is_some() && fires(one) == fires(other)
    }

    /// Decides at once, as behind one lock, and answers the socket.
    fn apply(&mut self, scenario: &Scenario, socket: Option<usize>, input: Input) {
        let mut sent = Vec::new();
        let outcome = self.store.apply(input, &now(), &scenario.rules, &mut self.checker, &mut sent);
        if let Some(socket) = socket {
            let frame = outcome.map_or(Frame::Refused, |call| Frame::Done(call.map(Box::new)));
            self.send(scenario, socket, frame);
        }
        for (device, event) in sent {
            self.send_to(scenario, &device, event);
        }
    }

    pub(super) fn send_to(&mut self, scenario: &Scenario, device: &DeviceId, event: ServerEvent) {
        if let Some(index) = scenario.actors.iter().position(|actor| actor.origin.device.id == *device) {
            self.send(scenario, index, Frame::Event(Box::new(event)));
        }
    }

    pub(super) fn send(&mut self, scenario: &Scenario, index: usize, frame: Frame) {
        let socket = &mut self.sockets[index];
        match (socket.state, scenario.lag) {
            (Link::Never | Link::Gone, _) => {}
            (Link::Open, true) => socket.down.push_back(frame),
            (Link::Open, false) => socket.client.hears(&scenario.actors[index], &frame),
        }
    }

    fn act(&mut self, scenario: &Scenario, action: Action) {
        match action {
            Action::Say(index, say) => {
                let socket = &mut self.sockets[index];
                let command = socket.client.says(say);
                socket.up.push_back(Item::Command(command));
            }
            Action::Serve(index) => {
                let Some(item) = self.sockets[index].up.pop_front() else { return };
                let from = scenario.actors[index].origin.clone();
                let (input, socket) = match item {
                    Item::Connected => (Input::DeviceConnected(from), None),
                    Item::Gone => (Input::DeviceGone(from), None),
                    Item::Command(command) => (Input::Command { from, command }, Some(index)),
                };
                if self.nodes.is_empty() {
                    self.apply(scenario, socket, input);
                } else {
                    let node = index % self.nodes.len();
                    self.nodes[node].take(input, socket);
                }
            }
            Action::Hear(index) => {
                let socket = &mut self.sockets[index];
                if let Some(frame) = socket.down.pop_front() {
                    socket.client.hears(&scenario.actors[index], &frame);
                }
            }
            Action::Cut(index) => {
                self.crashes -= 1;
                let gone = Socket { state: Link::Gone, ..Socket::default() };
                self.sockets[index] = gone;
                self.arrives(scenario, index, Item::Gone);
            }
            Action::Connect(index) => {
                self.sockets[index].state = Link::Open;
                self.arrives(scenario, index, Item::Connected);
            }
            Action::Step(node) => self.step(scenario, node),
            Action::Fire(node, call) => {
                let input = Input::Deadline { call };
                match self.nodes.get_mut(node) {
                    Some(node) => node.take(input, None),
                    None => self.apply(scenario, None, input),
                }
            }
            Action::Wait => self.wait(),
            Action::Try => {
                if let Some(Fault { invariant, what }) = self.probed(scenario) {
                    self.checker.accuse(invariant, what);
                }
            }
        }
        self.look();
    }

    fn arrives(&mut self, scenario: &Scenario, index: usize, item: Item) {
        self.sockets[index].up.push_back(item);
        if self.nodes.is_empty() {
            self.act(scenario, Action::Serve(index));
        }
    }

    /// Time passes until the next moment at which anything is due. What is due stays due until its timer fires.
    fn wait(&mut self) {
        let untils =
            self.store.calls.values().flat_map(|call| &call.members).filter_map(|member| member.until);
        let Some(by) = untils.filter(|until| *until > 0).min() else { return };
        for call in self.store.calls.values_mut() {
            let call = std::sync::Arc::make_mut(call);
            for until in call.members.iter_mut().filter_map(|member| member.until.as_mut()) {
                *until = until.saturating_sub(by);
            }
        }
        self.checker.shift(by);
    }

    fn time_may_pass(&self, scenario: &Scenario) -> bool {
        // A decision is made at one time; with several nodes time stands while any is at work.
        let works = self.nodes.iter().any(|node| !node.is_idle());
        let overdue = |until: Option<u64>| until == Some(0);
        let late = self.store.calls.values().any(|call| overdue(call.deadline()));
        let ahead = self.store.calls.values().flat_map(|call| &call.members);
        let ahead = ahead.filter_map(|member| member.until).any(|until| until > 0);
        ahead && !works && (scenario.late_timers || !late)
    }

    /// Whether an input is being decided, or one follows at once.
    fn is_at_work(&self) -> bool {
        let follows = |item: &Item| !matches!(item, Item::Command(_));
        self.nodes.iter().any(|node| !node.is_idle())
            || self.sockets.iter().flat_map(|socket| &socket.up).any(follows)
    }

    /// What is found when everything else is tried here that anybody might say.
    fn probed(&self, scenario: &Scenario) -> Option<Fault> {
        let probes = scenario.probes && !self.is_at_work();
        probes.then(|| probe::all(scenario, &self.store, &self.checker).err()).flatten()
    }

    /// Looks at what must hold between inputs.
    fn look(&mut self) {
        if self.is_at_work() || self.checker.fault().is_some() {
            return;
        }
        let mut seen = self.checker.settled(&self.store);
        let on_its_way = self.sockets.iter().any(|socket| !socket.up.is_empty() || !socket.down.is_empty());
        let timers = self.store.calls.values().any(|call| call.deadline().is_some());
        if !on_its_way && !timers {
            seen = seen.and_then(|()| self.checker.quiescent(&self.store)).and_then(|()| self.answered());
        }
        if let Err(Fault { invariant, what }) = seen {
            self.checker.accuse(invariant, what);
        }
    }

    /// Every command has its one reply.
    fn answered(&self) -> Result<(), Fault> {
        let waits = self.sockets.iter().position(|socket| socket.client.waits > 0);
        waits.map_or(Ok(()), |index| {
            Err(Fault {
                invariant: Invariant::I6,
                what: format!("device {index} waits for a reply for ever"),
            })
        })
    }
}

impl Model for Explored {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let Self(scenario) = self;
        let alone = Scenario { nodes: 0, ..scenario.clone() };
        let mut world = World::start(&alone);
        world.nodes = vec![Node::default(); scenario.nodes];
        for (index, socket) in world.sockets.iter_mut().enumerate() {
            // What was heard before anything began is heard.
            let down = std::mem::take(&mut socket.down);
            down.iter().for_each(|frame| socket.client.hears(&scenario.actors[index], frame));
        }
        vec![world]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let Self(scenario) = self;
        if world.checker.fault().is_some() {
            return;
        }
        // Tried here, where each different state comes by once.
        if world.probed(scenario).is_some() {
            return actions.push(Action::Try);
        }
        for (index, (socket, actor)) in world.sockets.iter().zip(&scenario.actors).enumerate() {
            if socket.state == Link::Open && socket.up.len() < scenario.flight {
                let wants = socket.client.wants(actor, &scenario.habits);
                actions.extend(wants.into_iter().map(|say| Action::Say(index, say)));
            }
            let idle = world.nodes.is_empty() || world.nodes[index % world.nodes.len()].is_idle();
            if !socket.up.is_empty() && idle {
                actions.push(Action::Serve(index));
            }
            if !socket.down.is_empty() {
                actions.push(Action::Hear(index));
            }
            if socket.state == Link::Open && world.crashes > 0 && actor.may_be_cut {
                actions.push(Action::Cut(index));
            }
            if socket.state == Link::Never {
                actions.push(Action::Connect(index));
            }
        }
        for (index, node) in world.nodes.iter().enumerate() {
            if !node.is_idle() {
                actions.push(Action::Step(index));
            }
        }
        for call in world.store.calls.values().filter(|call| call.deadline() == Some(0)) {
            for node in 0..world.nodes.len().max(1) {
                if world.nodes.get(node).is_none_or(Node::is_idle) {
                    actions.push(Action::Fire(node, call.id.clone()));
                }
            }
        }
        if world.time_may_pass(scenario) {
            actions.push(Action::Wait);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.act(&self.0, action);
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! always {
            ($($name:ident)*) => {
                vec![$( Property::always(Invariant::$name.name(), |_: &Explored, world: &World| {
                    world.checker.fault().is_none_or(|fault| fault.invariant != Invariant::$name)
                }) ),*]
            };
        }
        let mut all = always!(I3 I6 I7 I8 I9 I10 I11 I12 I13 I14 I15 I16 I20 I33);
        all.extend(self.0.goals.iter().map(|goal| goal.property()));
        all
    }
}

impl World {
    /// The step in words.
    pub(super) fn describe(scenario: &Scenario, action: &Action) -> String {
        let name = |index: &usize| scenario.actors[*index].origin.device.id.as_str().to_owned();
        match action {
            Action::Say(index, say) => format!("{} says {:?}", name(index), say.command()),
            Action::Serve(index) => format!("the server takes what {} said first", name(index)),
            Action::Hear(index) => format!("{} hears a frame", name(index)),
            Action::Cut(index) => format!("{} is cut off", name(index)),
            Action::Connect(index) => format!("{} connects", name(index)),
            Action::Step(node) => format!("node {node} goes on"),
            Action::Fire(node, call) => format!("node {node} looks at the deadline of {}", call.as_str()),
            Action::Wait => "time passes until something is due".to_owned(),
            Action::Try => "everything else is tried".to_owned(),
        }
    }
}
