//! The connection to the server: open it, greet, lose it.

use super::calls::Part;
use super::commands::{Waiting, What};
use super::{Action, ClientSession, Event, Failure, LogLevel, Ticket};
use crate::Millis;
use crate::wire::{Command, SessionOpen, Welcome, words};

words! {
    /// Where the connection to the server stands.
    pub enum Link {
        /// There is none.
        Closed = "disconnected",
        /// It is being opened.
        Opening = "connecting",
        /// Commands can be given.
        Open = "connected",
    }
}

impl ClientSession {
    /// The app wants the connection. Settled when it stands; at once where it does.
    pub fn connect(&mut self, now: Millis) -> Ticket {
        let ticket = self.next_ticket();
        match self.link {
            Link::Open => self.act(Action::Settle { ticket, result: Ok(None) }),
            Link::Opening => self.wait_for_welcome(now, ticket),
            Link::Closed => {
                self.wait_for_welcome(now, ticket);
                self.set_link(Link::Opening);
                self.act(Action::OpenSocket);
            }
        }
        ticket
    }

    fn wait_for_welcome(&mut self, now: Millis, ticket: Ticket) {
        let deadline = Some((ticket, now + self.command_timeout));
        self.waiting.push(Waiting { id: None, what: What::Connect, deadline });
    }

    /// The socket is open.
    pub fn handle_socket_open(&mut self) {
        self.last_seq = 0;
        self.send(Command::Open(SessionOpen { device_id: None, resume: None }));
    }

    pub(super) fn handle_welcome(&mut self, welcome: Welcome) {
        self.act(Action::UseIceServers(welcome.ice_servers));
        self.set_link(Link::Open);
        for waiting in std::mem::take(&mut self.waiting) {
            if let Some((ticket, _)) = waiting.deadline {
                self.act(Action::Settle { ticket, result: Ok(None) });
            }
        }
    }

    /// The socket closed, or could not be opened. The server has let go of every call that this device had.
    pub fn handle_socket_closed(&mut self) {
        self.close(&Failure::LOST);
    }

    /// Closes the socket and starts over: the server speaks another protocol, or does not answer.
    pub(super) fn abandon_socket(&mut self, failure: &Failure) {
        self.act(Action::CloseSocket);
        self.close(failure);
    }

    fn close(&mut self, failure: &Failure) {
        for waiting in std::mem::take(&mut self.waiting) {
            if let Some((ticket, _)) = waiting.deadline {
                self.act(Action::Settle { ticket, result: Err(failure.clone()) });
            }
        }
        while let Some(local) = self.calls.first() {
            let call = local.call.id.clone();
            self.end_here(&call);
        }
        self.set_link(Link::Closed);
    }

    /// The app is done with the client, or the page goes away: leave every call, close everything.
    pub fn dispose(&mut self) {
        // There are calls only while there is a connection, and no more than one that this device is in.
        if let Some(local) = self.calls.iter().find(|local| local.part == Part::Engaged) {
            self.give_up(local.call.id.clone());
        }
        if self.link != Link::Closed {
            self.act(Action::CloseSocket);
        }
        self.close(&Failure::DISPOSED);
    }

    fn set_link(&mut self, link: Link) {
        if self.link != link {
            self.link = link;
            self.log(LogLevel::Info, link.as_str(), None);
            self.emit(Event::Link(link));
        }
    }
}
