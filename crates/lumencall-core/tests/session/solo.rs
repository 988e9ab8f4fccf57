//! One session, whose server and browser the test is.

use lumencall_core::session::{Action, ClientSession, Event, Link, Ticket};
use lumencall_core::wire::{
    CallInitiate, Command, ConnectionState, Description, DescriptionType, Evidence, ServerEvent, ServerFrame,
    ServerMessage, read_server_frame, write_server_frame,
};
use lumencall_core::{CallState, Millis};

use crate::lines;
use crate::values::{call_id, initiate, local_candidate, sdp, state, toggle, user, welcome_of};
use crate::watch::Watch;

/// How long a command may wait for its reply.
pub(crate) const TIMEOUT: Millis = 10_000;

/// A number like any other.
pub(crate) const CHANCE: u32 = 4_711;

/// No line.
pub(crate) const NOTHING: [&str; 0] = [];

/// A session. Each method is an input, and returns what the session asks for in turn, a line each.
#[derive(Debug)]
pub(crate) struct Solo {
    pub(crate) session: ClientSession,
    pub(crate) watch: Watch,
    pub(crate) now: Millis,
    pub(crate) seq: u32,
    /// The descriptions that were sent.
    pub(crate) sent: Vec<Description>,
    /// What the last change of a state was concluded from.
    pub(crate) evidence: Option<Evidence>,
    names: Vec<(Ticket, &'static str)>,
}

impl Solo {
    /// A session that is not connected.
    pub(crate) fn new(name: &str) -> Self {
        let session = ClientSession::new(Some(user(name)), TIMEOUT, CHANCE);
        Self {
            session,
            watch: Watch::new(),
            now: 1000,
            seq: 0,
            sent: Vec::new(),
            evidence: None,
            names: Vec::new(),
        }
    }

    /// A session that is connected.
    pub(crate) fn connected(name: &str) -> Self {
        let mut solo = Self::new(name);
        solo.connect();
        solo.socket_opens();
        solo.gets(welcome_of(name));
        assert_eq!(solo.session.link(), Link::Open);
        solo
    }

    fn drain(&mut self) -> Vec<String> {
        let mut seen = Vec::new();
        while let Some(action) = self.session.poll_action() {
            self.watch.saw(&action);
            if let Action::Send(frame) = &action
                && let Command::Offer(description) | Command::Answer(description) = &frame.command
            {
                self.sent.push(description.clone());
            }
            if let Action::Emit(Event::Call(ServerEvent::StateChanged(changed))) = &action {
                self.evidence = changed.evidence.clone();
            }
            let name = |ticket| {
                self.names.iter().find(|(known, _)| *known == ticket).expect("the command was given").1
            };
            seen.extend(lines::line(&action, name));
        }
        self.watch.drained(self.session.resumable());
        seen
    }

    /// An input.
    pub(crate) fn does(&mut self, input: impl FnOnce(&mut ClientSession)) -> Vec<String> {
        input(&mut self.session);
        self.drain()
    }

    fn order(
        &mut self,
        name: &'static str,
        command: impl FnOnce(&mut ClientSession, Millis) -> Ticket,
    ) -> Vec<String> {
        let ticket = command(&mut self.session, self.now);
        self.watch.ordered(ticket);
        self.names.push((ticket, name));
        self.drain()
    }

    pub(crate) fn connect(&mut self) -> Vec<String> {
        self.order("connect", ClientSession::connect)
    }

    pub(crate) fn socket_opens(&mut self) -> Vec<String> {
        self.watch.socket_opened();
        self.does(ClientSession::handle_socket_open)
    }

    /// The socket breaks.
    pub(crate) fn socket_closes(&mut self) -> Vec<String> {
        self.socket_closes_with(1006)
    }

    /// The server closes the socket with this code, or it breaks.
    pub(crate) fn socket_closes_with(&mut self, code: u16) -> Vec<String> {
        self.watch.socket_closed();
        let now = self.now;
        self.does(|session| session.handle_socket_closed(now, code))
    }

