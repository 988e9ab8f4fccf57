//! Devices, the server, and the network between them, with a clock of their own.
//!
//! Whatever is to happen stands in a queue by its time. A network delays: frames of one socket stay in their order, those
//! of two do not. How long, hangs on the seed, the socket and the frame's number alone.

mod asks;
mod network;
mod work;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use lumencall_core::Millis;
use lumencall_core::machine::Origin;

pub(super) use network::Break;

use super::browser::{Job, Made};
use super::chance::draw;
use super::device::{Client, Device, Want};
use super::schedule::{Act, Cast, Step};
use super::server::{Down, Server};
use super::values;

/// Where the clocks begin, so that one that is behind is not before its beginning.
const BEGINNING: Millis = 10 * 24 * 3_600_000;

/// What is to happen.
#[derive(Debug)]
pub(super) enum What {
    Step(Step),
    Want {
        device: usize,
        want: Want,
    },
    /// A socket opens, or cannot be opened.
    Opens {
        device: usize,
        attempt: u64,
    },
    Refused {
        device: usize,
        attempt: u64,
    },
    Up {
        device: usize,
        socket: u64,
        sent: Sent,
    },
    Down {
        device: usize,
        socket: u64,
        down: Down,
    },
    Browser {
        device: usize,
        peer: u64,
        job: Job,
    },
    /// The server notices that a socket is dead.
    Noticed(u64),
    /// The device notices so.
    Broken {
        device: usize,
        socket: u64,
    },
    /// A page that was loaded anew connects.
    Loaded {
        device: usize,
        page: u32,
    },
}

#[derive(Debug)]
pub(super) enum Sent {
    Frame {
        text: String,
        knew_answered: Option<bool>,
    },
    /// The device has had the frames up to this number.
    Pong(u32),
    Close {
        goodbye: bool,
    },
}

/// See the module.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) clock: Millis,
    pub(super) server: Server,
    pub(super) devices: Vec<Device>,
    queue: BTreeMap<(Millis, u64), What>,
    queued: u64,
    /// How many frames and steps of browsers are on their way.
    flying: usize,
    sockets: u64,
    /// Until when the server is not there.
    down_until: Millis,
    peers: u64,
    /// The descriptions that sessions of the SDK have made, by their names.
    made: BTreeMap<String, Made>,
    /// How many things have happened.
    pub(super) events: u64,
    digest: DefaultHasher,
    /// What happened, a line each; nothing where nobody asked.
    pub(super) trace: Option<Vec<String>>,
}

/// How the clocks of a run are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clocks {
    /// Each device's is a day off at most, and the server's wall clock is set anew now and then.
    Wrong,
    /// All are right.
    Right,
}

impl World {
    pub(super) fn new(seed: u64, cast: &Cast, steps: &[Step], clocks: Clocks) -> Self {
        let mut world = Self {
            seed,
            clock: BEGINNING,
            server: Server::at(BEGINNING, mailbox(seed)),
            devices: Vec::new(),
            queue: BTreeMap::new(),
            queued: 0,
            flying: 0,
            sockets: 0,
            down_until: 0,
            peers: 0,
            made: BTreeMap::new(),
            events: 0,
            digest: DefaultHasher::new(),
            trace: None,
        };
        for (number, kinds) in cast.users.iter().enumerate() {
            for (index, kind) in kinds.iter().enumerate() {
                let day = 24 * 3_600_000;
                let ahead = match clocks {
                    Clocks::Wrong => draw(&[seed, number as u64, index as u64]) % (2 * day),
                    Clocks::Right => day,
                };
                let user = values::user_id(&format!("u{number}"));
                world.devices.push(Device::new(format!("u{number}/{index}"), user, *kind, ahead));
            }
        }
        for device in 0..world.devices.len() {
            // Most are there from the beginning.
            if !draw(&[seed, 1, device as u64]).is_multiple_of(8) {
                world.connect(device);
            }
        }
        for step in steps {
            if clocks == Clocks::Wrong || step.act != Act::SetWallClock {
                world.queue_at(BEGINNING + step.at, What::Step(*step));
            }
        }
        world
    }

