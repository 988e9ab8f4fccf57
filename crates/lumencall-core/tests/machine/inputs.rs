//! Every input in every state, against `inputs.txt`, which says what comes of each.

use std::collections::BTreeSet;

use lumencall_core::machine::{Input, Origin};
use lumencall_core::wire::{Command, ConnectionState, RespondAction};
use lumencall_core::{CallState, UserId};

use crate::say::{self, CLEAN, sdk};
use crate::scene::{CALL, in_state};

/// What comes of each input: a line for an input, a column for a state.
const EXPECTED: &str = include_str!("inputs.txt");

/// What the people of the scene are to the call, and their devices.
const PEOPLE: [(&str, &str); 5] = [
    ("caller", "alice/1"),
    ("caller's other device", "alice/2"),
    ("callee", "bob/1"),
    ("callee's other device", "bob/2"),
    ("stranger", "carol/1"),
];

/// An input and what it is called.
enum Row {
    Says(String, Origin, Command),
    Happens(String, Input),
    /// The timer fires, this long after the deadline or before it.
    Fires(String, i64),
}

#[test]
fn i6_every_input_in_every_state_does_what_the_table_of_inputs_says() {
    let expected: Vec<Vec<&str>> =
        EXPECTED.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
    let states: Vec<&str> = CallState::ALL.iter().map(|state| state.as_str()).collect();
    assert_eq!(expected[0][1..], states, "a column for each state");

    let (mut names, mut wrong) = (vec!["input".to_owned()], Vec::new());
    for row in rows() {
        let cells: Vec<&str> = CallState::ALL.iter().map(|state| outcome(&row, *state)).collect();
        let line = expected.iter().find(|line| line[0] == row.name()).map(|line| &line[1..]);
        if line != Some(&cells[..]) {
            wrong.push(format!("{:<60} | {}", row.name(), cells.join(" | ")));
        }
        names.push(row.name().to_owned());
    }
    assert!(wrong.is_empty(), "these lines differ, or are missing:\n{}", wrong.join("\n"));
    let listed: Vec<&str> = expected.iter().map(|line| line[0]).collect();
    assert_eq!(listed, names, "a line for each input, in their order");
}

#[test]
fn every_kind_of_input_has_a_row() {
    let mut commands = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for row in rows() {
        match row {
            Row::Says(_, _, command) => drop(commands.insert(command.event())),
            Row::Happens(_, input) => drop(kinds.insert(kind(&input))),
            Row::Fires(..) => drop(kinds.insert("deadline")),
        }
    }
    let about_calls = Command::EVENTS.iter().copied().filter(|event| !event.starts_with("session:"));
    assert_eq!(commands, about_calls.collect());
    assert_eq!(kinds.len(), 13, "{kinds:?}");
}

/// A word for each kind of input but commands. Who adds one adds rows for it too, and counts it above.
fn kind(input: &Input) -> &'static str {
    match input {
        Input::Command { .. } => panic!("commands have rows of their own"),
        Input::Meet { .. } => "meet",
        Input::DeviceConnected(_) => "connected",
        Input::DeviceAway { .. } => "away",
        Input::DeviceBack { .. } => "back",
        Input::DeviceGone(_) => "gone",
        Input::UserDeadline(_) => "user-deadline",
        Input::RingAgain { .. } => "ring again",
        Input::MemberAway { .. } => "member away",
        Input::MemberBack { .. } => "member back",
        Input::RingDevice { .. } => "ring",
        Input::LoseDevice { .. } => "lose",
        Input::Engaged { .. } => "engaged",
        Input::Deadline { .. } => "deadline",
    }
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (who, device) in PEOPLE {
        let from = sdk(device);
        let peer = if from.user == say::user("alice") { "bob" } else { "alice" };
        for event in Command::EVENTS {
            rows.extend(
                said(event, peer)
                    .into_iter()
                    .map(|(what, command)| Row::Says(format!("{who}: {what}"), from.clone(), command)),
            );
        }
    }
    for device in ["alice/3", "bob/3", "carol/3"] {
        rows.push(Row::Happens(format!("connected: {device}"), Input::DeviceConnected(sdk(device))));
    }
    for (who, device) in PEOPLE {
        let (call, device) = (say::call(CALL), sdk(device));
        rows.push(Row::Happens(format!("gone: {who}"), Input::DeviceGone(device.clone())));
        rows.push(Row::Happens(
            format!("ring, late: {who}"),
            Input::RingDevice { call: call.clone(), device: device.clone() },
        ));
        let lost = Input::LoseDevice { call, device, goodbye: false };
        rows.push(Row::Happens(format!("lose, not gone: {who}"), lost));
    }
    for (who, device) in PEOPLE {
        rows.extend(absences(who, &sdk(device)));
    }
    for user in ["alice", "bob", "carol"] {
        let name = format!("user deadline, nobody away: {user}");
        rows.push(Row::Happens(name, Input::UserDeadline(say::user(user))));
    }
    for (who, device) in PEOPLE {
        let from = sdk(device);
        let (call, fresh) = (say::call(CALL), say::call("call-9"));
        let meets = Input::Meet { call, from, initiate: say::asking(&["dave"]), fresh };
        rows.push(Row::Happens(format!("meet: {who}"), meets));
    }
    for user in ["alice", "bob", "carol"] {
        let (call, user): (_, UserId) = (say::call(CALL), say::user(user));
        let name = format!("engaged, no more: {}", user.as_str());
        rows.push(Row::Happens(name, Input::Engaged { call, user }));
    }
    rows.push(Row::Fires("deadline: a millisecond early".to_owned(), -1));
    rows.push(Row::Fires("deadline: in time".to_owned(), 0));
    rows.push(Row::Fires("deadline: late".to_owned(), 5_000));
    rows
}

