//! One peer connection: the browser's own, with what it says handed to the driver.

mod transceivers;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::{Array, JsString, Promise};
use lumencall_core::wire::{
    ConnectionState, DescriptionType, Extra, IceCandidate, Private, Source, Wire, can_be_sent,
};
use lumencall_core::{CallId, CallType, UserId};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    EventTarget, MediaStream, RtcPeerConnection, RtcPeerConnectionIceEvent, RtcRtpTransceiver, RtcTrackEvent,
};

use crate::codec::{JsSource, Plain, ignore, to_js};
use crate::driver::{Driver, now};
use crate::listener::Listener;
use crate::media::LocalMedia;
use crate::options::Kinds;

#[wasm_bindgen]
extern "C" {
    /// `RTCPeerConnection` with what `web-sys` lacks (W3C WebRTC 1.0, 4.4.2).
    type Connection;

    /// Applies a description; or, where there is `undefined`, makes the one that is due and applies it, as one operation.
    #[wasm_bindgen(method, js_name = setLocalDescription)]
    fn describe(this: &Connection, description: &JsValue) -> Promise;

    #[wasm_bindgen(method, js_name = restartIce)]
    fn restart_ice(this: &Connection);

    #[wasm_bindgen(method, js_name = setConfiguration, catch)]
    fn configure(this: &Connection, configuration: &JsValue) -> Result<(), JsValue>;
}

/// What a stream shows.
pub(crate) const CAMERA: &str = "camera";
pub(crate) const SCREEN: &str = "screen";
/// What the other's app sends by itself, on the peer connection.
const OTHER: &str = "other";

/// A peer connection to one other in a call.
pub(crate) struct Peer {
    pub(crate) call: CallId,
    pub(crate) user: UserId,
    pub(crate) connection: RtcPeerConnection,
    sends: Kinds,
    /// Those that carry this device's screen. The first of each kind carries microphone or camera.
    screen: RefCell<Vec<RtcRtpTransceiver>>,
    /// The id of the stream that shows the other's screen.
    their_screen: RefCell<Option<Box<str>>>,
    /// The streams that the app was shown, and what each shows.
    shown: RefCell<Vec<(MediaStream, &'static str)>>,
    /// Our last offer, where it has not been applied yet.
    kept: RefCell<Option<JsValue>>,
    closed: Cell<bool>,
    /// Whether the last offer was too large to be sent, and was not made. The browser needs one still, and does not say so again.
    oversized: Cell<bool>,
    /// They end with the peer.
    listeners: RefCell<Vec<Listener>>,
}

/// A step of the negotiation.
pub(crate) enum Step {
    /// Make an offer.
    Offer,
    /// Apply this description, in which the stream with this id shows the other's screen; an offer is answered.
    Apply(DescriptionType, Private, Option<Box<str>>),
}

impl Peer {
    pub(crate) fn open(
        driver: &Rc<Driver>,
        call: CallId,
        user: UserId,
        call_type: CallType,
        configuration: &JsValue,
    ) -> Result<Rc<Self>, JsValue> {
        let peer = Rc::new(Self {
            call,
            user,
            connection: RtcPeerConnection::new_with_configuration(configuration.unchecked_ref())?,
            sends: call_type.into(),
            screen: RefCell::default(),
            their_screen: RefCell::default(),
            shown: RefCell::default(),
            kept: RefCell::default(),
            closed: Cell::new(false),
            oversized: Cell::new(false),
            listeners: RefCell::default(),
        });
        peer.listen("icecandidate", driver, Self::candidate_gathered);
        peer.listen("connectionstatechange", driver, Self::connection_changed);
        peer.listen("track", driver, Self::track_came);
        peer.listen("negotiationneeded", driver, Self::negotiation_needed);
        peer.listen("icecandidateerror", driver, Self::candidate_failed);
        Ok(peer)
    }

    fn listen<E: JsCast + 'static>(
        self: &Rc<Self>,
        event: &'static str,
        driver: &Rc<Driver>,
        handle: fn(&Rc<Self>, &Rc<Driver>, &E),
    ) {
        self.listen_to(&self.connection, event, driver, handle);
    }

