//! A plain WebSocket client.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::PATIENCE;

/// A client. Every wait of it fails the test after a while, and every frame that a test did not expect does at once.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    pub(crate) user: String,
    pub(crate) subprotocol: Option<String>,
    /// On the subprotocol: the last number seen; none before the welcome.
    last_seq: Option<u64>,
    last_id: u64,
    is_sdk: bool,
    pub(crate) welcome: Value,
    address: SocketAddr,
    /// Every text sent in this session after `session:open`, over all its sockets.
    sent: Vec<String>,
}

impl Client {
    /// A socket that offers these subprotocols and has sent nothing.
    pub(crate) async fn socket(
        address: SocketAddr,
        user: &str,
        subprotocols: Option<&str>,
        small_window: bool,
    ) -> Result<Self, Error> {
        let headers = subprotocols.map(|subprotocols| ("sec-websocket-protocol", subprotocols));
        let path = format!("/ws?userId={user}");
        Self::asking(address, user, &path, headers.as_slice(), small_window).await
    }

    /// A socket that asks for this path with these headers, for whom the server takes to be this user.
    pub(crate) async fn asking(
        address: SocketAddr,
        user: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        small_window: bool,
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let tcp = TcpSocket::new_v4().unwrap();
        if small_window {
            tcp.set_recv_buffer_size(4096).unwrap();
        }
        let stream = tcp.connect(address).await?;
        let (socket, response) = client_async(request, stream).await?;
        let subprotocol = response.headers().get("sec-websocket-protocol");
        let subprotocol = subprotocol.map(|chosen| chosen.to_str().unwrap().to_owned());
        Ok(Self {
            socket,
            user: user.to_owned(),
            is_sdk: subprotocol.as_deref() == Some("lumencall.1"),
            subprotocol,
            last_seq: None,
            last_id: 0,
            welcome: Value::Null,
            address,
            sent: Vec::new(),
        })
    }

    pub(crate) async fn seed(address: SocketAddr, user: &str) -> Self {
        let mut client = Self::socket(address, user, None, false).await.unwrap();
        // The answer proves that the device is connected, as the seed's frames do not say so.
        client.nothing_came().await;
        client
    }

    pub(crate) async fn sdk(address: SocketAddr, user: &str) -> Self {
        Self::open(address, user, json!({})).await
    }

    /// A client on the subprotocol that opens its session so.
    pub(crate) async fn open(address: SocketAddr, user: &str, open: Value) -> Self {
        let mut client = Self::socket(address, user, Some("lumencall.1"), false).await.unwrap();
        client.opens(open).await;
        client
    }

    /// Opens the session, as the first that is sent and heard.
    pub(crate) async fn opens(&mut self, open: Value) {
        self.send("session:open", open).await;
        self.welcome = self.expect("session:welcome").await;
        self.sent.clear();
    }

    pub(crate) const fn is_sdk(&self) -> bool {
        self.is_sdk
    }

    /// The data of `signal:offer` or `signal:answer`, as the seed shows it.
    pub(crate) fn description(&self, call: &str, to: &str, kind: &str, sdp: &str) -> Value {
        json!({ "callId": call, "fromUserId": self.user, "toUserId": to, "type": kind, "sdp": sdp })
    }

    /// The data of `signal:ice-candidate`, as the seed shows it.
    pub(crate) fn candidate(&self, call: &str, to: &str, candidate: &str) -> Value {
        json!({
            "callId": call,
            "fromUserId": self.user,
            "toUserId": to,
            "candidate": candidate,
            "sdpMLineIndex": 0,
            "sdpMid": "0",
        })
    }

