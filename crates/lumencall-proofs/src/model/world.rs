//! The state that is explored, and its steps.

use std::collections::VecDeque;

use lumencall_core::machine::{CallCommand, Dialect, Input, UserRecord};
use lumencall_core::wire::{Reply, ServerEvent};
use lumencall_core::{Call, CallId, DeviceId, Millis, Now, Timestamp, UserId};
use stateright::{Model, Property};

use super::client::{Client, Frame, Say};
use super::node::Node;
use super::probe;
use super::scenario::Scenario;
use super::session::{Line, Numbered, Session, Taken};
use crate::checker::{Checker, Fault, Invariant};
use crate::store::{Sent, Store};

/// Everything there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    pub(super) store: Store,
    pub(super) checker: Checker,
    pub(super) nodes: Vec<Node>,
    sockets: Vec<Socket>,
    crashes: u8,
    restarts: u8,
    pub(super) returns: Returns,
}

/// Whether a device came back to a session that went on, was told its calls, and was not known. It is for the goals alone: no two
/// worlds are different by it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Returns(pub(super) [bool; 3]);

impl PartialEq for Returns {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Returns {}

impl std::hash::Hash for Returns {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A device's connection, and the client at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Socket {
    state: Link,
    up: VecDeque<Item>,
    down: VecDeque<Numbered>,
    client: Client,
    line: Line,
    /// What the server keeps of the device.
    session: Option<Session>,
    /// For how long it has been cut off.
    cut_for: Millis,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Link {
    #[default]
    Never,
    Open,
    /// Cut off, with the page that it had.
    Lost,
    /// Cut off, and its page is gone.
    Reloads,
    Gone,
}

/// What is on its way to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Item {
    Connected,
    Gone,
    Leaves,
    /// With its number, where the device has a session.
    Command(u32, CallCommand),
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
    /// A device is cut off, and its page is gone; it said so, or not.
    Reload(usize, bool),
    /// The server notices that a device is cut off.
    Notice(usize),
    /// A device comes back.
    Return(usize),
    /// The server forgets everything.
    Restart,
    /// A node goes one step on.
    Step(usize),
    /// A timer fires; with several nodes, at this one.
    Fire(usize, CallId),
    /// A timer fires that is about a user; with several nodes, at this one.
    Look(usize, UserId),
    /// Time passes until the next moment at which anything is due.
    Wait,
    /// Everything else is tried, and is not as it must be.
    Try,
}

/// The time of every input. What is due has room before it.
const CLOCK: Millis = 64;

/// The time of every input.
pub(super) fn now() -> Now {
    Now { clock: CLOCK, wall: Timestamp("now".into()) }
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
            restarts: scenario.sessions.map_or(0, |sessions| sessions.restarts),
            returns: Returns::default(),
        };
        for (index, actor) in scenario.actors.iter().enumerate().filter(|(_, actor)| actor.present) {
            world.sockets[index].state = Link::Open;
            world.begin(scenario, index);
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
    fn apply(&mut self, scenario: &Scenario, socket: Option<(usize, u32)>, input: Input) {
        let mut sent = Vec::new();
        let outcome = self.store.apply(input, &now(), &scenario.rules, &mut self.checker, &mut sent);
        if let Some((index, id)) = socket {
            match &mut self.sockets[index].session {
                Some(session) => {
                    let reply = session.reply(id, outcome);
                    self.send_reply(scenario, index, reply);
                }
                None => {
                    let frame = outcome.map_or(Frame::Refused, |call| Frame::Done(call.map(Box::new)));
                    self.send(scenario, index, frame);
                }
            }
        }
        for sent in sent {
            match sent {
                Sent::Event(device, event) => self.send_to(scenario, &device, event),
                Sent::Forget(device) => self.forget(scenario, &device),
            }
        }
    }

    /// Begins a session for a device of the SDK, where devices have sessions.
    fn begin(&mut self, scenario: &Scenario, index: usize) {
        let sdk = scenario.actors[index].origin.device.dialect == Dialect::Sdk;
        self.sockets[index].session = scenario.sessions.filter(|_| sdk).map(|_| Session::open());
    }

    pub(super) fn forget(&mut self, scenario: &Scenario, device: &DeviceId) {
        if let Some(index) = scenario.actors.iter().position(|actor| actor.origin.device.id == *device) {
            self.sockets[index].session = None;
            self.sockets[index].up.clear();
        }
    }

    fn send_reply(&mut self, scenario: &Scenario, index: usize, reply: Reply) {
        let frame = reply.ok.map_or(Frame::Refused, |done| Frame::Done(done.call.map(Box::new)));
        self.put(scenario, index, Some(reply.id), frame);
    }

    fn put(&mut self, scenario: &Scenario, index: usize, answers: Option<u32>, frame: Frame) {
        let (Some(session), Some(sessions)) = (&mut self.sockets[index].session, scenario.sessions) else {
            return;
        };
        session.put(sessions.frames, answers, frame);
        self.write(scenario, index);
    }

    /// What waits for the device is written, where it has a socket.
    fn write(&mut self, scenario: &Scenario, index: usize) {
        let socket = &mut self.sockets[index];
        let Some(session) = socket.session.as_mut().filter(|session| session.attached) else { return };
        let written = session.written();
        if socket.state == Link::Open {
            socket.down.extend(written);
        }
        if !scenario.lag {
            while let Some(frame) = self.sockets[index].down.pop_front() {
                self.hear(scenario, index, &frame);
            }
        }
    }

    /// The client applies a frame.
    fn hear(&mut self, scenario: &Scenario, index: usize, frame: &Numbered) {
        let Socket { session, line, client, up, .. } = &mut self.sockets[index];
        let actor = &scenario.actors[index];
        let Some(session) = session else { return client.hears(actor, &frame.frame) };
        if let Err(Fault { invariant, what }) = session.applied(line, frame) {
            return self.checker.accuse(invariant, what);
        }
        if frame.answers.is_none_or(|id| line.answered(id)) {
            client.hears(actor, &frame.frame);
        }
        if line.waits() == 0 && up.is_empty() {
            session.forget_replies();
        }
    }

    pub(super) fn send_to(&mut self, scenario: &Scenario, device: &DeviceId, event: ServerEvent) {
        if let Some(index) = scenario.actors.iter().position(|actor| actor.origin.device.id == *device) {
            self.send(scenario, index, Frame::Event(Box::new(event)));
        }
    }

    pub(super) fn send(&mut self, scenario: &Scenario, index: usize, frame: Frame) {
        if self.sockets[index].session.is_some() {
            return self.put(scenario, index, None, frame);
        }
        let socket = &mut self.sockets[index];
        match (socket.state, scenario.lag) {
            (Link::Never | Link::Lost | Link::Reloads | Link::Gone, _) => {}
            (Link::Open, true) => socket.down.push_back(Numbered { seq: 0, answers: None, frame }),
            (Link::Open, false) => socket.client.hears(&scenario.actors[index], &frame),
        }
    }

    fn act(&mut self, scenario: &Scenario, action: Action) {
        match action {
            Action::Say(index, say) => {
                let socket = &mut self.sockets[index];
                let command = socket.client.says(say);
                let id = if socket.session.is_some() { socket.line.says(&command) } else { 0 };
                if socket.state == Link::Open {
                    socket.up.push_back(Item::Command(id, command));
                }
            }
            Action::Serve(index) => {
                let Some(item) = self.sockets[index].up.pop_front() else { return };
                let from = scenario.actors[index].origin.clone();
                let (input, socket) = match item {
                    Item::Connected => (Input::DeviceConnected(from), None),
                    Item::Gone => (Input::DeviceGone(from), None),
                    Item::Leaves => (Input::DeviceAway { device: from, leaving: true }, None),
                    Item::Command(id, command) => {
                        match self.sockets[index].session.as_mut().map(|session| session.takes(id)) {
                            Some(Err(Fault { invariant, what })) => {
                                return self.checker.accuse(invariant, what);
                            }
                            Some(Ok(Taken::Again(reply))) => {
                                self.send_reply(scenario, index, *reply);
                                return self.look(scenario);
                            }
                            Some(Ok(Taken::Now)) | None => {}
                        }
                        (Input::Command { from, command }, Some((index, id)))
                    }
                };
                if self.nodes.is_empty() {
                    self.apply(scenario, socket, input);
                } else {
                    let node = index % self.nodes.len();
                    self.nodes[node].take(input, socket.map(|(index, _)| index));
                }
            }
            Action::Hear(index) => {
                if let Some(frame) = self.sockets[index].down.pop_front() {
                    self.hear(scenario, index, &frame);
                }
            }
            Action::Cut(index) if self.sockets[index].session.is_some() => {
                self.crashes -= 1;
                self.lose(index, Link::Lost);
            }
            Action::Reload(index, says_so) => {
                self.crashes -= 1;
                self.lose(index, Link::Reloads);
                let socket = &mut self.sockets[index];
                socket.client = socket.client.loaded_anew();
                socket.line = Line::default();
                if says_so {
                    socket.up.push_back(Item::Leaves);
                }
            }
            Action::Notice(index) => {
                let socket = &mut self.sockets[index];
                socket.up.clear();
                if let Some(session) = &mut socket.session {
                    session.attached = false;
                }
                let device = scenario.actors[index].origin.clone();
                self.apply(scenario, None, Input::DeviceAway { device, leaving: false });
            }
            Action::Return(index) => self.returns(scenario, index),
            Action::Restart => {
                self.restarts -= 1;
                self.store = Store::default();
                self.checker.forget_all();
                for socket in &mut self.sockets {
                    if socket.state == Link::Open {
                        socket.state = Link::Lost;
                    }
                    socket.session = None;
                    socket.up.clear();
                    socket.down.clear();
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
                self.begin(scenario, index);
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
            Action::Look(node, user) => {
                let input = Input::UserDeadline(user);
                match self.nodes.get_mut(node) {
                    Some(node) => node.take(input, None),
                    None => self.apply(scenario, None, input),
                }
            }
            Action::Wait => self.wait(scenario),
            Action::Try => {
                if let Some(Fault { invariant, what }) = self.probed(scenario) {
                    self.checker.accuse(invariant, what);
                }
            }
        }
        self.look(scenario);
    }

    /// A device loses its socket. The server does not know; what is on its way to it arrives until it does.
    fn lose(&mut self, index: usize, state: Link) {
        let socket = &mut self.sockets[index];
        socket.state = state;
        socket.down.clear();
        socket.cut_for = 0;
    }

    /// A device comes back: its session goes on, or it is told its calls, or it is a new device.
    fn returns(&mut self, scenario: &Scenario, index: usize) {
        let Some(sessions) = scenario.sessions else { return };
        let device = scenario.actors[index].origin.clone();
        let socket = &mut self.sockets[index];
        let same = std::mem::replace(&mut socket.state, Link::Open) == Link::Lost;
        // Another socket takes over: nothing that the older one still brings is taken.
        socket.up.clear();
        let Some(session) = &mut socket.session else {
            self.returns.0[2] = true;
            socket.line = Line::default();
            socket.client.is_unknown();
            self.begin(scenario, index);
            return self.apply(scenario, None, Input::DeviceConnected(device));
        };
        let goes_on = if same { session.resume(&socket.line, sessions.frames) } else { Ok(None) };
        // While it is told that it is back, it has no socket that anything would be written to.
        session.attached = false;
        match goes_on {
            Err(Fault { invariant, what }) => return self.checker.accuse(invariant, what),
            Ok(Some(received)) => {
                self.returns.0[0] = true;
                let rest = socket.line.rest(received, sessions.counts);
                socket.up.extend(rest.into_iter().map(|(id, command)| Item::Command(id, command)));
                self.apply(scenario, None, Input::DeviceBack { device, anew: false });
            }
            Ok(None) => {
                self.returns.0[1] = true;
                *session = Session::default();
                self.apply(scenario, None, Input::DeviceBack { device: device.clone(), anew: true });
                let calls: Vec<Call> = self.store.calls_at(&device);
                let Socket { client, line, up, .. } = &mut self.sockets[index];
                *line = Line::default();
                for command in client.reconciles(&device, &calls) {
                    let id = line.says(&command);
                    up.push_back(Item::Command(id, command));
                }
            }
        }
        if let Some(session) = &mut self.sockets[index].session {
            session.attached = true;
        }
        self.write(scenario, index);
    }

    fn arrives(&mut self, scenario: &Scenario, index: usize, item: Item) {
        self.sockets[index].up.push_back(item);
        if self.nodes.is_empty() {
            self.act(scenario, Action::Serve(index));
        }
    }

    /// Time passes until the next moment at which anything is due. What is due stays due until its timer fires.
    fn wait(&mut self, scenario: &Scenario) {
        let Some(at) = self.ahead(scenario) else { return };
        let by = at - CLOCK;
        for user in self.store.users.values_mut().filter(|user| !user.away.is_empty()) {
            for away in &mut std::sync::Arc::make_mut(user).away {
                away.since = away.since.saturating_sub(by);
            }
        }
        for socket in self.sockets.iter_mut().filter(|socket| socket.is_cut_off()) {
            socket.cut_for += by;
        }
        for call in self.store.calls.values_mut() {
            let call = std::sync::Arc::make_mut(call);
            for until in call.members.iter_mut().filter_map(|member| member.until.as_mut()) {
                *until = until.saturating_sub(by).max(CLOCK);
            }
        }
        self.checker.shift(by, CLOCK);
    }

    /// The next moment at which anything is due.
    fn ahead(&self, scenario: &Scenario) -> Option<Millis> {
        let calls =
            self.store.calls.values().flat_map(|call| &call.members).filter_map(|member| member.until);
        let each = self.store.users.values().flat_map(|user| {
            let alone = |away: &_| UserRecord { away: vec![Clone::clone(away)], ..UserRecord::clone(user) };
            user.away.iter().filter_map(move |away| alone(away).deadline(&scenario.rules))
        });
        calls.chain(each).filter(|at| *at > CLOCK).min()
    }

    fn time_may_pass(&self, scenario: &Scenario) -> bool {
        // A decision is made at one time; with several nodes time stands while any is at work.
        let works = self.nodes.iter().any(|node| !node.is_idle());
        let overdue = |until: Option<Millis>| until.is_some_and(|until| until <= CLOCK);
        let late = self.store.calls.values().any(|call| overdue(call.deadline()))
            || self.store.users.values().any(|user| overdue(user.deadline(&scenario.rules)));
        let Some(at) = self.ahead(scenario) else { return false };
        let longest = scenario.sessions.and_then(|sessions| sessions.longest);
        let back = |socket: &Socket| longest.is_none_or(|longest| socket.cut_for + at - CLOCK <= longest);
        let in_time = self.sockets.iter().filter(|socket| socket.is_cut_off()).all(back);
        in_time && !works && (scenario.late_timers || !late)
    }

    /// Whether an input is being decided, or one follows at once.
    fn is_at_work(&self) -> bool {
        let follows = |item: &Item| matches!(item, Item::Connected | Item::Gone);
        self.nodes.iter().any(|node| !node.is_idle())
            || self.sockets.iter().flat_map(|socket| &socket.up).any(follows)
    }

    /// What is found when everything else is tried here that anybody might say.
    fn probed(&self, scenario: &Scenario) -> Option<Fault> {
        let probes = scenario.probes && !self.is_at_work();
        probes.then(|| probe::all(scenario, &self.store, &self.checker).err()).flatten()
    }

    /// Looks at what must hold between inputs.
    fn look(&mut self, scenario: &Scenario) {
        if self.is_at_work() || self.checker.fault().is_some() {
            return;
        }
        let mut seen = self.checker.settled(&self.store).and_then(|()| self.both_agree(scenario));
        if self.rests(scenario) {
            seen = seen.and_then(|()| self.checker.quiescent(&self.store)).and_then(|()| self.answered());
        }
        if let Err(Fault { invariant, what }) = seen {
            self.checker.accuse(invariant, what);
        }
    }

    /// Whether nothing is on its way, and no timer is set.
    pub(super) fn rests(&self, scenario: &Scenario) -> bool {
        let on_its_way = |socket: &Socket| {
            let comes_back = socket.is_cut_off() && socket.session.is_some();
            !socket.up.is_empty() || !socket.down.is_empty() || comes_back
        };
        let timers = self.store.calls.values().any(|call| call.deadline().is_some())
            || self.store.users.values().any(|user| user.deadline(&scenario.rules).is_some());
        !self.is_at_work() && !timers && !self.sockets.iter().any(on_its_way)
    }

    /// Every command has its one reply.
    fn answered(&self) -> Result<(), Fault> {
        let waits = |socket: &Socket| socket.client.waits > 0 && !socket.is_cut_off();
        self.sockets.iter().position(waits).map_or(Ok(()), |index| {
            let goes_on = self.sockets[index].session.is_some();
            Err(Fault {
                // A command without a reply in a session that goes on was not done, or nobody will ever know.
                invariant: if goes_on { Invariant::I21 } else { Invariant::I6 },
                what: format!("device {index} waits for a reply for ever"),
            })
        })
    }

    /// A client that has nothing on its way knows of its calls what the server does.
    fn both_agree(&self, scenario: &Scenario) -> Result<(), Fault> {
        for (socket, actor) in self.sockets.iter().zip(&scenario.actors) {
            let idle = socket.up.is_empty() && socket.down.is_empty() && socket.line.waits() == 0;
            if !idle || socket.state != Link::Open || socket.session.is_none() {
                continue;
            }
            let calls = self.store.calls_at(&actor.origin);
            if !socket.client.agrees(&actor.origin, &calls) {
                let device = actor.origin.device.id.as_str();
                let what = format!("{device} knows {:?}, and the server {calls:?}", socket.client);
                return Err(Fault { invariant: Invariant::I19, what });
            }
        }
        Ok(())
    }
}

impl Socket {
    /// Whether it has lost its socket, and may come back.
    fn is_cut_off(&self) -> bool {
        matches!(self.state, Link::Lost | Link::Reloads)
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
            down.iter().for_each(|frame| socket.client.hears(&scenario.actors[index], &frame.frame));
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
            let (says, under_way) = match (socket.state, &socket.session) {
                // What is said while the device is cut off is kept until it is back.
                (Link::Open | Link::Lost, Some(_)) => (true, socket.line.waits()),
                (Link::Open, None) => (true, socket.up.len()),
                (_, _) => (false, 0),
            };
            if says && under_way < scenario.flight {
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
                match scenario.sessions.filter(|_| socket.session.is_some()) {
                    None => actions.push(Action::Cut(index)),
                    Some(sessions) => {
                        actions.extend(sessions.resumes.then_some(Action::Cut(index)));
                        actions.extend(sessions.reloads.then_some(Action::Reload(index, false)));
                        actions.extend(
                            (sessions.reloads && sessions.says_so).then_some(Action::Reload(index, true)),
                        );
                    }
                }
            }
            if socket.is_cut_off() {
                let attached = socket.session.as_ref().is_some_and(|session| session.attached);
                actions.extend(attached.then_some(Action::Notice(index)));
                actions.push(Action::Return(index));
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
        let due = |at: Option<Millis>| at.is_some_and(|at| at <= CLOCK);
        let users = world.store.users.values().filter(|user| due(user.deadline(&scenario.rules)));
        let users: Vec<&UserId> = users.map(|user| &user.user).collect();
        for node in 0..world.nodes.len().max(1) {
            if world.nodes.get(node).is_none_or(Node::is_idle) {
                let calls = world.store.calls.values().filter(|call| due(call.deadline()));
                actions.extend(calls.map(|call| Action::Fire(node, call.id.clone())));
                actions.extend(users.iter().map(|user| Action::Look(node, UserId::clone(user))));
            }
        }
        if world.restarts > 0 {
            actions.push(Action::Restart);
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
        let mut all = always!(I3 I6 I7 I8 I9 I10 I11 I12 I13 I14 I15 I16 I18 I19 I20 I21 I33);
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
            Action::Reload(index, true) => {
                format!("{} is loaded anew, and has said that it goes", name(index))
            }
            Action::Reload(index, false) => format!("{} is loaded anew", name(index)),
            Action::Notice(index) => format!("the server notices that {} is cut off", name(index)),
            Action::Return(index) => format!("{} comes back", name(index)),
            Action::Restart => "the server forgets everything".to_owned(),
            Action::Look(node, user) => format!("node {node} looks at the deadline of {}", user.as_str()),
            Action::Step(node) => format!("node {node} goes on"),
            Action::Fire(node, call) => format!("node {node} looks at the deadline of {}", call.as_str()),
            Action::Wait => "time passes until something is due".to_owned(),
            Action::Try => "everything else is tried".to_owned(),
        }
    }
}
