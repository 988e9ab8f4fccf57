//! What is kept of a device over all its sockets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use lumencall_core::ErrorCode;
use lumencall_core::machine::{Bounds, Dialect, Mailbox, Origin, Replies};
use lumencall_core::wire::{
    Done, ErrorInfo, Private, Reply, ServerFrame, ServerMessage, SessionResume, write_server_frame,
};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::close::{self, Close};
use crate::fresh;
use crate::socket::{End, Socket};

/// Whether the two are one secret. How long it takes says nothing of where they differ.
fn is_same(one: &Private, other: &Private) -> bool {
    fresh::are_equal(one.reveal().as_bytes(), other.reveal().as_bytes())
}

/// The session of one device. Its store keeps it until the device is gone for good; its socket, while it has one, writes
/// what its mailbox holds.
///
/// A client of the seed's dialect has one as well, which ends with its socket: its frames have no numbers, and are kept until
/// they are written.
#[derive(Debug)]
pub(crate) struct Session {
    /// Whose it is.
    pub(crate) origin: Origin,
    bounds: Bounds,
    /// Held for one frame at most; nothing awaits while it is held, and no other lock is taken. A panic while it was held
    /// leaves at worst a number that no frame has, after which nothing goes on; so a poisoned lock is taken all the same.
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// What a client shows to go on with it. Another for each time that its numbers begin anew.
    secret: Private,
    /// What its client showed when they last did: who shows it again was not told of the new one, since that welcome was
    /// lost, and knows nothing of the numbers that there are now.
    before: Option<Private>,
    mailbox: Mailbox<Utf8Bytes>,
    replies: Replies,
    /// How many of the client's frames have been taken.
    received: u32,
    /// Why it cannot go on, where it cannot: something of it is lost.
    broken: Option<Close>,
    /// The one socket that it has, if it has one.
    socket: Weak<Socket>,
}

impl Inner {
    fn new(before: Option<Private>) -> Self {
        Self {
            secret: fresh::secret(),
            before,
            mailbox: Mailbox::default(),
            replies: Replies::default(),
            received: 0,
            broken: None,
            socket: Weak::new(),
        }
    }

    fn has(&self, socket: &Socket) -> bool {
        std::ptr::eq(self.socket.as_ptr(), socket)
    }
}

impl Session {
    pub(crate) fn new(origin: Origin, bounds: Bounds) -> Arc<Self> {
        Arc::new(Self { origin, bounds, inner: Mutex::new(Inner::new(None)) })
    }

    /// What its client shows to go on with it.
    pub(crate) fn secret(&self) -> Private {
        self.lock().secret.clone()
    }

    /// Whether this is what the client that has it would show.
    pub(crate) fn is_shown_by(&self, resume: &SessionResume) -> bool {
        let inner = self.lock();
        let known = [Some(&inner.secret), inner.before.as_ref()];
        self.origin.device.dialect == Dialect::Sdk
            && known.into_iter().flatten().any(|secret| is_same(secret, &resume.secret))
    }

    /// Puts a message into the mailbox. Where there is no room, the session cannot go on, and its socket is ended; nobody else
    /// is harmed.
    pub(crate) fn send(&self, message: ServerMessage) {
        let mut inner = self.lock();
        if inner.broken.is_none() {
            let numbered = self.origin.device.dialect == Dialect::Sdk;
            let put = inner.mailbox.put(&self.bounds, |number| {
                let frame = ServerFrame { seq: numbered.then_some(number), message };
                let frame = Utf8Bytes::from(write_server_frame(&frame));
                let size = frame.len();
                (frame, size)
            });
            if put.is_err() {
                inner.broken = Some(close::TOO_SLOW);
            }
        }
        tell(inner);
    }

    /// The next frame for the socket, if it is the one that the session has.
    pub(crate) fn take(&self, socket: &Socket) -> Option<Utf8Bytes> {
        let mut inner = self.lock();
        if !inner.has(socket) {
            return None;
        }
        let frame = inner.mailbox.take().cloned();
        if self.origin.device.dialect == Dialect::Seed {
            // It cannot say what it has, nor come back for it.
            let written = inner.mailbox.taken();
            inner.mailbox.acknowledge(written);
        }
        frame
    }

    pub(crate) fn is_drained(&self) -> bool {
        self.lock().mailbox.is_drained()
    }

    /// The number of the last frame that was written, where frames have numbers.
    pub(crate) fn written(&self) -> Option<u32> {
        (self.origin.device.dialect == Dialect::Sdk).then(|| self.lock().mailbox.taken())
    }

    /// The client at the other end of this socket has had every frame up to this number.
    pub(crate) fn acknowledge(&self, socket: &Socket, number: u32) {
        let mut inner = self.lock();
        if inner.has(socket) {
            inner.mailbox.acknowledge(number);
        }
    }

    /// Whether it has a socket.
    pub(crate) fn is_connected(&self) -> bool {
        self.lock().socket.strong_count() > 0
    }