    pub(crate) async fn send(&mut self, event: &str, data: Value) {
        self.send_text(json!({ "event": event, "data": data }).to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.sent.push(text.clone());
        self.send_message(Message::text(text)).await;
    }

    /// Sends a text, or hears that the connection takes none any more.
    pub(crate) async fn try_send_text(&mut self, text: String) -> Result<(), Error> {
        timeout(PATIENCE, self.socket.send(Message::text(text))).await.expect("it goes out, or breaks")
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        timeout(PATIENCE, self.socket.send(message)).await.expect("the frame goes out").unwrap();
    }

    /// The next message of any kind but pings and pongs; an error is the end of the connection.
    pub(crate) async fn message(&mut self) -> Option<Result<Message, Error>> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await;
            match message.unwrap_or_else(|_| panic!("{} waits for a frame in vain", self.user)) {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                message => return message,
            }
        }
    }

    /// The next frame, whatever it is. On the subprotocol its number follows on the last.
    pub(crate) async fn next(&mut self) -> Value {
        let message = self.message().await;
        let Some(Ok(Message::Text(text))) = message else {
            panic!("{} gets {message:?} where a frame should be", self.user)
        };
        let frame: Value = serde_json::from_str(&text).unwrap();
        let expected = self.last_seq.map(|seq| seq + 1);
        assert_eq!(frame["seq"].as_u64(), expected, "{frame}");
        match &frame["event"] {
            event if event == "session:welcome" => self.last_seq = Some(0),
            _ => self.last_seq = expected,
        }
        frame
    }

    /// The data of the next frame, which is this event.
    pub(crate) async fn expect(&mut self, event: &str) -> Value {
        let mut frame = self.next().await;
        assert_eq!(frame["event"], event, "{} got {frame}", self.user);
        frame["data"].take()
    }

    /// The next frame says that the call is in this state. Returns its data.
    pub(crate) async fn expect_state(&mut self, call: &str, state: &str) -> Value {
        let data = self.expect("call:state-changed").await;
        assert_eq!(
            (&data["callId"], &data["state"]),
            (&json!(call), &json!(state)),
            "{} got {data}",
            self.user
        );
        data
    }

    /// The next frame says that the call, or this device's part of it, ended for this reason.
    pub(crate) async fn expect_end(&mut self, call: &str, reason: &str) {
        let data = self.expect_state(call, "ended").await;
        assert_eq!(data["endReason"], reason, "{} got {data}", self.user);
    }

    /// The next frame is an error with this code, in the way of this client's dialect: to a command without an id.
    pub(crate) async fn expect_error(&mut self, code: &str) -> Value {
        let error = self.expect("error").await;
        assert_eq!(error["code"], code, "{} got {error}", self.user);
        assert!(error["message"].as_str().is_some_and(|message| message.len() > 10), "{error}");
        error
    }

    /// Sends a command with a fresh id; the next frame is its reply. Returns its `ok`, or its `error`.
    pub(crate) async fn ask(&mut self, event: &str, data: Value) -> Result<Value, Value> {
        self.last_id += 1;
        self.ask_as(self.last_id, event, data).await
    }

    /// Sends a command with this id; the next frame is its reply.
    pub(crate) async fn ask_as(&mut self, id: u64, event: &str, data: Value) -> Result<Value, Value> {
        self.send_text(json!({ "id": id, "event": event, "data": data }).to_string()).await;
        let mut reply = self.expect("reply").await;
        assert_eq!(reply["id"], id, "{reply}");
        match (reply["ok"].take(), reply["error"].take()) {
            (ok, Value::Null) if ok.is_object() => Ok(ok),
            (Value::Null, error) if error.is_object() => Err(error),
            both => panic!("a reply is one of the two, not {both:?}"),
        }
    }

    /// Sends a command, with a fresh id where there are replies, and waits for nothing.
    pub(crate) async fn request(&mut self, event: &str, data: Value) {
        if !self.is_sdk {
            return self.send(event, data).await;
        }
        self.last_id += 1;
        self.send_text(json!({ "id": self.last_id, "event": event, "data": data }).to_string()).await;
    }

    /// Sends a command like [`Client::request`], and it is lost on its way.
    pub(crate) fn loses(&mut self, event: &str, data: Value) {
        self.last_id += 1;
        self.sent.push(json!({ "id": self.last_id, "event": event, "data": data }).to_string());
    }

    /// How many frames were sent in this session.
    pub(crate) fn said(&self) -> u64 {
        self.sent.len() as u64
    }

    /// Does something that is allowed: by a reply where there are replies, else it shows in what follows.
    pub(crate) async fn does(&mut self, event: &str, data: Value) {
        if self.is_sdk {
            let reply = self.ask(event, data).await;
            assert!(reply.is_ok(), "{event}: {reply:?}");
        } else {
            self.send(event, data).await;
        }
    }

    /// Does something that is refused. Returns the error.
    pub(crate) async fn is_refused(&mut self, code: &str, event: &str, data: Value) -> Value {
        if !self.is_sdk {
            self.send(event, data).await;
            return self.expect_error(code).await;
        }
        let error = self.ask(event, data).await.expect_err(event);
        assert_eq!(error["code"], code, "{event}: {error}");
        error
    }

    /// Proves that nothing has come: the next frame is the answer to a command sent now. All that this client sent
    /// before has been carried out then, too.
    pub(crate) async fn nothing_came(&mut self) {
        self.is_refused("unknown-call", "call:hangup", json!({ "callId": "no-such-call" })).await;
    }

    /// Waits for so many pings, and for the server to have had the pongs. Nothing else comes meanwhile.
    pub(crate) async fn answers_pings(&mut self, count: usize) {
        let mut pings = 0;
        while pings < count {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("a ping comes");
            match message {
                Some(Ok(Message::Ping(_))) => pings += 1,
                message => panic!("{} gets {message:?} where a ping should be", self.user),
            }
        }
        // The pong is written before anything else is.
        self.nothing_came().await;
    }

    /// The close code that the server ends the socket with, as the next message.
    pub(crate) async fn closed(&mut self) -> u16 {
        match self.message().await {
            Some(Ok(Message::Close(Some(frame)))) => frame.code.into(),
            message => panic!("{} gets {message:?} where a close frame should be", self.user),
        }
    }

    /// The close code, after whatever else still comes.
    pub(crate) async fn closed_at_last(&mut self) -> u16 {
        loop {
            match self.message().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                message => panic!("{} gets {message:?} before a close frame", self.user),
            }
        }
    }

    /// Says good-bye, and waits until the server has too: the device is gone for good.
    pub(crate) async fn leave(self) {
        self.closes(1000).await;
    }

    /// Closes the socket with this code, and waits until the server has too.
    pub(crate) async fn closes(mut self, code: u16) -> Away {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.socket.close(Some(frame)).await.unwrap();
        while let Some(Ok(_)) = self.message().await {}
        self.cut()
    }

    /// The connection breaks.
    pub(crate) fn cut(self) -> Away {
        self.double()
    }

    /// What the client that is here now would come back with, over another socket.
    pub(crate) fn double(&self) -> Away {
        Away {
            address: self.address,
            user: self.user.clone(),
            device: self.welcome["deviceId"].clone(),
            secret: self.welcome["secret"].clone(),
            last_seq: self.last_seq.unwrap_or_default(),
            last_id: self.last_id,
            sent: self.sent.clone(),
        }
    }
}

