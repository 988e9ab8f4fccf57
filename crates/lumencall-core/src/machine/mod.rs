//! The server's half of the protocol: one function over the few records that an input touches.
//!
//! [`decide`] takes the records of a call and of its users, an input and the time, and returns the records as they are
//! from then on, what is to be sent, and the reply to whoever asked. It is a pure function: a store reads the records,
//! calls it, and puts the new ones in place of the old, in one step or by compare-and-set over just those records.
//!
//! How a store drives it:
//! 1. [`Input::call_id`] names the call; the record of that call is read, if there is one.
//! 2. [`touched_users`] names the users; a [`UserRecord`] is read for each (a user without one gets [`UserRecord::new`]).
//! 3. [`decide`] is called. On a [`Refusal`] nothing is written.
//! 4. The new records replace the old: no call record means that the call is over; a [`UserRecord::is_idle`] may go.
//! 5. [`CallRecord::deadline`] says when the store has to come back with [`Input::Deadline`]; too early, late or twice
//!    does no harm. [`UserRecord::deadline`] says the same of [`Input::UserDeadline`].
//! 6. Where there is a [`Decision::again`], the effects come first, and that input is decided in place of this one, from
//!    step 1: its outcome is the outcome.
//! 7. The reply is sent, then the [`Effect`]s in their order; an [`Effect::Then`] is an input of its own, decided next.
//!
//! What is sent to a device of the SDK goes through its [`Mailbox`], which is what lets a session go on after a cut; the
//! [`Replies`] keep its commands from being done twice. They hold no records, and a store keeps them beside the records.

mod absence;
mod deadline;
mod decide;
mod effect;
mod ending;
mod initiate;
mod input;
mod mailbox;
mod media;
mod pair;
mod presence;
mod records;
mod replies;
mod report;
mod respond;
mod rules;
mod signal;
mod table;

pub use decide::{Decision, decide, touched_users};
pub use effect::{Effect, Refusal};
pub use input::{CallCommand, Input, Origin};
pub use mailbox::{Bounds, Mailbox, Overflow};
pub use pair::{Direction, Pair};
pub use records::{
    Away, CallRecord, Device, Dialect, Engagement, Member, Page, Phase, Records, Ring, UserRecord,
};
pub use replies::Replies;
pub use rules::Rules;
pub use table::{Edge, TABLE, Trigger, edge};
