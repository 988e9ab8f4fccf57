//! The task that reads from a socket and carries out what it reads.

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use lumencall_core::machine::{Dialect, Origin, Refusal};
use lumencall_core::wire::{
    ClientFrame, Command, Done, Reply, ServerMessage, SessionOpen, Welcome, read_client_frame,
};
use lumencall_core::{CallId, ErrorCode};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};
use tracing::debug;

use super::SUBPROTOCOL;
use super::commands::{EXPIRED, NOT_OPENED, asked, malformed, may_follow_expiry, refused};
use super::pace::Pace;
use super::ping::number_of;
use crate::auth::Credential;
use crate::close;
use crate::server::Shared;
use crate::socket::{End, Socket};
use crate::store::{Answer, Asked, Line, Opened, Outcome, Session, Store};
use crate::turn::ice_servers;

pub(super) struct Reader<'a, S> {
    shared: &'a Shared<S>,
    credential: Credential,
    dialect: Dialect,
    socket: &'a Arc<Socket>,
    pace: Pace,
}

impl<'a, S: Store> Reader<'a, S> {
    pub(super) fn new(
        shared: &'a Shared<S>,
        credential: Credential,
        dialect: Dialect,
        socket: &'a Arc<Socket>,
    ) -> Self {
        Self { shared, credential, dialect, socket, pace: Pace::new(&shared.config.limits) }
    }

    /// Opens the session. `Err` where the socket is to end instead, and how.
    pub(super) async fn open<M>(&mut self, messages: &mut M) -> Result<Line, End>
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        let store = &self.shared.store;
        let opened = match self.dialect {
            Dialect::Seed => store.connect(self.credential.user(), self.socket).await,
            Dialect::Sdk => {
                let open = self.wait_for_open(messages).await?;
                let welcome = |session: &Session, opened| self.welcome(session, opened);
                store.open(self.credential.user(), &open, self.socket, welcome).await
            }
        };
        opened.map_err(End::Close)
    }

    /// Serves the socket until it is to end, and says how.
    pub(super) async fn read<M>(&mut self, line: &Line, messages: &mut M) -> End
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        let Err(end) = self.serve(line, messages).await;
        end
    }

    async fn serve<M>(&mut self, line: &Line, messages: &mut M) -> Result<Infallible, End>
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        loop {
            let text = match self.next_text(messages).await {
                Ok(text) => text,
                Err(end) => {
                    if ended_by_frame(end) {
                        line.session.receive(self.socket);
                    }
                    return Err(end);
                }
            };
            self.carry_out(line, &text).await;
        }
    }

    async fn wait_for_open<M>(&mut self, messages: &mut M) -> Result<SessionOpen, End>
    where
        M: Stream<Item = Result<Message, Error>> + Unpin,
    {
        let patience = self.shared.config.limits.open_timeout;
        let text = timeout(patience, self.next_text(messages))
            .await
            .map_err(|_| End::Close(close::NEVER_OPENED))??;
        let (id, error) = match read_client_frame(&text) {
            Ok(ClientFrame { command: Command::Open(open), .. }) => return Ok(open),
            Ok(ClientFrame { id, .. }) => (id, refused(NOT_OPENED, None)),
            Err((id, error)) => (id, malformed(&error)),
        };
        self.socket.send(match id {
            Some(id) => ServerMessage::Reply(Reply { id, ok: None, error: Some(error) }),
            None => ServerMessage::Error(error),
        });
        Err(End::Close(close::NOT_OPENED))
    }

    fn welcome(&self, session: &Session, opened: Opened) {
        let (received, calls) = match opened {
            Opened::New => (None, None),
            Opened::Resumed(received) => (Some(received), None),
            Opened::Known(calls) => (None, Some(calls)),
        };
        let config = &self.shared.config;
        let (ice_servers, ice_servers_expire_in) =
            ice_servers(&config.ice_servers, config.turn.as_ref(), self.credential.user());
        self.socket.send(ServerMessage::Welcome(Welcome {
            protocol: SUBPROTOCOL.into(),
            user_id: session.origin.user.clone(),
            device_id: session.origin.device.id.clone(),
            secret: session.secret(),
            resumed: received.is_some(),
            received,
            calls,
            ice_servers,
            ice_servers_expire_in,
            token_expires_in: self.credential.expires_in(),
        }));
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
                end = self.socket.ending() => return Err(end),
                close = self.credential.over(limits.token_grace) => return Err(End::Close(close)),
                () = self.shared.stopping.cancelled() => return Err(End::Close(close::GOING_AWAY)),
                message = timeout(silence, messages.next()) => message,
            };
            match message {
                Ok(Some(Ok(Message::Text(text)))) => return Ok(text),
                Ok(Some(Ok(Message::Ping(_)))) => {}
                Ok(Some(Ok(Message::Pong(payload)))) => {
                    if let Some(number) = number_of(&payload) {
                        self.socket.acknowledge(number);
                    }
                }
                Ok(Some(Ok(Message::Binary(_) | Message::Frame(_)))) => {
                    return Err(End::Close(close::BINARY));
                }
                Ok(Some(Ok(Message::Close(close)))) => {
                    return Err(End::ByPeer(close.map(|close| close.code.into())));
                }
                Ok(Some(Err(error))) => return Err(end_of(&error)),
                Ok(None) => return Err(End::Lost),
                Err(_) => return Err(End::Close(close::SILENT)),
            }
        }
    }

    async fn carry_out(&mut self, line: &Line, text: &str) {
        let (id, event, call, asked) = match read_client_frame(text) {
            Ok(ClientFrame { id, command }) => {
                let (event, call) = (command.event(), command.call_id().cloned());
                let asked = match self.allows(&command).await {
                    Ok(()) => asked(command, self.dialect, &self.shared.config, &self.credential),
                    Err(refusal) => Err(refusal),
                };
                let asked =
                    asked.unwrap_or_else(|refusal| Asked::Answered(Err(refused(refusal, call.clone()))));
                (id, event, call, asked)
            }
            Err((id, error)) => (id, "", None, Asked::Answered(Err(malformed(&error)))),
        };
        let answer = |outcome: Outcome| -> Answer {
            log(line.origin(), event, call.as_ref(), &outcome);
            outcome.map(Done::new).map_err(|refusal| refused(refusal, call))
        };
        self.shared.store.take(line, id, asked, answer).await;
    }

    /// Whether the token allows the command. One that shows a newer token is where the newer one is taken.
    async fn allows(&mut self, command: &Command) -> Result<(), Refusal> {
        let auth = &self.shared.config.auth;
        if let (Command::Authenticate(shown), Dialect::Sdk, true) =
            (command, self.dialect, auth.takes_tokens())
        {
            match auth.renew(&self.credential, shown.token.reveal()).await {
                // A client that sends again what was lost may show one that is older than its socket's.
                Ok(renewed) if renewed.outlasts(&self.credential) => self.credential = renewed,
                Ok(_) => {}
                Err(denied) => {
                    let (code, message) = (ErrorCode::Unauthorized, denied.sentence());
                    return Err(Refusal { code, message, call: None });
                }
            }
        }
        if self.credential.has_expired() && !may_follow_expiry(command) { Err(EXPIRED) } else { Ok(()) }
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

/// Whether a message of the client ended the socket. It counts as one that was taken: a client that sent it again would end
/// the next socket too.
fn ended_by_frame(end: End) -> bool {
    [close::TOO_LARGE, close::NOT_UTF8, close::BINARY].map(End::Close).contains(&end)
}
