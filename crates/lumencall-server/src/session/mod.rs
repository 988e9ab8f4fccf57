//! One socket, from its first frame to its close code.
//!
//! Two tasks serve it: this one reads, and is where commands are carried out one after the other; another writes what
//! the device's [`Outbox`] holds. Whatever ends a socket names an [`End`] there: both hear of it and finish.
//!
//! A socket on the subprotocol is an SDK's. Its first frame is `session:open`, and from the `session:welcome` on, the
//! server's frames are numbered and commands with an `id` are answered. Any other socket is a client written from the
//! seed alone: it is served at once, and hears nothing that the seed does not have but `error`.

mod commands;
mod linger;
mod pace;
mod reader;
mod replies;
mod writer;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use lumencall_core::UserId;
use lumencall_core::machine::{Device, Dialect, Origin};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::{debug, error};

use crate::outbox::{End, Outbox};
use crate::server::Shared;
use crate::store::Store;
use crate::{Limits, close, fresh};
use reader::Reader;

/// The subprotocol that SDKs offer, and the version of the protocol.
pub(crate) const SUBPROTOCOL: &str = "lumencall.1";

/// Serves a socket until it has ended.
pub(crate) async fn serve<S, I>(shared: Arc<Shared<S>>, io: I, user: UserId, dialect: Dialect)
where
    S: Store,
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let limits = &shared.config.limits;
    let device = Origin { user, device: Device { id: fresh::device_id(), dialect } };
    let id = device.device.id.as_str().to_owned();
    debug!(device = id, ?dialect, "a socket is open");

    let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(websocket_config(limits))).await;
    let (sink, mut stream) = socket.split();
    let outbox = Arc::new(Outbox::new(limits));
    let writing = tokio::spawn(writer::write(sink, Arc::clone(&outbox), *limits));

    // A panic is a defect of ours, and costs this socket alone: its device leaves like any other.
    let reading = Reader::new(&shared, &device, &outbox).read(&mut stream);
    let end = AssertUnwindSafe(reading).catch_unwind().await.unwrap_or_else(|_| {
        error!("a task panicked while it read from a socket");
        End::Close(close::BROKEN)
    });
    outbox.end(end);
    shared.store.disconnect(&device).await;

    if let Ok((sink, end)) = writing.await {
        debug!(device = id, ?end, "a socket has ended");
        if let (Ok(socket), false) = (stream.reunite(sink), end == End::Lost) {
            linger::read_dry(socket.into_inner()).await;
        }
    }
}

/// Small buffers, since a server holds as many as there are sockets. Only a message larger than them needs more, while
/// it passes.
fn websocket_config(limits: &Limits) -> WebSocketConfig {
    const BUFFER: usize = 4 * 1024;
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        // Every frame fits that fits the queue; the writer flushes before it takes another.
        .max_write_buffer_size(2 * BUFFER + limits.queued_bytes)
        .max_message_size(Some(limits.message))
        .max_frame_size(Some(limits.message))
}
