//! The connection to the server: open it, greet, lose it, restore it.

use std::sync::Arc;

use super::calls::Part;
use super::commands::{Waiting, What};
use super::{Action, ClientSession, Event, Failure, FailureCode, LogLevel, Ticket};
use crate::wire::{
    Authenticate, ClientFrame, Command, Nothing, Private, SessionOpen, SessionResume, Welcome, words,
};
use crate::{DeviceId, Millis};

words! {
    /// Where the connection to the server stands.
    pub enum Link {
        /// There is none.
        Closed = "disconnected",
        /// It is being opened.
        Opening = "connecting",
        /// Commands can be given.
        Open = "connected",
        /// It was lost and is being restored. Commands can be given, and are sent when it is.
        Lost = "reconnecting",
    }
}

/// The protocol that this version speaks.
const PROTOCOL: &str = "lumencall.1";

/// One end goes away (RFC 6455, 7.4.1): the server stops, or the browser leaves the page.
const GOING_AWAY: u16 = 1001;

/// The user's token has expired.
const TOKEN_EXPIRED: u16 = 4503;
/// The user's token was refused.
const UNAUTHORIZED: u16 = 4505;

impl ClientSession {
    /// The page before this one was this device: its calls can be taken up. Of effect before [`ClientSession::connect`].
    pub fn adopt(&mut self, device: DeviceId, secret: Private) {
        self.identity = Some((device, secret));
    }

