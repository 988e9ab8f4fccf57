//! One socket, from its first frame to its close code.
//!
//! Two tasks serve it: this one reads, and is where commands are carried out one after the other; another writes what
//! there is for the [`Socket`]. Whatever ends a socket names an [`End`] there: both hear of it and finish.
//!
//! A socket on the subprotocol is an SDK's. Its first frame is `session:open`, and from the `session:welcome` on, the
//! server's frames are numbered and commands with an `id` are answered. The session that it opens, or goes on with, lives
//! in the store and outlives it ([`crate::store::Session`]). Any other socket is a client written from the
//! seed alone: it is served at once, and hears nothing that the seed does not have but `error`.

mod commands;
mod linger;
mod pace;
mod ping;
mod reader;
mod refusal;
mod writer;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt};
use lumencall_core::machine::Dialect;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::{debug, error};

use crate::auth::{Credential, SUBPROTOCOL};
use crate::server::Shared;
use crate::socket::{End, Socket};
use crate::store::Store;
use crate::{Limits, close};
use reader::Reader;

pub(crate) use refusal::refuse;

/// Serves a socket until it has ended.
pub(crate) async fn serve<S, I>(shared: Arc<Shared<S>>, io: I, credential: Credential, dialect: Dialect)
where
    S: Store,
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let limits = &shared.config.limits;
    let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(websocket_config(limits))).await;
    let (sink, mut stream) = stream.split();
    let socket = Arc::new(Socket::default());
    let writing = tokio::spawn(writer::write(sink, Arc::clone(&socket), *limits));

    // A panic is a defect of ours, and costs this socket alone: its device is away like any other.
    let mut reader = Reader::new(&shared, credential, dialect, &socket);
    let broken = |_| {
        error!("a task panicked while it read from a socket");
        End::Close(close::BROKEN)
    };
    match AssertUnwindSafe(reader.open(&mut stream)).catch_unwind().await.map_err(broken).flatten() {
        Ok(line) => {
            let id = line.origin().device.id.as_str();
            debug!(device = id, ?dialect, "a session is open");
            let reading = AssertUnwindSafe(reader.read(&line, &mut stream)).catch_unwind();
            let end = reading.await.unwrap_or_else(broken);
            socket.end(end);
            debug!(device = id, ?end, "a socket has ended");
            shared.store.close(&line, is_goodbye(end, dialect)).await;
        }
        Err(end) => socket.end(end),
    }

    if let Ok((sink, end)) = writing.await
        && let (Ok(socket), false) = (stream.reunite(sink), end == End::Lost)
    {
        linger::read_dry(socket.into_inner()).await;
    }
}

/// Whether a device whose socket ends so is gone for good. An SDK's says so by its close code (RFC 6455, 7.4.1: the purpose
/// is fulfilled). 1001 says nothing: browsers send it for a page that is left, for one that crashed, and for one that they freeze.
/// A client of the seed's dialect cannot come back.
fn is_goodbye(end: End, dialect: Dialect) -> bool {
    match dialect {
        Dialect::Seed => true,
        Dialect::Sdk => end == End::ByPeer(Some(1000)),
    }
}

/// Small buffers, since a server holds as many as there are sockets. Only a message larger than them needs more, while
/// it passes.
fn websocket_config(limits: &Limits) -> WebSocketConfig {
    const BUFFER: usize = 4 * 1024;
    /// More than a welcome has, with as many calls as may ring at a user.
    const WELCOME: usize = 1024 * 1024;
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        // Every frame fits that fits the mailbox, and every welcome; the writer flushes before it takes another.
        .max_write_buffer_size(2 * BUFFER + limits.queued_bytes.max(WELCOME))
        .max_message_size(Some(limits.message))
        .max_frame_size(Some(limits.message))
}
