//! What the server keeps of a device of the SDK over all its sockets.

use std::collections::BTreeSet;

use lumencall_core::machine::{Bounds, Mailbox, Origin, Replies, Rules, UserRecord};
use lumencall_core::wire::{ServerFrame, ServerMessage, SessionResume, write_server_frame};
use lumencall_core::{CallId, Millis, UserId};

use super::violation::holds;

/// See the module.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) origin: Origin,
    /// What a client shows to go on with it; and what it showed until it began anew the last time. A client that missed the
    /// welcome knows no other, and none of the numbers since.
    pub(super) secret: String,
    before: Option<String>,
    /// A number that is another each time that it begins anew.
    pub(super) born: u64,
    mailbox: Mailbox<String>,
    pub(super) replies: Replies,
    /// How many of the client's frames were taken.
    pub(super) received: u32,
    /// The numbers of the commands that were carried out.
    done: BTreeSet<u32>,
    /// The socket that it has.
    pub(super) socket: Option<u64>,
    /// Since when it has none.
    away: Option<Millis>,
    /// Since when it has a page that knows nothing of its call.
    anew: Option<Millis>,
    /// The call that its device is in; and when it was last in another, if it was.
    engaged: Option<CallId>,
    out: Millis,
}

impl Session {
    pub(super) fn new(origin: Origin, born: u64, socket: u64) -> Self {
        Self {
            secret: secret(&origin, born),
            before: None,
            origin,
            born,
            mailbox: Mailbox::default(),
            replies: Replies::default(),
            received: 0,
            done: BTreeSet::new(),
            socket: Some(socket),
            away: None,
            anew: None,
            engaged: None,
            out: 0,
        }
    }

    /// Whether a client that shows this has, or had, this session.
    pub(super) fn is_shown_by(&self, user: &UserId, resume: &SessionResume) -> bool {
        let shown = resume.secret.reveal();
        self.origin.user == *user && (self.secret == shown || self.before.as_deref() == Some(shown))
    }

    /// Puts a message into the mailbox.
    pub(super) fn put(&mut self, bounds: &Bounds, message: ServerMessage) {
        let write = |number| {
            let text = write_server_frame(&ServerFrame { seq: Some(number), message });
            let size = text.len();
            (text, size)
        };
        // What comes of an overflow, the next resume shows.
        self.mailbox.put(bounds, write).ok();
    }

    /// The next frame that is to be written, while there is a socket to write it to.
    pub(super) fn take(&mut self) -> Option<String> {
        self.mailbox.take().cloned()
    }

    /// The device has had the frames up to this number.
    pub(super) fn acknowledge(&mut self, number: u32) {
        self.mailbox.acknowledge(number);
    }

    /// Goes on after the last frame that the client has, if it can. Returns how many frames are to be written again.
    pub(super) fn resume(&mut self, resume: &SessionResume) -> Option<u32> {
        let last_seq = resume.last_seq.filter(|_| self.secret == resume.secret.reveal())?;
        let written = self.mailbox.taken();
        self.mailbox.resume(last_seq).then(|| written - last_seq)
    }

    /// Whether frames wait that were never written.
    pub(super) fn waits(&self) -> bool {
        !self.mailbox.is_drained()
    }

    /// Begins anew, under another number, for a client that showed this.
    pub(super) fn begin_anew(&mut self, born: u64, resume: &SessionResume) {
        self.born = born;
        self.secret = secret(&self.origin, born);
        self.before = Some(resume.secret.reveal().to_owned());
        self.mailbox = Mailbox::default();
        self.replies = Replies::default();
        self.done.clear();
        self.received = 0;
    }

    /// A command with this number is carried out.
    pub(super) fn does(&mut self, id: u32, text: &str) {
        holds!("I21", self.done.insert(id), "{:?} does {text} twice", self.origin.device.id);
    }

    pub(super) const fn goes_away(&mut self, now: Millis) {
        self.socket = None;
        self.away = Some(now);
    }

    /// The page says that it goes. The next one has a time of its own.
    pub(super) const fn is_left(&mut self) {
        self.anew = None;
    }

    pub(super) fn is_back(&mut self, anew: bool, socket: u64, now: Millis) {
        (self.socket, self.away) = (Some(socket), None);
        self.anew = anew.then_some(now).or(self.anew).filter(|_| self.engaged.is_some());
    }

    /// The page has taken the place of the one before it in its call.
    pub(super) const fn takes_place(&mut self) {
        self.anew = None;
    }

    /// The device has a part in a call no longer than its window lasts.
    pub(super) fn is_in_time(&mut self, user: Option<&UserRecord>, now: Millis, rules: &Rules) {
        let device = &self.origin.device;
        let known = user.is_some_and(|user| user.devices.contains(device));
        holds!("I15", known, "there is a session of {device:?}, which {user:?} does not have");
        let engaged = user.and_then(|user| user.engaged_with(&device.id));
        let call = engaged.map(|engaged| engaged.call.clone());
        if self.engaged.is_some() && self.engaged != call {
            // There is time to hear of its end.
            self.out = now;
            self.anew = None;
        }
        self.engaged = call;
        let answered = engaged.is_some_and(|engaged| engaged.answered);
        let window = if answered { rules.resume_in_call } else { rules.resume };
        for since in [self.away.map(|away| away.max(self.out)), self.anew].into_iter().flatten() {
            holds!(
                "I15",
                now <= since + window,
                "{device:?} is away since {since}, and it is {now}: {user:?}"
            );
        }
    }
}

fn secret(origin: &Origin, born: u64) -> String {
    format!("secret {born} of {}", origin.device.id.as_str())
}

/// The number of the session that has this secret.
pub(super) fn born(secret: &str) -> u64 {
    secret.split(' ').nth(1).and_then(|number| number.parse().ok()).unwrap_or_default()
}