    /// The app wants the connection. Settled when it stands; at once where it does.
    pub fn connect(&mut self, now: Millis) -> Ticket {
        let ticket = self.next_ticket();
        match self.link {
            Link::Open => self.act(Action::Settle { ticket, result: Ok(None) }),
            Link::Opening => self.wait_for_welcome(now, ticket),
            Link::Lost => {
                self.wait_for_welcome(now, ticket);
                self.handle_wake(now);
            }
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

    /// The socket is open. The session that there was goes on, if it can; a device that is known is taken up.
    pub fn handle_socket_open(&mut self) {
        let last_seq = self.kept.goes_on().then_some(self.last_seq);
        let known =
            self.identity.clone().map(|(device, secret)| (device, SessionResume { secret, last_seq }));
        let (device_id, resume) = known.unzip();
        let open = Command::Open(SessionOpen { device_id, resume });
        self.act(Action::Send(Arc::new(ClientFrame { id: None, command: open })));
    }

    pub(super) fn handle_welcome(&mut self, now: Millis, welcome: Welcome) {
        let known = self.identity.as_ref().map(|(device, _)| device);
        let same_device = known == Some(&welcome.device_id);
        if &*welcome.protocol != PROTOCOL || welcome.resumed && !(self.kept.goes_on() && same_device) {
            return self.abandon_socket(now, &Failure::PROTOCOL);
        }
        self.user = Some(welcome.user_id);
        let Welcome { device_id, secret, ice_servers, resumed, received, calls, .. } = welcome;
        self.identity = Some((device_id.clone(), secret.clone()));
        self.act(Action::KeepIdentity { device: device_id, secret });
        self.act(Action::UseIceServers(ice_servers));
        self.pulse.open(now);
        self.pulse.token_expires(now, welcome.token_expires_in);
        self.pulse.ice_servers_expire(now, welcome.ice_servers_expire_in);
        self.unread = 0;
        self.set_link(Link::Open);
        while let Some(index) = self.waiting.iter().position(|waiting| matches!(waiting.what, What::Connect))
        {
            if let Some((ticket, _)) = self.waiting.swap_remove(index).deadline {
                self.act(Action::Settle { ticket, result: Ok(None) });
            }
        }
        if resumed {
            self.send_again(received.unwrap_or_default());
            self.restart_lost(now);
        } else {
            self.last_seq = 0;
            self.kept.start();
            self.reconcile(calls.filter(|_| same_device));
        }
    }

    /// The app gave no token, so no socket was opened.
    pub fn handle_no_token(&mut self, now: Millis) {
        match self.link {
            Link::Opening => self.close(&Failure::NO_TOKEN),
            Link::Lost => self.restore(now, false),
            Link::Closed | Link::Open => {}
        }
    }

    /// The socket closed, or could not be opened. `code` is what it was closed with (RFC 6455, 7.4), 1006 where nothing was
    /// said. A connection that stood is restored, unless the server said that it would end the same way.
    pub fn handle_socket_closed(&mut self, now: Millis, code: u16) {
        let refused = match code {
            // A token that was good once may be renewed; not so one that was refused when it was shown.
            TOKEN_EXPIRED | UNAUTHORIZED if self.link == Link::Open && self.pulse.has_token() => None,
            TOKEN_EXPIRED | UNAUTHORIZED => Some(Failure::REFUSED),
            4500..=4599 => Some(Failure::SENT_AWAY),
            _ => None,
        };
        match (self.link, refused) {
            (Link::Closed, _) => {}
            (Link::Opening, refused) => self.close(&refused.unwrap_or(Failure::LOST)),
            (Link::Open | Link::Lost, Some(failure)) => self.be_refused(failure),
            (link @ (Link::Open | Link::Lost), None) => {
                self.restore(now, link == Link::Open);
                if code == GOING_AWAY {
                    // Firefox closes the sockets of a page that it leaves before the page hears that it is left; a socket that was
                    // opened then would only be cut again.
                    self.pulse.hesitate();
                }
            }
        }
    }

    /// The connection ends, and the app has to do something before there is another.
    pub(super) fn be_refused(&mut self, failure: Failure) {
        self.close(&failure);
        self.emit(Event::Error(failure));
    }

    fn restore(&mut self, now: Millis, was_open: bool) {
        self.pulse.lose(now, was_open);
        self.set_link(Link::Lost);
    }

    /// The socket is there, and nothing comes through it.
    pub(super) fn lose_socket(&mut self, now: Millis) {
        self.act(Action::CloseSocket { goodbye: false });
        self.restore(now, true);
    }

    /// Gives the socket up: the server speaks another protocol, or does not answer.
    pub(super) fn abandon_socket(&mut self, now: Millis, failure: &Failure) {
        match self.link {
            Link::Closed => {}
            Link::Opening => {
                self.act(Action::CloseSocket { goodbye: false });
                self.close(failure);
            }
            Link::Open => self.lose_socket(now),
            Link::Lost => {
                self.act(Action::CloseSocket { goodbye: false });
                self.pulse.lose(now, false);
            }
        }
    }

    /// Fails every command that waits for a reply, as there will be none.
    pub(super) fn fail_waiting(&mut self, failure: &Failure) {
        for waiting in std::mem::take(&mut self.waiting) {
            if let Some((ticket, _)) = waiting.deadline {
                // What was left is left, whether the server heard of it or not.
                let left = matches!(waiting.what, What::Leave(_)) && failure.code != FailureCode::Disposed;
                let result = if left { Ok(None) } else { Err(failure.clone()) };
                self.act(Action::Settle { ticket, result });
            }
        }
    }

    fn close(&mut self, failure: &Failure) {
        self.fail_waiting(failure);
        self.end_all(None);
        self.kept.stop();
        self.set_link(Link::Closed);
    }

    /// The app is done with the client: leave every call, close everything. The device is gone for good.
    pub fn dispose(&mut self) {
        // No more than one that this device is in.
        if let Some(local) = self.calls.iter().find(|local| local.part == Part::Engaged) {
            self.give_up(local.call.id.clone());
        }
        if self.has_socket() {
            self.act(Action::CloseSocket { goodbye: true });
        }
        if self.identity.take().is_some() {
            self.act(Action::ForgetIdentity);
        }
        self.close(&Failure::DISPOSED);
    }

    /// The page goes away, and may come back as another, which takes up its call.
    pub fn suspend(&mut self) {
        if self.link == Link::Closed {
            return;
        }
        self.send(Command::Suspend(Nothing {}));
        if self.has_socket() {
            self.act(Action::CloseSocket { goodbye: false });
        }
        self.close(&Failure::LOST);
        // They are over for this page, and can be taken up by the one that comes.
        self.ended.clear();
    }

    /// Whether a socket is open, or is being opened.
    const fn has_socket(&self) -> bool {
        match self.link {
            Link::Closed => false,
            Link::Opening | Link::Open => true,
            Link::Lost => self.pulse.is_trying(),
        }
    }

    /// A newer token. Of effect while the connection stands; each time that a socket is opened the driver shows the newest.
    pub fn authenticate(&mut self, token: Private) {
        if self.link == Link::Open {
            self.request(Command::Authenticate(Authenticate { token }), What::Authenticate);
        }
    }

    fn set_link(&mut self, link: Link) {
        if self.link != link {
            self.link = link;
            self.log(LogLevel::Info, link.as_str(), None);
            self.emit(Event::Link(link));
        }
    }
}
