//! What may be done, who leaves by what, and why a call ends: said here once more, in other words than the machine's.

use std::collections::BTreeSet;

use lumencall_core::machine::{CallCommand, Dialect, Input, Member, Origin, Phase, Records, Rules};
use lumencall_core::wire::{ConnectionState, Description, DescriptionType, RespondAction, Signal};
use lumencall_core::{EndReason, Millis, UserId};

/// What became of a user's part in a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Cancelled,
    Declined,
    TimedOut,
    HungUp,
    Otherwise,
}

/// Whether a command may be done.
pub(super) fn may(records: &Records, from: &Origin, command: &CallCommand, rules: &Rules) -> bool {
    let me = &from.user;
    let user = |id: &UserId| records.users.iter().find(|record| record.user == *id);
    let engaged = user(me).and_then(|record| record.engaged.as_ref());
    let call = records.call.as_ref();
    let mine = call.and_then(|call| call.member(me));
    let joined = mine.and_then(Member::joined_device) == Some(&from.device);
    let rung = mine.is_some_and(
        |member| matches!(&member.phase, Phase::Rung { devices, .. } if devices.contains(&from.device)),
    );
    let other = |id: &UserId| call.and_then(|call| call.member(id)).filter(|_| id != me);
    match command {
        CallCommand::Initiate { initiate, .. } => {
            let callees = &initiate.callee_ids;
            let names: BTreeSet<&UserId> = callees.iter().collect();
            let sound = !callees.is_empty()
                && names.len() == callees.len()
                && !names.contains(me)
                && callees.len() < usize::from(rules.members)
                && initiate.metadata.as_ref().is_none_or(|text| text.len() <= 1024);
            let here = user(me).is_some_and(|record| record.devices.contains(&from.device));
            let free =
                engaged.is_none_or(|engaged| engaged.device == from.device.id && engaged.called == *callees);
            let meets = user(me).is_none_or(|record| {
                let ring = record.rings.iter().find(|ring| callees.contains(&ring.caller));
                ring.is_none_or(|ring| ring.alone && callees.len() == 1)
            });
            sound && here && free && (meets || engaged.is_some())
        }
        CallCommand::Respond(respond) => {
            rung && (respond.action == RespondAction::Reject || engaged.is_none())
        }
        CallCommand::Hangup(_) => joined || rung,
        CallCommand::MediaToggle(_) => joined,
        CallCommand::AddParticipant(choice) => {
            let room = call.is_some_and(|call| call.members.len() < usize::from(rules.members));
            joined && room && call.is_some_and(|call| call.member(&choice.user_id).is_none())
        }
        CallCommand::RemoveParticipant(choice) => {
            let first =
                call.and_then(|call| call.members.iter().find(|member| member.joined_device().is_some()));
            joined && first.is_some_and(|first| first.user == *me) && other(&choice.user_id).is_some()
        }
        CallCommand::Signal(signal) => {
            let direction = |one: &UserId, two: &UserId| {
                let pair = call.and_then(|call| call.pairs.iter().find(|pair| pair.joins(one, two)));
                pair.map(|pair| &pair.sent[usize::from(pair.users[0] != *one)])
            };
            let to = signal.to_user_id();
            let sound = match signal {
                Signal::Description(Description { kind: DescriptionType::Offer, .. }) => true,
                Signal::Description(_) => direction(to, me).is_some_and(|theirs| theirs.offered),
                // Those of a run are short.
                Signal::Candidate(_) => direction(me, to).is_none_or(|mine| mine.count < rules.candidates),
            };
            // Only what the caller says waits for one who rings.
            let heard = other(to).is_some_and(|to| {
                to.joined_device().is_some() || call.is_some_and(|call| call.caller == *me)
            });
            joined && (is_stale(records, from, command) || (sound && heard))
        }
        CallCommand::Rejoin(_) => {
            joined && call.is_some_and(|call| call.joined().all(|(_, device)| device.dialect == Dialect::Sdk))
        }
        CallCommand::Report(report) => {
            joined && other(&report.peer_user_id).is_some_and(|peer| peer.joined_device().is_some())
        }
    }
}

/// Whether a command is meant for a page that another has taken the place of. It is dropped, and nobody hears so.
pub(super) fn is_stale(records: &Records, from: &Origin, command: &CallCommand) -> bool {
    let (to, meant) = match command {
        CallCommand::Signal(signal) if from.device.dialect == Dialect::Sdk => {
            (signal.to_user_id(), signal.incarnation())
        }
        CallCommand::Report(report) => (&report.peer_user_id, report.incarnation.unwrap_or_default()),
        _ => return false,
    };
    let peer = records.call.as_ref().and_then(|call| call.member(to)).filter(|_| *to != from.user);
    peer.is_some_and(|peer| match &peer.phase {
        Phase::Joined { incarnation, .. } => *incarnation != meant,
        Phase::Rung { .. } | Phase::Out => false,
    })
}

/// Those whom an input puts out of the call, or may; and those who then can reach nobody of the rest.
pub(super) fn outs(before: &Records, input: &Input, now: Millis) -> Vec<UserId> {
    let mut outs = outs_by(before, input, now);
    let Some(call) = before.call.as_ref().filter(|call| call.is_answered() && !outs.is_empty()) else {
        return outs;
    };
    loop {
        let rest: Vec<&UserId> =
            call.joined().map(|(member, _)| &member.user).filter(|user| !outs.contains(user)).collect();
        let failed = |one: &UserId, other: &UserId| {
            call.pairs
                .iter()
                .filter(|pair| pair.joins(one, other))
                .any(|pair| pair.sent.iter().any(|sent| sent.report == Some(ConnectionState::Failed)))
        };
        let cut_off = |user: &&&UserId| {
            rest.len() > 1 && rest.iter().all(|other| other == *user || failed(user, other))
        };
        let Some(user) = rest.iter().find(cut_off) else { return outs };
        outs.push((*user).clone());
    }
}