/// All that comes of a device which goes and comes back, where it has not gone.
fn absences(who: &str, device: &Origin) -> Vec<Row> {
    let (call, device) = (|| say::call(CALL), || device.clone());
    let rows = [
        ("away", Input::DeviceAway { device: device(), leaving: false }),
        ("away, leaving", Input::DeviceAway { device: device(), leaving: true }),
        ("back, not away", Input::DeviceBack { device: device(), anew: false }),
        ("back anew, not away", Input::DeviceBack { device: device(), anew: true }),
        ("ring again, not back", Input::RingAgain { call: call(), device: device() }),
        ("member away, not away", Input::MemberAway { call: call(), device: device(), page_gone: false }),
        (
            "member's page gone, not gone",
            Input::MemberAway { call: call(), device: device(), page_gone: true },
        ),
        ("member back, not away", Input::MemberBack { call: call(), device: device() }),
    ];
    rows.into_iter().map(|(what, input)| Row::Happens(format!("{what}: {who}"), input)).collect()
}

/// The messages that an event has, by what they say that matters.
fn said(event: &str, peer: &str) -> Vec<(String, Command)> {
    let one = |command| vec![(event.to_owned(), command)];
    match event {
        // They are about no call.
        "session:open"
        | "session:ping"
        | "session:suspend"
        | "session:authenticate"
        | "session:ice-servers" => Vec::new(),
        "call:rejoin" => one(say::rejoin(CALL)),
        "call:initiate" => one(say::initiate(&["dave"])),
        "call:respond" => {
            let says = |action: &RespondAction| {
                (format!("{event} {}", action.as_str()), say::respond(CALL, *action))
            };
            RespondAction::ALL.iter().map(says).collect()
        }
        "call:hangup" => one(say::hangup(CALL)),
        "call:add-participant" => {
            let adds = |name: &str| (format!("{event} {name}"), say::add(CALL, name));
            vec![adds("dave"), adds(peer)]
        }
        "call:remove-participant" => one(say::remove(CALL, peer)),
        "call:media-toggle" => one(say::toggle(CALL, false)),
        "signal:offer" => one(say::offer(CALL, peer, CLEAN)),
        "signal:answer" => one(say::answer(CALL, peer, CLEAN)),
        "signal:ice-candidate" => one(say::candidate(CALL, peer, "candidate:1")),
        "call:connection-report" => {
            let says = |state: &ConnectionState| {
                (format!("{event} {}", state.as_str()), say::report(CALL, peer, *state))
            };
            ConnectionState::ALL.iter().map(says).collect()
        }
        _ => panic!("nobody says {event} in this test"),
    }
}

impl Row {
    fn name(&self) -> &str {
        match self {
            Self::Says(name, ..) | Self::Happens(name, _) | Self::Fires(name, _) => name,
        }
    }
}

/// What comes of it: a code where it is refused, the state or the end reason where the call moves, `done` where
/// something else changes or is sent, `nothing` where nothing does.
fn outcome(row: &Row, state: CallState) -> &'static str {
    let mut world = in_state(state);
    let before = (world.calls.clone(), world.users.clone());
    let done = match row {
        Row::Says(_, from, command) => world.ask(from, command.clone()),
        Row::Happens(_, input) => world.input(input.clone()),
        Row::Fires(_, by) => {
            let deadline = world.calls.get(&say::call(CALL)).and_then(|call| call.deadline());
            world.clock = deadline.unwrap_or(1_000_000).saturating_add_signed(*by);
            world.input(Input::Deadline { call: say::call(CALL) })
        }
    };
    let same = before == (world.calls.clone(), world.users.clone()) && world.hearers().is_empty();
    match (done, world.state(CALL)) {
        (Err(refusal), _) => {
            assert!(same, "I6: {} in {state:?} is refused, and changes something", row.name());
            refusal.code.as_str()
        }
        (Ok(_), Some(now)) if now != state => now.as_str(),
        (Ok(_), None) if before.0.contains_key(&say::call(CALL)) => {
            world.end_reason(CALL).expect("a call ends with a reason").as_str()
        }
        (Ok(done), _) if done.changed => "done",
        (Ok(_), _) => {
            assert!(same);
            "nothing"
        }
    }
}