    /// Ends the socket that it has, if it has one.
    pub(crate) fn end(&self, close: Close) {
        let socket = self.lock().socket.upgrade();
        if let Some(socket) = socket {
            socket.end(End::Close(close));
        }
    }

    /// Takes the session from the socket that it has, which is ended and neither takes nor writes anything more.
    pub(crate) fn take_over(&self) {
        let before = std::mem::take(&mut self.lock().socket).upgrade();
        if let Some(before) = before {
            before.end(End::Close(close::TAKEN_OVER));
        }
    }

    /// Goes on after the frame that the client names. Returns how many of the client's frames were taken; nothing where it
    /// cannot go on.
    pub(crate) fn resume(&self, resume: &SessionResume) -> Option<u32> {
        let last_seq = resume.last_seq?;
        let mut inner = self.lock();
        let goes_on = inner.broken.is_none()
            && is_same(&inner.secret, &resume.secret)
            && inner.mailbox.resume(last_seq);
        goes_on.then_some(inner.received)
    }

    /// Forgets what there was. Numbers and counts begin anew, for a client that shows this.
    pub(crate) fn begin_anew(&self, shown: &SessionResume) {
        *self.lock() = Inner::new(Some(shown.secret.clone()));
    }

    /// The socket is the one that it has from now on.
    pub(crate) fn attach(self: &Arc<Self>, socket: &Arc<Socket>) {
        self.lock().socket = Arc::downgrade(socket);
        socket.serve(self);
        tell(self.lock());
    }

    /// The socket has ended. Returns whether it was the one that the session had.
    pub(crate) fn detach(&self, socket: &Socket) -> bool {
        let mut inner = self.lock();
        let had = inner.has(socket);
        if had {
            inner.socket = Weak::new();
        }
        had
    }

    /// Counts a frame that came through the socket. False where another socket has taken over: the frame was not taken.
    pub(crate) fn receive(&self, socket: &Socket) -> bool {
        let mut inner = self.lock();
        if !inner.has(socket) {
            return false;
        }
        match inner.received.checked_add(1) {
            Some(received) => inner.received = received,
            None => inner.broken = Some(close::OVER),
        }
        tell(inner);
        true
    }

    /// The reply that a command with this number had; one that it is too old, where that cannot be known any more.
    pub(crate) fn given(&self, id: u32) -> Option<Reply> {
        let inner = self.lock();
        let too_old = || inner.replies.is_too_old(id).then(|| Reply { id, ok: None, error: Some(too_old()) });
        inner.replies.given(id).or_else(too_old)
    }

