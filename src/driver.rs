//! Hands inputs to the session, and carries out what it asks for.
//!
//! **One choke point.** Every input goes through [`Driver::drive`]; the actions that it leads to run after its borrow has
//! ended, in order, in one loop. A listener that calls back into the SDK finds nothing borrowed, and what it causes comes
//! after what is going on.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{Array, Function, JSON, Promise};
use lumencall_core::session::{Action, ClientSession, Event, LogLevel, Ticket};
use lumencall_core::wire::{DescriptionType, Private, ServerFrame, Source, WireError};
use lumencall_core::{Call, CallId, Millis, UserId};
use serde::Serializer;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::MediaStream;

use crate::codec::{Plain, event_to_js, join, to_js, to_text, window};
use crate::emitter::{Emitter, report};
use crate::error;
use crate::listener::Listener;
use crate::media::LocalMedia;
use crate::options::Options;
use crate::peer::{Peer, Step};
use crate::socket::{ABNORMAL, Socket};

/// How flat values of the SDK's own become JavaScript objects. As maps: for structs the serializer brings a table of their names.
const OBJECTS: serde_wasm_bindgen::Serializer =
    serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);

pub(crate) struct Driver {
    pub(crate) options: Options,
    pub(crate) emitter: Emitter,
    pub(crate) session: RefCell<ClientSession>,
    /// Whether actions are being carried out further up the stack.
    draining: Cell<bool>,
    /// The promises that commands wait on.
    promises: RefCell<Vec<(Ticket, Function, Function)>>,
    socket: RefCell<Option<Rc<Socket>>>,
    /// How many sockets were asked for: one whose token comes too late is not opened.
    sockets: Cell<u32>,
    /// Keeps for the next page what this device is; the facade's.
    keeper: RefCell<Option<Function>>,
    ice_servers: RefCell<JsValue>,
    /// Gets them from the app, where it gives a function; the facade's.
    fetcher: RefCell<Option<Function>>,
    pub(crate) peers: RefCell<Vec<Rc<Peer>>>,
    /// Camera and microphone of the call that this device is in, or is entering.
    pub(crate) media: RefCell<Option<Rc<LocalMedia>>>,
    /// Those that the app opened for a lobby.
    pub(crate) preview: RefCell<Option<Rc<LocalMedia>>>,
    timer: RefCell<Option<Timeout>>,
    pub(crate) disposed: Cell<bool>,
    /// To what happens to the page: it goes away, wakes up, has a network again.
    page: RefCell<Vec<Listener>>,
}

impl Driver {
    pub(crate) fn new(options: Options) -> Rc<Self> {
        let chance = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
        let session = ClientSession::new(options.user.clone(), options.command_timeout, chance);
        let driver = Rc::new(Self {
            options,
            emitter: Emitter::default(),
            session: RefCell::new(session),
            draining: Cell::new(false),
            promises: RefCell::default(),
            socket: RefCell::default(),
            sockets: Cell::new(0),
            keeper: RefCell::default(),
            ice_servers: RefCell::new(Array::new().into()),
            fetcher: RefCell::default(),
            peers: RefCell::default(),
            media: RefCell::default(),
            preview: RefCell::default(),
            timer: RefCell::default(),
            disposed: Cell::new(false),
            page: RefCell::default(),
        });
        let window = window();
        driver.listen(&window.0, "pagehide", Self::suspend);
        driver.listen(&window.0, "online", |driver| driver.change_network(true));
        driver.listen(&window.0, "offline", |driver| driver.change_network(false));
        if let Some(document) = window.member("document") {
            // What is shown again was asleep, perhaps; what is hidden soon will be, and is as well up to date.
            driver.listen(&document.0, "visibilitychange", Self::wake);
        }
        driver
    }

    fn listen(self: &Rc<Self>, target: &JsValue, event: &'static str, handle: fn(&Rc<Self>)) {
        let weak: Weak<Self> = Rc::downgrade(self);
        let listener = Listener::new(target.unchecked_ref(), event, move |_| {
            if let Some(driver) = weak.upgrade() {
                handle(&driver);
            }
        });
        self.page.borrow_mut().push(listener);
    }

    fn wake(self: &Rc<Self>) {
        self.drive(|session| session.handle_wake(now()));
    }

