//! The frames on their way to one device.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lumencall_core::wire::{ServerFrame, ServerMessage, write_server_frame};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::sync::CancellationToken;

use crate::Limits;
use crate::close::{self, Close};

/// How a socket ends. The first end that is named is the one that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server ends it, with this close frame.
    Close(Close),
    /// The client sent a close frame; it is answered in kind.
    ByPeer,
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

/// A bounded queue of frames for one device. It lives as long as the device's socket: the store puts events into it, its
/// session puts replies into it, and its writer takes both out in the order in which they came.
///
/// A device whose queue is full is cut off alone ([`close::TOO_SLOW`]); nobody who puts frames in ever waits.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: usize,
    bytes: usize,
    /// Held for the writing of one frame at most; nothing awaits while it is held. A panic while it was held leaves at
    /// worst a number that no frame has, which ends that session; so a poisoned lock is taken all the same.
    queue: Mutex<Queue>,
    /// Wakes the writer: there is a frame, or an end.
    news: Notify,
    /// Cancelled when an end is named.
    ending: CancellationToken,
}

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Utf8Bytes>,
    bytes: usize,
    /// The number of the next frame, on a session of the SDK after its welcome.
    next_seq: Option<u32>,
    end: Option<End>,
}

impl Outbox {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            frames: limits.queued_frames,
            bytes: limits.queued_bytes,
            queue: Mutex::default(),
            news: Notify::new(),
            ending: CancellationToken::new(),
        }
    }

    /// Puts a message at the end of the queue. Once an end is named, nothing more is taken.
    pub(crate) fn send(&self, message: ServerMessage) {
        let mut queue = self.lock();
        if queue.end.is_some() {
            return;
        }
        let seq = queue.next_seq;
        if let Some(seq) = seq {
            let Some(next) = seq.checked_add(1) else {
                return self.end_locked(&mut queue, End::Close(close::WORN_OUT));
            };
            queue.next_seq = Some(next);
        }
        let frame = write_server_frame(&ServerFrame { seq, message });
        if queue.frames.len() >= self.frames || queue.bytes + frame.len() > self.bytes {
            // What waits is of no use to a client that has to start anew, and its memory is what the bound is for.
            queue.frames = VecDeque::new();
            queue.bytes = 0;
            return self.end_locked(&mut queue, End::Close(close::TOO_SLOW));
        }
        queue.bytes += frame.len();
        queue.frames.push_back(frame.into());
        drop(queue);
        self.news.notify_one();
    }

    /// Numbers every frame from here on, from 1.
    pub(crate) fn number_from_here(&self) {
        self.lock().next_seq = Some(1);
    }

    /// Ends the socket, after what waits has been sent.
    pub(crate) fn end(&self, end: End) {
        self.end_locked(&mut self.lock(), end);
    }

    fn end_locked(&self, queue: &mut Queue, end: End) {
        if queue.end.is_none() {
            queue.end = Some(end);
            self.ending.cancel();
            self.news.notify_one();
        }
    }

    /// Resolves when an end is named.
    pub(crate) async fn ending(&self) {
        self.ending.cancelled().await;
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
        let mut queue = self.lock();
        if queue.end == Some(End::Lost) {
            return Some(Next::End(End::Lost));
        }
        match queue.frames.pop_front() {
            Some(frame) => {
                queue.bytes -= frame.len();
                Some(Next::Frame(frame))
            }
            None => queue.end.map(Next::End),
        }
    }

    /// Whether no frame waits, so that what has been written is to be flushed.
    pub(crate) fn is_drained(&self) -> bool {
        self.lock().frames.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