/// A client of the SDK without its socket.
#[derive(Clone, Debug)]
pub(crate) struct Away {
    address: SocketAddr,
    pub(crate) user: String,
    pub(crate) device: Value,
    pub(crate) secret: Value,
    pub(crate) last_seq: u64,
    last_id: u64,
    sent: Vec<String>,
}

impl Away {
    /// The server is at another address by now.
    pub(crate) fn at(self, address: SocketAddr) -> Self {
        Self { address, ..self }
    }

    /// The same, but for what is changed.
    pub(crate) fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }

    /// One more frame was sent.
    pub(crate) fn has_sent(&mut self, text: &str) {
        self.sent.push(text.to_owned());
    }

    /// Asks the server to go on, and does what it says: where the session goes on, what the server has not had is sent again.
    pub(crate) async fn back(self) -> Client {
        let open =
            json!({ "deviceId": self.device, "resume": { "secret": self.secret, "lastSeq": self.last_seq } });
        let mut client = Client::open(self.address, &self.user, open).await;
        client.last_id = self.last_id;
        if client.welcome["resumed"] == true {
            let received = client.welcome["received"].as_u64().expect("how many were taken");
            let received = usize::try_from(received).unwrap();
            client.last_seq = Some(self.last_seq);
            client.sent = self.sent[..received].to_vec();
            for text in &self.sent[received..] {
                client.send_text(text.clone()).await;
            }
        }
        client
    }

    /// The session goes on.
    pub(crate) async fn resumes(self) -> Client {
        let device = self.device.clone();
        let client = self.back().await;
        assert_eq!(client.welcome["resumed"], true, "{}", client.welcome);
        assert_eq!((&client.welcome["deviceId"], &client.welcome["calls"]), (&device, &Value::Null));
        client
    }

    /// The device is known, and its session begins anew. Returns the calls too.
    pub(crate) async fn begins_anew(self) -> (Client, Vec<Value>) {
        let device = self.device.clone();
        Self::known(self.back().await, &device)
    }

    /// Another page of the device opens its session. Returns its calls too.
    pub(crate) async fn reloads(self) -> (Client, Vec<Value>) {
        let open = json!({ "deviceId": self.device, "resume": { "secret": self.secret } });
        Self::known(Client::open(self.address, &self.user, open).await, &self.device)
    }

    fn known(client: Client, device: &Value) -> (Client, Vec<Value>) {
        assert_eq!((&client.welcome["resumed"], &client.welcome["deviceId"]), (&json!(false), device));
        assert_eq!(client.welcome["received"], Value::Null);
        let calls = client.welcome["calls"].as_array().expect("the calls").clone();
        (client, calls)
    }

    /// The server does not know it: it is a new device, and is told of no calls.
    pub(crate) async fn starts_over(self) -> Client {
        let device = self.device.clone();
        let client = self.back().await;
        assert_eq!(client.welcome["resumed"], false, "{}", client.welcome);
        assert_ne!(client.welcome["deviceId"], device);
        assert_eq!((&client.welcome["calls"], &client.welcome["received"]), (&Value::Null, &Value::Null));
        client
    }
}