    fn change_network(self: &Rc<Self>, online: bool) {
        self.drive(|session| session.handle_network(now(), online));
    }

    pub(crate) fn keep_with(&self, keeper: Function) {
        self.keeper.replace(Some(keeper));
    }

    /// Gets the newest token, and opens a socket with it; or shows it on the socket that there is.
    fn with_token(self: &Rc<Self>, renew: bool) {
        let driver = self.clone();
        let number = self.sockets.get() + u32::from(!renew);
        self.sockets.set(number);
        spawn_local(async move {
            let mut token = driver.options.token.clone();
            if let Some(function) = token.as_ref().and_then(|token| token.dyn_ref::<Function>()) {
                // What it throws is as good as no token.
                let given = function.call0(&JsValue::UNDEFINED).unwrap_or_default();
                token = JsFuture::from(Promise::resolve(&given)).await.ok().or(Some(given));
            }
            // Another socket may have been asked for, or none is wanted any more.
            if driver.sockets.get() != number {
                return;
            }
            let text = token.as_ref().and_then(JsValue::as_string);
            driver.drive(|session| match (text, renew) {
                (None, _) if token.is_some() => session.handle_no_token(now()),
                (Some(text), true) => session.authenticate(Private::new(text)),
                (text, _) => match Socket::open(&driver, text.as_deref()) {
                    Ok(socket) => drop(driver.socket.replace(Some(socket))),
                    Err(_) => session.handle_socket_closed(now(), ABNORMAL),
                },
            });
        });
    }

    fn keep_identity(&self, device: &JsValue, secret: &JsValue) {
        let keeper = self.keeper.borrow().clone();
        if let Some(Err(thrown)) = keeper.map(|keeper| keeper.call2(&JsValue::UNDEFINED, device, secret)) {
            report(&thrown);
        }
    }

    /// Hands an input to the session, and carries out what comes of it.
    pub(crate) fn drive(self: &Rc<Self>, input: impl FnOnce(&mut ClientSession)) {
        let mut input = Some(input);
        self.drive_once(&mut |session| {
            if let Some(input) = input.take() {
                input(session);
            }
        });
    }

    /// One piece of code for all inputs.
    #[inline(never)]
    fn drive_once(self: &Rc<Self>, input: &mut dyn FnMut(&mut ClientSession)) {
        input(&mut self.session.borrow_mut());
        self.drain();
    }

    /// Carries out what a command to the session leads to; the promise is settled by the session's word on it.
    pub(crate) fn ask(self: &Rc<Self>, ticket: Ticket) -> Promise {
        let promise =
            Promise::new(&mut |resolve, reject| self.promises.borrow_mut().push((ticket, resolve, reject)));
        self.drain();
        promise
    }

    fn drain(self: &Rc<Self>) {
        if self.draining.replace(true) {
            return;
        }
        loop {
            let action = self.session.borrow_mut().poll_action();
            let Some(action) = action else { break };
            self.carry_out(&action);
        }
        self.draining.set(false);
        let deadline = self.session.borrow().poll_timeout();
        *self.timer.borrow_mut() = deadline.map(|deadline| {
            let driver = self.clone();
            let wait = u32::try_from(deadline.saturating_sub(now())).unwrap_or(u32::MAX);
            Timeout::new(wait, move || driver.drive(|session| session.handle_timeout(now())))
        });
    }