    fn listen_to<E: JsCast + 'static>(
        self: &Rc<Self>,
        target: &EventTarget,
        event: &'static str,
        driver: &Rc<Driver>,
        handle: fn(&Rc<Self>, &Rc<Driver>, &E),
    ) {
        let (peer, driver): (Weak<Self>, Weak<Driver>) = (Rc::downgrade(self), Rc::downgrade(driver));
        let listener = Listener::new(target, event, move |event| {
            if let (Some(peer), Some(driver)) = (peer.upgrade(), driver.upgrade()) {
                handle(&peer, &driver, event.unchecked_ref());
            }
        });
        self.listeners.borrow_mut().push(listener);
    }

    fn negotiation_needed(self: &Rc<Self>, driver: &Rc<Driver>, _event: &JsValue) {
        driver.drive(|session| session.handle_negotiation_needed(&self.call, &self.user));
    }

    /// Lets an offer be tried anew that was too large: something may have changed since.
    pub(crate) fn offer_again(self: &Rc<Self>, driver: &Rc<Driver>) {
        if self.oversized.take() {
            self.negotiation_needed(driver, &JsValue::UNDEFINED);
        }
    }

    fn candidate_failed(self: &Rc<Self>, driver: &Rc<Driver>, event: &JsValue) {
        if let Some(code) = JsSource(event.clone()).member("errorCode").and_then(|code| code.number()) {
            driver.drive(|session| session.handle_candidate_error(&self.call, &self.user, code as u16));
        }
    }

    /// Uses other ICE servers, from the next generation of candidates on.
    pub(crate) fn configure(&self, configuration: &JsValue) {
        // What the browser refuses here it has refused when the connection was made.
        drop(self.connection.unchecked_ref::<Connection>().configure(configuration));
    }

    /// Lets the next offer begin a new generation of candidates.
    pub(crate) fn restart_ice(&self) {
        self.connection.unchecked_ref::<Connection>().restart_ice();
    }

    fn candidate_gathered(self: &Rc<Self>, driver: &Rc<Driver>, event: &RtcPeerConnectionIceEvent) {
        let Some(candidate) = event.candidate() else { return };
        // Read as any message is. Not every browser has a `usernameFragment` there.
        let candidate = JsSource(candidate.into());
        driver.drive(|session| {
            session.handle_local_candidate(IceCandidate {
                call_id: self.call.clone(),
                from_user_id: None,
                to_user_id: self.user.clone(),
                candidate: Wire::read_member(&candidate, "candidate").unwrap_or_default(),
                sdp_mid: Wire::read_member(&candidate, "sdpMid").unwrap_or_default(),
                sdp_m_line_index: Wire::read_member(&candidate, "sdpMLineIndex").unwrap_or_default(),
                username_fragment: Wire::read_member(&candidate, "usernameFragment").unwrap_or_default(),
                incarnation: None,
                extra: Extra::default(),
            });
        });
    }

    fn connection_changed(self: &Rc<Self>, driver: &Rc<Driver>, _event: &JsValue) {
        let state =
            JsSource((&self.connection).into()).member("connectionState").and_then(|state| state.text());
        let state = match state.as_deref() {
            Some("connected") => ConnectionState::Connected,
            Some("disconnected") => ConnectionState::Reconnecting,
            Some("failed") => ConnectionState::Failed,
            _ => return,
        };
        driver.drive(|session| session.handle_connection(now(), &self.call, &self.user, state));
    }

    fn track_came(self: &Rc<Self>, driver: &Rc<Driver>, event: &RtcTrackEvent) {
        let named = event.streams().get(0);
        let stream: MediaStream = if named.is_undefined() {
            // The other side named no stream for its track.
            let Ok(stream) = MediaStream::new_with_tracks(&Array::of1(&event.track())) else { return };
            stream
        } else {
            named.unchecked_into()
        };
        if self.shown.borrow().iter().any(|(known, _)| *known == stream) {
            return;
        }
        let transceiver = event.transceiver();
        let kind = if self.their_screen.borrow().as_deref() == Some(&*stream.id()) {
            SCREEN
        } else if self.own_transceivers().any(|own| own == transceiver) {
            CAMERA
        } else {
            OTHER
        };
        // A handle to the same stream; `stream.clone()` would be the browser's method, which copies it and its tracks.
        self.shown.borrow_mut().push((Clone::clone(&stream), kind));
        self.listen_to(&stream, "removetrack", driver, Self::track_went);
        driver.show_remote(self, kind, Some(&stream));
    }

    /// Tells the app of the streams that show nothing any more.
    fn track_went(self: &Rc<Self>, driver: &Rc<Driver>, _event: &JsValue) {
        let is_empty = |stream: &MediaStream| stream.get_tracks().length() == 0;
        loop {
            let index = self.shown.borrow().iter().position(|(stream, _)| is_empty(stream));
            let Some(index) = index else { break };
            let (_, kind) = self.shown.borrow_mut().swap_remove(index);
            driver.show_remote(self, kind, None);
        }
    }

    /// Runs a step, and tells the driver what came of it.
    pub(crate) fn run(self: &Rc<Self>, driver: &Rc<Driver>, step: Step, media: Option<Rc<LocalMedia>>) {
        let (peer, driver) = (self.clone(), driver.clone());
        let kind = match step {
            Step::Offer => DescriptionType::Offer,
            Step::Apply(..) => DescriptionType::Answer,
        };
        spawn_local(async move {
            if peer.negotiate(&driver, step, media).await.is_err() && !peer.closed.get() {
                driver.drive(|session| session.handle_negotiation_failed(&peer.call, &peer.user, kind));
            }
        });
    }

    async fn negotiate(
        &self,
        driver: &Rc<Driver>,
        step: Step,
        media: Option<Rc<LocalMedia>>,
    ) -> Result<(), JsValue> {
        let kind = match step {
            Step::Offer => {
                if let Some(role) = self.dtls_role() {
                    return self.offer_anew(driver, role, media.as_deref()).await;
                }
                if self.connection.get_transceivers().length() == 0 {
                    self.add_transceivers(media.as_deref());
                }
                DescriptionType::Offer
            }
            Step::Apply(kind, sdp, screen) => {
                self.their_screen.replace(screen);
                let description =
                    Plain::new().with_text("type", kind.as_str()).with_text("sdp", sdp.reveal()).done();
                // Theirs comes right behind ours in the browser's chain of operations, and nothing between; it is refused where ours was.
                if let Some(ours) = self.kept.take().filter(|_| kind == DescriptionType::Answer) {
                    ignore(self.describe(&ours));
                }
                let theirs = self.connection.set_remote_description(description.unchecked_ref());
                self.forget_candidates();
                JsFuture::from(theirs).await?;
                // There may be another peer connection to the same user by now.
                if self.closed.get() {
                    return Ok(());
                }
                driver.drive(|session| session.handle_remote_described(&self.call, &self.user));
                if kind == DescriptionType::Answer {
                    return Ok(());
                }
                self.take_up_transceivers(media.as_deref());
                DescriptionType::Answer
            }
        };
        JsFuture::from(self.describe(&JsValue::UNDEFINED)).await?;
        // As it was made: gathering has added nothing to it yet.
        let made = JsSource((&self.connection).into()).member("localDescription").ok_or(JsValue::NULL)?;
        self.tell(driver, kind, sdp_of(&made)?.into(), media.as_deref());
        Ok(())
    }

    /// Makes an offer where there was an exchange before. It is kept, and applied with its answer: where both offer at once there is then
    /// nothing to roll back. Whoever rolls back loses media that flow: Chromium shows pictures no more, Firefox hears sounds no more.
    async fn offer_anew(
        &self,
        driver: &Rc<Driver>,
        role: &'static str,
        media: Option<&LocalMedia>,
    ) -> Result<(), JsValue> {
        let offer = JsFuture::from(self.connection.create_offer()).await?;
        let sdp = String::from(sdp_of(&JsSource(offer.clone()))?.split("a=setup:actpass").join(role));
        if can_be_sent(&sdp) {
            self.kept.replace(Some(offer));
            self.tell(driver, DescriptionType::Offer, sdp, media);
        } else {
            self.oversized.set(true);
            driver.drive(|session| session.handle_oversized_offer(&self.call, &self.user));
        }
        Ok(())
    }

    /// Hands a description of ours to who sends it.
    fn tell(&self, driver: &Rc<Driver>, kind: DescriptionType, sdp: String, media: Option<&LocalMedia>) {
        if self.closed.get() {
            return;
        }
        // Also when it is shared no more: the description may be older than that.
        let screen = media.and_then(LocalMedia::screen).map(|screen| screen.id().into());
        driver.drive(|session| {
            session.handle_local_description(now(), &self.call, &self.user, kind, sdp.into(), screen);
        });
    }

    fn describe(&self, description: &JsValue) -> Promise {
        self.connection.unchecked_ref::<Connection>().describe(description)
    }

    /// Which of the two this end is in the DTLS association that there is (RFC 8842, 5.2), as it stands in a description. An offer that leaves it
    /// open is answered by Firefox as if there were none, and Chromium cannot change its part in one.
    fn dtls_role(&self) -> Option<&'static str> {
        let connection = JsSource((&self.connection).into());
        let here = connection.member("currentLocalDescription")?;
        let is_answerer = here.member("type")?.0 == "answer";
        let answer = if is_answerer { here } else { connection.member("currentRemoteDescription")? };
        let sdp: JsString = answer.member("sdp")?.0.unchecked_into();
        let is_client = sdp.includes("a=setup:active", 0) == is_answerer;
        Some(if is_client { "a=setup:active" } else { "a=setup:passive" })
    }

    pub(crate) fn add_candidate(&self, candidate: &IceCandidate) {
        // The message has the members of an `RTCIceCandidateInit`; the browser passes over the others.
        self.add(&to_js(candidate));
    }

    /// Chromium forgets candidates of an old generation with the first of a new one. Until then it checks them from its new ports, too; a
    /// Firefox answers there and takes no media from it, and Chromium looks no further. This one leads nowhere (RFC 6544, 4.5).
    fn forget_candidates(&self) {
        let nowhere = "candidate:0 1 tcp 1 127.0.0.1 9 typ host tcptype active";
        self.add(&Plain::new().with_text("candidate", nowhere).with("sdpMLineIndex", &0.into()).done());
    }

    fn add(&self, init: &JsValue) {
        // One that cannot be used, of another generation or an address family that is not here, is one path less.
        ignore(self.connection.add_ice_candidate_with_opt_rtc_ice_candidate_init(Some(init.unchecked_ref())));
    }

    pub(crate) fn close(&self, driver: &Driver) {
        self.closed.set(true);
        self.listeners.borrow_mut().clear();
        self.connection.close();
        for (_, kind) in self.shown.take() {
            driver.show_remote(self, kind, None);
        }
    }
}

fn sdp_of(description: &JsSource) -> Result<JsString, JsValue> {
    Ok(description.member("sdp").ok_or(JsValue::NULL)?.0.unchecked_into())
}
