//! What a fuzzer feeds with bytes: the reading of frames, and the server, which is looked at as in the simulation.

use lumencall_core::machine::{Device, Dialect, Input, Origin};
use lumencall_core::wire::{
    CallRespond, ClientFrame, Command, ConnectionReport, ConnectionState, Description, DescriptionType,
    Hangup, IceCandidate, MediaToggle, Nothing, ParticipantChoice, Private, Rejoin, RespondAction,
    ServerMessage, SessionOpen, SessionResume, read_client_frame, read_server_frame, write_client_frame,
    write_server_frame,
};
use lumencall_core::{CallId, DeviceId, Millis, UserId};

use super::histogram::Histogram;
use super::server::{Down, Server};
use super::values;
use super::violation::attempt;

/// How many users there are, each with a device of either dialect.
const USERS: u8 = 5;

/// Reads the bytes as a frame of either side. What can be read is written as something that reads the same.
///
/// Returns which of the two can be read.
///
/// # Panics
/// When what was written reads otherwise.
pub fn frames(bytes: &[u8]) -> (bool, bool) {
    let Ok(text) = str::from_utf8(bytes) else { return (false, false) };
    let client = read_client_frame(text).ok();
    if let Some(frame) = &client {
        let written = write_client_frame(frame);
        let again = read_client_frame(&written);
        assert!(again.as_ref() == Ok(frame), "{text} is written as {written}");
        assert_eq!(again.map(|again| write_client_frame(&again)).ok(), Some(written));
    }
    let server = read_server_frame(text).ok();
    if let Some(frame) = &server {
        let written = write_server_frame(frame);
        let again = read_server_frame(&written);
        assert!(again.as_ref() == Ok(frame), "{text} is written as {written}");
        assert_eq!(again.map(|again| write_server_frame(&again)).ok(), Some(written));
    }
    (client.is_some(), server.is_some())
}

/// How many frames a mailbox holds: few enough that a run can get to its end.
const MAILBOX: usize = 16;

/// Takes the bytes for what comes to a server, four for each input, and returns what happened. At the end everybody goes.
///
/// # Panics
/// When something does not hold.
pub fn decisions(bytes: &[u8]) -> Histogram {
    let run = || {
        let mut world = World { server: Server::at(1, MAILBOX), ends: Vec::new(), sockets: 0 };
        world.ends.resize_with(usize::from(2 * USERS), End::default);
        for word in bytes.chunks_exact(4) {
            world.comes([word[0], word[1], word[2], word[3]]);
            world.hear();
        }
        for number in 0..2 * USERS {
            world.close(number, number % 4 == 0);
        }
        // Those who are not there ring, and are waited for, until their time has come.
        while let Some(at) = world.server.deadline() {
            world.server.clock = at.max(world.server.clock);
            world.server.look();
        }
        let server = world.server;
        super::violation::holds!("I29", server.is_at_rest(), "{server:?}");
        server.histogram
    };
    attempt(run).unwrap_or_else(|violation| panic!("{} does not hold: {}", violation.line, violation.text))
}

/// The server, and the other ends of its sockets.
#[derive(Debug)]
struct World {
    server: Server,
    ends: Vec<End>,
    sockets: u64,
}

/// What a client knows of itself.
#[derive(Debug, Default)]
struct End {
    socket: Option<u64>,
    /// Who it was, the last time that it was told.
    identity: Option<(DeviceId, Private)>,
    /// The number of the last frame that it has.
    seq: u32,
}

/// The user of the client with this number, and what it speaks.
fn user(number: u8) -> (UserId, Dialect) {
    let number = number % (2 * USERS);
    let dialect = if number.is_multiple_of(2) { Dialect::Sdk } else { Dialect::Seed };
    (values::user_id(&format!("u{}", number / 2)), dialect)
}

impl World {
    fn end(&mut self, number: u8) -> &mut End {
        &mut self.ends[usize::from(number % (2 * USERS))]
    }

    /// The device of a client; one that nobody has, where the client has no socket.
    fn origin(&mut self, number: u8) -> Origin {
        let socket = self.end(number).socket;
        let known = socket.and_then(|socket| self.server.origin(socket));
        known.unwrap_or_else(|| {
            let (user, dialect) = user(number);
            let id = DeviceId::new(format!("d{}", number % (2 * USERS))).expect("it is short and not empty");
            Origin { user, device: Device { id, dialect } }
        })
    }

    /// What was sent arrives, or is lost where nobody has the socket.
    fn hear(&mut self) {
        for (socket, down) in std::mem::take(&mut self.server.sent) {
            let Some(end) = self.ends.iter_mut().find(|end| end.socket == Some(socket)) else { continue };
            match down {
                Down::Close(_) => end.socket = None,
                Down::Frame(text) => {
                    let frame = match read_server_frame(&text) {
                        Ok(frame) => frame,
                        Err(error) => super::violation::violated("codec", format!("{error}: {text}")),
                    };
                    if let ServerMessage::Welcome(welcome) = frame.message {
                        if !welcome.resumed {
                            end.seq = 0;
                        }
                        end.identity = Some((welcome.device_id, welcome.secret));
                    }
                    if let Some(seq) = frame.seq {
                        super::violation::holds!("I18", seq == end.seq + 1, "{seq} comes after {}", end.seq);
                        end.seq = seq;
                    }
                }
            }
        }
    }

    fn close(&mut self, number: u8, goodbye: bool) {
        if let Some(socket) = self.end(number).socket.take() {
            self.server.close(socket, goodbye);
        }
    }

