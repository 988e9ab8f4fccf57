//! Where the records of calls and users are.
//!
//! A store brings the machine its records and does what it decides, as `lumencall_core::machine` says. It also keeps the
//! outboxes of the devices, since the order in which decisions are made is the order in which devices hear of them.

#[cfg(test)]
mod contract;
mod memory;

use std::future::Future;
use std::sync::Arc;

use lumencall_core::Call;
use lumencall_core::machine::{CallCommand, Origin, Refusal};

use crate::close::Close;
use crate::outbox::Outbox;

pub(crate) use memory::Memory;

/// What a command comes to: done, perhaps with the call to show for it, or refused.
pub(crate) type Outcome = Result<Option<Call>, Refusal>;

/// The device was not taken in, since its user has as many as one may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooManyDevices;

/// The records, and what happens to them.
pub(crate) trait Store: Send + Sync + 'static {
    /// A device is there, and hears of its calls through the outbox from now on. `welcome` is called once it is taken
    /// in, before anything is put into its outbox; it must not wait.
    fn connect(
        &self,
        device: &Origin,
        outbox: &Arc<Outbox>,
        welcome: impl FnOnce() + Send,
    ) -> impl Future<Output = Result<(), TooManyDevices>> + Send;

    /// A device is gone. One that never was connected may go too.
    fn disconnect(&self, device: &Origin) -> impl Future<Output = ()> + Send;

    /// A device asks for something. `reply` is called with the outcome, before anything that follows from it is put
    /// into any outbox; it must not wait.
    fn command(
        &self,
        from: &Origin,
        command: CallCommand,
        reply: impl FnOnce(Outcome) + Send,
    ) -> impl Future<Output = ()> + Send;

    /// Ends every socket at once, and each that comes later, so that nobody hears of another's end as of a hang-up.
    fn close_all(&self, close: Close) -> impl Future<Output = ()> + Send;

    /// Looks at every call when its time has come, for as long as the server runs. Never returns.
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
    /// Users of whom anything is known.
    pub users: usize,
    /// Calls that have not ended.
    pub calls: usize,
    /// Calls that have to be looked at when their time comes.
    pub deadlines: usize,
}
