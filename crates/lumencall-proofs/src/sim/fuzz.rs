//! What a fuzzer feeds with bytes: the reading of frames, and the server, which is looked at as in the simulation.

use lumencall_core::machine::{Device, Dialect, Input, Origin};
use lumencall_core::wire::{
    CallRespond, ClientFrame, Command, ConnectionReport, ConnectionState, DescriptionType, Hangup,
    MediaToggle, ParticipantChoice, RespondAction, SessionOpen, read_client_frame, read_server_frame,
    write_client_frame, write_server_frame,
};
use lumencall_core::{CallId, DeviceId, Millis};

use super::histogram::Histogram;
use super::server::Server;
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

/// Takes the bytes for what comes to a server, four for each input, and returns what happened. At the end everybody goes.
///
/// # Panics
/// When something does not hold.
pub fn decisions(bytes: &[u8]) -> Histogram {
    let run = || {
        let mut server = Server::at(1);
        for word in bytes.chunks_exact(4) {
            comes(&mut server, [word[0], word[1], word[2], word[3]]);
            server.sent.clear();
        }
        for number in 0..2 * USERS {
            server.close(&origin(number).device.id);
        }
        // Those who are not there ring until their time has come.
        while let Some(at) = server.deadline() {
            server.clock = at.max(server.clock);
            server.look();
        }
        super::violation::holds!("I29", server.is_at_rest(), "{:?} {:?}", server.calls, server.users);
        server.histogram
    };
    attempt(run).unwrap_or_else(|violation| panic!("{} does not hold: {}", violation.line, violation.text))
}

/// The device with this number.
fn origin(number: u8) -> Origin {
    let number = number % (2 * USERS);
    let user = values::user_id(&format!("u{}", number / 2));
    let dialect = if number.is_multiple_of(2) { Dialect::Sdk } else { Dialect::Seed };
    let id = DeviceId::new(format!("d{number}")).expect("it is short and not empty");
    Origin { user, device: Device { id, dialect } }
}

/// One of the calls that there are, and now and then one that is not.
fn call(server: &Server, number: u8) -> CallId {
    let calls = server.calls.len();
    server
        .calls
        .keys()
        .nth(usize::from(number) % (calls + 1))
        .cloned()
        .unwrap_or_else(|| values::call_id("call-1"))
}

fn comes(server: &mut Server, [what, who, one, two]: [u8; 4]) {
    let from = origin(who);
    let call_id = call(server, one);
    let user = origin(two).user;
    let respond = |call_id, action| Command::Respond(CallRespond { call_id, action });
    let command = match what % 24 {
        0..2 => {
            let callees = (0..USERS).filter(|bit| (one & 31) >> bit & 1 == 1).map(|bit| origin(2 * bit).user);
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
            let mut offer = values::description(&call_id, &user, DescriptionType::Offer, values::sdp("o"));
            offer.sealed = (two >= 128).then_some(true);
            Command::Offer(offer)
        }
        13 => {
            Command::Answer(values::description(&call_id, &user, DescriptionType::Answer, values::sdp("a")))
        }
        14 => Command::Candidate(values::candidate(&call_id, &user, 1, "o")),
        15..17 => {
            let state = ConnectionState::ALL[usize::from(what / 24) % 3];
            Command::Report(ConnectionReport { call_id, peer_user_id: user, state, incarnation: None })
        }
        17..19 => {
            server.close(&from.device.id);
            server.open(&from);
            if from.device.dialect == Dialect::Seed {
                return;
            }
            Command::Open(SessionOpen { device_id: None, resume: None })
        }
        19 => return server.close(&from.device.id),
        20 => {
            server.clock += Millis::from(one) * Millis::from(two);
            return server.look();
        }
        21 => return server.fire(call_id),
        22 => return server.inject(Input::LoseDevice { call: call_id, device: from, goodbye: false }),
        _ if one % 2 == 0 => return server.inject(Input::RingDevice { call: call_id, device: from }),
        _ => return server.inject(Input::Engaged { call: call_id, user }),
    };
    // Half of the commands have a number, and some have that of another.
    let id = (what >= 128).then_some(u32::from(two));
    let text = write_client_frame(&ClientFrame { id, command });
    server.receive(&from.device.id, &text, None);
}