    /// Answers a command: by a reply where it has an `id` and the dialect has replies, else by an `error` or nothing.
    pub(crate) fn answer(&self, id: Option<u32>, outcome: Result<Done, ErrorInfo>) {
        match (id, self.origin.device.dialect, outcome) {
            (Some(id), Dialect::Sdk, outcome) => {
                let reply = self.lock().replies.remember(id, outcome);
                self.send(ServerMessage::Reply(reply));
            }
            (_, _, Err(error)) => self.send(ServerMessage::Error(error)),
            (_, _, Ok(_)) => {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The refusal of a command whose number is so old that nobody knows whether it was done.
fn too_old() -> ErrorInfo {
    ErrorInfo {
        code: ErrorCode::InvalidArgument,
        message: "`id` is too old; numbers go up, and the last 64 may be repeated".into(),
        call_id: None,
    }
}

/// Tells the socket that there may be something to write; or ends it, where the session is broken. The lock is given back
/// first, since a socket takes it inside its own.
fn tell(inner: MutexGuard<'_, Inner>) {
    let (broken, socket) = (inner.broken, inner.socket.upgrade());
    drop(inner);
    match (broken, socket) {
        (_, None) => {}
        (Some(close), Some(socket)) => socket.end(End::Close(close)),
        (None, Some(socket)) => socket.wake(),
    }
}

#[cfg(test)]
mod tests {
    use lumencall_core::machine::Device;
    use lumencall_core::{ErrorCode, UserId};

    use super::*;
    use crate::socket::Next;

    fn session(dialect: Dialect, frames: usize, bytes: usize) -> (Arc<Session>, Arc<Socket>) {
        let device = Device { id: fresh::device_id(), dialect };
        let origin = Origin { user: UserId::new("alice").unwrap(), device };
        let (session, socket) = (Session::new(origin, Bounds { frames, bytes }), Arc::default());
        session.attach(&socket);
        (session, socket)
    }

    fn shown(session: &Session, last_seq: u32) -> SessionResume {
        SessionResume { secret: session.secret(), last_seq: Some(last_seq) }
    }

    fn message(text: &str) -> ServerMessage {
        ServerMessage::Error(ErrorInfo { code: ErrorCode::Malformed, message: text.into(), call_id: None })
    }

    async fn frame(socket: &Socket) -> String {
        match socket.next().await {
            Next::Frame(frame) => frame.to_string(),
            Next::End(end) => panic!("{end:?}"),
        }
    }

    async fn end(socket: &Socket) -> End {
        match socket.next().await {
            Next::Frame(frame) => panic!("{frame}"),
            Next::End(end) => end,
        }
    }

    #[tokio::test]
    async fn i18_frames_are_numbered_without_gaps_after_the_welcome() {
        let (session, socket) = session(Dialect::Sdk, 10, 10_000);
        session.send(message("one"));
        session.send(message("two"));
        socket.send(message("welcome"));
        assert!(!frame(&socket).await.contains("seq"));
        assert!(frame(&socket).await.starts_with(r#"{"seq":1,"#));
        assert!(frame(&socket).await.starts_with(r#"{"seq":2,"#));
        assert_eq!((socket.written(), socket.is_drained()), (Some(2), true));
    }

    /// What is written is kept in the same room, and makes way.
    #[tokio::test]
    async fn i31_a_mailbox_is_bounded_in_frames_and_in_bytes() {
        for dialect in [Dialect::Seed, Dialect::Sdk] {
            for (frames, bytes, text) in [(3, 1_000_000, "x".to_owned()), (1000, 4000, "x".repeat(1000))] {
                let (session, socket) = session(dialect, frames, bytes);
                for _ in 0..3 {
                    session.send(message(&text));
                }
                frame(&socket).await;
                session.send(message(&text));
                assert_eq!(session.resume(&shown(&session, 0)), None, "the first frame had to make way");
                session.send(message(&text));
                assert_eq!(end(&socket).await, End::Close(close::TOO_SLOW));
                assert_eq!(session.resume(&shown(&session, 1)), None);
            }
        }
    }

    /// A client of the seed cannot come back, so nothing is kept for it.
    #[tokio::test]
    async fn i29_what_a_client_of_the_seed_was_sent_is_not_kept() {
        for (dialect, kept) in [(Dialect::Seed, None), (Dialect::Sdk, Some(0))] {
            let (session, socket) = session(dialect, 10, 10_000);
            session.send(message("one"));
            assert_eq!(frame(&socket).await.contains("seq"), dialect == Dialect::Sdk);
            assert_eq!(session.resume(&shown(&session, 0)), kept);
        }
    }

    #[tokio::test]
    async fn the_first_end_counts_and_what_waits_goes_before_it() {
        let (session, socket) = session(Dialect::Sdk, 10, 10_000);
        session.send(message("waits"));
        socket.end(End::Close(close::GOING_AWAY));
        socket.end(End::ByPeer(None));
        session.send(message("too late"));
        assert!(frame(&socket).await.contains("waits"));
        assert_eq!(end(&socket).await, End::Close(close::GOING_AWAY));
        assert_eq!(socket.ending().await, End::Close(close::GOING_AWAY));
        // On the next socket both come, since nobody knows whether the first has arrived.
        let next = Arc::default();
        assert_eq!(session.resume(&shown(&session, 0)), Some(0));
        session.attach(&next);
        assert!(frame(&next).await.contains("waits"));
        assert!(frame(&next).await.contains("too late"));
    }

    #[tokio::test]
    async fn a_lost_client_is_sent_nothing_more() {
        for first in [End::Lost, End::Close(close::BINARY)] {
            let (session, socket) = session(Dialect::Sdk, 10, 10_000);
            session.send(message("waits"));
            socket.end(first);
            socket.end(End::Lost);
            assert_eq!(end(&socket).await, first);
        }
    }

    #[tokio::test]
    async fn i22_a_socket_that_was_taken_over_writes_and_takes_nothing() {
        let (session, socket) = session(Dialect::Sdk, 10, 10_000);
        session.send(message("waits"));
        session.take_over();
        assert_eq!(end(&socket).await, End::Close(close::TAKEN_OVER));
        assert!(!session.receive(&socket) && !session.detach(&socket));
        let next = Arc::default();
        session.attach(&next);
        assert!(frame(&next).await.contains("waits"));
        session.acknowledge(&socket, 1);
        assert_eq!(session.resume(&shown(&session, 0)), Some(0));
        assert!(frame(&next).await.contains("waits"), "it was not the old socket's to acknowledge");
        session.acknowledge(&next, 1);
        assert_eq!(
            (session.resume(&shown(&session, 0)), session.resume(&shown(&session, 1))),
            (None, Some(0))
        );
    }

    /// Also where the frames that came are more than can be counted.
    #[tokio::test]
    async fn i29_a_session_whose_numbers_are_used_up_begins_anew() {
        let (session, socket) = session(Dialect::Sdk, 10, 10_000);
        session.lock().received = u32::MAX - 1;
        assert!(session.receive(&socket));
        assert_eq!(session.resume(&shown(&session, 0)), Some(u32::MAX));
        assert!(session.receive(&socket));
        assert_eq!(
            (end(&socket).await, session.resume(&shown(&session, 0))),
            (End::Close(close::OVER), None)
        );
        session.begin_anew(&shown(&session, 0));
        assert_eq!(session.resume(&shown(&session, 0)), Some(0));
    }
}