    pub(super) fn queue_at(&mut self, at: Millis, what: What) {
        self.queued += 1;
        self.flying += usize::from(what.flies());
        self.queue.insert((at.max(self.clock), self.queued), what);
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>9} {}", self.clock - BEGINNING, line()));
        }
    }

    /// What hangs on everything that happened, and on no clock but the simulation's.
    pub(super) fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// Everything happens that is to happen until then.
    pub(super) fn run_until(&mut self, end: Millis) {
        let end = BEGINNING + end;
        loop {
            let timers = self.devices.iter().filter_map(|device| match &device.client {
                Client::Sdk(session) => Some(session.poll_timeout()? - device.ahead),
                Client::Plain(_) => None,
            });
            let timer = timers.chain(self.server.deadline()).min();
            let next = self.queue.first_key_value().map(|((at, _), _)| *at);
            let Some(at) = timer.into_iter().chain(next).min().filter(|at| *at <= end) else { break };
            self.clock = at.max(self.clock);
            self.server.clock = self.clock;
            self.events += 1;
            if next.is_some_and(|next| timer.is_none_or(|timer| next < timer)) {
                if let Some((_, what)) = self.queue.pop_first() {
                    self.flying -= usize::from(what.flies());
                    self.happen(what);
                }
            } else {
                self.timers();
            }
            self.post();
            if self.flying == 0 {
                self.agree();
            }
        }
        self.clock = end.max(self.clock);
        self.server.clock = self.clock;
    }

    fn timers(&mut self) {
        if self.server.deadline().is_some_and(|at| at <= self.clock) {
            self.note(|| "the server looks".to_owned());
            self.server.look();
        }
        for index in 0..self.devices.len() {
            let now = self.clock + self.devices[index].ahead;
            if let Client::Sdk(session) = &mut self.devices[index].client
                && session.poll_timeout().is_some_and(|at| at <= now)
            {
                session.handle_timeout(now);
                self.drain(index);
            }
        }
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Step(step) => self.step(&step),
            What::Want { device, want } => self.want(device, want),
            What::Opens { device, attempt } => self.opens(device, attempt),
            What::Refused { device, attempt } => self.refused(device, attempt),
            What::Up { device, socket, sent } => self.arrives(device, socket, sent),
            What::Down { device, socket, down } => self.comes(device, socket, down),
            What::Browser { device, peer, job } => self.work(device, peer, job),
            What::Noticed(socket) => {
                self.note(|| format!("the server notices that socket {socket} is dead"));
                self.server.close(socket, false);
            }
            What::Broken { device, socket } => self.broken(device, socket),
            What::Loaded { device, page } => self.loaded(device, page),
        }
    }

    /// Who a device is to the server, by the socket that it has: nobody while that is not open at both ends.
    pub(super) fn origin(&self, index: usize) -> Option<Origin> {
        self.server.origin(self.devices[index].socket.as_ref()?.number)
    }

    /// The same, where everything that is sent either way arrives.
    pub(super) fn live(&self, index: usize) -> Option<Origin> {
        let socket = self.devices[index].socket.as_ref()?;
        self.server.origin(socket.number).filter(|_| socket.dead == (false, false))
    }
}

impl What {
    /// Whether it is on its way, so that what is known here and there may differ until it is there.
    const fn flies(&self) -> bool {
        match self {
            Self::Up { .. } | Self::Down { .. } | Self::Browser { .. } => true,
            Self::Step(_)
            | Self::Want { .. }
            | Self::Opens { .. }
            | Self::Refused { .. }
            | Self::Noticed(_)
            | Self::Broken { .. }
            | Self::Loaded { .. } => false,
        }
    }
}

/// How many frames a mailbox holds in the run of this seed: in some, few.
fn mailbox(seed: u64) -> usize {
    match draw(&[seed, 8]) {
        drawn if drawn.is_multiple_of(4) => 3 + (drawn >> 32) as usize % 9,
        _ => 256,
    }
}
