//! The task that reads from a socket and carries out what it reads.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use lumencall_core::CallId;
use lumencall_core::machine::{Dialect, Origin};
use lumencall_core::wire::{
    ClientFrame, Command, Done, ErrorInfo, Reply, ServerMessage, Welcome, read_client_frame,
};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tracing::debug;

use super::commands::{NOT_OPENED, TOO_OLD, call_command, malformed, named_call, refused};
use super::pace::Pace;
use super::replies::Replies;
use super::{SUBPROTOCOL, close};
use crate::fresh;
use crate::outbox::{End, Outbox};
use crate::server::Shared;
use crate::store::{Outcome, Store, TooManyDevices};

pub(super) struct Reader<'a, S> {
    shared: &'a Shared<S>,
    device: &'a Origin,
    outbox: &'a Arc<Outbox>,
    replies: Replies,
    pace: Pace,
}

impl<'a, S: Store> Reader<'a, S> {
    pub(super) fn new(shared: &'a Shared<S>, device: &'a Origin, outbox: &'a Arc<Outbox>) -> Self {
        let pace = Pace::new(&shared.config.limits);
        Self { shared, device, outbox, replies: Replies::default(), pace }
    }

    /// Serves the socket until it is to end, and says how.
    pub(super) async fn read<M>(mut self, messages: &mut M) -> End
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        let Err(end) = self.serve(messages).await;
        end
    }

    async fn serve<M>(&mut self, messages: &mut M) -> Result<Infallible, End>
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        match self.device.device.dialect {
            Dialect::Seed => self.connect(|| {}).await?,
            Dialect::Sdk => {
                self.wait_for_open(messages).await?;
                self.connect(|| self.welcome()).await?;
            }
        }
        loop {
            let text = self.next_text(messages).await?;
            self.carry_out(&text).await;
        }
    }

    async fn wait_for_open<M>(&mut self, messages: &mut M) -> Result<(), End>
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        let patience = self.shared.config.limits.open_timeout;
        let text = timeout(patience, self.next_text(messages))
            .await
            .map_err(|_| End::Close(close::NEVER_OPENED))??;
        let (id, error) = match read_client_frame(&text) {
            Ok(ClientFrame { command: Command::Open(_), .. }) => return Ok(()),
            Ok(ClientFrame { id, .. }) => (id, refused(NOT_OPENED, None)),
            Err((id, error)) => (id, malformed(&error)),
        };
        self.answer(id, Err(error));
        Err(End::Close(close::NOT_OPENED))
    }

    async fn connect(&self, welcome: impl FnOnce() + Send) -> Result<(), End> {
        let connected = self.shared.store.connect(self.device, self.outbox, welcome).await;
        connected.map_err(|TooManyDevices| End::Close(close::TOO_MANY_DEVICES))
    }

    fn welcome(&self) {
        self.outbox.send(ServerMessage::Welcome(Welcome {
            protocol: SUBPROTOCOL.into(),
            device_id: self.device.device.id.clone(),
            secret: fresh::secret(),
            resumed: false,
            ice_servers: self.shared.config.ice_servers.clone(),
        }));
        self.outbox.number_from_here();
    }

    /// The next text frame. Any frame at all shows that the client lives.
    async fn next_text<M>(&mut self, messages: &mut M) -> Result<Utf8Bytes, End>
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        let limits = &self.shared.config.limits;
        let silence = limits.ping_interval + limits.pong_timeout;
        loop {
            self.pace.keep().await;
            let message = tokio::select! {
                biased;
                end = self.outbox.ending() => return Err(end),
                () = self.shared.stopping.cancelled() => return Err(End::Close(close::GOING_AWAY)),
                message = timeout(silence, messages.next()) => message,
            };
            match message {
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Ok(Some(Ok(Message::Binary(_) | Message::Frame(_)))) => {
                    return Err(End::Close(close::BINARY));
                }
                Ok(Some(Ok(Message::Close(_)))) => return Err(End::ByPeer),
                Ok(Some(Err(error))) => return Err(end_of(&error)),
                Ok(None) => return Err(End::Lost),
                Err(_) => return Err(End::Close(close::SILENT)),
            }
        }
    }

    async fn carry_out(&mut self, text: &str) {
        let dialect = self.device.device.dialect;
        let ClientFrame { id, command } = match read_client_frame(text) {
            Ok(frame) => frame,
            Err((id, error)) => return self.answer(id, Err(malformed(&error))),
        };
        if let Some(reply) = id.filter(|_| dialect == Dialect::Sdk).and_then(|id| self.replies.given(id)) {
            return self.outbox.send(ServerMessage::Reply(reply));
        }
        if let Some(id) = id.filter(|id| dialect == Dialect::Sdk && self.replies.is_too_old(*id)) {
            let error = refused(TOO_OLD, None);
            return self.outbox.send(ServerMessage::Reply(Reply { id, ok: None, error: Some(error) }));
        }
        let (event, call) = (command.event(), named_call(&command));
        match call_command(command, dialect) {
            Ok(command) => {
                let Self { shared, device, .. } = *self;
                let reply = |outcome: Outcome| {
                    log(device, event, call.as_ref(), &outcome);
                    let done = outcome.map(|call| Done { call });
                    self.answer(id, done.map_err(|refusal| refused(refusal, call)));
                };
                shared.store.command(device, command, reply).await;
            }
            Err(refusal) => self.answer(id, Err(refused(refusal, call))),
        }
    }

    /// Answers a command: by a reply where it has an `id` and the dialect has replies, else by an `error` or nothing.
    fn answer(&mut self, id: Option<u32>, outcome: Result<Done, ErrorInfo>) {
        match (id, self.device.device.dialect, outcome) {
            (Some(id), Dialect::Sdk, outcome) => {
                let reply = self.replies.remember(id, outcome);
                self.outbox.send(ServerMessage::Reply(reply));
            }
            (_, _, Err(error)) => self.outbox.send(ServerMessage::Error(error)),
            (_, _, Ok(_)) => {}
        }
    }
}

/// Logs what became of a command. The id of a call is logged only where there is such a call: else it is a client's text.
fn log(device: &Origin, event: &str, named: Option<&CallId>, outcome: &Outcome) {
    let device = device.device.id.as_str();
    match outcome {
        Ok(call) => {
            let call = call.as_ref().map(|call| &call.id).or(named).map(CallId::as_str);
            debug!(device, event, call, "done");
        }
        Err(refusal) => debug!(device, event, code = refusal.code.as_str(), "refused"),
    }
}

/// What an error of the WebSocket protocol ends the socket with.
fn end_of(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::Close(close::TOO_LARGE),
        Error::Utf8(_) => End::Close(close::NOT_UTF8),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Lost,
        Error::Protocol(_) => End::Close(close::PROTOCOL),
        // The rest are errors of the connection, of TLS and of the handshake.
        _ => End::Lost,
    }
}
