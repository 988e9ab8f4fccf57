//! One device of [`crate::net`]: an app, its session, and its browser.

use std::collections::VecDeque;

use lumencall_core::session::{Action, ClientSession, Event, Ticket};
use lumencall_core::wire::{ConnectionState, DescriptionType, Private, write_client_frame};
use lumencall_core::{CallId, DeviceId, Millis, UserId};

use crate::browser::{Connection, Outcome};
use crate::lines;
use crate::server::{Server, Socket};
use crate::solo::{CHANCE, TIMEOUT};
use crate::values::{local_candidate, read_sdp, sdp_of, user};
use crate::watch::Watch;

/// One device: an app, its session, and its browser.
#[derive(Debug)]
pub(crate) struct Party {
    /// `bob/1`: whose it is, and which.
    pub(crate) name: &'static str,
    pub(crate) session: ClientSession,
    pub(crate) watch: Watch,
    /// What the app heard, a line each.
    pub(crate) heard: Vec<String>,
    /// What became of the app's commands, a line each.
    pub(crate) settled: Vec<String>,
    /// Whether its browser fails at every description.
    pub(crate) broken: bool,
    /// How many candidates it gathers for a description.
    pub(crate) candidates: usize,
    /// What the browser keeps for the page that comes after this one.
    pub(crate) identity: Option<(DeviceId, Private)>,
    pub(crate) socket: Option<Socket>,
    /// Whether no socket can be opened.
    pub(crate) offline: bool,
    pub(crate) up: VecDeque<(Socket, Sent)>,
    pub(crate) jobs: VecDeque<Job>,
    pub(crate) peers: Vec<Peer>,
    /// How many descriptions it has made.
    pub(crate) described: u32,
    /// How many offers of its own gave way to one of the other's.
    pub(crate) yielded: u32,
    /// Whether a description failed here, so that a connection may be in no order.
    pub(crate) spoilt: bool,
    pub(crate) names: Vec<(Ticket, &'static str)>,
}

#[derive(Debug)]
pub(crate) enum Sent {
    Frame(String),
    Close { goodbye: bool },
}

/// A peer connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) call: CallId,
    pub(crate) user: UserId,
    pub(crate) connection: Connection,
    /// Whether a description was made here.
    pub(crate) described: bool,
    /// Whether a path to the other is known.
    pub(crate) reachable: bool,
    pub(crate) connected: bool,
    /// The generation of theirs in which it was lost; nothing where it stands.
    pub(crate) lost: Option<String>,
    /// Whether no other generation finds a path.
    pub(crate) severed: bool,
    /// The generations of theirs that candidates were refused of, since no description named them.
    strays: Vec<String>,
}

/// Something that a browser is about to do.
#[derive(Debug)]
pub(crate) enum Job {
    OpenSocket,
    /// The next operation of a peer connection.
    Operate {
        call: CallId,
        user: UserId,
    },
    /// It looks whether a negotiation is needed.
    Look {
        call: CallId,
        user: UserId,
    },
    Gather {
        call: CallId,
        user: UserId,
        text: String,
    },
    Connection {
        call: CallId,
        user: UserId,
        state: ConnectionState,
    },
}

impl Peer {
    fn describe(&mut self, jobs: &mut VecDeque<Job>) {
        self.connection.describe();
        jobs.push_back(Job::Operate { call: self.call.clone(), user: self.user.clone() });
    }
}

impl Job {
    /// The peer connection that it is about.
    const fn peer(&self) -> Option<(&CallId, &UserId)> {
        match self {
            Self::OpenSocket => None,
            Self::Operate { call, user }
            | Self::Look { call, user }
            | Self::Gather { call, user, .. }
            | Self::Connection { call, user, .. } => Some((call, user)),
        }
    }
}