    /// The session finds the socket gone, and opens another that greets. Returns what it greets with.
    pub(crate) fn comes_back(&mut self) -> Vec<String> {
        assert_eq!(self.session.link(), Link::Lost);
        let latest = self.now + 5_000;
        while !self.waits(1).contains(&"open-socket".to_owned()) {
            assert!(self.now <= latest, "it is not tried again");
        }
        self.socket_opens()
    }

    pub(crate) fn rejoin(&mut self, call: &str) -> Vec<String> {
        self.watch.takes_up(&call_id(call));
        self.order("rejoin", |session, now| session.rejoin(now, &call_id(call)))
    }

    pub(crate) fn initiate(&mut self, callee: &str) -> Vec<String> {
        self.initiate_several(&[callee])
    }

    pub(crate) fn initiate_several(&mut self, callees: &[&str]) -> Vec<String> {
        self.initiate_as(initiate(callees))
    }

    pub(crate) fn initiate_as(&mut self, request: CallInitiate) -> Vec<String> {
        self.order("initiate", |session, now| session.initiate(now, request))
    }

    pub(crate) fn add(&mut self, call: &str, who: &str) -> Vec<String> {
        self.order("add", |session, now| session.add_participant(now, &call_id(call), user(who)))
    }

    pub(crate) fn remove(&mut self, call: &str, who: &str) -> Vec<String> {
        self.order("remove", |session, now| session.remove_participant(now, &call_id(call), user(who)))
    }

    pub(crate) fn accept(&mut self, call: &str) -> Vec<String> {
        self.watch.consents(&call_id(call));
        self.order("accept", |session, now| session.accept(now, &call_id(call)))
    }

    pub(crate) fn reject(&mut self, call: &str) -> Vec<String> {
        self.order("reject", |session, now| session.reject(now, &call_id(call)))
    }

    pub(crate) fn hangup(&mut self, call: &str) -> Vec<String> {
        self.order("hangup", |session, now| session.hangup(now, &call_id(call)))
    }

    /// The microphone goes on or off.
    pub(crate) fn toggle(&mut self, call: &str, audio: bool) -> Vec<String> {
        self.order("toggle", |session, now| session.toggle_media(now, toggle(call, audio)))
    }

    /// The server's next message comes, numbered where it has to be.
    pub(crate) fn gets(&mut self, message: ServerMessage) -> Vec<String> {
        let seq = match (&message, self.session.link()) {
            (ServerMessage::Welcome(welcome), Link::Opening | Link::Lost) => {
                if !welcome.resumed {
                    self.seq = 0;
                }
                None
            }
            (ServerMessage::Error(_), Link::Opening | Link::Lost) => None,
            _ => {
                self.seq += 1;
                Some(self.seq)
            }
        };
        self.gets_numbered(seq, message)
    }

    /// A message comes with this number.
    pub(crate) fn gets_numbered(&mut self, seq: Option<u32>, message: ServerMessage) -> Vec<String> {
        if let ServerMessage::Event(ServerEvent::Offer(offer)) = &message
            && let (Some(from), None) = (&offer.from_user_id, offer.round)
        {
            self.watch.offered_uncounted(&offer.call_id, from);
        }
        let text = write_server_frame(&ServerFrame { seq, message });
        let frame = read_server_frame(&text).expect("the server's frames can be read");
        let now = self.now;
        self.does(|session| session.handle_frame(now, frame))
    }

    /// A frame comes that cannot be read. It has a number all the same.
    pub(crate) fn gets_nonsense(&mut self) -> Vec<String> {
        self.seq += 1;
        self.does(ClientSession::handle_bad_frame)
    }