    fn carry_out(self: &Rc<Self>, action: &Action) {
        match action {
            Action::OpenSocket => self.with_token(false),
            Action::CloseSocket { goodbye } => {
                self.sockets.set(self.sockets.get() + 1);
                if let Some(socket) = self.socket.take() {
                    socket.close(*goodbye);
                }
            }
            Action::KeepIdentity { device, secret } => {
                self.keep_identity(&device.as_str().into(), &secret.reveal().into());
            }
            Action::ForgetIdentity => self.keep_identity(&JsValue::UNDEFINED, &JsValue::UNDEFINED),
            Action::RenewToken => self.with_token(true),
            Action::Send(frame) => {
                if let (Some(socket), Some(text)) = (&*self.socket.borrow(), to_text(&**frame)) {
                    socket.send(&text);
                }
            }
            Action::UseIceServers(servers) => match &self.options.ice_servers {
                None => self.use_ice_servers(to_js(servers)),
                Some(given) if Array::is_array(given) => self.use_ice_servers(given.clone()),
                Some(_) => drop(self.fetch_ice_servers(&JsValue::UNDEFINED)),
            },
            Action::Settle { ticket, result } => self.settle(*ticket, result),
            Action::Emit(event) => self.emit(event),
            Action::Log { level, message, call } => self.log(*level, message, call.as_ref()),
            Action::OpenPeer { call, user, call_type } => {
                let opened = Peer::open(self, call.clone(), user.clone(), *call_type, &self.configuration());
                match opened {
                    Ok(peer) => self.peers.borrow_mut().push(peer),
                    Err(_) => self.session.borrow_mut().handle_negotiation_failed(
                        call,
                        user,
                        DescriptionType::Answer,
                    ),
                }
            }
            Action::RestartIce { call, user } => {
                if let Some(peer) = self.peer(call, user)
                    && !self.fetch_ice_servers(&peer.connection)
                {
                    peer.restart_ice();
                    peer.offer_again(self);
                }
            }
            Action::Offer { call, user } => self.run_step(call, user, Step::Offer),
            Action::Answer { call, user, offer, screen } => {
                let step = Step::Apply(DescriptionType::Offer, offer.clone(), screen.clone());
                self.run_step(call, user, step)
            }
            Action::ApplyAnswer { call, user, answer, screen } => {
                let step = Step::Apply(DescriptionType::Answer, answer.clone(), screen.clone());
                self.run_step(call, user, step)
            }
            Action::AddCandidate { candidate, user } => {
                if let Some(peer) = self.peer(&candidate.call_id, user) {
                    peer.add_candidate(candidate);
                }
            }
            Action::ClosePeer { call, user } => {
                self.close_peers(|peer| peer.call == *call && peer.user == *user)
            }
            Action::Release { call } => {
                if let Some(media) = self.media.take() {
                    media.close();
                }
                self.close_peers(|peer| peer.call == *call);
            }
        }
    }

    /// What peer connections are made with.
    fn configuration(&self) -> JsValue {
        let configuration = Plain::new()
            .with("iceServers", &self.ice_servers.borrow())
            .with_text("bundlePolicy", "max-bundle");
        let relay_only = self.media.borrow().as_ref().is_some_and(|media| media.relay_only.get());
        if relay_only { configuration.with_text("iceTransportPolicy", "relay") } else { configuration }.done()
    }

    pub(crate) fn use_ice_servers(&self, servers: JsValue) {
        // A URL that begins so is one of a TURN server (RFC 7065, 3.1).
        let turn = JSON::stringify(&servers).is_ok_and(|text| text.includes("\"turn", 0));
        self.session.borrow_mut().handle_ice_servers(turn);
        *self.ice_servers.borrow_mut() = servers;
        let configuration = self.configuration();
        for peer in &*self.peers.borrow() {
            peer.configure(&configuration);
        }
    }

    pub(crate) fn fetch_with(&self, fetcher: Function) {
        self.fetcher.replace(Some(fetcher));
    }

    /// Has the ICE servers fetched, if the app gives a function for that, and then ICE restarted where a connection is named. Returns whether
    /// that is done.
    fn fetch_ice_servers(&self, restart: &JsValue) -> bool {
        let fetcher = self.fetcher.borrow().clone();
        fetcher.is_some_and(|fetcher| fetcher.call1(&JsValue::UNDEFINED, restart).is_ok())
    }

    fn run_step(self: &Rc<Self>, call: &CallId, user: &UserId, step: Step) {
        if let Some(peer) = self.peer(call, user) {
            peer.run(self, step, self.media.borrow().clone());
        }
    }

    pub(crate) fn peer(&self, call: &CallId, user: &UserId) -> Option<Rc<Peer>> {
        self.peers.borrow().iter().find(|peer| peer.call == *call && peer.user == *user).cloned()
    }

    fn close_peers(&self, goes: impl Fn(&Peer) -> bool) {
        loop {
            let index = self.peers.borrow().iter().position(|peer| goes(peer));
            let Some(index) = index else { break };
            let peer = self.peers.borrow_mut().swap_remove(index);
            peer.close(self);
        }
    }

