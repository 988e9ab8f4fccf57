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

impl Queue {
    fn discard(&mut self) {
        self.frames = VecDeque::new();
        self.bytes = 0;
    }
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
            queue.discard();
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

    /// Ends the socket, after what waits has been sent; to a lost client nothing more is.
    pub(crate) fn end(&self, end: End) {
        let mut queue = self.lock();
        if end == End::Lost {
            queue.discard();
        }
        self.end_locked(&mut queue, end);
    }

    fn end_locked(&self, queue: &mut Queue, end: End) {
        if queue.end.is_none() {
            queue.end = Some(end);
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
        let mut queue = self.lock();
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

#[cfg(test)]
mod tests {
    use lumencall_core::ErrorCode;
    use lumencall_core::wire::ErrorInfo;

    use super::*;

    fn outbox(queued_frames: usize, queued_bytes: usize) -> Outbox {
        Outbox::new(&Limits { queued_frames, queued_bytes, ..Limits::default() })
    }

    fn message(text: &str) -> ServerMessage {
        ServerMessage::Error(ErrorInfo { code: ErrorCode::Malformed, message: text.into(), call_id: None })
    }

    async fn frame(outbox: &Outbox) -> String {
        match outbox.next().await {
            Next::Frame(frame) => frame.to_string(),
            Next::End(end) => panic!("{end:?}"),
        }
    }

    async fn end(outbox: &Outbox) -> End {
        match outbox.next().await {
            Next::Frame(frame) => panic!("{frame}"),
            Next::End(end) => end,
        }
    }

    #[tokio::test]
    async fn i18_frames_are_numbered_without_gaps() {
        let outbox = outbox(10, 10_000);
        outbox.send(message("welcome"));
        outbox.number_from_here();
        outbox.send(message("one"));
        outbox.send(message("two"));
        assert!(!frame(&outbox).await.contains("seq"));
        assert!(frame(&outbox).await.starts_with(r#"{"seq":1,"#));
        assert!(frame(&outbox).await.starts_with(r#"{"seq":2,"#));
    }

    #[tokio::test]
    async fn i31_a_queue_is_bounded_in_frames_and_in_bytes() {
        for (outbox, text) in [(outbox(3, 1_000_000), "x".to_owned()), (outbox(1000, 4000), "x".repeat(1000))]
        {
            for _ in 0..3 {
                outbox.send(message(&text));
            }
            frame(&outbox).await;
            // What has been taken makes room.
            outbox.send(message(&text));
            outbox.send(message(&text));
            assert_eq!(end(&outbox).await, End::Close(close::TOO_SLOW));
        }
    }

    #[tokio::test]
    async fn the_first_end_counts_and_what_waits_goes_before_it() {
        let outbox = outbox(10, 10_000);
        outbox.send(message("waits"));
        outbox.end(End::Close(close::GOING_AWAY));
        outbox.end(End::ByPeer);
        outbox.send(message("too late"));
        assert!(frame(&outbox).await.contains("waits"));
        assert_eq!(end(&outbox).await, End::Close(close::GOING_AWAY));
        assert_eq!(outbox.ending().await, End::Close(close::GOING_AWAY));
    }

    #[tokio::test]
    async fn a_lost_client_is_sent_nothing_more() {
        let outbox = outbox(10, 10_000);
        outbox.send(message("waits"));
        outbox.end(End::Close(close::BINARY));
        outbox.end(End::Lost);
        assert_eq!(end(&outbox).await, End::Close(close::BINARY));
    }
}