    /// The browser has made this description, and applied it.
    pub(crate) fn describes(
        &mut self,
        call: &str,
        to: &str,
        kind: DescriptionType,
        sdp: &str,
    ) -> Vec<String> {
        let now = self.now;
        self.does(|session| {
            session.handle_local_description(now, &call_id(call), &user(to), kind, sdp.into(), None);
        })
    }

    /// The browser has made this offer.
    pub(crate) fn offers(&mut self, call: &str, to: &str, name: &str) -> Vec<String> {
        self.describes(call, to, DescriptionType::Offer, &sdp(name))
    }

    /// The browser would make an offer that is too large.
    pub(crate) fn would_offer_too_much(&mut self, call: &str, to: &str) -> Vec<String> {
        self.watch.not_offered(&call_id(call), &user(to));
        self.does(|session| session.handle_oversized_offer(&call_id(call), &user(to)))
    }

    /// The browser has made this answer.
    pub(crate) fn answers(&mut self, call: &str, to: &str, name: &str) -> Vec<String> {
        self.describes(call, to, DescriptionType::Answer, &sdp(name))
    }

    /// The browser has applied a description of the other's.
    pub(crate) fn applies(&mut self, call: &str, from: &str) -> Vec<String> {
        self.watch.described(&call_id(call), &user(from));
        self.does(|session| session.handle_remote_described(&call_id(call), &user(from)))
    }

    /// The browser has gathered a candidate.
    pub(crate) fn gathers(&mut self, call: &str, to: &str, text: &str) -> Vec<String> {
        self.does(|session| session.handle_local_candidate(local_candidate(call, to, text)))
    }

    /// The peer connection stands so.
    pub(crate) fn stands(&mut self, call: &str, user_name: &str, state: ConnectionState) -> Vec<String> {
        let now = self.now;
        self.does(|session| session.handle_connection(now, &call_id(call), &user(user_name), state))
    }

    /// The browser could not make an offer, or not make an answer or use a description.
    pub(crate) fn cannot_negotiate(&mut self, call: &str, with: &str, kind: DescriptionType) -> Vec<String> {
        self.does(|session| session.handle_negotiation_failed(&call_id(call), &user(with), kind))
    }

    /// The descriptions that were sent since this was asked last: which, with what number, and whether in place of others.
    pub(crate) fn rounds(&mut self) -> Vec<(DescriptionType, Option<u32>, Option<bool>)> {
        self.sent.drain(..).map(|sent| (sent.kind, sent.round, sent.renegotiation)).collect()
    }

    /// The browser has something to describe anew.
    pub(crate) fn needs(&mut self, call: &str, with: &str) -> Vec<String> {
        self.does(|session| session.handle_negotiation_needed(&call_id(call), &user(with)))
    }

    /// The browser says that there is a network, or none.
    pub(crate) fn network(&mut self, online: bool) -> Vec<String> {
        let now = self.now;
        self.does(|session| session.handle_network(now, online))
    }

    /// Time passes, in which the server is heard of often enough.
    pub(crate) fn waits_heard(&mut self, time: Millis) -> Vec<String> {
        let end = self.now + time;
        let mut seen = Vec::new();
        while self.now < end {
            self.gets(state("call-9", CallState::Ringing));
            seen.extend(self.waits(10_000.min(end - self.now)));
        }
        seen
    }

    /// Time passes; the timer fires when the session wants it.
    pub(crate) fn waits(&mut self, time: Millis) -> Vec<String> {
        let end = self.now + time;
        let mut seen = Vec::new();
        while let Some(at) = self.session.poll_timeout().filter(|at| *at <= end) {
            self.now = at;
            seen.extend(self.does(|session| session.handle_timeout(at)));
            let again = self.session.poll_timeout();
            assert!(again.is_none_or(|again| again > at), "the timer would fire for ever");
        }
        self.now = end;
        seen
    }

    /// What the session knows of its calls: id and state.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.session.calls().map(|call| format!("{} {}", call.id.as_str(), call.state.as_str())).collect()
    }
}
