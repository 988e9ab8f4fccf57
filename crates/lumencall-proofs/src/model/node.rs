//! A node that applies `decide` by compare-and-set, beside others: it reads, decides, and writes only if nothing that it
//! read was written since; else it begins anew.

use std::collections::VecDeque;
use std::sync::Arc;

use lumencall_core::machine::{CallRecord, Effect, Input, Records, UserRecord, decide, touched_users};
use lumencall_core::{CallId, UserId};

use super::client::Frame;
use super::scenario::Scenario;
use super::world::{World, now};
use crate::log::Entry;

/// One node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) job: Option<Job>,
    /// What follows from what was decided, in order; kept where a crash of the node does not reach it.
    followers: VecDeque<Input>,
    /// What is to be decided in place of a command, once that is done, and for which socket.
    again: Option<(Input, Option<usize>)>,
}

/// An input on its way through a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Job {
    pub(super) input: Input,
    socket: Option<usize>,
    read: Read,
    /// Whether anything that was read has been written since.
    pub(super) stale: bool,
}

/// How far the reading is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Read {
    Nothing,
    Call(Option<Arc<CallRecord>>),
    All(Option<Arc<CallRecord>>, Vec<UserRecord>),
}

impl Node {
    /// Whether it does nothing.
    pub(super) const fn is_idle(&self) -> bool {
        self.job.is_none()
    }

    /// Takes an input, for a socket that waits for a reply.
    pub(super) fn take(&mut self, input: Input, socket: Option<usize>) {
        self.job = Some(Job { input, socket, read: Read::Nothing, stale: false });
    }

    fn next(&mut self) {
        self.job = None;
        if let Some(input) = self.followers.pop_front() {
            self.take(input, None);
        } else if let Some((input, socket)) = self.again.take() {
            self.take(input, socket);
        }
    }

    /// Whether the job rests on this call or on one of these users.
    fn touched_by(&mut self, call: Option<&CallId>, users: &[UserId]) {
        let Some(job) = &mut self.job else { return };
        let (read_call, read_users) = match &job.read {
            Read::Nothing => (false, &[][..]),
            Read::Call(_) => (true, &[][..]),
            Read::All(_, users) => (true, users.as_slice()),
        };
        job.stale |= (read_call && call.is_some() && job.input.call_id() == call)
            || read_users.iter().any(|read| users.contains(&read.user));
    }
}

impl World {
    /// The node goes one step on: it reads the call, reads the users, or decides and writes.
    pub(super) fn step(&mut self, scenario: &Scenario, index: usize) {
        let Some(job) = &mut self.nodes[index].job else { return };
        match std::mem::replace(&mut job.read, Read::Nothing) {
            Read::Nothing => {
                job.read = Read::Call(job.input.call_id().and_then(|id| self.store.calls.get(id)).cloned());
            }
            Read::Call(call) => {
                let users = touched_users(&job.input, call.as_deref());
                let users = users.iter().map(|user| self.store.user(user)).collect();
                job.read = Read::All(call, users);
            }
            Read::All(call, users) => {
                let call = call.map(|call| CallRecord::clone(&call));
                let (input, socket, stale) = (job.input.clone(), job.socket, job.stale);
                let before = Records { call, users };
                let outcome = decide(before.clone(), input.clone(), &now(), &scenario.rules);
                if stale {
                    // It decided over records of different moments, and throws the decision away.
                    job.stale = false;
                    return;
                }
                self.commit(scenario, index, socket, Entry { clock: now().clock, input, before, outcome });
            }
        }
    }

    fn commit(&mut self, scenario: &Scenario, index: usize, socket: Option<usize>, entry: Entry) {
        self.checker.take(&entry, &scenario.rules);
        let Entry { input, before, outcome, .. } = entry;
        let decision = match outcome {
            Ok(decision) => decision,
            Err(_) => {
                if let Some(socket) = socket {
                    self.send(scenario, socket, Frame::Refused);
                }
                return self.nodes[index].next();
            }
        };
        let changed = |record: &&UserRecord| !before.users.contains(record);
        let users: Vec<UserId> =
            decision.records.users.iter().filter(changed).map(|record| record.user.clone()).collect();
        let call = input.call_id().filter(|_| before.call != decision.records.call);
        self.store.write(&input, &decision.records);
        for (_, other) in self.nodes.iter_mut().enumerate().filter(|(other, _)| *other != index) {
            other.touched_by(call, &users);
        }
        let node = &mut self.nodes[index];
        match decision.again {
            Some(again) => node.again = Some((again, socket)),
            None => {
                if let Some(socket) = socket {
                    self.send(scenario, socket, Frame::Done(decision.reply.map(Box::new)));
                }
            }
        }
        for effect in decision.effects {
            match effect {
                Effect::Send { device, event, .. } => self.send_to(scenario, &device, event),
                Effect::Forget(origin) => self.forget(scenario, &origin.device.id),
                Effect::Then(input) => self.nodes[index].followers.push_back(input),
            }
        }
        self.nodes[index].next();
    }
}