    fn settle(&self, ticket: Ticket, result: &Result<Option<Call>, lumencall_core::session::Failure>) {
        let mut promises = self.promises.borrow_mut();
        let Some(index) = promises.iter().position(|(waiting, ..)| *waiting == ticket) else { return };
        let (_, resolve, reject) = promises.swap_remove(index);
        drop(promises);
        let settled = match result {
            Ok(call) => resolve.call1(&JsValue::UNDEFINED, &call.as_ref().map_or(JsValue::UNDEFINED, to_js)),
            Err(failure) => reject.call1(&JsValue::UNDEFINED, &error::to_error(failure)),
        };
        // The functions of a promise do not throw (ECMA-262, 27.2.1.3).
        drop(settled);
    }

    fn emit(&self, event: &Event) {
        match event {
            Event::Call(event) => self.emitter.emit(event.event(), &event_to_js(event)),
            Event::Link(link) => {
                let data = OBJECTS.collect_map([("state", link.as_str())]);
                self.emitter.emit("connection:state-changed", &data.unwrap_or_default());
            }
            Event::Error(failure) => self.emitter.emit("error", &error::to_error(failure)),
        }
    }

    fn log(&self, level: LogLevel, message: &str, call: Option<&CallId>) {
        let Some(logger) = &self.options.logger else { return };
        let level = match level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        let message = match call {
            Some(call) => join(&[message, " (call ", call.as_str(), ")"]),
            None => message.into(),
        };
        if let Err(thrown) = logger.call2(&JsValue::UNDEFINED, &level.into(), &message.into()) {
            report(&thrown);
        }
    }

    /// Shows the app the user's own media, or that they are gone.
    pub(crate) fn show_local(&self, call: &CallId, kind: &str, stream: Option<&MediaStream>) {
        let data = Plain::new().with_text("callId", call.as_str());
        self.show("media:local", data, kind, stream);
    }

    /// Shows the app what another sends, or that it is gone.
    pub(crate) fn show_remote(&self, peer: &Peer, kind: &str, stream: Option<&MediaStream>) {
        let data =
            Plain::new().with_text("callId", peer.call.as_str()).with_text("userId", peer.user.as_str());
        self.show("media:remote", data, kind, stream);
    }

    fn show(&self, event: &'static str, data: Plain, kind: &str, stream: Option<&MediaStream>) {
        let data = data.with_text("kind", kind);
        match stream {
            Some(stream) => self.emitter.emit(event, &data.with("stream", stream).done()),
            None => self.emitter.emit(&join(&[event, "-removed"]), &data.done()),
        }
    }

    pub(crate) fn socket_open(self: &Rc<Self>, socket: &Rc<Socket>) {
        if self.is_current(socket) {
            self.drive(ClientSession::handle_socket_open);
        }
    }

    pub(crate) fn socket_frame(self: &Rc<Self>, socket: &Rc<Socket>, frame: Result<ServerFrame, WireError>) {
        if self.is_current(socket) {
            self.drive(|session| match frame {
                Ok(frame) => session.handle_frame(now(), frame),
                Err(_) => session.handle_bad_frame(),
            });
        }
    }

    pub(crate) fn socket_closed(self: &Rc<Self>, socket: &Rc<Socket>, code: u16) {
        if self.is_current(socket) {
            self.socket.take();
            self.drive(|session| session.handle_socket_closed(now(), code));
        }
    }

    fn is_current(&self, socket: &Rc<Socket>) -> bool {
        self.socket.borrow().as_ref().is_some_and(|current| Rc::ptr_eq(current, socket))
    }

    fn close_media(&self) {
        for media in [self.preview.take(), self.media.take()].into_iter().flatten() {
            media.close();
        }
    }

    /// The page goes away. One that comes in its place can take up its call.
    fn suspend(self: &Rc<Self>) {
        self.close_media();
        self.drive(ClientSession::suspend);
    }

    /// Leaves every call, and closes the connection, the camera and the microphone.
    pub(crate) fn dispose(self: &Rc<Self>) {
        self.disposed.set(true);
        self.emitter.clear();
        self.close_media();
        self.drive(ClientSession::dispose);
        self.page.borrow_mut().clear();
        self.keeper.take();
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
}

/// Milliseconds on the page's monotonic clock (W3C High Resolution Time, 7).
pub(crate) fn now() -> Millis {
    performance_now() as Millis
}