impl Party {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            session: ClientSession::new(Some(user_of(name)), TIMEOUT, CHANCE),
            watch: Watch::new(),
            heard: Vec::new(),
            settled: Vec::new(),
            broken: false,
            candidates: 2,
            identity: None,
            socket: None,
            offline: false,
            up: VecDeque::new(),
            jobs: VecDeque::new(),
            peers: Vec::new(),
            described: 0,
            yielded: 0,
            spoilt: false,
            names: Vec::new(),
        }
    }

    /// Whom it is connected to.
    pub(crate) fn connected_to(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.peers.iter().filter(|peer| peer.connected).map(|peer| peer.user.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// Whether nothing of the browser is in use.
    pub(crate) fn is_idle(&self) -> bool {
        self.peers.is_empty() && !self.watch.is_inside()
    }

    /// Carries out what the session asks for.
    pub(crate) fn drain(&mut self) {
        while let Some(action) = self.session.poll_action() {
            self.watch.saw(&action);
            self.carry_out(action);
        }
        self.watch.drained(self.session.resumable());
        for peer in &mut self.peers {
            let (call, user) = (peer.call.clone(), peer.user.clone());
            let stands = peer.reachable && peer.described;
            if stands && !std::mem::replace(&mut peer.connected, true) {
                let (call, user) = (call.clone(), user.clone());
                self.jobs.push_back(Job::Connection { call, user, state: ConnectionState::Connected });
            }
            let look = || Job::Look { call: call.clone(), user: user.clone() };
            self.jobs.extend(std::iter::repeat_with(look).take(peer.connection.take_looks()));
        }
    }

    /// The browser does what it is to do next.
    pub(crate) fn work(&mut self, server: &mut Server, now: Millis) {
        let (session, watch) = (&mut self.session, &mut self.watch);
        match self.jobs.pop_front().expect("the browser has something to do") {
            Job::OpenSocket if self.offline => {
                watch.socket_closed();
                session.handle_socket_closed(now, 1006);
            }
            Job::OpenSocket => {
                self.socket = Some(server.socket(user_of(self.name)));
                watch.socket_opened();
                session.handle_socket_open();
            }
            Job::Operate { call, user } => {
                let peer = self.peers.iter_mut().find(|peer| peer.call == call && peer.user == user);
                let Some(peer) = peer else { return };
                if self.broken {
                    self.spoilt = true;
                    let kind = peer.connection.fail();
                    session.handle_negotiation_failed(&call, &user, kind);
                    return self.drain();
                }
                let ufrag = format!("{}.{}", self.name, self.described + 1);
                match peer.connection.run(ufrag) {
                    Outcome::Made(kind, sdp) => {
                        self.described += 1;
                        peer.described = true;
                        let text = sdp_of(&sdp).into();
                        session.handle_local_description(now, &call, &user, kind, text, None);
                    }
                    Outcome::Applied(kind) => {
                        let newest = peer.connection.their_ufrags().next().expect("one was applied");
                        let refused = peer.strays.iter().any(|stray| stray == newest);
                        assert!(!refused, "I20: candidates came before {newest} was applied");
                        watch.described(&call, &user);
                        session.handle_remote_described(&call, &user);
                        if kind == DescriptionType::Offer {
                            peer.describe(&mut self.jobs);
                        }
                    }
                    Outcome::InvalidState => panic!("{}: InvalidStateError: {peer:?}", self.name),
                }
                if let Some(ufrag) = peer.connection.take_gathers() {
                    self.jobs.extend((1..=self.candidates).map(|number| {
                        let text = format!("{number} of {ufrag}");
                        Job::Gather { call: call.clone(), user: user.clone(), text }
                    }));
                }
                self.yielded += std::mem::take(&mut peer.connection.yielded);
            }
            Job::Look { call, user } => {
                let peer = self.peers.iter_mut().find(|peer| peer.call == call && peer.user == user);
                if peer.is_some_and(|peer| peer.connection.look()) {
                    session.handle_negotiation_needed(&call, &user);
                }
            }
            Job::Gather { call, user, text } => {
                session.handle_local_candidate(local_candidate(call.as_str(), user.as_str(), &text));
            }
            Job::Connection { call, user, state } => {
                session.handle_connection(now, &call, &user, state);
            }
        }
        self.drain();
    }

    pub(crate) fn peer(&mut self, call: &CallId, user: &UserId) -> &mut Peer {
        let peer = self.peers.iter_mut().find(|peer| peer.call == *call && peer.user == *user);
        peer.expect("there is a peer connection")
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::OpenSocket => self.jobs.push_back(Job::OpenSocket),
            Action::CloseSocket { goodbye } => {
                self.jobs.retain(|job| !matches!(job, Job::OpenSocket));
                self.up.extend(self.socket.take().map(|socket| (socket, Sent::Close { goodbye })));
            }
            Action::Send(frame) => {
                let socket = self.socket.expect("there is a socket to send on");
                self.up.push_back((socket, Sent::Frame(write_client_frame(&frame))));
            }
            Action::KeepIdentity { device, secret } => self.identity = Some((device, secret)),
            Action::ForgetIdentity => self.identity = None,
            Action::UseIceServers(_) | Action::RenewToken | Action::Log { .. } => {}
            Action::Settle { ticket, .. } => {
                let known = self.names.iter().find(|(known, _)| *known == ticket);
                let name = known.expect("the command was given").1;
                self.settled.extend(lines::line(&action, |_| name));
            }
            Action::Emit(event) => {
                if !matches!(event, Event::Link(_)) {
                    self.heard.push(lines::heard(&event));
                }
            }
            Action::OpenPeer { call, user, .. } => {
                self.peers.push(Peer {
                    call,
                    user,
                    connection: Connection::new(),
                    described: false,
                    reachable: false,
                    connected: false,
                    lost: None,
                    severed: false,
                    strays: Vec::new(),
                });
            }
            Action::RestartIce { call, user } => self.peer(&call, &user).connection.restart_ice(),
            Action::Offer { call, user } => {
                let peer = self.peers.iter_mut().find(|peer| peer.call == call && peer.user == user);
                peer.expect("there is a peer connection").describe(&mut self.jobs);
            }
            Action::Answer { call, user, offer, .. } => {
                let offer = read_sdp(offer.reveal());
                self.peer(&call, &user).connection.set_remote(DescriptionType::Offer, offer);
                self.jobs.push_back(Job::Operate { call, user });
            }
            Action::ApplyAnswer { call, user, answer, .. } => {
                let answer = read_sdp(answer.reveal());
                self.peer(&call, &user).connection.set_remote(DescriptionType::Answer, answer);
                self.jobs.push_back(Job::Operate { call, user });
            }
            Action::AddCandidate { candidate, user } => {
                let peer = self.peer(&candidate.call_id, &user);
                let (_, of) = candidate.candidate.reveal().split_once(" of ").expect("it was gathered here");
                assert!(peer.connection.their_ufrags().next().is_some(), "I20: a description was applied");
                if !peer.connection.their_ufrags().any(|known| known == of) {
                    // One of a generation that was rolled back, or has been replaced.
                    return peer.strays.push(of.to_owned());
                }
                peer.reachable = true;
                let is_new = peer.connection.their_ufrags().next() == Some(of);
                if is_new && !peer.severed && peer.lost.take_if(|lost| lost != of).is_some() {
                    let call = candidate.call_id;
                    self.jobs.push_back(Job::Connection { call, user, state: ConnectionState::Connected });
                }
            }
            Action::ClosePeer { call, user } => {
                self.peers.retain(|peer| peer.call != call || peer.user != user);
                self.jobs.retain(|job| job.peer() != Some((&call, &user)));
            }
            Action::Release { call } => {
                self.peers.retain(|peer| peer.call != call);
                self.jobs.retain(|job| job.peer().is_none_or(|(of, _)| *of != call));
            }
        }
    }
}

/// Whose device this is.
pub(crate) fn user_of(name: &str) -> UserId {
    user(name.split_once('/').expect("a device is named user/device").0)
}
