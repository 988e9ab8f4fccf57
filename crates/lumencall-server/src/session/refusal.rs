//! A socket that is opened only to say why there is none.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::join;
use lumencall_core::ErrorCode;
use lumencall_core::wire::{ErrorInfo, ServerMessage};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
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
    let (sink, mut stream) = stream.split();
    let socket = Arc::new(Socket::default());
    let code = ErrorCode::Unauthorized;
    socket.send(ServerMessage::Error(ErrorInfo { code, message: why.into(), call_id: None }));
    debug!("a token was not taken");
    // A browser to which the end comes at once does not show its page what came before it. So the client may speak first; what it
    // says is not looked at.
    let ending = async {
        let _ = timeout(linger::LINGER, stream.next()).await;
        socket.end(End::Close(close::UNAUTHORIZED));
    };
    let ((sink, end), ()) = join(writer::write(sink, Arc::clone(&socket), *limits), ending).await;
    if let (Ok(stream), false) = (stream.reunite(sink), end == End::Lost) {
        linger::read_dry(stream.into_inner()).await;
    }
}
