//! A socket that is opened only to say why there is none.

use std::sync::Arc;

use futures_util::StreamExt;
use lumencall_core::ErrorCode;
use lumencall_core::wire::{ErrorInfo, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::Role;
use tracing::debug;

use super::{linger, websocket_config, writer};
use crate::close;
use crate::server::Shared;
use crate::socket::{End, Socket};

/// Tells an SDK why its token is not taken, and closes. Nothing that it sends is read.
pub(crate) async fn refuse<S, I>(shared: &Shared<S>, io: I, why: &'static str)
where
    I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let limits = &shared.config.limits;
    let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(websocket_config(limits))).await;
    let (sink, stream) = stream.split();
    let socket = Arc::new(Socket::default());
    let code = ErrorCode::Unauthorized;
    socket.send(ServerMessage::Error(ErrorInfo { code, message: why.into(), call_id: None }));
    socket.end(End::Close(close::UNAUTHORIZED));
    debug!("a token was not taken");
    let (sink, end) = writer::write(sink, socket, *limits).await;
    if let (Ok(stream), false) = (stream.reunite(sink), end == End::Lost) {
        linger::read_dry(stream.into_inner()).await;
    }
}