    /// The client opens a socket, in the place of the one that it has, and goes on with its session, or as another page, or as
    /// nobody. The server may not know yet that the one before is gone.
    fn open(&mut self, number: u8, how: u8) {
        if !how.is_multiple_of(3) {
            self.close(number, false);
        }
        self.sockets += 1;
        let (socket, (user, dialect)) = (self.sockets, user(number));
        let end = self.end(number);
        let before = end.socket.replace(socket);
        let seq = [Some(end.seq), None][usize::from(how / 3 % 2)];
        let identity = end.identity.clone().filter(|_| !(how / 6).is_multiple_of(4));
        if dialect == Dialect::Seed
            && let Some(before) = before
        {
            self.server.close(before, false);
        }
        let name = format!("d{}", number % (2 * USERS));
        self.server.open(socket, &name, &user, dialect);
        if dialect == Dialect::Sdk {
            let (device_id, resume) = match identity {
                Some((device, secret)) => (Some(device), Some(SessionResume { secret, last_seq: seq })),
                None => {
                    if let Some(before) = before {
                        self.server.close(before, false);
                    }
                    (None, None)
                }
            };
            self.say(number, None, Command::Open(SessionOpen { device_id, resume }));
        }
    }

    fn say(&mut self, number: u8, id: Option<u32>, command: Command) {
        if let Some(socket) = self.end(number).socket {
            self.server.receive(socket, &write_client_frame(&ClientFrame { id, command }), None);
        }
    }

    /// One of the calls that there are, and now and then one that is not.
    fn call(&self, number: u8) -> CallId {
        let calls = &self.server.calls;
        let call = calls.keys().nth(usize::from(number) % (calls.len() + 1));
        call.cloned().unwrap_or_else(|| values::call_id("call-1"))
    }

    fn comes(&mut self, [what, who, one, two]: [u8; 4]) {
        let call_id = self.call(one);
        let user = user(two).0;
        let respond = |call_id, action| Command::Respond(CallRespond { call_id, action });
        let command = match what % 28 {
            0..2 => {
                let callees =
                    (0..USERS).filter(|bit| (one & 31) >> bit & 1 == 1).map(|bit| self::user(2 * bit).0);
                Command::Initiate(values::initiate(callees.collect(), two % 2 == 0))
            }
            2..4 => Command::Initiate(values::initiate(vec![user], one % 2 == 0)),
            4..7 => respond(call_id, RespondAction::Accept),
            7 => respond(call_id, RespondAction::Reject),
            8 => Command::Hangup(Hangup { call_id }),
            9 => Command::AddParticipant(ParticipantChoice { call_id, user_id: user }),
            10 => Command::RemoveParticipant(ParticipantChoice { call_id, user_id: user }),
            11 => {
                let flag = |bits: u8| [None, Some(false), Some(true)][usize::from(bits % 3)];
                Command::MediaToggle(MediaToggle {
                    call_id,
                    audio: flag(two),
                    video: flag(two / 3),
                    screen_share: flag(two / 9),
                })
            }
            12 => {
                let mut offer =
                    values::description(&call_id, &user, DescriptionType::Offer, values::sdp("o"));
                offer.sealed = (two >= 128).then_some(true);
                offer.incarnation = incarnation(one);
                Command::Offer(offer)
            }
            13 => {
                let answer = values::description(&call_id, &user, DescriptionType::Answer, values::sdp("a"));
                Command::Answer(Description { incarnation: incarnation(one), ..answer })
            }
            14 => Command::Candidate(IceCandidate {
                incarnation: incarnation(one),
                ..values::candidate(&call_id, &user, 1, "o")
            }),
            15..17 => {
                let state = ConnectionState::ALL[usize::from(what / 28) % 3];
                let incarnation = incarnation(one);
                Command::Report(ConnectionReport { call_id, peer_user_id: user, state, incarnation })
            }
            17..20 => return self.open(who, one),
            20 => return self.close(who, one % 2 == 0),
            21 => {
                let until = self.server.clock + Millis::from(one) * Millis::from(two);
                while let Some(at) = self.server.deadline().filter(|at| *at <= until) {
                    self.server.clock = at.max(self.server.clock);
                    self.server.look();
                }
                return self.server.clock = until;
            }
            22 => return self.server.fire(call_id),
            23 => {
                let device = self.origin(who);
                // A client of the seed that is gone has left.
                let goodbye = device.device.dialect == Dialect::Seed;
                return self.server.inject(Input::LoseDevice { call: call_id, device, goodbye });
            }
            24 if one % 2 == 0 => {
                let device = self.origin(who);
                return self.server.inject(Input::RingDevice { call: call_id, device });
            }
            24 => return self.server.inject(Input::Engaged { call: call_id, user }),
            25 => Command::Rejoin(Rejoin { call_id }),
            26 => Command::Suspend(Nothing {}),
            _ => {
                let socket = self.end(who).socket;
                let seq = self.end(who).seq;
                if let Some(socket) = socket {
                    self.server.acknowledge(socket, seq.min(one.into()));
                }
                return;
            }
        };
        // Half of the commands have a number, and some have that of another.
        self.say(who, (what >= 128).then_some(u32::from(two)), command);
    }
}

/// Mostly the first, which has no number.
fn incarnation(drawn: u8) -> Option<u32> {
    Some(u32::from(drawn >> 6)).filter(|number| *number > 0)
}
