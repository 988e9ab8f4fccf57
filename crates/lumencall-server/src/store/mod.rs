//! Where the records of calls and users are, and the sessions of devices.
//!
//! A store brings the machine its records and does what it decides, as `lumencall_core::machine` says. It also keeps the
//! sessions with their mailboxes, since the order in which decisions are made is the order in which devices hear of them:
//! whatever is for a device is put into its mailbox in the step that decides it, whether the device has a socket or not.

#[cfg(test)]
mod contract;
mod due;
mod memory;
mod session;
mod sessions;

use std::future::Future;
use std::sync::Arc;

use lumencall_core::machine::{CallCommand, Origin, Refusal};
use lumencall_core::wire::{Done, ErrorInfo, SessionOpen};
use lumencall_core::{Call, UserId};

use crate::close::Close;
use crate::socket::Socket;

pub(crate) use memory::Memory;
pub(crate) use session::Session;

/// What a command about a call comes to: done, perhaps with the call to show for it, or refused.
pub(crate) type Outcome = Result<Option<Call>, Refusal>;

/// How a command is answered.
pub(crate) type Answer = Result<Done, ErrorInfo>;

/// A device on one of its sockets.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The session that the socket was opened for. Another socket may have it by now.
    pub(crate) session: Arc<Session>,
    /// The socket.
    pub(crate) socket: Arc<Socket>,
}

impl Line {
    /// Whose it is.
    pub(crate) fn origin(&self) -> &Origin {
        &self.session.origin
    }
}

/// What `session:open` comes to.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A device that was not there before.
    New,
    /// The session goes on, and has taken so many of the client's frames.
    Resumed(u32),
    /// The device is known, and what it missed is gone, or another page has it. It has a part in these calls.
    Known(Vec<Call>),
}

/// What a frame of a client is about.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A call.
    Call(CallCommand),
    /// The page goes away, and may come back.
    Suspend,
    /// Nothing that the store knows of. It is answered by this.
    Answered(Answer),
}

/// What is between a client and its store.
pub(crate) trait Store: Send + Sync + 'static {
    /// A client of the seed's dialect is there, as a device of its own.
    ///
    /// # Errors
    /// It is not taken in; its socket is to be closed like this.
    fn connect(
        &self,
        user: &UserId,
        socket: &Arc<Socket>,
    ) -> impl Future<Output = Result<Line, Close>> + Send;

    /// `session:open`. A session of this user that is shown the right secret is taken from the socket that it has, which
    /// neither takes nor writes anything from then on. If every frame after the last that the client has seen is there, the
    /// session goes on and they are written again; else it begins anew. What is not known is a new device.
    ///
    /// `welcome` is called in the step that decides all this, and must not wait. What it sends to the socket goes
    /// before everything that is in the mailbox.
    ///
    /// # Errors
    /// It is not taken in; its socket is to be closed like this.
    fn open(
        &self,
        user: &UserId,
        open: &SessionOpen,
        socket: &Arc<Socket>,
        welcome: impl FnOnce(&Session, Opened) + Send,
    ) -> impl Future<Output = Result<Line, Close>> + Send;

    /// A text frame has come from a client. It is counted, and what was asked is done and answered, in one step; where its
    /// session has another socket by now, nothing is. A command that came before is given the answer that it had.
    ///
    /// `answer` makes the words of what the machine says of a command about a call, and must not wait. The answer goes into the
    /// mailbox before anything that follows from the command.
    fn take(
        &self,
        from: &Line,
        id: Option<u32>,
        asked: Asked,
        answer: impl FnOnce(Outcome) -> Answer + Send,
    ) -> impl Future<Output = ()> + Send;

    /// A socket has ended. Where its session has another by now, that is all. `left` is whether the device is gone for
    /// good; else it may come back for a time.
    fn close(&self, line: &Line, left: bool) -> impl Future<Output = ()> + Send;

    /// Ends every socket at once, and each that comes later, so that nobody hears of another's end as of a hang-up.
    fn close_all(&self, close: Close) -> impl Future<Output = ()> + Send;

    /// Looks at every call and every user when its time has come, for as long as the server runs. Never returns.
    fn keep_deadlines(&self) -> impl Future<Output = ()> + Send;

    /// How much there is of everything.
    fn counts(&self) -> impl Future<Output = Counts> + Send;
}

/// How much a server holds. When everybody has left, everything is back to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tasks of connections: of HTTP, and of sockets.
    pub connections: usize,
    /// Devices that are connected.
    pub devices: usize,
    /// Devices that are known: those that are connected, and those that may come back.
    pub sessions: usize,
    /// Users of whom anything is known.
    pub users: usize,
    /// Calls that have not ended.
    pub calls: usize,
    /// Calls and users that have to be looked at when their time comes.
    pub deadlines: usize,
}
