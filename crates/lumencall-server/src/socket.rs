//! What is to be written to one socket, and how it ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lumencall_core::wire::{ServerFrame, ServerMessage, write_server_frame};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

use crate::close::Close;
use crate::store::Session;

/// How a socket ends. The first end that is named is the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server ends it, with this close frame.
    Close(Close),
    /// The client sent a close frame with this code, if it had one; it is answered in kind.
    ByPeer(Option<u16>),
    /// The connection is broken. There is nobody to tell.
    Lost,
}

/// What the writer is to do next.
#[derive(Debug)]
pub(crate) enum Next {
    /// Send this frame.
    Frame(Utf8Bytes),
    /// Everything is sent; end the socket.
    End(End),
}

/// One socket, as its session and its two tasks share it. It lives as long as they do.
///
/// What is written to it is what is its own, before its session is there, and then what its session's mailbox holds, for as
/// long as it is the one that the session has. Nobody who puts anything in ever waits.
#[derive(Debug, Default)]
pub(crate) struct Socket {
    /// Nothing awaits while it is held, and a session's lock may be taken inside it, never the other way round. What it holds
    /// is sound after each statement; so a poisoned lock is taken all the same.
    state: Mutex<State>,
    /// Wakes the writer: there is a frame, or an end.
    news: Notify,
    /// Cancelled when an end is named.
    ending: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    /// Frames that go before all of the session's. One at most is put in by a message; the rest is what waited when the end came.
    own: VecDeque<Utf8Bytes>,
    session: Option<Arc<Session>>,
    end: Option<End>,
}

impl Socket {
    /// Sends a message that is of no session's: the welcome, or why there is none.
    pub(crate) fn send(&self, message: ServerMessage) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.own.push_back(write_server_frame(&ServerFrame { seq: None, message }).into());
        }
        drop(state);
        self.news.notify_one();
    }

    /// From now on what the session's mailbox holds is written, after what was sent before.
    pub(crate) fn serve(&self, session: &Arc<Session>) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.session = Some(Arc::clone(session));
        }
        drop(state);
        self.news.notify_one();
    }

    /// There may be something in the mailbox.
    pub(crate) fn wake(&self) {
        self.news.notify_one();
    }

    /// Ends the socket, after what waits now has been sent; to a lost client nothing more is.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.lock();
        let session = state.session.take();
        if end == End::Lost {
            state.own = VecDeque::new();
        } else if let Some(session) = session {
            // A session that has another socket by now gives nothing.
            state.own.extend(std::iter::from_fn(|| session.take(self)));
        }
        if state.end.is_none() {
            state.end = Some(end);
            drop(state);
            self.ending.cancel();
            self.news.notify_one();
        }
    }

    /// The end, when one is named.
    pub(crate) async fn ending(&self) -> End {
        self.ending.cancelled().await;
        self.lock().end.unwrap_or(End::Lost)
    }

    /// What to do next. For the one writer; when its future is dropped, nothing is lost.
    pub(crate) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.news.notified().await;
        }
    }

    fn take(&self) -> Option<Next> {
        let mut state = self.lock();
        let frame = state.own.pop_front().or_else(|| state.session.as_ref()?.take(self));
        frame.map(Next::Frame).or_else(|| state.end.map(Next::End))
    }

    /// Whether no frame waits, so that what has been written is to be flushed.
    pub(crate) fn is_drained(&self) -> bool {
        let state = self.lock();
        state.own.is_empty() && state.session.as_ref().is_none_or(|session| session.is_drained())
    }

    /// The number of the last frame that was written, on a session of the SDK.
    pub(crate) fn written(&self) -> Option<u32> {
        self.lock().session.as_ref().and_then(|session| session.written())
    }

    /// The client has had every frame up to this number.
    pub(crate) fn acknowledge(&self, number: u32) {
        if let Some(session) = &self.lock().session {
            session.acknowledge(self, number);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
