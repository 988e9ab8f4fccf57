//! The task that writes to a socket.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Result};

use super::linger::LINGER;
use super::ping;
use crate::Limits;
use crate::socket::{End, Next, Socket};

type Sink<I> = SplitSink<WebSocketStream<I>, Message>;

/// Writes what there is for the socket, and pings, until it ends. Returns its half of the socket, and how it ended.
pub(super) async fn write<I>(mut sink: Sink<I>, socket: Arc<Socket>, limits: Limits) -> (Sink<I>, End)
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let mut pings = interval_at(Instant::now() + limits.ping_interval, limits.ping_interval);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let written = tokio::select! {
            next = socket.next() => match next {
                Next::Frame(frame) => {
                    let flush = socket.is_drained();
                    attempt(&socket, limits.pong_timeout, send(&mut sink, Message::Text(frame), flush)).await
                }
                Next::End(end) => {
                    // A client that does not take its close frame in time is cut off without.
                    let _ = timeout(LINGER, finish(&mut sink, end)).await;
                    return (sink, end);
                }
            },
            _ = pings.tick() => {
                attempt(&socket, limits.pong_timeout, send(&mut sink, Message::Ping(ping::payload(socket.written())), true)).await
            }
        };
        if written.is_none() {
            // The first end that was named counts; a mailbox that ran over while this was stuck is one.
            socket.end(End::Lost);
        }
    }
}

async fn send<I>(sink: &mut Sink<I>, message: Message, flush: bool) -> Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    sink.feed(message).await?;
    if flush { sink.flush().await } else { Ok(()) }
}

/// Writes, for as long as a client is given: `patience`, or [`LINGER`] from when the socket is to end.
async fn attempt(socket: &Socket, patience: Duration, write: impl Future<Output = Result<()>>) -> Option<()> {
    let called_off = async {
        socket.ending().await;
        sleep(LINGER).await;
    };
    tokio::select! {
        written = write => written.ok(),
        () = sleep(patience) => None,
        () = called_off => None,
    }
}

async fn finish<I>(sink: &mut Sink<I>, end: End) -> Result<()>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    match end {
        End::Close(close) => {
            let frame = CloseFrame { code: close.code.into(), reason: close.reason.into() };
            sink.send(Message::Close(Some(frame))).await
        }
        End::ByPeer(_) => sink.close().await,
        End::Lost => Ok(()),
    }
}