/// Those whom an input puts out of the call by itself, or may.
fn outs_by(before: &Records, input: &Input, now: Millis) -> Vec<UserId> {
    let call = before.call.as_ref();
    let all =
        || call.map_or_else(Vec::new, |call| call.members.iter().map(|member| member.user.clone()).collect());
    match input {
        Input::Command { from, command } => match command {
            CallCommand::Hangup(_) => vec![from.user.clone()],
            CallCommand::Respond(respond) if respond.action == RespondAction::Reject => {
                vec![from.user.clone()]
            }
            CallCommand::RemoveParticipant(choice) => vec![choice.user_id.clone()],
            CallCommand::Report(report) if report.state == ConnectionState::Failed => {
                vec![from.user.clone(), report.peer_user_id.clone()]
            }
            CallCommand::Initiate { .. } => all(),
            CallCommand::Respond(_)
            | CallCommand::AddParticipant(_)
            | CallCommand::MediaToggle(_)
            | CallCommand::Signal(_)
            | CallCommand::Rejoin(_)
            | CallCommand::Report(_) => Vec::new(),
        },
        Input::LoseDevice { device, .. } => vec![device.user.clone()],
        // For a client of the seed, which cannot connect anew, one whose page is gone has left.
        Input::MemberAway { device, page_gone: true, .. } => {
            let seed =
                call.is_some_and(|call| call.joined().any(|(_, device)| device.dialect == Dialect::Seed));
            if seed { vec![device.user.clone()] } else { Vec::new() }
        }
        Input::Engaged { user, .. } => vec![user.clone()],
        Input::Deadline { .. } => {
            let members = call.map_or(&[][..], |call| &call.members);
            let due = members.iter().filter(|member| member.until.is_some_and(|until| until <= now));
            due.map(|member| member.user.clone()).collect()
        }
        Input::Meet { .. }
        | Input::DeviceConnected(_)
        | Input::DeviceAway { .. }
        | Input::DeviceBack { .. }
        | Input::DeviceGone(_)
        | Input::UserDeadline(_)
        | Input::RingDevice { .. }
        | Input::RingAgain { .. }
        | Input::MemberAway { page_gone: false, .. }
        | Input::MemberBack { .. } => Vec::new(),
    }
}

/// The reasons for which an input may end the call.
pub(super) fn expected_reasons(before: &Records, input: &Input) -> Vec<EndReason> {
    let mut reasons = reasons_by(before, input);
    if outs(before, input, Millis::MAX).len() > outs_by(before, input, Millis::MAX).len() {
        reasons.push(EndReason::Failed);
    }
    reasons
}

/// The reasons for which an input may end the call by itself.
fn reasons_by(before: &Records, input: &Input) -> Vec<EndReason> {
    let Some(call) = &before.call else { return vec![EndReason::Busy] };
    let rung =
        |user: &UserId| call.member(user).is_some_and(|member| matches!(member.phase, Phase::Rung { .. }));
    if !call.is_answered() {
        return vec![match input {
            Input::Command { from, command } => match command {
                CallCommand::Hangup(_) if from.user == call.caller => EndReason::Cancelled,
                CallCommand::RemoveParticipant(_) => EndReason::Cancelled,
                _ => EndReason::Rejected,
            },
            Input::LoseDevice { device, .. } if device.user == call.caller => EndReason::Cancelled,
            Input::Engaged { .. } => EndReason::Busy,
            _ => EndReason::Missed,
        }];
    }
    match input {
        Input::Command { command: CallCommand::Report(_), .. } => vec![EndReason::Failed],
        // Who said that they go has hung up, and so has a client of the seed.
        Input::LoseDevice { device, goodbye: false, .. }
            if !rung(&device.user) && device.device.dialect == Dialect::Sdk =>
        {
            vec![EndReason::Failed]
        }
        Input::Deadline { .. } => {
            let due: Vec<&Member> =
                call.members.iter().filter(|member| member.until == call.deadline()).collect();
            let joined =
                call.members.iter().any(|member| member.until.is_some() && member.joined_device().is_some());
            let rung = due.iter().any(|member| rung(&member.user));
            match (joined, rung) {
                (true, true) => vec![EndReason::Failed, EndReason::Completed],
                (true, false) => vec![EndReason::Failed],
                (false, _) => vec![EndReason::Completed],
            }
        }
        _ => vec![EndReason::Completed],
    }
}

/// How a user's part in the call was over.
pub(super) fn out_by(before: &Records, input: &Input, user: &UserId) -> Left {
    let Some(call) = &before.call else { return Left::Otherwise };
    match input {
        Input::Command { from, command: CallCommand::Hangup(_) }
            if call.is_answered() && call.has_joined(&from.user, &from.device.id) =>
        {
            Left::HungUp
        }
        Input::Command { from, command: CallCommand::Hangup(_) }
            if from.user == call.caller && *user != from.user =>
        {
            Left::Cancelled
        }
        Input::LoseDevice { device, .. } if !call.is_answered() && device.user == call.caller => {
            Left::Cancelled
        }
        Input::Command { from, command: CallCommand::Hangup(_) | CallCommand::Respond(_) }
            if from.user == *user =>
        {
            Left::Declined
        }
        Input::Deadline { .. } => Left::TimedOut,
        _ => Left::Otherwise,
    }
}
